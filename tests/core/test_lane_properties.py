"""Properties over arbitrary input images: what must hold whatever the devices say."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from lane_rig import IMAGES, INTERLOCK, SCAN_US, Plant, Rig, lane_settings

from controller.core.images import InputImage, OutputImage
from controller.core.interlock import interlock
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Deck,
    End,
    Lamp,
    Phase,
    Presence,
    RequestKind,
)
from controller.core.lane import step
from controller.core.passage import Lane
from controller.core.settings import InterlockSettings

SETTINGS = lane_settings()
IDLE_WITHIN_S = 180
SEQUENCES = st.lists(IMAGES, min_size=1, max_size=12)
WANTED = st.builds(
    OutputImage,
    booms=st.tuples(st.sampled_from(BoomCommand), st.sampled_from(BoomCommand)),
    approach_lamps=st.tuples(st.sampled_from(Lamp), st.sampled_from(Lamp)),
    deck_lamps=st.tuples(st.sampled_from(Lamp), st.sampled_from(Lamp)),
    passage_id=st.integers(0, 6),
    entry=st.sampled_from([None, *End]),
    zero=st.booleans(),
)


def check_scan(inputs: InputImage, out: OutputImage, settings: InterlockSettings) -> None:
    """Every invariant that one image pair can show; written apart from the interlock's code."""
    for end in End:
        here, command = inputs.ends[end], out.booms[end]
        under = [s for s in (here.arm, here.beam_low, here.beam_high) if s.state != 3]
        if command == BoomCommand.LOWER:
            assert under, "lowered without any sensor under the boom"
            assert all(s.state == Presence.CLEAR for s in under), "lowered on blocked or unknown"
            assert all(inputs.now_us - s.since_us >= settings.clear_settle_us for s in under)
            assert here.boom.position != BoomPosition.UNKNOWN
            assert inputs.estop == Presence.CLEAR
        if command == BoomCommand.RAISE:
            assert inputs.estop == Presence.CLEAR
            check_cause_to_rise(inputs, out, end)
    lamps = (*out.approach_lamps, *out.deck_lamps)
    assert lamps.count(Lamp.GREEN) <= 1, "conflicting greens"
    for end in End:
        if Lamp.GREEN in (out.approach_lamps[end], out.deck_lamps[end]):
            assert inputs.ends[end].boom.position == BoomPosition.OPEN
            assert inputs.estop == Presence.CLEAR
        if out.approach_lamps[end] == Lamp.GREEN:
            assert inputs.weight.deck == Deck.EMPTY
    if out.zero:
        assert inputs.weight.deck == Deck.EMPTY
        assert abs(inputs.weight.zero_offset_g) <= settings.zero_range_g
        assert not any(
            s.state in (Presence.BLOCKED, Presence.UNKNOWN)
            for here in inputs.ends
            for s in (here.approach, here.arm, here.beam_low, here.beam_high)
        )


def check_cause_to_rise(inputs: InputImage, out: OutputImage, end: End) -> None:
    permit = inputs.ledger.permit
    other = inputs.ends[1 - end].boom.position
    if permit is not None and permit.end == end and permit.passage_id == out.passage_id:
        assert permit.by_person or other == BoomPosition.CLOSED
        return
    assert out.entry == end, "a boom other than the entry rises without a durable record"
    boom = inputs.ends[end].boom.position
    assert boom != BoomPosition.UNKNOWN
    if boom == BoomPosition.CLOSED:
        assert inputs.weight.deck == Deck.EMPTY
        assert other == BoomPosition.CLOSED


def drive(images: list[InputImage]) -> Lane:
    lane = Lane()
    for inputs in images:
        lane, wanted = step(lane, inputs, SETTINGS)
        check_scan(inputs, interlock(inputs, wanted, INTERLOCK), INTERLOCK)
    return lane


@given(IMAGES, WANTED)
@settings(max_examples=1500, deadline=None)
def test_the_interlock_alone_holds_against_any_wish(
    inputs: InputImage, wanted: OutputImage
) -> None:
    check_scan(inputs, interlock(inputs, wanted, INTERLOCK), INTERLOCK)


@given(IMAGES, WANTED)
@settings(max_examples=300, deadline=None)
def test_the_interlock_asks_for_nothing_new(inputs: InputImage, wanted: OutputImage) -> None:
    out = interlock(inputs, wanted, INTERLOCK)
    assert all(o in (BoomCommand.HOLD, w) for o, w in zip(out.booms, wanted.booms, strict=True))
    assert interlock(inputs, out, INTERLOCK) == out


@given(SEQUENCES)
@settings(max_examples=400, deadline=None)
def test_no_sequence_of_images_raises_or_breaks_an_invariant(images: list[InputImage]) -> None:
    drive(images)


@given(SEQUENCES, st.sampled_from(Phase))
@settings(max_examples=400, deadline=None)
def test_any_phase_survives_any_images(images: list[InputImage], phase: Phase) -> None:
    lane = Lane(phase=phase)
    for inputs in images:
        lane, wanted = step(lane, inputs, SETTINGS)
        check_scan(inputs, interlock(inputs, wanted, INTERLOCK), INTERLOCK)


@given(SEQUENCES)
@settings(max_examples=100, deadline=None)
def test_the_same_images_give_the_same_outputs(images: list[InputImage]) -> None:
    first, second = Lane(), Lane()
    for inputs in images:
        first, out_1 = step(first, inputs, SETTINGS)
        second, out_2 = step(second, inputs, SETTINGS)
        assert out_1 == out_2
    assert first == second


@given(SEQUENCES, st.sampled_from(Phase))
@settings(max_examples=60, deadline=None)
def test_once_all_is_normal_and_empty_the_lane_is_idle_in_time(
    images: list[InputImage], phase: Phase
) -> None:
    lane = Lane(phase=phase)
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
    rig.run_until(Phase.IDLE, IDLE_WITHIN_S)


@given(SEQUENCES)
@settings(max_examples=100, deadline=None)
def test_a_boom_never_moves_at_power_up(images: list[InputImage]) -> None:
    lane, out = step(Lane(), images[0], SETTINGS)
    assert interlock(images[0], out, INTERLOCK).booms == (BoomCommand.HOLD, BoomCommand.HOLD)
    assert lane.phase in (Phase.STARTING, Phase.EMERGENCY, Phase.MANUAL)


def test_records_of_a_passage_are_numbered_without_gaps() -> None:
    rig = Rig(SETTINGS)
    rig.run_until(Phase.IDLE, 10)
    rig.plant.load()
    rig.run(3)
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 20)
    assert all(b - a >= 0 for a, b in pairwise(p for _, p, _ in rig.plant.records))
    assert SCAN_US == 20_000
