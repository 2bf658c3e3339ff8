"""What is in the cab: what a driver is about, how he is used to drive, what he sees from there."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from msgspec import Struct

from sim.signwords import Word
from sim.truck import Plate
from sim.vehicle import Vehicle


class Mind(Enum):
    """What the driver is about."""

    WAITING = "waiting"
    APPROACHING = "approaching"
    ENTERING = "entering"
    STANDING = "standing"
    ADJUSTING = "adjusting"
    LEAVING = "leaving"
    BACKING = "backing"
    YIELDING = "yielding"
    OUTSIDE = "outside the cab"
    AWAY = "away"
    GONE = "gone"


class Habits(Struct, frozen=True, kw_only=True):
    """How a driver drives; ``stop_error_m`` is negative when stopping short of the middle.

    A driver sent back as overloaded takes off ``unload_g`` and comes again; one who fetches goes
    in as he is and comes out by the other end with ``fetch_g``.  Both are away for ``away_us``, and
    come again under ``next_plate`` where there is one.  Who is ``early`` goes as soon as the boom
    rises, who is ``late`` looks elsewhere for seconds; who is ``impatient`` waits with the nose at
    the boom.  ``stays_put`` is deaf to the sign's forward and back, ``on_red`` goes by the boom
    alone, ``drives_round`` never comes into the lane.  Who ``stands_twice`` stops with the whole
    vehicle on the deck, looks, and drives on to the middle.
    """

    stop_error_m: float = 0.0
    pauses: bool = False
    stands_twice: bool = False
    tailgates: bool = False
    crashes_boom: bool = False
    patience_us: int = 20_000_000
    unload_g: int | None = None
    fetch_g: int | None = None
    away_us: int = 45_000_000
    early: bool = False
    late: bool = False
    impatient: bool = False
    backs_out: bool = False
    rocks: bool = False
    leaves_cab: bool = False
    stays_put: bool = False
    on_red: bool = False
    drives_round: bool = False
    next_plate: Plate | None = None


class Surroundings(Protocol):
    """What can be seen from the cab."""

    def approach_is_green(self, end: int) -> bool:
        """The lamp that faces the one who comes."""

    def deck_is_green(self, end: int) -> bool:
        """The lamp at this end that faces the one on the deck."""

    def boom_is_open(self, end: int) -> bool:
        """Whether the boom stands up."""

    def boom_rises(self, end: int) -> bool:
        """Whether the boom is on its way up."""

    def sign_word(self) -> Word:
        """The gist of the sign."""

    def step_out(self, vehicle: Vehicle, now_us: int) -> int:
        """Let the driver leave the cab and walk; return when he sits in it again."""

    def drove_round(self, vehicle: Vehicle, now_us: int) -> None:
        """Let the vehicle pass beside the lane."""

    def room_ahead_m(self, vehicle: Vehicle) -> float:
        """Free road before the front bumper up to the next vehicle."""

    def room_behind_m(self, vehicle: Vehicle) -> float:
        """Free road behind the rear bumper, as far as the lane leaves no way round."""

    def is_backed_upon(self, vehicle: Vehicle) -> bool:
        """Whether the vehicle ahead comes back towards this one."""

    def told_to_back_off(self, vehicle: Vehicle) -> bool:
        """Whether somebody has told this very driver to get off the deck."""

    def may_set_out(self, vehicle: Vehicle, tailgates: bool) -> bool:
        """Whether the driver's turn has come."""
