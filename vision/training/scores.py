"""Score reads against the truth: calibration, threshold, confusion of characters."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import numpy.typing as npt

from vision.plates import UNREADABLE
from vision.recognise import PlateRead, Recogniser, Settings
from vision.training.sets import Sample

Float = npt.NDArray[np.float64]

PULL = 1e-4
WRONG_RENDERED_MAX = 0.001
WRONG_REAL_MAX = 0.005
"""Shares of all plates that may be accepted wrongly at the shipped threshold (issue 4)."""
P_MINS = [round(0.5 + 0.01 * step, 3) for step in range(50)] + [0.993, 0.995, 0.997, 0.998, 0.999]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A sample and how it was read."""

    sample: Sample
    read: PlateRead

    @property
    def right(self) -> bool:
        return self.read.text == self.sample.truth

    def accepted(self, p_min: float) -> bool:
        whole = self.read.valid and self.read.ptype is not None
        return whole and self.read.confidence >= p_min


def score(reader: Recogniser, samples: Iterable[Sample]) -> list[Scored]:
    """Read every sample, its type unknown to the reader."""
    return [Scored(sample=sample, read=reader.read(sample.picture)) for sample in samples]


def calibrated(scored: Sequence[Scored], settings: Settings) -> list[Scored]:
    """Return raw reads with their probabilities put through the calibration."""

    def taken(read: PlateRead) -> PlateRead:
        chances = tuple(settings.calibrated(chance) for chance in read.probabilities)
        least = min(chances, default=0.0)
        return msgspec.structs.replace(read, probabilities=chances, confidence=least)

    return [replace(one, read=taken(one.read)) for one in scored]


def characters(scored: Iterable[Scored]) -> list[tuple[str, str, float]]:
    """Return (truth, read, probability) of the characters of reads that are as long as the truth.

    An unreadable province, on the plate or in the read, is left out.
    """
    places = [
        place
        for one in scored
        if len(one.read.text) == len(one.sample.truth)
        for place in zip(one.sample.truth, one.read.text, one.read.probabilities, strict=True)
    ]
    return [(truth, read, p) for truth, read, p in places if UNREADABLE not in (truth, read)]


def fit(groups: Sequence[Sequence[Scored]]) -> tuple[float, float]:
    """Fit slope and shift of the calibration by logistic regression, each group weighing alike.

    It goes by the least sure character of a read and by whether the whole read is right, so that
    a confidence says how often such a plate is read exactly; a single character is surer than told.
    """
    odds, right, weight = [], [], []
    for group in groups:
        whole = [one for one in group if told_whole(one)]
        raw = np.clip([one.read.confidence for one in whole], 1e-4, 1 - 1e-4)
        odds.append(np.log(raw / (1 - raw)))
        right.append(np.array([one.right for one in whole], float))
        weight.append(np.full(len(whole), 1 / max(len(whole), 1)))
    x = np.stack([np.concatenate(odds), np.ones(sum(map(len, odds)))], axis=1)
    return logistic(x, np.concatenate(right), np.concatenate(weight))


def logistic(x: Float, y: Float, weight: Float) -> tuple[float, float]:
    """Return slope and shift of the likeliest logistic curve, by Newton's method.

    A weak pull towards the identity keeps it finite where every read is right.
    """
    start = solution = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ solution))
        slope = x.T @ (weight * (p - y)) + PULL * (solution - start)
        bend = (x * (weight * p * (1 - p))[:, None]).T @ x + PULL * np.eye(2)
        solution = solution - np.linalg.solve(bend, slope)
    return round(float(solution[0]), 3), round(float(solution[1]), 3)


def told_whole(one: Scored) -> bool:
    """Say whether a read names every character of a plate that shows every character."""
    return bool(one.read.text) and UNREADABLE not in one.read.text + one.sample.truth


def threshold(real: Sequence[Sequence[Scored]], rendered: Sequence[Scored]) -> float:
    """Return the least threshold that keeps both promises, on each real set and the rendered."""
    limits = [(group, WRONG_REAL_MAX) for group in real] + [(rendered, WRONG_RENDERED_MAX)]
    for p_min in P_MINS:
        if all(wrong(group, p_min) <= limit * len(group) for group, limit in limits):
            return p_min
    return P_MINS[-1]


def wrong(scored: Iterable[Scored], p_min: float) -> int:
    """Count what would be accepted though it is read wrong."""
    return sum(one.accepted(p_min) and not one.right for one in scored)


def confusions(scored: Iterable[Scored]) -> Counter[tuple[str, str]]:
    """Count (truth, read) of characters that differ."""
    return Counter((truth, read) for truth, read, _ in characters(scored) if truth != read)


def typed(scored: Iterable[Scored]) -> int:
    """Count the reads whose plate type is right."""
    return sum(one.read.ptype is one.sample.ptype for one in scored)


def interval(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share. Source: Wilson 1927, score interval."""
    if count == 0:
        return 0.0, 1.0
    z, share = 1.96, right / count
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)
