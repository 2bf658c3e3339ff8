"""What is refused has a reason and what has a reason is refused: the two cannot drift apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_rig import IMAGES, INTERLOCK, NEAR, WANTED, Plant
from msgspec.structs import replace

from controller.core.images import InputImage, OutputImage, Permit
from controller.core.interlock import interlock
from controller.core.kinds import (
    GREEN,
    LOWER,
    RAISE,
    RED,
    BoomPosition,
    Deck,
    End,
    Presence,
)
from controller.core.refusals import (
    Reason,
    Refusal,
    Wanted,
    green_refusals,
    lower_refusals,
    raise_refusals,
    refusals,
    zero_refusals,
)
from controller.core.settings import SECOND

INPUTS = st.one_of(NEAR, NEAR, IMAGES)


def taken_out(inputs: InputImage, wanted: OutputImage) -> set[tuple[Wanted, End | None]]:
    """Every wish that does not leave the interlock as it came."""
    out = interlock(inputs, wanted, INTERLOCK)
    pairs = (
        (Wanted.GREEN_APPROACH, wanted.approach_lamps, out.approach_lamps),
        (Wanted.GREEN_DECK, wanted.deck_lamps, out.deck_lamps),
    )
    found: set[tuple[Wanted, End | None]] = {
        (what, end) for what, before, after in pairs for end in End if before[end] != after[end]
    }
    for end in End:
        if wanted.booms[end] != out.booms[end]:
            found.add((Wanted.RAISE if wanted.booms[end] == RAISE else Wanted.LOWER, end))
    return found | ({(Wanted.ZERO, None)} if wanted.zero != out.zero else set())


@given(INPUTS, WANTED)
@settings(max_examples=400, deadline=None)
def test_the_interlock_refuses_exactly_what_has_a_reason(
    inputs: InputImage, wanted: OutputImage
) -> None:
    said = refusals(inputs, wanted, INTERLOCK)
    assert {(one.wanted, one.end if one.wanted != Wanted.ZERO else None) for one in said} == (
        taken_out(inputs, wanted)
    )


@given(INPUTS, st.sampled_from(End), st.booleans(), st.integers(0, 6))
@settings(max_examples=120, deadline=None)
def test_a_single_wish_is_explained_by_the_function_for_it(
    inputs: InputImage, end: End, approach: bool, passage_id: int
) -> None:
    def wish(**fields: object) -> OutputImage:
        return replace(OutputImage(passage_id=passage_id, entry=end), **fields)

    def one(value: object, rest: object) -> tuple[object, object]:
        return (value, rest) if end == End.YARD else (rest, value)

    wishes = [
        (wish(booms=one(LOWER, 0)), lower_refusals(inputs, end, INTERLOCK)),
        (wish(booms=one(RAISE, 0)), raise_refusals(inputs, wish(), end)),
        (wish(zero=True), zero_refusals(inputs, INTERLOCK)),
        (
            wish(**{"approach_lamps" if approach else "deck_lamps": one(GREEN, RED)}),
            green_refusals(inputs, end, approach=approach),
        ),
    ]
    for wanted, said in wishes:
        assert bool(said) == bool(taken_out(inputs, wanted))


@pytest.fixture
def plant() -> Plant:
    plant = Plant(now_us=100 * SECOND)
    plant.booms = [type(boom)(BoomPosition.OPEN, 90 * SECOND, 90 * SECOND) for boom in plant.booms]
    return plant


def reasons(found: tuple[Refusal, ...]) -> list[tuple[Reason, str, str]]:
    return [(one.reason, one.device, one.state) for one in found]


def test_a_boom_that_may_fall_has_no_reason_against_it(plant: Plant) -> None:
    assert lower_refusals(plant.inputs(), End.YARD, INTERLOCK) == ()


def test_every_sensor_under_a_boom_is_named_with_its_state(plant: Plant) -> None:
    plant.sense(End.YARD, "arm", Presence.UNKNOWN)
    plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    plant.sense(End.YARD, "beam_high", Presence.CLEAR)
    plant.now_us += SECOND
    found = lower_refusals(plant.inputs(), End.YARD, INTERLOCK)
    assert reasons(found) == [
        (Reason.NOT_CLEAR, "yard.arm", "UNKNOWN"),
        (Reason.NOT_CLEAR, "yard.beam_low", "BLOCKED"),
        (Reason.NOT_CLEAR_LONG, "yard.beam_high", "CLEAR"),
    ]
    assert [one.since_us for one in found] == [100 * SECOND] * 3
    assert found[2].lacks_us == 500_000
    assert lower_refusals(plant.inputs(), End.ROAD, INTERLOCK) == ()


def test_a_boom_that_turned_round_a_moment_ago_says_how_long_is_left(plant: Plant) -> None:
    plant.booms[1] = type(plant.booms[1])(BoomPosition.BETWEEN, 0, 100 * SECOND - 300_000)
    (found,) = lower_refusals(plant.inputs(), End.ROAD, INTERLOCK)
    assert (found.reason, found.lacks_us) == (Reason.REVERSED_TOO_SOON, 200_000)


@pytest.mark.parametrize(
    ("position", "reason"),
    [
        (BoomPosition.CLOSED, Reason.NOT_UP),
        (BoomPosition.UNKNOWN, Reason.POSITION_UNKNOWN),
    ],
)
def test_a_boom_that_does_not_stand_up_cannot_fall(
    plant: Plant, position: BoomPosition, reason: Reason
) -> None:
    plant.booms[0] = type(plant.booms[0])(position, 0, 0)
    assert reasons(lower_refusals(plant.inputs(), End.YARD, INTERLOCK)) == [
        (reason, "yard.boom", position.name)
    ]


def test_a_boom_without_any_sensor_says_so(plant: Plant) -> None:
    for name in ("arm", "beam_low", "beam_high"):
        plant.sense(End.ROAD, name, Presence.NOT_FITTED)
    (found,) = lower_refusals(plant.inputs(), End.ROAD, INTERLOCK)
    assert found.reason == Reason.NO_SENSOR_FITTED


def test_the_emergency_stop_is_the_only_reason_that_is_given(plant: Plant) -> None:
    plant.estop = Presence.UNKNOWN
    inputs = plant.inputs()
    told = [
        *lower_refusals(inputs, End.YARD, INTERLOCK),
        *raise_refusals(inputs, OutputImage(), End.YARD),
        *green_refusals(inputs, End.YARD, approach=True, greens=4),
        *zero_refusals(inputs, INTERLOCK),
    ]
    assert reasons(tuple(told)) == [(Reason.EMERGENCY_STOP, "estop", "UNKNOWN")] * 4


def test_a_boom_goes_up_with_a_permit_or_as_the_entry_of_an_empty_deck(plant: Plant) -> None:
    plant.booms[0] = type(plant.booms[0])(BoomPosition.CLOSED, 0, 0)
    wanted = OutputImage(passage_id=4)
    assert reasons(raise_refusals(plant.inputs(), wanted, End.YARD)) == [(Reason.NO_PERMIT, "", "")]
    entry = replace(wanted, entry=End.YARD)
    plant.load()
    assert reasons(raise_refusals(plant.inputs(), entry, End.YARD)) == [
        (Reason.OTHER_BOOM_NOT_CLOSED, "road.boom", "OPEN"),
        (Reason.DECK_NOT_EMPTY, "scale", "LOADED"),
    ]
    permit = Permit(seq=1, passage_id=4, end=End.YARD)
    plant.ledger = replace(plant.ledger, permit=permit)
    assert reasons(raise_refusals(plant.inputs(), wanted, End.YARD)) == [
        (Reason.OTHER_BOOM_NOT_CLOSED, "road.boom", "OPEN")
    ]
    plant.ledger = replace(plant.ledger, permit=replace(permit, by_person=True))
    assert raise_refusals(plant.inputs(), wanted, End.YARD) == ()


def test_zero_names_the_deck_its_motion_its_range_and_the_sensors(plant: Plant) -> None:
    far_g = INTERLOCK.zero_range_g + 1
    plant.weight = replace(plant.weight, deck=Deck.UNKNOWN, motion=True, zero_offset_g=-far_g)
    plant.sense(End.ROAD, "approach", Presence.BLOCKED)
    found = zero_refusals(plant.inputs(), INTERLOCK)
    assert reasons(found) == [
        (Reason.DECK_NOT_EMPTY, "scale", "UNKNOWN"),
        (Reason.MOTION, "scale", ""),
        (Reason.ZERO_OUT_OF_RANGE, "scale", ""),
        (Reason.NOT_CLEAR, "road.approach", "BLOCKED"),
    ]
    assert found[2].zero_g == -far_g


def test_green_is_for_one_lamp_beside_an_open_boom(plant: Plant) -> None:
    plant.booms[0] = type(plant.booms[0])(BoomPosition.BETWEEN, 95 * SECOND, 0)
    plant.load()
    found = green_refusals(plant.inputs(), End.YARD, approach=True, greens=2)
    assert reasons(found) == [
        (Reason.TOO_MANY_GREENS, "", ""),
        (Reason.NOT_OPEN, "yard.boom", "BETWEEN"),
        (Reason.DECK_NOT_EMPTY, "scale", "LOADED"),
    ]
    assert green_refusals(plant.inputs(), End.ROAD, approach=False) == ()
