"""Properties over arbitrary input images: what must hold whatever the devices say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from interlock_oracle import check_scan
from lane_rig import IMAGES, INTERLOCK, NEAR, WANTED, Plant, Rig, lane_settings

from controller.core.images import InputImage, OutputImage
from controller.core.interlock import interlock
from controller.core.kinds import (
    BoomCommand,
    End,
    Phase,
    Presence,
    RequestKind,
)
from controller.core.lane import step
from controller.core.passage import Lane

SETTINGS = lane_settings()
IDLE_WITHIN_S = 180
SEQUENCES = st.lists(IMAGES, min_size=1, max_size=12)


def drive(images: list[InputImage]) -> Lane:
    lane = Lane(since_us=images[0].now_us)
    for inputs in images:
        lane, wanted = step(lane, inputs, SETTINGS)
        check_scan(inputs, interlock(inputs, wanted, INTERLOCK), INTERLOCK)
    return lane


@given(st.one_of(NEAR, IMAGES), WANTED)
@settings(max_examples=500, deadline=None)
def test_the_interlock_alone_holds_against_any_wish(
    inputs: InputImage, wanted: OutputImage
) -> None:
    check_scan(inputs, interlock(inputs, wanted, INTERLOCK), INTERLOCK)


@given(st.one_of(NEAR, IMAGES), WANTED)
@settings(max_examples=300, deadline=None)
def test_the_interlock_asks_for_nothing_new(inputs: InputImage, wanted: OutputImage) -> None:
    out = interlock(inputs, wanted, INTERLOCK)
    assert all(o in (BoomCommand.HOLD, w) for o, w in zip(out.booms, wanted.booms, strict=True))
    assert interlock(inputs, out, INTERLOCK) == out


@given(SEQUENCES)
@settings(max_examples=120, deadline=None)
def test_no_sequence_of_images_raises_or_breaks_an_invariant(images: list[InputImage]) -> None:
    drive(images)


@given(SEQUENCES, st.sampled_from(Phase))
@settings(max_examples=120, deadline=None)
def test_any_phase_survives_any_images(images: list[InputImage], phase: Phase) -> None:
    lane = Lane(phase=phase, since_us=images[0].now_us)
    for inputs in images:
        lane, wanted = step(lane, inputs, SETTINGS)
        check_scan(inputs, interlock(inputs, wanted, INTERLOCK), INTERLOCK)


@given(SEQUENCES)
@settings(max_examples=50, deadline=None)
def test_the_same_images_give_the_same_outputs(images: list[InputImage]) -> None:
    first = second = Lane(since_us=0)
    for inputs in images:
        first, out_1 = step(first, inputs, SETTINGS)
        second, out_2 = step(second, inputs, SETTINGS)
        assert out_1 == out_2
    assert first == second


@given(SEQUENCES, st.sampled_from(Phase))
@settings(max_examples=40, deadline=None)
def test_once_all_is_normal_and_empty_the_lane_is_idle_in_time(
    images: list[InputImage], phase: Phase
) -> None:
    lane = Lane(phase=phase, since_us=images[0].now_us)
    for inputs in images:
        lane, _ = step(lane, inputs, SETTINGS)
    plant = Plant(now_us=images[-1].now_us)
    plant.booms = [type(b)(b.position, plant.now_us, plant.now_us) for b in plant.booms]
    plant.empty()
    plant.ledger = images[-1].ledger
    plant.ledger = type(plant.ledger)(ready=True, next_passage_id=plant.ledger.next_passage_id)
    for end in End:
        for name in ("approach", "arm", "beam_low", "beam_high"):
            plant.sense(end, name, Presence.CLEAR)
    rig = Rig(SETTINGS, plant, lane)
    rig.request(RequestKind.RESET)
    rig.scan()
    if rig.lane.phase == Phase.EMERGENCY:
        rig.request(RequestKind.RESET)
    if rig.lane.phase == Phase.MANUAL:
        rig.request(RequestKind.LEAVE_MANUAL)
    rig.run_until(Phase.IDLE, IDLE_WITHIN_S)


@given(SEQUENCES)
@settings(max_examples=50, deadline=None)
def test_a_boom_never_moves_at_power_up(images: list[InputImage]) -> None:
    lane, out = step(Lane(since_us=images[0].now_us), images[0], SETTINGS)
    assert interlock(images[0], out, INTERLOCK).booms == (BoomCommand.HOLD, BoomCommand.HOLD)
    assert lane.phase in (Phase.STARTING, Phase.EMERGENCY, Phase.MANUAL)
