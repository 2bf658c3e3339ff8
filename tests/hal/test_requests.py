"""Requests come in whole and from this machine's own user, or are refused with a reason."""

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.bus import Bus
from hal.ports import PersonRequest
from hal.requests import DETAIL_MAX, LINE_BYTES_MAX, SocketRequests
from hal.virtual import REQUESTS_MAX

GOOD = {"kind": "release", "who": "Wang Fang", "why": "papers seen", "end": "road"}


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    made = Bus()
    made.share("folder", lambda: tmp_path)
    yield made
    made.close()


def ask(path: Path, *lines: bytes) -> list[dict[str, Any]]:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))
        peer.sendall(b"".join(lines))
        peer.shutdown(socket.SHUT_WR)
        with peer.makefile("rb") as answers:
            return [json.loads(answer) for answer in answers]


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def test_a_request_comes_in_once_with_who_and_why(bus: Bus, tmp_path: Path) -> None:
    source = SocketRequests(bus, "r.sock")
    assert ask(tmp_path / "r.sock", line(**GOOD), line(**GOOD)) == [{"ok": True}] * 2
    assert source.poll() == (msgspec.convert(GOOD, PersonRequest),) * 2
    assert source.poll() == ()


def test_a_detail_as_long_as_may_be_fits_in_a_line(bus: Bus, tmp_path: Path) -> None:
    source = SocketRequests(bus, "r.sock")
    most = dict.fromkeys(("kind", "who", "why", "plate", "second"), "称" * 200)
    sent = json.dumps(most | {"detail": "重" * DETAIL_MAX}, ensure_ascii=False).encode() + b"\n"
    assert ask(tmp_path / "r.sock", sent) == [{"ok": True}]
    (request,) = source.poll()
    assert request.detail == "重" * DETAIL_MAX


def test_only_this_user_may_ask(bus: Bus, tmp_path: Path) -> None:
    SocketRequests(bus, "r.sock")
    assert stat.S_IMODE((tmp_path / "r.sock").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"{}\n", "missing required field"),
        (b"\xff\xfe\n", "not a request"),
        (line(**GOOD, weight_g=1), "unknown field"),
        (line(**{**GOOD, "who": " "}), "kind, who and why"),
        (line(**{**GOOD, "why": "x" * 201}), "more than 200"),
        (line(**GOOD, detail="x" * (DETAIL_MAX + 1)), "a detail of more than 2000"),
        (b"x" * LINE_BYTES_MAX + b"\n", "longer than"),
        (b'{"kind": "release"', "cut off"),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(
    bus: Bus, tmp_path: Path, sent: bytes, said: str
) -> None:
    source = SocketRequests(bus, "r.sock")
    assert said in ask(tmp_path / "r.sock", sent)[0]["error"]
    assert source.poll() == ()


@given(data=st.binary(max_size=300))
def test_no_bytes_by_chance_are_a_request(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        bus = Bus()
        bus.share("folder", lambda: Path(folder))
        source = SocketRequests(bus, "r.sock")
        answers = ask(Path(folder) / "r.sock", data)
        assert all("error" in answer for answer in answers)
        assert len(answers) <= data.count(b"\n") + 1
        assert source.poll() == ()
        bus.close()


def test_more_than_the_lane_takes_are_refused(bus: Bus, tmp_path: Path) -> None:
    source = SocketRequests(bus, "r.sock")
    answers = ask(tmp_path / "r.sock", *[line(**GOOD)] * (REQUESTS_MAX + 1))
    assert [a for a in answers if "error" in a] == answers[-1:]
    assert len(source.poll()) == REQUESTS_MAX


def test_a_socket_left_by_a_dead_controller_is_replaced_and_a_live_one_is_not(
    bus: Bus, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "r.sock"))
    SocketRequests(bus, "r.sock")
    with pytest.raises(ValueError, match="another controller"):
        SocketRequests(bus, "r.sock")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="not removed"):
        SocketRequests(bus, "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_the_socket_goes_with_the_board(tmp_path: Path) -> None:
    bus = Bus()
    bus.share("folder", lambda: tmp_path)
    SocketRequests(bus, "r.sock")
    bus.close()
    assert not (tmp_path / "r.sock").exists()
