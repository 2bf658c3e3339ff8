"""An empty deck in long pieces comes to what it comes to tick by tick, to the last bit."""

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sensors.history import History
from sensors.slow import Slow
from sensors.weigher import Weigher
from sensors.weighing import DeckState, Status
from tests.sensors.conftest import make_passage, make_scale

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SECONDS = 40


def state(thing: Any, seen: dict[int, Any] | None = None) -> Any:
    """Everything that an object stands on, as plain values; the same object once."""
    seen = {} if seen is None else seen
    if isinstance(thing, np.ndarray):
        # The sign of nothing is nobody's business.
        return (thing + 0.0).tolist()
    if isinstance(thing, list | tuple | deque):
        return [state(value, seen) for value in thing]
    if isinstance(thing, dict):
        return {key: state(value, seen) for key, value in thing.items()}
    if isinstance(thing, int | float | str | None):
        return thing
    if not type(thing).__module__.startswith("sensors") or id(thing) in seen:
        return str(type(thing))
    seen[id(thing)] = thing
    return state(_parts(thing), seen)


def _parts(thing: Any) -> Any:
    if isinstance(thing, History):
        kept = len(thing)
        return thing.t_us(kept), thing.cells_g(kept), thing.sum_g(kept), thing.moment_gm(kept)
    if isinstance(thing, Slow):
        return thing.since(0, 10**6)
    names = getattr(thing, "__struct_fields__", None) or vars(thing)
    return {name: getattr(thing, name) for name in names if not name.startswith("_steady")}


def empty(seed: int, rate_hz: float, cells: int) -> tuple[Ints, Floats]:
    """Times and kilograms (n, cells) of a deck with noise, drift and what comes and goes."""
    rng = np.random.default_rng(seed)
    n = round(SECONDS * rate_hz)
    t_us = np.round((np.arange(n) + 1) * 1e6 / rate_hz).astype(np.int64)
    kg = rng.normal(0, 1.0, (n, cells)) + np.linspace(0, rng.normal(0, 8), n)[:, None]
    for _ in range(int(rng.integers(0, 4))):
        begin, cell = int(rng.integers(round(8 * rate_hz), n)), int(rng.integers(cells))
        rows = slice(begin, begin + int(rng.integers(1, round(3 * rate_hz))))
        what = rng.choice(["person", "spike", "frozen", "step", "nothing", "loud"])
        if what == "person":
            kg[rows, cell] += 80
        elif what == "spike":
            kg[begin, cell] += 900
        elif what == "frozen":
            kg[rows, cell] = kg[begin, cell]
        elif what == "step":
            kg[begin:] += rng.normal(0, 30)
        elif what == "loud":
            kg[rows, cell] += rng.normal(0, 25, len(kg[rows]))
    return t_us, kg


def ridden(rate_hz: float, t_us: Ints, kg: Floats, rng: Any) -> tuple[Weigher, Weigher, int]:
    """One weigher that was pushed every tick, one that rested where it could, and how often."""
    scale = make_scale(rate_hz=rate_hz)
    counts = np.round(kg * 140 + 300_000).astype(np.int64)
    tick, at, rested = max(1, round(0.1 * rate_hz)), 0, 0
    pushed, rests = Weigher(scale), Weigher(scale)
    while at < len(t_us):
        piece = slice(at, at + int(rng.integers(1, 90)) * tick)
        rest = rests.rest(t_us[piece], counts[piece])
        ticks = 1 if rest is None else len(rest.t_us)
        for k in range(ticks):
            part = slice(at + k * tick, at + (k + 1) * tick)
            clear = np.zeros(len(t_us[part]), np.int64)
            pushed.push(t_us[part], counts[part], clear, clear)
            if rest is None:
                rests.push(t_us[part], counts[part], clear, clear)
                continue
            word, rested = pushed.snapshot(), rested + 1
            assert (word.t_us, word.deck, word.motion) == (rest.t_us[k], DeckState.EMPTY, False)
            assert (word.zero_ok, word.zero_offset_g) == (True, round(rest.zero_g[k]))
            assert word.gross_g == round(float(rest.gross_g[k]))
        at += ticks * tick
        assert pushed.snapshot() == rests.snapshot()
    return pushed, rests, rested


@pytest.mark.parametrize("rate_hz", [37.0, 60.0, 80.0])
@pytest.mark.parametrize("seed", range(5))
def test_long_pieces_change_nothing(seed: int, rate_hz: float) -> None:
    t_us, kg = empty(seed, rate_hz, 6)
    pushed, rests, _ = ridden(rate_hz, t_us, kg, np.random.default_rng(seed))
    # A number that is none is not like itself, but its text is.
    assert repr(state(pushed)) == repr(state(rests))


def test_a_quiet_deck_rests_but_for_its_beginning() -> None:
    t_us, kg = empty(0, 80.0, 6)
    _, _, rested = ridden(
        80.0, t_us, np.random.default_rng(1).normal(0, 1, kg.shape), np.random.default_rng(2)
    )
    assert rested > 10 * (SECONDS - 8)


def test_a_vehicle_behind_a_rest_is_weighed_as_ever() -> None:
    passage = make_passage([(8.0, 0.0), (9.5, 1.8), (60.0, 0.0)], rate_hz=80.0, start_m=-6.0)
    pushed, rests = Weigher(passage.scale), Weigher(passage.scale)
    for start in range(0, len(passage.t_us), 8):
        part = slice(start, start + 8)
        rows = passage.t_us[part], passage.counts[part]
        pushed.push(*rows, *passage.beams[part].T)
        clear = not passage.beams[part].any() and len(rows[0]) == 8
        if not clear or rests.rest(*rows) is None:
            rests.push(*rows, *passage.beams[part].T)
    assert pushed.outcome() == Status.ACCEPTED
    assert repr(state(pushed)) == repr(state(rests))
