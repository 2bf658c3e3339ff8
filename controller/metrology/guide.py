"""The technician at the scale: asked for loads, told readings, never hurried."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from controller.metrology.instrument import FINE_MASS, MG_PER_G
from controller.metrology.live import LiveDeck, Talk
from sensors.metrology.formulae import mpe_g
from sensors.metrology.report import Conditions, Instrument, Reading, SetError, show_g

STOP = "q"
T = TypeVar("T")


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    """One guided test: the deck, the technician, and the scale as it is known."""

    deck: LiveDeck
    talk: Talk
    scale: Instrument
    conditions: Conditions

    def enter(self, text: str) -> str:
        """One answer; raises SetError where the technician stops."""
        answer = self.talk.ask(text, self.deck.poll)
        if answer.lower() == STOP:
            raise SetError("cancelled", "the test was stopped", "begin it again")
        return answer

    def load(self, text: str, wanted_g: float, support: int | None = None) -> float:
        """The load that is on: the one asked for, or another that is typed with its unit."""
        load_g = None
        while load_g is None:
            answer = self.enter(f"{text}: {show_g(wanted_g)}. Enter when it is on, or its mass")
            try:
                load_g = FINE_MASS.parse(answer) / MG_PER_G if answer else wanted_g
            except ValueError as error:
                self.talk.say(f"  {error}")
        self.deck.place(load_g, support)
        return load_g

    def empty(self) -> None:
        """Everything off, and the deck at rest."""
        self.enter("Take it off. Enter when the deck is empty")
        self.deck.place(0.0)
        self.settled()

    def settled(self) -> float:
        """A stable reading, unrounded grams."""
        return self._patiently(self.deck.settle)

    def set_zero(self) -> None:
        """Zero as the lane sets it."""
        self._patiently(self.deck.set_zero)

    def _patiently(self, action: Callable[[], T]) -> T:
        """Try as often as the technician wants: one truck's wind must not cost a day of weights."""
        while True:
            try:
                return action()
            except SetError as error:
                self.talk.say(f"  {error}")
                self.enter(f"Enter to try once more, {STOP} to stop")

    def read(
        self, text: str, wanted_g: float, place: str = "", support: int | None = None
    ) -> Reading:
        """Put on, wait, read; the error is shown at once."""
        load_g = self.load(text, wanted_g, support)
        value_g = self.settled()
        in_service = self.conditions.in_service
        limit = show_g(mpe_g(min(load_g, self.scale.max_g), self.scale.e_g, in_service))
        error = show_g(value_g - load_g)
        self.talk.say(f"  {show_g(round(value_g))}, E = {error} (mpe {limit})")
        return Reading(load_g=load_g, indication_g=value_g, place=place)

    def zero(self) -> Reading:
        """The reading of E0."""
        return self.read("Empty the deck", 0.0)
