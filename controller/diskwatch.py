"""Between the lane's clock and the writer's upkeep: the time goes down, alarms come back up."""

from __future__ import annotations

from controller.core.faults import Fault
from controller.core.images import WallTime
from controller.core.kinds import ClockQuality
from controller.recording.words import clock_of
from protocol.parts import Times
from protocol.retention import Disk

TEND_US = 10_000_000
_WELL = Disk()


def due(now_us: int, last_us: int | None) -> bool:
    """Whether the disk is to be looked at again; also after a clock that went back."""
    return last_us is None or not 0 <= now_us - last_us < TEND_US


def times_at(now_us: int, wall: WallTime) -> Times:
    """The time as a record states it; what an unknown clock would say is left out."""
    known = wall.quality != ClockQuality.UNKNOWN
    return Times(
        at_us=now_us,
        wall_ms=wall.ms if known else None,
        clock=clock_of(wall),
        date=wall.date or None if known else None,
    )


def faults_of(disk: Disk) -> tuple[int, ...]:
    """The alarms of a disk; only DISK_FULL is one that the lane cannot work with."""
    if disk == _WELL:
        return ()
    level = Fault.DISK_NEARLY_FULL if disk.critical else Fault.DISK_FILLING
    found = (
        (Fault.DISK_FULL, disk.full),
        (level, disk.filling or disk.critical),
        (Fault.MEDIA_FREED, disk.freed > 0),
        (Fault.MEDIA_SPOILED, disk.spoiled > 0),
        (Fault.UPKEEP_FAILED, disk.failure is not None),
    )
    return tuple(int(fault) for fault, present in found if present)
