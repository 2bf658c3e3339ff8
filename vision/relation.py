"""What the plates at the two ends of a vehicle are to each other."""

from enum import StrEnum
from typing import Final

import msgspec

from vision.consensus import likeness
from vision.plates import UNREADABLE, PlateType
from vision.tracks import Quad

TRAILER_MARK: Final = "挂"


class End(StrEnum):
    """The end of the vehicle that a frame shows."""

    FRONT = "front"
    REAR = "rear"


class VotedPlate(msgspec.Struct, frozen=True, kw_only=True):
    """One plate after all its frames.

    `confidence` is the least of `probabilities`; `frames_agree` counts frames of exactly this
    text, `support` frames that show the character; `settled` says that enough frames agree, no
    character is unreadable and the text is a plate of GA 36: how sure is enough is the site's
    policy. `best_frame` is the number of the frame for the cut-out, `best_quad` where it is in it.
    """

    end: End
    text: str
    probabilities: tuple[float, ...]
    support: tuple[int, ...]
    confidence: float
    frames_agree: int
    frames: int
    settled: bool
    ptype: PlateType | None
    ptype_p: float
    best_frame: int
    best_quad: Quad
    best_us: int
    first_us: int
    last_us: int


class Relation(StrEnum):
    """What the plates of the two ends say together; only plates that frames agree on count."""

    NONE = "none"
    FRONT_ONLY = "front_only"
    REAR_ONLY = "rear_only"
    RIGID = "rigid"
    TRAILER = "trailer"
    TRAILER_IN_FRONT = "trailer_in_front"
    ALIKE = "alike"
    DIFFERENT = "different"


def relation_of(
    front: VotedPlate | None, rear: VotedPlate | None, *, alike_min: float, agree_min: int = 2
) -> Relation:
    """Say what front and rear plate are to each other; one that frames do not agree on is absent.

    A trailer's plate ends in 挂, and where that was lost a two-row yellow plate at the rear still
    tells one. Both plates of one number but for a character or two are ALIKE: more likely one
    misread than two vehicles.
    """
    front = front if front is not None and front.frames_agree >= agree_min else None
    rear = rear if rear is not None and rear.frames_agree >= agree_min else None
    if front is None:
        return Relation.NONE if rear is None else Relation.REAR_ONLY
    return Relation.FRONT_ONLY if rear is None else _both(front, rear, alike_min)


def _both(front: VotedPlate, rear: VotedPlate, alike_min: float) -> Relation:
    if front.text.endswith(TRAILER_MARK):
        return Relation.TRAILER_IN_FRONT
    if same(front.text, rear.text):
        return Relation.RIGID
    if rear.text.endswith(TRAILER_MARK):
        return Relation.TRAILER
    if likeness(front.text, rear.text) >= alike_min:
        return Relation.ALIKE
    return Relation.TRAILER if rear.ptype is PlateType.YELLOW2 else Relation.DIFFERENT


def same(one: str, other: str) -> bool:
    """Say whether two texts may be one number; '?' fits any character."""
    return len(one) == len(other) and all(
        a == b or UNREADABLE in (a, b) for a, b in zip(one, other, strict=True)
    )
