"""Two sets of weighings as distributions side by side."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from sim.fidelity.measures import MEASURES, measures
from sim.fidelity.trace import Floats, Trace

POINTS = (10, 25, 50, 75, 90)


class Row(Struct, frozen=True, kw_only=True):
    """One measure: 10, 25, 50, 75 and 90 % points of both sides, and how far they are apart.

    ``ks`` is the Kolmogorov-Smirnov distance, 0 for equal distributions and 1 for disjoint ones;
    ``ks_5`` is what two sets of this size from one distribution exceed in one case of twenty.
    """

    name: str
    unit: str
    recorded: tuple[float, ...]
    yard: tuple[float, ...]
    ks: float
    ks_5: float

    @property
    def inside(self) -> bool:
        """Whether the yard's median lies between the recorded quartiles."""
        return self.recorded[1] <= self.yard[2] <= self.recorded[3]


Values = dict[str, Floats]


def values(traces: list[Trace]) -> Values:
    """Every measure over all traces, without those that do not show it."""
    rows = [measures(trace) for trace in traces]
    found = {name: np.array([row[name] for row in rows]) for name in MEASURES}
    return {name: x[np.isfinite(x)] for name, x in found.items()}


def compared(recorded: Values, yard: Values) -> list[Row]:
    """One row for each measure, in the order of a passage."""
    return [
        Row(
            name=name,
            unit=unit,
            recorded=tuple(float(p) for p in np.percentile(recorded[name], POINTS)),
            yard=tuple(float(p) for p in np.percentile(yard[name], POINTS)),
            ks=distance(recorded[name], yard[name]),
            ks_5=1.358 * (1 / len(recorded[name]) + 1 / len(yard[name])) ** 0.5,
        )
        for name, (unit, _) in MEASURES.items()
    ]


def distance(one: Floats, other: Floats) -> float:
    """The Kolmogorov-Smirnov distance of two samples."""
    at = np.sort(np.concatenate([one, other]))
    below = [np.searchsorted(np.sort(x), at, side="right") / len(x) for x in (one, other)]
    return float(np.abs(below[0] - below[1]).max())


def table(rows: list[Row]) -> str:
    """The rows as a table of Markdown."""
    lines = [
        "| | unit | recorded 10/25/50/75/90 % | yard 10/25/50/75/90 % | KS | 5 % | median |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        sides = [" / ".join(f"{p:.3g}" for p in side) for side in (row.recorded, row.yard)]
        where = "inside" if row.inside else "outside"
        lines.append(
            f"| {row.name} | {row.unit} | {sides[0]} | {sides[1]} "
            f"| {row.ks:.2f} | {row.ks_5:.2f} | {where} |"
        )
    return "\n".join(lines)
