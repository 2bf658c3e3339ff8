"""A boom: a motor with a travel time, inertia, two limit switches and an arm that can touch."""

from __future__ import annotations

from math import atan2, degrees

from hal.ports import BoomContacts, Contact, Drive

OPEN_DEG = 90.0
LIMIT_DEG = 3.0
SIDE_GAP_M = 0.9
HINGE_HEIGHT_M = 1.0

# Asked for in every tick; until Python 3.12 an attribute of an enumeration costs ten times a name.
_RAISE, _LOWER = Drive.RAISE, Drive.LOWER
_SHUT = BoomContacts(Contact.BLOCKED, Contact.CLEAR)
_OPEN = BoomContacts(Contact.CLEAR, Contact.BLOCKED)
_NEITHER = BoomContacts(Contact.CLEAR, Contact.CLEAR)


class BoomArm:
    """One boom, level-driven; HOLD and a cut cable both let it stand where it is.

    ``angle_deg`` is 0 when closed and 90 when open.  GB/T 24973 class O: 1.4 to 4 s.
    ``hand`` is what somebody asks at the switch of the gate itself, which goes before ``level``.
    """

    __slots__ = ("_full_speed", "_slew", "_speed", "angle_deg", "broken", "hand", "level")

    def __init__(self, *, travel_s: float, angle_deg: float = 0.0) -> None:
        self._full_speed = OPEN_DEG / (travel_s - 0.25)
        self._slew = self._full_speed / 0.25
        self._speed = 0.0
        self.angle_deg = angle_deg
        self.level = Drive.HOLD
        self.hand: Drive | None = None
        self.broken = False

    @property
    def moving(self) -> bool:
        """Whether the next step would change the angle."""
        if self._speed != 0.0:
            return True
        level = self.level if self.hand is None else self.hand
        if level is _RAISE:
            return self.angle_deg < OPEN_DEG
        return level is _LOWER and self.angle_deg > 0.0

    @property
    def falling(self) -> bool:
        """Whether the arm is on its way down now."""
        return self._speed < 0.0

    @property
    def rising(self) -> bool:
        """Whether the arm is on its way up now."""
        return self._speed > 0.0

    @property
    def is_open(self) -> bool:
        """What a driver takes for open."""
        return self.angle_deg >= OPEN_DEG - 8.0

    def step(self, dt_s: float) -> None:
        """Move on by ``dt_s`` seconds; speed changes no faster than the inertia allows."""
        wanted, level = 0.0, self.level if self.hand is None else self.hand
        if level is _RAISE:
            wanted = self._full_speed
        elif level is _LOWER:
            wanted = -self._full_speed
        change = self._slew * dt_s
        self._speed += max(-change, min(change, wanted - self._speed))
        self.angle_deg += self._speed * dt_s
        if self.angle_deg >= OPEN_DEG or self.angle_deg <= 0.0:
            self.angle_deg = max(0.0, min(OPEN_DEG, self.angle_deg))
            self._speed = 0.0

    def contacts(self) -> BoomContacts:
        """Read the two limit switches."""
        if self.broken:
            return _NEITHER
        if self.angle_deg <= LIMIT_DEG:
            return _SHUT
        return _OPEN if self.angle_deg >= OPEN_DEG - LIMIT_DEG else _NEITHER

    def touches(self, height_m: float) -> bool:
        """Tell whether the arm meets something of this height that stands across its line."""
        if self.broken:
            return False
        free = degrees(atan2(height_m - HINGE_HEIGHT_M, SIDE_GAP_M))
        return self.angle_deg < free
