"""What a site may set in the lane: every wait with its limit, every threshold, the law's book."""

from __future__ import annotations

from msgspec import Struct

from controller.core.kinds import End, PlateStand
from controller.core.rules import RuleBook
from controller.core.verdict import Scale

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY_MS = 86_400_000
TARE_EXPIRY_MS = 90 * DAY_MS


class LaneSettings(Struct, frozen=True, kw_only=True):
    """Settings of one lane; times in microseconds, masses in grams, probabilities in ppm.

    Defaults follow facts of the field (waits seen at 60 s, plate reads within 3 s, a tare good
    for 90 days); ``stopping_faults`` are the catalogue codes that stop the lane.
    ``plate_policy`` is the most that a plate may do without a person: AUTO, PROPOSED or HELD.
    ``weigh_again_max`` is how many weights of one stay may be taken back before a person looks.
    ``degraded_why`` is the site file's reason for weighing with a bad cell, without evidence; ""
    forbids it until a person allows it.
    """

    book: RuleBook
    scale: Scale
    preferred: End = End.ROAD
    posted_limit_g: int | None = None
    stopping_faults: frozenset[int] = frozenset()
    degraded_why: str = ""

    start_settle_us: int = 1 * SECOND
    start_us_max: int = 60 * SECOND
    approach_us_max: int = 60 * SECOND
    turn_away_us: int = 3 * SECOND
    boarding_us_max: int = 90 * SECOND
    clear_settle_us: int = 1_500_000
    pulse_us: int = 200_000
    empty_settle_us: int = 1 * SECOND
    load_settle_us: int = 1 * SECOND
    position_us_max: int = 60 * SECOND
    trailer_us_max: int = 30 * SECOND
    weighing_us_max: int = 60 * SECOND
    on_deck_us_max: int = 180 * SECOND
    plate_wait_us: int = 3 * SECOND
    confirm_us_max: int = 20 * SECOND
    deciding_us_max: int = 5 * SECOND
    releasing_us_max: int = 120 * SECOND
    returning_us_max: int = 300 * SECOND
    holding_us_max: int = 600 * SECOND
    departing_us_max: int = 120 * SECOND
    zero_us_max: int = 30 * SECOND
    manual_us_max: int = 120 * SECOND
    recover_settle_us: int = 2 * SECOND
    attention_us_max: int = 600 * SECOND
    blind_us_max: int = 2 * SECOND
    jog_us_max: int = 10 * SECOND
    dead_man_us: int = 500_000
    test_us: int = 5 * SECOND
    zero_ask_us_max: int = 5 * SECOND
    in_way_us: int = 5 * SECOND
    entry_close_us_max: int = 10 * SECOND
    ignore_leaving_us: int = 20 * SECOND
    ignore_us_max: int = 600 * SECOND

    plate_policy: PlateStand = PlateStand.AUTO
    plate_auto_ppm: int = 950_000
    plate_confirm_ppm: int = 600_000
    plate_agree_min: int = 2
    tare_expiry_ms: int = TARE_EXPIRY_MS
    tare_drift_permille: int = 50
    reweigh_cycles_max: int = 8
    weigh_again_max: int = 2
    weigh_again_us_max: int = 15 * SECOND


class InterlockSettings(Struct, frozen=True, kw_only=True):
    """The few numbers that the interlock needs; kept apart so that it depends on nothing else."""

    clear_settle_us: int = 1_500_000
    reverse_dwell_us: int = 500_000
    zero_range_g: int = 4_000_000
