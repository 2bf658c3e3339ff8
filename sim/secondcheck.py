"""Whether who stands is told of a second vehicle on the deck before he is told how to stand right.

As long as the other is there, and not on its way back off the deck; with a cell that is named bad
nobody's axles are known.
"""

from __future__ import annotations

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import CLEAR, Message
from sim.notes import Notes
from sim.vehicle import Vehicle
from sim.world import Yard

FOLLOWED_US = 3_000_000
PARTED_US = 300_000
"""What the loop and the beams at the entry tell apart; a shorter gap is a semi-trailer's, too."""
COUPLED_M = 6.78
"""No drawbar couples axles further apart than 6.5 m; whoever follows as close is a trailer to every
sensor.  A tyre touches the deck 0.12 m before its axle is there, and ways are known to 0.16 m."""
PARTED_M = 7.0
"""By so much an axle that climbs on behind one that rolls is known to be further than that."""
_NEVER_US = 1 << 62
_HINTS = (Message.FORWARD, Message.BACK, Message.STAND_STILL)


class SecondOnDeck:
    """Follows two that are on the deck of one lane at once, and what it tells the first."""

    def __init__(self, yard: Yard, notes: Notes) -> None:
        self._yard = yard
        self._notes = notes
        self._gap_us = 0
        self._followed_us: int | None = None

    def restarted(self) -> None:
        """A scale that starts under both knows of nobody's axles."""
        if self._followed_us is not None:
            self._followed_us = _NEVER_US

    def look(self, inputs: InputImage, outputs: OutputImage) -> None:
        """Take one scan."""
        there = [d.vehicle for d in self._yard.drivers if d.vehicle.axles_on_deck()]
        first, second = [*sorted(there, key=lambda v: -v.s_m), None, None][:2]
        self._gap_us = 0 if first is None else self._gap_behind(first, inputs)
        if first is None or second is None:
            self._followed_us = None
            self._notes.standing.discard("I15")
            return
        if self._followed_us is None:
            parted = self._gap_us >= PARTED_US or first.end != second.end
            another = parted and _is_another(first, second)
            self._followed_us = inputs.now_us if another else _NEVER_US
        elif self._followed_us != _NEVER_US and (self._yard.troubles or inputs.weight.bad_cells):
            self._followed_us = inputs.now_us
        hint = outputs.sign.message in _HINTS and second.v_mps >= 0.0
        late = inputs.now_us - self._followed_us > FOLLOWED_US
        seen = f"{outputs.sign.message.name} shown with two vehicles on the deck"
        self._notes.hold("I15", hint and late, seen)

    def _gap_behind(self, first: Vehicle, inputs: InputImage) -> int:
        """For how long nothing was seen between this one and who comes next, as far as known."""
        here = inputs.ends[first.end]
        guards = (here.arm, here.beam_low, here.beam_high)
        if any(guard.state != CLEAR for guard in guards):
            return self._gap_us
        return inputs.now_us - max(guard.since_us for guard in guards)


def _is_another(first: Vehicle, second: Vehicle) -> bool:
    """Whether the second's first axle cannot follow the first's last one as a trailer's would."""
    stands = first.v_mps == 0.0
    if first.end != second.end:
        return stands
    last_m, next_m = first.s_m - first.truck.axles_m[-1], second.s_m - second.truck.axles_m[0]
    return last_m - next_m > (COUPLED_M if stands else PARTED_M)
