"""Indicators on serial lines of the kernel: a real 8250 to the host, and USB's CDC-ACM."""

from __future__ import annotations

import contextlib
import os
import termios
import threading
import time
import tty
from pathlib import Path

from guest_support import drivers, same, until

from hal.ports import DeviceFault
from sim.emulators.indicators import ToledoEmulator
from sim.emulators.serve import host_us

UART, GADGET, MODEM = "/dev/ttyS1", "/dev/ttyGS0", "/dev/ttyACM0"
USB_DRIVER = Path("/sys/bus/usb/drivers/usb")


class OnGadget:
    """An emulator at the device end of a USB line."""

    def __init__(self, emulator: ToledoEmulator) -> None:
        self.emulator = emulator
        self._ending = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ending = True
        self._thread.join(5.0)

    def _serve(self) -> None:
        while not self._ending:
            gadget = os.open(GADGET, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            # Pulled out, or the buffer is full because nobody reads: begin anew.
            with contextlib.suppress(OSError, termios.error):
                tty.setraw(gadget, termios.TCSANOW)
                self._talk(gadget)
            os.close(gadget)
            time.sleep(0.1)

    def _talk(self, gadget: int) -> None:
        while not self._ending:
            os.write(gadget, self.emulator.due(host_us()))
            time.sleep(0.01)


def an_indicator_is_read_through_a_real_8250() -> str:
    with drivers() as make:
        indicator = make("yaohua.indicator", unit="kg", port=UART, baud=9600, quiet_us=10_000_000)
        seen: list[int | None] = []

        def weighs() -> bool:
            said = indicator.read()
            if isinstance(said, DeviceFault):
                return False
            seen.extend(i.gross_g for i in said if not i.motion)
            return len(seen) >= 20

        until(weighs, lambda: f"20 frames; {indicator.read()}")
        same(set(seen), {54_320_000}, "weights")
        same(indicator.faults(), (), "faults")
    return f"{len(seen)} frames of the host's indicator at {UART}, all 54 320 kg"


def a_port_that_is_not_there_is_named() -> str:
    with drivers() as make:
        indicator = make("yaohua.indicator", unit="kg", port="/dev/ttyUSB9")
        until(lambda: any("No such file" in f.seen for f in _told(indicator)), "LINE_DOWN")
        fault: DeviceFault = indicator.read()
        same((fault.name, fault.device), ("LINE_DOWN", "/dev/ttyUSB9"), "fault")
    return fault.seen


def an_indicator_is_read_through_usb_and_survives_its_plug() -> str:
    until(lambda: Path(MODEM).exists() and Path(GADGET).exists(), lambda: f"{MODEM} and {GADGET}")
    far = OnGadget(ToledoEmulator(weight_g=20_000_000))
    try:
        with drivers() as make:
            indicator = make("toledo.indicator", checksum=True, port=MODEM, quiet_us=10_000_000)
            until(lambda: _weighs(indicator, 20_000_000), "20 t")
            plug = _usb_device()
            (USB_DRIVER / "unbind").write_text(plug)
            until(lambda: any(f.name == "LINE_DOWN" for f in _told(indicator)), "LINE_DOWN")
            seen = _told(indicator)[0].seen
            far.emulator.weight_g = 40_000_000
            (USB_DRIVER / "bind").write_text(plug)
            until(
                lambda: _weighs(indicator, 40_000_000),
                lambda: f"40 t after plugging in; {indicator.faults()}",
            )
    finally:
        far.close()
    return f"20 t; unplugged: {seen}; plugged in: 40 t"


def _usb_device() -> str:
    """The gadget as the host side of the bus knows it: the one device that is no hub."""
    found = sorted(p.name for p in USB_DRIVER.iterdir() if "-" in p.name and ":" not in p.name)
    same(len(found), 1, f"USB devices {found}")
    return found[0]


def _weighs(indicator: object, gross_g: int) -> bool:
    said = indicator.read()  # type: ignore[attr-defined]
    if isinstance(said, DeviceFault):
        return False
    return any(i.gross_g == gross_g for i in said)


def _told(indicator: object) -> tuple[DeviceFault, ...]:
    indicator.read()  # type: ignore[attr-defined]
    told: tuple[DeviceFault, ...] = indicator.faults()  # type: ignore[attr-defined]
    return told


CHECKS = (
    an_indicator_is_read_through_a_real_8250,
    a_port_that_is_not_there_is_named,
    an_indicator_is_read_through_usb_and_survives_its_plug,
)
