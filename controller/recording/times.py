"""When something happened, and the number (检测单号) by which people name its record."""

from __future__ import annotations

import datetime

from controller.core.images import RecordIntent, WallTime
from controller.core.kinds import ClockQuality
from controller.recording.words import clock_of
from protocol import parts

NO_TIME = "0" * 14
_OFFSET_MIN, _OFFSET_MAX = -720, 840


def times_of(intent: RecordIntent) -> parts.Times:
    """The times of an intent; what an unknown clock would say is left out."""
    weight, wall = intent.weight, intent.wall
    accepted_us = weight.accepted_us if weight is not None else None
    known = wall.quality != ClockQuality.UNKNOWN
    return parts.Times(
        at_us=intent.decided_us if accepted_us is None else accepted_us,
        wall_ms=wall.ms if known else None,
        clock=clock_of(wall),
        started_us=intent.started_us,
        entered_us=intent.boarded_us,
        decided_us=intent.decided_us,
        date=wall.date if known else None,
        offset_min=_offset_min(wall) if known else None,
    )


def code_of(site: str, lane: str, intent: RecordIntent) -> str:
    """The number of a record: station, local time yyyyMMddHHmmss, lane, passage; ``-2`` for part 2.

    Passage and part alone are unique on a lane for ever, so the number is, also while the clock is
    unknown (fourteen zeros) and when it goes back.  Source: DB43/T 1817-2020, B.1 (previewCode).
    """
    part = "" if intent.part == 1 else f"-{intent.part}"
    serial = f"{lane:0>2}{intent.passage_id:06}"
    return f"{site[:64]}{_local(intent.wall)}{serial[:24]}{part}"


def _local(wall: WallTime) -> str:
    if wall.quality == ClockQuality.UNKNOWN:
        return NO_TIME
    zone = datetime.timezone(datetime.timedelta(minutes=_offset_min(wall)))
    return datetime.datetime.fromtimestamp(wall.ms // 1000, zone).strftime("%Y%m%d%H%M%S")


def _offset_min(wall: WallTime) -> int:
    """The offset, as far as any zone goes."""
    return min(max(wall.offset_min, _OFFSET_MIN), _OFFSET_MAX)
