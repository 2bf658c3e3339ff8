"""A weigher that has taken the counts of a passage, as a test has spoilt them."""

from __future__ import annotations

from typing import Any

from sensors.weigher import Weigher
from sensors.weighing import EventKind


def run_counts(passage: Any, counts: Any, beams: bool = True) -> Weigher:
    """The weigher after all `counts` (samples, cells), three samples at a time."""
    weigher = Weigher(passage.scale)
    for start in range(0, len(counts), 3):
        rows = slice(start, start + 3)
        pair = passage.beams[rows].T if beams else (None, None)
        weigher.push(passage.t_us[rows], counts[rows], *pair)
    return weigher


def kinds(weigher: Weigher) -> list[EventKind]:
    """What the weigher has noted, in its order."""
    return [event.kind for event in weigher.snapshot().events]
