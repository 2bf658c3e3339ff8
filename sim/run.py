"""Running a yard around a lane: scan, look, let the world move, until the day is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from controller.core.images import InputImage, OutputImage
from sim.checker import Checker
from sim.world import Yard

SCAN_US = 20_000
CALM_US = 15_000_000
"""How long the lane is watched after the last vehicle has gone."""


class LaneScan(Protocol):
    """One lane on its board: reads the devices, steps, drives the outputs."""

    def once(self) -> tuple[InputImage, OutputImage]:
        """Run one scan at the yard's present time."""


Watcher = Callable[[InputImage, OutputImage], None]


def simulate(
    lane: LaneScan,
    yard: Yard,
    *,
    until_us: int | None = None,
    checker: Checker | None = None,
    watch: Watcher | None = None,
) -> bool:
    """Run until every vehicle has gone and the lane had time to come to rest, or ``until_us``.

    Returns whether the day was finished; False says that a vehicle is still there.  ``watch``
    sees every scan after the checker.
    """
    calm_until_us: int | None = None
    while until_us is None or yard.now_us < until_us:
        inputs, outputs = lane.once()
        if checker is not None:
            checker.observe(inputs, outputs)
        if watch is not None:
            watch(inputs, outputs)
        yard.advance(SCAN_US)
        if yard.done:
            calm_until_us = calm_until_us or yard.now_us + CALM_US
            if yard.now_us >= calm_until_us:
                return True
    return yard.done
