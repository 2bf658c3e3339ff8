"""What no vehicle does, seen by the weight and the ends of the deck alone."""

from __future__ import annotations

import pytest
from shown import E_G, Shown

from sensors.indicated_rule import Rule
from sensors.tamper_finding import TamperKind
from sensors.weighing import EventKind, Status

LOAD_G = 18_000_000


def test_what_appears_at_once_is_no_vehicle() -> None:
    shown = Shown()
    shown.show(0, times=15)
    shown.edge(blocked=True)
    shown.show(0, times=2)
    shown.edge(blocked=False)
    shown.show(0, times=1)
    shown.show(LOAD_G, times=60)
    assert [found.kind for found in shown.weigher.findings] == [TamperKind.STEP]
    assert shown.events(EventKind.TAMPER_STEP) == [LOAD_G]


def test_a_load_that_crossed_no_end_is_no_vehicle() -> None:
    shown = Shown()
    shown.show(0, times=60)
    shown.show(*[LOAD_G * part // 20 // E_G * E_G for part in range(1, 20)], motion=True)
    shown.show(LOAD_G, times=60)
    assert [found.kind for found in shown.weigher.findings] == [TamperKind.STEP]


def test_a_vehicle_that_comes_as_vehicles_do_is_not_accused() -> None:
    shown = Shown()
    shown.weighed()
    shown.show(LOAD_G, times=80)
    assert shown.weigher.findings == ()


def test_a_standing_load_that_changes_by_itself_is_told() -> None:
    shown = Shown()
    shown.weighed()
    shown.show(LOAD_G, times=60)
    shown.show(LOAD_G - 540_000, times=15)
    (found,) = shown.weigher.findings
    assert (found.kind, found.value_g, found.u95_g) == (TamperKind.PLATEAU_JUMP, -540_000, E_G)
    assert found.ratio_ppm == -30_000
    assert shown.events(EventKind.TAMPER_JUMP) == [-540_000]


@pytest.mark.parametrize("swing_g", [0, 200_000, 500_000])
def test_a_step_under_the_bounce_is_told_before_the_load_has_come_to_rest(swing_g: int) -> None:
    shown = Shown()
    shown.board(motion=True)
    shown.show(*[LOAD_G - swing_g, LOAD_G, LOAD_G + swing_g] * 8, motion=True)
    assert [found.kind for found in shown.weigher.findings] == []
    low_g = LOAD_G - 2_000_000
    shown.show(*[low_g - swing_g, low_g, low_g + swing_g] * 8, motion=True)
    (found,) = shown.weigher.findings
    assert found.kind == TamperKind.STEP
    assert found.value_g < -600_000


def test_a_step_upwards_is_told_as_one() -> None:
    shown = Shown()
    shown.board(motion=True)
    shown.show(LOAD_G + 2_000_000, times=15, motion=True)
    (found,) = shown.weigher.findings
    assert (found.kind, found.value_g, found.ratio_ppm) == (TamperKind.STEP, 2_000_000, 111_111)


def test_one_lying_frame_is_no_step() -> None:
    shown = Shown()
    shown.board(motion=True)
    shown.show(2 * LOAD_G, *[LOAD_G] * 30, motion=True)
    assert shown.weigher.findings == ()


def test_without_any_sensor_a_vehicle_settles_from_when_it_came() -> None:
    shown = Shown()
    shown.show(0, times=15)
    shown.weigher.see_ends(shown.ends.__class__())
    shown.show(*[LOAD_G * part // 20 // E_G * E_G for part in range(1, 20)], motion=True)
    assert shown.show(LOAD_G, times=35).status == Status.RUNNING
    assert shown.show(LOAD_G, times=15).status == Status.ACCEPTED


def test_an_axle_that_still_climbs_on_is_no_step() -> None:
    shown = Shown()
    shown.show(0, times=15)
    shown.edge(blocked=True)
    for gross_g in (4_000_000, 9_000_000, 12_000_000, LOAD_G):
        shown.show(gross_g, times=35, motion=True)
    shown.edge(blocked=False)
    shown.show(LOAD_G - 100_000, LOAD_G, times=4, motion=True)
    shown.show(LOAD_G, times=60)
    assert shown.weigher.findings == ()
    assert shown.look().status == Status.ACCEPTED


def test_a_load_that_creeps_is_held_to_where_it_began() -> None:
    shown = Shown(Rule(check_us=5_000_000))
    shown.weighed()
    for step in range(1, 12):
        shown.show(LOAD_G - step * E_G, times=40)
    assert shown.weigher.findings == () or shown.weigher.findings[0].value_g < -3 * E_G
    assert shown.events(EventKind.PERSON) != [] or shown.weigher.findings != ()


def test_a_person_who_steps_on_is_nobody_who_cheats() -> None:
    shown = Shown()
    shown.weighed()
    shown.show(LOAD_G + 80_000, times=15)
    assert shown.weigher.findings == ()
    assert shown.events(EventKind.PERSON) == [80_000]


def test_a_load_that_changes_while_an_end_is_crossed_is_not_accused() -> None:
    shown = Shown()
    shown.weighed()
    shown.edge(blocked=True)
    shown.show(12_000_000, times=20)
    shown.edge(blocked=False)
    shown.show(12_000_000, times=60)
    assert shown.weigher.findings == ()
    assert shown.events(EventKind.LOAD_CHANGED) == [12_000_000 - LOAD_G]


def test_a_deck_without_beams_accuses_nobody_of_a_jump() -> None:
    shown = Shown()
    shown.weighed()
    shown.weigher.see_ends(shown.ends.__class__(edge_us=shown.ends.edge_us))
    shown.show(9_000_000, times=60)
    assert shown.weigher.findings == ()


@pytest.mark.parametrize(("rest_g", "told"), [(-80_000, True), (-40_000, False), (300_000, True)])
def test_what_is_left_on_the_deck_is_told(rest_g: int, told: bool) -> None:
    shown = Shown()
    shown.weighed()
    shown.edge(blocked=True)
    shown.show(5_000_000, 1_000_000, motion=True)
    shown.edge(blocked=False)
    shown.show(rest_g, times=30)
    kinds = [found.kind for found in shown.weigher.findings]
    assert kinds == ([TamperKind.NO_RETURN] if told else [])
    assert shown.events(EventKind.ZERO_NOT_RETURNED) == [rest_g]
