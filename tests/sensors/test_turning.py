"""Who backs up and goes forward again does not stand; who comes forward and stops is left alone."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pytest

from sensors.deckwatch import STANDS, STOP_TICKS, TURNS
from sensors.stopping import LEAST, MOST, StopFinder
from sensors.turning import TurnFinder
from sensors.weighing import Status

Floats = npt.NDArray[np.float64]
Legs = list[tuple[float, float]]
Make = Callable[..., Any]

STEP_S: Final = 0.05
FINE: Final = 10
CASES: Final = 25
STOPS: Final = StopFinder(STEP_S)
FINDER: Final = TurnFinder(STEP_S)
FORWARD_AGAIN: Final = [(0.0, 0.45), (0.0, 0.3), (0.3, 0.45)]


def body(pull_mps2: Floats, rng: np.random.Generator) -> Floats:
    """How far a body of 1.3 to 3.5 Hz leans with its vehicle's pull, 3 to 9 cm a m/s2."""
    turn, damping = 2 * np.pi * rng.uniform(1.3, 3.5), rng.uniform(0.04, 0.12)
    lean, step_s, at_m, mps = rng.uniform(0.03, 0.09), STEP_S / FINE, 0.0, 0.0
    places = []
    for pull in pull_mps2:
        mps += step_s * (turn**2 * (lean * pull - at_m) - 2 * damping * turn * mps)
        at_m += step_s * mps
        places.append(at_m)
    return np.array(places)


def backs(seed: int, pause_s: float) -> tuple[Floats, Floats, Floats]:
    """Times after the stop, places and speeds: backs at 0.35 to 0.6 m/s, stops, goes forward."""
    rng = np.random.default_rng(seed)
    stop_s = 5.0 + rng.uniform(0, STEP_S)
    t_s = np.arange(0, 9, STEP_S / FINE) - stop_s
    mps2, back_mps = rng.uniform(0.4, 1.8), rng.uniform(0.35, 0.6)
    forward_mps2 = mps2 * rng.uniform(0.9, 1.1)
    brakes = (t_s > -back_mps / mps2) & (t_s <= 0)
    sets_off = (t_s > pause_s) & (t_s < pause_s + 1.4 / forward_mps2)
    pull = np.where(brakes, mps2, 0.0) + np.where(sets_off, forward_mps2, 0.0)
    mps = -back_mps + np.cumsum(pull) * STEP_S / FINE
    mps[(t_s > 0) & (t_s <= pause_s)] = 0.0
    place_m = np.cumsum(mps) * STEP_S / FINE + body(pull, rng)
    place_m += rng.normal(0, 0.004, len(t_s))
    return t_s[::FINE], place_m[::FINE], mps[::FINE]


def looks(place_m: Floats) -> list[tuple[int, float]]:
    """Index and probability of a turn of each tenth of a second from which a weight may come."""
    found, sure = [], 0
    for k in range(MOST, len(place_m), 2):
        window_m = place_m[k - MOST : k]
        stop = STOPS.look(window_m)
        sure = sure + 1 if stop is not None and stop.stands >= STANDS else 0
        if sure >= STOP_TICKS:
            found.append((k - 1, FINDER.look(window_m, 1)))
    return found


@pytest.mark.parametrize("pause_s", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("seed", range(CASES))
def test_who_backs_up_and_goes_forward_again_is_taken_to_stand_for_one_look_at_most(
    seed: int, pause_s: float
) -> None:
    _, place_m, mps = backs(seed, pause_s)
    seems = [turns for at, turns in looks(place_m) if mps[at - 6] > 0.1]
    assert len(seems) >= 3
    assert all(max(pair) > TURNS for pair in pairwise(seems))


@pytest.mark.parametrize("seed", range(CASES))
def test_who_backs_up_and_stays_waits_for_one_look_at_most(seed: int) -> None:
    _, place_m, _ = backs(seed, 99.0)
    assert sum(turns > TURNS for _, turns in looks(place_m)) <= 1


@pytest.mark.parametrize("seed", range(CASES))
def test_who_came_forward_and_stopped_is_not_asked_however_the_body_rights_itself(
    seed: int,
) -> None:
    _, place_m, _ = backs(seed, 99.0)
    assert max(FINDER.look(-place_m[k - MOST : k], 1) for k in range(MOST, len(place_m))) < 0.01


def test_forward_is_where_the_places_fall_for_who_came_on_at_the_far_end() -> None:
    after_s, place_m, _ = backs(1, 0.0)
    last = int(np.searchsorted(after_s, 0.8))
    window_m = place_m[last - MOST : last]
    found = FINDER.look(window_m, 1)
    assert found > 0.9
    assert FINDER.look(7.0 - window_m, -1) == pytest.approx(found, abs=1e-9)
    assert FINDER.look(window_m, -1) < 0.01


def test_too_few_places_say_nothing() -> None:
    after_s, place_m, _ = backs(1, 0.0)
    last = int(np.searchsorted(after_s, 0.8))
    assert FINDER.look(place_m[last - LEAST : last], 1) > TURNS
    assert FINDER.look(place_m[last - LEAST + 1 : last], 1) == 0.0


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("pause_s", "mps"), FORWARD_AGAIN)
def test_no_weight_is_taken_of_who_backs_out_of_a_beam_and_goes_forward_again(
    passage: Make, watch: Make, reverse: bool, pause_s: float, mps: float
) -> None:
    legs = [(3.0, 0.0), (11.0, 1.8), (2.0, 0.0), (4.0, -0.45), (pause_s, 0.0), (3.0, mps)]
    looks = watch(passage([*legs, (60.0, 0.0)], seconds=24.0, reverse=reverse))
    assert any(look.status == Status.NOT_FULLY_ON for look in looks)
    assert all(look.accepted_us is None for look in looks)


@pytest.mark.parametrize("reverse", [False, True])
def test_who_backs_out_of_a_beam_and_stops_is_weighed_within_two_seconds(
    passage: Make, watch: Make, reverse: bool
) -> None:
    legs: Legs = [(3.0, 0.0), (11.0, 1.8), (2.0, 0.0), (4.0, -0.45), (60.0, 0.0)]
    last = watch(passage(legs, seconds=24.0, reverse=reverse))[-1]
    assert last.status == Status.ACCEPTED
    assert last.accepted_us is not None
    assert last.accepted_us < 23_000_000
    assert last.weight_g == pytest.approx(24_000_000, abs=20_000)
