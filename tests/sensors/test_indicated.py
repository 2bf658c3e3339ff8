"""A vehicle weighed by an indicator: accepted, withdrawn, never made up."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shown import E_G, EVERY_US, Shown, frame

from protocol.frames import FrameState
from sensors.indicated_rule import Rule, stable_g
from sensors.tamper_finding import TamperKind
from sensors.weighing import DeckState, EventKind, Status, WithdrawReason

LOAD_G = 18_000_000
FEW = settings(max_examples=60)


def test_a_vehicle_comes_is_weighed_and_leaves() -> None:
    shown = Shown()
    assert shown.show(0, times=15).deck == DeckState.EMPTY
    seen = shown.weighed()
    assert (seen.deck, seen.status, seen.weight_g) == (DeckState.LOADED, Status.ACCEPTED, LOAD_G)
    assert (seen.u95_g, seen.indicated_g, seen.motion) == (41_056, LOAD_G, False)
    assert (seen.weighing_id, seen.axles, seen.cells) == (1, -1, ())
    shown.show(LOAD_G, times=60)
    shown.edge(blocked=True)
    shown.show(9_000_000, 2_000_000, motion=True)
    shown.show(0, times=3, motion=True)
    shown.edge(blocked=False)
    left = shown.show(0, times=25)
    assert (left.deck, left.status, left.zero_ok) == (DeckState.EMPTY, Status.IDLE, True)
    assert shown.events(EventKind.VEHICLE_OFF) == [1]
    assert shown.events(EventKind.ZERO_RETURNED) == [0]


def test_the_basis_says_rule_window_and_rate() -> None:
    seen = Shown().weighed()
    basis = seen.basis
    assert basis is not None
    assert (basis.method, basis.version, basis.estimate_g) == ("indicator", "1", LOAD_G)
    stated = dict(basis.parameters)
    assert (stated["readings"], stated["interval_us"], stated["d_g"]) == (10, EVERY_US, E_G)
    assert basis.to_us - basis.from_us == 9 * EVERY_US
    assert seen.accepted_us == basis.to_us


@FEW
@given(
    st.lists(
        st.tuples(
            st.sampled_from([LOAD_G, LOAD_G, LOAD_G, LOAD_G + E_G, LOAD_G + 3 * E_G, None]),
            st.sampled_from([False, False, False, False, True]),
            st.sampled_from([1, 1, 1, 1, 3]),
        ),
        max_size=60,
    )
)
def test_what_is_accepted_is_a_window_by_the_rule(
    said: list[tuple[int | None, bool, int]],
) -> None:
    """Never with a motion bit, a deviation or a hole in it; held to the readings themselves."""
    shown = Shown()
    shown.board(motion=True)
    frames = []
    accepted_us = None
    for gross_g, motion, gap in said:
        shown.t_us += gap * EVERY_US
        one = frame(shown.t_us, gross_g, motion=motion)
        frames.append(one)
        shown.weigher.push([one])
        seen = shown.look()
        if seen.status != Status.ACCEPTED or seen.accepted_us == accepted_us:
            continue
        accepted_us = seen.accepted_us
        window = frames[-10:]
        assert len(window) == 10
        grams = [f.gross_g for f in window if f.gross_g is not None]
        assert len(grams) == 10
        assert max(grams) - min(grams) <= E_G
        assert not any(f.motion for f in window)
        assert window[-1].t_us - window[0].t_us == 9 * EVERY_US
        assert seen.weight_g in grams


@FEW
@given(
    quiet=st.integers(0, 49), off_d=st.integers(2, 200).flatmap(lambda n: st.sampled_from([n, -n]))
)
def test_a_reading_that_deviates_within_five_seconds_takes_the_weight_back(
    quiet: int, off_d: int
) -> None:
    shown = Shown()
    shown.weighed()
    accepted_us = shown.look().accepted_us
    assert accepted_us is not None
    late = 1 + quiet - (shown.t_us - accepted_us) // EVERY_US
    seen = shown.show(LOAD_G, times=max(0, late))
    assert seen.status == Status.ACCEPTED
    seen = shown.show(LOAD_G + off_d * E_G)
    within = shown.t_us - accepted_us <= 5_000_000
    assert (seen.status == Status.WITHDRAWN) == within


def test_three_adjacent_values_after_acceptance_take_the_weight_back() -> None:
    shown = Shown()
    shown.weighed()
    assert shown.show(LOAD_G + E_G).status == Status.ACCEPTED
    assert shown.show(LOAD_G).status == Status.ACCEPTED
    assert shown.show(LOAD_G - E_G).status == Status.WITHDRAWN
    assert shown.events(EventKind.WITHDRAWN) == [WithdrawReason.ROCKING]


def test_a_withdrawn_weight_comes_back_by_a_window_of_its_own_only() -> None:
    shown = Shown()
    shown.weighed()
    shown.show(LOAD_G + 5 * E_G)
    assert shown.show(LOAD_G, times=9).status == Status.WITHDRAWN
    assert shown.show(LOAD_G, times=2).status == Status.ACCEPTED


def test_a_load_that_comes_to_stand_elsewhere_later_takes_the_weight_back() -> None:
    shown = Shown()
    shown.weighed()
    assert shown.show(LOAD_G, times=100).status == Status.ACCEPTED
    seen = shown.show(LOAD_G + 2 * E_G, times=12)
    assert seen.status == Status.WITHDRAWN


def test_nothing_is_accepted_while_something_stands_in_an_end() -> None:
    shown = Shown()
    shown.show(0, times=15)
    shown.edge(blocked=True)
    shown.show(9_000_000, times=25)
    seen = shown.show(9_000_000, times=60)
    assert seen.status == Status.NOT_FULLY_ON
    assert not seen.motion
    shown.edge(blocked=False)
    assert shown.show(LOAD_G, times=59).status == Status.RUNNING
    assert shown.show(LOAD_G, times=3).status == Status.ACCEPTED


def test_what_crossed_an_end_in_the_window_spoils_it() -> None:
    shown = Shown(Rule(settle_us=0))
    shown.board(motion=True)
    shown.show(LOAD_G, times=5)
    shown.edge(blocked=True)
    shown.edge(blocked=False)
    assert shown.show(LOAD_G, times=9).status == Status.RUNNING
    assert shown.show(LOAD_G, times=1).status == Status.ACCEPTED


def test_a_vehicle_that_may_still_roll_is_not_weighed() -> None:
    """A smooth roll weighs as a stand; nothing but time since the last edge tells them apart."""
    at_once, patient = Shown(Rule(settle_us=0)), Shown()
    for shown in (at_once, patient):
        shown.board(motion=True)
        shown.edge(blocked=True)
        shown.edge(blocked=False)
        shown.show(LOAD_G, times=15)
    assert at_once.look().status == Status.ACCEPTED
    assert patient.look().status == Status.RUNNING
    assert patient.show(LOAD_G, times=45).status == Status.ACCEPTED


def test_a_load_below_min_is_no_weight() -> None:
    shown = Shown(Rule(settle_us=0))
    shown.show(0, times=15)
    shown.show(21 * E_G, times=3)
    seen = shown.show(19 * E_G, times=30)
    assert (seen.weighing_id, seen.weight_g) == (1, None)


def test_somebody_in_an_end_for_a_moment_tells_nobody_to_move() -> None:
    shown = Shown()
    shown.weighed()
    shown.show(LOAD_G, LOAD_G + 3 * E_G)
    shown.edge(blocked=True)
    assert shown.show(LOAD_G, times=15).status == Status.WITHDRAWN
    assert shown.show(LOAD_G, times=10).status == Status.NOT_FULLY_ON


@pytest.mark.parametrize(
    ("blocked", "reason"),
    [(False, WithdrawReason.LOAD_CHANGED), (True, WithdrawReason.MOVED)],
)
def test_why_a_weight_was_taken_back_is_told(blocked: bool, reason: WithdrawReason) -> None:
    shown = Shown()
    shown.weighed()
    shown.edge(blocked=blocked)
    seen = shown.show(LOAD_G - 4 * E_G)
    assert shown.events(EventKind.WITHDRAWN) == [reason]
    assert seen.withdrawn == reason
    if not blocked:
        assert shown.show(LOAD_G, times=80).withdrawn is None


def test_a_weight_that_an_indicator_doubts_itself_takes_the_accepted_one_back() -> None:
    shown = Shown()
    shown.weighed()
    assert shown.show(LOAD_G, state=FrameState.ERROR).status == Status.WITHDRAWN


def test_an_indicator_that_fails_long_after_leaves_nothing_standing() -> None:
    shown = Shown()
    shown.weighed()
    assert shown.show(LOAD_G, times=80).status == Status.ACCEPTED
    assert shown.show(None, None, state=FrameState.ERROR).status == Status.WITHDRAWN


def test_a_jump_that_nobody_saw_for_lost_frames_accuses_nobody() -> None:
    shown = Shown()
    shown.edge(blocked=True)
    shown.edge(blocked=False)
    for gap in [1, 1, 1, 2] * 12:
        shown.t_us += (gap - 1) * EVERY_US
        shown.show(0)
    shown.edge(blocked=True)
    shown.edge(blocked=False)
    shown.show(LOAD_G, times=12)
    assert shown.weigher.frames.loses
    assert shown.weigher.findings == ()


def test_the_vehicle_before_says_nothing_of_the_next() -> None:
    shown = Shown()
    shown.weighed()
    shown.edge(blocked=True)
    shown.show(5_000_000, 1_000_000, motion=True)
    shown.edge(blocked=False)
    shown.show(0, times=30)
    shown.show(LOAD_G, times=30)
    assert [found.kind for found in shown.weigher.findings] == [TamperKind.STEP]


def test_a_wheel_that_waits_at_the_edge_takes_no_zero_away() -> None:
    shown = Shown()
    shown.show(0, times=15)
    shown.edge(blocked=True)
    assert shown.show(60_000, times=30).zero_ok


def test_an_end_that_nobody_knows_of_is_not_clear() -> None:
    shown = Shown()
    shown.board()
    shown.weigher.see_ends(shown.ends.__class__(clear=False, watched=True))
    seen = shown.show(LOAD_G, times=50)
    assert (seen.status, seen.weight_g) == (Status.UNSTABLE, None)


def test_a_vehicle_that_joins_the_one_weighed_is_told() -> None:
    shown = Shown()
    shown.weighed()
    shown.edge(blocked=True)
    shown.show(20_000_000, 24_000_000, motion=True)
    assert shown.show(25_000_000, times=40).status == Status.TAILGATE


def test_a_vehicle_that_never_stands_still_is_unstable() -> None:
    shown = Shown()
    shown.board(motion=True)
    seen = shown.show(*[LOAD_G, LOAD_G + 2 * E_G] * 40)
    assert seen.status == Status.UNSTABLE
    assert seen.motion


def test_the_curve_is_the_readings() -> None:
    shown = Shown()
    shown.weighed()
    curve = shown.weigher.curve()
    assert curve[-1] == (shown.t_us, LOAD_G)
    assert all(b[0] - a[0] >= 90_000 for a, b in pairwise(curve))


def test_memory_is_bounded() -> None:
    shown = Shown(every_us=10_000)
    shown.show(0, times=5_000)
    assert len(shown.weigher.frames.since(0)) == 512
    assert len(shown.weigher.curve()) <= 1_200


def test_the_rule_is_the_one_of_the_records() -> None:
    """What was accepted is given again by the frames of its window and the stated rule."""
    shown = Shown()
    shown.weighed()
    basis = shown.look().basis
    assert basis is not None
    stated = dict(basis.parameters)
    window = [f for f in shown.weigher.frames.since(basis.from_us - 1) if f.t_us <= basis.to_us]
    rule = Rule(readings=stated["readings"], window_us=1)
    assert stable_g(window, shown.weigher.capacity, rule, stated["interval_us"]) == LOAD_G
