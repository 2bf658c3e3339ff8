"""Has who backed up and stopped gone forward again already?

A driver who is told to back and then to stand may go on to where he wanted to stand at once. He
then brakes and sets off with one and the same pull, so that the body hardly pitches; to
`sensors/stopping.py`, which knows of no setting off, what he goes at first looks like a body that
rights itself after the stop, and for a second he seems to stand.

A body rights itself against the way that it came, by up to 0.4 m. So this is asked of a vehicle
that came backwards only: nobody who came forwards turns back out of clear beams by himself, and
of those who stop hard every fifth would have to wait until his body has come back.
"""

from functools import cache
from typing import Final

import numpy as np

from sensors.calibration import FloatArray
from sensors.stopping import LEAST, MOST, STILL_MPS, Spectra, window

STOPS_S: Final[FloatArray] = np.linspace(-1.2, -0.3, 10)
PAUSES_S: Final = (0.0, 0.2, 0.5)
# Who set off less long ago than this has hardly moved.
MOVED_S: Final = 0.3
BRAKING_S: Final = (0.8, 1.8, 9.0)
# Of the pull of setting off over that of braking.
PULLS: Final = (0.5, 1.0, 2.0)
# Beside 37 for all times of a stop together: few back up, and fewer go on at once.
TURNS_WEIGHT: Final = 2.0


class TurnFinder:
    """Places (n,) in metres on an even grid, oldest first, as `StopFinder` takes them."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s

    def look(self, place_m: FloatArray, forward: int) -> float:
        """Probability that it came backwards and goes forwards now; 0 of too few places.

        `forward` is 1 where forwards the places grow, else -1.
        """
        n = min(len(place_m), MOST)
        if n < LEAST:
            return 0.0
        return _window(n, self._step_s).judge(forward * place_m[-n:])


@cache
def _window(n: int, step_s: float) -> "_Window":
    """The window of n places; all decks share it, for it costs milliseconds to make."""
    return _Window(n, step_s)


class _Window:
    """Everything about a window length that does not depend on the data; it keeps no state."""

    def __init__(self, n: int, step_s: float) -> None:
        self._n = n
        self._others = window(n, step_s)
        t_s = -np.arange(n)[::-1] * step_s
        lag_s = np.abs(t_s[:, None] - t_s[None])
        shapes, self._speed = _shapes(np.asarray(t_s, np.float64))
        self._spectra = Spectra(lag_s, shapes)
        self._weight = TURNS_WEIGHT / len(shapes)

    def judge(self, place_m: FloatArray) -> float:
        logs, sizes = self._spectra.fit(place_m - place_m.mean(), self._n)
        weight = self._weight * np.exp(logs - self._others.log_evidence(place_m))
        goes = float(weight[sizes * self._speed > STILL_MPS].sum())
        return goes / (1.0 + float(weight[sizes > 0].sum()))


def _shapes(t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(hypotheses, n): ways back, to the stop and forward again; how fast each goes at the end."""
    rows, speeds = [], []
    for stop in STOPS_S:
        for off in (stop + pause for pause in PAUSES_S if stop + pause <= -MOVED_S):
            for braking in BRAKING_S:
                back = np.clip(stop - t_s, 0.0, None) ** 2
                back -= np.clip(stop - braking - t_s, 0.0, None) ** 2
                for pull in PULLS:
                    rows.append(back + pull * np.clip(t_s - off, 0.0, None) ** 2)
                    speeds.append(-2 * pull * off)
    return np.array(rows), np.array(speeds)
