"""The lane's words in the record's: ends, views, clocks, text within its bounds."""

from __future__ import annotations

from controller.core.images import WallTime
from controller.core.kinds import ClockQuality, End, View
from protocol import parts

TEXT_MAX = 500
DETAIL_MAX = 2_000


def end_of(end: End) -> parts.End:
    """Yard or road."""
    return parts.End(end.name.lower())


def view_of(view: View) -> parts.View:
    """Front or rear."""
    return parts.View(View(view).name.lower())


def clock_of(wall: WallTime) -> parts.ClockQuality:
    """How far a wall time may be trusted."""
    return parts.ClockQuality(ClockQuality(wall.quality).name.lower())


def bounded(text: str) -> str:
    """A text as long as a record takes it."""
    return text[:TEXT_MAX]
