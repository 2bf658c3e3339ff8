"""What the weigher says: frozen facts in integers, ready for the lane and its journal."""

from enum import IntEnum
from typing import Protocol

import msgspec

from sensors.cells import CellHealth
from sensors.thermal import Compensation


class DeckState(IntEnum):
    """What lies on the deck; UNKNOWN whenever a cell or the zero cannot be trusted."""

    UNKNOWN = 0
    EMPTY = 1
    LOADED = 2
    OVER_RANGE = 3
    UNDER_RANGE = 4


class Status(IntEnum):
    """How the weighing of the vehicle on the deck stands.

    NOT_FULLY_ON, TAILGATE, UNSTABLE and WITHDRAWN may still turn into ACCEPTED when the driver
    corrects; they are hints to the lane, not its last word.
    """

    IDLE = 0
    RUNNING = 1
    ACCEPTED = 2
    NOT_FULLY_ON = 3
    TAILGATE = 4
    UNSTABLE = 5
    CELL_FAULT = 6
    WITHDRAWN = 7


class EventKind(IntEnum):
    """What happened; the meaning of `value` stands behind each."""

    VEHICLE_ON = 1  # weighing id
    AXLE_ON = 2  # grams
    AXLE_OFF = 3  # grams
    STANDING = 4  # 0
    ACCEPTED = 5  # grams
    WITHDRAWN = 6  # a WithdrawReason
    NOT_FULLY_ON = 7  # axles beyond the far end
    TAILGATE = 8  # grams of the second vehicle
    LOAD_CHANGED = 9  # grams, while standing
    ROCKING = 10  # half swing, grams
    CELL_FAULT = 11  # 100 * cell + CellHealth
    ZERO_SET = 12  # grams above the calibrated zero
    ZERO_REFUSED = 13  # grams above the calibrated zero
    VEHICLE_OFF = 14  # weighing id
    UNSTABLE = 15  # half swing, grams
    BAD_TIME = 16  # samples dropped
    TAMPER_STEP = 17  # grams, a step without an axle (docs/tamper.md)
    TAMPER_JUMP = 18  # grams, a standing load went to another level
    TAMPER_SYMMETRIC = 19  # grams, all cells in the same proportion
    TAMPER_NO_RETURN = 20  # grams left on the deck or missing from it
    PERSON = 21  # grams that came or went at one place
    ZERO_RETURNED = 22  # grams, within the limit of zero return
    ZERO_NOT_RETURNED = 23  # grams, beyond it
    ZERO_DRIFTS = 24  # grams an hour; leaves the tracking range within a day
    NO_TEMPERATURE = 25  # 0; coefficients are stated, but no thermometer can be believed


class WithdrawReason(IntEnum):
    """Why an accepted weight did not stand."""

    MOVED = 1
    LOAD_CHANGED = 2
    ROCKING = 3
    AXLE = 4
    CELL_FAULT = 5
    BEAM = 6


class Note(Protocol):
    """Writes an event."""

    def __call__(self, kind: EventKind, value: int, at_us: int | None = None) -> None: ...


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at a time of the samples' clock."""

    t_us: int
    kind: EventKind
    value: int


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What an accepted weight came from, so that it can be computed again from the counts alone.

    `method` and its `version` with constant `parameters` name the estimator; the load was one since
    `load_since_us`, stood since `stopped_us`, and was looked at from `from_us`. `estimate_g` is
    the weight before corrections. `temperature_mc` and `zeroed_mc` are thousandths of a degree
    Celsius now and when zero was set; `creep_g` is what was taken off for creep. All masses grams.
    """

    method: str
    version: str
    parameters: tuple[tuple[str, int], ...]
    load_since_us: int
    stopped_us: int | None
    from_us: int
    to_us: int
    estimate_g: int
    creep_g: int
    temperature_mc: int | None
    zeroed_mc: int | None


class Weighing(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the scale. Grams, microseconds of the samples' clock, millimetres.

    `gross_g` is unrounded; `indicated_g` is rounded to d and None where the display is blank.
    `weight_g`, `u95_g` and `accepted_us` are None unless a weight is accepted or was withdrawn;
    `withdrawn` is why, from then on until another one is accepted.
    `axles` is -1 when unknown; `axle_offsets_mm` are distances from the first axle and
    `axle_loads_g` what each put on the deck as it climbed, both with their expanded uncertainties
    (95 %); `axles_confidence_ppm` is the probability that the count is right, in millionths.
    `estimate_g` with `estimate_u95_g` is what the estimator holds for the weight at this instant,
    accepted or not; `stopped_us` is when the vehicle last came to a stand. `basis` says what the
    accepted weight came from. `temperature_mc` is the deck's temperature in thousandths of a degree
    Celsius, None while none is believed. `far_in` says that the vehicle stands so far in that no
    trailer of it can be left on the road unseen.
    """

    t_us: int
    deck: DeckState
    gross_g: int
    indicated_g: int | None
    motion: bool
    zero_ok: bool
    zero_offset_g: int
    weighing_id: int
    status: Status
    weight_g: int | None
    u95_g: int | None
    accepted_us: int | None
    axles: int
    axles_confidence_ppm: int
    axle_offsets_mm: tuple[int, ...]
    axle_spacings_u95_mm: tuple[int, ...]
    axle_loads_g: tuple[int, ...]
    axle_loads_u95_g: tuple[int, ...]
    estimate_g: int | None
    estimate_u95_g: int | None
    stopped_us: int | None
    basis: Basis | None
    temperature_mc: int | None
    compensation: Compensation
    cells: tuple[CellHealth, ...]
    events: tuple[Event, ...]
    withdrawn: WithdrawReason | None = None
    far_in: bool = False
