"""What people ask for at the panel, and the register of vehicle papers."""

from __future__ import annotations

from hal.bus import Bus
from hal.ports import PersonRequest, RegisterEntry
from sim.devices.common import yard_of


class SimRequests:
    """The people of the yard at their panel."""

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)

    def poll(self) -> tuple[PersonRequest, ...]:
        """Requests made since the last call."""
        return self._yard.operator.take()


class SimRegister:
    """The register of vehicle papers, with the vehicles that it does not know."""

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)
        self._given: RegisterEntry | None = None

    def lookup(self, plate: str) -> RegisterEntry | None:
        """The entry of a plate, or None; one that is mixed up answers for another plate."""
        fault = self._yard.fault_of("register")
        if fault == "stuck":
            return self._given
        if fault == "answers for another":
            others = (entry for other, entry in self._yard.register.items() if other != plate)
            return next(others, None)
        if fault is not None:
            return None
        self._given = self._yard.register.get(plate)
        return self._given
