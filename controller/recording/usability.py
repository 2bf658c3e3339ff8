"""Whether what a record says of a weight may be used as evidence, and what speaks against it.

A scale without a valid certificate still weighs: trucks must move, and the yard must not release
what is over.  But what an instrument without verification (未检定) says cannot be the ground of a
penalty (计量法 第九条), so the record says so itself.
"""

from __future__ import annotations

import datetime

from controller.core.mpe import MIN_CAPACITY_E
from protocol import parts
from protocol.custody import WEIGHT_WITHDRAWN, Usability

CERTIFICATE_MISSING = "certificate_missing"
CERTIFICATE_UNDATED = "certificate_undated"
CERTIFICATE_LAPSED = "certificate_lapsed"
CLOCK_UNKNOWN = "clock_unknown"
DEGRADED = "degraded"
OUT_OF_RANGE = "out_of_range"


def usability_of(
    weighing: parts.Weighing | None,
    degraded: parts.Degraded | None,
    scale: parts.Scale,
    times: parts.Times,
    taken_back: bool = False,
) -> Usability | None:
    """The objections to a weight; None for a record that tells of none."""
    if weighing is None and degraded is None:
        return None
    found = [*_of_the_certificate(scale, times.date)]
    if times.date is None:
        found.append(CLOCK_UNKNOWN)
    if degraded is not None:
        found.append(DEGRADED)
    if weighing is not None and not _in_range(weighing.gross_g, scale):
        found.append(OUT_OF_RANGE)
    if weighing is not None and taken_back:
        found.append(WEIGHT_WITHDRAWN)
    return Usability(usable=not found, objections=tuple(found))


def _of_the_certificate(scale: parts.Scale, date: int | None) -> tuple[str, ...]:
    """On an unknown date nobody can say that a certificate has lapsed: that is the clock's."""
    if scale.certificate is None:
        return (CERTIFICATE_MISSING,)
    if scale.valid_until is None:
        return (CERTIFICATE_UNDATED,)
    lapsed = date is not None and date > as_number(datetime.date.fromisoformat(scale.valid_until))
    return (CERTIFICATE_LAPSED,) if lapsed else ()


def _in_range(gross_g: int, scale: parts.Scale) -> bool:
    """A verification says nothing of loads below Min or above Max (R 76-1, T.3.1)."""
    return MIN_CAPACITY_E * scale.e_g <= gross_g <= scale.max_g


def as_number(day: datetime.date) -> int:
    """A date as yyyymmdd."""
    return day.year * 10_000 + day.month * 100 + day.day
