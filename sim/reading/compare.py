"""The real recogniser and the stochastic one side by side, on frames that neither has seen."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from msgspec import Struct

from controller.recognition.eyes import PlateEyes
from sim.reader import draw
from sim.reading.measure import looked_at, sights
from sim.reading.table import CELLS, DIRT, PPM, Outcome, Readings

SURE_PPM = 950_000
"""The least sure character of a read that counts as sure here."""


class Rates(Struct, frozen=True, kw_only=True):
    """Of so many frames: read rightly, not read at all, sure and right, sure but wrong."""

    frames: int
    right: float
    unread: float
    sure: float
    sure_wrong: float


def rates(outcomes: Iterable[Outcome]) -> Rates:
    """Count them."""
    ones = list(outcomes)
    sure = [one for one in ones if one.chars_ppm and min(one.chars_ppm) >= SURE_PPM]
    n = max(1, len(ones))
    return Rates(
        frames=len(ones),
        right=sum(one.right for one in ones) / n,
        unread=sum(not one.chars_ppm for one in ones) / n,
        sure=sum(one.right for one in sure) / n,
        sure_wrong=sum(not one.right for one in sure) / n,
    )


def compared(readings: Readings, count: int, seed: int) -> dict[str, tuple[Rates, Rates]]:
    """Real and stochastic rates by light, sky and dirt, of ``count`` vehicles a condition."""
    real: dict[str, list[Outcome]] = {}
    drawn: dict[str, list[Outcome]] = {}
    eyes, rng, number = PlateEyes(), Random(f"compare {seed}"), 0
    for cell in CELLS:
        names = "all", cell[0].value, cell[1].value, f"dirt {DIRT[cell[2]]:g}-{DIRT[cell[2] + 1]:g}"
        for sight in sights(cell, count, rng):
            number += 1
            outcome = looked_at(eyes, sight, number, rng)[0]
            other = draw(readings, sight, rng.random(), rng.random())
            for name in names:
                real.setdefault(name, []).append(outcome)
                drawn.setdefault(name, []).append(other)
    return {name: (rates(real[name]), rates(drawn[name])) for name in real}


def told(found: dict[str, tuple[Rates, Rates]]) -> str:
    """The comparison as a table, in percent: real, then stochastic."""
    sure = f"sure {SURE_PPM / PPM:.2f}"
    lines = [f"{'':<12} frames  {'right':>13} {'unread':>13} {sure:>13} {'sure, wrong':>13}"]
    for name, (real, drawn) in found.items():
        pairs = zip(
            (real.right, real.unread, real.sure, real.sure_wrong),
            (drawn.right, drawn.unread, drawn.sure, drawn.sure_wrong),
            strict=True,
        )
        row = " ".join(f"{100 * a:6.1f} {100 * b:6.1f}" for a, b in pairs)
        lines.append(f"{name:<12} {real.frames:6d}  {row}")
    return "\n".join(lines)
