"""What an indicator says of the deck: its range, its silence, its division, its zero."""

from __future__ import annotations

import pytest
from shown import E_G, EVERY_US, Shown, frame

from protocol.frames import FrameState
from sensors.weighing import DeckState, EventKind, Status, WithdrawReason

LOAD_G = 18_000_000


def test_over_and_under_range_are_the_indicators_word() -> None:
    shown = Shown()
    shown.show(0, times=15)
    seen = shown.show(None, None, None)
    assert (seen.deck, seen.indicated_g) == (DeckState.OVER_RANGE, None)
    assert shown.show(None, times=100).weight_g is None
    seen = shown.show(None, None, None, state=FrameState.UNDER)
    assert (seen.deck, seen.indicated_g) == (DeckState.UNDER_RANGE, None)


def test_above_max_and_nine_e_nothing_is_taken_even_if_it_is_shown() -> None:
    shown = Shown()
    seen = shown.weighed(60_000_000 + 10 * E_G)
    assert (seen.deck, seen.status) == (DeckState.OVER_RANGE, Status.RUNNING)


def test_one_lying_frame_moves_neither_deck_nor_id() -> None:
    shown = Shown()
    shown.show(0, times=15)
    seen = shown.show(LOAD_G, 0, 0)
    assert (seen.deck, seen.weighing_id) == (DeckState.EMPTY, 0)
    shown.weighed()
    seen = shown.show(0)
    assert (seen.deck, seen.indicated_g) == (DeckState.LOADED, LOAD_G)


def test_a_silent_indicator_leaves_nothing_standing() -> None:
    shown = Shown()
    shown.weighed()
    assert shown.wait(900_000).deck == DeckState.LOADED
    seen = shown.wait(200_000)
    assert (seen.deck, seen.indicated_g, seen.status) == (
        DeckState.UNKNOWN,
        None,
        Status.WITHDRAWN,
    )
    assert shown.events(EventKind.WITHDRAWN) == [WithdrawReason.CELL_FAULT]


def test_an_indicator_that_has_no_weight_to_give_leaves_the_deck_unknown() -> None:
    shown = Shown()
    shown.weighed()
    seen = shown.show(None, None, state=FrameState.ERROR)
    assert (seen.deck, seen.status) == (DeckState.UNKNOWN, Status.WITHDRAWN)
    assert shown.weigher.frames.says_error


@pytest.mark.parametrize("said", [{"d_g": 50_000}, {}])
def test_another_division_is_believed_in_nothing(said: dict[str, int]) -> None:
    shown = Shown()
    shown.show(0, times=15)
    odd_g = LOAD_G if said else LOAD_G + 10_000
    seen = shown.show(odd_g, times=3, **said)
    assert (seen.deck, shown.weigher.frames.other_division) == (DeckState.UNKNOWN, True)
    assert shown.show(0, times=20).deck == DeckState.UNKNOWN


def test_frames_that_go_back_in_time_are_dropped() -> None:
    shown = Shown()
    seen = shown.weighed()
    shown.weigher.push([frame(shown.t_us - 50_000, 0), frame(shown.t_us, 0)])
    assert shown.look() == seen


def test_lost_frames_are_counted() -> None:
    shown = Shown()
    for gap in [1, 1, 1, 2] * 12:
        shown.t_us += (gap - 1) * EVERY_US
        shown.show(LOAD_G)
    assert shown.weigher.frames.loses
    assert not shown.weigher.frames.steady


def test_nothing_is_weighed_without_a_zero_before() -> None:
    shown = Shown()
    shown.show(40_000, times=30)
    assert not shown.look().zero_ok
    shown.edge(blocked=True)
    shown.show(LOAD_G, times=10, motion=True)
    shown.edge(blocked=False)
    seen = shown.show(LOAD_G, times=110)
    assert (seen.status, seen.weight_g) == (Status.UNSTABLE, None)


def test_the_bit_of_the_centre_of_zero_is_believed() -> None:
    shown = Shown(d_g=10_000)
    assert not shown.show(20_000, times=20).zero_ok
    assert shown.show(20_000, times=20, centre_of_zero=True).zero_ok


def test_the_first_tyre_does_not_take_the_zero_away() -> None:
    shown = Shown()
    shown.show(0, times=15)
    shown.show(60_000, 200_000, 380_000, motion=True)
    assert shown.show(LOAD_G, LOAD_G, motion=True).zero_ok


def test_zero_is_asked_for_on_an_empty_steady_deck_only() -> None:
    shown = Shown()
    shown.show(60_000, times=15)
    assert shown.weigher.may_zero(shown.t_us)
    shown.weigher.zero_asked(shown.t_us, done=True)
    assert not shown.weigher.may_zero(shown.t_us), "it has not answered yet"
    shown.show(60_000, times=25)
    assert shown.weigher.may_zero(shown.t_us)
    shown.edge(blocked=True)
    assert not shown.weigher.may_zero(shown.t_us)
    shown.edge(blocked=False)
    assert not shown.weigher.may_zero(shown.t_us + 2_000_000), "silent"
    shown.show(60_000, motion=True)
    assert not shown.weigher.may_zero(shown.t_us)
    assert not Shown().weigher.may_zero(0)


def test_zero_is_never_asked_for_under_a_vehicle_however_light() -> None:
    shown = Shown()
    shown.board(500_000, motion=True)
    shown.show(500_000, times=30)
    assert shown.weigher.frames.steady
    assert not shown.weigher.may_zero(shown.t_us)


def test_zero_is_never_asked_for_beyond_four_per_cent_of_max() -> None:
    narrow = Shown(max_g=500 * E_G)
    narrow.show(-20 * E_G, times=15)
    assert narrow.weigher.may_zero(narrow.t_us)
    narrow.show(-21 * E_G, times=15)
    assert not narrow.weigher.may_zero(narrow.t_us)
