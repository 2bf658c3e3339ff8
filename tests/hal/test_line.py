"""A line is opened, pulled out and put back, and never makes its driver wait."""

import errno
import os
import socket
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hal.bus import Bus
from hal.line import IN_BYTES_MAX, OUT_BYTES_MAX, serial_line, tcp_line

PATIENCE_S = 10.0


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()


def until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end_s, "it did not come about"
        time.sleep(0.005)


def cable(place: Path) -> int:
    """A pty whose far end stands at ``place``; the near descriptor is returned."""
    near, far = os.openpty()
    tty.setraw(far)
    place.unlink(missing_ok=True)
    place.symlink_to(os.ttyname(far))
    os.close(far)
    return near


def test_bytes_go_both_ways_with_the_lane_s_time(bus: Bus, tmp_path: Path) -> None:
    near = cable(tmp_path / "tty")
    line = serial_line(bus, str(tmp_path / "tty"), 9600)
    until(lambda: line.trouble is None)
    before_us = time.monotonic_ns() // 1000
    os.write(near, b"\x02+0156001\x03")
    until(lambda: bool(line._in))
    (chunk,) = line.take()
    assert chunk.data == b"\x02+0156001\x03"
    assert before_us <= chunk.t_us <= time.monotonic_ns() // 1000
    assert line.send(b"poll")
    assert os.read(near, 10) == b"poll"
    os.close(near)


def test_a_port_that_is_not_there_is_named_and_tried_again(bus: Bus, tmp_path: Path) -> None:
    place = tmp_path / "tty"
    line = serial_line(bus, str(place), 9600)
    until(lambda: line.trouble is not None and "No such file" in line.trouble.seen)
    assert line.trouble is not None
    assert (line.trouble.name, line.trouble.device) == ("LINE_DOWN", str(place))
    assert not line.send(b"lost")
    near = cable(place)
    until(lambda: line.trouble is None)
    os.close(near)


def test_a_line_that_is_pulled_out_comes_back_without_old_words(bus: Bus, tmp_path: Path) -> None:
    near = cable(tmp_path / "tty")
    line = serial_line(bus, str(tmp_path / "tty"), 9600)
    until(lambda: line.trouble is None)
    os.close(near)
    until(lambda: line.trouble is not None)
    near = cable(tmp_path / "tty")
    until(lambda: line.trouble is None)
    assert line.opened == 2
    assert line.send(b"new")
    assert os.read(near, 10) == b"new"
    os.close(near)


def test_a_port_that_is_pulled_out_while_it_is_set_is_opened_again(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system says then is no OSError; the thread would have died of it, for good."""
    set_port = termios.tcsetattr
    refused: list[int] = []

    def refuses(fd: int, when: int, settings: Any) -> None:
        if not refused:
            refused.append(fd)
            raise termios.error(errno.EIO, os.strerror(errno.EIO))
        set_port(fd, when, settings)

    near = cable(tmp_path / "tty")
    monkeypatch.setattr(termios, "tcsetattr", refuses)
    line = serial_line(bus, str(tmp_path / "tty"), 9600)
    until(lambda: bool(refused) and line.trouble is None)
    os.close(near)


def test_what_nobody_takes_is_dropped_oldest_first_and_counted(bus: Bus, tmp_path: Path) -> None:
    near = cable(tmp_path / "tty")
    line = serial_line(bus, str(tmp_path / "tty"), 9600)
    until(lambda: line.trouble is None)
    sent = 0
    while sent < 2 * IN_BYTES_MAX:
        sent += os.write(near, bytes(1024))
    until(lambda: line.dropped_bytes > 0)
    until(lambda: line._in_bytes + line.dropped_bytes == sent)
    assert sum(len(c.data) for c in line.take()) <= IN_BYTES_MAX
    os.close(near)


def test_a_half_open_connection_is_given_up_and_tried_again(bus: Bus) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line = tcp_line(bus, "127.0.0.1", server.getsockname()[1])
        peer, _ = server.accept()
        until(lambda: line.trouble is None)
        stop = threading.Event()

        def talk() -> None:
            while not stop.wait(0.001):
                line.send(bytes(OUT_BYTES_MAX))

        talker = threading.Thread(target=talk)
        talker.start()
        try:
            until(lambda: line.trouble is not None or line.opened > 1)
        finally:
            stop.set()
            talker.join()
            peer.close()


def test_two_drivers_cannot_have_one_line(bus: Bus, tmp_path: Path) -> None:
    place = str(tmp_path / "tty")
    serial_line(bus, place, 9600)
    with pytest.raises(ValueError, match="has this line already"):
        serial_line(bus, place, 1200)
    tcp_line(bus, "127.0.0.1", 9)
    with pytest.raises(ValueError, match="has this line already"):
        tcp_line(bus, "127.0.0.1", 9)
