"""What a judgement is made from and what it says: the value types of the rules.

Masses are grams, lengths millimetres, dates yyyymmdd integers, rates parts per ten thousand.
``None`` always means unknown, except where a field says that it means none.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

KINDS = ("truck", "train")


class Verdict(StrEnum):
    """The answer to one question of law; UNDETERMINED is never a pass."""

    WITHIN = "within"
    OVER = "over"
    UNDETERMINED = "undetermined"


class Scale(Struct, frozen=True, kw_only=True):
    """The nameplate of the scale: maximum capacity Max and verification interval e, in grams."""

    max_g: int
    e_g: int


class Facts(Struct, frozen=True, kw_only=True):
    """All that is known about one vehicle when it is judged.

    ``kind`` is "truck" (货车, one rigid vehicle) or "train" (汽车列车, with any trailer).
    ``single_drive_axle``: the tractor has one drive axle (驱动轴为单轴).
    ``single_tyre_axles``: axles that counting rule (2) counts, so neither steered nor driven,
    with one tyre a side; for this, ``wide_tyres``, ``air_suspension_drive`` and
    ``posted_limit_g`` None means none.  ``air_suspension_drive`` is 109/2016 note 4 in one flag:
    dual tyres and air suspension on the drive axles.  ``on`` is the date of weighing.
    """

    axles: int | None = None
    kind: str | None = None
    single_drive_axle: bool | None = None
    single_tyre_axles: int | None = None
    wide_tyres: bool | None = None
    air_suspension_drive: bool | None = None
    trailer_tandem_spacing_mm: int | None = None
    gross_g: int | None = None
    tare_g: int | None = None
    licence_gvm_g: int | None = None
    licence_payload_g: int | None = None
    height_mm: int | None = None
    width_mm: int | None = None
    length_mm: int | None = None
    posted_limit_g: int | None = None
    on: int | None = None
    scale: Scale | None = None


class Assumed(Struct, frozen=True):
    """One missing fact and the value, or range of values in words, that a reading gives it."""

    fact: str
    value: int | bool | str


class Reading(Struct, frozen=True, kw_only=True):
    """The over-limit verdict under one set of assumptions; no assumption when none was needed.

    ``limit_g`` is None where no rule knows the vehicle, or where the limit is only known to lie
    below a bound; ``note`` then says which.
    """

    assumed: tuple[Assumed, ...] = ()
    verdict: Verdict = Verdict.UNDETERMINED
    limit_g: int | None = None
    over_g: int | None = None
    rate_e4: int | None = None
    rule: str | None = None
    clause: str | None = None
    note: str | None = None


class OverLimit(Struct, frozen=True, kw_only=True):
    """Over-limit (超限): gross against the table of the road, over every reading of the facts.

    Limit, excess, rate, rule and clause are those of the reading most favourable to the driver.
    ``within_mpe``: there is an excess, and it is not larger than the scale's in-service MPE.
    """

    verdict: Verdict
    limit_g: int | None
    over_g: int | None
    rate_e4: int | None
    rule: str | None
    clause: str | None
    within_mpe: bool | None
    readings: tuple[Reading, ...]


class Overload(Struct, frozen=True, kw_only=True):
    """Overload (超载): the load against the vehicle licence.

    ``basis`` is the licence figure that was exceeded by most, or came nearest to it;
    ``rate_of`` is the figure that the rate divides by.
    """

    verdict: Verdict
    limit_g: int | None = None
    over_g: int | None = None
    rate_e4: int | None = None
    basis: str | None = None
    rate_of: str | None = None
    clause: str | None = None


class DimensionCheck(Struct, frozen=True, kw_only=True):
    """Over-limit by size; ``over`` names the dimensions that exceed their limit."""

    verdict: Verdict
    over: tuple[str, ...] = ()
    clause: str | None = None


class Judgement(Struct, frozen=True, kw_only=True):
    """The two verdicts on mass and the one on size, with everything a record needs to show them.

    ``release`` says only that the rules raise no objection.  ``rules`` names the tables used,
    as id@version.
    """

    over_limit: OverLimit
    overload: Overload
    dimensions: DimensionCheck
    mpe_g: int | None
    release: bool
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
