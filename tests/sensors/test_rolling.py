"""Vehicles that roll over: right weights within their own uncertainty, and reasons for the rest."""

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rolling_yard import Floats, Rolled, Vehicle, make_scale, roll, steady

from sensors.rolling import (
    GROSS_INITIAL_PERCENT,
    RollingScale,
    RollingVerdict,
    RollingWeighing,
    class_for,
    weigh_recording,
)
from sensors.rolling.signal import prepare
from sensors.rolling.track import find_axles

ARTIC = Vehicle(
    offset_m=(0.0, 3.1, 4.4, 9.7, 11.0, 12.3),
    axle_kg=(6800.0, 8900.0, 8700.0, 6300.0, 6400.0, 6500.0),
    way_m=steady(5.0),
)
RIGID = Vehicle(offset_m=(0.0, 4.2), axle_kg=(5200.0, 9800.0), way_m=steady(5.0))
PLATE = make_scale(length_m=1.0, rows=2, rate_hz=100.0)
DECK = make_scale()


def at(vehicle: Vehicle, way_m: Callable[[Floats], Floats], **changes: object) -> Vehicle:
    return msgspec.structs.replace(vehicle, way_m=way_m, **changes)


def weigh(rolled: Rolled, beams: bool = True) -> list[RollingWeighing]:
    pair = (rolled.entry_beam, rolled.exit_beam) if beams else (None, None)
    return weigh_recording(rolled.t_us, rolled.counts, rolled.scale, *pair)


def only(found: Sequence[RollingWeighing]) -> RollingWeighing:
    assert len(found) == 1
    return found[0]


def kinds(weighing: RollingWeighing) -> set[str]:
    return {event.kind for event in weighing.events}


def assert_weighs(weighing: RollingWeighing, vehicle: Vehicle, share: float) -> None:
    assert weighing.verdict is RollingVerdict.OK
    assert weighing.gross_g is not None
    assert weighing.gross_u95_g is not None
    error_g = abs(weighing.gross_g - 1000 * vehicle.gross_kg)
    assert error_g < share * 1000 * vehicle.gross_kg
    assert error_g < 1.5 * weighing.gross_u95_g
    assert len(weighing.axle_g) == len(vehicle.axle_kg)
    for load_g, u95_g, true_kg in zip(
        weighing.axle_g, weighing.axle_u95_g, vehicle.axle_kg, strict=True
    ):
        assert abs(load_g - 1000 * true_kg) < 1.5 * u95_g


@pytest.mark.parametrize("kmh", [3.0, 8.0, 14.0])
@pytest.mark.parametrize("vehicle", [ARTIC, RIGID])
def test_gross_axles_spacings_and_speed_over_a_deck(vehicle: Vehicle, kmh: float) -> None:
    seconds = 4.0 + 34.0 / (kmh / 3.6)
    found = only(weigh(roll(DECK, [at(vehicle, steady(kmh))], seconds)))
    assert_weighs(found, vehicle, 0.004)
    assert np.allclose(found.spacing_mm, 1000 * np.diff(vehicle.offset_m), atol=60)
    assert found.speed_kmh == pytest.approx(kmh, rel=0.02)


@pytest.mark.parametrize("wrong", [0.94, 1.06])
def test_axles_are_found_on_a_way_that_is_measured_too_short_or_too_long(wrong: float) -> None:
    rolled = roll(DECK, [ARTIC], 30.0)
    on = np.flatnonzero(DECK.to_grams(rolled.counts).sum(axis=1) > DECK.min_g)
    signal = prepare(rolled.t_us, rolled.counts, DECK, int(on[0]), int(on[-1]))
    _, offset_m, _ = find_axles(signal, wrong * ARTIC.way_m(signal.t_s))
    assert np.allclose(offset_m, ARTIC.offset_m, atol=0.15)


@pytest.mark.parametrize("kmh", [4.0, 12.0])
def test_axle_by_axle_over_a_plate(kmh: float) -> None:
    seconds = 4.0 + 16.0 / (kmh / 3.6)
    found = only(weigh(roll(PLATE, [at(ARTIC, steady(kmh))], seconds, seed=3)))
    assert_weighs(found, ARTIC, 0.03)
    assert np.allclose(found.spacing_mm, 1000 * np.diff(ARTIC.offset_m), atol=120)


def test_a_plate_is_less_certain_than_a_deck() -> None:
    on_deck = only(weigh(roll(DECK, [ARTIC], 30.0)))
    on_plate = only(weigh(roll(PLATE, [ARTIC], 18.0)))
    assert on_plate.gross_u95_g is not None
    assert on_deck.gross_u95_g is not None
    assert on_plate.gross_u95_g > 2 * on_deck.gross_u95_g
    slow = only(weigh(roll(make_scale(4.0, 2, 100.0), [at(ARTIC, steady(3.0))], 30.0)))
    assert slow.gross_g is not None
    assert slow.gross_u95_g is not None
    assert slow.gross_u95_g > 2 * 0.007 * slow.gross_g


def test_the_other_direction_says_the_same() -> None:
    rolled = roll(DECK, [ARTIC], 30.0)
    length_m = DECK.platform_mm / 1000
    turned = tuple(
        msgspec.structs.replace(cell, x_m=length_m - cell.x_m) for cell in rolled.scale.cells
    )
    mirrored = msgspec.structs.replace(
        rolled,
        scale=msgspec.structs.replace(rolled.scale, cells=turned),
        entry_beam=rolled.exit_beam,
        exit_beam=rolled.entry_beam,
    )
    one, other = only(weigh(rolled)), only(weigh(mirrored))
    assert other.axle_g == pytest.approx(one.axle_g, abs=200)
    assert "from_the_far_end" in kinds(other)


def test_the_uncertainty_covers_the_error() -> None:
    covered = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        way = steady(float(rng.uniform(6, 14)))
        vehicle = at(RIGID, way, bounce=0.04, bounce_hz=float(rng.uniform(1.3, 3.5)))
        found = only(weigh(roll(DECK, [vehicle], 20.0, seed)))
        assert found.gross_g is not None
        assert found.gross_u95_g is not None
        covered.append(abs(found.gross_g - 1000 * vehicle.gross_kg) <= found.gross_u95_g)
    assert sum(covered) >= 11


def test_faster_than_the_limit_is_no_weight() -> None:
    found = only(weigh(roll(DECK, [at(RIGID, steady(17.0))], 12.0)))
    assert found.verdict is RollingVerdict.SPEED
    assert found.gross_g is None
    assert found.axle_g == ()
    assert found.speed_kmh == pytest.approx(17.0, rel=0.03)


def slowing(from_mps: float, to_mps: float, at_s: float, rate: float) -> Callable[[Floats], Floats]:
    lasts_s = (from_mps - to_mps) / rate

    def way(t_s: Floats) -> Floats:
        braking = np.clip(t_s - at_s, 0.0, lasts_s)
        after = np.clip(t_s - at_s - lasts_s, 0.0, None)
        before = np.minimum(t_s, at_s) - 4.0
        return from_mps * (before + braking) - rate * braking**2 / 2 + to_mps * after

    return way


def test_braking_on_the_deck_is_named() -> None:
    way = slowing(3.5, 1.5, 6.0, 1.0)
    found = only(weigh(roll(DECK, [at(RIGID, way)], 20.0)))
    assert found.verdict is RollingVerdict.ACCELERATION
    assert "braking_mps2" in kinds(found)
    assert found.gross_g is None


def test_a_gentle_stop_on_the_way_is_said_and_weighed() -> None:
    def way(t_s: Floats) -> Floats:
        fall, rise = np.clip(t_s - 12.0, 0, 4.0), np.clip(t_s - 19.0, 0, 4.0)
        again = np.clip(t_s - 23.0, 0, None)
        return np.minimum(t_s, 12.0) - 4.0 + fall - fall**2 / 8 + rise**2 / 8 + again

    found = only(weigh(roll(DECK, [at(RIGID, way)], 42.0)))
    assert_weighs(found, RIGID, 0.01)
    assert "stopped_s" in kinds(found)


def test_who_stays_on_the_deck_did_not_roll() -> None:
    def way(t_s: Floats) -> Floats:
        fall = np.clip(t_s - 12.0, 0, 4.0)
        return np.minimum(t_s, 12.0) - 4.0 + fall - fall**2 / 8

    found = only(weigh(roll(DECK, [at(RIGID, way)], 25.0)))
    assert found.verdict is RollingVerdict.NOT_ROLLING
    assert found.gross_g is None


@pytest.mark.parametrize(("from_s", "until_s"), [(0.0, 12.0), (8.0, 30.0)])
def test_a_recording_that_is_too_short_is_incomplete(from_s: float, until_s: float) -> None:
    rolled = roll(DECK, [RIGID], 30.0).cut(until_s, from_s)
    found = only(weigh(rolled))
    assert found.verdict is RollingVerdict.INCOMPLETE
    assert found.gross_g is None


def test_a_load_of_a_moment_is_no_passage() -> None:
    rolled = roll(DECK, [], 10.0)
    counts = rolled.counts.copy()
    counts[300:308] += 150 * 200
    found = only(weigh(msgspec.structs.replace(rolled, counts=counts)))
    assert found.verdict is RollingVerdict.INCOMPLETE
    assert kinds(found) == {"brief"}


def test_an_empty_deck_is_no_vehicle() -> None:
    assert weigh(roll(DECK, [], 10.0)) == []


def test_a_second_vehicle_close_behind_is_told_by_the_beam() -> None:
    behind = at(RIGID, lambda t_s: RIGID.way_m(t_s) - 4.2 - 0.9 - 4.0 - 1.2)
    found = only(weigh(roll(DECK, [RIGID, behind], 32.0)))
    assert found.verdict is RollingVerdict.SECOND_VEHICLE
    assert "beam_gap_mm" in kinds(found)
    assert found.gross_g is None


def test_a_drawbar_is_no_gap() -> None:
    train = Vehicle(
        offset_m=(0.0, 4.9, 8.9, 13.6),
        axle_kg=(5000.0, 5200.0, 4100.0, 3700.0),
        way_m=steady(5.0),
        gaps_m=((5.8, 8.1),),
    )
    assert_weighs(only(weigh(roll(DECK, [train], 32.0))), train, 0.005)


def test_a_second_vehicle_far_behind_is_weighed_by_itself() -> None:
    behind = at(ARTIC, steady(5.0, 30.0))
    first, second = weigh(roll(DECK, [RIGID, behind], 58.0))
    assert_weighs(first, RIGID, 0.005)
    assert_weighs(second, ARTIC, 0.005)


def test_more_than_the_capacity_is_no_weight() -> None:
    heavy = msgspec.structs.replace(ARTIC, axle_kg=tuple(2.5 * kg for kg in ARTIC.axle_kg))
    found = only(weigh(roll(DECK, [heavy], 30.0)))
    assert found.verdict is RollingVerdict.OVER_CAPACITY
    assert found.gross_g is None


def held(rolled: Rolled, cell: int, from_s: float, until_s: float) -> Rolled:
    counts = rolled.counts.copy()
    rows = np.flatnonzero((rolled.t_us > from_s * 1e6) & (rolled.t_us < until_s * 1e6))
    counts[rows, cell] = counts[rows[0], cell]
    return msgspec.structs.replace(rolled, counts=counts)


def test_a_stuck_cell_is_named_and_a_short_hang_is_left_out() -> None:
    rolled = roll(DECK, [ARTIC], 30.0)
    stuck = only(weigh(held(rolled, 3, 9.0, 14.0)))
    assert stuck.verdict is RollingVerdict.CELL_FAULT
    assert [event.value for event in stuck.events if event.kind == "cell_stuck"] == [3]
    short = only(weigh(held(rolled, 3, 9.0, 9.4)))
    assert_weighs(short, ARTIC, 0.004)
    assert "samples_left_out_share" in kinds(short)


def test_a_cell_with_a_wrong_span_is_a_fault() -> None:
    rolled = roll(DECK, [ARTIC], 30.0)
    counts = rolled.counts.copy()
    counts[:, 2] = 300_000 + 6 * (counts[:, 2] - 300_000) // 10
    found = only(weigh(msgspec.structs.replace(rolled, counts=counts)))
    assert found.verdict is RollingVerdict.CELL_FAULT
    assert [event.value for event in found.events] == [2]
    assert found.gross_g is None


@pytest.mark.parametrize("tenths", [8, 12])
def test_a_pair_with_a_wrong_span_shows_as_the_load_moves(tenths: int) -> None:
    rolled = roll(DECK, [ARTIC], 30.0)
    counts = rolled.counts.copy()
    counts[:, 4:6] = 300_000 + tenths * (counts[:, 4:6] - 300_000) // 10
    found = only(weigh(msgspec.structs.replace(rolled, counts=counts)))
    assert found.verdict is RollingVerdict.CELL_FAULT
    named = next(event.value for event in found.events if event.kind == "cell_wrong_span")
    assert named in (4, 5)


def test_what_was_on_the_deck_before_is_not_part_of_the_next() -> None:
    rolled = roll(DECK, [RIGID, at(ARTIC, steady(5.0, 30.0))], 58.0).cut(60.0, 8.0)
    before, after = weigh(rolled)
    assert before.verdict is RollingVerdict.INCOMPLETE
    assert_weighs(after, ARTIC, 0.005)


def test_a_cell_that_does_not_return_to_zero_is_a_fault() -> None:
    rolled = roll(DECK, [ARTIC], 30.0)
    counts = rolled.counts.copy()
    counts[rolled.t_us > 10e6, 5] += 300 * 150
    found = only(weigh(msgspec.structs.replace(rolled, counts=counts)))
    assert found.verdict is RollingVerdict.CELL_FAULT
    assert "cell_without_zero_return" in kinds(found)


def test_spikes_do_not_matter() -> None:
    rolled = roll(DECK, [ARTIC], 30.0)
    counts = rolled.counts.copy()
    counts[[700, 900, 1101, 1300], [0, 3, 5, 6]] += 4_000_000
    clean, spiked = (
        only(weigh(found)) for found in (rolled, msgspec.structs.replace(rolled, counts=counts))
    )
    assert clean.gross_g is not None
    assert spiked.gross_g == pytest.approx(clean.gross_g, abs=5_000)


def test_a_converter_that_wakes_up_is_no_vehicle() -> None:
    rolled = roll(DECK, [RIGID], 30.0)
    counts = rolled.counts.copy()
    counts[:2] += 150 * 100
    assert_weighs(only(weigh(msgspec.structs.replace(rolled, counts=counts))), RIGID, 0.004)


@settings(max_examples=6, deadline=None)
@given(
    order=st.permutations(range(8)),
    zero=st.integers(-50_000, 50_000),
    factor=st.sampled_from([1, 2, 8]),
)
def test_order_of_cells_zero_and_gain_do_not_matter(
    order: list[int], zero: int, factor: int
) -> None:
    rolled = roll(DECK, [RIGID], 30.0)
    cells = tuple(
        msgspec.structs.replace(
            DECK.cells[k],
            counts_per_kg=factor * DECK.cells[k].counts_per_kg,
            zero_counts=factor * DECK.cells[k].zero_counts,
        )
        for k in order
    )
    changed = msgspec.structs.replace(
        rolled,
        scale=msgspec.structs.replace(DECK, cells=cells),
        counts=factor * (rolled.counts[:, order] + zero // 150),
    )
    one, other = only(weigh(rolled)), only(weigh(changed))
    assert one.gross_g is not None
    assert other.gross_g == pytest.approx(one.gross_g, abs=0.01 * DECK.e_g)
    assert other.axle_g == pytest.approx(one.axle_g, abs=0.01 * DECK.e_g)


@settings(max_examples=4, deadline=None)
@given(batch=st.integers(1, 400))
def test_splitting_the_stream_does_not_matter(batch: int) -> None:
    rolled = roll(DECK, [RIGID], 26.0)
    rolling = RollingScale(DECK)
    found = []
    for start in range(0, len(rolled.t_us), batch):
        rows = slice(start, start + batch)
        beams = rolled.entry_beam[rows], rolled.exit_beam[rows]
        found += rolling.push(rolled.t_us[rows], rolled.counts[rows], *beams)
    one, other = only(weigh(rolled)), only([*found, *rolling.finish()])
    assert one.gross_g is not None
    assert other.gross_g == pytest.approx(one.gross_g, abs=0.01 * DECK.e_g)


def test_what_comes_after_the_vehicle_does_not_matter() -> None:
    rolled = roll(DECK, [RIGID, at(ARTIC, steady(5.0, 30.0))], 58.0)
    long, short = weigh(rolled), weigh(rolled.cut(24.0))
    assert msgspec.structs.asdict(long[0]) == msgspec.structs.asdict(short[0])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    pieces=st.lists(st.tuples(st.integers(3, 120), st.floats(-60_000, 60_000)), max_size=8),
)
def test_no_load_whatever_raises(seed: int, pieces: list[tuple[int, float]]) -> None:
    rng = np.random.default_rng(seed)
    total = np.concatenate([np.zeros(60), *(np.full(n, kg) for n, kg in pieces), np.zeros(60)])
    share = rng.dirichlet(np.ones(8), len(total)) if seed % 2 else np.full((1, 8), 1 / 8)
    counts = np.round(total[:, None] * share * 150 + 300_000 + rng.normal(0, 50, (len(total), 8)))
    t_us = np.arange(len(total)) * 13_333
    for found in weigh_recording(t_us, counts.astype(np.int64), DECK):
        if found.verdict is not RollingVerdict.OK:
            assert found.gross_g is None
            assert found.axle_g == ()


def test_memory_stays_bounded_on_an_empty_and_on_a_blocked_deck() -> None:
    empty, rolling = roll(DECK, [], 60.0), RollingScale(DECK)
    for k in range(20):
        rolling.push(empty.t_us + k * 60_000_000, empty.counts)
    assert rolling.samples <= 61 * DECK.rate_hz
    parked = RollingScale(DECK)
    for k in range(20):
        parked.push(empty.t_us + k * 60_000_000, empty.counts + 150 * 2000 * (k > 0))
    assert parked.samples <= 250 * DECK.rate_hz


def test_one_row_of_cells_has_no_lever() -> None:
    cells = tuple(msgspec.structs.replace(cell, x_m=9.0) for cell in DECK.cells)
    with pytest.raises(ValueError, match="two rows"):
        RollingScale(msgspec.structs.replace(DECK, cells=cells))


def test_classes_by_the_stated_uncertainty() -> None:
    assert class_for(0.10, GROSS_INITIAL_PERCENT) == "0.2"
    assert class_for(math.nextafter(0.10, 1), GROSS_INITIAL_PERCENT) == "0.5"
    assert class_for(4.9, GROSS_INITIAL_PERCENT) == "10"
    assert class_for(5.1, GROSS_INITIAL_PERCENT) is None
