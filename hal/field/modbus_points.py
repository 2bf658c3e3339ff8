"""Inputs and coils of Modbus modules as contacts and relays."""

from __future__ import annotations

from collections.abc import Sequence

from hal.field.modbus_bus import ModbusBus
from hal.field.points import Level, Seen
from hal.ports import DeviceFault


class ModbusPoint:
    """One discrete input; ``closed`` is what the module reports of a closed contact."""

    def __init__(self, line: ModbusBus, unit: int, number: int, closed: Level) -> None:
        self._line = line
        self._module = line.module(unit)
        self._number = number
        self._closed = closed == "high"
        self._module.want(number)

    @property
    def trouble(self) -> DeviceFault | None:
        return self._line.trouble or self._module.trouble

    def look(self, now_us: int) -> Sequence[Seen]:
        on = self._module.inputs.get(self._number)
        if on is None or self.trouble is not None:
            return ()
        return (Seen(self._module.read_us, on is self._closed),)

    def close(self) -> None:
        """The line reads on until it is closed itself."""


class ModbusRelays:
    """Coils that are set together and read back; a frame sets neighbours at once."""

    def __init__(
        self, line: ModbusBus, unit: int, numbers: Sequence[int], safe: tuple[bool, ...]
    ) -> None:
        self._line = line
        self._module = line.module(unit)
        self._numbers = tuple(numbers)
        self._safe = safe
        for number, level in zip(self._numbers, safe, strict=True):
            self._module.own(number, level)

    @property
    def troubles(self) -> Sequence[DeviceFault]:
        wire = self._line.trouble or self._module.trouble
        stuck = [number for number in self._module.stuck if number in self._numbers]
        found = () if wire is None else (wire,)
        return (*found, *(self._stuck(number) for number in stuck))

    def put(self, on: tuple[bool, ...], now_us: int) -> None:
        self._module.tell(dict(zip(self._numbers, on, strict=True)))

    def seen(self) -> tuple[bool, ...]:
        told, read = self._module.told, self._module.coils
        return tuple(told[n] or read.get(n, False) for n in self._numbers)

    def close(self) -> None:
        """Leave the safe levels, which the line writes before it ends."""
        self.put(self._safe, 0)

    def _stuck(self, number: int) -> DeviceFault:
        told = "on" if self._module.told[number] else "off"
        return DeviceFault(
            name="OUTPUT_STUCK",
            device=f"{self._module.name} coil {number}",
            seen=f"told to be {told}, reads back the other way",
        )
