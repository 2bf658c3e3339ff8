"""Signs on real lines: a pty, loopback TCP and UDP; one that swallows bytes freezes nothing."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sign_rig import OVER, HandClock

from hal.bus import Bus
from hal.signs.kinds import GuizhouSign, OnbonSign, SichuanSign, TemplateSign
from hal.signs.link import Datagrams
from sim.emulators.serve import OnPty, OnTcp, host_us
from sim.emulators.signs import GuizhouSignEmulator, OnbonSignEmulator, SichuanSignEmulator

PATIENCE_S = 20.0


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()


def hold(sign: Any, true: Callable[[], bool]) -> None:
    """Show the page in every scan until it is so."""
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end_s, f"it did not come about: {sign.faults()}"
        sign.show(OVER)
        time.sleep(0.002)


def test_a_sign_on_a_pty_is_told_again_when_the_plug_is_back(bus: Bus, tmp_path: Path) -> None:
    emulator = SichuanSignEmulator()
    served = OnPty(emulator, tmp_path / "tty")
    sign = SichuanSign(bus, port=served.port, gap_us=1)
    hold(sign, lambda: emulator.rows == list(OVER.lines))
    served.unplug()
    hold(sign, lambda: [f.name for f in sign.faults()] == ["LINE_DOWN"])
    emulator.rows = [""] * 4
    served.plug()
    hold(sign, lambda: emulator.rows == list(OVER.lines) and not sign.faults())
    served.close()


def test_a_card_behind_tcp(bus: Bus) -> None:
    emulator = OnbonSignEmulator()
    served = OnTcp(emulator)
    host, _, port = served.port.partition(":")
    sign = OnbonSign(bus, host=host, tcp_port=int(port), gap_us=1)
    hold(sign, lambda: emulator.rows == list(OVER.lines))
    assert sign.faults() == ()
    served.close()


def test_a_connection_whose_far_end_swallows_all_freezes_nothing(bus: Bus) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        sign = SichuanSign(bus, host="127.0.0.1", tcp_port=server.getsockname()[1], gap_us=1)
        peer, _ = server.accept()
        hold(sign, lambda: bool(sign.faults()) and sign.faults()[0].name == "SIGN_MUTE")
        peer.close()


def test_a_sign_behind_udp(bus: Bus) -> None:
    emulator = GuizhouSignEmulator()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        far.setblocking(False)
        sign = GuizhouSign(bus, host="127.0.0.1", udp_port=far.getsockname()[1], gap_us=1)

        def shown() -> bool:
            try:
                data, peer = far.recvfrom(2048)
            except BlockingIOError:
                return emulator.rows == list(OVER.lines)
            far.sendto(emulator.answer(data, host_us()) or b"?", peer)
            return False

        hold(sign, shown)
    assert sign.faults() == ()


def test_only_the_sign_is_heard_over_udp() -> None:
    clock = HandClock()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        far.bind(("127.0.0.1", 0))
        link = Datagrams(clock, "127.0.0.1", far.getsockname()[1])
        assert link.send(b"hello")
        _, peer = far.recvfrom(64)
        stranger.sendto(b"stranger", peer)
        far.sendto(b"sign", peer)
        heard: list[bytes] = []
        end_s = time.monotonic() + PATIENCE_S
        while b"sign" not in heard and time.monotonic() < end_s:
            heard += [chunk.data for chunk in link.take()]
        assert heard == [b"sign"]
        link.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "state either port"),
        ({"port": "/dev/ttyS0", "host": "10.0.0.9"}, "not both"),
        ({"host": "10.0.0.9"}, "network port"),
        ({"host": "10.0.0.9", "tcp_port": 70_000}, "1 to 65535"),
        ({"port": "/dev/ttyS0", "rows": 9}, "at most 8 rows"),
        ({"port": "/dev/ttyS0", "columns": 9}, "cannot show a plate"),
        ({"port": "/dev/ttyS0", "brightness": 300}, "brightness is 1 to 255"),
        ({"port": "/dev/ttyS0", "refresh_us": 0}, "at least 2.5 s"),
    ],
)
def test_options_that_cannot_be_are_refused(bus: Bus, options: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SichuanSign(bus, **options)


def test_udp_needs_a_numeric_address(bus: Bus) -> None:
    with pytest.raises(ValueError, match="numeric address"):
        GuizhouSign(bus, host="sign.local")


def test_a_template_sign_needs_its_template(bus: Bus) -> None:
    with pytest.raises(ValueError, match=r"needs \{line1\}"):
        TemplateSign(bus, "02 03", port="/dev/ttyS0")
