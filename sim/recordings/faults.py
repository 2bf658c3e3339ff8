"""What breaks: failing cells, spikes, repeated samples and missing rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.recordings.deck import Deck
from sim.recordings.ranges import log_between

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Event = dict[str, Any]

KINDS = {
    "gain": 0.34,
    "dead": 0.24,
    "shunt": 0.18,
    "noisy": 0.09,
    "jump": 0.05,
    "drift": 0.04,
    "saturate": 0.03,
    "stuck": 0.03,
}


@dataclass(frozen=True, kw_only=True)
class CellFault:
    """One failing cell: its kind, when it begins, and how strong it is (unit by kind)."""

    kind: str
    cell: int
    t0_s: float
    size: float
    seed: int

    def event(self) -> Event:
        """As the truth tells it."""
        return {
            "type": "cell_fault",
            "kind": self.kind,
            "cell": self.cell,
            "t0": round(self.t0_s, 3),
        }


def draw_fault(
    rng: np.random.Generator, loads_kg: Array, times_s: Array, rest_s: float
) -> CellFault:
    """Draw a fault; cells that carry more of the resting truck fail more often.

    `loads_kg` (samples, cells) are the true loads, `rest_s` is when the truck comes to rest.
    """
    kind = str(rng.choice(list(KINDS), p=np.array(list(KINDS.values()))))
    final = np.maximum(loads_kg[-1], 0.0) + 0.05 * loads_kg[-1].mean()
    cell = int(rng.choice(len(final), p=final / final.sum()))
    from_start = kind in ("gain", "shunt") or (kind == "dead" and rng.random() < 0.5)
    t0 = 0.0 if from_start else float(rng.uniform(rest_s - 4.5, rest_s + 0.3))
    size = _size(rng, kind, float(loads_kg[-1, cell]))
    if kind == "saturate":
        size = max(size, 200.0)
        over = np.flatnonzero(loads_kg[:, cell] > size)
        t0 = float(times_s[over[0]]) if len(over) else float(times_s[-1])
    return CellFault(kind=kind, cell=cell, t0_s=t0, size=size, seed=int(rng.integers(2**31)))


def _size(rng: np.random.Generator, kind: str, final_kg: float) -> float:
    sign = float(rng.choice([-1.0, 1.0]))
    if kind == "gain":
        return float(rng.uniform(0.55, 0.72))
    if kind == "shunt":
        return float(rng.uniform(0.68, 0.85))
    if kind == "noisy":
        return log_between(rng, (60.0, 400.0))
    if kind == "jump":
        return sign * log_between(rng, (90.0, 900.0))
    if kind == "drift":
        return sign * log_between(rng, (8.0, 80.0))
    return float(rng.uniform(0.4, 0.85)) * final_kg


def fail(fault: CellFault, kg: Array, deck: Deck, times_s: Array) -> Array:
    """The readings (samples, cells) with the failing cell's wrong."""
    kg = kg.copy()
    rng = np.random.default_rng(fault.seed)
    late = times_s >= fault.t0_s
    since = np.maximum(times_s - fault.t0_s, 0.0)
    good = kg[:, fault.cell]
    dead = float(deck.dead_kg[fault.cell])
    wrong: dict[str, Callable[[], Array]] = {
        "gain": lambda: fault.size * (good + dead) - dead,
        "shunt": lambda: fault.size * good,
        "noisy": lambda: good + _bursts(rng, len(good), deck.fs_hz, fault.size),
        "jump": lambda: good + fault.size,
        "drift": lambda: good + fault.size * since,
        "saturate": lambda: np.minimum(good, fault.size),
        "dead": lambda: _held(good, late) + 0.005 * np.rint(rng.normal(0, 0.7, len(good))),
        "stuck": lambda: _held(good, late),
    }
    kg[:, fault.cell] = np.where(late, wrong[fault.kind](), good)
    return kg


def _held(good: Array, late: npt.NDArray[np.bool_]) -> Array:
    first = int(np.argmax(late)) if late.any() else len(good) - 1
    return np.full(len(good), good[max(first, 0)])


def _bursts(rng: np.random.Generator, count: int, fs_hz: float, rms_kg: float) -> Array:
    """A loose contact: noise that comes and goes, a second or so at a time."""
    on = np.zeros(count)
    k = 0
    while k < count:
        run = int(rng.exponential(0.7) * fs_hz) + 2
        on[k : k + run] = 1.0
        k += run + int(rng.exponential(1.2) * fs_hz)
    return np.asarray(on * rng.normal(0, 1.8 * rms_kg, count))


def glitches(rng: np.random.Generator, counts: Counts, deck: Deck) -> tuple[Counts, list[Event]]:
    """Single-sample spikes and repeated samples of single cells."""
    counts, events = counts.copy(), []
    rows, cells = counts.shape
    for _ in range(int(rng.integers(1, 5)) if rng.random() < 0.2 else 0):
        k, cell = int(rng.integers(rows)), int(rng.integers(cells))
        size = log_between(rng, (300.0, 30000.0)) * float(rng.choice([-1.0, 1.0]))
        counts[k, cell] += round(size * float(deck.counts_per_kg[cell]))
        events.append({"type": "spike", "t0": round(k / deck.fs_hz, 3), "cell": cell})
    if rng.random() < 0.1:
        length = int(rng.uniform(0.15, 0.6) * deck.fs_hz)
        k, cell = int(rng.integers(1, rows - length)), int(rng.integers(cells))
        counts[k : k + length, cell] = counts[k, cell]
        t0, dur = round(k / deck.fs_hz, 3), round(length / deck.fs_hz, 3)
        events.append({"type": "stuck", "t0": t0, "dur": dur, "cell": cell})
    return counts, events


def missing_rows(
    rng: np.random.Generator, rows: int, fs_hz: float
) -> tuple[npt.NDArray[np.bool_], list[Event]]:
    """Which rows arrive, and the gaps between them."""
    kept, events = np.ones(rows, dtype=bool), list[Event]()
    for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.2 else 0):
        length = int(rng.uniform(0.02, 0.4) * fs_hz) + 1
        k = int(rng.integers(1, rows - length))
        kept[k : k + length] = False
        t0, dur = round(k / fs_hz, 3), round(length / fs_hz, 3)
        events.append({"type": "dropout", "t0": t0, "dur": dur})
    return kept, events
