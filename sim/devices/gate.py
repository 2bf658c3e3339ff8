"""The booms with their drives and limit switches."""

from __future__ import annotations

from hal.bus import Bus
from hal.ports import BoomContacts, Contact, Drive
from sim.devices.common import end_of, yard_of
from sim.devices.late import Late


class SimGate:
    """One boom with its drive."""

    def __init__(self, bus: Bus, *, end: str) -> None:
        self._yard = yard_of(bus)
        self._boom = self._yard.booms[end_of(end)]
        self._name = f"{end}.boom"
        self._late: Late[BoomContacts] = Late()

    def drive(self, level: Drive) -> None:
        """Hold this level; a silent drive stands still."""
        dead = self._yard.fault_of(self._name) in ("silent", "stuck")
        self._boom.level = Drive.HOLD if dead else level

    def read(self) -> BoomContacts:
        """The limit switches."""
        fault = self._yard.fault_of(self._name)
        if fault in ("silent", "unknown"):
            return BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)
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
        return state
