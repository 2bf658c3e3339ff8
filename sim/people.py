"""People on foot and at the desk: an operator with a delay, and a person who walks to a boom."""

from __future__ import annotations

from random import Random

from msgspec import Struct

from hal.ports import PersonRequest
from sim.signwords import Word
from sim.vehicle import Vehicle

PERSON_HEIGHT_M = 1.75
_ASK_AGAIN_US = 20_000_000


class Walker(Struct, frozen=True, kw_only=True):
    """A person who stands in the line of beams and boom of one end for a while."""

    end: int
    from_us: int
    until_us: int

    def there(self, now_us: int) -> bool:
        """Tell whether the person stands there now."""
        return self.from_us <= now_us < self.until_us


class Operator:
    """The weigh-room: goes to the screen when the sign tells a driver to wait, then decides.

    First the plate is read from the picture and confirmed; a vehicle that still waits after that
    is let go if its load is lawful by the papers at the window, and sent back if it is not.
    """

    def __init__(self, rng: Random, *, name: str = "operator 07 王", absent: bool = False) -> None:
        self._rng = rng
        self._name = name
        self._absent = absent
        self._due_us: int | None = None
        self._helped: Vehicle | None = None
        self._outbox: list[PersonRequest] = []
        self.told_off: set[int] = set()

    def look(
        self, now_us: int, word: Word, vehicle: Vehicle | None, follower: Vehicle | None = None
    ) -> None:
        """Look at the lane; act when a vehicle has waited for the delay.

        ``follower`` is a second vehicle that stands on the deck or in its entry; it is told off
        by voice before anything else.
        """
        if word not in (Word.WAIT, Word.OVER) or vehicle is None or self._absent:
            self._due_us = None
            return
        if self._due_us is None:
            self._due_us = now_us + self._rng.randrange(5_000_000, 14_000_000)
        elif now_us >= self._due_us:
            self._due_us = now_us + _ASK_AGAIN_US
            if follower is not None:
                self.told_off.add(follower.number)
            else:
                self._outbox.append(self._ask(vehicle))

    def request(self, request: PersonRequest) -> None:
        """Put in a request that a scenario or a test states."""
        self._outbox.append(request)

    def take(self) -> tuple[PersonRequest, ...]:
        """Return the requests made since the last call."""
        taken, self._outbox = tuple(self._outbox), []
        return taken

    def _ask(self, vehicle: Vehicle) -> PersonRequest:
        first_time = self._helped is not vehicle
        self._helped = vehicle
        if first_time:
            return PersonRequest(
                kind="CONFIRM_PLATE",
                who=self._name,
                why="plate read from the picture",
                plate=vehicle.truck.plate.text,
            )
        if vehicle.mass_g <= vehicle.truck.limit_g:
            return self._dismiss("RELEASE", "papers seen at the window", 1 - vehicle.end)
        return self._dismiss("SEND_BACK", "over the limit by the papers", vehicle.end)

    def _dismiss(self, kind: str, why: str, end: int) -> PersonRequest:
        return PersonRequest(kind=kind, who=self._name, why=why, end=("yard", "road")[end])
