"""How large records and their media are, and what keeping the counts costs the scan.

``python -m controller.recording.sizes DIR`` prints it for a data folder as JSON.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from controller.recording.ring import CountsRing
from protocol.counts import unpack
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.parts import Kind
from protocol.record import Record, encode

LEDGER_FILE = "ledger.sqlite"
_SCANS = 2_000
_SCAN_US = 20_000
_PACKS = 20


class Sizes(Struct, frozen=True, kw_only=True):
    """Medians over the records of weighed passages, in bytes, before the seal.

    ``bare_bytes`` is without curve and counts; ``media_bytes`` has the median of each kind of file
    that such a record names.
    """

    records: int
    record_bytes: int = 0
    without_curve_bytes: int = 0
    without_counts_bytes: int = 0
    bare_bytes: int = 0
    media_bytes: dict[str, int] = {}


def sizes_of(records: Iterable[Record]) -> Sizes:
    """Measure records as a ledger gives them; one at a time is in memory."""
    whole: list[tuple[int, int, int, int]] = []
    media: dict[str, list[int]] = defaultdict(list)
    for record in records:
        if record.kind is not Kind.PASSAGE or record.weighing is None:
            continue
        no_counts = replace(record, weighing=replace(record.weighing, raw=None))
        forms = (record, replace(record, curve=None), no_counts, replace(no_counts, curve=None))
        full, flat, uncounted, bare = (len(encode(form)) for form in forms)
        whole.append((full, flat, uncounted, bare))
        for medium in record.media:
            media[medium.kind].append(medium.bytes)
    if not whole:
        return Sizes(records=0)
    full, flat, uncounted, bare = (round(statistics.median(c)) for c in zip(*whole, strict=True))
    return Sizes(
        records=len(whole),
        record_bytes=full,
        without_curve_bytes=flat,
        without_counts_bytes=uncounted,
        bare_bytes=bare,
        media_bytes={kind: round(statistics.median(found)) for kind, found in media.items()},
    )


class Cost(Struct, frozen=True, kw_only=True):
    """What the ring of counts takes: memory, time a scan, time to pack a stay and to read it."""

    memory_bytes: int
    add_us: float
    stay_s: float
    pack_ms: float
    unpack_ms: float
    packed_bytes: int


def counts_cost(rate_hz: float = 80.0, cells: int = 8, stay_s: float = 20.0) -> Cost:
    """Time the ring on counts with the noise of a converter; wall time of this machine."""
    ring = CountsRing(rate_hz, cells)
    rng = np.random.default_rng(1)
    t_us = np.arange(0, _SCANS * _SCAN_US, round(1e6 / rate_hz), dtype=np.int64)
    counts = rng.normal(400_000, 120, (len(t_us), cells)).astype(np.int64)
    cuts = np.searchsorted(t_us, np.arange(_SCANS + 1) * _SCAN_US)
    begin = time.perf_counter()
    for first, end in itertools.pairwise(cuts):
        ring.add(t_us[first:end], counts[first:end])
    add_us = (time.perf_counter() - begin) / _SCANS * 1e6
    since_us = int(t_us[-1] - stay_s * 1e6)
    packed = ring.packed(since_us)
    assert packed is not None
    begin = time.perf_counter()
    for _ in range(_PACKS):
        ring.packed(since_us)
    middle = time.perf_counter()
    for _ in range(_PACKS):
        unpack(packed)
    end_s = time.perf_counter()
    return Cost(
        memory_bytes=ring.memory_bytes,
        add_us=round(add_us, 2),
        stay_s=stay_s,
        pack_ms=round((middle - begin) / _PACKS * 1e3, 2),
        unpack_ms=round((end_s - middle) / _PACKS * 1e3, 2),
        packed_bytes=len(packed),
    )


def main(folder: Path) -> int:
    """Print both as one JSON object; errors to stderr, and then not 0."""
    try:
        with Ledger.open(folder / LEDGER_FILE, read_only=True) as ledger:
            found = sizes_of(ledger.records())
    except LedgerError as error:
        print(error, file=sys.stderr)
        return 1
    if found.records == 0:
        print(f"{folder}: no record of a weighed passage, so nothing to measure", file=sys.stderr)
        return 1
    print(json.dumps(msgspec.to_builtins({"sizes": found, "cost": counts_cost()})))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m controller.recording.sizes DIR")
    sys.exit(main(Path(sys.argv[1])))
