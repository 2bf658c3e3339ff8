"""When the readings of a weighing indicator are a weight: its settings and its integer arithmetic.

The rule is that of facts 9.3: the last readings lie within 1 e of one another, none says that it is
in motion, none is missing, nothing crossed an end meanwhile, and they have no slope.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import isqrt
from typing import Final, Protocol

import msgspec

from sensors.indication import Capacity, mpe_in_service_g

METHOD: Final = "indicator"
VERSION: Final = "1"
# The words of a frame on itself, as `protocol/frames.py` numbers them.
OK: Final = 0
OVER: Final = 1
UNDER: Final = 2
SLOPE_D_PER_S: Final = (1, 2)
# A gap of more than this part of the usual interval hides a frame.
GAP: Final = (7, 4)
_S_US: Final = 1_000_000


class Reading(Protocol):
    """One frame of an indicator: a driver's ``Indication`` and a record's ``RawFrame`` are such."""

    @property
    def t_us(self) -> int: ...
    @property
    def gross_g(self) -> int | None: ...
    @property
    def state(self) -> int: ...
    @property
    def motion(self) -> bool | None: ...
    @property
    def centre_of_zero(self) -> bool | None: ...
    @property
    def d_g(self) -> int | None: ...


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What makes readings a weight; a site may set it.

    At least ``readings`` frames over at least ``window_us`` (10 at 10 Hz; more where frames come
    faster), and not sooner than ``settle_us`` after something crossed an end: a vehicle that rolls
    smoothly weighs as one that stands.  For ``check_us`` an accepted weight is held to what follows
    (R 76-1 A.4.12), after ``silent_us`` without a frame nothing is known, after ``give_up_us`` the
    load is called unstable.
    """

    readings: int = 10
    window_us: int = 1_000_000
    settle_us: int = 6_000_000
    check_us: int = 5_000_000
    silent_us: int = 1_000_000
    give_up_us: int = 10_000_000

    def wanted(self, interval_us: int) -> int:
        """How many frames make a window where one comes every ``interval_us``."""
        return max(self.readings, -(-self.window_us // interval_us))

    def parameters(self, interval_us: int, *, e_g: int, d_g: int) -> tuple[tuple[str, int], ...]:
        """The rule as a record states it: names with their units."""
        return (
            ("readings", self.wanted(interval_us)),
            ("interval_us", interval_us),
            ("span_g_max", e_g),
            ("settle_us", self.settle_us),
            ("d_g", d_g),
            ("slope_g_per_s_max", SLOPE_D_PER_S[0] * d_g // SLOPE_D_PER_S[1]),
            ("gap_us_max", GAP[0] * interval_us // GAP[1]),
            ("check_us", self.check_us),
        )


def masses(readings: Sequence[Reading]) -> list[int] | None:
    """The masses of all these readings; None where one shows none."""
    found = [r.gross_g for r in readings if r.gross_g is not None and r.state == OK]
    return found if len(found) == len(readings) else None


def is_even(readings: Sequence[Reading], interval_us: int) -> bool:
    """Whether no frame is missing between the first of these readings and the last."""
    times = [r.t_us for r in readings]
    return all(
        GAP[1] * (after - before) <= GAP[0] * interval_us for before, after in pairwise(times)
    )


def slopes(readings: Sequence[Reading], grams: Sequence[int], d_g: int) -> bool:
    """Whether the line of least squares through the readings rises or falls by 0.5 d/s or more."""
    t = [r.t_us - readings[0].t_us for r in readings]
    n, sum_t, sum_g = len(t), sum(t), sum(grams)
    rise = n * sum(a * b for a, b in zip(t, grams, strict=True)) - sum_t * sum_g
    run = n * sum(a * a for a in t) - sum_t * sum_t
    return SLOPE_D_PER_S[1] * abs(rise) * _S_US >= SLOPE_D_PER_S[0] * d_g * run


def is_of_division(reading: Reading, d_g: int) -> bool:
    """Whether a reading can be one of an instrument with this division."""
    if reading.d_g is not None and reading.d_g != d_g:
        return False
    return reading.gross_g is None or reading.gross_g % d_g == 0


def stable_g(
    readings: Sequence[Reading], capacity: Capacity, rule: Rule, interval_us: int
) -> int | None:
    """The weight that these readings are, by the indicator's word alone; None where they are none.

    It is the middle one of the last ``rule.wanted`` readings: a value that the indicator has shown.
    """
    wanted = rule.wanted(interval_us)
    last = readings[-wanted:]
    grams = masses(last)
    if len(last) < wanted or grams is None:
        return None
    if any(r.motion or not is_of_division(r, capacity.d_g) for r in last):
        return None
    if max(grams) - min(grams) > capacity.e_g or not is_even(last, interval_us):
        return None
    return None if slopes(last, grams, capacity.d_g) else sorted(grams)[wanted // 2]


def u95_g(load_g: int, capacity: Capacity) -> int:
    """Half the interval that holds 95 % of the true masses, for a reading of a verified indicator.

    Its error lies anywhere within the MPE in service (class III, R 76-1 table 6 and 3.5.2, twice
    the initial one), its rounding anywhere within d/2: two even distributions of half-widths a >= b
    (GUM 4.3.7).  Of their sum 95 % lie within a + b - sqrt(a b / 5), exactly; with d at most e
    that is never below d.
    Raises ValueError above 10 000 e.
    """
    a, b = mpe_in_service_g(load_g, capacity.e_g), capacity.d_g // 2
    if a > 20 * b:
        return -(-19 * a // 20)
    return a + b - isqrt(a * b // 5)
