"""What a back end offers to field drivers: inputs that are looked at, and relays that are set.

All of it is called on the thread of the back end, never in the scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from hal.ports import DeviceFault

Level = Literal["low", "high"]
Wiring = Literal["nc", "no"]
Pull = Literal["internal", "external"]


class Seen(NamedTuple):
    """A contact as it was at a lane time, us: closed, so that current flows, or open."""

    t_us: int
    closed: bool


class Point(Protocol):
    """One contact at an input."""

    @property
    def trouble(self) -> DeviceFault | None:
        """Why the input cannot be read, None while it can."""

    def look(self, now_us: int) -> Sequence[Seen]:
        """The changes since the last look, oldest first, and last how it is; empty if unreadable.

        The last one has the time of the reading itself, which may be older than ``now_us``.
        """

    def close(self) -> None:
        """Let the input go."""


class Relays(Protocol):
    """Outputs that are set together: a gate's OPEN, CLOSE and STOP, a signal's red and green.

    They stand at their safe levels from before construction returns.
    """

    @property
    def troubles(self) -> Sequence[DeviceFault]:
        """Why an output cannot be set, or does not do what it is told; empty while all do."""

    def put(self, on: tuple[bool, ...], now_us: int) -> None:
        """Have these levels from now on; off goes before on where both cannot be at once."""

    def seen(self) -> tuple[bool, ...]:
        """What may be on now: what was put, and what was on before where that did not reach it."""

    def close(self) -> None:
        """Put the safe levels and let the outputs go."""


class Turn(Protocol):
    """What a driver does in each round of its back end's thread."""

    def turn(self, now_us: int) -> None: ...


class Pace(Protocol):
    """The thread of a back end, which gives every driver on it its turn."""

    def join(self, part: Turn) -> None:
        """Give this part a turn in every round from now on."""

    def leave(self, part: Turn) -> None:
        """Give it no turn any more; when this returns none is under way."""

    def check(self) -> None:
        """Raise the programming error that ended the thread, where one has."""
