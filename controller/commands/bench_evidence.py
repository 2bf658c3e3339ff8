"""``steelyard bench evidence``: what a sealed, durable record costs on this disk.

Commits are timed in turns with those of a bare SQLite file of the same settings and the same bytes,
so that whatever else the machine does falls on both.  Syncs are counted, not reckoned: strace
watches a short morning of the lane, and names the file of each.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.commands.bench_evidence_bulk import Bulk, measure_bulk
from controller.commands.bench_evidence_day import drive
from controller.commands.bench_evidence_start import Start, measure_start
from controller.commands.bench_evidence_syncs import Syncs, count_syncs
from controller.commands.bench_replay import (
    JournalCost,
    ReplayCost,
    measure_journal,
    measure_replay,
)
from protocol.keys import PrivateKey, generate
from protocol.ledger import Ledger
from protocol.media import SHARED, Blob, MediaStore
from protocol.parts import Kind
from protocol.record import Record, encode
from protocol.seal import seal
from protocol.writer import ThreadWriter

TRUCKS = 4
TURNS = 30
TURN = 10
PASSAGES = 60
REPEATS = 200
PATIENCE_S = 30.0


class Commits(Struct, frozen=True, kw_only=True):
    """Records appended one by one and plain inserts of as many bytes, in turns on one disk.

    ``share`` is records a second over inserts a second; the medians are milliseconds a commit.
    """

    curve: bool
    bytes: int
    commits: int
    records_per_s: float
    plain_per_s: float
    share: float
    record_ms: float
    plain_ms: float
    encode_us: float
    seal_us: float


class Durable(Struct, frozen=True, kw_only=True):
    """From the decision to the record on disk, media and all, through the writer's thread."""

    passages: int
    blobs: int
    blob_bytes: int
    median_ms: float
    p95_ms: float


class Sizes(Struct, frozen=True, kw_only=True):
    """Bytes of one passage, medians: its sealed record with and without curve, and its files."""

    record: int
    record_without_curve: int
    raw: int
    journal: int
    plates: int


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything that was measured, and on which file system."""

    file_system: str
    commits: list[Commits]
    syncs: Syncs | None
    durable: Durable
    sizes: Sizes
    replay: ReplayCost
    journal: JournalCost
    start: Start
    bulk: list[Bulk]


class EvidenceError(ValueError):
    """There is nothing to measure on; the message says what to do."""


def measure(folder: Path | None, bulk: Sequence[int], trucks: int = TRUCKS) -> Evidence:
    """Measure on the disk of ``folder`` (None: of the current folder); bulk ledgers go to a
    temporary folder.

    Raises EvidenceError where that is no folder that can be written.
    """
    where = folder or Path.cwd()
    if not where.is_dir():
        raise EvidenceError(f"{where}: no such folder; name one on the disk to be measured")
    try:
        kept = tempfile.TemporaryDirectory(prefix="steelyard-bench-", dir=where)
    except OSError as error:
        raise EvidenceError(f"{where}: cannot be written ({error.strerror})") from error
    with kept as made:
        day = Path(made) / "day"
        syncs = count_syncs(day, trucks)
        if syncs is None:
            shutil.rmtree(day, ignore_errors=True)
            drive(day, trucks)
        with Ledger.open(day / LEDGER_FILE, read_only=True) as ledger:
            passages = [one for one in ledger.records() if one.kind is Kind.PASSAGE]
        store = MediaStore(day / MEDIA_FOLDER)
        key = generate()
        return Evidence(
            file_system=file_system(where),
            commits=[
                _commits(Path(made) / f"commits-{curve}", passages, curve, key)
                for curve in (True, False)
            ],
            syncs=syncs,
            durable=_durable(Path(made) / "durable", passages, store, key),
            sizes=_sizes(passages, store, key),
            replay=measure_replay(day),
            journal=measure_journal(day),
            start=measure_start(day),
            bulk=[measure_bulk(passages, count) for count in bulk],
        )


def file_system(folder: Path) -> str:
    """The type of the file system under a folder, "" where the system does not tell."""
    path, best, kind = str(folder.resolve()), "", ""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    for mount in mounts:
        _, point, name, *_ = mount.split()
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, name
    return kind


def fresh(record: Record, passage_id: int, *, curve: bool = True) -> Record:
    """The record as one of another passage, ready to be appended; it stands for itself."""
    return replace(
        record,
        seq=0,
        prev_hash=b"",
        passage_id=passage_id,
        part=1,
        refers_to=None,
        reweigh=None,
        curve=record.curve if curve else None,
    )


def sealed_bytes(record: Record, key: PrivateKey) -> bytes:
    """The record as it would stand in a ledger."""
    return seal(encode(replace(record, seq=1, prev_hash=bytes(32))), key)


def _commits(folder: Path, passages: list[Record], curve: bool, key: PrivateKey) -> Commits:
    """Append and insert in turns; each turn is TURN commits of one kind."""
    folder.mkdir()
    records = [fresh(passages[n % len(passages)], n + 1, curve=curve) for n in range(TURNS * TURN)]
    bodies = [sealed_bytes(one, key) for one in records]
    plain = _plain(folder / "plain.sqlite")
    ours: list[float] = []
    theirs: list[float] = []
    first = records[0]
    with Ledger.open(folder / LEDGER_FILE, first.site, first.lane, key=key) as ledger:
        for turn in range(TURNS):
            rows = slice(turn * TURN, (turn + 1) * TURN)
            for record in records[rows]:
                began = time.perf_counter_ns()
                ledger.append(record)
                ours.append((time.perf_counter_ns() - began) / 1e6)
            for body in bodies[rows]:
                began = time.perf_counter_ns()
                plain.execute("BEGIN IMMEDIATE")
                plain.execute("INSERT INTO record (body) VALUES (?)", (body,))
                plain.execute("COMMIT")
                theirs.append((time.perf_counter_ns() - began) / 1e6)
    plain.close()
    records_per_s, plain_per_s = (1e3 * len(ms) / sum(ms) for ms in (ours, theirs))
    stamped = replace(first, seq=1, prev_hash=bytes(32))
    payload = encode(stamped)
    return Commits(
        curve=curve,
        bytes=round(statistics.median(len(body) for body in bodies)),
        commits=len(ours),
        records_per_s=round(records_per_s, 1),
        plain_per_s=round(plain_per_s, 1),
        share=round(records_per_s / plain_per_s, 3),
        record_ms=round(statistics.median(ours), 3),
        plain_ms=round(statistics.median(theirs), 3),
        encode_us=_median_us(lambda: encode(stamped)),
        seal_us=_median_us(lambda: seal(payload, key)),
    )


def _plain(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE record (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
    return db


def _durable(folder: Path, passages: list[Record], store: MediaStore, key: PrivateKey) -> Durable:
    """Hand each passage over as the scan does, and wait until it is said to be on disk."""
    folder.mkdir()
    first = passages[0]
    ledger = Ledger.open(folder / LEDGER_FILE, first.site, first.lane, key=key)
    writer: ThreadWriter[int] = ThreadWriter(ledger)
    took_ms, counts, sizes = [], [], []
    for n in range(1, PASSAGES + 1):
        record = passages[n % len(passages)]
        blobs = [_another(blob, n) for blob in blobs_of(record, store)]
        made = fresh(record, n)
        began = time.perf_counter_ns()
        writer.submit(n, made, blobs)
        _wait(writer)
        took_ms.append((time.perf_counter_ns() - began) / 1e6)
        own = [blob for blob in blobs if blob.kind not in SHARED]
        counts.append(len(own))
        sizes.append(sum(len(blob.data) for blob in own))
    writer.close()
    took_ms.sort()
    return Durable(
        passages=PASSAGES,
        blobs=round(statistics.median(counts)),
        blob_bytes=round(statistics.median(sizes)),
        median_ms=round(statistics.median(took_ms), 2),
        p95_ms=round(took_ms[len(took_ms) * 95 // 100], 2),
    )


def _wait(writer: ThreadWriter[int]) -> None:
    patience = time.monotonic() + PATIENCE_S
    while not writer.poll():
        if time.monotonic() > patience:
            raise EvidenceError(f"a record was not on disk within {PATIENCE_S:.0f} s")
        time.sleep(0.0001)


def blobs_of(record: Record, store: MediaStore) -> list[Blob]:
    """Every file that a record names and that is there."""
    named = [(image.sha256, "plate") for image in record.images]
    named += [(medium.sha256, medium.kind) for medium in record.media]
    return [
        Blob(kind=kind, data=store.read(sha256, kind))
        for sha256, kind in dict.fromkeys(named)
        if store.has(sha256, kind)
    ]


def _another(blob: Blob, number: int) -> Blob:
    """A file of its own for each passage, but for those that all of them share."""
    if blob.kind in SHARED:
        return blob
    return Blob(kind=blob.kind, data=blob.data + number.to_bytes(8, "big"))


def _sizes(passages: list[Record], store: MediaStore, key: PrivateKey) -> Sizes:
    def files(kind: str) -> int:
        return _median(
            sum(len(blob.data) for blob in blobs_of(one, store) if blob.kind == kind)
            for one in passages
        )

    return Sizes(
        record=_median(len(sealed_bytes(fresh(one, 1), key)) for one in passages),
        record_without_curve=_median(
            len(sealed_bytes(fresh(one, 1, curve=False), key)) for one in passages
        ),
        raw=files("counts"),
        journal=files("journal"),
        plates=files("plate"),
    )


def _median(values: Iterable[int]) -> int:
    return round(statistics.median(values))


def _median_us(work: Callable[[], object]) -> float:
    """The median time of a piece of work, microseconds."""
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter_ns()
        work()
        took.append((time.perf_counter_ns() - began) / 1e3)
    return round(statistics.median(took), 1)
