"""Counts of one passage as load and first moment, without spikes and with the zero taken out.

The sum of the cells is the load on the deck, the sum of cell times place its first moment. Both are
plain statics: they hold whatever the deck's own stiffness is.
"""

from typing import Final

import msgspec
import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale

SPIKE_SHARE: Final = 0.03
SPIKE_FLOOR_E: Final = 10.0
STUCK_SAMPLES: Final = 5
ZERO_SAMPLES_MIN: Final = 8
# The foot of the first tyre is on the edge this long before the load is seen, at walking pace.
LEAD_S: Final = 0.45


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One passage, from just before the first tyre to just after the last.

    Shapes: `t_s`, `load_g`, `moment_gm` (about the end where the vehicle came on), `good` (samples
    in which every cell can be believed) and `loaded` (n,); `cells_g` (n, cells) above the empty
    deck; `stuck` (samples), `zero_step_g` (after less before the passage) and `cell_m` (places from
    that end) (cells,).
    """

    t_s: FloatArray
    cells_g: FloatArray
    load_g: FloatArray
    moment_gm: FloatArray
    good: BoolArray
    loaded: BoolArray
    length_m: float
    cell_m: FloatArray
    noise_g: FloatArray
    stuck: IntArray
    zero_step_g: FloatArray
    backwards: bool


def stuck_samples(counts: IntArray) -> BoolArray:
    """Where a cell repeats itself to the count for STUCK_SAMPLES and more while others move.

    Takes and returns (n, cells). A rail and a dead converter look the same.
    """
    same = np.vstack((np.zeros((1, counts.shape[1]), bool), counts[1:] == counts[:-1]))
    moving: BoolArray = same.sum(axis=1) < counts.shape[1]
    runs = same & moving[:, None]
    out = np.zeros(counts.shape, bool)
    for cell in range(counts.shape[1]):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], runs[:, cell].view(np.int8), [0]))))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            if end - begin + 1 >= STUCK_SAMPLES:
                out[begin - 1 : end, cell] = True
    return out


def without_spikes(cells_g: FloatArray, floor_g: float) -> FloatArray:
    """Replace one or two samples that stand out of five by the median of the five, per cell."""
    if len(cells_g) < 5:
        return cells_g
    padded = np.pad(cells_g, ((2, 2), (0, 0)), mode="edge")
    middle = np.median(np.stack([padded[k : k + len(cells_g)] for k in range(5)]), axis=0)
    limit = np.maximum(floor_g, SPIKE_SHARE * np.abs(middle.sum(axis=1)))[:, None]
    cleaned: FloatArray = np.where(np.abs(cells_g - middle) > limit, middle, cells_g)
    return cleaned


def prepare(t_us: IntArray, counts: IntArray, scale: Scale, first: int, last: int) -> Signal:
    """Cut out the passage whose samples `first` to `last` carry load; the rest is the empty deck.

    Raises ValueError when fewer than ZERO_SAMPLES_MIN samples of the empty deck come before it.
    """
    t_s = t_us / 1e6
    begin = int(np.searchsorted(t_s, t_s[first] - LEAD_S))
    end = int(np.searchsorted(t_s, t_s[last] + LEAD_S, side="right"))
    if begin < ZERO_SAMPLES_MIN:
        raise ValueError(f"{begin} samples of the empty deck; {ZERO_SAMPLES_MIN} are needed")
    stuck = stuck_samples(counts)
    cells_g = without_spikes(scale.to_grams(counts), SPIKE_FLOOR_E * scale.e_g)
    before = np.median(cells_g[:begin], axis=0)
    enough = len(cells_g) - end >= ZERO_SAMPLES_MIN
    after = np.median(cells_g[end:], axis=0) if enough else before
    share = np.clip((t_s - t_s[first]) / max(t_s[last] - t_s[first], 1e-6), 0.0, 1.0)[:, None]
    cells_g = (cells_g - before - share * (after - before))[begin:end]
    load_g, moment_gm = cells_g.sum(axis=1), cells_g @ scale.x_m()
    length_m = scale.platform_mm / 1000
    loaded = load_g > scale.min_g
    backwards = _came_from_the_far_end(load_g[loaded], moment_gm[loaded], length_m)
    believed: BoolArray = stuck[begin:end].sum(axis=1) == 0
    return Signal(
        t_s=t_s[begin:end],
        cells_g=cells_g,
        load_g=load_g,
        moment_gm=load_g * length_m - moment_gm if backwards else moment_gm,
        good=believed,
        loaded=loaded,
        length_m=length_m,
        cell_m=length_m - scale.x_m() if backwards else scale.x_m(),
        noise_g=_noise_g(scale.to_grams(counts[:begin])),
        stuck=stuck[begin:end].sum(axis=0),
        zero_step_g=after - before,
        backwards=backwards,
    )


def _came_from_the_far_end(load_g: FloatArray, moment_gm: FloatArray, length_m: float) -> bool:
    few = min(len(load_g), 5)
    return bool(moment_gm[:few].sum() > load_g[:few].sum() * length_m / 2)


def _noise_g(empty_g: FloatArray) -> FloatArray:
    """Noise of each cell on the empty deck, from differences, so that a drift is not noise."""
    steps = np.abs(np.diff(empty_g, axis=0))
    noise: FloatArray = np.median(steps, axis=0) * (1.4826 / np.sqrt(2.0))
    return noise
