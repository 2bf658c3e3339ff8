"""Who goes in under a scale that says nothing has a record, by the loops at his entry."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings

from controller.core.images import Weight
from controller.core.kinds import Deck, End, Phase, Presence, RecordKind

BLOCKED, CLEAR, UNKNOWN = Presence.BLOCKED, Presence.CLEAR, Presence.UNKNOWN
Step = tuple[str, Presence]
COMES: Step = ("arm", BLOCKED)
GOES_IN: tuple[Step, ...] = (COMES, ("approach", CLEAR), ("arm", CLEAR))


@pytest.fixture
def rig() -> Rig:
    """A lane that has bidden somebody onto its deck."""
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    rig.plant.sense(End.YARD, "approach", BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.run(3)
    return rig


def says_nothing(rig: Rig) -> None:
    rig.plant.weight = Weight(deck=Deck.UNKNOWN, since_us=rig.plant.now_us)


def see(rig: Rig, *steps: Step, seconds: float = 0.5) -> None:
    for name, state in steps:
        rig.plant.sense(End.YARD, name, state)
        rig.run(seconds)


def told(rig: Rig) -> list[tuple[RecordKind, tuple[str, ...]]]:
    """What is on record once the scale has said that the deck is empty."""
    rig.run_until(Phase.FAULTED, 3)
    rig.run(1)
    for name in ("approach", "arm"):
        rig.plant.sense(End.YARD, name, CLEAR)
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 30)
    return [(intent.kind, intent.reasons) for intent in rig.plant.intents]


WITHOUT = "left without weighing: the scale said nothing"


@pytest.mark.parametrize(
    ("steps", "there"),
    [
        (GOES_IN, True),
        ((COMES, ("arm", CLEAR), *GOES_IN), True),
        ((*GOES_IN, ("approach", BLOCKED)), True),
        ((*GOES_IN, COMES, ("approach", BLOCKED), ("arm", CLEAR), ("approach", CLEAR)), True),
        ((COMES, ("approach", CLEAR)), False),
        ((COMES, ("arm", CLEAR), ("approach", CLEAR)), False),
        ((("approach", CLEAR), COMES, ("arm", CLEAR)), False),
        ((COMES, ("approach", CLEAR), ("approach", BLOCKED), ("arm", CLEAR)), False),
        ((COMES, ("approach", CLEAR), ("arm", UNKNOWN), ("arm", CLEAR)), False),
    ],
    ids=[
        "goes-in",
        "with-a-gap",
        "another-waits-behind",
        "and-out-again",
        "stays-under-the-boom",
        "backs-off",
        "backs-off-and-the-loop-flickers",
        "backs-off-from-under-the-boom",
        "loop-says-nothing",
    ],
)
def test_who_goes_in_while_the_scale_says_nothing(
    rig: Rig, steps: tuple[Step, ...], there: bool
) -> None:
    says_nothing(rig)
    see(rig, *steps)
    assert told(rig) == [(RecordKind.VOID, (WITHOUT,))] * there
    assert rig.plant.ledger.on_deck == 0


def test_a_loop_that_flickers_lets_nobody_in(rig: Rig) -> None:
    says_nothing(rig)
    see(rig, COMES, ("arm", CLEAR), COMES, seconds=0.06)
    see(rig, ("approach", CLEAR), ("arm", CLEAR))
    assert told(rig) == []


def test_who_may_have_come_out_as_soon_as_he_was_past_is_nobody(rig: Rig) -> None:
    says_nothing(rig)
    see(rig, *GOES_IN[:2])
    see(rig, ("approach", BLOCKED), seconds=0)
    see(rig, ("arm", CLEAR))
    assert told(rig) == []


def test_a_train_is_not_felt_in_the_middle(rig: Rig) -> None:
    says_nothing(rig)
    see(rig, COMES, ("arm", CLEAR))
    see(rig, ("arm", BLOCKED), seconds=0.1)
    see(rig, ("approach", CLEAR), ("arm", CLEAR))
    assert told(rig) == [(RecordKind.VOID, (WITHOUT,))]


def test_nor_do_loops_while_the_scale_says_that_the_deck_is_empty(rig: Rig) -> None:
    see(rig, *GOES_IN)
    says_nothing(rig)
    assert told(rig) == []


def test_he_is_on_the_disk_as_soon_as_the_lane_has_stopped(rig: Rig) -> None:
    says_nothing(rig)
    see(rig, *GOES_IN)
    assert (Phase(rig.lane.phase), rig.plant.ledger.on_deck) == (Phase.APPROACH, 0)
    rig.run_until(Phase.FAULTED, 3)
    rig.run(0.1)
    assert rig.plant.ledger.on_deck == 1


def test_who_is_still_there_when_the_scale_speaks_is_held_as_he(rig: Rig) -> None:
    says_nothing(rig)
    see(rig, *GOES_IN)
    rig.run_until(Phase.FAULTED, 3)
    rig.plant.load()
    rig.run_until(Phase.HOLDING, 5)
    rig.run(1)
    assert [(one.passage_id, one.reasons) for one in rig.plant.intents] == [
        (1, ("recovered with a load",))
    ]


def test_where_a_loop_is_not_fitted_nobody_knows(rig: Rig) -> None:
    says_nothing(rig)
    see(rig, COMES, ("approach", Presence.NOT_FITTED), ("arm", CLEAR))
    assert told(rig) == []
