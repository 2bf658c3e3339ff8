"""A vehicle that rolls, stops and rings down, as an estimator is handed it, with the truth."""

from typing import Final, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from sensors.calibration import Cell, Scale
from sensors.estimator import Estimator

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
E = TypeVar("E", bound=Estimator)
CELLS: Final = 6
E_G: Final = 20_000
STOP_S: Final = 2.0


def make_scale(rate_hz: float = 80.0) -> Scale:
    cells = tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=140.0, zero_counts=300_000.0, dead_load_g=2_000_000)
        for x in (0.15, 8.0, 15.85)
        for y in (1.4, -1.4)
    )
    return Scale(
        max_g=100_000_000,
        e_g=E_G,
        d_g=E_G,
        rate_hz=rate_hz,
        platform_mm=16_000,
        has_beams=True,
        cells=cells,
    )


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle that rolls, stops at STOP_S and rings down."""

    t_us: Times
    cells_g: Floats
    truth_g: float
    usable: npt.NDArray[np.bool_]

    def push(self, estimator: E, until_s: float, pieces: tuple[int, ...] = (8,)) -> E:
        last = int((self.t_us <= until_s * 1e6).sum())
        start = turn = 0
        while start < last:
            rows = slice(start, min(start + pieces[turn % len(pieces)], last))
            estimator.push(self.t_us[rows], self.cells_g[rows], self.usable[rows])
            start, turn = rows.stop, turn + 1
        return estimator


def make_stand(seed: int, noise_kg: float = 4.0, seconds: float = 5.0, lost: float = 0.0) -> Stand:
    rng = np.random.default_rng(seed)
    t_s = np.arange(0, seconds, 1 / 80.0)
    truth_g = float(rng.uniform(10e6, 49e6))
    load_g = np.full(len(t_s), truth_g)
    for hertz in rng.choice([1.4, 1.9, 2.6, 3.3], 2, replace=False):
        fading = np.exp(-rng.uniform(0.4, 1.0) * np.clip(t_s - STOP_S, 0, None))
        turn = 2 * np.pi * hertz * t_s + rng.uniform(0, 2 * np.pi)
        load_g += rng.uniform(20e3, 100e3) * fading * np.cos(turn)
    shares = rng.dirichlet(np.full(CELLS, 9.0))
    noise_g = rng.normal(0, noise_kg * 1e3 / np.sqrt(CELLS), (len(t_s), CELLS))
    return Stand(
        t_us=np.round(t_s * 1e6).astype(np.int64),
        cells_g=load_g[:, None] * shares + noise_g,
        truth_g=truth_g,
        usable=rng.random(len(t_s)) >= lost,
    )
