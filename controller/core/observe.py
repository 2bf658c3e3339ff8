"""What the lane takes in from an input image before it asks any guard: straight bookkeeping."""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.guards import (
    comes_back,
    comes_on,
    hangs_out,
    is_healthy,
    is_past,
    load_stays,
    nobody_waits,
    request_of,
)
from controller.core.guards.common import OFF, elapsed, end_clear, vehicle_at
from controller.core.images import EndInputs, InputImage
from controller.core.intents import hold, new_passage, resumed, void
from controller.core.kinds import (
    CLEAR,
    DECK_UNKNOWN,
    EMPTY,
    LOADED,
    OPEN,
    OVER_RANGE,
    Phase,
    PlateStand,
    RequestKind,
    WayIn,
    WeighingStatus,
)
from controller.core.passage import Lane, Passage
from controller.core.plates import BY_PERSON, forgotten, passing, said, with_reads
from controller.core.service import serviced
from controller.core.settings import LaneSettings
from controller.core.way_in import way_in

# Reading takes its time, so that what was seen at the entry may come in while the vehicle stands.
_READING = (
    Phase.APPROACH,
    Phase.BOARDING,
    Phase.POSITIONING,
    Phase.WEIGHING,
    Phase.CONFIRMING,
)
GONE_AT_START = "gone at start"
SAID_NOTHING = "the scale said nothing"
_NOT_WORKING = (
    Phase.STARTING,
    Phase.FAULTED,
    Phase.MANUAL,
    Phase.EMERGENCY,
    Phase.LEDGER_AWAY,
)
_RECOVERING = (Phase.STARTING, Phase.FAULTED, Phase.LEDGER_AWAY)


def observe(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    """Bring the lane's memory up to this image, without any transition."""
    lane = serviced(_timers(lane, inputs, settings), inputs, settings)
    if lane.phase == Phase.STARTING and lane.passage is None and inputs.ledger.stay is not None:
        lane = resumed(lane, inputs, inputs.ledger.stay)
    if lane.phase in _NOT_WORKING:
        lane = _strangers(lane, inputs, settings)
    if lane.passage is None:
        return lane
    passage = _acknowledged(lane.passage, inputs)
    passage = _on_deck(lane, passage, inputs, settings)
    passage = _at_far_end(passage, inputs, settings)
    passage = _shown_green(lane, passage, inputs)
    passage = _gone_by(lane, passage, inputs, settings)
    if lane.phase in _READING:
        passage = _read(lane, passage, inputs, settings)
    if inputs.requests:
        passage = _confirmed(lane, passage, inputs)
    if inputs.vehicle is not None and inputs.vehicle.plate == passage.plate != "":
        passage = replace(passage, vehicle=inputs.vehicle)
    passage = _owed(passage, inputs)
    if passage is lane.passage:
        return lane
    return replace(lane, passage=passage)


def _timers(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    now = inputs.now_us
    if now < lane.since_us:
        lane = replace(lane, since_us=now)
    if lane.ignored_until_us != (0, 0):
        yard, road = (
            0 if _may_arrive(here, until_us, now, settings) else until_us
            for here, until_us in zip(inputs.ends, lane.ignored_until_us, strict=True)
        )
        lane = replace(lane, ignored_until_us=(yard, road))
    if lane.missed != (0, 0):
        yard, road = (
            0 if here.approach.state == CLEAR else times
            for here, times in zip(inputs.ends, lane.missed, strict=True)
        )
        lane = replace(lane, missed=(yard, road))
    if lane.phase in _RECOVERING:
        if not is_healthy(lane, inputs, settings):
            return replace(lane, healthy_us=None) if lane.healthy_us is not None else lane
        if lane.healthy_us is None or lane.healthy_us > now:
            return replace(lane, healthy_us=now)
    return lane


def _may_arrive(here: EndInputs, until_us: int, now_us: int, settings: LaneSettings) -> bool:
    """An end counts again once its loop was clear, its time is over, or the clock has gone back."""
    left_us = until_us - now_us
    return here.approach.state == CLEAR or not 0 < left_us <= settings.ignore_us_max


def _strangers(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    """While the lane does not work, whatever comes on the deck is an interval of its own."""
    if comes_back(lane, inputs, settings):
        return new_passage(lane, inputs, None)
    return lane


def _acknowledged(passage: Passage, inputs: InputImage) -> Passage:
    intent, ledger = passage.intent, inputs.ledger
    if intent is None or (ledger.passage_id, ledger.part) != (passage.id, intent.part):
        return passage
    return replace(
        passage,
        intent=None,
        stored=intent,
        part=intent.part,
        seq=ledger.seq,
        first_seq=ledger.seq if passage.first_seq is None else passage.first_seq,
    )


def _on_deck(lane: Lane, passage: Passage, inputs: InputImage, settings: LaneSettings) -> Passage:
    deck = inputs.weight.deck
    if passage.boarded_us is not None and passage.boarded_us > inputs.now_us:
        return replace(passage, boarded_us=inputs.now_us)
    if passage.boarded_us is None and not passage.emptied:
        if deck in (LOADED, OVER_RANGE) and _boards(lane, inputs, settings):
            return replace(passage, boarded_us=inputs.now_us)
        if passage.stay is None:
            return _unweighed(lane, passage, inputs, settings)
    if deck == EMPTY and not passage.emptied:
        if inputs.now_us - inputs.weight.since_us >= settings.empty_settle_us:
            return replace(passage, emptied=True)
    elif deck == LOADED and passage.emptied and not passage.accounted:
        return replace(passage, emptied=False)
    return passage


def _unweighed(lane: Lane, passage: Passage, inputs: InputImage, settings: LaneSettings) -> Passage:
    """Have board in a stopped lane who is on a deck that nothing is known of.

    The cells that are left feel him, or the loops at his entry saw him go in while none spoke.
    """
    way = way_in(passage, inputs, settings)
    if way is not passage.way_in:
        passage = replace(passage, way_in=way)
    if way == WayIn.INSIDE and lane.phase in _NOT_WORKING:
        return replace(passage, boarded_us=inputs.now_us)
    return _felt(lane, passage, inputs, settings)


def _felt(lane: Lane, passage: Passage, inputs: InputImage, settings: LaneSettings) -> Passage:
    """Have board who comes on a deck that a bad cell hides, by the cells that are left.

    It counts once the lane has stopped, and he has stayed: he may go before the deck is known.
    """
    weight, now_us = inputs.weight, inputs.now_us
    feels = weight.deck == DECK_UNKNOWN and weight.status != WeighingStatus.IDLE
    if not feels or not weight.bad_cells:
        return passage if passage.felt_us is None else replace(passage, felt_us=None)
    if passage.felt_us is None or passage.felt_us > now_us:
        return replace(passage, felt_us=now_us)
    stays = elapsed(now_us, passage.felt_us, settings.load_settle_us)
    if lane.phase in _NOT_WORKING and stays:
        return replace(passage, boarded_us=now_us, felt_us=None)
    return passage


def _boards(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Whether a load is the vehicle of a passage that has not boarded yet, and no walker's step.

    Of one that the disk knows to have been on the deck nothing more is asked.
    """
    if lane.passage is not None and lane.passage.stay is not None:
        return True
    if lane.phase == Phase.APPROACH:
        return comes_on(lane, inputs, settings)
    if lane.phase in _NOT_WORKING:
        return load_stays(lane, inputs, settings)
    if lane.phase == Phase.DEPARTING:
        return comes_on(lane, inputs, settings) or load_stays(lane, inputs, settings)
    return True


def _shown_green(lane: Lane, passage: Passage, inputs: InputImage) -> Passage:
    """Note that the boom before it stands open: it drives, whatever that says of itself later."""
    leave = passage.leave_by
    shown = (
        leave is not None
        and lane.phase in (Phase.RELEASING, Phase.RETURNING)
        and (passage.shown_green or inputs.ends[leave].boom.position == OPEN)
    )
    return passage if shown is passage.shown_green else replace(passage, shown_green=shown)


def _gone_by(lane: Lane, passage: Passage, inputs: InputImage, settings: LaneSettings) -> Passage:
    """Note that it has gone by the boom by which it leaves, or its front has.

    A sensor that hangs, or says nothing by turns, keeps that boom up for as long.  So does an
    approach loop that may feel a trailer: who drives a train out is out then, who backs it out not.
    """
    leave = passage.leave_by
    gone = (
        lane.phase == Phase.DEPARTING
        and leave is not None
        and (passage.gone_by or is_past(lane, inputs, leave, settings))
        and not (passage.entry in (None, leave) and hangs_out(lane, inputs, leave))
    )
    return passage if gone is passage.gone_by else replace(passage, gone_by=gone)


def _at_far_end(passage: Passage, inputs: InputImage, settings: LaneSettings) -> Passage:
    """Note that its front stands at the far end, while nothing is at its entry.

    No towing vehicle is as long as a deck, so that nothing of it is before the entry then.  What is
    seen at the entry after that has come there, or it has gone back.  Whoever comes from the far
    side and stands that close stands on the approach loop, too.
    """
    entry = passage.entry
    if entry is None:
        return passage
    if not end_clear(inputs, entry):
        return replace(passage, reached=False) if passage.reached else passage
    far = inputs.ends[entry.other]
    if passage.reached or far.approach.state not in OFF or not vehicle_at(far, inputs, settings):
        return passage
    return replace(passage, reached=True)


def _read(lane: Lane, passage: Passage, inputs: InputImage, settings: LaneSettings) -> Passage:
    """Take the plates at the entry; those of a vehicle that went away again do not stay."""
    if lane.phase == Phase.APPROACH and nobody_waits(lane, inputs, settings):
        return forgotten(passage, inputs.now_us)
    passage = passing(passage, inputs)
    counts = tuple(one for one in inputs.frames if one.passage_id == passage.id)
    if counts and counts != passage.frames:
        passage = replace(passage, frames=counts)
    return with_reads(passage, inputs, settings) if inputs.plates else passage


def _confirmed(lane: Lane, passage: Passage, inputs: InputImage) -> Passage:
    """A person may say the plate of a held vehicle, and of any other whose plate does not stand."""
    request = request_of(lane, inputs, RequestKind.CONFIRM_PLATE)
    if request is None or not request.plate:
        return passage
    if lane.phase == Phase.HOLDING:
        return replace(said(passage, request, inputs.now_us), asked=True)
    open_still = passage.stand in (PlateStand.HELD, PlateStand.PROPOSED, *BY_PERSON)
    if lane.phase in _READING and passage.boarded_us is not None and open_still:
        return said(passage, request, inputs.now_us)
    return passage


def _owed(passage: Passage, inputs: InputImage) -> Passage:
    if passage.intent is not None:
        return passage
    if passage.owed:
        return hold(replace(passage, owed=""), inputs, passage.owed)
    if passage.emptied and not passage.accounted:
        gone = passage.boarded_us is None
        return void(passage, inputs, GONE_AT_START if gone else _left(passage))
    return passage


def _left(passage: Passage) -> str:
    said = "left without weighing"
    return f"{said}: {SAID_NOTHING}" if passage.way_in == WayIn.INSIDE else said
