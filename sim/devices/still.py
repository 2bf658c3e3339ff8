"""Cameras that look at the deck of the simulated yard: overview, side and rear."""

from __future__ import annotations

from typing import Literal

import numpy as np

from hal.bus import Bus
from hal.ports import DeviceFault, Frame
from sim.deckscene import deck_picture
from sim.devices.common import end_of, yard_of
from sim.devices.pictures import FRAME_US, UNPAINTED

View = Literal["overview", "side", "rear"]


class SimStill:
    """Five pictures a second of the deck and what stands on it, while wanted."""

    def __init__(self, bus: Bus, *, end: str, view: View = "overview") -> None:
        self._yard = yard_of(bus)
        end_of(end)
        self._view = view
        self._name = f"{end}.{view}_camera"
        self._taken_us = -FRAME_US

    def capture(self, wanted: bool) -> Frame | DeviceFault | None:
        """The newest picture while wanted."""
        exposed_us = self._yard.now_us // FRAME_US * FRAME_US
        if not wanted or exposed_us <= self._taken_us:
            return None
        self._taken_us = exposed_us
        seed = self._yard.random(f"{self._name} {exposed_us}").getrandbits(64)
        pixels = UNPAINTED
        if self._yard.paint:
            rng = np.random.default_rng(seed)
            yard = self._yard
            pixels = deck_picture(
                yard.standing(), yard.layout.platform_m, self._view, yard.options.light, rng
            )
        return Frame(pixels=pixels, captured_us=exposed_us, track=1)
