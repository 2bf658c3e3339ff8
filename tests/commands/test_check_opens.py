"""What check says a driver opens is what its options and its defaults name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controller.commands.check_opens import missing_here, opens


class _Serial:
    def __init__(self, bus: Any, port: str, baud: int = 9600, parity: str = "none") -> None: ...


class _Tcp:
    def __init__(self, bus: Any, host: str = "", tcp_port: int = 502, unit: int = 1) -> None: ...


class _Relays:
    def __init__(
        self,
        bus: Any,
        open_line: int,
        stop_line: int | None = None,
        chip: str = "gpiochip0",
        pin: int | None = None,
        cells_pins: tuple[int, ...] = (),
    ) -> None: ...


class _Twice:
    def __init__(
        self, bus: Any, port: str, baud: int = 9600, second_port: str = "", second_baud: int = 1200
    ) -> None: ...


class _I2c:
    def __init__(self, bus: Any, i2c_bus: int = 1, channels: int = 2) -> None: ...


class _Stream:
    def __init__(self, bus: Any, url: str) -> None: ...


class _Listener:
    def __init__(self, bus: Any, path: str, http_port: int = 8088, bind: str = "::") -> None: ...


@pytest.mark.parametrize(
    ("driver", "options", "said"),
    [
        (_Serial, {"port": "/dev/ttyS9"}, ["/dev/ttyS9 at 9600 baud 8N1"]),
        (
            _Serial,
            {"port": "/dev/ttyS9", "baud": 1200, "parity": "even"},
            ["/dev/ttyS9 at 1200 baud 8E1"],
        ),
        (
            _Twice,
            {"port": "/dev/ttyS8", "second_port": "/dev/ttyS9"},
            ["/dev/ttyS8 at 9600 baud 8N1", "/dev/ttyS9 at 1200 baud 8N1"],
        ),
        (_Tcp, {"host": "10.0.0.7"}, ["10.0.0.7:502", "unit 1"]),
        (_Relays, {"open_line": 17}, ["open: gpiochip0 line 17"]),
        (
            _Relays,
            {"open_line": 17, "pin": 4, "cells_pins": (5, 6)},
            ["open: gpiochip0 line 17", "GPIO 4", "cells: GPIO 5, 6"],
        ),
        (_I2c, {}, ["/dev/i2c-1"]),
        (_Stream, {"url": "rtsp://me:secret@10.0.0.9/1"}, ["rtsp://…@10.0.0.9/1"]),
        (_Stream, {"url": "rtsp://10.0.0.9/1"}, ["rtsp://10.0.0.9/1"]),
        (_Listener, {"path": "/yard"}, ["listens at :::8088/yard"]),
    ],
)
def test_a_driver_opens_what_its_options_and_defaults_name(
    driver: type, options: dict[str, Any], said: list[str]
) -> None:
    assert opens(driver, options) == said


def test_device_files_that_are_not_here_are_named(tmp_path: Path) -> None:
    assert list(missing_here(_Serial, {"port": "/dev/no-such-tty"})) == ["/dev/no-such-tty"]
    assert list(missing_here(_Serial, {"port": "/dev/null"})) == []
    assert list(missing_here(_Serial, {"port": str(tmp_path / "pty")})) == []
    assert list(missing_here(_I2c, {"i2c_bus": 97})) == ["/dev/i2c-97"]
    assert list(missing_here(_Relays, {"open_line": 1, "chip": "gpiochip97"})) == [
        "/dev/gpiochip97"
    ]
