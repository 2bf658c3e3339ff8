"""Where the vehicle is at every instant, and where its axles are: from load and moment alone.

The centre of gravity of what stands on the deck moves with the vehicle, whatever its bounce does in
step, and jumps back when an axle climbs on or leaves. An axle at an end of the deck has no lever
about that end. So while axles climb on, the moment about the entry end grows by load times way, and
while they leave, the moment about the exit end shrinks in the same manner.
"""

from typing import Final

import numpy as np

from sensors.calibration import FloatArray, IntArray
from sensors.rolling.signal import Signal

GRID_M: Final = 0.05
TILE_M: Final = 0.5
# A change of load by more than this in a tile is an axle at an end, not a bounce.
STEP_SHARE: Final = 0.07
WINDOW_NEAR_M: Final = 0.15
WINDOW_FAR_M: Final = 0.60
SPACING_M_MIN: Final = 0.85
AXLE_SHARE_MIN: Final = 0.025


def smooth(values: FloatArray, width: int) -> FloatArray:
    """A moving average of `width` samples, ends held."""
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    mean: FloatArray = np.convolve(padded, np.ones(width) / width, mode="valid")
    return mean


def rough_way_m(signal: Signal) -> FloatArray:
    """A first idea of the first axle's place over time, good to some decimetres; shape (n,)."""
    t_s = signal.t_s
    centre_m = np.where(signal.loaded, signal.moment_gm / np.maximum(signal.load_g, 1.0), 0.0)
    first = _alone(centre_m, signal)
    pace = max(float(np.polyfit(t_s[first], centre_m[first], 1)[0]), 0.3)
    at_s, speed_mps = _tile_speeds(signal, pace)
    if len(at_s) < 3:
        speed = np.full(len(t_s), pace)
    else:
        top = 1.5 * float(np.percentile(speed_mps, 60))
        calm = smooth(_running_median(np.clip(speed_mps, -top, top), 7), min(5, len(at_s)))
        speed = np.interp(t_s, at_s, np.clip(calm, 0.0, top))
    way = np.concatenate(([0.0], np.cumsum(np.diff(t_s) * (speed[1:] + speed[:-1]) / 2)))
    shifted: FloatArray = way + float(np.mean(centre_m[first] - way[first]))
    return shifted


def _alone(centre_m: FloatArray, signal: Signal) -> IntArray:
    """Samples in which the first axle alone is on the deck, clear of the edge."""
    low = 0.12 * signal.length_m if signal.length_m < 3 else 0.35
    high = min(1.15, 0.8 * signal.length_m)
    on = np.flatnonzero(signal.loaded)
    begin = int(np.argmax(centre_m[on] > low))
    end = begin + max(int(np.argmax(centre_m[on][begin:] > high)), 2)
    alone: IntArray = on[begin : end + 1].astype(np.int64)
    return alone


def _tile_speeds(signal: Signal, pace_mps: float) -> tuple[FloatArray, FloatArray]:
    """Speeds over short tiles of the way, each from the quantity that no axle disturbs there."""
    t_s, load, length = signal.t_s, signal.load_g, signal.length_m
    step_s = min(TILE_M, length / 4) / pace_mps
    width = max(1, round(step_s / float(np.median(np.diff(t_s)))))
    soft = max(1, width // 3)
    load_s, moment_s = smooth(load, soft), smooth(signal.moment_gm, soft)
    at, speeds = [], []
    for i in range(0, len(t_s) - width, width):
        j = i + width
        if not signal.loaded[i : j + 1].all():
            continue
        mean = float(load[i:j].mean())
        rise, turn = load_s[j] - load_s[i], moment_s[j] - moment_s[i]
        if rise > STEP_SHARE * mean:
            way = turn / mean
        elif rise < -STEP_SHARE * mean:
            way = (turn - length * rise) / mean
        else:
            way = moment_s[j] / load_s[j] - moment_s[i] / load_s[i]
        at.append((t_s[i] + t_s[j]) / 2)
        speeds.append(way / (t_s[j] - t_s[i]))
    return np.array(at), np.array(speeds)


def _running_median(values: FloatArray, width: int) -> FloatArray:
    padded = np.pad(values, width // 2, mode="edge")
    middle: FloatArray = np.median(
        np.stack([padded[k : k + len(values)] for k in range(width)]), axis=0
    )
    return middle


def find_axles(signal: Signal, way_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Find the axles as steps that are seen at the entry and again one deck length later.

    Takes the way (n,); returns it again, stretched so that the steps at both ends agree, with the
    offsets of the axles behind the first, metres, and their loads, grams (both (axles,), maybe
    empty).
    """
    none = np.zeros(0)
    if np.ptp(way_m) < signal.length_m:
        return way_m, none, none
    for _ in range(2):
        grid, up, down = _steps(signal, way_m)
        late = _lateness_m(grid, up, down, signal.length_m)
        if abs(late) < 0.08:
            break
        way_m = way_m * signal.length_m / (signal.length_m + late)
    grid, up, down = _steps(signal, way_m)
    off = np.interp(grid + signal.length_m, grid, down, left=0.0, right=0.0)
    both = np.minimum(up, off) / 2 + (up + off) / 4
    places = _peaks(both, AXLE_SHARE_MIN * float(signal.load_g.max()))
    if not len(places):
        return way_m, none, none
    start = grid[places[0]]
    return way_m - start, grid[places] - start, both[places]


def _steps(signal: Signal, way_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Heights of a step up at the entry and of a step down at the exit, over the way."""
    rising = np.maximum.accumulate(way_m + 1e-9 * np.arange(len(way_m)))
    grid = np.arange(rising[0], rising[-1], GRID_M)
    load = _over_way(rising, signal.load_g, grid)
    at_exit = _over_way(rising, signal.moment_gm, grid) / signal.length_m
    at_entry = load - at_exit
    near = round(WINDOW_NEAR_M / GRID_M)
    far = max(near + 1, round(min(WINDOW_FAR_M, signal.length_m - 0.1) / GRID_M))
    apart = np.zeros(2 * far + 1)
    apart[: far - near + 1] = 1.0
    apart[far + near :] = -1.0
    apart /= far - near + 1
    slope = (near + far) * GRID_M / signal.length_m * _fold(load, np.ones(2 * far + 1)) / len(apart)
    return grid, _fold(at_entry, apart) + slope, slope - _fold(at_exit, apart)


def _fold(values: FloatArray, kernel: FloatArray) -> FloatArray:
    out: FloatArray = np.convolve(np.pad(values, len(kernel) // 2, mode="edge"), kernel, "valid")
    return out


def _over_way(way_m: FloatArray, values: FloatArray, grid: FloatArray) -> FloatArray:
    """Means of a signal over cells of the way."""
    area = np.concatenate(([0.0], np.cumsum(np.diff(way_m) * (values[1:] + values[:-1]) / 2)))
    edges = np.append(grid - GRID_M / 2, grid[-1] + GRID_M / 2)
    mean: FloatArray = np.diff(np.interp(edges, way_m, area)) / GRID_M
    return mean


def _lateness_m(grid: FloatArray, up: FloatArray, down: FloatArray, length_m: float) -> float:
    """How far too late, by this way, the axles leave."""
    reach = min(3.0, 0.3 * length_m)
    lags = np.arange(-reach, reach + 1e-9, GRID_M)
    climbs = np.clip(up, 0.0, None)
    common = []
    for lag in lags:
        leaves = np.interp(grid + length_m + lag, grid, down, left=0.0, right=0.0)
        common.append(np.minimum(climbs, np.clip(leaves, 0.0, None)).sum() * (1 - 0.03 * abs(lag)))
    return float(lags[int(np.argmax(common))])


def _peaks(heights: FloatArray, floor_g: float) -> list[int]:
    reach = round(0.8 / GRID_M)
    return [
        i
        for i in range(len(heights))
        if heights[i] > floor_g and heights[i] >= heights[max(0, i - reach) : i + reach + 1].max()
    ]
