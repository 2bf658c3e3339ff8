"""People on foot and at the desk: an operator with a delay, and who walks to a boom or the deck."""

from __future__ import annotations

from random import Random

from msgspec import Struct

from hal.ports import PersonRequest
from sim.layout import Layout
from sim.loads import DeckLoad, Person, Thing
from sim.signwords import Word
from sim.vehicle import Vehicle

PERSON_HEIGHT_M = 1.75
_ASK_AGAIN_US = 20_000_000
_DRIVER_G = 80_000
_WALK_MPS = 1.3
_BEAM_TO_BOOM_US = 380_000
"""Half a metre at walking pace: from the beams to the line of the boom."""
MANNERS = (
    "good",
    "lets everyone go",
    "sends everyone back",
    "names wrong plates",
    "asks twice",
    "believes tickets",
)
"""How an operator works.  Whoever names wrong plates or sends back what is lawful does no more than
that; who lets everyone go asks neither for the plate nor for the weight."""


class Walker(Struct, frozen=True, kw_only=True):
    """A person who stands in the line of beams and boom of one end for a while.

    The boom's line is reached ``lead_us`` after the beams, which lie before it.
    """

    end: int
    from_us: int
    until_us: int
    lead_us: int = 0

    def there(self, now_us: int) -> bool:
        """Tell whether the person stands there now."""
        return self.from_us <= now_us < self.until_us

    def under_boom(self, now_us: int) -> bool:
        """Tell whether the person stands in the line of the boom now."""
        return self.from_us + self.lead_us <= now_us < self.until_us


class Errand:
    """A driver who leaves the cab, walks along the deck to the boom behind, stands there, and
    comes back; ``loads`` and ``walker`` are what that does in the yard."""

    def __init__(self, vehicle: Vehicle, layout: Layout, now_us: int, rng: Random) -> None:
        cab_m = min(layout.platform_m, max(0.0, vehicle.s_m - 1.0))
        way_us = round(cab_m / _WALK_MPS * 1e6)
        stays_us = rng.randrange(3_000_000, 9_000_000)
        self.back_us = now_us + 2 * way_us + stays_us
        there_us = now_us + way_us
        until_us = there_us + stays_us
        self.walker = Walker(
            end=vehicle.end, from_us=there_us, until_us=until_us, lead_us=_BEAM_TO_BOOM_US
        )
        cab_x, edge_x = (m if vehicle.end == 0 else layout.platform_m - m for m in (cab_m, 0.0))
        away = Thing.lying(-_DRIVER_G, cab_x, from_us=now_us, until_us=self.back_us)

        def walk(from_us: int, x_m: float, to_x_m: float) -> Person:
            return Person(
                weight_g=_DRIVER_G,
                from_us=from_us,
                until_us=from_us + way_us,
                x_m=x_m,
                to_x_m=to_x_m,
                y_m=1.0,
            )

        out, home = walk(now_us, cab_x, edge_x), walk(there_us + stays_us, edge_x, cab_x)
        self.loads: tuple[DeckLoad, ...] = (away, out, home)


class Operator:
    """The weigh-room: goes to the screen when the sign tells a driver to wait, then decides.

    First the plate is read from the picture and confirmed; a vehicle that still waits after that
    is let go if its load is lawful by the papers at the window, and sent back if it is not.
    ``manner`` is one of MANNERS.
    """

    def __init__(
        self,
        rng: Random,
        *,
        name: str = "operator 07 王",
        absent: bool = False,
        manner: str = "good",
    ) -> None:
        self._rng = rng
        self._name = name
        self._absent = absent
        self._manner = manner
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
                asked = self._ask(vehicle)
                self._outbox += [asked] * (2 if self._manner == "asks twice" else 1)

    def request(self, request: PersonRequest) -> None:
        """Put in a request that a scenario or a test states."""
        self._outbox.append(request)

    @property
    def asks(self) -> bool:
        """Whether a request has not been taken yet."""
        return bool(self._outbox)

    def take(self) -> tuple[PersonRequest, ...]:
        """Return the requests made since the last call."""
        taken, self._outbox = tuple(self._outbox), []
        return taken

    def _ask(self, vehicle: Vehicle) -> PersonRequest:
        first_time = self._helped is not vehicle
        self._helped = vehicle
        if self._manner == "lets everyone go":
            return self._dismiss("RELEASE", "known to me", 1 - vehicle.end)
        if self._manner == "believes tickets":
            return self._dismiss("RELEASE", "ticket of an earlier weighing shown", 1 - vehicle.end)
        if first_time:
            return self._name_plate(vehicle.truck.plate.text)
        if self._manner == "sends everyone back":
            return self._dismiss("SEND_BACK", "not today", vehicle.end)
        if vehicle.mass_g <= vehicle.truck.limit_g:
            return self._dismiss("RELEASE", "papers seen at the window", 1 - vehicle.end)
        return self._dismiss("SEND_BACK", "over the limit by the papers", vehicle.end)

    def _name_plate(self, plate: str) -> PersonRequest:
        if self._manner == "names wrong plates":
            plate = plate[:-1] + ("7" if plate[-1] != "7" else "1")
        return PersonRequest(
            kind="CONFIRM_PLATE", who=self._name, why="plate read from the picture", plate=plate
        )

    def _dismiss(self, kind: str, why: str, end: int) -> PersonRequest:
        return PersonRequest(kind=kind, who=self._name, why=why, end=("yard", "road")[end])
