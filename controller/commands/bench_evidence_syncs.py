"""The syncs of a short morning of the lane, counted by strace and named by their files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.commands.bench_evidence_day import BEGAN, ENDED
from protocol.ledger import Ledger
from protocol.parts import Kind

_SYNC = re.compile(r"(?:fsync|fdatasync)\(\d+<([^>]+)>")
_NAMES = {
    f"{LEDGER_FILE}-wal": "ledger: a record, or whose interval runs",
    LEDGER_FILE: "ledger: folding the log in",
    MEDIA_FOLDER: "names of the media",
    "ballast": "room kept free, once",
}
_SUFFIXES = {
    "counts": "raw counts",
    "journal": "journal",
    "png": "plate pictures",
    "settings": "settings, once",
    "toml": "configuration and rules, once",
}


class Syncs(Struct, frozen=True, kw_only=True):
    """Calls of fsync and fdatasync over a morning, from the first scan to the last.

    ``a_passage`` is all of them over the passages, the files that are written once included.
    """

    passages: int
    records: int
    total: int
    a_passage: float
    of: dict[str, int]


def count_syncs(folder: Path, trucks: int) -> Syncs | None:
    """Run the morning under strace, with its data in ``folder``; None where that cannot be done."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    folder.mkdir(parents=True)
    trace = folder.parent / f"{folder.name}.strace"
    module = "controller.commands.bench_evidence_day"
    watch = [strace, "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
    call = [*watch, sys.executable, "-m", module, str(folder), str(trucks)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode or not trace.exists():
        return None
    of = tally(trace.read_text(encoding="utf-8").splitlines())
    with Ledger.open(folder / LEDGER_FILE, read_only=True) as ledger:
        kinds = [record.kind for record in ledger.records()]
    passages = sum(kind in (Kind.PASSAGE, Kind.VOID) for kind in kinds)
    total = sum(of.values())
    return Syncs(
        passages=passages,
        records=len(kinds),
        total=total,
        a_passage=round(total / passages, 2) if passages else 0.0,
        of=of,
    )


def tally(lines: Iterable[str]) -> dict[str, int]:
    """What was synced between the two marks, by what it is for, the most frequent first."""
    counts: Counter[str] = Counter()
    counting = False
    for line in lines:
        found = _SYNC.search(line)
        if found is None:
            continue
        name = Path(found[1]).name
        if name in (BEGAN, ENDED):
            counting = name == BEGAN
        elif counting:
            counts[purpose(name)] += 1
    return dict(counts.most_common())


def purpose(name: str) -> str:
    """What a file is synced for, by its name."""
    suffix = name.removesuffix(".part").rpartition(".")[2]
    return _NAMES.get(name) or _SUFFIXES.get(suffix, "names in the data folder, and other files")
