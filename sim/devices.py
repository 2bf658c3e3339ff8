"""The yard's devices as ordinary drivers, on an ordinary profile.

All share one ``Yard``: ``bus.share("yard", Yard.default)``.  A device that the yard has given a
fault behaves as the real one would: silent or unknown gives UNKNOWN or a ``DeviceFault``, stuck
gives the last value for ever, slow gives each value late.  What a sensor has said is kept in the
yard: it stays what it is while the controller starts anew.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from hal.bus import Bus
from hal.ports import (
    BoomContacts,
    CellSamples,
    Contact,
    DeviceFault,
    Drive,
    Frame,
    PersonRequest,
    RegisterEntry,
    Signal,
    SignPage,
    WallReading,
)
from sim.scene import outline, render
from sim.units import ScenarioError
from sim.world import ENDS, Yard

FRAME_US = 200_000
PACED_STEP_US_MAX = 1_000_000
SLOW_US = 600_000
"""How late a slow device is."""
_UNPAINTED = np.zeros((1, 1, 3), np.uint8)
PRESENCE_KINDS = ("approach", "arm", "beam_low", "beam_high", "estop")


def yard_of(bus: Bus) -> Yard:
    """Return the yard that all devices of this bus stand in."""
    yard: Yard = bus.share("yard", Yard.default)
    return yard


def _end(name: str) -> int:
    if name not in ENDS:
        raise ScenarioError(f"end = {name!r}: an end is 'yard' or 'road'")
    return ENDS.index(name)


class SimClock:
    """The yard's virtual clock; with ``paced`` the yard keeps pace with the host's."""

    def __init__(self, bus: Bus, paced: bool = False) -> None:
        self._yard = yard_of(bus)
        self._paced = paced
        self._host_us = time.monotonic_ns() // 1_000

    def now_us(self) -> int:
        """Microseconds since the yard began."""
        if self._paced:
            host_us = time.monotonic_ns() // 1_000
            self._yard.advance(min(host_us - self._host_us, PACED_STEP_US_MAX))
            self._host_us = host_us
        return self._yard.now_us

    def skip(self, us: int) -> None:
        """Let this many microseconds pass at once."""
        self._yard.advance(us)

    def wall(self) -> WallReading:
        """The yard's wall time; a faulty time source is not synchronised."""
        synchronised = self._yard.fault_of("clock") is None
        return WallReading(ms=self._yard.wall_ms, offset_min=480, synchronised=synchronised)


RAIL_COUNTS = 8_388_607
_Value = TypeVar("_Value")


class Late(Generic[_Value]):
    """Gives each value SLOW_US after it was put in."""

    def __init__(self) -> None:
        self._values: deque[tuple[int, _Value]] = deque()

    def put(self, now_us: int, value: _Value) -> None:
        """Put in the value of this instant."""
        self._values.append((now_us, value))

    def get(self, now_us: int, before: _Value) -> _Value:
        """The newest value that is old enough, or ``before`` where none is yet."""
        values, due_us = self._values, now_us - SLOW_US
        while len(values) > 1 and values[1][0] <= due_us:
            values.popleft()
        return values[0][1] if values and values[0][0] <= due_us else before

    def clear(self) -> None:
        """Forget them all."""
        self._values.clear()


class SimCells:
    """All cells of the deck, one converter with eight channels.

    One cell may fail alone, as ``cell0`` … ``cell7``: stuck at its last counts, silent (its wires
    are off, the converter reads 0) or unknown (at the rail).
    """

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)
        self._last: CellSamples | None = None
        self._given_us = 0
        self._test_load = np.zeros(8, np.int64)

    def place(self, load_g: int, x_m: float, y_m: float) -> None:
        """Stand a test load on the deck at rest, instead of the one before."""
        self._test_load = self._yard.cells.counts_under(load_g, x_m, y_m)

    def read(self) -> CellSamples | DeviceFault:
        """Samples since the last call; a slow converter gives them in lumps."""
        kind = self._yard.fault_of("cells")
        if kind == "slow" and self._yard.now_us - self._given_us < SLOW_US:
            return CellSamples(t_us=np.empty(0, np.int64), counts=np.empty((0, 8), np.int64))
        self._given_us = self._yard.now_us
        t_us, counts = self._yard.converter.take()
        counts = counts + self._test_load
        if kind in ("silent", "unknown"):
            return DeviceFault(name="CELLS_SILENT", device="cells", seen="no samples")
        if kind == "stuck" and self._last is not None and len(self._last.counts):
            counts = np.repeat(self._last.counts[-1:], len(t_us), axis=0)
        for cell in range(counts.shape[1]):
            self._spoil(counts[:, cell], cell)
        samples = CellSamples(t_us=t_us, counts=counts)
        if len(t_us):
            self._last = samples
        return samples

    def _spoil(self, counts: NDArray[np.int64], cell: int) -> None:
        kind = self._yard.fault_of(f"cell{cell}")
        if kind == "silent":
            counts[:] = 0
        elif kind == "unknown":
            counts[:] = RAIL_COUNTS
        elif kind == "stuck" and self._last is not None:
            counts[:] = self._last.counts[-1, cell]


class SimPresence:
    """One loop, beam or emergency stop."""

    def __init__(self, bus: Bus, *, kind: str, end: str = "") -> None:
        if kind not in PRESENCE_KINDS:
            raise ScenarioError(f"kind = {kind!r}: known are {', '.join(PRESENCE_KINDS)}")
        self._yard = yard_of(bus)
        self._kind = kind
        self._end = _end(end) if kind != "estop" else 0
        self._name = kind if kind == "estop" else f"{end}.{kind}"
        self._late: Late[Contact] = Late()

    def read(self) -> Contact:
        """The present state."""
        fault = self._yard.fault_of(self._name)
        if fault in ("silent", "unknown"):
            return Contact.UNKNOWN
        if fault == "pressed":
            return Contact.BLOCKED
        said = self._yard.said
        if fault == "stuck" and self._name in said:
            return said[self._name]
        state = self._state()
        if fault == "slow":
            now_us = self._yard.now_us
            self._late.put(now_us, state)
            return self._late.get(now_us, said.get(self._name, state))
        self._late.clear()
        said[self._name] = state
        return state

    def _state(self) -> Contact:
        if self._kind == "estop":
            return Contact.BLOCKED if self._yard.estop_pressed else Contact.CLEAR
        return self._yard.presence(self._end, self._kind)


class SimGate:
    """One boom with its drive."""

    def __init__(self, bus: Bus, *, end: str) -> None:
        self._yard = yard_of(bus)
        self._boom = self._yard.booms[_end(end)]
        self._name = f"{end}.boom"
        self._late: Late[BoomContacts] = Late()

    def drive(self, level: Drive) -> None:
        """Hold this level; a silent drive stands still."""
        dead = self._yard.fault_of(self._name) in ("silent", "stuck")
        self._boom.level = Drive.HOLD if dead else level

    def read(self) -> BoomContacts:
        """The limit switches."""
        fault = self._yard.fault_of(self._name)
        if fault in ("silent", "unknown"):
            return BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)
        before = self._yard.switches.get(self._name)
        if fault == "stuck" and before is not None:
            return before
        state = self._boom.contacts()
        if fault == "slow":
            now_us = self._yard.now_us
            self._late.put(now_us, state)
            return self._late.get(now_us, before or state)
        self._late.clear()
        self._yard.switches[self._name] = state
        return state


class SimSignal:
    """One signal head, facing those who come or those on the deck."""

    def __init__(self, bus: Bus, *, end: str, face: str) -> None:
        if face not in ("approach", "deck"):
            raise ScenarioError(f"face = {face!r}: a signal faces 'approach' or 'deck'")
        self._yard = yard_of(bus)
        self._lamps = self._yard.approach_green if face == "approach" else self._yard.deck_green
        self._end = _end(end)
        self._name = f"{end}.{face}_lamp"

    def show(self, aspect: Signal) -> None:
        """Hold this aspect; a dead lamp is no green."""
        dead = self._yard.fault_of(self._name) is not None
        self._lamps[self._end] = aspect is Signal.GREEN and not dead


class SimSign:
    """The text sign."""

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)

    def show(self, page: SignPage) -> None:
        """Hold this page; a silent sign keeps the old one."""
        if self._yard.fault_of("sign") is None:
            self._yard.sign = page


class SimCamera:
    """The camera of one end: five pictures a second of a front in view, while wanted."""

    def __init__(self, bus: Bus, *, end: str) -> None:
        self._yard = yard_of(bus)
        self._end = _end(end)
        self._name = f"{end}.camera"
        self._taken_us = -FRAME_US
        self._vehicle: int | None = None
        self._track = 0
        self._frozen: Frame | None = None
        self._late: Late[Frame | None] = Late()

    def capture(self, wanted: bool) -> Frame | DeviceFault | None:
        """The newest picture while wanted; nothing when no front is in view."""
        exposed_us = self._yard.now_us // FRAME_US * FRAME_US
        if not wanted or exposed_us <= self._taken_us:
            return None
        self._taken_us = exposed_us
        fault = self._yard.fault_of(self._name)
        if fault in ("silent", "unknown"):
            return DeviceFault(name="CAMERA_SILENT", device=self._name, seen="no picture")
        if fault == "stuck" and self._frozen is not None:
            return self._frozen
        frame = self._expose(exposed_us)
        if fault == "slow":
            self._late.put(exposed_us, frame)
            return self._late.get(exposed_us, None)
        self._late.clear()
        return frame

    def _expose(self, exposed_us: int) -> Frame | None:
        sight = self._yard.sight(self._end)
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
            pixels, corners = _UNPAINTED, outline(sight, rng)
        self._yard.photographed(corners, sight)
        self._frozen = Frame(
            pixels=pixels, captured_us=exposed_us, track=self._track, regions=(corners,)
        )
        return self._frozen


class SimRequests:
    """The people of the yard at their panel."""

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)

    def poll(self) -> tuple[PersonRequest, ...]:
        """Requests made since the last call."""
        return self._yard.operator.take()


class SimRegister:
    """The register of vehicle papers, with the vehicles that it does not know."""

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)

    def lookup(self, plate: str) -> RegisterEntry | None:
        """The entry of a plate, or None."""
        if self._yard.fault_of("register") is not None:
            return None
        return self._yard.register.get(plate)
