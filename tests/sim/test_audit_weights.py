"""A weight is taken at rest of a whole vehicle, and says how it was made (I5, T3, T8, T12, T13)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audit_rig import SECOND, Day, hashes, image, weight_is_wrong
from msgspec.structs import replace

from controller.core.images import OutputImage, Weight
from controller.core.kinds import Deck, WeighingStatus
from protocol import parts
from sim.checker import Checker
from sim.world import Fault


def weight_never_accepted(day: Day) -> None:
    times = day.times(at_us=29 * SECOND)
    day.records = [day.record(times=times, weighing=day.weighing(stable_to_us=29 * SECOND))]


def rolled_as_it_was_weighed(day: Day) -> None:
    day.vehicle.v_mps = 1.0


def half_on_the_deck(day: Day) -> None:
    day.vehicle.s_m = 3.0


def uncertain(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(u95_g=29_000))]


def without_uncertainty(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(u95_g=None))]


def not_rounded(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(estimate_g=day.gross_g + 15_000))]


def tolerance_of_another_step(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(mpe_g=20_000))]


def without_counts(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(raw=None))]


def without_curve(day: Day) -> None:
    day.records = [day.record(curve=None)]


def axle_missed(day: Day) -> None:
    day.records = [day.record(axles=parts.Axles(count=2, source=parts.Source.SENSOR))]


def accused(day: Day) -> None:
    day.records = [day.record(flags=("213 WEIGHT_SCALED -1730 kg ± 384 kg, -10.75 %",))]


def braked_as_it_was_weighed(day: Day) -> None:
    day.vehicle.v_mps = 0.15


@pytest.mark.parametrize(
    ("spoil", "checks"),
    [
        (weight_never_accepted, ["I5"]),
        (weight_is_wrong, ["T3"]),
        (rolled_as_it_was_weighed, ["T8"]),
        (half_on_the_deck, ["T8"]),
        (uncertain, ["T12"]),
        (without_uncertainty, ["T12"]),
        (not_rounded, ["T12"]),
        (tolerance_of_another_step, ["T12"]),
        (without_counts, ["T12"]),
        (without_curve, ["T12"]),
        (axle_missed, ["T12"]),
        (accused, ["T13"]),
        (braked_as_it_was_weighed, ["T8"]),
    ],
)
def test_one_thing_wrong_is_found(spoil: Callable[[Day], None], checks: list[str]) -> None:
    day = Day()
    spoil(day)
    assert sorted(day.checks()) == checks


@pytest.mark.parametrize(("status", "found"), [("ACCEPTED", ["T8"]), ("WITHDRAWN", [])])
def test_t8_who_rolls_on_just_after_takes_his_weight_back(status: str, found: list[str]) -> None:
    day = Day()
    checker = Checker(day.yard)
    for now_s in range(30, 36):
        day.vehicle.v_mps = 0.4 if now_s > 30 else 0.0
        weight = Weight(
            deck=Deck.LOADED,
            status=WeighingStatus.ACCEPTED if now_s < 32 else WeighingStatus[status],
            accepted_us=30 * SECOND,
            stable_from_us=28 * SECOND,
            weight_g=day.gross_g,
        )
        checker.observe(image(now_s, weight=weight), OutputImage(sign=day.shown, passage_id=1))
    records = day.sealed()
    assert [one.check for one in checker.finish(records, hashes(records))] == found


@pytest.mark.parametrize(
    ("before", "rocks", "found"), [(0.3, False, ["T8"]), (0.3, True, []), (0.0, False, [])]
)
def test_t8_who_sets_off_as_his_weight_is_taken_has_stood_for_it(
    before: float, rocks: bool, found: list[str]
) -> None:
    day = Day()
    driver = day.yard.drivers[0]
    driver.habits = replace(driver.habits, rocks=rocks)
    checker = Checker(day.yard)
    for now_s, mps in ((29.7, before), (30.0, 0.3)):
        day.vehicle.v_mps = mps
        taken = now_s == 30.0
        weight = Weight(
            deck=Deck.LOADED,
            status=WeighingStatus.ACCEPTED if taken else WeighingStatus.RUNNING,
            accepted_us=30 * SECOND if taken else None,
            stable_from_us=28 * SECOND,
            weight_g=day.gross_g,
        )
        checker.observe(image(now_s, weight=weight), OutputImage(sign=day.shown, passage_id=1))
    records = day.sealed()
    assert [one.check for one in checker.finish(records, hashes(records))] == found


@pytest.mark.parametrize(
    ("stood_s", "still_mps", "mps", "in_beam", "found"),
    [
        (1.0, 0.0, 0.9, False, []),
        (1.0, 0.04, 0.9, False, []),
        (1.0, 0.06, 0.9, False, ["T8"]),
        (0.2, 0.0, 0.4, False, ["T8"]),
        (1.0, 0.0, 1.1, False, ["T8"]),
        (1.0, 0.0, 0.4, True, ["T8"]),
    ],
)
def test_t8_who_stood_and_has_hardly_moved_since_is_weighed_rightly(
    stood_s: float, still_mps: float, mps: float, in_beam: bool, found: list[str]
) -> None:
    """Sets off half a second before its weight is taken; rolls in before that."""
    day = Day()
    checker = Checker(day.yard)
    whole_m = day.vehicle.s_m
    in_beam_m = day.vehicle.truck.length_m - day.yard.layout.beam_m
    for tick in range(280, 301):
        now_s = tick / 10
        day.vehicle.s_m = in_beam_m if in_beam and now_s <= 29.5 else whole_m
        day.vehicle.v_mps = 0.5 if now_s < 29.5 - stood_s else mps if now_s > 29.5 else still_mps
        weight = Weight(
            deck=Deck.LOADED,
            status=WeighingStatus.ACCEPTED if tick == 300 else WeighingStatus.RUNNING,
            accepted_us=30 * SECOND if tick == 300 else None,
            stable_from_us=28 * SECOND,
            weight_g=day.gross_g,
        )
        checker.observe(image(now_s, weight=weight), OutputImage(sign=day.shown, passage_id=1))
    records = day.sealed()
    assert [one.check for one in checker.finish(records, hashes(records))] == found


def test_t12_a_vehicle_whose_axles_nobody_has_counted() -> None:
    day = Day()
    day.records = [day.record(axles=parts.Axles(count=3, source=parts.Source.REGISTER))]
    assert day.checks() == ["T12"]


@pytest.mark.parametrize(("device", "wrong"), [("cells", False), ("cell0", True)])
def test_t3_no_weight_is_held_to_truth_while_all_cells_read_too_much(
    device: str, wrong: bool
) -> None:
    day = Day()
    weight_is_wrong(day)
    lies = Fault(device=device, kind="reads too much", from_us=12 * SECOND)
    day.yard.options = replace(day.yard.options, faults=(lies,))
    assert ("T3" in day.checks()) is wrong
