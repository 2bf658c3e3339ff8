"""The booms with their drives and limit switches."""

from __future__ import annotations

from hal.bus import Bus
from hal.ports import BoomContacts, Contact, Drive
from sim.devices.common import end_of, yard_of
from sim.devices.late import Late

_MADE, _FREE, _UNKNOWN = Contact.BLOCKED, Contact.CLEAR, Contact.UNKNOWN
_SAYS = {
    "silent": BoomContacts(_UNKNOWN, _UNKNOWN),
    "unknown": BoomContacts(_UNKNOWN, _UNKNOWN),
    "says closed": BoomContacts(_MADE, _FREE),
    "says open": BoomContacts(_FREE, _MADE),
    "both limits made": BoomContacts(_MADE, _MADE),
    "no limit made": BoomContacts(_FREE, _FREE),
}
_STANDS = ("silent", "stuck")
_HALF_WAY_DEG = (25.0, 65.0)
_SLOW_TURN_US = 400_000
_OTHER = {_MADE: _FREE, _FREE: _MADE}


class SimGate:
    """One boom with its drive."""

    def __init__(self, bus: Bus, *, end: str) -> None:
        self._yard = yard_of(bus)
        self._boom = self._yard.booms[end_of(end)]
        self._name = f"{end}.boom"
        self._late: Late[BoomContacts] = Late()

    def drive(self, level: Drive) -> None:
        """Hold this level; a drive in trouble does with it what it can."""
        fault = self._yard.fault_of(self._name)
        if fault is not None and level is not Drive.HOLD:
            level = self._driven(fault, level)
        if fault == "opens by itself":
            level = Drive.RAISE
        self._boom.level = level

    def _driven(self, fault: str, level: Drive) -> Drive:
        """What is left of a level at a drive in trouble."""
        now_us = self._yard.now_us
        low, high = _HALF_WAY_DEG
        stands = (
            fault in _STANDS
            or (fault == "stops half way" and low < self._boom.angle_deg < high)
            or (fault == "restarts" and self._yard.troubles[self._name].boots(now_us))
            or (fault == "drives slowly" and now_us // _SLOW_TURN_US % 3 != 0)
        )
        return Drive.HOLD if stands else level

    def read(self) -> BoomContacts:
        """The limit switches."""
        fault = self._yard.fault_of(self._name)
        if fault in _SAYS:
            return _SAYS[fault]
        before = self._yard.switches.get(self._name)
        if fault == "stuck" and before is not None:
            return before
        state = self._boom.contacts()
        if fault == "slow":
            now_us = self._yard.now_us
            self._late.put(now_us, state)
            return self._late.get(now_us, before or state)
        self._late.clear()
        self._yard.switches[self._name] = state
        return state if fault is None else self._troubled(fault, state)

    def _troubled(self, fault: str, state: BoomContacts) -> BoomContacts:
        trouble, now_us = self._yard.troubles[self._name], self._yard.now_us
        if fault == "restarts" and trouble.boots(now_us):
            return BoomContacts(_UNKNOWN, _UNKNOWN)
        if fault == "chatters" and trouble.pulses(now_us):
            return BoomContacts(_OTHER[state.closed], _OTHER[state.open])
        return state
