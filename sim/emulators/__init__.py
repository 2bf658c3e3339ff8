"""Devices that speak the real frames: for tests, for the yard in real time, and for integrators.

An emulator is a plain object without threads or sockets: it is told what came in and says what goes
out.  ``sim.emulators.serve`` puts one behind a pty or a TCP port.  Cameras are no lines: they are
stations, with connections and threads of their own.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

EMULATORS: dict[str, str] = {
    "modbus-io": "sim.emulators.modbus_io:ModbusIo",
    "rf-detector": "sim.emulators.rf_detector:RfDetectorEmulator",
    "yaohua": "sim.emulators.indicators:YaohuaEmulator",
    "toledo": "sim.emulators.indicators:ToledoEmulator",
    "st-gs": "sim.emulators.indicators:StGsEmulator",
    "mt-sics": "sim.emulators.indicators:SicsEmulator",
    "laumas": "sim.emulators.indicators:LaumasEmulator",
    "sichuan-sign": "sim.emulators.signs:SichuanSignEmulator",
    "yunnan-sign": "sim.emulators.signs:YunnanSignEmulator",
    "guizhou-sign": "sim.emulators.signs:GuizhouSignEmulator",
    "onbon-sign": "sim.emulators.signs:OnbonSignEmulator",
    "row-sign": "sim.emulators.signs:RowSignEmulator",
    "parking-board": "sim.emulators.signs:ParkingBoardEmulator",
    "syn6288": "sim.emulators.signs:Syn6288Emulator",
}
"""Name on the command line -> "module:Class", built as ``Class(**options)``; options have units in
their names as drivers' have."""

STATIONS: dict[str, str] = {
    "mjpeg": "sim.emulators.cameras:MjpegStation",
    "vzenith": "sim.emulators.cameras:VzenithStation",
}
"""Name on the command line -> "module:Class", built as ``Class(host, tcp_port, **options)``."""


@runtime_checkable
class Emulator(Protocol):
    """One device at the far end of a line."""

    def answer(self, data: bytes, now_us: int) -> bytes:
        """What the device sends because these bytes came; it keeps half a frame for itself."""

    def due(self, now_us: int) -> bytes:
        """What the device sends by itself at this time, on the caller's monotonic clock."""


@runtime_checkable
class Station(Protocol):
    """One device with connections of its own, at work until it is closed."""

    port: str
    """Where it is to be found, or what it calls."""

    def news(self) -> list[str]:
        """What happened since the last call, in lines for whoever watches; bounded."""

    def close(self) -> None:
        """End its threads and connections."""
