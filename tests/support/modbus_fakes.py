"""A Modbus master in memory that talks to emulated modules in RTU frames, without a wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pymodbus.exceptions import ModbusIOException

from hal.bus import Bus
from hal.field.modbus_bus import ModbusBus
from hal.field.modbus_module import Trace
from hal.field.modbus_rtu import answers, sealed
from hal.ports import WallReading
from hal.virtual import board_clock
from sim.emulators.modbus_io import ModbusIo

PORT = "/dev/ttyMEMORY"
TIMEOUT_US = 100_000


class LateClock:
    """The board's clock, which is known only once the board has been built."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def now_us(self) -> int:
        return board_clock(self._bus).now_us()

    def wall(self) -> WallReading:
        return board_clock(self._bus).wall()


@dataclass
class Answer:
    """What the library makes of a frame."""

    function_code: int
    bits: list[bool]
    exception_code: int = 0

    def isError(self) -> bool:  # noqa: N802
        return self.function_code > 0x80


class MemoryMaster:
    """What is used of a client of pymodbus; ``plugged`` False is a line that cannot be opened.

    ``waited`` is told of every answer that did not come, and of every pause after it.
    """

    def __init__(self, modules: list[ModbusIo], trace: Trace) -> None:
        self.modules = modules
        self.plugged = True
        self.asked: list[bytes] = []
        self.connects = 0
        self.closings = 0
        self.pauses: list[float] = []
        self.waited: Callable[[], None] = lambda: None
        self._trace = trace

    def connect(self) -> bool:
        self.connects += 1
        return self.plugged

    def close(self) -> None:
        self.closings += 1

    def read_coils(self, address: int, *, count: int, device_id: int) -> Answer:
        return self._ask(device_id, 1, address, count.to_bytes(2, "big"))

    def read_discrete_inputs(self, address: int, *, count: int, device_id: int) -> Answer:
        return self._ask(device_id, 2, address, count.to_bytes(2, "big"))

    def write_coil(self, address: int, value: bool, *, device_id: int) -> Answer:
        return self._ask(device_id, 5, address, b"\xff\x00" if value else b"\x00\x00")

    def write_coils(self, address: int, values: list[bool], *, device_id: int) -> Answer:
        packed = sum(1 << i for i, on in enumerate(values) if on)
        size = (len(values) + 7) // 8
        data = len(values).to_bytes(2, "big") + bytes([size]) + packed.to_bytes(size, "little")
        return self._ask(device_id, 15, address, data)

    def _ask(self, unit: int, function: int, address: int, rest: bytes) -> Answer:
        request = sealed(bytes([unit, function]) + address.to_bytes(2, "big") + rest)
        self.asked.append(request)
        heard = self._trace(False, b"".join(m.answer(request, 0) for m in self.modules))
        frames = [frame for frame in answers(heard) if frame[0] == unit]
        if not frames:
            self.waited()
            raise ModbusIOException("no answer")
        return _read(frames[0])


def _read(frame: bytes) -> Answer:
    if frame[1] & 0x80:
        return Answer(frame[1], [], frame[2])
    data = frame[3:-2] if frame[1] in (1, 2) else b""
    return Answer(frame[1], [bool(byte >> i & 1) for byte in data for i in range(8)])


def memory_line(bus: Bus, *modules: ModbusIo, port: str = PORT, tcp: bool = False) -> ModbusBus:
    """The line of a port that is not there, which drivers on this bus find by its name."""
    masters: list[MemoryMaster] = []

    def make(trace: Trace) -> MemoryMaster:
        masters.append(MemoryMaster(list(modules), trace))
        return masters[0]

    def pause(seconds: float) -> None:
        masters[0].pauses.append(seconds)
        masters[0].waited()

    line = ModbusBus(
        LateClock(bus), port, make, tcp=tcp, timeout_us=TIMEOUT_US, period_s=None, pause=pause
    )
    bus.at_close(line.close)
    bus.share("modbus lines", dict)[port] = (line, (9600, "none", TIMEOUT_US))
    bus.share("modbus master", lambda: masters[0])
    return line
