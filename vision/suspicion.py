"""Signs that a plate may not belong where it was seen: hints for the record, never verdicts.

A sign carries what was measured and the limit that it passed.  What is unknown raises none, and
neither does a plate on which too few frames agree.  Types by vehicle: GA 36-2018 table 1 and
GA 801 (blue for a total mass below 4 500 kg, yellow above; new-energy plates likewise in two
forms); times in microseconds of lane time, masses in grams.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from vision.consensus import likeness
from vision.plates import UNREADABLE, PlateType, classify
from vision.relation import TRAILER_MARK, Relation, VotedPlate, same
from vision.vote import Outcome

SMALL_TYPES: Final = frozenset({PlateType.BLUE1, PlateType.GREEN8})


class Sign(StrEnum):
    """What does not fit."""

    SMALL_PLATE_MANY_AXLES = "small_plate_many_axles"
    SMALL_PLATE_HEAVY = "small_plate_heavy"
    TRAILER_PLATE_NO_TRAILER = "trailer_plate_no_trailer"
    TWO_ROWS_NO_TRAILER_MARK = "two_rows_no_trailer_mark"
    COLOUR_AGAINST_TEXT = "colour_against_text"
    FRONT_AGAINST_REAR = "front_against_rear"
    FRONT_ALMOST_REAR = "front_almost_rear"
    TRAILER_PLATE_IN_FRONT = "trailer_plate_in_front"
    SECOND_PLATE_AT_ONE_END = "second_plate_at_one_end"
    SEEN_TOO_SOON = "seen_too_soon"
    SEEN_TOO_FAR = "seen_too_far"
    SEEN_ON_OTHER_AXLES = "seen_on_other_axles"
    PAPER_AROUND = "paper_around"


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """One sign: `quantity` was measured as `value` against `limit`; `about` names the plates."""

    sign: Sign
    quantity: str
    value: float
    limit: float
    about: str


class SuspicionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The limits.

    A small truck weighs at most 4.5 t by its papers; `small_gross_g_max` is what no overload
    makes of it. `return_us_min`: the least time for a vehicle to turn and come again;
    `speed_mps_max`: between two sites, as the crow flies.
    """

    small_axles_max: int = 2
    small_gross_g_max: int = 12_000_000
    trailer_axles_min: int = 3
    sure_p_min: float = 0.8
    agree_min: int = 2
    return_us_min: int = 60_000_000
    speed_mps_max: float = 40.0


class VehicleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the lane knows of the vehicle; None for what it does not."""

    axles: int | None = None
    gross_g: int | None = None
    trailer: bool | None = None


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """A passage as far as it counts here: plates ('' for none), first and last time, where.

    `distance_m` is how far the other site lies from this one, 0 for this site; times of another
    site must stand on this lane's clock.
    """

    front: str
    rear: str
    first_us: int
    last_us: int
    axles: int | None = None
    distance_m: float = 0.0


def suspicions(
    outcome: Outcome, vehicle: VehicleFacts, settings: SuspicionSettings | None = None
) -> tuple[Suspicion, ...]:
    """Return the signs in one passage's plates, held against each other and the vehicle."""
    limits = SuspicionSettings() if settings is None else settings
    ends = (outcome.front, outcome.rear)
    agreed = [p for p in ends if p is not None and p.frames_agree >= limits.agree_min]
    found = [sign for plate in agreed for sign in _alone(plate, vehicle, limits)]
    return (*found, *_together(outcome, limits), *_trailer(outcome, vehicle, limits))


def seen_before(
    now: Sighting, recent: Iterable[Sighting], settings: SuspicionSettings | None = None
) -> tuple[Suspicion, ...]:
    """Return the signs that the plate of this passage was just on another vehicle.

    `recent` holds other passages, in any order and as many as the caller keeps. Plates are
    compared whole: an unreadable character makes no sighting.
    """
    limits = SuspicionSettings() if settings is None else settings
    return tuple(
        sign
        for other in recent
        for plate in _shared(now, other)
        for sign in _meeting(now, other, plate, limits)
    )


def _alone(
    plate: VotedPlate, vehicle: VehicleFacts, limits: SuspicionSettings
) -> Iterator[Suspicion]:
    form = classify(plate.text)
    ptype = plate.ptype if plate.ptype_p >= limits.sure_p_min else None
    about = f"{plate.text} {ptype.value if ptype else ''}".strip()
    if form is not None and ptype is not None and ptype not in form.types:
        yield _sign(Sign.COLOUR_AGAINST_TEXT, "probability of the colour", plate.ptype_p,
                    limits.sure_p_min, about)  # fmt: skip
    small_form = form is not None and form.forms == ("energy_small",)
    if not small_form and (ptype not in SMALL_TYPES or _large_energy(plate.text)):
        return
    if vehicle.axles is not None and vehicle.axles > limits.small_axles_max:
        yield _sign(Sign.SMALL_PLATE_MANY_AXLES, "axles", vehicle.axles,
                    limits.small_axles_max, about)  # fmt: skip
    if vehicle.gross_g is not None and vehicle.gross_g > limits.small_gross_g_max:
        yield _sign(Sign.SMALL_PLATE_HEAVY, "gross g", vehicle.gross_g,
                    limits.small_gross_g_max, about)  # fmt: skip


def _large_energy(text: str) -> bool:
    """A letter at the end marks the large form, which detectors may take for the small's green."""
    form = classify(text)
    return form is not None and form.forms == ("energy_large",)


def _together(outcome: Outcome, limits: SuspicionSettings) -> Iterator[Suspicion]:
    front, rear = outcome.front, outcome.rear
    for end in outcome.contested:
        texts = [p.text for p in outcome.others if p.end is end and p.settled]
        yield _sign(Sign.SECOND_PLATE_AT_ONE_END, "plates", 1 + len(texts), 1, " ".join(texts))
    if front is None or rear is None:
        return
    about, alike = f"{front.text} {rear.text}", likeness(front.text, rear.text)
    if outcome.relation is Relation.TRAILER_IN_FRONT:
        yield _sign(Sign.TRAILER_PLATE_IN_FRONT, "frames that agree", front.frames_agree,
                    limits.agree_min, about)  # fmt: skip
    elif outcome.relation is Relation.DIFFERENT:
        yield _sign(Sign.FRONT_AGAINST_REAR, "likeness of front and rear", alike, 1, about)
    elif outcome.relation is Relation.ALIKE:
        yield _sign(Sign.FRONT_ALMOST_REAR, "likeness of front and rear", alike, 1, about)


def _trailer(
    outcome: Outcome, vehicle: VehicleFacts, limits: SuspicionSettings
) -> Iterator[Suspicion]:
    rear = outcome.rear
    if outcome.relation is not Relation.TRAILER or rear is None:
        return
    axles = vehicle.axles
    if vehicle.trailer is False or (axles is not None and axles < limits.trailer_axles_min):
        yield _sign(Sign.TRAILER_PLATE_NO_TRAILER, "axles", 0 if axles is None else axles,
                    limits.trailer_axles_min, rear.text)  # fmt: skip
    last = rear.probabilities[-1]
    if not rear.text.endswith(TRAILER_MARK) and last >= limits.sure_p_min:
        yield _sign(Sign.TWO_ROWS_NO_TRAILER_MARK, "probability of the last character", last,
                    limits.sure_p_min, rear.text)  # fmt: skip


def _shared(now: Sighting, other: Sighting) -> Sequence[str]:
    plates = {plate for plate in (now.front, now.rear) if plate and UNREADABLE not in plate}
    return sorted(plates & {other.front, other.rear})


def _meeting(
    now: Sighting, other: Sighting, plate: str, limits: SuspicionSettings
) -> Iterator[Suspicion]:
    """Hold two passages of one plate against each other; the gap is 0 when they overlap."""
    gap_us = max(0, now.first_us - other.last_us, other.first_us - now.last_us)
    if other.distance_m > 0:
        speed_mps = other.distance_m / max(gap_us / 1e6, 1e-3)
        if speed_mps > limits.speed_mps_max:
            yield _sign(Sign.SEEN_TOO_FAR, "m/s between the sites", speed_mps,
                        limits.speed_mps_max, plate)  # fmt: skip
    elif gap_us < limits.return_us_min:
        yield _sign(Sign.SEEN_TOO_SOON, "us between the passages", gap_us,
                    limits.return_us_min, plate)  # fmt: skip
    whole = same(now.front, other.front) and same(now.rear, other.rear) and now.rear != ""
    if whole and None not in (now.axles, other.axles) and now.axles != other.axles:
        yield _sign(Sign.SEEN_ON_OTHER_AXLES, "axles", now.axles or 0, other.axles or 0, plate)


def _sign(sign: Sign, quantity: str, value: float, limit: float, about: str) -> Suspicion:
    return Suspicion(sign=sign, quantity=quantity, value=float(value), limit=float(limit),
                     about=about)  # fmt: skip
