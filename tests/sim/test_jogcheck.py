"""A boom that is moved by hand stands once a person says stop, until he moves it again."""

from __future__ import annotations

import pytest

from controller.core.images import InputImage, OutputImage, Request
from controller.core.kinds import BoomCommand, End, Presence, RequestKind
from sim.checker import Checker
from sim.jogcheck import ByHand
from sim.world import Yard

HOLD, RAISE, LOWER = BoomCommand.HOLD, BoomCommand.RAISE, BoomCommand.LOWER
REST, RISES = OutputImage(booms=(HOLD, HOLD)), OutputImage(booms=(HOLD, RAISE))
K = RequestKind


def said(
    *kinds: RequestKind, who: str = "maintenance", estop: Presence = Presence.CLEAR
) -> InputImage:
    requests = tuple(
        Request(id=i, kind=kind, who=who, why="a look", end=End.ROAD)
        for i, kind in enumerate(kinds)
    )
    return InputImage(scan=1, now_us=1, requests=requests, estop=estop)


def heard(*scans: tuple[InputImage, OutputImage]) -> list[str]:
    hand = ByHand()
    return [hand.look(*scan) for scan in scans]


@pytest.mark.parametrize("command", [RAISE, LOWER])
def test_a_boom_that_goes_on_after_a_word_to_stop(command: BoomCommand) -> None:
    driven = OutputImage(booms=(HOLD, command))
    found = heard(
        (said(K.ENTER_MANUAL, K.RAISE_BOOM), driven), (said(K.STOP_BOOM), driven), (said(), driven)
    )
    seen = f"road boom driven ({command.name}) after a word to stop"
    assert found == ["", seen, seen]


def test_stop_goes_before_what_is_asked_in_the_same_scan_and_ends_with_the_next_word() -> None:
    found = heard(
        (said(K.ENTER_MANUAL), REST),
        (said(K.STOP_BOOM, K.RAISE_BOOM), RISES),
        (said(), REST),
        (said(K.RAISE_BOOM), RISES),
    )
    assert [bool(seen) for seen in found] == [False, True, False, False]


@pytest.mark.parametrize(
    "before",
    [
        (said(K.STOP_BOOM),),
        (said(K.ENTER_MANUAL), said(K.STOP_BOOM, who="")),
        (said(K.ENTER_MANUAL), said(K.STOP_BOOM), said(K.LEAVE_MANUAL)),
        (said(K.ENTER_MANUAL), said(K.STOP_BOOM), said(estop=Presence.BLOCKED)),
    ],
)
def test_who_has_not_the_lane_in_hand_or_no_name_stops_nothing(
    before: tuple[InputImage, ...],
) -> None:
    found = heard(*((one, REST) for one in before), (said(), RISES))
    assert not any(found)


def test_the_judge_finds_it_once_and_forgets_it_with_a_restart() -> None:
    for restarts, found in ((False, ["I19"]), (True, [])):
        checker = Checker(Yard(1))
        checker.observe(said(K.ENTER_MANUAL), REST)
        checker.observe(said(K.STOP_BOOM), REST)
        if restarts:
            checker.restarted()
        for _ in range(3):
            checker.observe(said(), RISES)
        assert [one.check for one in checker.findings if one.check == "I19"] == found
