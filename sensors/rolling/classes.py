"""Accuracy classes of weighing in motion, and which one a stated uncertainty would still meet.

Limits of the gross: facts on OIML R 134 classes 0.2 to 10 at initial verification. Limits of single
axle loads for classes A to F: common knowledge of R 134-1, not confirmed in a text at hand; they
are data, to be replaced when the text is.
"""

from collections.abc import Mapping
from typing import Final

GROSS_INITIAL_PERCENT: Final[Mapping[str, float]] = {
    "0.2": 0.10,
    "0.5": 0.25,
    "1": 0.50,
    "2": 1.00,
    "5": 2.50,
    "10": 5.00,
}
AXLE_INITIAL_PERCENT: Final[Mapping[str, float]] = {
    "A": 0.50,
    "B": 1.00,
    "C": 1.50,
    "D": 2.00,
    "E": 4.00,
    "F": 8.00,
}


def class_for(u95_percent: float, limits: Mapping[str, float]) -> str | None:
    """The strictest class whose initial limit holds the expanded uncertainty, or None.

    An estimate from one passage; a class is only ever given to an instrument by its type test.
    """
    for name, limit in limits.items():
        if u95_percent <= limit:
            return name
    return None
