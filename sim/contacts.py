"""Who and what booms touch: the beginning of each contact goes into the truth."""

from __future__ import annotations

from collections.abc import Sequence

from sim.boom import BoomArm
from sim.people import PERSON_HEIGHT_M, Walker
from sim.truth import Touch, Truth
from sim.vehicle import Vehicle

_STOPS_US = 300_000
"""Two scans and the arm's own inertia: whoever walks into an arm that is lower than they are and on
its way down was not hit by it, unless it goes on after that."""


class Contacts:
    """The contacts that stand; ``boom_m`` is how far outside the deck's end a boom is."""

    def __init__(self, boom_m: float, truth: Truth) -> None:
        self._boom_m = boom_m
        self._truth = truth
        self._standing: set[tuple[int, str]] = set()

    def look(
        self,
        now: int,
        booms: Sequence[BoomArm],
        present: Sequence[Vehicle],
        walkers: Sequence[Walker],
    ) -> None:
        """Note each contact that begins now, and what it breaks."""
        for end, boom in enumerate(booms):
            if boom.angle_deg > 80.0 or boom.broken:
                continue
            for vehicle in present:
                across = vehicle.spans(end, self._boom_m)
                hit = across and boom.touches(vehicle.truck.height_m)
                if (
                    self._begins(now, end, f"vehicle {vehicle.number}", hit, boom)
                    and not boom.falling
                ):
                    boom.broken = True
            for walker in walkers:
                if walker.end == end:
                    below = walker.there(now) and walker.under_boom(now - _STOPS_US)
                    under = below and boom.falling and boom.touches(PERSON_HEIGHT_M)
                    self._begins(now, end, "person", under, boom)

    def _begins(self, now: int, end: int, what: str, hit: bool, boom: BoomArm) -> bool:
        """Note the beginning of a contact; return whether one has begun."""
        key = (end, what)
        if not hit:
            self._standing.discard(key)
            return False
        if key in self._standing:
            return False
        self._standing.add(key)
        self._truth.touches.append(Touch(at_us=now, end=end, by_boom=boom.falling, what=what))
        return True
