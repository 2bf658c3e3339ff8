"""What drivers see from behind the wheel: lamps, booms, the sign, and who is before and behind."""

from __future__ import annotations

from random import Random

from sim.cheats import Mischief
from sim.driver import Driver
from sim.loads import DeckLoad, burden_g
from sim.people import Errand, Operator
from sim.sensing import Sensing
from sim.signwords import Word
from sim.truth import Bypass, Truth
from sim.vehicle import Vehicle

BURDEN_G = 100_000
"""More than a person: a deck with that on it, five scale intervals, is not empty."""
LOOK_US = 1_000_000
LIES = 29
"""So many looks long lies what a scale may rightly take for its zero."""


class Outlook(Sensing):
    """The part of the yard that its drivers look at (``sim.cab.Surroundings``)."""

    seed: int
    truth: Truth
    loads: list[DeckLoad]
    approach_green: list[bool]
    deck_green: list[bool]
    operator: Operator
    mischief: Mischief | None
    drivers: list[Driver]
    _word: Word

    def random(self, part: str) -> Random:
        """Return the generator of one part, the same for the same seed and name."""
        return Random(f"{self.seed}/{part}")

    def approach_is_green(self, end: int) -> bool:
        """The lamp that faces the one who comes."""
        return self.approach_green[end]

    def deck_is_green(self, end: int) -> bool:
        """The lamp at this end that faces the one on the deck."""
        return self.deck_green[end]

    def boom_is_open(self, end: int) -> bool:
        """Whether the boom stands up; a torn-off one bars nobody."""
        return self.booms[end].is_open or self.booms[end].broken

    def boom_rises(self, end: int) -> bool:
        """Whether the boom is on its way up."""
        return self.booms[end].rising

    def sign_word(self) -> Word:
        """The gist of the sign."""
        return self._word

    def step_out(self, vehicle: Vehicle, now_us: int) -> int:
        """Let the driver walk along the deck, stand under the near boom, and come back."""
        errand = Errand(vehicle, self.layout, now_us, self.random(f"errand {vehicle.number}"))
        self.loads.extend(errand.loads)
        self.walkers.append(errand.walker)
        return errand.back_us

    def drove_round(self, vehicle: Vehicle, now_us: int) -> None:
        """Take down that a vehicle passed beside the lane."""
        plate, mass_g = vehicle.truck.plate.text, vehicle.mass_g
        self.truth.bypasses.append(Bypass(at_us=now_us, plate=plate, mass_g=mass_g))

    def room_ahead_m(self, vehicle: Vehicle) -> float:
        """Free road before the front bumper up to the next vehicle that came the same way."""
        ahead = [
            other.rear_s_m - vehicle.s_m
            for other in self._present
            if other is not vehicle and other.end == vehicle.end and other.s_m > vehicle.s_m
        ]
        return min(ahead, default=1e9)

    def room_behind_m(self, vehicle: Vehicle) -> float:
        """Free road behind the rear bumper; outside the boom others get out of the way."""
        behind = [
            vehicle.rear_s_m - other.s_m
            for other in self._present
            if other is not vehicle and other.end == vehicle.end and -4.0 < other.s_m < vehicle.s_m
        ]
        return min(behind, default=1e9)

    def is_backed_upon(self, vehicle: Vehicle) -> bool:
        """Whether the vehicle ahead comes back towards this one."""
        return any(
            other.end == vehicle.end and other.s_m > vehicle.s_m and other.v_mps < -0.05
            for other in self._present
            if other is not vehicle
        )

    def told_to_back_off(self, vehicle: Vehicle) -> bool:
        """Whether the operator has told this very driver to get off the deck."""
        return vehicle.number in self.operator.told_off

    def weight_is_spoilt(self, from_us: int, until_us: int | None) -> bool:
        """Whether something acted on the deck or its cables that makes any weight untrue."""
        end_us = self.now_us if until_us is None else until_us
        devices = self.mischief is not None and self.mischief.spoils_weight(from_us, end_us)
        return devices or any(load.under and load.acts(from_us, end_us) for load in self.loads)

    def burdened(self, at_us: int) -> bool:
        """Whether something heavy that is no vehicle had come onto the deck by then.

        What lay there from the beginning is the zero of the scale.
        """
        return self.burden_g(at_us) - self.burden_g(0) > BURDEN_G

    def burden_g(self, at_us: int) -> int:
        """What everything but the vehicles weighed on the deck then, grams."""
        return burden_g(self.loads, at_us)

    def beside_g(self, at_us: int, *, died: bool) -> tuple[int, ...]:
        """What the scale may then have shown besides its vehicles, grams: nothing, or what came.

        What lay there from the beginning is its zero; so may be what has lain for half a minute,
        and for a lane that ``died`` whatever it found when it began anew.
        """
        if not self.loads:
            return (0,)
        there_g = [self.burden_g(us) for us in range(0, at_us, LOOK_US)] or [0]
        lies = 0 if died else LIES
        zeros = {
            g for i, g in enumerate(there_g) if i >= lies and {g}.issuperset(there_g[i - lies : i])
        }
        now_g = self.burden_g(at_us)
        return tuple(sorted({0, now_g - there_g[0], *(now_g - zero_g for zero_g in zeros)}))

    def may_set_out(self, vehicle: Vehicle, tailgates: bool) -> bool:
        """Whether the turn has come: the lane is empty, or the one to be tailgated has gone in."""
        others = [d.vehicle for d in self.drivers if d.vehicle.present]
        if not others:
            return True
        return tailgates and all(v.end == vehicle.end and v.s_m > -6.0 for v in others)
