"""Passing over scans of a ride in which nothing new can be seen: its outcome stays the same.

``tests/sim/test_leaps.py`` holds them to that, to the byte.
"""

from __future__ import annotations

from collections.abc import Callable

from controller.core.kinds import Phase
from controller.scan import Scan
from sim.checker import Checker
from sim.explore.coverage import RESTARTED_US, Reached
from sim.explore.disk_platform import Platform
from sim.explore.lives import Lives
from sim.run import SCAN_US
from sim.world import Yard

LOOK_SCANS = 10
"""Every so many scans the ride itself looks at lane, disk and platform."""
GO_ON_SCANS_MIN = 2
REST_SCANS_MIN = 10
"""What is shorter costs more than it spares."""


class Leaps:
    """Passes over scans up to ``looks_us``, the next time at which the ride has to look."""

    def __init__(
        self,
        yard: Yard,
        lives: Lives,
        checker: Checker,
        reached: Reached,
        platform: Platform | None,
        looks_us: Callable[[Scan], int],
    ) -> None:
        self._yard = yard
        self._lives = lives
        self._checker = checker
        self._reached = reached
        self._platform = platform
        self._looks_us = looks_us

    def take(self, lane: Scan, scans: int) -> tuple[int, bool]:
        """Pass over what can be; return how many scans have been run or passed over then.

        And whether the next one is due at once, for something is new.
        """
        scans += self._rest(lane, scans)
        scans += self._leap(lane, scans)
        passed, due = self._go_on(lane, scans)
        return scans + passed, due

    def _rest(self, lane: Scan, scans: int) -> int:
        """Pass over all scans of an empty lane in which only its scale has samples to look at.

        Return how many.  The platform takes over what is stored in a scan that is run.
        """
        yard, until_us = self._yard, lane.idle_until_us
        if not until_us:
            return 0
        if self._platform is not None:
            until_us = min(until_us, self._platform.due_us)
        until_us = min(until_us, yard.idle_until_us, self._looks_us(lane))
        known_us = self._lives.restarted_us + RESTARTED_US
        if yard.now_us < known_us:
            until_us = min(until_us, known_us)
        most = (until_us - 1 - yard.now_us) // SCAN_US
        if most < REST_SCANS_MIN:
            return 0
        passed = lane.rest(*yard.ahead(most * SCAN_US), SCAN_US)
        if passed:
            yard.idle(passed * SCAN_US)
            if -scans % LOOK_SCANS < passed:
                self._reached.note(Phase(lane.lane.phase))
        return passed

    def _leap(self, lane: Scan, scans: int) -> int:
        """Pass over scans of an empty lane in which nothing can happen; return how many.

        Those in which the ride itself has something to look at are not passed over.
        """
        yard = self._yard
        until_us = lane.rests_until_us
        if not until_us:
            return 0
        until_us = min(until_us, yard.calm_until_us, self._looks_us(lane))
        most = min((until_us - 1 - yard.now_us) // SCAN_US, -scans % LOOK_SCANS)
        for _ in range(most):
            yard.advance(SCAN_US)
            lane.again()
        return max(0, most)

    def _go_on(self, lane: Scan, scans: int) -> tuple[int, bool]:
        """Pass over scans of a busy lane that does nothing new while vehicles and booms move.

        Return how many, and whether the next one is due at once, for something is new.
        """
        yard, until_us = self._yard, lane.stays_until_us
        until_us = min(until_us, yard.thinks_us, self._looks_us(lane))
        most = min((until_us - 1 - yard.now_us) // SCAN_US, -scans % LOOK_SCANS)
        if most < GO_ON_SCANS_MIN or not lane.stays(most, SCAN_US):
            return 0, False
        said = yard.says()
        for passed in range(most):
            yard.advance(SCAN_US)
            if yard.says() != said:
                return passed, True
            self._checker.observe(lane.again(), lane.outputs)
        return most, False
