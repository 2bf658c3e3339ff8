"""The newest steps of a vehicle, as long as it may come out that they were none.

A body that brakes, jerks or sways with an axle on the road puts tonnes on the deck and takes them
off again; the load that is left tells which of the steps were axles.
"""

from collections.abc import Sequence
from itertools import product
from typing import Final, NamedTuple

import msgspec

from sensors.axle_confidence import JUMP_SHARE, Climb
from sensors.axle_steps import AxleStep

# Those that undo one come on top.
TAIL_MAX: Final = 6
# By so much of its mass a step that is left out must explain the load better.
LEFT_OUT: Final = 0.15
# Who comes on goes on; an axle that goes off must explain it better still.
GONE: Final = 0.6


class Edge(NamedTuple):
    """A step with the moment about the front at that instant and the deck since the step before."""

    step: AxleStep
    moment_gm: float
    load_g: float
    climb: Climb


class Books(NamedTuple):
    """All that was known before the newest steps."""

    steps: Sequence[AxleStep] = ()
    climbs: Sequence[Climb] = ()
    moment_gm: float = 0.0
    level_g: float = 0.0


class Tail:
    """The steps since the load was last known for a while, when it was `load_g`."""

    def __init__(self, before: Books | None = None, load_g: float = 0.0) -> None:
        self.before = before or Books()
        self._load_g = load_g
        self._edges: list[Edge] = []
        self._lasts: tuple[bool, ...] = ()

    @property
    def full(self) -> bool:
        """Whether there are as many as can be told apart."""
        return len(self._edges) >= TAIL_MAX

    def add(self, edge: Edge) -> None:
        """Take one more step."""
        self._edges.append(edge)
        self._lasts = (*self._lasts, True)

    def undo(self, step: AxleStep, back: Edge) -> None:
        """A step and one that undoes it: neither lasts, unless the load says otherwise later."""
        lasts = zip(self._edges, self._lasts, strict=True)
        self._lasts = (*(one and edge.step.at_us != step.at_us for edge, one in lasts), False)
        self._edges.append(back)

    def widen(self, step: AxleStep) -> None:
        """A step was stronger than it seemed."""
        self._edges = [
            edge._replace(step=msgspec.structs.replace(edge.step, mass_g=step.mass_g))
            if edge.step.at_us == step.at_us
            else edge
            for edge in self._edges
        ]

    def join(self, half: Edge) -> Edge | None:
        """The newest step was half of one, of which this is the rest; the whole, if it lasts."""
        if not self._edges or not self._lasts[-1]:
            return None
        one = self._edges[-1]
        step = msgspec.structs.replace(one.step, mass_g=one.step.mass_g + half.step.mass_g)
        climb = one.climb._replace(jump_g=one.climb.jump_g + half.climb.jump_g)
        self._edges[-1] = one._replace(step=step, climb=climb)
        return self._edges[-1]

    def after_g(self, level_g: float | None) -> float:
        """The load behind these steps, by its level or else by the steps that last."""
        if level_g is not None:
            return level_g
        return self._load_g + sum(_mass_g(edge) for edge in self.lasting())

    def judge(self, level_g: float) -> bool:
        """Find out which of the steps last, the load being this; returns whether others do now."""
        if not self._edges:
            return False
        before = self._lasts
        self._lasts = explaining([_mass_g(edge) for edge in self._edges], level_g - self._load_g)
        return self._lasts != before

    def lasting(self) -> list[Edge]:
        """The steps that last; the way of one that does not belongs to the next."""
        kept, way_mm = [], 0
        for edge, lasts in zip(self._edges, self._lasts, strict=True):
            way_mm += edge.step.travel_mm
            if lasts:
                step = msgspec.structs.replace(edge.step, travel_mm=way_mm)
                kept.append(edge._replace(step=step))
                way_mm = 0
        return kept


def _mass_g(edge: Edge) -> float:
    return edge.step.mass_g / JUMP_SHARE


def explaining(masses_g: Sequence[float], rise_g: float) -> tuple[bool, ...]:
    """Which steps of these masses make the load rise by this: all, unless others do it better."""
    choices = product((True, False), repeat=len(masses_g))
    return min(choices, key=lambda chosen: _misfit_g(chosen, masses_g, rise_g))


def _misfit_g(chosen: tuple[bool, ...], masses_g: Sequence[float], rise_g: float) -> float:
    made_g = sum(mass_g for mass_g, by in zip(masses_g, chosen, strict=True) if by)
    left_out_g = sum(abs(mass_g) for mass_g, by in zip(masses_g, chosen, strict=True) if not by)
    gone_g = -sum(mass_g for mass_g, by in zip(masses_g, chosen, strict=True) if by and mass_g < 0)
    return abs(rise_g - made_g) + LEFT_OUT * left_out_g + GONE * gone_g
