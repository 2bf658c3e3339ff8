"""One Modbus line with all its modules, polled by one thread: RTU on a serial port, or TCP.

A round reads each module's inputs and the coils that are ours, gives the drivers their turns, and
writes the coils that are to change; all of ours are written again every second, so that a module
that was without power comes back to what it should hold.  A module that does not answer is asked
once a second, which keeps the others fresh.  At 9600 baud two transactions of a module take some
60 ms: take 38400 or more where there are several.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from hal.bus import Bus
from hal.field.modbus_module import Ask, Ear, Master, Module, RefusedError, Trace
from hal.field.points import Turn
from hal.line import Parity
from hal.ports import Clock, DeviceFault
from hal.virtual import board_clock

ROUND_S = 0.02
JOIN_S = 3.0
CONNECT_US = 500_000
DEAD_LINE_US = 3_000_000
_PARITIES = {"none": "N", "even": "E", "odd": "O"}
# What the library would print of every missing answer is told by the faults here.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class ModbusBus:
    """A line and its thread; ``period_s`` None makes no thread, and ``round`` is called."""

    def __init__(
        self,
        clock: Clock,
        name: str,
        make: Callable[[Trace], Master],
        *,
        tcp: bool,
        timeout_us: int,
        period_s: float | None = ROUND_S,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self.name = name
        self.trouble: DeviceFault | None = None
        self._clock = clock
        self._tcp = tcp
        ear = Ear(tcp)
        self._master = make(ear.trace)
        self._ask = Ask(self._master, clock, ear, timeout_us, pause)
        self._modules: dict[int, Module] = {}
        self._parts: list[Turn] = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._error: BaseException | None = None
        self._connect_us = 0
        self._alive_us = 0
        self._period_s = period_s
        self._thread = threading.Thread(target=self._run, name=f"modbus {name}", daemon=True)
        if period_s is not None:
            self._thread.start()

    def module(self, unit: int) -> Module:
        """The module of this unit."""
        with self._lock:
            if unit not in self._modules:
                self._modules[unit] = Module(self.name, unit)
            return self._modules[unit]

    def join(self, part: Turn) -> None:
        with self._lock:
            self._parts.append(part)

    def leave(self, part: Turn) -> None:
        with self._lock:
            if part in self._parts:
                self._parts.remove(part)

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def round(self) -> None:
        """Read all modules, give everybody a turn, write what is to change."""
        with self._lock:
            connected = self._connected()
            due = self._each(self._read) if connected else []
            now_us = self._clock.now_us()
            for part in self._parts:
                part.turn(now_us)
            if connected:
                self._each(self._write, due)
                self._drop_a_dead_line()

    def close(self) -> None:
        """End the thread, write the safe levels that the drivers have left, and close the line."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)
        if not self._thread.is_alive():
            self.round()
        self._master.close()

    def _run(self) -> None:
        while not self._ending.wait(self._period_s):
            try:
                self.round()
            except BaseException as error:  # told in the scan, which it must end
                self._error = error
                return

    def _connected(self) -> bool:
        now_us = self._clock.now_us()
        if self.trouble is not None and now_us < self._connect_us:
            return False
        if self._master.connect():
            if self.trouble is not None or self._alive_us == 0:
                self._alive_us = now_us
            self.trouble = None
            return True
        self._connect_us = now_us + CONNECT_US
        self.trouble = DeviceFault(name="LINE_DOWN", device=self.name, seen=self._why())
        return False

    def _why(self) -> str:
        if self._tcp:
            return "no connection; see that the device has power and this address"
        if not os.path.exists(self.name):
            return "no such port"
        return "the port cannot be opened; see that nothing else has it open and the user may"

    def _each(
        self, do: Callable[[Module, int], None], among: list[Module] | None = None
    ) -> list[Module]:
        """Do it with every module whose turn it is; returns those that have answered.

        Of those that have been silent one is tried in a round, so that waiting for many of them
        does not make the others' readings old.
        """
        answered = []
        tried = False
        for module in list(self._modules.values()) if among is None else among:
            now_us = self._clock.now_us()
            if module.is_lost and (tried or now_us < module.again_us):
                continue
            tried = tried or module.is_lost
            try:
                do(module, now_us)
            except RefusedError as error:
                module.miss(error, self._clock.now_us())
                continue
            answered.append(module)
        return answered

    def _read(self, module: Module, now_us: int) -> None:
        module.read(self._ask)
        self._alive_us = now_us

    def _write(self, module: Module, now_us: int) -> None:
        module.write(self._ask, now_us)
        module.hit(now_us)

    def _drop_a_dead_line(self) -> None:
        """A connection over which nobody answers may be half open: make it anew."""
        now_us = self._clock.now_us()
        if self._tcp and self._modules and now_us - self._alive_us > DEAD_LINE_US:
            self._master.close()
            self._alive_us = now_us


def modbus_line(
    bus: Bus,
    port: str,
    host: str,
    tcp_port: int,
    baud: int,
    parity: Parity,
    timeout_us: int,
) -> ModbusBus:
    """The line of a serial port or of a host, shared by all drivers that name it.

    Raises:
        ValueError: neither or both are named, or another driver has other settings for it.
    """
    if bool(port) == bool(host):
        raise ValueError('a Modbus module is at port = "/dev/…" or at host = "…", one of them')
    if timeout_us < 10_000:
        raise ValueError(f"no module answers within {timeout_us} us; 50 ms or more are usual")
    name = port or f"{host}:{tcp_port}"
    settings = (baud, parity, timeout_us) if port else (timeout_us,)
    kept: dict[str, tuple[ModbusBus, object]] = bus.share("modbus lines", dict)
    if name not in kept:
        made = ModbusBus(
            board_clock(bus),
            name,
            _maker(port, host, tcp_port, baud, parity, timeout_us),
            tcp=bool(host),
            timeout_us=timeout_us,
        )
        bus.at_close(made.close)
        kept[name] = (made, settings)
    line, stated = kept[name]
    if stated != settings:
        raise ValueError(f"{name} is asked for with {settings} here and with {stated} elsewhere")
    return line


def _maker(
    port: str, host: str, tcp_port: int, baud: int, parity: Parity, timeout_us: int
) -> Callable[[Trace], Master]:
    timeout_s = timeout_us / 1e6

    def serial_master(trace: Trace) -> Master:
        return ModbusSerialClient(
            port,
            baudrate=baud,
            parity=_PARITIES[parity],
            timeout=timeout_s,
            retries=0,
            trace_packet=trace,
        )

    def tcp_master(trace: Trace) -> Master:
        return ModbusTcpClient(
            host, port=tcp_port, timeout=timeout_s, retries=0, trace_packet=trace
        )

    return serial_master if port else tcp_master
