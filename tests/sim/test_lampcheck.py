"""A green that is only tried out bids nobody who is there; one that is meant stands by its sign."""

from __future__ import annotations

import pytest

from controller.core.images import EndInputs, InputImage, OutputImage, Sensor, Sign, Weight
from controller.core.kinds import Deck, Lamp, Message, Presence
from sim.checker import Checker
from sim.lampcheck import bidden_by_a_trial
from sim.world import Yard

RED, GREEN = Lamp.RED, Lamp.GREEN
BOTH_RED = (RED, RED)


def image(deck: Deck, coming: Presence = Presence.CLEAR) -> InputImage:
    here = EndInputs(approach=Sensor(coming, 0))
    return InputImage(
        scan=1, now_us=1, weight=Weight(deck=deck), ends=(here, here), estop=Presence.CLEAR
    )


def lit(message: Message, *, deck: bool) -> OutputImage:
    lamps = (RED, GREEN)
    approach_lamps, deck_lamps = (BOTH_RED, lamps) if deck else (lamps, BOTH_RED)
    sign = Sign(message=message)
    return OutputImage(sign=sign, approach_lamps=approach_lamps, deck_lamps=deck_lamps)


@pytest.mark.parametrize("message", [Message.CLOSED, Message.TEST])
def test_a_trial_towards_an_empty_deck_and_an_empty_approach_bids_nobody(message: Message) -> None:
    for deck in (True, False):
        assert bidden_by_a_trial(image(Deck.EMPTY), lit(message, deck=deck)) == ""


@pytest.mark.parametrize("state", [Deck.LOADED, Deck.UNKNOWN, Deck.OVER_RANGE])
def test_a_trial_towards_a_deck_that_is_not_empty_bids_whoever_stands_there(state: Deck) -> None:
    seen = bidden_by_a_trial(image(state), lit(Message.CLOSED, deck=True))
    assert (
        seen == f"green tried out at the road end under CLOSED, towards a deck that is {state.name}"
    )
    assert bidden_by_a_trial(image(state), lit(Message.PASS, deck=True)) == ""


@pytest.mark.parametrize("coming", [Presence.BLOCKED, Presence.UNKNOWN])
def test_a_trial_towards_an_approach_bids_whoever_waits_there(coming: Presence) -> None:
    inputs = image(Deck.EMPTY, coming)
    assert "approach that is" in bidden_by_a_trial(inputs, lit(Message.TEST, deck=False))
    assert bidden_by_a_trial(inputs, lit(Message.TEST, deck=True)) == ""
    assert bidden_by_a_trial(inputs, lit(Message.DRIVE_ON, deck=False)) == ""


def test_the_judge_finds_it_once() -> None:
    yard = Yard(1)
    for boom in yard.booms:
        boom.angle_deg = 90.0
    checker = Checker(yard)
    for _ in range(3):
        checker.observe(image(Deck.LOADED), lit(Message.CLOSED, deck=True))
    assert [one.check for one in checker.findings if one.check == "I17"] == ["I17"]
