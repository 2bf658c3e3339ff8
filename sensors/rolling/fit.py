"""Axle loads, places and the vehicle's way by generalised least squares over a whole passage.

Unknown are the load of every axle, its distance behind the first, and the way over time as a
cubic spline. Loads enter linearly; places by Gauss-Newton. The weights are the inverse covariance
of noise.py, so that a sum over the time on the deck is formed that lets bounce cancel.
"""

from typing import Final

import msgspec
import numpy as np

from sensors.calibration import FloatArray
from sensors.rolling.model import cubic_splines, levers
from sensors.rolling.noise import DECK, PLATE, Noise, covariance
from sensors.rolling.signal import Signal
from sensors.rolling.track import SPACING_M_MIN, find_axles, rough_way_m

BLOCKS_MAX: Final = 240
STEPS_MAX: Final = 10
ROUNDS_MAX: Final = 6
PLATE_M_MAX: Final = 6.0
KNOT_S_MIN: Final = 0.35
KNOT_S_MAX: Final = 1.0
# The change of acceleration from knot to knot that a driver makes without anyone noticing.
JERK_MPS2: Final = 0.3
MOVE_M_MAX: Final = 0.3
AXLE_G_MIN: Final = 300_000.0
AXLE_SHARE_MIN: Final = 0.02
RINGING_FADES_S: Final = 0.5


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """A fitted passage: `axle_g`, `offset_m` (axles,); `way_m`, `t_s` (n,); covariance (axles,)².

    `misfit` is the mean square of the whitened residuals: about 1 when the noise is as assumed.
    `gain_off` (cells,) is by how much each cell alone would have to be read higher to leave less
    over, as a share of its reading, and `gain_off_sigma` the standard uncertainty of that.
    """

    axle_g: FloatArray
    offset_m: FloatArray
    t_s: FloatArray
    way_m: FloatArray
    covariance_g2: FloatArray
    misfit: float
    gain_off: FloatArray
    gain_off_sigma: FloatArray

    @property
    def axles(self) -> int:
        """How many axles were found."""
        return len(self.axle_g)


class _Linear(msgspec.Struct, frozen=True):
    """The model at one point: shares (2n, axles), all derivatives, and the noise there."""

    shares: FloatArray
    jacobian: FloatArray
    covariance: FloatArray


class Passage:
    """The data of one passage in at most BLOCKS_MAX blocks, and the fit on them."""

    def __init__(self, signal: Signal, noise: Noise | None = None) -> None:
        self._signal = signal
        self._length_m = signal.length_m
        self._noise = noise or (PLATE if signal.length_m < PLATE_M_MAX else DECK)
        t_s = signal.t_s
        knot_s = float(np.clip((t_s[-1] - t_s[0]) / 20, KNOT_S_MIN, KNOT_S_MAX))
        self._splines, step_s = cubic_splines(t_s, knot_s)
        jerk = np.diff(np.eye(self._splines.shape[1]), 3, axis=0) / (step_s**2 * JERK_MPS2)
        self._calm = jerk.T @ jerk
        self._each = max(1, -(-len(t_s) // BLOCKS_MAX))
        self._count = len(t_s) // self._each
        used = signal.good[: self._count * self._each].reshape(self._count, self._each)
        self._weight = used / np.maximum(used.sum(axis=1, keepdims=True), 1)
        self._kept = used.any(axis=1)
        at_exit = signal.moment_gm / signal.length_m
        self._data = np.concatenate((self.blocks(signal.load_g - at_exit), self.blocks(at_exit)))
        self._blocks_s = self.blocks(t_s)
        part = signal.cell_m / signal.length_m
        readings = self.blocks(signal.cells_g)
        self._cells = np.vstack((readings * (1 - part), readings * part))
        self._floor_g = float(np.sqrt((signal.noise_g**2).sum() / self._each)) + 2000.0

    def blocks(self, values: FloatArray) -> FloatArray:
        """Means of (n,) or (n, m) over the good samples of every block that has any."""
        cut = values[: self._count * self._each]
        parts = cut.reshape(self._count, self._each, -1)
        means: FloatArray = np.einsum("bk,bkm->bm", self._weight, parts)[self._kept]
        return means[:, 0] if values.ndim == 1 else means

    def fit(self, way_m: FloatArray, offset_m: FloatArray, axle_g: FloatArray) -> Fit:
        """Refine way, offsets and loads from a start; the first axle's offset is zero."""
        count = len(axle_g)
        offset_m = offset_m - offset_m[0]
        start = np.linalg.lstsq(self._splines, way_m, rcond=None)[0]
        spline: FloatArray = start.astype(np.float64)
        for step in range(STEPS_MAX):
            linear = self._linearise(axle_g, offset_m, spline)
            residual = self._data - linear.shares @ axle_g
            both = np.column_stack((linear.jacobian, residual))
            weighed = np.linalg.solve(linear.covariance, both)
            normal = linear.jacobian.T @ weighed[:, :-1]
            right = linear.jacobian.T @ weighed[:, -1]
            normal[2 * count - 1 :, 2 * count - 1 :] += self._calm
            right[2 * count - 1 :] -= self._calm @ spline
            change = np.linalg.solve(normal, right)
            moves = change[count : 2 * count - 1], change[2 * count - 1 :]
            far = max(np.abs(moves[0]).max(initial=0.0), np.abs(self._splines @ moves[1]).max())
            short = min(1.0, MOVE_M_MAX / max(far, 1e-9))
            axle_g = np.maximum(axle_g + short * change[:count], 1000.0)
            offset_m = offset_m + np.concatenate(([0.0], short * moves[0]))
            spline = spline + short * moves[1]
            still = float(np.abs(change[:count]).max()) < 2e-4 * axle_g.sum()
            if still and short == 1.0 and step > 1:
                break
        misfit = float(residual @ weighed[:, -1]) / len(residual)
        gain_off, gain_sigma = self._gains(linear, normal, residual, change)
        return Fit(
            axle_g=axle_g,
            offset_m=offset_m,
            t_s=self._signal.t_s,
            way_m=self._splines @ spline,
            covariance_g2=np.linalg.inv(normal)[:count, :count],
            misfit=misfit,
            gain_off=gain_off,
            gain_off_sigma=gain_sigma * max(1.0, misfit) ** 0.5,
        )

    def _gains(
        self, linear: _Linear, normal: FloatArray, residual: FloatArray, change: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """What each cell's gain would be as one unknown more, and how sure that is."""
        apart = np.linalg.solve(linear.covariance, self._cells)
        shared = linear.jacobian.T @ apart
        known = (shared * np.linalg.solve(normal, shared)).sum(axis=0)
        own = np.maximum((self._cells * apart).sum(axis=0) - known, 1e-12)
        off: FloatArray = (shared.T @ change - apart.T @ residual) / own
        return off, 1 / np.sqrt(own)

    def _linearise(self, axle_g: FloatArray, offset_m: FloatArray, spline: FloatArray) -> _Linear:
        way_m = self._splines @ spline
        lever = levers(way_m[:, None] - offset_m, self._length_m)
        shares = np.vstack((self.blocks(lever.entry), self.blocks(lever.exit)))
        per_m = lever.entry_per_m * axle_g, lever.exit_per_m * axle_g
        by_axle = np.vstack([self.blocks(part) for part in per_m])
        by_way = np.vstack(
            [self.blocks(part.sum(axis=1)[:, None] * self._splines) for part in per_m]
        )
        jacobian = np.hstack((shares, -by_axle[:, 1:], by_way))
        edge = np.abs(self.blocks(lever.entry_per_m + lever.exit_per_m)) @ axle_g
        noise = covariance(
            self._noise,
            self._blocks_s,
            shares,
            axle_g,
            self._ringing_g(way_m, offset_m, axle_g),
            np.concatenate((edge, edge)),
            self._floor_g,
        )
        return _Linear(shares, jacobian, noise)

    def _ringing_g(self, way_m: FloatArray, offset_m: FloatArray, axle_g: FloatArray) -> FloatArray:
        """What came on or went at either end (2, n), fading."""
        rising = np.maximum.accumulate(way_m + 1e-6 * np.arange(len(way_m)))
        out = []
        for end_m in (0.0, self._length_m):
            at_s = np.interp(offset_m + end_m - 0.13, rising, self._signal.t_s)
            since = self._blocks_s[:, None] - at_s
            fading = np.exp(-np.clip(since, 0.0, None) / RINGING_FADES_S) * (since > -0.02)
            out.append(np.sqrt(((fading * axle_g) ** 2).sum(axis=1)))
        return np.array(out)


def fit_passage(signal: Signal) -> Fit | None:
    """Find the axles, fit, and look for axles again on the fitted way until nothing changes.

    Returns None when no axle is found or the equations have no solution.
    """
    passage, way_m = Passage(signal), rough_way_m(signal)
    best: Fit | None = None
    cost, count = np.inf, 0
    for _ in range(ROUNDS_MAX):
        way_m, offset_m, axle_g = find_axles(signal, way_m)
        if not len(axle_g):
            break
        found = passage.fit(way_m, offset_m, axle_g)
        price = found.misfit * (1 + 0.1 * found.axles)
        if price < 0.98 * cost:
            best, cost = found, price
        elif count == found.axles:
            break
        way_m, count = found.way_m, found.axles
    return best and _without_phantoms(passage, best)


def _without_phantoms(passage: Passage, fit: Fit) -> Fit:
    """Drop axles that are too light or too near to another, the lightest first."""
    while fit.axles > 1:
        gaps = np.diff(fit.offset_m)
        if fit.axle_g.min() < max(AXLE_SHARE_MIN * fit.axle_g.sum(), AXLE_G_MIN):
            drop = int(fit.axle_g.argmin())
        elif gaps.min() < SPACING_M_MIN:
            near = int(gaps.argmin())
            drop = near if fit.axle_g[near] < fit.axle_g[near + 1] else near + 1
        else:
            return fit
        kept = np.arange(fit.axles) != drop
        way_m = fit.way_m - fit.offset_m[kept][0]
        fit = passage.fit(way_m, fit.offset_m[kept], fit.axle_g[kept])
    return fit
