"""The coprocessor's interlock as a table of rules, written apart from it, and all its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

HOLD, RAISE, LOWER = range(3)
UNKNOWN, CLEAR, BLOCKED, NOT_FITTED = range(4)
UNSURE, CLOSED, BETWEEN, OPEN, UNWATCHED = range(5)


class Case(NamedTuple):
    """The arguments of ``interlock.boom`` in its order."""

    wanted: int
    estop: int
    leased: bool
    under: int
    settled: bool
    falling: bool
    here: int
    other: int
    other_rises: bool
    exclusive: bool


def cases() -> Iterator[Case]:
    """Every combination, a level that does not exist among them."""
    both = (False, True)
    ranges = (range(4), range(4), both, range(4), both, both, range(5), range(5), both, both)
    return (Case(*values) for values in product(*ranges))


def verdict(case: Case) -> int:
    """The level and reason that the rules of ``docs/coprocessor.md`` give."""
    rules = (
        (1, HOLD, case.estop in (UNKNOWN, BLOCKED)),
        (2, HOLD, not case.leased),
        (3, RAISE, case.falling and case.under != CLEAR and case.here not in (CLOSED, OPEN)),
        (4, HOLD, case.wanted == LOWER and case.under == BLOCKED),
        (5, HOLD, case.wanted == LOWER and case.under == UNKNOWN),
        (6, HOLD, case.wanted == LOWER and case.under == NOT_FITTED),
        (7, HOLD, case.wanted == LOWER and not case.settled),
        (8, HOLD, case.wanted == LOWER and case.here == UNSURE),
        (9, HOLD, case.wanted == RAISE and case.exclusive and not _other_down(case)),
        (10, HOLD, case.wanted not in (HOLD, RAISE, LOWER)),
    )
    for reason, level, applies in rules:
        if applies:
            return 16 * level + reason
    return 16 * case.wanted


def _other_down(case: Case) -> bool:
    return case.other == CLOSED and not case.other_rises


def lamp_verdict(wanted: int, heads: int, estop: int, leased: bool) -> int:
    """The green heads and the reason."""
    if estop in (UNKNOWN, BLOCKED):
        return 1
    if not leased:
        return 2
    single = [0, *(1 << head for head in range(heads))]
    return 16 * wanted if wanted in single else 11


def worse(first: int, second: int) -> int:
    """The worse of two guards."""
    return min(first, second, key=(BLOCKED, UNKNOWN, CLEAR, NOT_FITTED).index)


def position(closed: int, opened: int) -> int:
    """Where a boom stands by its limit switches."""
    known = {
        (NOT_FITTED, NOT_FITTED): UNWATCHED,
        (BLOCKED, CLEAR): CLOSED,
        (CLEAR, BLOCKED): OPEN,
        (CLEAR, CLEAR): BETWEEN,
    }
    return known.get((closed, opened), UNSURE)
