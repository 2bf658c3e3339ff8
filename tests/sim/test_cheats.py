"""The fourteen cheats: each is played in the yard against the real lane, and judged."""

from __future__ import annotations

import functools
import os
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from controller.core.kinds import RequestKind
from hal.ports import Drive
from protocol.parts import Amendable
from sim.cheatjudge import NUMBERS, Cheat, Seen, judged
from sim.cheatpage import page
from sim.cheats import Mischief, Moment, SignalDevice
from sim.explore.outcome import Ride
from sim.explore.plan import Plan
from sim.explore.ride import ride
from sim.scenario import SCENARIOS, deal
from sim.world import Yard

PLAYED = sorted(SCENARIOS.glob("k[01]*.toml"))
LONG = ("k05_calibration_changed",)
"""Played with STEELYARD_LONG=1: it takes nine visits before it can be seen."""
SEED = 1


@functools.cache
def table_of(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@functools.cache
def ridden(path: Path) -> Ride:
    return ride(Plan(seed=SEED, table=table_of(path)))


@pytest.mark.parametrize("path", PLAYED, ids=[path.stem for path in PLAYED])
def test_a_cheat_is_caught_or_the_record_says_why_it_could_not_be_known(path: Path) -> None:
    if path.stem in LONG and not os.environ.get("STEELYARD_LONG"):
        pytest.skip("set STEELYARD_LONG=1")
    assert [str(found.seen) for found in ridden(path).findings] == []


def test_each_of_the_fourteen_is_played_under_its_own_number() -> None:
    for path in PLAYED:
        number = table_of(path)["cheat"]["number"]
        assert path.stem.startswith(f"k{int(number[1:]):02}_")
    assert {table_of(path)["cheat"]["number"] for path in PLAYED} == set(NUMBERS)


@pytest.mark.parametrize("stem", ["k01_wheels_off_the_end", "k13_clock_set_back"])
def test_without_the_cheat_the_judge_says_that_nothing_was_seen(stem: str) -> None:
    table = table_of(SCENARIOS / f"{stem}.toml")
    honest = {**table, "truck": [{"configuration": "3-axle truck"}]}
    honest.pop("fault", None)
    checks = {found.check for found in ride(Plan(seed=SEED, table=honest)).findings}
    assert checks == {"C1"}


def test_what_must_never_be_seen_is_found() -> None:
    cheat = Cheat(number="K9", wants="-", must="-", hole="-", never=("sign CLOSED",))
    assert judged(cheat, Seen(), []) is None
    table = table_of(SCENARIOS / "k11_round_the_lane.toml")
    head = {**table["cheat"], "never": ["outcome release by rule"]}
    found = ride(Plan(seed=SEED, table={**table, "cheat": head})).findings
    assert [one.check for one in found] == ["C1"]


def test_no_weight_can_be_keyed_in() -> None:
    assert not [kind for kind in RequestKind if "WEIGHT" in kind.name or "TARE" in kind.name]
    masses = [what for what in Amendable if what.value.endswith("_g")]
    assert masses == [Amendable.LICENCE_GVM, Amendable.LICENCE_PAYLOAD]


def test_the_page_in_docs_says_what_the_scenarios_say() -> None:
    docs = Path(__file__).parents[2] / "docs" / "cheats.md"
    assert docs.read_text(encoding="utf-8") == page(), "python -m sim.cheatpage > docs/cheats.md"


def cable(device: SignalDevice, yard: Yard, t_s: float) -> np.ndarray[Any, np.dtype[np.int64]]:
    """What 10 t shared evenly come to behind a device, cell by cell, in kilograms."""
    mischief = Mischief([device], [])
    for tenth in range(int(t_s * 10) + 1):
        mischief.think(tenth * 100_000, [], ())
    load = np.rint(1250.0 * yard.cells.counts_per_kg)
    counts = (yard.cells.zero_counts + load).astype(np.int64)[None, :]
    got = mischief.on_the_cable(np.array([round(t_s * 1e6)]), counts, yard.cells)
    kg = (got[0] - yard.cells.zero_counts) / yard.cells.counts_per_kg
    return np.asarray(np.rint(kg), np.int64)


@pytest.mark.parametrize(
    ("device", "kg"),
    [
        ({"gain_ppm": -100_000}, [1125] * 8),
        ({"adds_g": -800_000}, [1150] * 8),
        ({"adds_g": -800_000, "cells": (0, 1)}, [850, 850, *[1250] * 6]),
        ({"adds_g": -800_000, "ramp_us": 4_000_000}, [1200] * 8),
        ({"gain_ppm": -100_000, "off": Moment(wait_us=2_500_000)}, [1250] * 8),
        ({"gain_ppm": -100_000, "on": Moment(wait_us=9_000_000)}, [1250] * 8),
    ],
)
def test_what_a_device_on_the_cable_makes_of_a_load(device: dict[str, Any], kg: list[int]) -> None:
    made = SignalDevice(**{"on": Moment(wait_us=1_000_000), "off": None} | device)
    assert cable(made, Yard(1), 3.0).tolist() == kg


def test_a_device_on_the_supply_takes_the_dead_load_along() -> None:
    yard = Yard(1)
    made = SignalDevice(on=Moment(wait_us=0), off=None, gain_ppm=-10_000, supply=True)
    lost = 1250 - cable(made, yard, 3.0)
    whole = yard.cells.zero_counts / yard.cells.counts_per_kg + 1250
    assert np.abs(lost - 0.01 * whole).max() <= 1


def test_a_hand_at_the_gate_goes_before_the_lane_and_lets_go_again() -> None:
    hand = {"end": "road", "does": "raises", "from": "1 s", "until": "6 s"}
    visits, options = deal({"hand": [hand]}, seed=1)
    yard = Yard(1, visits, options)
    boom, angles = yard.booms[1], []
    boom.level = Drive.LOWER
    for _ in range(12):
        yard.advance(1_000_000)
        angles.append(boom.angle_deg)
    assert max(angles[:1]) < 1.0
    assert (max(angles), angles[-1]) == (90.0, 0.0)
