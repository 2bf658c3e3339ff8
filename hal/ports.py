"""Ports: what a device must be able to do, whatever it is made of.

A driver delivers facts and holds levels; it never blocks the scan, never decides, and never
invents a value.  When a device is silent or talks nonsense its driver says UNKNOWN or returns a
``DeviceFault``.  Times are microseconds on the monotonic clock that the board shares.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol, runtime_checkable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray


class Contact(IntEnum):
    """A contact as read: open circuit and dead wire are told apart where the wiring allows it."""

    UNKNOWN = 0
    CLEAR = 1
    BLOCKED = 2
    NOT_FITTED = 3


class Drive(IntEnum):
    """The level held at a boom's drive."""

    HOLD = 0
    RAISE = 1
    LOWER = 2


class Signal(IntEnum):
    """A lane signal's aspect."""

    RED = 0
    GREEN = 1


class IndicationState(IntEnum):
    """What an indicator's frame says of itself."""

    OK = 0
    OVER = 1
    UNDER = 2
    ERROR = 3
    WARMING_UP = 4


class DeviceFault(Struct, frozen=True, kw_only=True):
    """A device that cannot be believed: catalogue name, place, and what was seen."""

    name: str
    device: str
    seen: str


class CellSamples(Struct, frozen=True, kw_only=True):
    """Samples since the last read, oldest first.

    ``t_us`` has shape (n,), int64; ``counts`` (n, cells), int64; n may be 0.  The beams are
    sampled with the cells where the recorder did so, shape (n,), 0/1, else None.

    A driver gives each sample once, later than the one before, and none from the future.  The lane
    drops what breaks this (``sensors/intake.py``, ``controller/samples.py``), since a stamp that
    it took would order all others.
    """

    t_us: NDArray[np.int64]
    counts: NDArray[np.int64]
    entry_beam: NDArray[np.int8] | None = None
    exit_beam: NDArray[np.int8] | None = None


class BoomContacts(Struct, frozen=True):
    """The two limit switches of a boom: made = BLOCKED, not made = CLEAR."""

    closed: Contact
    open: Contact


class Frame(Struct, frozen=True, kw_only=True):
    """One picture: BGR uint8 (height, width, 3), lane time of exposure, plate regions if known.

    ``regions`` holds the corners (x, y) of plate regions, clockwise from the top left, where the
    camera finds them itself.  ``track`` counts the vehicles the camera has seen.  ``hints`` are
    what the camera itself makes of the picture ("camera_reads: 皖A12345"): for the record, never
    read as a plate.
    """

    pixels: NDArray[np.uint8]
    captured_us: int
    track: int = 0
    regions: tuple[tuple[tuple[float, float], ...], ...] = ()
    hints: tuple[str, ...] = ()


class SignPage(Struct, frozen=True, kw_only=True):
    """What a sign shows: lines of text and one colour (red, green or amber)."""

    lines: tuple[str, ...]
    colour: str


class PersonRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request of a person at the panel, console or platform; kind is a RequestKind name.

    ``second`` is the person who agreed, where the site asks for one; ``detail`` is what a kind of
    request says besides, in words of its own.
    """

    kind: str
    who: str
    why: str
    end: str | None = None
    plate: str = ""
    passage_id: int | None = None
    second: str = ""
    detail: str = ""


class RegisterEntry(Struct, frozen=True, kw_only=True):
    """What a vehicle's papers state; None where they do not.  Masses in grams, lengths in mm.

    ``driver`` is the number of the driver's qualification, which goes no further than its hash.
    """

    plate: str
    axles: int | None = None
    kind: str | None = None
    single_drive_axle: bool | None = None
    single_tyre_axles: int | None = None
    wide_tyres: bool | None = None
    air_suspension_drive: bool | None = None
    trailer_tandem_spacing_mm: int | None = None
    licence_gvm_g: int | None = None
    licence_payload_g: int | None = None
    height_mm: int | None = None
    width_mm: int | None = None
    length_mm: int | None = None
    goods: str | None = None
    load_ticket: str | None = None
    destination: str | None = None
    road_permit: str | None = None
    owner: str | None = None
    driver: str | None = None


class WallReading(Struct, frozen=True, kw_only=True):
    """Wall time in ms since 1970 UTC, minutes east of UTC, and whether a time source backs it."""

    ms: int
    offset_min: int = 480
    synchronised: bool = False


@runtime_checkable
class Clock(Protocol):
    """The board's two clocks."""

    def now_us(self) -> int:
        """Microseconds on the monotonic clock."""

    def wall(self) -> WallReading:
        """Wall time with its quality."""


@runtime_checkable
class LoadCells(Protocol):
    """All load cells of one deck, read together."""

    def read(self) -> CellSamples | DeviceFault:
        """Samples since the last call, or the fault that stopped them."""


@runtime_checkable
class Thermometer(Protocol):
    """How warm the deck's load cells are."""

    def read(self) -> float | DeviceFault | None:
        """Degrees Celsius as last measured, None before the first, or the fault that stops it."""


@runtime_checkable
class PresenceSensor(Protocol):
    """A beam, a loop, an emergency stop: anything that is blocked, clear or unknown."""

    def read(self) -> Contact:
        """The present state; UNKNOWN when it cannot be told."""


@runtime_checkable
class Gate(Protocol):
    """One boom with its drive and its limit switches."""

    def drive(self, level: Drive) -> None:
        """Hold this level until the next call; a gate that wants pulses gets them made of it."""

    def read(self) -> BoomContacts:
        """The limit switches."""


@runtime_checkable
class LaneSignal(Protocol):
    """One red/green signal head."""

    def show(self, aspect: Signal) -> None:
        """Hold this aspect."""


@runtime_checkable
class Sign(Protocol):
    """A text sign, a voice, or both."""

    def show(self, page: SignPage) -> None:
        """Hold this page; the driver sends only what changed."""


@runtime_checkable
class Camera(Protocol):
    """A camera that looks at one end of the deck."""

    def capture(self, wanted: bool) -> Frame | DeviceFault | None:
        """The newest picture not yet handed out while ``wanted``, or None."""


@runtime_checkable
class RequestSource(Protocol):
    """Where people ask: panel, console, platform."""

    def poll(self) -> tuple[PersonRequest, ...]:
        """Requests made since the last call."""


@runtime_checkable
class VehicleRegister(Protocol):
    """The site's knowledge of vehicle papers."""

    def lookup(self, plate: str) -> RegisterEntry | None:
        """The entry of a plate, or None where it is not known."""


class Indication(Struct, frozen=True, kw_only=True):
    """One frame of a weighing indicator, as it said it; nothing is rounded or filled in here.

    ``t_us`` is the lane time at which its last byte came.  ``gross_g`` is None where the indicator
    shows no weight (over, under, error, warming up) and ``state`` says which.  ``motion`` and
    ``centre_of_zero`` are None where the protocol has no such bit.  ``d_g`` is the division the
    frame itself states, else None.  ``raw`` is the frame byte for byte.
    """

    t_us: int
    gross_g: int | None
    state: IndicationState = IndicationState.OK
    tare_g: int | None = None
    motion: bool | None = None
    centre_of_zero: bool | None = None
    d_g: int | None = None
    raw: bytes = b""


@runtime_checkable
class Indicator(Protocol):
    """A verified weighing indicator that gives finished weights, in place of bare load cells."""

    def read(self) -> tuple[Indication, ...] | DeviceFault:
        """The frames since the last call, oldest first, or the fault that stopped them."""

    def request_zero(self) -> bool:
        """Ask the indicator to set its zero; False where the protocol cannot."""


@runtime_checkable
class SelfChecking(Protocol):
    """A driver of any port that can say what is wrong with its device beyond what the port says.

    A lamp that does not burn, a sign that shows something else, a gate that takes too long.
    """

    def faults(self) -> tuple[DeviceFault, ...]:
        """All that is wrong now; empty while the device is well.  Cheap: asked in every scan."""


@runtime_checkable
class Watchdog(Protocol):
    """A timer in hardware that restarts the box, or lets go of its outputs, unless it is fed."""

    def feed(self) -> None:
        """Say that the scan is alive; called once a scan, after the outputs are written."""

    def release(self) -> None:
        """Let the timer go without a restart: an orderly end."""
