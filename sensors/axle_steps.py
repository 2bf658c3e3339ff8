"""Steps of the load at an end of the deck: what one is, and where it is strongest.

An axle at an end of the deck has no lever about that end, so the first moment about the end where
a vehicle enters goes on smoothly while the load jumps.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple, Self

import msgspec
import numpy as np

from sensors.history import History

# A step is over when this share of its strongest rise is left.
OVER_SHARE: Final = 0.4


class End(IntEnum):
    """An end of the deck; the entry beam stands at ENTRY (x = 0)."""

    ENTRY = 0
    EXIT = 1


class AxleStep(msgspec.Struct, frozen=True, kw_only=True):
    """One axle climbing on (mass_g > 0) or off an end; travel_mm is the way since the last step."""

    at_us: int
    mass_g: int
    end: End
    travel_mm: int
    standing: bool


class Sides(NamedTuple):
    """Mean load and first moment about the entry just before and just after an instant."""

    at_us: int
    early_g: float
    late_g: float
    early_gm: float
    late_gm: float


class Peak(NamedTuple):
    """The strongest point of a step; `standing` says how the vehicle was when the step began."""

    at_us: int
    rise_g: float
    lever_m: float
    load_g: float
    moment_gm: float
    standing: bool

    @classmethod
    def of(cls, sides: Sides, standing: bool) -> Self:
        """The step at one instant."""
        rise_g = sides.late_g - sides.early_g
        return cls(
            at_us=sides.at_us,
            rise_g=rise_g,
            lever_m=(sides.late_gm - sides.early_gm) / rise_g,
            load_g=max(sides.late_g, sides.early_g) - abs(rise_g) / 2,
            moment_gm=(sides.late_gm + sides.early_gm) / 2,
            standing=standing,
        )


class PeakFinder:
    """Follows a step from its threshold over its strongest point until it is over."""

    def __init__(self) -> None:
        self._peak: Peak | None = None

    @property
    def rising(self) -> bool:
        """Whether a step is under way."""
        return self._peak is not None

    def reset(self) -> None:
        """Forget the step under way."""
        self._peak = None

    def follow(self, sides: Sides, threshold_g: float, standing: bool) -> Peak | None:
        """Take the next instant; return the strongest point of a step that is over now."""
        rise_g, peak = sides.late_g - sides.early_g, self._peak
        if peak is None:
            if abs(rise_g) >= threshold_g:
                self._peak = Peak.of(sides, standing)
            return None
        if abs(rise_g) > abs(peak.rise_g):
            self._peak = Peak.of(sides, peak.standing)
        elif rise_g * peak.rise_g < 0 or abs(rise_g) < OVER_SHARE * abs(peak.rise_g):
            self._peak = None
            return peak
        return None


def both_sides(history: History, fresh: int, lag: int, least_g: float) -> Iterator[Sides]:
    """Both sides, `lag` samples each, of the newest instants that have them; `fresh` instants.

    None of them where the load nowhere changes by `least_g`. `history` holds fresh + 2 lag
    samples at least.
    """
    need = fresh + 2 * lag
    load_g = history.sum_g(need).cumsum()
    early_g = (load_g[lag:-lag] - load_g[: -2 * lag]) / lag
    late_g = (load_g[2 * lag :] - load_g[lag:-lag]) / lag
    if np.abs(late_g - early_g).max() < least_g:
        return iter(())
    moment_gm = history.moment_gm(need).cumsum()
    columns = (
        history.t_us(need)[lag:-lag],
        early_g,
        late_g,
        (moment_gm[lag:-lag] - moment_gm[: -2 * lag]) / lag,
        (moment_gm[2 * lag :] - moment_gm[lag:-lag]) / lag,
    )
    return map(Sides, *(column.tolist() for column in columns))


def about(end: End | None, moment_gm: float, load_g: float, length_m: float) -> float:
    """First moment about an end, gram metres, from that about the entry."""
    return moment_gm if end == End.ENTRY else load_g * length_m - moment_gm
