"""How large records and their media are, and what keeping the counts costs the scan.

``python -m controller.recording.sizes DIR`` prints it for a data folder as JSON.
"""

from __future__ import annotations

import functools
import itertools
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
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
from sensors.calibration import IntArray

LEDGER_FILE = "ledger.sqlite"
_SCANS = 600
_SCAN_US = 20_000
_ROUNDS = 20


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
    """Time the ring on counts with the noise of a converter: the best of several rounds."""
    ring = CountsRing(rate_hz, cells)
    rng = np.random.default_rng(1)
    t_us = np.arange(0, _ROUNDS * _SCANS * _SCAN_US, round(1e6 / rate_hz), dtype=np.int64)
    counts = rng.normal(400_000, 120, (len(t_us), cells)).astype(np.int64)
    cuts = np.searchsorted(t_us, np.arange(_ROUNDS * _SCANS + 1) * _SCAN_US)
    batches = [(t_us[a:b], counts[a:b]) for a, b in itertools.pairwise(cuts)]
    rounds = (batches[i * _SCANS : (i + 1) * _SCANS] for i in range(_ROUNDS))
    add_s = min(_seconds(functools.partial(_fill, ring, part)) for part in rounds)
    since_us = int(t_us[-1] - stay_s * 1e6)
    packed = ring.packed(since_us)
    assert packed is not None
    pack_s = min(_seconds(lambda: ring.packed(since_us)) for _ in range(_ROUNDS))
    unpack_s = min(_seconds(lambda: unpack(packed)) for _ in range(_ROUNDS))
    return Cost(
        memory_bytes=ring.memory_bytes,
        add_us=round(add_s / _SCANS * 1e6, 2),
        stay_s=stay_s,
        pack_ms=round(pack_s * 1e3, 2),
        unpack_ms=round(unpack_s * 1e3, 2),
        packed_bytes=len(packed),
    )


def _fill(ring: CountsRing, batches: Sequence[tuple[IntArray, IntArray]]) -> None:
    for t_us, counts in batches:
        ring.add(t_us, counts)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


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
