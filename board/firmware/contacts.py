"""The coprocessor's inputs: beams, loops, limit switches and the emergency stop.

A contact is BLOCKED as soon as it is seen so and CLEAR only after it has been for its settling
time; before that, and where the two wires of a pair contradict each other, it is UNKNOWN or what it
was.  The time of an edge is that of the round in which the pin was first seen changed.
"""

from array import array

from interlock import BLOCKED, CLEAR, UNKNOWN
from moment import elapsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Inputs, Pairs


class Contacts:
    """Inputs by number; ``pairs`` holds the opposite pin of each, None where it has none."""

    def __init__(
        self,
        pins: "Inputs",
        pairs: "Pairs",
        clear_levels: list[int],
        settles_ms: list[int],
    ) -> None:
        self.number = len(pins)
        self.states = bytearray(self.number)
        self.edges_us = array("i", [0] * self.number)
        self.packed = 0
        self._pins = pins
        self._pairs = pairs
        self._clear_levels = bytes(clear_levels)
        self._settles_ms = array("i", settles_ms)
        self._seen = bytearray(self.number)
        self._seen_ms = array("i", [0] * self.number)
        self._seen_us = array("i", [0] * self.number)

    def look(self, now_ms: int, now_us: int) -> int:
        """Read every pin once; returns the changed ones as bits."""
        changed = 0
        packed = 0
        for index in range(self.number):
            seen = self._read(index)
            if seen != self._seen[index]:
                self._seen[index] = seen
                self._seen_ms[index] = now_ms
                self._seen_us[index] = now_us
            if seen != self.states[index] and self._settled(index, seen, now_ms):
                self.states[index] = seen
                self.edges_us[index] = self._seen_us[index]
                changed |= 1 << index
            packed |= self.states[index] << (2 * index)
        self.packed = packed
        return changed

    def _settled(self, index: int, seen: int, now_ms: int) -> bool:
        return seen != CLEAR or elapsed(now_ms, self._seen_ms[index]) >= self._settles_ms[index]

    def _read(self, index: int) -> int:
        level = self._pins[index].value()
        pair = self._pairs[index]
        if pair is not None and pair.value() == level:
            return UNKNOWN
        return CLEAR if level == self._clear_levels[index] else BLOCKED
