"""A converter on i2c-stub, a camera on vivid, a watchdog on softdog."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import smbus2
from guest_support import drivers, same, until

from hal.adc import nau7802_chip as chip
from hal.ports import CellSamples, DeviceFault, Frame

COUNTS = (400_001, 400_003, -5, 8_000_000, -8_000_000)


class StubbedChip:
    """Plays the chip on i2c-stub, which only keeps what is written to its registers.

    The stub cannot see reads, so each count stays for a while and may be taken more than once.
    """

    def __init__(self, number: int) -> None:
        self.calibration_fails = False
        self._bus = smbus2.SMBus(number)
        self._ending = False
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ending = True
        self._thread.join(5.0)
        self._bus.close()

    def _play(self) -> None:
        turn = 0
        while not self._ending:
            turn += 1
            control = self._bus.read_byte_data(chip.ADDRESS, chip.PU_CTRL)
            second = self._bus.read_byte_data(chip.ADDRESS, chip.CTRL2)
            if second & chip.CALIBRATE:
                failed = chip.CALIBRATION_FAILED if self.calibration_fails else 0
                done = second & ~chip.CALIBRATE & ~chip.CALIBRATION_FAILED
                self._bus.write_byte_data(chip.ADDRESS, chip.CTRL2, done | failed)
            if control & chip.DIGITAL:
                counts = (COUNTS[turn % len(COUNTS)] & 0xFFFFFF).to_bytes(3, "big")
                self._bus.write_i2c_block_data(chip.ADDRESS, chip.ADC_OUT, list(counts))
                ready = control | chip.READY | (chip.NEW if control & chip.START else 0)
                self._bus.write_byte_data(chip.ADDRESS, chip.PU_CTRL, ready)
            time.sleep(0.02)


def a_converter_is_read_through_i2c() -> str:
    number = _stub()
    played = StubbedChip(number)
    try:
        with drivers() as make:
            cells = make("nau7802.cells", i2c_bus=number, rate_hz=10)
            seen: set[int] = set()

            def all_seen() -> bool:
                got = cells.read()
                if isinstance(got, CellSamples):
                    seen.update(got.counts[:, 0].tolist())
                return seen >= set(COUNTS)

            until(all_seen, lambda: f"all counts; {cells.faults()}")
            same(seen, set(COUNTS), "counts")
            words = (played._bus.read_byte_data(chip.ADDRESS, chip.CTRL1), chip.LDOS["3.0 V"])
            same(words, (words[1] << 3 | chip.GAINS[128], 5), "CTRL1")
    finally:
        played.close()
    return f"counts {sorted(seen)} over i2c-{number}"


def a_failed_calibration_is_told() -> str:
    number = _stub()
    played = StubbedChip(number)
    played.calibration_fails = True
    try:
        with drivers() as make:
            cells = make("nau7802.cells", i2c_bus=number)
            until(lambda: isinstance(cells.read(), DeviceFault), "a fault")
            fault: DeviceFault = cells.read()
            same(fault.name, "ADC_TROUBLE", fault.seen)
    finally:
        played.close()
    return fault.seen


def a_bus_that_is_not_there_is_named() -> str:
    with drivers() as make:
        cells = make("nau7802.cells", i2c_bus=77)
        until(lambda: isinstance(cells.read(), DeviceFault), "a fault")
        fault: DeviceFault = cells.read()
    same((fault.name, fault.device), ("ADC_SILENT", "NAU7802 on i2c-77"), "fault")
    return fault.seen


def a_camera_is_read_through_v4l2() -> str:
    device = _capture_device()
    with drivers() as make:
        camera = make("v4l2.camera", device=device, width=640, height=360, fps=15, fourcc="YUYV")
        frames: list[Frame] = []

        def enough() -> bool:
            got = camera.capture(True)
            if isinstance(got, Frame):
                frames.append(got)
            return len(frames) >= 3

        until(enough, lambda: f"3 frames; {camera.capture(True)}")
    times = [frame.captured_us for frame in frames]
    same(times, sorted(set(times)), "times")
    same({frame.pixels.shape for frame in frames}, {(360, 640, 3)}, "sizes")
    # The first of vivid's colour bars are white and yellow.
    same(int(frames[-1].pixels.max()) > 150, True, "a picture with light in it")
    return f"{len(frames)} frames of 640 x 360 from {device}"


def a_watchdog_that_starves_bites_and_one_that_is_let_go_does_not() -> str:
    """softdog is loaded so that it only says what a chip would do: restart the box."""
    with drivers() as make:
        watchdog = make("linux.watchdog", device="/dev/watchdog0", timeout_us=3_000_000)
        same(_dog("state"), "inactive", "state before the first feed")
        end_s = time.monotonic() + 5.0
        while time.monotonic() < end_s:
            watchdog.feed()
            time.sleep(0.02)
        same((_dog("state"), _dog("timeout"), _bites()), ("active", "3", 0), "while it is fed")
        same(watchdog.faults(), (), "faults")
        until(lambda: _bites() == 1, "it bites when it is not fed")
        watchdog.release()
    same(_dog("state"), "inactive", "state after the release")
    with drivers() as make:
        watchdog = make("linux.watchdog", device="/dev/watchdog0", timeout_us=3_000_000)
        watchdog.feed()
        watchdog.release()
        time.sleep(4.0)
        same(_bites(), 1, "bites after the orderly end")
    return "quiet for 5 s of feeding, bit after 3 s without, quiet after its release"


def _dog(what: str) -> str:
    return (Path("/sys/class/watchdog/watchdog0") / what).read_text().strip()


def _bites() -> int:
    """How often the kernel's log says that the timer has run out."""
    found = 0
    log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    try:
        while True:
            found += b"softdog: Triggered" in os.read(log, 8192)
    except BlockingIOError:
        return found
    finally:
        os.close(log)


def _stub() -> int:
    for bus in sorted(Path("/sys/bus/i2c/devices").glob("i2c-*")):
        if "stub" in (bus / "name").read_text().lower():
            return int(bus.name.removeprefix("i2c-"))
    raise AssertionError("i2c-stub has no bus")


def _capture_device() -> str:
    for device in sorted(Path("/sys/class/video4linux").glob("video*")):
        if "vid-cap" in (device / "name").read_text():
            return f"/dev/{device.name}"
    raise AssertionError("vivid has no device that captures")


CHECKS = (
    a_converter_is_read_through_i2c,
    a_failed_calibration_is_told,
    a_bus_that_is_not_there_is_named,
    a_camera_is_read_through_v4l2,
    a_watchdog_that_starves_bites_and_one_that_is_let_go_does_not,
)
