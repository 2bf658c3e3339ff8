"""Tests over time, read off from what a weigher said tick by tick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import pytest

from sensors.metrology.look import Look, Run, is_still, look_at, with_named
from sensors.metrology.report import Conditions, Instrument, Report, SetError
from sensors.metrology.runs import creep_of, stability_of, zero_of, zero_return_of
from sensors.weighing import DeckState, Status

KG = 1000
S = 1_000_000
MIN = 60 * S
TRUCKS = Instrument(serial="WB-17", max_g=100_000 * KG, e_g=20 * KG, d_g=20 * KG, supports=6)
RECORDED = Conditions(resolution_g=0.0, source="recorded")


def look(t_us: int, kg: float, **more: Any) -> Look:
    gross_g = round(kg * KG)
    shown_g = round(kg / 20) * 20 * KG
    empty = kg < 400
    said: dict[str, Any] = {
        "t_us": t_us,
        "gross_g": gross_g,
        "absolute_g": gross_g,
        "indicated_g": shown_g,
        "estimated_g": None if empty else shown_g,
        "deck": DeckState.EMPTY if empty else DeckState.LOADED,
        "status": Status.IDLE if empty else Status.RUNNING,
        "stored_g": None,
        "accepted_us": None,
        "zero_set_us": None,
    }
    return Look(**{**said, **more})


def run(looks: Sequence[Look]) -> Run:
    return Run(name="s.csv", looks=tuple(looks))


def named(name: str, make: Callable[[], Report]) -> str:
    with pytest.raises(SetError) as caught:
        make()
    assert caught.value.name == name
    return str(caught.value)


def loaded(curve: Callable[[float], float], minutes: float = 31, back_kg: float = 0.0) -> Run:
    """Half a minute of empty deck, the load for some minutes, half a minute of empty deck."""
    begin_us, end_us = 30 * S, 30 * S + round(minutes * MIN)
    looks = [look(t, 0.0) for t in range(0, begin_us, S)]
    looks += [look(t, 50_000.0 + t % 7e6 / 1e5) for t in range(begin_us, begin_us + 4 * S, S)]
    looks += [
        look(t, 98_000 + curve((t - begin_us) / MIN)) for t in range(begin_us + 4 * S, end_us, S)
    ]
    looks += [look(t, 40_000.0 + t % 7e6 / 1e5) for t in range(end_us, end_us + 4 * S, S)]
    return run([*looks, *(look(t, back_kg) for t in range(end_us + 4 * S, end_us + 30 * S, S))])


def test_creep_is_read_from_the_first_stable_reading_on() -> None:
    report = creep_of([loaded(lambda minutes: 0.2 * minutes)], TRUCKS, RECORDED)
    assert report.passed
    moved = [row.decision.value_g / KG for row in report.rows if row.decision]
    assert moved == pytest.approx([1.0, 3.0, 6.0], abs=0.05)
    assert [row.reading.at_s for row in report.rows] == [0, 300, 900, 1800]


def test_creep_over_half_an_interval_asks_for_four_hours_or_fails() -> None:
    named("too_short", lambda: creep_of([loaded(lambda m: 0.5 * m)], TRUCKS, RECORDED))
    assert not creep_of([loaded(lambda m: 1.1 * m)], TRUCKS, RECORDED).passed


def test_a_load_taken_off_early_or_too_light_is_no_creep_test() -> None:
    early = loaded(lambda m: 0.0, minutes=20)
    named("missing_time", lambda: creep_of([early], TRUCKS, RECORDED))
    light = loaded(lambda m: -20_000.0)
    assert "close to Max" in named("no_stable_reading", lambda: creep_of([light], TRUCKS, RECORDED))
    with pytest.raises(ValueError, match="give one --trace"):
        creep_of([early, early], TRUCKS, RECORDED)


@pytest.mark.parametrize(("back_kg", "passed"), [(9.9, True), (-9.9, True), (10.1, False)])
def test_zero_return_is_what_is_left_after_the_load(back_kg: float, passed: bool) -> None:
    report = zero_return_of([loaded(lambda m: 0.0, back_kg=back_kg)], TRUCKS, RECORDED)
    assert report.passed is passed
    assert report.worst.value_g == pytest.approx(back_kg * KG)


def test_zero_tracking_cannot_hide_a_zero_that_did_not_return() -> None:
    moved = loaded(lambda m: 0.0)
    tracked = [
        msgspec.structs.replace(one, absolute_g=15 * KG) if one.t_us > 31 * MIN else one
        for one in moved.looks
    ]
    assert zero_return_of([moved], TRUCKS, RECORDED).passed
    assert not zero_return_of([run(tracked)], TRUCKS, RECORDED).passed


def test_zero_return_needs_half_an_hour_and_an_empty_deck_on_both_sides() -> None:
    named("too_short", lambda: zero_return_of([loaded(lambda m: 0.0, 20)], TRUCKS, RECORDED))
    whole = loaded(lambda m: 0.0)
    for cut in (run(whole.looks[29:]), run(whole.looks[:-25])):
        named("no_stable_reading", partial(zero_return_of, [cut], TRUCKS, RECORDED))


def stored(
    kg: float, shown_kg: Sequence[float] = (), after_s: float = 6.0, **later: Any
) -> list[Look]:
    """A weight stored at one second, then what was shown in steps of 0.5 s."""
    at = {"status": Status.ACCEPTED, "stored_g": round(kg * KG), "accepted_us": S}
    looks = [look(S, kg, **at)]
    for number in range(1, int(after_s * 2) + 1):
        value_kg = shown_kg[(number - 1) % len(shown_kg)] if shown_kg else kg
        looks.append(look(S + number * S // 2, value_kg, **{**at, **later}))
    return looks


def test_stored_weights_are_held_against_the_five_seconds_after_them() -> None:
    good = run(stored(32_000))
    assert stability_of([good] * 5, TRUCKS, RECORDED).passed
    drifting = run(stored(32_000, (31_980, 32_000, 32_020)))
    report = stability_of([*[good] * 4, drifting], TRUCKS, RECORDED)
    assert not report.passed
    assert sum(row.note.endswith(" x") for row in report.rows) == 4 + 3
    late = run([*stored(32_000, after_s=5.0), look(7 * S, 33_000)])
    assert stability_of([*[good] * 4, late], TRUCKS, RECORDED).passed, "only 5 s count"


def test_the_live_reading_can_be_asked_for_instead_of_the_estimate() -> None:
    swinging = run(stored(32_000, estimated_g=32_000 * KG, indicated_g=32_060 * KG))
    assert stability_of([swinging] * 5, TRUCKS, RECORDED).passed
    assert not stability_of([swinging] * 5, TRUCKS, RECORDED, live=True).passed


def test_a_display_that_shows_nothing_is_no_stable_one() -> None:
    blank = run(stored(32_000, estimated_g=None, indicated_g=None))
    for live in (False, True):
        named("no_stable_reading", partial(stability_of, [blank] * 5, TRUCKS, RECORDED, live=live))
    once = stored(32_000)
    once[1] = msgspec.structs.replace(once[1], estimated_g=None, indicated_g=None)
    assert stability_of([run(once)] * 5, TRUCKS, RECORDED).passed, "one tick repeats the last"
    named("no_stable_reading", partial(stability_of, [run(once)] * 5, TRUCKS, RECORDED, live=True))


def test_a_weight_that_is_withdrawn_or_leaves_too_soon_decides_nothing() -> None:
    good = [run(stored(32_000))] * 4
    named("too_few_weighings", lambda: stability_of(good, TRUCKS, RECORDED))
    short = run(stored(32_000, after_s=4.0))
    named("too_short", lambda: stability_of([*good, short], TRUCKS, RECORDED))
    gone = run([*stored(32_000, after_s=3.0), *(look(t * S, 0.0) for t in range(5, 9))])
    named("withdrawn", lambda: stability_of([*good, gone], TRUCKS, RECORDED))


@pytest.mark.parametrize(("kg", "passed"), [(4.9, True), (-4.9, True), (5.1, False)])
def test_every_zero_set_is_read_right_after(kg: float, passed: bool) -> None:
    looks = [look(t * S // 2, kg, zero_set_us=S if t > 2 else None) for t in range(12)]
    report = zero_of([run(looks)], TRUCKS, RECORDED)
    assert report.passed is passed
    assert len(report.rows) == 1


def test_a_zero_that_was_driven_over_is_not_read() -> None:
    looks = [look(t * S, 0.0 if t < 2 else 500.0, zero_set_us=S) for t in range(6)]
    named("too_few_weighings", lambda: zero_of([run(looks)], TRUCKS, RECORDED))


def test_a_weigher_gives_what_the_tests_need(
    passage: Callable[..., Any], watch: Callable[..., Any], stop_legs: Any
) -> None:
    made = passage(stop_legs, bounce=0.0)
    looks = [look_at(seen, made.scale) for seen in watch(made)]
    truck = run(looks)
    report = stability_of([truck] * 5, TRUCKS, RECORDED)
    assert {row.reading.load_g for row in report.rows} == {24_000 * KG}
    assert report.passed
    assert zero_of([truck], TRUCKS, RECORDED).passed


def test_cells_named_meanwhile_do_not_stop_a_known_load_and_are_reported() -> None:
    """Weights over one support look like a failing cell to a watch that expects axles."""
    deck = {"deck": DeckState.UNKNOWN, "named": ("cell0 drifting",)}
    seen = [look(t * S // 5, 14_000.0, **deck) for t in range(20)]
    assert is_still(seen, TRUCKS.e_g)
    assert not is_still([look(0, 14_000.0, deck=DeckState.UNKNOWN)], TRUCKS.e_g)
    assert not is_still([], TRUCKS.e_g)
    assert not is_still([look(0, 0.0), look(S, 20.1)], TRUCKS.e_g)
    report = creep_of([loaded(lambda m: 0.0)], TRUCKS, RECORDED)
    assert with_named(report, seen).notes[-1] == ("cells_named", "cell0 drifting")
    assert with_named(report, loaded(lambda m: 0.0).looks) == report
