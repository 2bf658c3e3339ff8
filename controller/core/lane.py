"""The deterministic lane: ``step`` takes one scan's facts to the next state and the outputs.

Pure: the same lane, inputs and settings give the same lane and outputs, on every machine.
``step`` owns the branches; ``observe`` takes in, the phase table decides, the actions change the
passage, ``outputs`` says what is wanted.  The interlock has the last word, elsewhere.
"""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.actions import ON_ENTERING, by_hand
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.core.observe import observe
from controller.core.outputs import outputs
from controller.core.passage import TIMELINE_MAX, Lane
from controller.core.settings import LaneSettings
from controller.core.table import BY_PHASE, Row


def step(lane: Lane, inputs: InputImage, settings: LaneSettings) -> tuple[Lane, OutputImage]:
    """Take the lane through one scan."""
    lane = observe(lane, inputs, settings)
    for row in BY_PHASE[lane.phase]:
        if row.guard(lane, inputs, settings):
            lane = _enter(lane, row, inputs, settings)
            break
    else:
        if lane.phase == Phase.MANUAL:
            lane = by_hand(lane, inputs, settings)
    return lane, outputs(lane, inputs, settings)


def _enter(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    action = ON_ENTERING.get(row.to)
    before = lane.phase
    if action is not None:
        lane = action(lane, row, inputs, settings)
    passage = lane.passage
    if passage is not None and row.to != before and len(passage.timeline) < TIMELINE_MAX:
        timeline = (*passage.timeline, (int(row.to), inputs.now_us))
        passage = replace(passage, timeline=timeline)
    return replace(
        lane,
        phase=row.to,
        since_us=inputs.now_us,
        outcome=row.outcome,
        cause=_cause(lane, row, inputs, settings),
        healthy_us=None,
        jog=None,
        lower=None,
        trial=None,
        passage=passage,
    )


def _cause(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> int:
    """First cause wins: a phase that is entered again keeps the fault that it was entered with."""
    if row.to == lane.phase and lane.cause:
        return lane.cause
    if row.alarm is not None:
        return int(row.alarm)
    if row.to != Phase.FAULTED:
        return 0
    stopping = [code for code in inputs.faults if code in settings.stopping_faults]
    return stopping[0] if stopping else lane.cause
