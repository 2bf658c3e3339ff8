"""A step that is held back until it has lasted, for a body swings back.

So are those under a standing vehicle, and those of a rolling one that no beam saw.
"""

from typing import Final, NamedTuple

import msgspec

from sensors.axle_steps import End, about
from sensors.axle_tail import Edge
from sensors.calibration import Scale
from sensors.history import History

# The step counts when this share of it is still there after this time.
LAST_US: Final = 700_000
LASTING_SHARE: Final = 0.5
# What stood before has moved by more than this: the vehicle did not stand, it drove on.
DROVE_ON_M: Final = 0.3


class _Held(NamedTuple):
    """The step, and load and moment about the front as they were before it."""

    edge: Edge
    before_g: float
    before_gm: float


class StandingDoubt:
    """Holds one step at a time; the samples are the caller's."""

    def __init__(self, scale: Scale) -> None:
        self._length_m = scale.platform_mm / 1000
        self._rate_hz = scale.rate_hz
        self._held: _Held | None = None
        self._undone: tuple[int, float, float] | None = None

    @property
    def open(self) -> bool:
        """Whether a step is held back."""
        return self._held is not None

    def reset(self) -> None:
        """Forget the step."""
        self._held = self._undone = None

    def hold(self, edge: Edge, front: End | None, history: History) -> None:
        """Hold a step back; one the other way undoes the step that is held, and neither counts.

        What follows such a pair is held against the load before it: a body comes back in swings.
        """
        at_us = edge.step.at_us
        if self._held is not None:
            if self._held.edge.step.mass_g * edge.step.mass_g < 0:
                self._undone = at_us, self._held.before_g, self._held.before_gm
                self._held = None
            return
        if self._undone is not None and at_us - self._undone[0] < LAST_US:
            self._held = _Held(edge, *self._undone[1:])
            return
        until_us = at_us - LAST_US // 4
        until, since = history.index_at(until_us), history.index_at(until_us - LAST_US)
        if since > until:
            before_g = float(history.sum_g(since)[: since - until].mean())
            before_gm = float(history.moment_gm(since)[: since - until].mean())
            self._held = _Held(edge, before_g, self._about(front, before_gm, before_g))

    def settle(self, front: End | None, history: History) -> Edge | None:
        """Judge the held step once its time is over; the step where it counts."""
        if self._held is None:
            return None
        edge, before_g, before_gm = self._held
        step = edge.step
        rows = history.index_at(step.at_us + LAST_US // 2)
        if rows < LAST_US / 1e6 * self._rate_hz:
            return None
        self._held = None
        change_g = float(history.sum_g(rows).mean()) - before_g
        if change_g * step.mass_g <= 0 or abs(change_g) < LASTING_SHARE * abs(step.mass_g):
            return None
        after_gm = self._about(front, float(history.moment_gm(rows).mean()), before_g + change_g)
        if step.end != front:
            after_gm -= change_g * self._length_m
        # An axle on the edge has its lever there alone, so this is the way of what stood before.
        if abs(after_gm - before_gm) > DROVE_ON_M * before_g:
            step = msgspec.structs.replace(step, standing=False)
        return edge._replace(step=step)

    def _about(self, front: End | None, moment_gm: float, load_g: float) -> float:
        return about(front, moment_gm, load_g, self._length_m)
