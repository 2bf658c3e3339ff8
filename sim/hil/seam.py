"""Where the yard's physics meets real drivers: what a seam must do, and how it can be hurt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from board.profile import Profile
from hal.bus import Bus
from sim.world import Yard


class Seam(Protocol):
    """The devices of one board, with the yard behind their pins or frames.

    ``hurts`` are the names of what can be done to it; ``hurt`` begins one, ``heal`` ends it.
    ``rate_hz`` is how often a second its scale is read.
    """

    hurts: tuple[str, ...]
    rate_hz: float

    def profile(self, sheet: Mapping[str, object]) -> Profile:
        """The site of this board; ``sheet`` are the keys of the site file that the yard states."""

    def join(self, yard: Yard, bus: Bus) -> None:
        """Stand the yard behind the devices, and start them; before the board is built."""

    def exchange(self) -> None:
        """Give the devices what the yard now is, and the yard what they now do."""

    def hurt(self, name: str) -> None:
        """Begin a trouble of ``hurts``."""

    def heal(self, name: str) -> None:
        """End it."""

    def close(self) -> None:
        """Stop the devices."""
