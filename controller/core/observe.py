"""What the lane takes in from an input image before it asks any guard: straight bookkeeping."""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.decide import READ_BEFORE_START_US, settled_plate
from controller.core.guards import deck_occupied, is_healthy, request_of
from controller.core.images import EndInputs, InputImage, RecordIntent
from controller.core.kinds import Decision, Deck, End, Phase, Presence, RecordKind, RequestKind
from controller.core.passage import READS_MAX, Lane, Passage
from controller.core.settings import LaneSettings

_READING = (Phase.APPROACH, Phase.BOARDING, Phase.POSITIONING, Phase.WEIGHING)


def observe(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    """Bring the lane's memory up to this image, without any transition."""
    lane = _timers(lane, inputs, settings)
    if lane.passage is None:
        return lane
    passage = _acknowledged(lane.passage, inputs)
    passage = _on_deck(passage, inputs, settings)
    if lane.phase in _READING:
        passage = _read(passage, inputs, settings)
    elif lane.phase == Phase.HOLDING and inputs.requests:
        passage = _confirmed(passage, inputs)
    if inputs.vehicle is not None and inputs.vehicle.plate == passage.plate != "":
        passage = replace(passage, vehicle=inputs.vehicle)
    if passage.emptied and not passage.accounted and passage.intent is None:
        passage = void(passage, inputs, "left without weighing")
    if passage is lane.passage:
        return lane
    return replace(lane, passage=passage)


def _timers(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    now = inputs.now_us
    if now < lane.since_us:
        lane = replace(lane, since_us=now)
    if lane.phase in (Phase.STARTING, Phase.FAULTED):
        if not is_healthy(lane, inputs, settings):
            return replace(lane, healthy_us=None) if lane.healthy_us is not None else lane
        if lane.healthy_us is None or lane.healthy_us > now:
            return replace(lane, healthy_us=now)
    if lane.ignored_until_us != (0, 0):
        yard, road = (
            0 if _may_arrive(here, until_us, now, settings) else until_us
            for here, until_us in zip(inputs.ends, lane.ignored_until_us, strict=True)
        )
        return replace(lane, ignored_until_us=(yard, road))
    return lane


def _may_arrive(here: EndInputs, until_us: int, now_us: int, settings: LaneSettings) -> bool:
    """An end counts again once its loop was clear, its time is over, or the clock has gone back."""
    left_us = until_us - now_us
    return here.approach.state == Presence.CLEAR or not 0 < left_us <= settings.ignore_us_max


def _acknowledged(passage: Passage, inputs: InputImage) -> Passage:
    intent, ledger = passage.intent, inputs.ledger
    if intent is None or (ledger.passage_id, ledger.part) != (passage.id, intent.part):
        return passage
    return replace(
        passage,
        intent=None,
        part=intent.part,
        seq=ledger.seq,
        first_seq=ledger.seq if passage.first_seq is None else passage.first_seq,
    )


def _on_deck(passage: Passage, inputs: InputImage, settings: LaneSettings) -> Passage:
    deck = inputs.weight.deck
    if passage.boarded_us is None or passage.boarded_us > inputs.now_us:
        if deck in (Deck.LOADED, Deck.OVER_RANGE):
            return replace(passage, boarded_us=inputs.now_us, emptied=False)
    elif deck == Deck.EMPTY and not passage.emptied:
        empty_us = inputs.now_us - inputs.weight.since_us
        return replace(passage, emptied=empty_us >= settings.empty_settle_us)
    elif deck == Deck.LOADED and passage.emptied and not passage.accounted:
        return replace(passage, emptied=False)
    return passage


def _read(passage: Passage, inputs: InputImage, settings: LaneSettings) -> Passage:
    earliest_us = passage.started_us - READ_BEFORE_START_US
    fresh = tuple(
        read
        for read in inputs.plates
        if earliest_us <= read.captured_us <= inputs.now_us and read not in passage.reads
    )
    if not fresh:
        return passage
    reads = (*passage.reads, *fresh)[:READS_MAX]
    return replace(passage, reads=reads, plate=settled_plate(reads, settings.plate_ppm_min))


def _confirmed(passage: Passage, inputs: InputImage) -> Passage:
    request = request_of(inputs, RequestKind.CONFIRM_PLATE)
    if request is None or not request.plate:
        return passage
    return replace(
        passage,
        plate=request.plate,
        plate_by=request.who,
        plate_why=request.why,
        asked=True,
        vehicle=None,
    )


def void(passage: Passage, inputs: InputImage, reason: str) -> Passage:
    """Return the passage with the VOID record of its on-deck interval asked for."""
    held = replace(passage, decision=Decision.HOLD, reasons=(reason,), accounted=True)
    return intend(held, inputs, RecordKind.VOID)


def intend(
    passage: Passage,
    inputs: InputImage,
    kind: RecordKind,
    permit: End | None = None,
    who: str = "",
    why: str = "",
) -> Passage:
    """Return the passage with its next record asked for, filled from all that is known."""
    judged = passage.facts
    intent = RecordIntent(
        kind=kind,
        passage_id=passage.id,
        part=passage.part + 1,
        entry=passage.entry,
        refers_to=passage.first_seq,
        started_us=passage.started_us,
        boarded_us=passage.boarded_us,
        decided_us=inputs.now_us,
        wall=inputs.wall,
        reads=passage.reads,
        plate=passage.plate,
        plate_by=passage.plate_by,
        weight=passage.weight,
        tare_g=judged.tare_g if judged is not None else None,
        tare_seq=passage.tare_seq,
        facts=judged,
        judgement=passage.judgement,
        decision=passage.decision,
        reasons=passage.reasons,
        permit=permit,
        chain=passage.chain,
        who=who,
        why=why,
        timeline=passage.timeline,
    )
    return replace(passage, intent=intent)


def occupied_again(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Whether, by hand, another vehicle came on the deck after the last one was accounted for."""
    passage = lane.passage
    return (
        passage is not None
        and passage.emptied
        and passage.accounted
        and passage.intent is None
        and deck_occupied(lane, inputs, settings)
    )
