"""What a stranger gets wrong at a line, in words that say what to look at."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest
import serial
from indicator_rig import Bench
from line_fakes import MemoryLine
from sign_rig import HandClock, SignRig

from hal.bus import Bus
from hal.coprocessor import CoprocessorInput
from hal.field.modbus_rtu import is_question, sealed
from hal.line import Line
from hal.ports import SignPage
from hal.signs.onbon import Onbon
from hal.signs.sichuan import Sichuan
from hal.signs.yunnan import Yunnan
from protocol import coprocessor as wire
from protocol.framing import encode


class Echo:
    """A converter with a local echo, and nothing behind it."""

    def answer(self, data: bytes, now_us: int) -> bytes:
        return data

    def due(self, now_us: int) -> bytes:
        return b""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOENT, "No such file or directory"),
            "No such file or directory (ENOENT); ls /dev/serial/by-id shows what is plugged in",
        ),
        (
            serial.SerialException(errno.ENOENT, "could not open port /dev/x: [Errno 2] …"),
            "No such file or directory (ENOENT); ls /dev/serial/by-id shows what is plugged in",
        ),
        (
            serial.SerialException(errno.EAGAIN, "Could not exclusively lock port"),
            "Resource temporarily unavailable (EAGAIN); another program has it open",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            "Permission denied (EACCES); add this user to the group that owns it, mostly dialout",
        ),
        (
            serial.SerialException("Could not configure port: (25, 'Inappropriate ioctl')"),
            "this is no serial port, or it refuses these settings",
        ),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
            "Connection refused (ECONNREFUSED); is tcp_port what the device listens at?",
        ),
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "no computer of this name is known; write its address",
        ),
        (
            TimeoutError("timed out"),
            "no connection in 3 s; is the address right, and has the device power?",
        ),
        (OSError(errno.ETIMEDOUT, "takes no bytes for 3 s"), "takes no bytes for 3 s (ETIMEDOUT)"),
        (OSError(errno.EIO, "the other end is gone"), "the other end is gone (EIO)"),
    ],
)
def test_a_line_that_cannot_be_opened_says_what_to_look_at(error: Exception, said: str) -> None:
    def opener() -> Any:
        raise error

    line = Line(HandClock(), "/dev/x", opener)
    try:
        for _ in range(2000):
            if line.trouble is not None and line.trouble.seen != "not opened yet":
                break
            line._thread.join(0.005)
        assert line.trouble is not None
        assert line.trouble.seen == said
    finally:
        line.close()


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        ("yaohua.indicator", {"unit": "kg", "format": "polled"}),
        ("sics.indicator", {}),
    ],
)
def test_an_echo_is_no_indicator(driver: str, options: dict[str, Any]) -> None:
    bench = Bench(driver, **options)
    bench.read()
    for _ in range(150):
        sent, bench.line.sent = b"".join(bench.line.sent), []
        bench.say(sent) if sent else bench.read()
    (fault,) = bench.driver.faults()
    assert fault.name == "INDICATOR_SILENT"
    assert "only its own questions come back for" in fault.seen


def test_an_indicator_that_answers_beside_the_echo_is_read() -> None:
    bench = Bench("sics.indicator")
    read = 0
    for _ in range(150):
        sent, bench.line.sent = b"".join(bench.line.sent), []
        said = bench.say(sent + b"S S    54320 kg\r\n") if sent else bench.read()
        read += len(said) if isinstance(said, tuple) else 0
    assert read > 5
    assert bench.driver.faults() == ()


@pytest.mark.parametrize("family", [Sichuan, Yunnan, Onbon])
def test_an_echo_is_no_sign(family: Any) -> None:
    rig = SignRig(family(), Echo())
    rig.hold(SignPage(lines=("超限", "49.5 t"), colour="red"), 20.0)
    (fault,) = rig.sign.faults()
    assert fault.name == "SIGN_MUTE"
    assert "only they themselves come back: the converter echoes" in fault.seen


def test_a_read_of_ours_is_known_when_it_comes_back() -> None:
    question = sealed(bytes([3, 2, 0, 0, 0, 8]))
    assert is_question(question, 3)
    assert not is_question(question, 4)
    assert not is_question(question + b"\x00", 3)
    assert not is_question(question[:-1] + b"\x00", 3)
    assert not is_question(sealed(bytes([3, 5, 0, 0, 255, 0])), 3), "a write is answered so"


def test_bytes_that_are_no_coprocessor_s_are_told_apart_from_none() -> None:
    clock, bus = HandClock(), Bus()
    bus.share("clock", lambda: clock)
    line = bus.share("line /dev/chip", lambda: MemoryLine(bus, _Prompt(), "/dev/chip"))
    stop = CoprocessorInput(bus, "/dev/chip", 5, "estop")
    line._emulator.says = b""
    clock.us += 600_000
    (fault,) = stop.faults()
    assert (fault.name, fault.seen[:24]) == ("COPROCESSOR_SILENT", "no frame for 600 ms, not")
    assert "not one byte: has it power and firmware, are TX and RX crossed?" in fault.seen
    line._emulator.says = b"MicroPython v1.29 on 2026-01-01; Raspberry Pi Pico\r\n>>> "
    for _ in range(10):
        clock.us += 500_000
        stop.read()
    (fault,) = stop.faults()
    assert "bytes that are none: another baud rate, or the Pico's own USB socket" in fault.seen
    line._emulator.says = encode(wire.ANSWER, 1, b"\x01")
    for _ in range(3):
        clock.us += 500_000
        stop.read()
    assert stop.faults() == ()


class _Prompt:
    """Says the same to whatever it is asked."""

    says = b""

    def answer(self, data: bytes, now_us: int) -> bytes:
        return self.says

    def due(self, now_us: int) -> bytes:
        return b""
