"""What is on the deck and is no vehicle reaches the cells, and only where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from yard_rig import drive_on, weigh, yard_with

from sim.loads import DeckLoad, Person, Prop, Rain, Thing, burden_g, laid
from sim.scenario import deal
from sim.units import ScenarioError
from sim.world import Options, Yard


def yard_under(*loads: DeckLoad) -> Yard:
    return Yard(3, options=Options(loads=loads))


def kg_after(yard: Yard, seconds: float) -> np.ndarray:
    """Kilograms (n, 8) of so many more seconds of the yard."""
    yard.advance(round(seconds * 1e6))
    cells = yard.cells
    counts = yard.converter.take()[1]
    return np.asarray((counts - cells.zero_counts) / cells.counts_per_kg)


def test_mud_weighs_from_the_moment_it_lies_there_on_the_cells_beside_it() -> None:
    mud = Thing.lying(120_000, 0.15, 1.45, from_us=5_000_000)
    kg = kg_after(yard_under(mud), 20)
    assert abs(kg[:390].sum(1).mean()) < 3
    assert abs(kg[440:].sum(1).mean() - 120) < 3
    assert abs(kg[440:, 0].mean() - 120) < 2


def test_mud_that_falls_off_is_gone() -> None:
    mud = Thing.lying(120_000, 5.0, from_us=0, until_us=5_000_000)
    kg = kg_after(yard_under(mud), 20).sum(1)
    assert abs(kg[10:380].mean() - 120) < 3
    assert abs(kg[440:].mean()) < 3


def test_a_walk_shakes_at_the_pace_and_standing_does_not() -> None:
    walker = Person(weight_g=90_000, from_us=0, until_us=30_000_000, x_m=1.0, to_x_m=14.0)
    kg = kg_after(yard_under(walker), 30).sum(1)
    walking, standing = kg[80:720], kg[960:2320]
    assert abs(standing.mean() - 90) < 3
    assert walking.std() > 3 * standing.std()
    power = np.abs(np.fft.rfft(walking - walking.mean()))
    assert abs(np.fft.rfftfreq(len(walking), 1 / 80)[power.argmax()] - 1.9) < 0.2


def test_rain_gathers_runs_off_and_dries() -> None:
    rain = Rain(mm_per_h=12.0, from_us=0, until_us=600_000_000, seed=1)
    kg = [rain.grams(round(t * 1e6)) / 1000 for t in (0, 60, 600, 900, 2_390, 2_500)]
    assert kg[0] == 0.0
    assert 8 < kg[1] < 14
    assert 25 < kg[2] < 40
    assert 12 < kg[3] < 20
    assert 0 <= kg[4] < 0.2
    assert kg[5] == 0.0


def test_a_prop_takes_its_share_of_what_the_truck_puts_there() -> None:
    kg = []
    for loads in ((), (Prop(share=0.3, x_m=13.3, y_m=1.4, from_us=0),)):
        yard = yard_with("6-axle train", seed=2)
        yard.loads += loads
        drive_on(yard)
        weigh(yard)
        kg.append(kg_after(yard, 20)[800:].mean(0))
    assert kg[1][4] == pytest.approx(0.7 * kg[0][4], abs=5)
    assert np.delete(kg[0] - kg[1], 4) == pytest.approx(0.0, abs=2)


def test_a_prop_under_the_empty_deck_takes_from_zero() -> None:
    prop = Prop(share=0.1, x_m=0.0, y_m=-1.0, from_us=0, lifts_g=60_000)
    yard = yard_under(prop)
    assert kg_after(yard, 5).sum(1).mean() == pytest.approx(-60, abs=3)
    assert burden_g(yard.loads, yard.now_us) == -60_000


def test_how_time_is_cut_changes_nothing() -> None:
    loads = (
        Rain(mm_per_h=30.0, from_us=1_000_000, until_us=9_000_000, seed=4),
        Person(weight_g=70_000, from_us=0, until_us=8_000_000, x_m=2.0, to_x_m=9.0, paces=True),
    )
    cells = Yard(3).cells
    t_us = np.arange(1, 1_601, dtype=np.int64) * 12_500
    whole = laid(loads, t_us, None, cells)
    pieces = [
        laid(loads, part, np.zeros((len(part), 8)), cells) for part in np.array_split(t_us, 700)
    ]
    assert whole is not None
    assert (np.concatenate([kg for kg in pieces if kg is not None]) == whole).all()


def test_a_load_that_does_not_act_leaves_every_byte() -> None:
    later = Thing.lying(1_000, 3.0, from_us=60_000_000)
    with_it, without = yard_under(later), yard_under()
    assert (kg_after(with_it, 10) == kg_after(without, 10)).all()


def test_a_scenario_states_loads_in_words() -> None:
    entries = [
        {"what": "person", "from": "5 s", "until": "25 s", "at": "3 m", "walks_to": "9 m"},
        {"what": "mud", "weighs": "80 kg", "at": "12 m", "side": "right"},
        {"what": "rain", "strength": "8 mm/h", "from": "0 s", "until": "10 min"},
        {"what": "prop", "carries": "20 %", "gap": "2 t", "at": "0 m", "side": "left"},
    ]
    _, options = deal({"load": entries}, 1)
    person, mud, rain, prop = options.loads
    assert person == Person(
        weight_g=80_000, from_us=5_000_000, until_us=25_000_000, x_m=3.0, to_x_m=9.0
    )
    assert mud == Thing.lying(80_000, 12.0, -1.0, from_us=0)
    assert rain == Rain(mm_per_h=8.0, from_us=0, until_us=600_000_000, seed=2)
    assert prop == Prop(share=0.2, gap_g=2_000_000, x_m=0.0, y_m=1.0, from_us=0)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"what": "snow"}, "what"),
        ({"what": "mud", "weighs": "80 kg", "at": "25 m"}, "beyond the deck"),
        ({"what": "rain", "from": "5 s", "until": "5 s"}, "not after from"),
        ({"what": "mud", "weighs": "80", "at": "5 m"}, "weighs"),
        ({"what": "prop", "at": "5 m", "weighs": "5 kg"}, "weighs"),
    ],
)
def test_a_load_that_cannot_be_is_refused(entry: dict[str, str], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        deal({"load": [entry]}, 1, where=str(Path("day.toml")))


def test_what_lies_for_half_a_minute_may_be_the_zero_and_what_lay_there_first_is() -> None:
    second = 1_000_000
    lay = Thing.lying(400_000, 6.0, from_us=0)
    fell = Thing.lying(45_000, 12.0, from_us=20 * second)
    yard = yard_with("2-axle truck")
    yard.loads += [lay, fell]
    assert yard.beside_g(10 * second, died=False) == (0,)
    assert yard.beside_g(40 * second, died=False) == (0, 45_000)
    yard.loads.append(Thing.lying(-45_000, 12.0, from_us=60 * second))
    assert yard.beside_g(70 * second, died=False) == (-45_000, 0)
    yard.loads.append(Thing.lying(30_000, 3.0, from_us=65 * second))
    assert yard.beside_g(70 * second, died=False) == (-15_000, 0, 30_000)
    yard.loads.append(Thing.lying(8_000, 3.0, from_us=69 * second))
    assert yard.beside_g(70 * second, died=False) == (-7_000, 0, 38_000)
    assert yard.beside_g(70 * second, died=True) == (-7_000, 0, 8_000, 38_000)
    assert yard_with("2-axle truck").beside_g(70 * second, died=True) == (0,)
