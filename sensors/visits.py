"""Known vehicles as test weights: a tare that changed is the vehicle; many at once are the scale.

K4 and K7 of the catalogue in docs/tamper.md. A fleet that comes every day weighs the scale: one
vehicle may have a new body, but several that deviate by the same ratio on one day have not.
"""

from collections import OrderedDict, deque
from enum import IntEnum
from typing import Final

import msgspec
import numpy as np

VEHICLES_MAX: Final = 5_000
VISITS_MAX: Final = 8
TODAY_MAX: Final = 256
DAY_US: Final = 86_400_000_000
# The standard error of a median of n normal values is this times sigma over the root of n.
MEDIAN_U: Final = 1.25
ALIKE_MIN: Final = 0.6
NORMAL_MAD: Final = 1.48
SPACING_MM: Final = 300
SPACING_SHARE: Final = 0.04


class VisitKind(IntEnum):
    """Who changed; the weight alone never says why."""

    VEHICLE_TARE = 1  # this vehicle's empty weight is outside the band of its history
    SCALE_GAIN = 2  # known vehicles deviate by one ratio: the scale weighs differently
    OTHER_AXLES = 3  # the same plate on another axle pattern (K6)


class VisitLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bands of the comparison. Driver, fuel and dirt move a tare by `tare_ppm` (one sigma)."""

    visits_min: int = 3
    tare_ppm: int = 8_000
    band_sigmas: float = 3.5
    vehicles_min: int = 3
    scale_sigmas: float = 4.5
    window_us: int = DAY_US


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One empty weighing of a known vehicle; `offsets_mm` are its axles from the first one."""

    vehicle: str
    at_us: int
    tare_g: int
    u95_g: int
    offsets_mm: tuple[int, ...]


class VisitFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A deviation with its uncertainty, and how many vehicles of the day it rests on.

    `value_g` and `ratio_ppm` are this visit against the history; for SCALE_GAIN the ratio is the
    mean of the day's vehicles. Both are 0 for OTHER_AXLES, where nothing can be compared.
    """

    kind: VisitKind
    at_us: int
    vehicle: str
    value_g: int
    ratio_ppm: int
    u95_ppm: int
    vehicles: int


class VisitRegister:
    """The last visits of the vehicles seen last; at most VEHICLES_MAX of them, VISITS_MAX each.

    Only complete, accepted weighings of the empty vehicle belong here. A flagged visit joins the
    history too, whose median follows a lasting change (a new body) after a few visits.
    """

    def __init__(self, limits: VisitLimits | None = None) -> None:
        self._limits = limits or VisitLimits()
        self._known: OrderedDict[str, deque[Visit]] = OrderedDict()
        self._today: deque[tuple[int, str, float, float]] = deque(maxlen=TODAY_MAX)
        self._scale_said_us: int | None = None

    def visits(self) -> tuple[Visit, ...]:
        """All that is kept, oldest first: `add` them again after a restart, minding no finding."""
        kept = (visit for history in self._known.values() for visit in history)
        return tuple(sorted(kept, key=lambda visit: visit.at_us))

    def add(self, visit: Visit) -> tuple[VisitFinding, ...]:
        """Compare a visit with the vehicle's history, then keep it.

        Raises ValueError for a tare that is not above zero.
        """
        if visit.tare_g <= 0:
            raise ValueError(f"tare_g: {visit.tare_g} of {visit.vehicle}: must be above zero")
        history = self._known.pop(visit.vehicle, None)
        found: tuple[VisitFinding, ...] = ()
        if history and not same_axles(history[-1].offsets_mm, visit.offsets_mm):
            found = (_finding(VisitKind.OTHER_AXLES, visit, 0.0, 0.0, 1, 0.0),)
            history = None
        if history is not None and len(history) >= self._limits.visits_min:
            found = self._compare(visit, history)
        history = history or deque(maxlen=VISITS_MAX)
        history.append(visit)
        self._known[visit.vehicle] = history
        if len(self._known) > VEHICLES_MAX:
            self._known.popitem(last=False)
        return found

    def take_back(self, visit: Visit) -> None:
        """Forget a visit whose weight did not stand; what it pushed out stays forgotten too."""
        history = self._known.get(visit.vehicle)
        if history is not None and visit in history:
            history.remove(visit)
        row = (visit.at_us, visit.vehicle)
        self._today = deque((r for r in self._today if r[:2] != row), maxlen=TODAY_MAX)

    def _compare(self, visit: Visit, history: deque[Visit]) -> tuple[VisitFinding, ...]:
        limits = self._limits
        tares = np.array([past.tare_g for past in history], np.float64)
        usual = float(np.median(tares))
        # A vehicle that comes with changing tools and crew has a band of its own.
        own = NORMAL_MAD * float(np.median(np.abs(tares - usual))) / usual
        spread = max(limits.tare_ppm / 1e6, own) * np.sqrt(1 + np.pi / 2 / len(tares))
        u = float(np.hypot(spread, visit.u95_g / 2 / usual))
        ratio = visit.tare_g / usual - 1
        self._note_today(visit, ratio, u)
        common, u_common, count = self._common()
        if common and abs(ratio - common) <= limits.band_sigmas * u:
            return self._say_scale(visit, common, u_common, count, usual)
        if abs(ratio) <= limits.band_sigmas * u:
            return ()
        value_g = visit.tare_g - usual
        return (_finding(VisitKind.VEHICLE_TARE, visit, ratio, u, 1, value_g),)

    def _note_today(self, visit: Visit, ratio: float, u: float) -> None:
        """One row a vehicle: five visits of one truck are not five witnesses."""
        since = visit.at_us - self._limits.window_us
        kept = [row for row in self._today if row[0] > since and row[1] != visit.vehicle]
        self._today = deque([*kept, (visit.at_us, visit.vehicle, ratio, u)], maxlen=TODAY_MAX)

    def _common(self) -> tuple[float, float, int]:
        """The ratio that the last vehicles share, its u and their number; 0 where there is none.

        The scale may have changed at any hour, so the newest 3, 4, 6, 9 … vehicles are asked in
        turn and the surest answer counts. The median keeps one vehicle from speaking for all.
        """
        best, answer = 0.0, (0.0, 0.0, 0)
        count = self._limits.vehicles_min
        while count <= len(self._today):
            ratios = np.array([row[2] for row in list(self._today)[-count:]])
            u_each = np.array([row[3] for row in list(self._today)[-count:]])
            common = float(np.median(ratios))
            u = MEDIAN_U * float(np.median(u_each)) / float(np.sqrt(count))
            alike = np.abs(ratios - common) < 2 * u_each
            agreed = alike.mean() > ALIKE_MIN and alike.sum() >= self._limits.vehicles_min
            if agreed and abs(common) / u > max(best, self._limits.scale_sigmas):
                best, answer = abs(common) / u, (common, u, int(alike.sum()))
            count = count * 3 // 2
        return answer

    def _say_scale(
        self, visit: Visit, common: float, u: float, count: int, usual: float
    ) -> tuple[VisitFinding, ...]:
        """Said once a window; meanwhile no vehicle is blamed for what the scale does."""
        said = self._scale_said_us
        if said is not None and visit.at_us - said < self._limits.window_us:
            return ()
        self._scale_said_us = visit.at_us
        return (_finding(VisitKind.SCALE_GAIN, visit, common, u, count, common * usual),)


def same_axles(one: tuple[int, ...], two: tuple[int, ...]) -> bool:
    """Whether two axle patterns (offsets from the first axle, mm) can be one vehicle's.

    Either direction of travel counts.
    """
    if len(one) != len(two):
        return False
    length = max((*one, *two), default=0)
    limit = max(SPACING_MM, SPACING_SHARE * length)
    turned = tuple(two[-1] - offset for offset in reversed(two)) if two else ()
    return any(
        all(abs(a - b) <= limit for a, b in zip(one, other, strict=True)) for other in (two, turned)
    )


def _finding(
    kind: VisitKind, visit: Visit, ratio: float, u: float, vehicles: int, value_g: float
) -> VisitFinding:
    return VisitFinding(
        kind=kind,
        at_us=visit.at_us,
        vehicle=visit.vehicle,
        value_g=round(value_g),
        ratio_ppm=round(1e6 * ratio),
        u95_ppm=round(2e6 * u),
        vehicles=vehicles,
    )
