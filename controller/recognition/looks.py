"""What goes to the reader of plates and what comes back: value types and two small faces."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from msgspec import Struct

from controller.core.kinds import End, View
from hal.ports import DeviceFault, Frame


class Seen(Struct, frozen=True, kw_only=True):
    """One plate as read: text ("?" for an unreadable character), probabilities, cut-out as PNG.

    ``quad`` holds its corners in px of the frame, clockwise from the top left.  ``ptype`` is a
    value of ``vision.plates.PlateType``, "" where the colour does not tell, else as sure as
    ``ptype_p``; ``hints`` are what the cut-out itself makes suspicious.
    """

    text: str
    chars: tuple[float, ...]
    quad: tuple[tuple[float, float], ...]
    png: bytes
    ptype: str = ""
    ptype_p: float = 0.5
    sharpness: float = 1.0
    hints: tuple[str, ...] = ()


class Sighted(Struct, frozen=True, kw_only=True):
    """What the eyes make of one frame; a frame with a ``flaw`` was not read.

    ``flaw`` names what is wrong with the picture and ``measured`` the quantity that says so.
    """

    flaw: str = ""
    measured: str = ""
    seen: tuple[Seen, ...] = ()


class Shot(Struct, frozen=True, kw_only=True):
    """A frame on its way to the eyes: by which camera, for which passage, when it came in."""

    end: End
    view: View = View.FRONT
    passage_id: int
    given_us: int
    frame: Frame


class Glance(Struct, frozen=True, kw_only=True):
    """One frame as seen: where, for which passage, when exposed (lane time), and what was seen."""

    end: End
    view: View = View.FRONT
    passage_id: int
    track: int
    captured_us: int
    sighted: Sighted


class Counts(Struct, frozen=True, kw_only=True):
    """Frames since the start: handed in, looked at, dropped unread, lost with a process."""

    given: int = 0
    looked: int = 0
    dropped: int = 0
    lost: int = 0
    restarts: int = 0


class Eyes(Protocol):
    """What turns a picture into reads; ``vision`` behind one small face."""

    def look(self, shot: Shot) -> Sighted:
        """Judge the picture, and read the plates in it."""


@runtime_checkable
class Reader(Protocol):
    """Where frames are read; nothing here ever waits."""

    @property
    def trouble(self) -> DeviceFault | None:
        """What keeps the reader from reading now."""

    @property
    def counts(self) -> Counts:
        """Frames so far."""

    def give(self, shot: Shot) -> None:
        """Hand a frame in; where too many wait, the oldest that is unread is dropped."""

    def take(self, now_us: int) -> tuple[Glance, ...]:
        """What has been seen since the last call; call it once a scan."""

    def forget(self) -> None:
        """Drop the frames that wait: the vehicle they show has gone."""

    def close(self) -> None:
        """End what was started."""
