"""Other ways to find the weight under a swing, kept to be measured beside the shipped one.

Each is an `Estimator`; none is used by the product. `steelyard bench modes` sets them side by
side.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from sensors.calibration import Scale
from sensors.candidates.kalman import KalmanBank
from sensors.candidates.pencil import Pencil
from sensors.estimator import Estimator, Modal, PlainWindow, TaperedMean
from sensors.modal import OSCILLATORS

SHIPPED: Final = f"{OSCILLATORS} oscillators (shipped)"

CANDIDATES: Final[Mapping[str, Callable[[Scale], Estimator]]] = {
    SHIPPED: Modal,
    "2 oscillators": partial(Modal, oscillators=2),
    "1 oscillator": partial(Modal, oscillators=1),
    "3, no drive": partial(Modal, driven_after=0.0),
    "2, no drive": partial(Modal, oscillators=2, driven_after=0.0),
    "1, no drive": partial(Modal, oscillators=1, driven_after=0.0),
    "Kalman bank": KalmanBank,
    "matrix pencil": Pencil,
    "tapered mean": TaperedMean,
    "window of 1 s": PlainWindow,
}
"""All of them by the names that the benchmark shows, the shipped one first."""
