"""Whether anything, and whether a vehicle, is on the deck."""

from typing import Final

from sensors.calibration import FloatArray, Scale
from sensors.indication import Capacity, is_over_range, is_under_range
from sensors.sums import total
from sensors.weighing import DeckState, EventKind, Note

PRESENT_E: Final = 5
LEFT_TICKS: Final = 5
# What climbs on loads two cells at least; the share of Min that lies outside the strongest one.
ELSEWHERE_SHARE: Final = 0.1


class Presence:
    """Judged once a tick by the cells that live.

    `present` is anything of PRESENT_E intervals, one less to stay so; `on_deck` a vehicle, which
    `weighing_id` counts.
    """

    def __init__(self, scale: Scale, note: Note) -> None:
        self._scale = scale
        self._note = note
        self._left_ticks = 0
        self.present = False
        self.on_deck = False
        self.weighing_id = 0

    def see(self, live_g: FloatArray) -> None:
        """Take grams (cells,), 0 for a dead cell."""
        self.present = total(live_g) > (PRESENT_E - self.present) * self._scale.e_g

    def arrives(self, live_g: FloatArray) -> bool:
        """Whether a vehicle comes on the empty deck in this tick."""
        load_g, strongest_g = total(live_g), float(live_g.max())
        elsewhere_g = ELSEWHERE_SHARE * self._scale.min_g
        if load_g < self._scale.min_g or load_g - strongest_g < elsewhere_g:
            return False
        self.on_deck = True
        self._left_ticks = 0
        self.weighing_id += 1
        self._note(EventKind.VEHICLE_ON, self.weighing_id)
        return True

    def watch_departure(self) -> None:
        """The vehicle has left when nothing was present for LEFT_TICKS."""
        self._left_ticks = 0 if self.present else self._left_ticks + 1
        if self._left_ticks >= LEFT_TICKS:
            self.on_deck = False
            self._note(EventKind.VEHICLE_OFF, self.weighing_id)

    def zeroed(self) -> None:
        """Zero was set: what lies on the deck is the zero now."""
        self.present = False

    def deck(self, gross_g: int) -> DeckState:
        """The state of a deck whose gross can be trusted."""
        return deck_state(gross_g, self.present or self.on_deck, self._scale)


def deck_state(gross_g: int, loaded: bool, scale: Capacity) -> DeckState:
    """The state by gross, and within the range by what is known to be there."""
    if is_over_range(gross_g, scale):
        return DeckState.OVER_RANGE
    if is_under_range(gross_g, scale):
        return DeckState.UNDER_RANGE
    return DeckState.LOADED if loaded else DeckState.EMPTY
