"""What really happened: the log that only the checker reads."""

from __future__ import annotations

from msgspec import Struct


class OnDeck(Struct, kw_only=True):
    """One stretch of time in which a wheel stood on the platform; ``until_us`` None while it lasts.

    ``vehicles`` are the numbers of all vehicles that touched it, with the mass of each.  ``whole``
    says that the rear of one was past the edge by which it had come.
    """

    from_us: int
    until_us: int | None = None
    vehicles: dict[int, int]
    whole: bool = False


class Crossing(Struct, frozen=True, kw_only=True):
    """A vehicle that has left the deck and passed the boom of this end with its last part."""

    at_us: int
    vehicle: int
    plate: str
    entry: int
    end: int
    mass_g: int
    limit_g: int


class Bypass(Struct, frozen=True, kw_only=True):
    """A vehicle that passed beside the lane, and was never weighed."""

    at_us: int
    plate: str
    mass_g: int


class Touch(Struct, frozen=True, kw_only=True):
    """A boom that met something: ``by_boom`` tells a falling boom from a vehicle that drove on."""

    at_us: int
    end: int
    by_boom: bool
    what: str


class Truth:
    """The log, oldest first."""

    def __init__(self) -> None:
        self.on_deck: list[OnDeck] = []
        self.crossings: list[Crossing] = []
        self.touches: list[Touch] = []
        self.bypasses: list[Bypass] = []

    def deck(self, now_us: int, vehicles: dict[int, int], whole: bool) -> None:
        """Take down who has wheels on the platform now, with the true masses."""
        last = self.on_deck[-1] if self.on_deck else None
        if last is None or last.until_us is not None:
            if vehicles:
                self.on_deck.append(OnDeck(from_us=now_us, vehicles=dict(vehicles), whole=whole))
        elif vehicles:
            last.vehicles.update(vehicles)
            last.whole = last.whole or whole
        else:
            last.until_us = now_us
