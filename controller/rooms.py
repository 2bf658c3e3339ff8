"""What the lane asks of its scale, whether bare cells or a verified indicator say the weight."""

from __future__ import annotations

from typing import Protocol

from controller.core.images import EndInputs, Weight
from protocol.media import Blob
from sensors.calibration import IntArray


class QuietLooks(Protocol):
    """The looks at an empty deck in which nothing happens, one every ``every_us``."""

    every_us: int

    def __len__(self) -> int: ...

    def weight(self, look: int) -> Weight:
        """The scale's word at one of them."""


class ScaleRoom(Protocol):
    """One deck's scale, in the lane's words."""

    @property
    def faults(self) -> tuple[int, ...]:
        """Catalogue codes of what is wrong with it, and of what it has found."""

    @property
    def health(self) -> tuple[str, ...]:
        """What the watch over the cells says of each, a name of ``CellHealth``; () without any."""

    @property
    def rests_until_us(self) -> int:
        """When the next look is due; 0 where the last one has something to tell."""

    def read(self, now_us: int, ends: tuple[EndInputs, EndInputs]) -> Weight:
        """Take what has come in and return the weight as it stands now."""

    def rest(self, now_us: int, t_us: IntArray, counts: IntArray) -> QuietLooks | None:
        """Take cells' samples behind ``now_us`` of an empty deck of which there is nothing to tell.

        None where that cannot be done at once; they are then to be given by the cells.
        """

    def request_zero(self) -> None:
        """Ask the scale to set zero; it refuses unless empty, steady and in range."""

    def allow_degraded(self, allowed: bool) -> None:
        """The lane's word on weighing with a bad cell."""

    def clear_cells(self, number: int) -> None:
        """Forget cell faults, once for each record number; 0 is none."""

    def curve_of(self, since_us: int) -> tuple[tuple[int, int], ...]:
        """The weight curve from shortly before ``since_us`` to now: (t_us, gross_g)."""

    def raw_of(self, weight: Weight | None) -> bytes | None:
        """What gave this accepted weight, packed; None where it is not kept."""

    def tamper_flags(self) -> tuple[str, ...]:
        """What was found that no vehicle does and no record tells of yet, as flags of a record."""

    def counts_of(self, since_us: int) -> tuple[Blob, ...]:
        """What the scale said from shortly before ``since_us`` to now, as media."""
