"""Each verdict of the weigher on passages built here."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from sensors.cells import CellHealth
from sensors.weigher import Weigher
from sensors.weighing import DeckState, EventKind, Status

Make = Callable[..., Any]
Legs = list[tuple[float, float]]

TRUE_G = 24_000_000
MPE_G = 20_000
RAIL_KG = (2**23 - 1 - 300_000) / 140.0
NO_SIGNAL_KG = -300_000 / 140.0


def kinds(weigher: Weigher) -> list[EventKind]:
    return [event.kind for event in weigher.snapshot().events]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("beams", [True, False])
def test_a_truck_that_stands_is_weighed_within_the_initial_error(
    passage: Make, stop_legs: Legs, reverse: bool, beams: bool
) -> None:
    weigher = passage(stop_legs, reverse=reverse, has_beams=beams).run(beams=beams)
    last = weigher.snapshot()
    assert last.status == weigher.outcome() == Status.ACCEPTED
    assert last.weight_g is not None
    assert abs(last.weight_g - TRUE_G) <= MPE_G
    assert last.u95_g is not None
    assert last.u95_g <= MPE_G / 2
    assert last.axles == 3
    assert last.axle_offsets_mm == pytest.approx((0, 3500, 4900), abs=400)
    assert last.deck == DeckState.LOADED
    assert last.indicated_g == TRUE_G


def test_the_same_answer_when_the_recording_is_cut_at_the_accepted_instant(
    passage: Make, stop_legs: Legs
) -> None:
    whole = passage(stop_legs).run().snapshot()
    cut = passage(stop_legs).run(until_us=whole.accepted_us)
    assert cut.outcome() == Status.ACCEPTED
    assert (cut.snapshot().weight_g, cut.snapshot().accepted_us) == (
        whole.weight_g,
        whole.accepted_us,
    )


@pytest.mark.parametrize("batch", [1, 2, 5, 64])
def test_the_batches_of_the_scan_do_not_matter(passage: Make, stop_legs: Legs, batch: int) -> None:
    one = passage(stop_legs).run(batch=3).snapshot()
    other = passage(stop_legs).run(batch=batch).snapshot()
    assert (one.weight_g, one.accepted_us, one.axles) == (
        other.weight_g,
        other.accepted_us,
        other.axles,
    )


def test_a_truck_that_rolls_through_is_unstable(passage: Make) -> None:
    weigher = passage([(3.0, 0.0), (60.0, 1.3)], seconds=28.0).run()
    assert weigher.outcome() == Status.RUNNING
    assert EventKind.ACCEPTED not in kinds(weigher)
    assert weigher.snapshot().deck == DeckState.EMPTY


def test_a_rocked_truck_is_not_accepted(passage: Make, stop_legs: Legs) -> None:
    weigher = passage(stop_legs, rock=(13.0, 0.04)).run()
    assert weigher.outcome() not in (Status.ACCEPTED, Status.CELL_FAULT, Status.TAILGATE)


def test_an_axle_off_the_entry_is_not_fully_on(passage: Make) -> None:
    weigher = passage([(3.0, 0.0), (4.5, 1.8), (60.0, 0.0)]).run()
    assert weigher.outcome() == Status.NOT_FULLY_ON
    assert EventKind.ACCEPTED not in kinds(weigher)


@pytest.mark.parametrize("beams", [True, False])
def test_an_axle_beyond_the_exit_is_not_fully_on_with_and_without_beams(
    passage: Make, beams: bool
) -> None:
    weigher = passage([(3.0, 0.0), (11.8, 1.8), (60.0, 0.0)], has_beams=beams).run(beams=beams)
    assert weigher.outcome() == Status.NOT_FULLY_ON


def test_a_pause_with_an_axle_to_come_ends_with_the_whole_weight(passage: Make) -> None:
    legs = [(3.0, 0.0), (4.6, 1.8), (5.0, 0.0), (4.9, 1.8), (60.0, 0.0)]
    weigher = passage(legs, seconds=32.0).run()
    last = weigher.snapshot()
    assert last.status == Status.ACCEPTED
    assert last.weight_g == pytest.approx(TRUE_G, abs=MPE_G)
    accepted = [event for event in last.events if event.kind == EventKind.ACCEPTED]
    assert len(accepted) == 1


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("driven_s", "creep_mps"), [(10.48, -0.45), (5.4, 0.45)])
def test_who_creeps_out_of_a_beam_is_weighed_once_he_stands(
    passage: Make, driven_s: float, creep_mps: float, reverse: bool
) -> None:
    """Stood past the far end, or short with the rear in the near beam, then corrected as bidden."""
    legs = [(3.0, 0.0), (driven_s, 1.8), (1.2, 0.0), (2.5, creep_mps), (60.0, 0.0)]
    crept = passage(legs, seconds=30.0, reverse=reverse)
    weigher = crept.run()
    last = weigher.snapshot()
    rolled_us = int(crept.t_us[np.flatnonzero(np.diff(crept.way_m))[-1]])
    assert EventKind.NOT_FULLY_ON in kinds(weigher)
    assert EventKind.WITHDRAWN not in kinds(weigher)
    assert last.status == Status.ACCEPTED
    assert last.weight_g == pytest.approx(TRUE_G, abs=MPE_G)
    assert last.basis is not None
    assert last.basis.stopped_us == pytest.approx(rolled_us, abs=300_000)
    assert rolled_us < last.accepted_us < rolled_us + 2_000_000


@pytest.mark.parametrize("beams", [True, False])
def test_a_second_vehicle_is_a_tailgate_and_takes_the_weight_back(
    passage: Make, stop_legs: Legs, add_load: Make, beams: bool
) -> None:
    tailed = passage(stop_legs, has_beams=beams)
    since = (tailed.t_us - tailed.t_us[0]) / 1e6 - 17.0
    way = np.clip(since, 0, 1.5)
    add_load(tailed, 5000 * np.clip(since / 0.3, 0, 1), way)
    tailed.beams[since > -0.8, 0] = 1
    weigher = tailed.run(beams=beams)
    assert weigher.outcome() == Status.TAILGATE
    assert EventKind.WITHDRAWN in kinds(weigher)


HEAVY = ((0.0, 7000.0), (3.5, 12000.0), (4.9, 12000.0), (8.3, 12000.0), (9.7, 12000.0))


@pytest.mark.parametrize("reverse", [False, True])
def test_a_light_axle_that_creeps_on_behind_a_heavy_vehicle_is_a_second_vehicle(
    passage: Make, stop_legs: Legs, add_load: Make, reverse: bool
) -> None:
    """At half a metre a second it takes 0.6 s over the edge, and weighs less than a twelfth."""
    followed = passage(stop_legs, axles=HEAVY, reverse=reverse)
    since = (followed.t_us - followed.t_us[0]) / 1e6 - 16.0
    way = np.clip(0.5 * since, 0, 0.6)
    add_load(followed, 4400 * np.clip(way / 0.3, 0, 1), 16.0 - way if reverse else way)
    followed.beams[since > -5.0, 1 if reverse else 0] = 1
    weigher = followed.run(until_us=19_000_000)
    assert weigher.snapshot().status == Status.TAILGATE


@pytest.mark.parametrize(
    ("gap_s", "after_s", "loops", "told"),
    [
        (1.0, 2.4, True, True),
        (1.0, 2.4, False, False),
        (0.2, 3.2, True, False),
        (1.0, 1.0, True, False),
    ],
)
def test_a_vehicle_that_rolls_on_behind_the_first_is_told_by_a_gap_that_a_loop_saw(
    passage: Make,
    stop_legs: Legs,
    add_load: Make,
    gap_s: float,
    after_s: float,
    loops: bool,
    told: bool,
) -> None:
    """The first still rolls; beams may have looked over a drawbar, loops over a short high one."""
    tailed = passage(stop_legs)
    t_s = (tailed.t_us - tailed.t_us[0]) / 1e6
    parted_s = float(t_s[tailed.beams[:, 0] == 1][-1])
    since = t_s - parted_s - gap_s
    tailed.beams[since > 0, 0] = 1
    way = since - after_s
    add_load(tailed, 8000 * np.clip(way / 0.2, 0, 1), np.clip(0.6 * way, 0, 3))
    weigher = tailed.run(loops=loops)
    found = kinds(weigher)
    assert found.count(EventKind.AXLE_ON) == 4
    assert (EventKind.TAILGATE in found) == told


@pytest.mark.parametrize(("hole_s", "axles"), [(0.3, 3), (1.0, -1)])
def test_axles_that_came_in_a_hole_in_time_are_not_counted(
    passage: Make, stop_legs: Legs, hole_s: float, axles: int
) -> None:
    """A converter that starts anew as a vehicle rolls on; the weight is taken all the same."""
    whole = passage(stop_legs)
    t_s = (whole.t_us - whole.t_us[0]) / 1e6
    last_s = float(t_s[whole.way_m > 4.9][0])
    kept = (t_s < last_s + 0.4) | (t_s > last_s + 0.4 + hole_s)
    fields = {name: getattr(whole, name)[kept] for name in ("t_us", "kg", "beams", "way_m")}
    last = msgspec.structs.replace(whole, **fields).run().snapshot()
    assert last.status == Status.ACCEPTED
    assert last.axles == axles


def test_a_person_who_steps_on_never_becomes_part_of_the_weight(
    passage: Make, stop_legs: Legs, add_load: Make
) -> None:
    visited = passage(stop_legs)
    t_s = (visited.t_us - visited.t_us[0]) / 1e6
    weight = 90 * (np.clip((t_s - 17) / 0.4, 0, 1) - np.clip((t_s - 22) / 0.4, 0, 1))
    add_load(visited, weight, 6.0)
    last = visited.run().snapshot()
    assert last.status == Status.ACCEPTED
    assert last.weight_g == pytest.approx(TRUE_G, abs=MPE_G)
    assert not (18.0 < last.accepted_us / 1e6 - 1 < 22.0)


def test_a_load_that_stays_on_top_of_an_accepted_weight_takes_it_back(
    passage: Make, stop_legs: Legs, add_load: Make
) -> None:
    visited = passage(stop_legs)
    t_s = (visited.t_us - visited.t_us[0]) / 1e6
    add_load(visited, 120 * np.clip((t_s - 16) / 0.4, 0, 1), 6.0)
    assert visited.run().outcome() in (Status.WITHDRAWN, Status.UNSTABLE)


def spoil_stuck(kg: Any, t_s: Any, cell: int) -> None:
    late = t_s > 9.0
    kg[late, cell] = kg[np.argmax(late), cell]


def spoil_lost(kg: Any, t_s: Any, cell: int) -> None:
    late = t_s > 9.0
    kg[late, cell] = np.random.default_rng(1).normal(-2000.0, 1.5, late.sum())


def spoil_noise(kg: Any, t_s: Any, cell: int) -> None:
    late = t_s > 14.0
    kg[late, cell] += np.random.default_rng(1).normal(0.0, 200.0, late.sum())


def spoil_drift(kg: Any, t_s: Any, cell: int) -> None:
    kg[:, cell] += 60.0 * np.clip(t_s - 15.0, 0, None)


def spoil_jump(kg: Any, t_s: Any, cell: int) -> None:
    kg[t_s > 10.0, cell] += 400.0


def spoil_span(kg: Any, t_s: Any, cell: int) -> None:
    kg[:, cell] = (kg[:, cell] + 2000.0) * 0.65 - 2000.0


def spoil_shunt(kg: Any, t_s: Any, cell: int) -> None:
    kg[:, cell] *= 0.7


def spoil_rail(kg: Any, t_s: Any, cell: int) -> None:
    kg[t_s > 9.0, cell] = 1e6


def spoil_range(kg: Any, t_s: Any, cell: int) -> None:
    """A converter whose gain is too high for the load: the cell climbs to the rail with it."""
    kg[:, cell] = np.minimum(kg[:, cell] * 8.0, RAIL_KG)


def spoil_pickup(kg: Any, t_s: Any, cell: int) -> None:
    late = t_s > 14.0
    kg[late, cell] = np.random.default_rng(1).normal(0.0, 9000.0, late.sum())


def spoil_signal(kg: Any, t_s: Any, cell: int) -> None:
    late = t_s > 9.0
    kg[late, cell] = NO_SIGNAL_KG + np.random.default_rng(1).normal(0.0, 0.7, late.sum())


@pytest.mark.parametrize(
    ("spoil", "health"),
    [
        (spoil_stuck, CellHealth.STUCK),
        (spoil_lost, CellHealth.OFF_CALIBRATION),
        (spoil_noise, CellHealth.NOISY),
        (spoil_drift, CellHealth.DRIFTING),
        (spoil_jump, CellHealth.DRIFTING),
        (spoil_span, CellHealth.OFF_CALIBRATION),
        (spoil_shunt, CellHealth.SHUNTED),
        (spoil_rail, CellHealth.OPEN),
        (spoil_range, CellHealth.SATURATED),
        (spoil_pickup, CellHealth.OPEN),
        (spoil_signal, CellHealth.SHORTED),
    ],
)
def test_a_failing_cell_is_named_and_nothing_is_weighed(
    passage: Make, stop_legs: Legs, spoil: Callable[..., None], health: CellHealth
) -> None:
    spoiled = passage(stop_legs)
    spoil(spoiled.kg, (spoiled.t_us - spoiled.t_us[0]) / 1e6, 2)
    weigher = spoiled.run()
    last = weigher.snapshot()
    assert weigher.outcome() == Status.CELL_FAULT
    assert last.deck == DeckState.UNKNOWN
    assert last.indicated_g is None
    assert last.cells[2] == health
    assert [cell for i, cell in enumerate(last.cells) if i != 2] == [CellHealth.OK] * 5


def test_spikes_and_short_gaps_change_nothing(passage: Make, stop_legs: Legs) -> None:
    rough = passage(stop_legs)
    rng = np.random.default_rng(3)
    for row in rng.integers(0, len(rough.kg), 25):
        rough.kg[row, rng.integers(6)] += rng.choice([-1, 1]) * 5000.0
    last = rough.run().snapshot()
    assert last.status == Status.ACCEPTED
    assert last.weight_g == pytest.approx(TRUE_G, abs=MPE_G)


def test_a_leaving_truck_keeps_its_weight_and_the_next_gets_a_new_id(passage: Make) -> None:
    legs = [(3.0, 0.0), (9.5, 1.8), (9.0, 0.0), (60.0, 1.8)]
    weigher = passage(legs, seconds=38.0).run()
    last = weigher.snapshot()
    assert last.status == Status.IDLE
    assert weigher.outcome() == Status.ACCEPTED
    assert last.deck == DeckState.EMPTY
    assert last.weight_g == pytest.approx(TRUE_G, abs=MPE_G)
    assert last.weighing_id == 1


def test_a_silent_converter_makes_the_deck_unknown(passage: Make, stop_legs: Legs) -> None:
    weigher = passage(stop_legs).run()
    now_us = weigher.snapshot().t_us
    assert weigher.snapshot(now_us + 400_000).deck == DeckState.LOADED
    assert weigher.snapshot(now_us + 600_000).deck == DeckState.UNKNOWN


def test_the_curve_is_bounded_and_follows_the_load(passage: Make, stop_legs: Legs) -> None:
    curve = passage(stop_legs).run().curve()
    assert 230 <= len(curve) <= 270
    assert curve[-1][1] == pytest.approx(TRUE_G, abs=100_000)
