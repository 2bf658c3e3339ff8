"""The deck tells the truth once all is still, and swings on the way there as recorded decks do."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from yard_rig import STEP_US, clear, drive_on, let_in, let_out, weigh, yard_with

from hal.ports import Contact, Drive
from sim.bridge import floor_of
from sim.cab import Habits, Mind
from sim.dynamics import exact_step
from sim.fidelity.compare import Row, compared, values
from sim.fidelity.passages import mirrored
from sim.fidelity.trace import recorded
from sim.scale import E_KG
from sim.truck import CONFIGURATIONS, build_truck
from sim.vehicle import Vehicle
from sim.world import Visit, Yard

TRACES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "traces"


@pytest.mark.parametrize("title", sorted(CONFIGURATIONS))
def test_the_cells_show_the_true_mass_of_every_configuration(title: str) -> None:
    yard = yard_with(title, seed=7)
    driver, _ = drive_on(yard)
    assert driver.vehicle.wholly_on_deck()
    yard.advance(20_000_000)
    weigh(yard)
    yard.advance(5_000_000)
    _, kg = weigh(yard)
    assert abs(kg.mean() - driver.vehicle.mass_g / 1000) < E_KG / 2


def test_the_empty_deck_shows_zero_before_and_after() -> None:
    yard = yard_with("3-axle truck")
    yard.advance(3_000_000)
    _, before = weigh(yard)
    drive_on(yard)
    while not yard.done:
        let_out(yard, 1)
        yard.advance(20_000)
    weigh(yard)
    yard.advance(5_000_000)
    _, after = weigh(yard)
    assert abs(before.mean()) < 2
    assert abs(after.mean()) < 2


def test_an_axle_off_the_deck_is_missing_from_the_weight() -> None:
    truck_yard = yard_with("4-axle train", seed=3)
    length = truck_yard.drivers[0].vehicle.truck.length_m
    short = -(truck_yard.layout.platform_m - length) / 2 - 2.2
    yard = yard_with("4-axle train", seed=3, habits=Habits(stop_error_m=short))
    driver, _ = drive_on(yard)
    yard.advance(20_000_000)
    weigh(yard)
    yard.advance(2_000_000)
    _, kg = weigh(yard)
    masses = driver.vehicle.truck.axle_masses_g(driver.vehicle.load_g)
    assert driver.vehicle.axles_on_deck() == 3
    assert abs(kg.mean() - sum(masses[:3]) / 1000) < E_KG


@pytest.fixture(scope="module")
def held_aside() -> dict[str, Row]:
    if not TRACES.is_dir():
        pytest.skip(f"no recorded traces at {TRACES}")
    traces = recorded(TRACES)[1::2]
    rows = compared(values(traces), values(mirrored(traces, 1)))
    return {row.name: row for row in rows}


def test_most_medians_lie_between_the_recorded_quartiles(held_aside: dict[str, Row]) -> None:
    outside = [name for name, row in held_aside.items() if not row.inside]
    assert len(outside) <= 5, outside


@pytest.mark.parametrize(
    "name",
    [
        "climb of an axle",
        "swing, first second after",
        "overshoot",
        "nod along the deck",
        "bounce",
        "settling to 3 e",
        "settling to 1 e",
        "sum of the standing vehicle",
    ],
)
def test_what_settles_a_weighing_is_as_recorded(held_aside: dict[str, Row], name: str) -> None:
    row = held_aside[name]
    assert row.inside, row
    assert row.ks < 0.4, row


def test_looking_ahead_at_rest_gives_what_each_tick_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for settles_ticks in (120, 1_000_000):
        monkeypatch.setattr("sim.bridge._DECK_SETTLES_TICKS", settles_ticks)
        yard = yard_with("3-axle truck", seed=3)
        drive_on(yard)
        for _ in range(1_500):
            yard.advance(STEP_US)
        counts.append(yard.converter.take()[1])
    assert np.abs(counts[0] - counts[1]).max() <= 1


def test_a_driver_who_rocks_a_standing_truck_swings_the_sum() -> None:
    yard = yard_with("3-axle truck", seed=2, suspension="steel")
    driver, _ = drive_on(yard)
    yard.advance(15_000_000)
    weigh(yard)
    yard.advance(2_000_000)
    calm = weigh(yard)[1].std()
    for tick in range(100):
        driver.vehicle.rocks_mps2 = 1.5 * np.sin(2 * np.pi * 1.9 * tick * STEP_US / 1e6)
        yard.advance(STEP_US)
    rocked = weigh(yard)[1].std()
    assert rocked > 5 * calm


def pressed(vehicle: Vehicle, yard: Yard, ticks: int) -> np.ndarray:
    """What the four rows get on average over so many ticks, grams."""
    floor = floor_of(yard.layout.platform_m, yard.options.site_seed)
    return np.asarray(
        np.mean([vehicle.press(floor).reshape(2, 4).mean(0) for _ in range(ticks)], axis=0)
    )


def test_braking_moves_load_forward_and_weighs_nothing() -> None:
    yard = yard_with("4-axle truck", seed=2)
    vehicle = drive_on(yard)[0].vehicle
    yard.advance(20_000_000)
    rest = pressed(vehicle, yard, 1)
    vehicle.rocks_mps2 = 1.0
    pressed(vehicle, yard, 800)
    braked = pressed(vehicle, yard, 80)
    assert sum(braked[2:]) > sum(rest[2:]) + 100_000
    assert abs(sum(braked) - sum(rest)) < 1_000


def test_an_oscillator_keeps_its_period_and_only_loses_energy() -> None:
    a, b, c, d = exact_step(2.0, 0.0, 0.01)
    y, v = 1.0, 0.0
    for _ in range(50):
        y, v = a * y + b * v, c * y + d * v
    assert y == pytest.approx(1.0)
    assert v == pytest.approx(0.0, abs=1e-9)


def test_a_drawbar_passes_the_high_beam_and_a_semitrailer_drops_out_of_the_loop() -> None:
    drawbar = build_truck(Random(1), "5-axle drawbar train").profile
    assert len(drawbar.high) >= 2
    assert drawbar.high[-1][0] - drawbar.high[-2][1] > 1.0
    semi = build_truck(Random(1), "6-axle train").profile
    assert any(b[0] - a[1] > 1.5 for a, b in zip(semi.loop, semi.loop[1:], strict=False))


def test_every_configuration_finds_room_on_the_deck() -> None:
    for title in CONFIGURATIONS:
        for seed in range(20):
            assert build_truck(Random(seed), title).length_m < Yard(1).layout.platform_m - 0.6


def test_every_row_of_the_limit_table_exists_in_each_of_its_forms() -> None:
    forms = {
        (k.axles, "truck" if not k.trailer_axles else "drawbar" if k.drawbar else "artic")
        for k in CONFIGURATIONS.values()
    }
    trains = {(axles, form) for axles in (3, 4, 5, 6) for form in ("artic", "drawbar")}
    assert forms == trains | {(2, "truck"), (3, "truck"), (4, "truck")}
    for title, kind in CONFIGURATIONS.items():
        assert sum(kind.tare_shares) == pytest.approx(1.0), title
        assert sum(kind.load_shares) == pytest.approx(1.0), title


def test_a_lawful_train_is_no_longer_than_the_law_allows() -> None:
    for title in CONFIGURATIONS:
        assert max(build_truck(Random(seed), title).length_m for seed in range(40)) <= 18.1, title


def test_beams_clear_while_a_truck_stands_well_and_block_while_it_comes() -> None:
    yard = yard_with("6-axle train", seed=4)
    seen = set()
    driver = yard.drivers[0]
    while driver.mind is not Mind.STANDING:
        yard.booms[0].level, yard.approach_green[0] = Drive.RAISE, yard.booms[0].is_open
        yard.advance(20_000)
        seen |= {k for k in ("approach", "arm", "beam_low", "beam_high") if blocked(yard, k)}
    assert seen == {"approach", "arm", "beam_low", "beam_high"}
    assert clear(yard, 0)
    assert clear(yard, 1)


def test_a_truck_is_on_the_deck_in_whole_once_its_rear_is_past_the_edge() -> None:
    yard = yard_with("3-axle truck")
    while yard.drivers[0].mind is not Mind.STANDING:
        let_in(yard)
        yard.advance(STEP_US)
        whole = any(stay.whole for stay in yard.truth.on_deck)
        passed_m = yard.drivers[0].vehicle.rear_s_m
        # It is noted as the drivers think, ten times a second.
        assert whole is (passed_m > 0) or abs(passed_m) < 0.3
    assert whole


def blocked(yard: Yard, kind: str) -> bool:
    return yard.presence(0, kind) is Contact.BLOCKED


def test_both_directions_weigh_alike() -> None:
    truck = build_truck(Random(5), "5-axle train")
    sums = []
    for end in (0, 1):
        visit = Visit(truck=truck, end=end, arrives_us=0, load_g=20_000_000)
        yard = Yard(9, [visit])
        drive_on(yard)
        yard.advance(20_000_000)
        sums.append(weigh(yard)[1][-160:].mean())
    assert abs(sums[0] - sums[1]) < E_KG / 2
