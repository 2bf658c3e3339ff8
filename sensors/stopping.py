"""When did the vehicle come to a stand: braking told from pitching by where the load lies.

The first moment over the load is the place of the centre of gravity. A vehicle that brakes moves
on a parabola which ends at the stop; the body pitches around it by up to 0.2 m at 1 to 4 Hz, which
looks like 1 m/s to any slope. Every pair of stop and braking time is one hypothesis, and "rolls on"
is another; each is fitted by generalised least squares under a few pitch spectra whose size is
left free, and their likelihoods say how probable it is that the vehicle stands.
"""

from functools import cache
from typing import Final

import msgspec
import numpy as np

from sensors.calibration import FloatArray

SPECTRA_HZ: Final = (
    (1.2, 1.5, 1.8),
    (1.6, 2.0, 2.4),
    (2.2, 2.7, 3.2),
    (3.0, 3.6, 4.2),
    (1.3, 1.7, 2.2, 2.8, 3.5),
)
DECAY: Final = 0.4
NOISE_SHARE: Final = 0.08
PITCH_MIN_M: Final = 0.003
STOPS_S: Final[FloatArray] = np.linspace(-1.2, 0.6, 37)
BRAKING_S: Final = (0.5, 0.8, 1.2, 1.8, 2.6, 9.0)
ROLLS_ON_WEIGHT: Final = 3.0
LEAST: Final = 16
MOST: Final = 44


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """What the newest window says.

    stands: probability that the speed SETTLED_S ago was below STILL_MPS; since_s: how long ago it
    stopped (median; negative when that is still to come); speed_mps: expected speed, with sign.
    """

    stands: float
    since_s: float
    speed_mps: float


SETTLED_S: Final = 0.15
STILL_MPS: Final = 0.05


class StopFinder:
    """Places (n,) in metres on an even grid, oldest first; LEAST to MOST of them are looked at."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s

    def look(self, place_m: FloatArray) -> Stop | None:
        """Judge the newest places, or None while there are too few."""
        n = min(len(place_m), MOST)
        if n < LEAST:
            return None
        return window(n, self._step_s).judge(place_m[-n:])


@cache
def window(n: int, step_s: float) -> "Window":
    """The window of n places; all decks share it, for it costs milliseconds to make."""
    return Window(n, step_s)


class Window:
    """Everything about a window length that does not depend on the data; it keeps no state."""

    def __init__(self, n: int, step_s: float) -> None:
        self._n = n
        t_s = -np.arange(n)[::-1] * step_s
        lag_s = np.abs(t_s[:, None] - t_s[None])
        self._spectra = Spectra(lag_s, _shapes(np.asarray(t_s, np.float64)))
        # Speeds for a unit of each shape: braking that is to end later, or rolling on.
        self._speed = _speeds(0.0)
        self._settled = _speeds(-SETTLED_S)

    def judge(self, place_m: FloatArray) -> Stop:
        """Weigh all hypotheses about n places."""
        weight, _, sizes = self._weigh(place_m)
        total = float(weight.sum())
        stops = weight[:, :-1].sum(axis=0).reshape(len(STOPS_S), -1).sum(axis=1)
        rising = np.cumsum(stops) / total
        still = np.abs(sizes * self._settled) < STILL_MPS
        middle = min(int(np.searchsorted(rising, 0.5)), len(STOPS_S) - 1)
        speed = -float((weight * sizes * self._speed).sum()) / total
        stands = float(weight[still].sum()) / total
        return Stop(stands=stands, since_s=-float(STOPS_S[middle]), speed_mps=speed)

    def log_evidence(self, place_m: FloatArray) -> float:
        """How well all hypotheses together explain n places, as others may that are held to them.

        Each time of the stop has the weight 1.
        """
        weight, log_most, _ = self._weigh(place_m)
        return log_most + float(np.log(weight.sum()))

    def _weigh(self, place_m: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        """Weights (spectra, hypotheses), the logarithm that they are held to, and the sizes."""
        logs, sizes = self._spectra.fit(place_m - place_m.mean(), self._n)
        log_most = float(logs.max())
        weight = np.exp(logs - log_most)
        weight[:, :-1] /= len(BRAKING_S)
        weight[:, -1] *= ROLLS_ON_WEIGHT
        return weight, log_most, sizes


class Spectra:
    """Generalised least squares of a constant and one shape under each pitch spectrum."""

    def __init__(self, lag_s: FloatArray, shapes: FloatArray) -> None:
        covariances = [_covariance(lag_s, hertz) for hertz in SPECTRA_HZ]
        inverses = [np.linalg.inv(covariance) for covariance in covariances]
        self._inverse = np.stack(inverses)
        self._half_log_det = np.array(
            [[0.5 * float(np.linalg.slogdet(covariance)[1])] for covariance in covariances]
        )
        self._ones = [inverse.sum(axis=1) for inverse in inverses]
        self._a11 = np.array([[float(ones.sum())] for ones in self._ones])
        self._turned = np.stack([shapes @ inverse for inverse in inverses])
        self._a12 = np.stack([shapes @ ones for ones in self._ones])
        a22 = np.stack([np.einsum("hn,hn->h", turned, shapes) for turned in self._turned])
        det = self._a11 * a22 - self._a12**2
        flat = det < 1e-9 * self._a11 * np.maximum(a22, 1e-12)
        self._det = np.where(flat, np.inf, det)

    def fit(self, y: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
        """Log likelihood and size (spectra, shapes) of every shape."""
        b1 = np.array([[float(ones @ y)] for ones in self._ones])
        whole = np.array([[float(y @ turned)] for turned in self._inverse @ y])
        top = self._a11 * (self._turned @ y) - self._a12 * b1
        rest = whole - b1 * b1 / self._a11
        left = np.maximum(rest - top * top / (self._a11 * self._det), 0.0)
        log = -0.5 * (n - 2) * np.log(left + n * PITCH_MIN_M**2) - self._half_log_det
        return log, top / self._det


def _covariance(lag_s: FloatArray, hertz: tuple[float, ...]) -> FloatArray:
    """Of places (n, n) that pitch at these frequencies, for a unit of pitch."""
    covariance = NOISE_SHARE**2 * np.eye(len(lag_s))
    for f in hertz:
        covariance += np.exp(-DECAY * lag_s) * np.cos(2 * np.pi * f * lag_s) / len(hertz)
    return covariance


def _speeds(at_s: float) -> FloatArray:
    """(hypotheses,): how fast each unit shape still moves at a time."""
    return np.append(np.repeat(2 * np.maximum(STOPS_S - at_s, 0.0), len(BRAKING_S)), 1.0)


def _shapes(t_s: FloatArray) -> FloatArray:
    """(hypotheses, n): ways to the stop at a deceleration of 2 m/s2; the last one at 1 m/s."""
    rows = []
    for stop in STOPS_S:
        for braking in BRAKING_S:
            ends = np.clip(stop - t_s, 0.0, None) ** 2
            rows.append(ends - np.clip(stop - braking - t_s, 0.0, None) ** 2)
    return np.array([*rows, -t_s])
