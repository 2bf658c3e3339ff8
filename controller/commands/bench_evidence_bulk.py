"""A ledger of many records, made in large transactions, and what it takes to verify it.

The verification runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import datetime
import multiprocessing
import sqlite3
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from controller.assembly import LEDGER_FILE
from controller.lanekey import KEY_FILE, PUBLIC_FILE
from protocol import rows, sidefiles
from protocol.files import Files
from protocol.keys import generate, write_private, write_public
from protocol.ledger import Ledger
from protocol.manifests import OpenSegment
from protocol.record import Record
from protocol.verify import verify_folder

TRANSACTION = 2000
A_DAY = 1000
FIRST_DAY = datetime.date(2026, 1, 1)


class Bulk(Struct, frozen=True, kw_only=True):
    """``steelyard verify`` of a ledger without media; ``peak_mib`` is that of the whole process.

    ``start_mib`` is what the process held before it began.
    """

    records: int
    mib: float
    made_s: float
    verified_s: float
    records_per_s: float
    findings: int
    start_mib: float
    peak_mib: float


class Verified(Struct, frozen=True):
    """What the verifying process says of itself."""

    took_s: float
    findings: int
    start_mib: float
    peak_mib: float


def measure_bulk(passages: list[Record], count: int) -> Bulk:
    """Make a ledger of ``count`` passages without their curves and files, and verify it."""
    with tempfile.TemporaryDirectory(prefix="steelyard-bulk-") as made:
        folder = Path(made)
        began = time.perf_counter()
        fill(folder, passages, count)
        made_s = time.perf_counter() - began
        size = (folder / LEDGER_FILE).stat().st_size
        # A forked process would begin with all that this one holds.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            found = pool.submit(_verify, folder).result()
    return Bulk(
        records=count,
        mib=round(size / 2**20, 1),
        made_s=round(made_s, 1),
        verified_s=round(found.took_s, 1),
        records_per_s=round(count / found.took_s),
        findings=found.findings,
        start_mib=found.start_mib,
        peak_mib=found.peak_mib,
    )


def fill(folder: Path, passages: list[Record], count: int) -> None:
    """Write a sealed ledger of so many passages, a manifest a day among them."""
    key = generate()
    write_private(folder / KEY_FILE, key)
    write_public(folder / PUBLIC_FILE, key.public)
    site, lane = passages[0].site, passages[0].lane
    Ledger.open(folder / LEDGER_FILE, site, lane, key=key).close()
    db = sqlite3.connect(folder / LEDGER_FILE, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    try:
        segment, previous = OpenSegment.load(db), rows.newest(db)
        for first in range(1, count + 1, TRANSACTION):
            db.execute("BEGIN IMMEDIATE")
            for number in range(first, min(first + TRANSACTION, count + 1)):
                record = _of_day(passages[number % len(passages)], number)
                todo = [segment.manifest((site, lane), record.times)] if segment.due(record) else []
                for one in (*todo, record):
                    stamped, stored = rows.append(db, one, previous, key)
                    segment.take(stamped, stored.hash)
                    previous = stored.receipt
            db.execute("COMMIT")
    finally:
        db.close()
    sidefiles.write_sum(folder / LEDGER_FILE, Files())


def _of_day(record: Record, number: int) -> Record:
    """The passage as number so-and-so, A_DAY of them a day."""
    date = FIRST_DAY + datetime.timedelta(days=number // A_DAY)
    times = replace(record.times, date=date.year * 10_000 + date.month * 100 + date.day)
    alone = replace(record, seq=0, prev_hash=b"", passage_id=number, part=1, refers_to=None)
    return replace(alone, times=times, reweigh=None, curve=None, images=(), media=())


def _verify(folder: Path) -> Verified:
    start_mib = _memory_mib("VmRSS")
    began = time.perf_counter()
    report = verify_folder(folder, anchor=None, revoked=())
    took_s = time.perf_counter() - began
    return Verified(took_s, len(report.findings), start_mib, _memory_mib("VmHWM"))


def _memory_mib(name: str) -> float:
    """A figure of this process by the kernel: VmRSS now, VmHWM at most so far."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0
