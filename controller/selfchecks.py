"""What drivers say of their devices beyond their ports: a lamp out, a line pulled."""

from __future__ import annotations

from collections.abc import Sequence

from controller.core.faults import Fault
from hal.ports import DeviceFault, SelfChecking

TROUBLES_MAX = 64


class SelfChecks:
    """Asks every driver that can tell; ``troubles`` are the last ``poll``'s words."""

    def __init__(self, checking: Sequence[SelfChecking]) -> None:
        self._checking = checking
        self.troubles: tuple[DeviceFault, ...] = ()

    def poll(self) -> tuple[int, ...]:
        """The catalogue codes of all that is wrong now, without repetition.

        A name that the catalogue has not, as a third party's driver may use, counts as
        DEVICE_TROUBLE: what it saw is told all the same.
        """
        if not self._checking:
            return ()
        told = [fault for driver in self._checking for fault in driver.faults()]
        self.troubles = tuple(dict.fromkeys(told[:TROUBLES_MAX]))
        return tuple(sorted({int(_code(fault.name)) for fault in self.troubles}))


def _code(name: str) -> Fault:
    return Fault.__members__.get(name, Fault.DEVICE_TROUBLE)
