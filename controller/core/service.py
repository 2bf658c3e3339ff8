"""What a named person may change about the weighing itself or try out; each word has its record.

A word counts once its record is on disk, so nothing is weighed without evidence, no fault
forgotten, no zero set and nothing shown that the ledger does not tell of.
"""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.guards import request_of
from controller.core.guards.common import OFF
from controller.core.images import InputImage, Mode, RecordIntent, Request
from controller.core.kinds import EMPTY, End, Phase, RequestKind
from controller.core.notes import noted, word_of
from controller.core.passage import Lane, Trial, Zeroing
from controller.core.settings import LaneSettings

SITE_FILE = "site file"
MAY_ZERO = (Phase.IDLE, Phase.FAULTED, Phase.MANUAL)

# Of two words at once the stricter counts.
_WORDS = (
    RequestKind.FORBID_DEGRADED,
    RequestKind.ALLOW_DEGRADED,
    RequestKind.CLEAR_CELLS,
    RequestKind.ZERO,
    RequestKind.TEST_LAMP,
    RequestKind.TEST_SIGN,
)
_MODES = (RequestKind.FORBID_DEGRADED, RequestKind.ALLOW_DEGRADED)
_TRIALS = (RequestKind.TEST_LAMP, RequestKind.TEST_SIGN)
_AT_REST = (Phase.STARTING, Phase.IDLE, Phase.HOLDING, Phase.FAULTED, Phase.MANUAL)
_LAMPS = {
    f"{end.name.lower()} {face}": (end, face == "approach")
    for end in End
    for face in ("approach", "deck")
}


def mode_of(lane: Lane, settings: LaneSettings) -> Mode | None:
    """Whether weighing with bad cells is allowed, and by whom: the last person's word, else the
    site file's; None where nobody has said anything."""
    if lane.degraded is not None:
        return lane.degraded
    if settings.degraded_why:
        return Mode(on=True, who=SITE_FILE, why=settings.degraded_why)
    return None


def serviced(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    """Let a word count whose record is on disk, then ask for the record of the next one."""
    if lane.zeroing is not None or lane.trial is not None:
        lane = _counting(lane, inputs, settings)
    if lane.service is not None:
        lane = _durable(lane, lane.service, inputs)
    if inputs.requests or lane.recall is not None:
        lane = noted(lane, inputs)
    if lane.service is not None:
        return lane
    for kind in _WORDS if inputs.requests else ():
        request = request_of(lane, inputs, kind)
        if request is not None and _may_ask(lane, request, inputs):
            return _ask(lane, request, inputs)
    return replace(lane, service=lane.notes[0], notes=lane.notes[1:]) if lane.notes else lane


def _may_ask(lane: Lane, request: Request, inputs: InputImage) -> bool:
    """Whether the lane is where this word may be said.

    Cell faults are not forgotten under a vehicle that is on its way.
    """
    if request.kind == RequestKind.CLEAR_CELLS:
        return lane.phase in _AT_REST
    if request.kind == RequestKind.ZERO:
        return lane.phase in MAY_ZERO and inputs.weight.deck == EMPTY
    if request.kind == RequestKind.TEST_LAMP:
        lamp = _LAMPS.get(_lamp_of(request))
        return lane.phase == Phase.MANUAL and lamp is not None and _is_unseen(inputs, *lamp)
    return request.kind in _MODES or lane.phase == Phase.MANUAL


def _lamp_of(request: Request) -> str:
    return "" if request.end is None else f"{request.end.name.lower()} {request.detail}"


def _ask(lane: Lane, request: Request, inputs: InputImage) -> Lane:
    offset_g = inputs.weight.zero_offset_g if request.kind == RequestKind.ZERO else 0
    if request.kind == RequestKind.TEST_LAMP:
        request = replace(request, detail=_lamp_of(request))
    number, intent = word_of(lane, request, inputs, offset_g)
    return replace(lane, service=intent, next_id=number + 1)


def _durable(lane: Lane, intent: RecordIntent, inputs: InputImage) -> Lane:
    if (inputs.ledger.passage_id, inputs.ledger.part) != (intent.passage_id, intent.part):
        return lane
    lane = replace(lane, service=None)
    kind, now_us = intent.service, inputs.now_us
    if kind == RequestKind.CLEAR_CELLS:
        return replace(lane, cells_cleared=intent.passage_id)
    if kind == RequestKind.ZERO:
        return replace(lane, zeroing=Zeroing(now_us, asked=_is_free(inputs)))
    if kind in _TRIALS:
        lamp = intent.detail if kind == RequestKind.TEST_LAMP else ""
        end, approach = _LAMPS.get(lamp, (None, False))
        seen = end is not None and not _is_unseen(inputs, end, approach)
        return replace(lane, trial=None if seen else Trial(kind, now_us, end, approach))
    if kind in _MODES:
        on = kind == RequestKind.ALLOW_DEGRADED
        return replace(lane, degraded=Mode(on=on, who=intent.who, why=intent.why))
    return lane


def _counting(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    """End what has been done, what took too long, and what the lane is not in the place for."""
    zeroing, trial, now_us = lane.zeroing, lane.trial, inputs.now_us
    if zeroing is not None:
        late = not 0 <= now_us - zeroing.since_us < settings.zero_ask_us_max
        if zeroing.asked or late or lane.phase not in MAY_ZERO:
            zeroing = None
        elif _is_free(inputs):
            zeroing = replace(zeroing, asked=True)
    if trial is not None:
        over = not 0 <= now_us - trial.since_us < settings.test_us
        seen = trial.end is not None and not _is_unseen(inputs, trial.end, trial.approach)
        trial = None if over or seen or lane.phase != Phase.MANUAL else trial
    return replace(lane, zeroing=zeroing, trial=trial)


def _is_unseen(inputs: InputImage, end: End, approach: bool) -> bool:
    """Whether nobody is there whom a green lamp would bid to drive: it is tried out, not meant."""
    nobody_waits = not approach or inputs.ends[end].approach.state in OFF
    return inputs.weight.deck == EMPTY and nobody_waits


def _is_free(inputs: InputImage) -> bool:
    """Whether the scale, asked now, is asked: the interlock lets no other wish for zero pass."""
    return (
        inputs.weight.deck == EMPTY
        and not inputs.weight.motion
        and all(sensor.state in OFF for here in inputs.ends for sensor in here.sensors)
    )
