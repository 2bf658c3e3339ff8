"""A lane at rest: no time alone moves it, and an idle lane in order is at rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lane_rig import INTERLOCK, LEDGERS, REQUESTS, STOPPING, Rig, lane_settings
from msgspec.structs import replace

from controller.core.images import (
    Boom,
    EndInputs,
    InputImage,
    LedgerFact,
    RecordIntent,
    Request,
    Sensor,
    WallTime,
    Weight,
)
from controller.core.interlock import interlock
from controller.core.kinds import BoomPosition, Deck, Phase, Presence, RecordKind, RequestKind
from controller.core.lane import step
from controller.core.passage import Lane, Trial, Zeroing
from controller.core.rest import rests
from controller.core.settings import SECOND

SETTINGS = lane_settings()
NOW_US = 100 * SECOND
SINCE = st.sampled_from([0, NOW_US - SECOND, NOW_US])
CLEAR = Sensor(Presence.CLEAR, 0)
SHUT = Boom(BoomPosition.CLOSED, 0)
GOOD = InputImage(
    scan=7,
    now_us=NOW_US,
    ends=(EndInputs(approach=CLEAR, arm=CLEAR, beam_low=CLEAR, beam_high=CLEAR, boom=SHUT),) * 2,
    weight=Weight(deck=Deck.EMPTY, motion=False, zero_ok=True),
    ledger=LedgerFact(ready=True),
    estop=Presence.CLEAR,
)
NOTE = RecordIntent(
    kind=RecordKind.SERVICE,
    passage_id=1,
    part=1,
    entry=None,
    started_us=0,
    decided_us=0,
    wall=WallTime(),
    service=RequestKind.CONFIGURE,
)
SENSORS = st.builds(Sensor, st.sampled_from(Presence), SINCE)
SPOILT_ENDS = st.one_of(
    *(
        st.builds(lambda s, name=name: replace(GOOD.ends[0], **{name: s}), SENSORS)
        for name in ("approach", "arm", "beam_low", "beam_high")
    ),
    st.builds(
        lambda boom: replace(GOOD.ends[0], boom=boom),
        st.builds(Boom, st.sampled_from(BoomPosition), SINCE),
    ),
)
WEIGHTS = st.builds(
    Weight, deck=st.sampled_from(Deck), since_us=SINCE, zero_ok=st.booleans(), motion=st.booleans()
)
FACTS = {
    "ends": st.one_of(
        st.tuples(SPOILT_ENDS, st.just(GOOD.ends[1])), st.tuples(st.just(GOOD.ends[0]), SPOILT_ENDS)
    ),
    "weight": st.one_of(WEIGHTS, st.builds(Weight, deck=st.just(Deck.EMPTY), since_us=SINCE)),
    "ledger": LEDGERS,
    "requests": st.lists(REQUESTS, max_size=1).map(tuple),
    "estop": st.sampled_from(Presence),
    "faults": st.sampled_from([(305,), (STOPPING,)]),
}
IMAGES = st.one_of(
    *(
        st.builds(lambda v, n=name: replace(GOOD, **{n: v}), values)
        for name, values in FACTS.items()
    )
)
"""Images in which one fact may speak against rest."""
LANES = st.builds(
    Lane,
    since_us=st.sampled_from([0, 0, NOW_US, NOW_US + SECOND]),
    phase=st.sampled_from([Phase.IDLE] * 9 + list(Phase)),
    ignored_until_us=st.sampled_from([(0, 0)] * 3 + [(NOW_US + SECOND, 0)]),
    missed=st.sampled_from([(0, 0)] * 3 + [(0, 1)]),
)


def idle() -> tuple[Lane, InputImage]:
    rig = Rig(SETTINGS)
    rig.run_until(Phase.IDLE, 60)
    rig.run(30)
    return rig.lane, rig.plant.inputs()


def later(inputs: InputImage, us: int) -> InputImage:
    wall = replace(inputs.wall, ms=inputs.wall.ms + us // 1000, date=20270101)
    return replace(inputs, scan=inputs.scan + 1, now_us=inputs.now_us + us, wall=wall)


@settings(max_examples=400)
@given(lane=LANES, inputs=IMAGES, us=st.integers(0, 10**13))
@example(lane=idle()[0], inputs=idle()[1], us=10**9)
def test_no_time_alone_moves_a_lane_at_rest(lane: Lane, inputs: InputImage, us: int) -> None:
    if not rests(lane, inputs, SETTINGS):
        return
    same, wanted = step(lane, inputs, SETTINGS)
    after, wanted_then = step(lane, later(inputs, us), SETTINGS)
    assert (same, after) == (lane, lane)
    assert wanted_then == wanted
    assert interlock(later(inputs, us), wanted_then, INTERLOCK) == wanted


def test_an_idle_lane_in_order_is_at_rest_and_one_with_a_vehicle_is_not() -> None:
    lane, inputs = idle()
    assert rests(lane, inputs, SETTINGS)
    waits = replace(inputs.ends[0], approach=Sensor(Presence.BLOCKED, inputs.now_us))
    assert not rests(lane, replace(inputs, ends=(waits, inputs.ends[1])), SETTINGS)


@pytest.mark.parametrize(
    "owed",
    [
        {"service": NOTE},
        {"notes": (NOTE,)},
        {"recall": Request(id=1, kind=RequestKind.VOID, who="a", why="b", passage_id=1)},
        {"zeroing": Zeroing(NOW_US)},
        {"trial": Trial(RequestKind.TEST_SIGN, NOW_US)},
    ],
)
def test_a_lane_with_a_persons_word_under_way_is_not_at_rest(owed: dict[str, Any]) -> None:
    lane = Lane(phase=Phase.IDLE, since_us=0)
    assert rests(lane, GOOD, SETTINGS)
    assert not rests(replace(lane, **owed), GOOD, SETTINGS)
