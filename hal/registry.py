"""Drivers by name: a table of ``name -> "module:Class"``, imported only when a board asks for one.

Third parties add names through the entry point group ``steelyard.drivers``.  There is no fallback:
an unknown name, a missing library and a missing class are three different errors.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any

DRIVERS: dict[str, str] = {
    "sim.clock": "sim.devices:SimClock",
    "sim.cells": "sim.devices:SimCells",
    "sim.indicator": "sim.devices:SimIndicator",
    "sim.presence": "sim.devices:SimPresence",
    "sim.gate": "sim.devices:SimGate",
    "sim.signal": "sim.devices:SimSignal",
    "sim.sign": "sim.devices:SimSign",
    "sim.camera": "sim.devices:SimCamera",
    "sim.still": "sim.devices:SimStill",
    "sim.requests": "sim.devices:SimRequests",
    "sim.register": "sim.devices:SimRegister",
    "sim.thermometer": "sim.devices:SimThermometer",
    "trace.clock": "hal.trace:TraceClock",
    "trace.cells": "hal.trace:TraceCells",
    "trace.thermometer": "hal.trace:TraceThermometer",
    "trace.beam": "hal.trace:TraceBeam",
    "trace.approach": "hal.trace:TraceApproach",
    "trace.camera": "hal.trace:TraceCamera",
    "virtual.gate": "hal.virtual:VirtualGate",
    "virtual.signal": "hal.virtual:VirtualSignal",
    "virtual.sign": "hal.virtual:VirtualSign",
    "virtual.presence": "hal.virtual:VirtualPresence",
    "virtual.requests": "hal.virtual:VirtualRequests",
    "virtual.thermometer": "hal.thermometer:VirtualThermometer",
    "file.thermometer": "hal.thermometer:FileThermometer",
    "socket.requests": "hal.requests:SocketRequests",
    "file.register": "hal.files:FileRegister",
    "host.clock": "hal.host:HostClock",
    "v4l2.camera": "hal.cameras.opencv:V4l2Camera",
    "rtsp.camera": "hal.cameras.opencv:RtspCamera",
    "pi.camera": "hal.cameras.pi:PiCamera",
    "vzenith.camera": "hal.cameras.vzenith:VzenithCamera",
    "hil.clock": "sim.hil.clock:HilClock",
    "sichuan.sign": "hal.signs.kinds:SichuanSign",
    "yunnan.sign": "hal.signs.kinds:YunnanSign",
    "guizhou.sign": "hal.signs.kinds:GuizhouSign",
    "onbon.sign": "hal.signs.kinds:OnbonSign",
    "row.sign": "hal.signs.kinds:RowSign",
    "parking.sign": "hal.signs.kinds:ParkingSign",
    "template.sign": "hal.signs.kinds:TemplateSign",
    "syn.voice": "hal.voice.module:VoiceModule",
    "clips.voice": "hal.voice.clips:ClipVoice",
    "nau7802.cells": "hal.adc.nau7802:Nau7802Cells",
    "yaohua.indicator": "hal.indicators.yaohua:YaohuaIndicator",
    "toledo.indicator": "hal.indicators.toledo:ToledoIndicator",
    "text.indicator": "hal.indicators.text:TextIndicator",
    "sics.indicator": "hal.indicators.text:SicsIndicator",
    "modbus.indicator": "hal.indicators.modbus:ModbusIndicator",
    "gpio.input": "hal.gpio:GpioInput",
    "gpio.stop": "hal.gpio:GpioStop",
    "gpio.gate": "hal.gpio:GpioGate",
    "gpio.signal": "hal.gpio:GpioSignal",
    "modbus.input": "hal.modbus:ModbusInput",
    "modbus.stop": "hal.modbus:ModbusStop",
    "modbus.gate": "hal.modbus:ModbusGate",
    "modbus.signal": "hal.modbus:ModbusSignal",
    "rf.detector": "hal.rf:RfDetector",
    "linux.watchdog": "hal.watchdog:LinuxWatchdog",
    "rpi.input": "hal.rpi:RpiInput",
    "rpi.stop": "hal.rpi:RpiStop",
    "rpi.gate": "hal.rpi:RpiGate",
    "rpi.signal": "hal.rpi:RpiSignal",
    "coprocessor.cells": "hal.coprocessor:CoprocessorCells",
    "coprocessor.input": "hal.coprocessor:CoprocessorInput",
    "coprocessor.gate": "hal.coprocessor:CoprocessorGate",
    "coprocessor.signal": "hal.coprocessor:CoprocessorSignal",
}

EXTRAS: dict[str, str] = {
    "RPi": "rpi",
    "gpiod": "ipc",
    "pymodbus": "ipc",
    "smbus2": "rpi",
    "cv2": "vision",
    "ai_edge_litert": "vision",
}

LATER: dict[str, tuple[str, ...]] = {
    "pi.camera": ("picamera2",),
    "vzenith.camera": ("cv2",),
    **{f"rpi.{kind}": ("RPi",) for kind in ("input", "stop", "gate", "signal")},
}
"""Libraries that a driver imports only when it starts, so that loading its class does not tell."""

REMEDIES: dict[str, str] = {
    "picamera2": "apt install python3-picamera2, and make the virtual environment with "
    "--system-site-packages",
}
"""What to do where no extra brings a library."""


class DriverError(ValueError):
    """A driver that cannot be had: the message says which, why and what to do."""


def names() -> list[str]:
    """Every driver name known here, third parties' included."""
    return sorted({*DRIVERS, *(e.name for e in entry_points(group="steelyard.drivers"))})


def load(name: str) -> Callable[..., Any]:
    """Return the driver class of this name.

    Raises:
        DriverError: the name is unknown, its library is not installed, or its class is missing.
    """
    target = _target(name)
    module_name, _, class_name = target.partition(":")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        raise DriverError(_missing(name, error.name or "")) from error
    try:
        driver: Callable[..., Any] = getattr(module, class_name)
    except AttributeError as error:
        raise DriverError(
            f"driver '{name}' points at {target}, but {module_name} has no {class_name}: "
            "the package that provides it is damaged or of another version; reinstall it"
        ) from error
    return driver


def lacking(name: str) -> list[str]:
    """The libraries that this driver will want at its start and that are not installed here."""
    return [library for library in LATER.get(name, ()) if find_spec(library) is None]


def remedy(library: str) -> str:
    """What to do where this library is not installed."""
    name = library.split(".", maxsplit=1)[0]
    extra = EXTRAS.get(name)
    if extra is not None:
        return f"pip install 'steelyard[{extra}]'"
    return REMEDIES.get(name, f"install the package of '{library}'")


def _target(name: str) -> str:
    target = DRIVERS.get(name)
    if target is None:
        # Asking what is installed takes milliseconds, so nobody is asked for a driver of ours.
        target = {e.name: e.value for e in entry_points(group="steelyard.drivers")}.get(name)
    if target is None:
        near = difflib.get_close_matches(name, names(), n=1)
        kind = name.rpartition(".")[2]
        alike = [known for known in names() if known.rpartition(".")[2] == kind] or names()
        hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(alike)}"
        raise DriverError(f"unknown driver '{name}'{hint}")
    return target


def _missing(name: str, library: str) -> str:
    return f"driver '{name}' needs the library '{library}', which is not installed: " + remedy(
        library
    )
