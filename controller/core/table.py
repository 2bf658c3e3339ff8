"""The phase table: from which phases, under which guard, to which phase, called what.

The rules of the table:

1. In each scan the first row that names the present phase, and whose guard holds, is taken; at
   most one row a scan.  Rows that hold anywhere stand first.
2. Every phase but IDLE has a limit (``guards.limit_name``) and a row guarded by ``timed_out`` or
   ``still_loaded``, whose outcome says in words what was waited for.
3. MANUAL and EMERGENCY end by a named person only: their limit calls again, and moves nothing.
4. No row leads out of HOLDING towards an exit without a named person, and none leads to RELEASING
   but by way of a durable record.  A weight without evidence ends in HOLDING, never by rule.  Back
   to WEIGHING from a decision leads only a weight that the vehicle's own moving took back, a few
   times, and only to the same weight; the next decision waits until the record is durable that
   takes back the first one's permit.
5. Without a ledger that takes records nobody is let in and nobody out: LEDGER_AWAY holds whoever
   waits for a record, closes the booms, and goes on by itself once that record is durable.
6. The diagram in ``docs/phases.md`` is generated from this file.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from controller.core import guards as g
from controller.core.faults import Fault
from controller.core.images import InputImage
from controller.core.intents import VOIDED
from controller.core.kinds import Phase
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

Guard = Callable[[Lane, InputImage, LaneSettings], bool]


class Row(Struct, frozen=True):
    """One transition; ``alarm`` is shown while the phase it leads to lasts."""

    phases: tuple[Phase, ...]
    guard: Guard
    to: Phase
    outcome: str
    alarm: Fault | None = None


_P = Phase
_ATTENDED = (_P.EMERGENCY, _P.MANUAL)
_PASSING = (
    _P.IDLE,
    _P.APPROACH,
    _P.BOARDING,
    _P.POSITIONING,
    _P.WEIGHING,
    _P.CONFIRMING,
    _P.DECIDING,
    _P.RELEASING,
    _P.HOLDING,
    _P.RETURNING,
    _P.DEPARTING,
    _P.ZERO_CHECK,
    _P.LEDGER_AWAY,
)
_STOPPED = (_P.STARTING, _P.FAULTED)
_ON_DECK = (_P.POSITIONING, _P.WEIGHING, _P.CONFIRMING)
_WEIGHED = (_P.WEIGHING, _P.CONFIRMING)

ROWS: tuple[Row, ...] = (
    Row((*_STOPPED, *_PASSING, _P.MANUAL), g.emergency_pressed, _P.EMERGENCY,
        "emergency stop", Fault.EMERGENCY_STOP),
    Row((*_STOPPED, *_PASSING), g.manual_asked, _P.MANUAL, "taken by hand", Fault.MANUAL_MODE),
    Row(_PASSING, g.fault_present, _P.FAULTED, "device fault"),
    Row(_PASSING, g.is_blind, _P.FAULTED, "blind", Fault.BLIND),

    Row((_P.STARTING,), g.ready_empty, _P.DEPARTING, "started"),
    Row((_P.STARTING,), g.leaves_at_start, _P.DEPARTING, "leaves as recorded"),
    Row((_P.STARTING,), g.ready_loaded, _P.HOLDING, "found on deck at start",
        Fault.UNEXPECTED_LOAD),
    Row((_P.STARTING,), g.timed_out, _P.FAULTED, "not ready", Fault.START_NOT_READY),

    Row((_P.IDLE,), g.boom_moved, _P.DEPARTING, "boom moved by hand", Fault.BOOM_MOVED),
    Row((_P.IDLE,), g.load_stays, _P.HOLDING, "unexpected load", Fault.UNEXPECTED_LOAD),
    Row((_P.IDLE,), g.under_range, _P.FAULTED, "under range", Fault.UNDER_RANGE),
    Row((_P.IDLE,), g.ledger_away, _P.LEDGER_AWAY, "no records, no passage", Fault.LEDGER_AWAY),
    Row((_P.IDLE,), g.zero_lost, _P.ZERO_CHECK, "zero lost"),
    Row((_P.IDLE,), g.vehicle_waits, _P.APPROACH, "vehicle waits"),

    Row((_P.APPROACH,), g.comes_on, _P.BOARDING, "boards"),
    Row((_P.APPROACH,), g.ledger_away, _P.DEPARTING, "not let in without records"),
    Row((_P.APPROACH,), g.turned_away, _P.DEPARTING, "turned away"),
    Row((_P.APPROACH,), g.timed_out, _P.DEPARTING, "did not board", Fault.DID_NOT_BOARD),

    Row((_P.BOARDING,), g.boarded_whole, _P.POSITIONING, "on the deck"),
    Row((_P.BOARDING,), g.stopped_short, _P.POSITIONING, "stopped short"),
    Row(_ON_DECK, g.left_weighed, _P.DEPARTING, "left without release", Fault.BROKE_OUT),
    Row((_P.BOARDING, *_ON_DECK), g.left_deck, _P.DEPARTING, "left without weighing"),
    Row((_P.BOARDING,), g.timed_out, _P.HOLDING, "boarding not finished",
        Fault.NOT_POSITIONED),

    Row(_ON_DECK, g.over_capacity, _P.HOLDING, "over capacity", Fault.OVER_CAPACITY),
    Row(_ON_DECK, g.cells_disagree, _P.HOLDING, "cells disagree", Fault.CELLS_DISAGREE),
    Row(_ON_DECK, g.weight_under_radio, _P.HOLDING, "remote control heard", Fault.RF_ALARM),
    Row(_ON_DECK, g.weight_tampered, _P.HOLDING, "unexplained change of weight",
        Fault.WEIGHT_STEP),
    Row(_ON_DECK, g.on_deck_too_long, _P.HOLDING, "too long on the deck", Fault.NOT_STEADY),
    Row((*_ON_DECK, _P.HOLDING), g.void_asked, _P.HOLDING, VOIDED, Fault.OPERATOR_WANTED),
    Row((_P.POSITIONING,), g.in_position, _P.WEIGHING, "in position"),
    Row((_P.POSITIONING,), g.trailer_not_ruled_out, _P.HOLDING, "a trailer may be left behind",
        Fault.TRAILER_BEHIND),
    Row((_P.POSITIONING,), g.timed_out, _P.HOLDING, "not positioned", Fault.NOT_POSITIONED),

    Row(_WEIGHED, g.not_weighed_again, _P.HOLDING, "not weighed again", Fault.WEIGHT_WITHDRAWN),
    Row(_WEIGHED, g.weighed_and_read, _P.DECIDING, "weighed"),
    Row((_P.WEIGHING,), g.plate_proposed, _P.CONFIRMING, "plate to be confirmed",
        Fault.PLATE_UNCONFIRMED),
    Row((_P.WEIGHING,), g.weighed_degraded, _P.DECIDING, "weighed without evidence"),
    Row(_WEIGHED, g.out_of_position, _P.POSITIONING, "out of position"),
    Row((_P.WEIGHING,), g.timed_out, _P.HOLDING, "weight not steady", Fault.NOT_STEADY),

    Row((_P.CONFIRMING,), g.weight_gone, _P.WEIGHING, "weighs again"),
    Row((_P.CONFIRMING,), g.timed_out, _P.DECIDING, "plate not confirmed"),

    Row((_P.DECIDING, _P.RELEASING, _P.RETURNING), g.weighs_again, _P.WEIGHING,
        "weight withdrawn, weighs again"),
    Row((_P.DECIDING, _P.RELEASING, _P.RETURNING), g.weight_withdrawn, _P.HOLDING,
        "weight withdrawn", Fault.WEIGHT_WITHDRAWN),
    Row((_P.DECIDING,), g.durable_release, _P.RELEASING, "released"),
    Row((_P.DECIDING,), g.durable_return, _P.RETURNING, "sent back"),
    Row((_P.DECIDING,), g.durable_hold, _P.HOLDING, "held", Fault.OPERATOR_WANTED),
    Row((_P.DECIDING,), g.refused_in_time, _P.LEDGER_AWAY, "no records, no release",
        Fault.LEDGER_AWAY),
    Row((_P.DECIDING,), g.timed_out, _P.LEDGER_AWAY, "ledger silent", Fault.LEDGER_SILENT),

    Row((_P.LEDGER_AWAY,), g.leaves_undecided, _P.DEPARTING, "left without release",
        Fault.BROKE_OUT),
    Row((_P.LEDGER_AWAY,), g.decision_stored, _P.DECIDING, "decision stored"),
    Row((_P.LEDGER_AWAY,), g.recovered_empty, _P.DEPARTING, "ledger back"),
    Row((_P.LEDGER_AWAY,), g.loaded_undecided, _P.HOLDING, "ledger back with a load",
        Fault.UNEXPECTED_LOAD),
    Row((_P.LEDGER_AWAY,), g.timed_out, _P.LEDGER_AWAY, "ledger still away"),

    Row((_P.RELEASING,), g.entry_not_closed, _P.HOLDING, "entry boom not closed",
        Fault.ENTRY_BOOM_OPEN),
    Row((_P.RETURNING,), g.breaks_out, _P.HOLDING, "went the other way", Fault.BROKE_OUT),
    Row((_P.RELEASING, _P.RETURNING), g.moves_off, _P.DEPARTING, "moves off"),
    Row((_P.RELEASING, _P.RETURNING), g.timed_out, _P.HOLDING, "did not leave",
        Fault.DID_NOT_LEAVE),

    Row((_P.HOLDING,), g.left_deck, _P.DEPARTING, "left without release",
        Fault.BROKE_OUT),
    Row((_P.HOLDING,), g.another_than_before, _P.HOLDING, "another than before the start",
        Fault.UNEXPECTED_LOAD),
    Row((_P.HOLDING,), g.send_back_asked, _P.DECIDING, "sent back by a person"),
    Row((_P.HOLDING,), g.release_asked, _P.DECIDING, "released by a person"),
    Row((_P.HOLDING,), g.plate_confirmed, _P.DECIDING, "plate confirmed"),
    Row((_P.HOLDING,), g.timed_out, _P.HOLDING, "operator called again", Fault.OPERATOR_WANTED),

    Row((_P.DEPARTING,), g.followed, _P.HOLDING, "unexpected load", Fault.UNEXPECTED_LOAD),
    Row((_P.DEPARTING,), g.boards_late, _P.BOARDING, "boards late"),
    Row((_P.DEPARTING,), g.boards_again, _P.BOARDING, "boards again"),
    Row((_P.DEPARTING, _P.ZERO_CHECK), g.comes_back, _P.HOLDING, "unexpected load",
        Fault.UNEXPECTED_LOAD),
    Row((_P.DEPARTING,), g.lane_clear, _P.ZERO_CHECK, "lane clear"),
    Row((_P.DEPARTING,), g.left_behind, _P.HOLDING, "unexpected load", Fault.UNEXPECTED_LOAD),
    Row((_P.DEPARTING,), g.loaded_in_debt, _P.FAULTED, "ledger silent", Fault.LEDGER_SILENT),
    Row((_P.DEPARTING,), g.still_loaded, _P.HOLDING, "did not clear", Fault.DID_NOT_LEAVE),
    Row((_P.DEPARTING,), g.timed_out, _P.FAULTED, "lane not clear", Fault.BOOM_NOT_CLOSED),

    Row((_P.ZERO_CHECK,), g.zero_returned, _P.IDLE, "zero"),
    Row((_P.ZERO_CHECK,), g.record_owed, _P.FAULTED, "ledger silent", Fault.LEDGER_SILENT),
    Row((_P.ZERO_CHECK,), g.timed_out, _P.FAULTED, "zero not returned",
        Fault.ZERO_NOT_RETURNED),

    Row((_P.FAULTED,), g.recovered_empty, _P.DEPARTING, "recovered"),
    Row((_P.FAULTED,), g.recovered_loaded, _P.HOLDING, "recovered with a load",
        Fault.UNEXPECTED_LOAD),
    Row((_P.FAULTED,), g.timed_out, _P.FAULTED, "maintenance called again"),

    Row((_P.MANUAL,), g.manual_left, _P.FAULTED, "handed back"),
    Row((_P.MANUAL,), g.timed_out, _P.MANUAL, "still by hand", Fault.MANUAL_MODE),

    Row((_P.EMERGENCY,), g.reset_asked, _P.FAULTED, "emergency reset"),
    Row((_P.EMERGENCY,), g.timed_out, _P.EMERGENCY, "emergency unattended",
        Fault.EMERGENCY_STOP),
)  # fmt: skip

BY_PHASE: dict[Phase, tuple[Row, ...]] = {
    phase: tuple(row for row in ROWS if phase in row.phases) for phase in Phase
}
