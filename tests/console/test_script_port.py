"""Scripts at the console's socket: lines of JSON, log-in, streams, limits."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pty_rig import PASSWORD, PATIENCE_S, make_cheap
from serve_rig import Yard, audited, until

from controller.console import script
from controller.console.login import Door
from controller.console.script import ScriptPort


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    make_cheap(monkeypatch)


class Script:
    """A program at the socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def send(self, line: bytes | dict[str, Any]) -> None:
        data = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
        self._socket.sendall(data)

    def said(self) -> dict[str, Any] | None:
        line = self._lines.readline()
        return json.loads(line) if line else None

    def ask(self, line: bytes | dict[str, Any]) -> dict[str, Any] | None:
        self.send(line)
        return self.said()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture
def port(tmp_path: Path, door: Door, yard: Yard) -> Iterator[Callable[[], Script]]:
    path = tmp_path / "scripts.sock"
    made = ScriptPort(tmp_path, path, yard.grammar())
    threading.Thread(target=made.serve, daemon=True).start()
    assert path.stat().st_mode & 0o777 == 0o600
    peers: list[Script] = []

    def connect() -> Script:
        peers.append(Script(path))
        return peers[-1]

    yield connect
    for one in peers:
        one.close()
    made.close()


def logged_in(peer: Script, name: str = "li.wei") -> Script:
    said = peer.ask({"login": name, "password": PASSWORD})
    assert said is not None
    assert said["ok"]
    return peer


def test_a_script_logs_in_asks_and_is_answered(
    port: Callable[[], Script], yard: Yard, tmp_path: Path
) -> None:
    peer = logged_in(port())
    assert peer.ask({"command": "move it", "id": 7}) == {
        "id": 7,
        "answer": {"moved": True},
        "text": ["moved"],
    }
    assert peer.said() == {"id": 7, "done": True}
    peer.send({"command": "look", "id": "a"})
    assert [peer.said(), peer.said()] == [
        {"id": "a", "answer": {"frame": 1}, "text": ["frame 1"]},
        {"id": "a", "done": True},
    ]
    peer.close()
    until(lambda: audited(tmp_path)[-1][1] == "logout")
    assert yard.done == ["li.wei: it"]


def test_a_scripts_stream_ends_and_steers_no_terminal(port: Callable[[], Script]) -> None:
    peer = logged_in(port())
    peer.send({"command": "flow", "seconds": 0.05})
    said = [peer.said()]
    while said[-1] is not None and "done" not in said[-1]:
        said.append(peer.said())
    assert said[0] == {"id": None, "answer": {"kg": 1}, "text": ["1 kg?[2J"]}
    assert len(said) > 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"command": "move it"}\n',
        b'{"login": "li.wei", "password": "wrong words 1"}\n',
        b'{"login": "nobody", "password": "correct horse 73"}\n',
        b'{"login": "fresh", "password": "correct horse 73"}\n',
        b"\xff\xfe\x00\n",
        b"[]\n",
        b"\n",
    ],
)
def test_a_script_that_is_not_logged_in_gets_nothing(
    port: Callable[[], Script], yard: Yard, line: bytes
) -> None:
    peer = port()
    said = peer.ask(line)
    assert said is not None
    assert "error" in said
    assert peer.said() is None
    assert yard.done == []


def test_a_script_that_sends_without_end_is_cut_off(port: Callable[[], Script], yard: Yard) -> None:
    peer = port()
    with pytest.raises(OSError):  # noqa: PT012 - cut off at the one or at the other
        while True:
            peer.send(b"x" * 20_000)
    with contextlib.suppress(ConnectionResetError):
        said = peer.said()
        assert said is None or "longer than" in said["error"]
    assert yard.done == []


def test_a_scripts_bad_line_costs_that_line_alone(port: Callable[[], Script], yard: Yard) -> None:
    peer = logged_in(port(), "cron")
    for line in (
        b"no json\n",
        b'{"command": 3}\n',
        b'{"command": "move a\\nmove b"}\n',
        b'{"command": "fails"}\n',
        b'{"command": "broken"}\n',
        b'{"command": "ask"}\n',
        b'{"command": "flow", "seconds": 1e9}\n',
        json.dumps({"command": "move " + "x" * 3_000}).encode() + b"\n",
    ):
        said = peer.ask(line)
        while said is not None and "told" in said:
            said = peer.said()
        assert said is not None
        assert "error" in said, (line, said)
        assert "\x1b" not in said["error"]
    assert yard.done == []
    assert peer.ask({"command": "move c"}) is not None
    assert yard.done == ["cron: c"]


def test_a_scripts_cut_line_is_not_done(port: Callable[[], Script], yard: Yard) -> None:
    peer = logged_in(port())
    peer.send(b'{"command": "move half"}')
    peer.close()
    logged_in(port()).ask({"command": "look"})
    assert yard.done == []


def test_a_scripts_role_and_standing_hold(
    port: Callable[[], Script], yard: Yard, door: Door, tmp_path: Path
) -> None:
    peer = logged_in(port(), "zhang")
    said = peer.ask({"command": "move it"})
    assert said is not None
    assert "needs the role" in said["error"]
    assert audited(tmp_path)[-1] == ("zhang", "denied", "move it")
    door.accounts.set_locked("zhang", True)
    said = peer.ask({"command": "look"})
    assert said is not None
    assert "locked" in said["error"]
    assert peer.said() is None
    assert yard.done == []


def test_scripts_take_turns_and_none_waits_for_anothers_stream(
    port: Callable[[], Script],
) -> None:
    one, two = logged_in(port()), logged_in(port(), "cron")
    one.send({"command": "flow", "seconds": 3_600})
    assert one.said() is not None
    for _ in range(5):
        assert two.ask({"command": "look"}) is not None
        assert two.said() == {"id": None, "done": True}
        assert one.said() == {"id": None, "answer": {"kg": 1}, "text": ["1 kg?[2J"]}


def test_scripts_are_no_more_than_there_is_room_for(port: Callable[[], Script]) -> None:
    peers = [logged_in(port()) for _ in range(script.PEERS_MAX)]
    said = port().said()
    assert said is not None
    assert "already" in said["error"]
    assert peers[0].ask({"command": "look"}) is not None
