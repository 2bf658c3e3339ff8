"""Which plate of one frame is which of the frames before: by place, motion and text likeness."""

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

import msgspec

from vision.consensus import GAP, aligned, likeness
from vision.plates import UNREADABLE, PlateType

Quad = tuple[tuple[float, float], ...]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in px."""

TEXT_CHARS_MAX: Final = 12
RECENT: Final = 4
"""Looks of a track, the nearest in time, that a new one is held against."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One plate as read in one frame.

    `quad` is its corners in px of the frame, clockwise from the top left; `text` carries '?' for
    an unreadable character and `probabilities` one value of 0..1 a character; `ptype` is None
    where the colour does not tell, else `ptype_p` is how sure that is; `sharpness` is any measure
    that grows with it, the same one for all looks. Raises ValueError for what cannot be a look.
    """

    quad: Quad
    text: str
    probabilities: tuple[float, ...]
    ptype: PlateType | None = None
    ptype_p: float = 0.5
    sharpness: float = 1.0

    def __post_init__(self) -> None:
        """Refuse numbers that would spoil a vote."""
        if len(self.quad) != 4 or not all(len(point) == 2 for point in self.quad):
            raise ValueError("a look has a quad of four corners (x, y)")
        if len(self.text) > TEXT_CHARS_MAX or len(self.text) != len(self.probabilities):
            raise ValueError(
                f"{self.text!r} with {len(self.probabilities)} probabilities: a look has one for"
                f" each of at most {TEXT_CHARS_MAX} characters"
            )
        if not all(0.0 <= p <= 1.0 for p in (*self.probabilities, self.ptype_p)):
            raise ValueError(f"a probability of {self.text!r} is outside 0..1")
        if not all(map(math.isfinite, (*chain.from_iterable(self.quad), self.sharpness))):
            raise ValueError(f"a corner or the sharpness of {self.text!r} is not a number")

    @property
    def confidence(self) -> float:
        """The probability of the least sure character; 0 for no text."""
        return min(self.probabilities, default=0.0)


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """When a look belongs to a track.

    By its place: boxes overlap by `overlap_min` (intersection over union) of where the plate
    should be, within `gap_us_max`, and the text is not a different one altogether. Or by its
    text: likeness of `alike_min`, and no character that both are sure of (`sure_p`) differs:
    trucks of one fleet, queued behind each other, carry consecutive numbers.
    """

    overlap_min: float = 0.15
    gap_us_max: int = 1_000_000
    alike_min: float = 0.7
    alien_max: float = 0.35
    sure_p: float = 0.9


class Dated(msgspec.Struct, frozen=True, kw_only=True):
    """A look with the frame it comes from, in microseconds of lane time.

    `vehicle` is the camera's own count of vehicles, None where it does not count.
    """

    frame: int
    captured_us: int
    vehicle: int | None
    look: Look


def match(looks: Sequence[Dated], track: Sequence[Dated], gates: Gates) -> list[float]:
    """Return for each look of one frame how well it continues the track, 0 for not at all."""
    return [_score(look, track, gates) for look in looks]


def _score(new: Dated, track: Sequence[Dated], gates: Gates) -> float:
    near = sorted(track, key=lambda old: abs(old.captured_us - new.captured_us))[:RECENT]
    nearest = near[0]
    if None not in (new.vehicle, nearest.vehicle) and new.vehicle != nearest.vehicle:
        return 0.0
    alike = max(likeness(new.look.text, old.look.text) for old in near)
    overlap = 0.0
    if abs(nearest.captured_us - new.captured_us) <= gates.gap_us_max:
        overlap = overlap_of(_expected(near, new.captured_us), box_of(new.look.quad))
    by_place = overlap >= gates.overlap_min and not _alien(new.look, near, alike, gates)
    by_text = alike >= gates.alike_min and not any(
        contradict(new.look, old.look, gates.sure_p) for old in near
    )
    return overlap + alike if by_place or by_text else 0.0


def _alien(look: Look, near: Iterable[Dated], alike: float, gates: Gates) -> bool:
    """Say whether at the same place stands another plate now, both read well."""
    sure = _mean(look.probabilities) >= gates.sure_p
    return (
        sure
        and alike <= gates.alien_max
        and any(_mean(old.look.probabilities) >= gates.sure_p for old in near)
    )


def contradict(one: Look, other: Look, sure_p: float) -> bool:
    """Say whether there is a character that both are sure of and that differs."""
    mine, theirs = iter(one.probabilities), iter(other.probabilities)
    for a, b in aligned(one.text, other.text):
        p = 1.0 if a == GAP else next(mine)
        q = 1.0 if b == GAP else next(theirs)
        if a != b and UNREADABLE not in (a, b) and GAP not in (a, b) and min(p, q) >= sure_p:
            return True
    return False


def _expected(near: Sequence[Dated], at_us: int) -> Box:
    """Where the plate should be: moved on as it moved between the two looks nearest in time."""
    box = box_of(near[0].look.quad)
    if len(near) < 2 or near[0].captured_us == near[1].captured_us:
        return box
    before = box_of(near[1].look.quad)
    steps = (at_us - near[0].captured_us) / (near[0].captured_us - near[1].captured_us)
    # Beyond twice the step that was seen, a straight line says nothing any more.
    steps = max(-2.0, min(2.0, steps))
    left, top, right, bottom = (a + (a - b) * steps for a, b in zip(box, before, strict=True))
    return left, top, right, bottom


def box_of(quad: Quad) -> Box:
    """Return the box around a quad."""
    across, down = [x for x, _ in quad], [y for _, y in quad]
    return min(across), min(down), max(across), max(down)


def overlap_of(one: Box, other: Box) -> float:
    """Return intersection over union of two boxes, 0..1."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    return shared / max(_area(one) + _area(other) - shared, shared)


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
