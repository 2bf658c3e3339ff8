"""Whether a lane would stay as it is for as long as no fact but the time changes."""

from __future__ import annotations

from controller.core.guards.common import OFF, booms_closed
from controller.core.images import InputImage
from controller.core.kinds import CLEAR, EMPTY, Phase
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

_ANYWHERE = (0, 0)


def rests(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Whether ``step`` would return this lane and the same outputs at any later time.

    Said of an idle lane only, with everything known, closed, clear and in order; no limit of time
    runs there.  False does not say that something will happen.
    """
    weight = inputs.weight
    return (
        lane.phase == Phase.IDLE
        and lane.passage is None
        and lane.service is None
        and not lane.notes
        and lane.recall is None
        and lane.zeroing is None
        and lane.trial is None
        and lane.ignored_until_us == lane.missed == _ANYWHERE
        and lane.since_us <= inputs.now_us
        and weight.deck == EMPTY
        and weight.zero_ok
        and inputs.ledger.ready
        and inputs.estop == CLEAR
        and not inputs.requests
        and settings.stopping_faults.isdisjoint(inputs.faults)
        and booms_closed(inputs)
        and all(sensor.state in OFF for here in inputs.ends for sensor in here.sensors)
    )
