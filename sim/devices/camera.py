"""The camera of one end."""

from __future__ import annotations

import numpy as np

from hal.bus import Bus
from hal.ports import DeviceFault, Frame
from sim.devices.common import end_of, yard_of
from sim.devices.late import Late
from sim.devices.pictures import FRAME_US, UNPAINTED, Pictures
from sim.scene import outline, render


class SimCamera:
    """The camera of one end: five pictures a second of a front in view, while wanted."""

    def __init__(self, bus: Bus, *, end: str) -> None:
        self._yard = yard_of(bus)
        self._end = end_of(end)
        self._name = f"{end}.camera"
        self._taken_us = -FRAME_US
        self._vehicle: int | None = None
        self._track = 0
        self._pictures = Pictures()
        self._late: Late[Frame | None] = Late()

    def capture(self, wanted: bool) -> Frame | DeviceFault | None:
        """The newest picture while wanted; nothing when no front is in view."""
        exposed_us = self._yard.now_us // FRAME_US * FRAME_US
        if not wanted or exposed_us <= self._taken_us:
            return None
        self._taken_us = exposed_us
        fault = self._yard.fault_of(self._name)
        trouble = None if fault is None else self._yard.troubles[self._name]
        dead = fault == "restarts" and trouble is not None and trouble.boots(self._yard.now_us)
        if dead or fault in ("silent", "unknown"):
            return DeviceFault(name="CAMERA_SILENT", device=self._name, seen="no picture")
        frame = self._expose(exposed_us, behind=fault == "sees the next")
        if fault == "slow":
            self._late.put(exposed_us, frame)
            return self._late.get(exposed_us, None)
        self._late.clear()
        if trouble is None or fault is None:
            self._pictures.took(frame)
            return frame
        return self._pictures.spoilt(fault, frame, exposed_us, trouble)

    def _expose(self, exposed_us: int, *, behind: bool) -> Frame | None:
        sight = self._yard.sight(self._end, behind=behind)
        if sight is None:
            self._vehicle = None
            return None
        if sight.vehicle != self._vehicle:
            self._vehicle = sight.vehicle
            self._track += 1
        seed = self._yard.random(f"{self._name} {exposed_us}").getrandbits(64)
        rng = np.random.default_rng(seed)
        if self._yard.paint:
            pixels, corners = render(sight, rng)
        else:
            pixels, corners = UNPAINTED, outline(sight, rng)
        self._yard.photographed(corners, sight)
        return Frame(pixels=pixels, captured_us=exposed_us, track=self._track, regions=(corners,))
