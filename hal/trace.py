"""Drivers of a recorded yard: counts, beams and photographs from files instead of devices."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hal.bus import Bus
from hal.files import site_path
from hal.passage import check_same_cells, prepare
from hal.pictures import PictureError, read_picture
from hal.player import Stage, player_of
from hal.ports import CellSamples, Contact, DeviceFault, Frame, WallReading
from hal.recording import RecordingError, read_recording

FILES_MAX = 1_000
PACED_STEP_US_MAX = 1_000_000
EndName = Literal["yard", "road"]


class TraceClock:
    """The clock of a recorded yard; ``starts`` is the wall time at 0 us, in ISO 8601 with offset.

    Whoever runs the yard moves it by ``player.advance``; with ``paced`` it follows the host.

    Raises:
        ValueError: ``starts`` is no time with an offset.
    """

    def __init__(
        self, bus: Bus, starts: str, paced: bool = False, synchronised: bool = False
    ) -> None:
        self._player = player_of(bus)
        self._paced = paced
        self._synchronised = synchronised
        self._host_us = time.monotonic_ns() // 1_000
        try:
            start = datetime.fromisoformat(starts)
        except ValueError as error:
            raise ValueError(f"starts: {error}; write 2026-11-22T08:00:00+08:00") from error
        offset = start.utcoffset()
        if offset is None:
            raise ValueError(f"starts: '{starts}' has no offset; write 2026-11-22T08:00:00+08:00")
        self._start_ms = int(start.timestamp() * 1_000)
        self._offset_min = int(offset.total_seconds() // 60)

    def now_us(self) -> int:
        if self._paced:
            host_us = time.monotonic_ns() // 1_000
            self._player.advance(min(max(host_us - self._host_us, 0), PACED_STEP_US_MAX))
            self._host_us = host_us
        return self._player.now_us

    def wall(self) -> WallReading:
        return WallReading(
            ms=self._start_ms + self._player.now_us // 1_000,
            offset_min=self._offset_min,
            synchronised=self._synchronised,
        )


class TraceCells:
    """Load cells that play recorded counts, one file a vehicle, which comes from ``entry``.

    Raises:
        RecordingError: a file that cannot be believed; the message names file, line and column.
    """

    def __init__(self, bus: Bus, files: list[str], entry: EndName = "yard") -> None:
        if not 1 <= len(files) <= FILES_MAX:
            raise RecordingError(f"files: {len(files)} recordings; 1 to {FILES_MAX} are needed")
        cells: int | None = bus.share("cell_count", lambda: None)
        paths = [site_path(bus, name) for name in files]
        recordings = [read_recording(path, cells) for path in paths]
        check_same_cells(recordings, paths)
        self._player = player_of(bus)
        self._player.load(tuple(prepare(r) for r in recordings), entry)

    def read(self) -> CellSamples | DeviceFault:
        samples = self._player.take()
        if self._player.overrun:
            self._player.overrun = False
            return DeviceFault(
                name="CELLS_SILENT", device="trace.cells", seen="samples were not fetched in time"
            )
        return samples


class TraceBeam:
    """The recorded beam at one end.

    Where the recording has none it is NOT_FITTED, or with ``derive`` what the load tells: blocked
    at the entry from half a second before the load rises to half a second after it is all there.
    """

    def __init__(self, bus: Bus, end: EndName, derive: bool = False) -> None:
        self._player = player_of(bus)
        self._end = end
        self._derive = derive

    def read(self) -> Contact:
        contact = self._player.contact(self._end)
        if contact is Contact.UNKNOWN or self._derive or self._player.beams_recorded:
            return contact
        return Contact.NOT_FITTED


class TraceThermometer:
    """The recorded temperature, column ``temp_c``; a recording without one is a silent sensor."""

    def __init__(self, bus: Bus) -> None:
        self._player = player_of(bus)

    def read(self) -> float | DeviceFault | None:
        celsius = self._player.celsius
        if celsius is None and self._player.file:
            seen = f"{self._player.file} has no column temp_c"
            return DeviceFault(name="THERMOMETER_SILENT", device="trace.thermometer", seen=seen)
        return celsius


class TraceApproach:
    """The approach loop, which no recording has: blocked while the vehicle waits or drives on."""

    def __init__(self, bus: Bus, end: EndName) -> None:
        self._player = player_of(bus)
        self._end = end

    def read(self) -> Contact:
        here = self._end == self._player.entry and self._player.vehicle_waits
        return Contact.BLOCKED if here else Contact.CLEAR


class TraceCamera:
    """A camera that shows one photograph a vehicle, the n-th file to the n-th vehicle.

    With ``cutouts`` the whole picture is a plate.  A picture is decoded in the scan that wants it,
    which a virtual clock does not feel.  A file that is absent or damaged is a fault while that
    vehicle is there.
    """

    def __init__(self, bus: Bus, end: EndName, files: list[str], cutouts: bool = False) -> None:
        if len(files) > FILES_MAX:
            raise PictureError(f"files: {len(files)} pictures; the limit is {FILES_MAX}")
        self._player = player_of(bus)
        self._end = end
        self._paths = [site_path(bus, name) for name in files]
        self._cutouts = cutouts
        self._shown = 0
        self._fault: DeviceFault | None = None

    def capture(self, wanted: bool) -> Frame | DeviceFault | None:
        number = self._player.number
        if not wanted or self._player.stage is Stage.AWAY or not 1 <= number <= len(self._paths):
            return None
        if number == self._shown:
            return self._fault
        self._shown, self._fault = number, None
        try:
            pixels = read_picture(self._paths[number - 1])
        except PictureError as error:
            device = f"trace.camera {self._end}"
            self._fault = DeviceFault(name="CAMERA_SILENT", device=device, seen=str(error))
            return self._fault
        return Frame(
            pixels=pixels,
            captured_us=self._player.now_us,
            track=number,
            regions=(_whole(pixels),) if self._cutouts else (),
        )


def _whole(pixels: NDArray[np.uint8]) -> tuple[tuple[float, float], ...]:
    height, width = (float(n) for n in pixels.shape[:2])
    return ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
