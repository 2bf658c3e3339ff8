"""What the one driver of all wire signs asks of a family, and what a sign can say of itself."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

Colour = Literal["red", "green", "amber"]


class Face(Struct, frozen=True, kw_only=True):
    """What a sign is to show: GBK rows, one colour, its lane light and its flash.

    ``green`` and ``flash`` are None where the lamps of the sign are left alone.  ``spoken`` is the
    sentence for a sign that also has a voice, empty where nothing is to be said.
    """

    rows: tuple[bytes, ...]
    colour: Colour = "red"
    green: bool | None = None
    flash: bool | None = None
    spoken: bytes = b""


class Told(Struct, frozen=True, kw_only=True):
    """One answer of a sign.

    ``refusal`` is what it complains of, in words.  ``rows`` are (index, bytes) of rows it shows,
    ``green`` and ``flash`` what its lamps show; None where the answer says nothing of it.
    """

    refusal: str = ""
    rows: tuple[tuple[int, bytes], ...] = ()
    green: bool | None = None
    flash: bool | None = None


class Family(Protocol):
    """One protocol: pure, without a line or a clock."""

    name: str
    rows: int
    columns: int

    def frames(self, face: Face, before: Face | None) -> list[bytes]:
        """The frames that make this face of the one before; of an unknown one where None."""

    def questions(self) -> list[bytes]:
        """The frames that ask what the sign shows, or whether it lives; none where it is mute."""

    def feed(self, data: bytes) -> list[Told]:
        """The answers that are complete now."""

    def reset(self) -> None:
        """Drop half an answer."""


def changed_rows(face: Face, before: Face | None) -> list[int]:
    """The rows that are not what they were, counted from 0; all where nothing is known."""
    if before is None or before.colour != face.colour:
        return list(range(len(face.rows)))
    both = enumerate(zip(face.rows, before.rows, strict=True))
    return [row for row, (new, old) in both if new != old]
