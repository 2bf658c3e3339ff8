"""What becomes of the converter's samples on a line, or in a converter, that is in trouble."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.faults import BOOT_US, CYCLE_US, Trouble
from sim.scale import TICK_US, Cells

Ints = NDArray[np.int64]
Samples = tuple[Ints, Ints]
"""Times (n,) in us and counts (n, cells)."""

RAIL_COUNTS = 8_388_607
BURST_MAX = 24
NOISE_TIMES = 10.0
SETTLE_US = 300_000
_SETTLE_TAU_US = 60_000.0
_WILD_US = 3_600_000_000
_BITS = 24


class Stream:
    """Spoils samples by the trouble of their converter; remembers what spans two reads."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._unloaded = cells.zero_counts - cells.dead_load_kg * cells.counts_per_kg
        self._lose = 0
        self._before: Samples = np.empty(0, np.int64), np.empty((0, 8), np.int64)

    def spoil(self, kind: str, samples: Samples, trouble: Trouble) -> Samples:
        """What comes out of the trouble of this kind; a kind without a way passes them on."""
        way = _WAYS.get(kind)
        if way is None or not len(samples[0]):
            return samples
        return way(self, samples[0], samples[1], trouble)

    def spoil_cell(self, cell: int, kind: str, samples: Samples, trouble: Trouble) -> None:
        """Change the counts of one cell in place."""
        t_us, counts = samples[0], samples[1][:, cell]
        per_kg, by = self._cells.true_counts_per_kg[cell], trouble.amounts.by
        if kind == "noisy":
            counts += self._noise(len(t_us), trouble)[:, cell]
        elif kind == "reads too much":
            counts += np.rint(by * (counts - self._unloaded[cell])).astype(np.int64)
        elif kind == "jumps":
            counts += round(by * per_kg)
        elif kind == "creeps":
            minutes = (t_us - trouble.since_us) / 60e6
            counts += np.rint(by * per_kg * minutes).astype(np.int64)

    def _noise(self, n: int, trouble: Trouble) -> Ints:
        rng = np.random.default_rng(trouble.rng.getrandbits(64))
        # The cells' own noise is in the counts already.
        sigma = self._cells.noise_kg * self._cells.true_counts_per_kg * NOISE_TIMES
        return np.rint(rng.standard_normal((n, len(sigma))) * sigma).astype(np.int64)

    def _loses(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        kept = []
        for row in range(len(t_us)):
            if self._lose == 0 and at.rng.random() < at.amounts.rate:
                self._lose = 1 if at.rng.random() < 0.7 else at.rng.randrange(2, BURST_MAX + 1)
            if self._lose:
                self._lose -= 1
            else:
                kept.append(row)
        return t_us[kept], counts[kept]

    def _repeats(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        times = 1 + _hits(len(t_us), at)
        return np.repeat(t_us, times), np.repeat(counts, times, axis=0)

    def _stutters(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        before = self._before[1]
        for row in np.flatnonzero(_hits(len(t_us), at)):
            if row or len(before):
                counts[row] = counts[row - 1] if row else before[-1]
        self._before = t_us, counts
        return t_us, counts

    def _shuffles(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        """Hold a sample back until the next one has gone out."""
        late = _hits(len(t_us), at)
        held_t, held_counts = self._before
        order_t, order_counts = [t_us[:0]], [counts[:0]]
        for row in range(len(t_us)):
            one = slice(row, row + 1)
            if late[row] and not len(held_t):
                held_t, held_counts = t_us[one], counts[one]
                continue
            order_t += [t_us[one], held_t]
            order_counts += [counts[one], held_counts]
            held_t, held_counts = t_us[:0], counts[:0]
        self._before = held_t, held_counts
        return np.concatenate(order_t), np.concatenate(order_counts)

    def _wild(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        for row in np.flatnonzero(_hits(len(t_us), at)):
            counts[row, at.rng.randrange(8)] = at.rng.randint(-RAIL_COUNTS, RAIL_COUNTS)
        return t_us, counts

    def _flips(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        for row in np.flatnonzero(_hits(len(t_us), at)):
            cell, bit = at.rng.randrange(8), 1 << at.rng.randrange(_BITS)
            word = (int(counts[row, cell]) ^ bit) & ((1 << _BITS) - 1)
            counts[row, cell] = word - (1 << _BITS) if word >> (_BITS - 1) else word
        return t_us, counts

    def _swaps(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        for row in np.flatnonzero(_hits(len(t_us), at)):
            counts[row] = np.roll(counts[row], 1)
        return t_us, counts

    def _jitters(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        most = round(at.amounts.by)
        return t_us + np.array([at.rng.randint(-most, most) for _ in t_us], np.int64), counts

    def _same_time(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        return t_us - TICK_US * _hits(len(t_us), at), counts

    def _behind(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        return t_us - round(at.amounts.by), counts

    def _ahead(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        return t_us + round(at.amounts.by), counts

    def _wild_stamps(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        off = [at.rng.choice((-_WILD_US, _WILD_US)) for _ in t_us]
        return t_us + np.array(off, np.int64) * _hits(len(t_us), at), counts

    def _drifts(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        gained = (t_us - at.since_us) * at.amounts.by
        return t_us + np.rint(gained).astype(np.int64), counts

    def _half_rate(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        second = t_us // TICK_US % 2 == 0
        return t_us[second], counts[second]

    def _noisy(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        return t_us, counts + self._noise(len(t_us), at)

    def _gains(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        gained = at.amounts.by * (counts - self._unloaded)
        return t_us, counts + np.rint(gained).astype(np.int64)

    def _restarts(self, t_us: Ints, counts: Ints, at: Trouble) -> Samples:
        """Nothing while it starts, then a filter that fills from nothing."""
        age_us = (t_us - at.since_us) % CYCLE_US - BOOT_US
        there = age_us >= 0
        t_us, counts, age_us = t_us[there], counts[there], age_us[there]
        filled = np.where(age_us < SETTLE_US, 1.0 - np.exp(-age_us / _SETTLE_TAU_US), 1.0)
        return t_us, np.rint(counts * filled[:, np.newaxis]).astype(np.int64)


def _hits(n: int, trouble: Trouble) -> Ints:
    """Which of n samples (n,) are hit, 0 or 1."""
    rate = trouble.amounts.rate
    return np.array([trouble.rng.random() < rate for _ in range(n)], np.int64)


_WAYS: dict[str, Callable[[Stream, Ints, Ints, Trouble], Samples]] = {
    "loses samples": Stream._loses,
    "repeats samples": Stream._repeats,
    "stutters": Stream._stutters,
    "shuffles samples": Stream._shuffles,
    "wild samples": Stream._wild,
    "flips bits": Stream._flips,
    "swaps channels": Stream._swaps,
    "jitters": Stream._jitters,
    "same time twice": Stream._same_time,
    "stamps behind": Stream._behind,
    "stamps ahead": Stream._ahead,
    "wild stamps": Stream._wild_stamps,
    "drifts": Stream._drifts,
    "half rate": Stream._half_rate,
    "noisy": Stream._noisy,
    "reads too much": Stream._gains,
    "restarts": Stream._restarts,
}
