"""What the lane makes of the plates that were read: whose they are, and what each may do.

Votes over frames are outside; here stands which of them belong to the vehicle of this passage,
and by how much each may be trusted.
"""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.images import InputImage, PlateRead, Request
from controller.core.kinds import BLOCKED, NOT_FITTED, PlateStand, View
from controller.core.passage import READS_MAX, Passage
from controller.core.settings import LaneSettings

UNREADABLE = "?"
TRAILER = "挂"
READ_BEFORE_START_US = 5_000_000
LEAVES_VIEW_US = 1_000_000
"""So long before the arm's loop feels it a front may have left the camera's view: a plate that is
first seen then may be that of whoever follows."""

BY_PERSON = (PlateStand.CONFIRMED, PlateStand.CORRECTED, PlateStand.ENTERED)


def with_reads(passage: Passage, inputs: InputImage, settings: LaneSettings) -> Passage:
    """Take the plates as voted so far, and say what they come to; a person's word stays."""
    track = _track(passage, inputs)
    own = tuple(one for one in inputs.plates if _is_own(one, passage, track, inputs))
    if not own or (own, track) == (passage.reads, passage.track):
        return passage
    passage = replace(passage, reads=own[:READS_MAX], track=track)
    stand, text = settle(own, settings)
    if passage.stand in BY_PERSON:
        return passage
    return _standing(passage, stand, text, inputs.now_us)


def passing(passage: Passage, inputs: InputImage) -> Passage:
    """Remember when the front went past the camera: it has come to the arm's loop, or to a beam.

    One that backs off again before it has boarded is seen anew.
    """
    if passage.entry is None or passage.boarded_us is not None:
        return passage
    here, seen_us = inputs.ends[passage.entry], passage.seen_from_us
    guards = (here.beam_low, here.beam_high) if here.arm.state == NOT_FITTED else (here.arm,)
    # Who stood there before he was looked at is still before the camera.
    since = [one.since_us for one in guards if one.state == BLOCKED and one.since_us > seen_us]
    if bool(since) == (passage.passed_us is not None):
        return passage
    return _only_own(replace(passage, passed_us=min(since, default=None)), inputs.now_us)


def _only_own(passage: Passage, now_us: int) -> Passage:
    """Without a plate that was first seen when the front of this vehicle had gone from view."""
    until_us = seen_until_us(passage)
    seen_us = min((one.first_us for one in passage.reads if one.view == View.FRONT), default=None)
    if until_us is None or seen_us is None or seen_us <= until_us:
        return passage
    passage = replace(passage, reads=(), track=None)
    if passage.stand in BY_PERSON:
        return passage
    return _standing(passage, PlateStand.HELD, "", now_us)


def seen_until_us(passage: Passage) -> int | None:
    """Until when what the camera sees can be this vehicle's front; None while there is no end."""
    if passage.passed_us is None:
        return passage.boarded_us
    passed_us = passage.passed_us - LEAVES_VIEW_US
    return passed_us if passage.boarded_us is None else min(passage.boarded_us, passed_us)


def forgotten(passage: Passage, now_us: int) -> Passage:
    """The passage without plates: the vehicle that waited has gone, another may come."""
    return replace(
        passage,
        seen_from_us=now_us,
        passed_us=None,
        reads=(),
        track=None,
        plate="",
        plate_by="",
        plate_why="",
        plate_second="",
        plate_us=None,
        proposal="",
        stand=PlateStand.HELD,
        frames=(),
        vehicle=None,
    )


def settle(reads: tuple[PlateRead, ...], settings: LaneSettings) -> tuple[PlateStand, str]:
    """Say which plate the reads come to: one that stands (AUTO), one to be confirmed, or none.

    A plate stands by itself when it alone is sure; a plausible other one makes it a proposal, and
    two sure ones are none.  What only the rear shows is proposed at most: a trailer's plate whose
    挂 was lost does not name the vehicle that drives.
    """
    named = [one for one in reads if _names(one) and surety(one, settings) != PlateStand.HELD]
    sure = {one.text for one in named if surety(one, settings) == PlateStand.AUTO}
    front = {one.text for one in named if one.view == View.FRONT}
    others = {one.text for one in named if one.view == View.FRONT} - sure
    if len(sure) > 1 or not named:
        return PlateStand.HELD, ""
    if sure and sure <= front and not others and settings.plate_policy == PlateStand.AUTO:
        return PlateStand.AUTO, sure.pop()
    if settings.plate_policy == PlateStand.HELD:
        return PlateStand.HELD, ""
    best = max(named, key=lambda one: (one.text in sure, one.view == View.FRONT, sureness(one)))
    return PlateStand.PROPOSED, best.text


def surety(read: PlateRead, settings: LaneSettings) -> PlateStand:
    """What this read alone would come to by the site's thresholds."""
    if not read.valid or not read.char_ppm or UNREADABLE in read.text:
        return PlateStand.HELD
    least = sureness(read)
    if least >= settings.plate_auto_ppm and read.agree >= settings.plate_agree_min:
        return PlateStand.AUTO
    return PlateStand.PROPOSED if least >= settings.plate_confirm_ppm else PlateStand.HELD


def sureness(read: PlateRead) -> int:
    """The probability of the least certain character, parts per million."""
    return min(read.char_ppm, default=0)


def said(passage: Passage, request: Request, now_us: int) -> Passage:
    """Take a named person's word on the plate; what the lane had read stays beside it."""
    read = passage.proposal or (passage.plate if passage.stand == PlateStand.AUTO else "")
    stand = PlateStand.CORRECTED if read else PlateStand.ENTERED
    if read == request.plate:
        stand = PlateStand.CONFIRMED
    return replace(
        passage,
        plate=request.plate,
        plate_by=request.who,
        plate_why=request.why,
        plate_second=request.second,
        plate_us=now_us,
        proposal=read,
        stand=stand,
        vehicle=None,
    )


def _standing(passage: Passage, stand: PlateStand, text: str, now_us: int) -> Passage:
    plate = text if stand == PlateStand.AUTO else ""
    return replace(
        passage,
        stand=stand,
        plate=plate,
        plate_us=now_us if plate != passage.plate else passage.plate_us,
        proposal=text if stand == PlateStand.PROPOSED else "",
        vehicle=passage.vehicle if plate == passage.plate else None,
    )


def _names(read: PlateRead) -> bool:
    return not read.text.endswith(TRAILER)


def _is_own(read: PlateRead, passage: Passage, track: int | None, inputs: InputImage) -> bool:
    """Every frame of the vote lies in the time in which the camera could see this vehicle.

    Once its front has passed the camera, that may see the next in the queue.
    """
    timely = passage.seen_from_us <= read.first_us <= read.last_us <= inputs.now_us
    if read.end != passage.entry or not timely:
        return False
    if read.view == View.REAR:
        return True
    return read.track == track and read.first_us <= _until_us(passage, inputs)


def _track(passage: Passage, inputs: InputImage) -> int | None:
    """The camera's number for this vehicle: of the plate seen first."""
    if passage.track is not None:
        return passage.track
    fronts = [
        one
        for one in inputs.plates
        if (one.end, one.view) == (passage.entry, View.FRONT)
        and passage.seen_from_us <= one.first_us <= _until_us(passage, inputs)
    ]
    return min(fronts, key=lambda one: one.first_us).track if fronts else None


def _until_us(passage: Passage, inputs: InputImage) -> int:
    until_us = seen_until_us(passage)
    return inputs.now_us if until_us is None else until_us
