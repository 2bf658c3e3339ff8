"""The judge's eye on weights: what stood on the deck, and how, as one was taken."""

from __future__ import annotations

from collections import deque
from itertools import takewhile

from controller.core.images import Weight
from controller.core.kinds import Deck, End, WeighingStatus
from sim.boomjudge import BoomJudge
from sim.driver import Driver
from sim.notes import Notes
from sim.world import Yard

ROLLS_MPS = 0.6
"""Nobody creeps as fast; a vehicle that has just set off has had its weight while it stood."""
BRAKES_MPS = 0.1
STILL_MPS = 0.05
"""Who comes to rest, and sets off again, is as slow for a moment before and after he stands."""
STOOD_US = 300_000
"""So long before its weight is taken a vehicle has stopped."""
SET_OFF_M = 0.4
"""Who stood so long and has gone no further since cannot be told from one who stands: a body that
rights itself moves its load as much (`sensors/turning.py`)."""
HEARD_US = 5_000_000
ROLLS_ON_MPS = 0.3
ROLLS_ON_US = 2_500_000
"""Who rolls on for so long while the weight just taken is still listened to takes it back."""
SPEEDS_MAX = 400


class WeightJudge:
    """Keeps each weight that was ``accepted``, and the ``doubts`` about it by its time (T8, I5)."""

    def __init__(self, yard: Yard, notes: Notes, booms: BoomJudge, *, cheated: bool) -> None:
        self._yard = yard
        self._notes = notes
        self._booms = booms
        self._cheated = cheated
        self.accepted: set[tuple[int, int]] = set()
        self.doubts: dict[int, str] = {}
        self._accepted_us: int | None = None
        self._speeds: deque[tuple[int, float]] = deque(maxlen=SPEEDS_MAX)
        self._in_beam_us = 0
        self._heard_until_us = 0
        self._rolls_since_us: int | None = None
        self._seen: Weight | None = None

    def look(self, weight: Weight) -> None:
        """Take one scan's word of the scale."""
        if weight is not self._seen:
            self._seen = weight
            self._take(weight)
        if self._notes.now_us < self._heard_until_us:
            self._rolls_on(weight)

    def _take(self, weight: Weight) -> None:
        """Remember each accepted weight, and what the yard has against it at that instant."""
        accepted_us = weight.accepted_us
        if weight.deck != Deck.EMPTY:
            self._speeds.append((self._notes.now_us, self._speed_mps()))
            if any(map(self._in_beam, self._yard.drivers)):
                self._in_beam_us = self._notes.now_us
        if weight.status != WeighingStatus.ACCEPTED or accepted_us is None:
            return
        bad = ", ".join(map(str, weight.bad_cells))
        self._notes.hold("I5", bool(bad), f"a weight is accepted with the bad cells {bad}")
        self.accepted.add((accepted_us, weight.weight_g or 0))
        if weight.estimate_g is not None:
            self.accepted.add((accepted_us, weight.estimate_g))
        if accepted_us == self._accepted_us:
            return
        self._accepted_us = accepted_us
        self._heard_until_us, self._rolls_since_us = accepted_us + HEARD_US, None
        doubt = self._doubt() or self._moved_meanwhile(weight)
        if doubt:
            self.doubts[accepted_us] = f"{doubt} as its weight was accepted"

    def _doubt(self) -> str:
        """Why what stands on the deck now is not one whole vehicle at rest; "" where it is."""
        if self._cheated or any(self._booms.blinded(end) for end in End):
            return ""
        there = [d.vehicle for d in self._yard.drivers if d.vehicle.axles_on_deck()]
        if len(there) != 1:
            return f"{len(there)} vehicles were on the deck"
        (vehicle,) = there
        if not vehicle.wholly_on_deck():
            return f"vehicle {vehicle.number} stood there with {vehicle.axles_on_deck()} axles"
        # Who rocks may begin to roll as a weight seen at rest is taken; T3 holds that to truth.
        excused = self._yard.drivers[vehicle.number].habits.rocks or self._has_just_set_off()
        rolls = abs(vehicle.v_mps) > ROLLS_MPS and not excused
        return f"vehicle {vehicle.number} rolled at {vehicle.v_mps:.2f} m/s" if rolls else ""

    def _speed_mps(self) -> float:
        """The speed of the fastest vehicle that has an axle on the deck now."""
        there = (d.vehicle for d in self._yard.drivers if d.vehicle.axles_on_deck())
        return max((abs(vehicle.v_mps) for vehicle in there), default=0.0)

    def _moved_meanwhile(self, weight: Weight) -> str:
        """Whether a vehicle still rolled just before its weight was taken, or "" where it stood.

        Who has set off since then, to rock or to go on, is not known to roll yet; who rocks stands
        still for a moment each time he turns, and T3 holds that weight to truth.
        """
        if self._cheated or weight.accepted_us is None or self._rocks():
            return ""
        since_us = weight.accepted_us - STOOD_US
        mps = next((mps for at_us, mps in self._speeds if at_us >= since_us), 0.0)
        rolled = mps > BRAKES_MPS and not self._has_just_set_off()
        return f"a vehicle rolled at {mps:.2f} m/s" if rolled else ""

    def _has_just_set_off(self) -> bool:
        """Whether the vehicle stood, clear of the beams, and has hardly moved since.

        T3 holds its weight to truth, and `_rolls_on` the lane to taking it back.
        """
        speeds = [one for one in reversed(self._speeds) if one[0] > self._in_beam_us]
        moving = list(takewhile(lambda one: one[1] > STILL_MPS, speeds))
        still = list(takewhile(lambda one: one[1] <= STILL_MPS, speeds[len(moving) :]))
        later_us = [self._notes.now_us, *(at_us for at_us, _ in moving)]
        ways_um = [mps * (to - at_us) for (at_us, mps), to in zip(moving, later_us, strict=False)]
        stood_us = still[0][0] - still[-1][0] if still else 0
        return stood_us >= STOOD_US and sum(ways_um) / 1e6 <= SET_OFF_M

    def _in_beam(self, driver: Driver) -> bool:
        """Whether who is on the deck is across a line of beams."""
        vehicle, beam_m = driver.vehicle, self._yard.layout.beam_m
        return vehicle.axles_on_deck() > 0 and any(vehicle.spans(end, beam_m) for end in End)

    def _rocks(self) -> bool:
        """Whether one of those on the deck drives to and fro."""
        return any(d.habits.rocks for d in self._yard.drivers if d.vehicle.axles_on_deck())

    def _rolls_on(self, weight: Weight) -> None:
        """Hold it against a weight that its vehicle rolls, and that it stands all the same."""
        stands = weight.status == WeighingStatus.ACCEPTED and not self._yard.troubles
        if self._cheated or not stands or self._speed_mps() < ROLLS_ON_MPS:
            self._rolls_since_us = None
        elif self._rolls_since_us is None:
            self._rolls_since_us = self._notes.now_us
        elif (
            self._notes.now_us - self._rolls_since_us > ROLLS_ON_US
            and weight.accepted_us is not None
        ):
            self._heard_until_us = 0
            self.doubts[weight.accepted_us] = "a vehicle rolled on, and its weight still stood"
