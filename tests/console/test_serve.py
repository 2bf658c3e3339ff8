"""The console's transports: a serial line that comes and goes, scripts, and a command line."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pty_rig import PASSWORD, PATIENCE_S, Tech, make_cheap

from controller.console import once, script
from controller.console.answer import Answer, CommandError
from controller.console.audit import Audit
from controller.console.context import Context
from controller.console.do_session import COMMANDS as SESSION
from controller.console.grammar import Argument, Command, Grammar
from controller.console.login import Door
from controller.console.once import Once
from controller.console.roles import Role
from controller.console.script import ScriptPort
from controller.console.serial_line import BAUDS, LineError, open_line
from controller.console.serve import SerialConsole

WHY = Argument(name="why", help_en="the reason", help_zh="原因", rest=True)


class Yard:
    """What the fake commands did."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.frames = 0

    def grammar(self) -> Grammar:
        def look(_: Context, __: dict[str, str]) -> Answer:
            self.frames += 1
            return Answer(data={"frame": self.frames}, text=(f"frame {self.frames}",))

        def move(ctx: Context, given: dict[str, str]) -> Answer:
            self.done.append(f"{ctx.account.name}: {given['why']}")
            return Answer(data={"moved": True}, text=("moved",))

        def flow(ctx: Context, _: dict[str, str]) -> Iterator[Answer]:
            while True:
                yield Answer(data={"kg": 1}, text=("1 kg\x1b[2J",))
                ctx.pause(0.01)

        def ask(ctx: Context, _: dict[str, str]) -> Answer:
            ctx.talk.tell("put 20 t on it")
            return Answer(text=(ctx.talk.ask("done? "),))

        def fails(_: Context, __: dict[str, str]) -> Answer:
            raise CommandError("the lane is away\x1b[2J")

        def broken(_: Context, __: dict[str, str]) -> Answer:
            raise ZeroDivisionError

        return Grammar(
            [
                Command(words="look", help_en="look", help_zh="看", run=look, live_s=0.01),
                Command(
                    words="move",
                    help_en="move",
                    help_zh="动",
                    run=move,
                    role=Role.MAINTAINER,
                    arguments=(WHY,),
                ),
                Command(words="flow", help_en="flow", help_zh="流", run=flow),
                Command(words="ask", help_en="ask", help_zh="问", run=ask),
                Command(words="fails", help_en="fails", help_zh="败", run=fails),
                *SESSION,
                Command(words="broken", help_en="broken", help_zh="坏", run=broken),
            ]
        )


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    make_cheap(monkeypatch)


@pytest.fixture
def yard() -> Yard:
    return Yard()


@pytest.fixture
def door(tmp_path: Path) -> Door:
    made = Door(tmp_path, "ttyGS0")
    made.accounts.add("li.wei", Role.ADMIN, PASSWORD, by="test", fresh=False)
    made.accounts.add("cron", Role.MAINTAINER, PASSWORD, by="test", fresh=False)
    made.accounts.add("zhang", Role.VIEWER, PASSWORD, by="test", fresh=False)
    made.accounts.add("fresh", Role.ADMIN, PASSWORD, by="test")
    return made


class Plug:
    """A serial line by its name, with a cable that a test draws and puts back."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ttyGS0"
        self.tech = Tech()
        self.plug_in()

    def plug_in(self) -> Tech:
        self.tech = Tech()
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self.tech.slave))
        return self.tech

    def draw(self) -> None:
        self.path.unlink()
        os.close(self.tech.slave)
        self.tech.unplug()


@pytest.fixture
def plug(tmp_path: Path, door: Door, yard: Yard) -> Iterator[Plug]:
    made = Plug(tmp_path)
    line = SerialConsole(door, made.path, 115_200, yard.grammar(), tmp_path, again_s=0.02)
    thread = threading.Thread(target=line.run, daemon=True)
    thread.start()
    yield made
    line.end("stopped")
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    made.tech.close()


def login(tech: Tech, name: str = "li.wei") -> None:
    """Wake the line, which says nothing by itself, and log in."""
    until_s = time.monotonic() + PATIENCE_S
    while "login:" not in tech.look() and time.monotonic() < until_s:
        tech.type("\r")
        for _ in range(20):
            if "login:" in tech.look():
                break
    tech.until("login:")
    tech.enter(name)
    tech.until("password:")
    tech.enter(PASSWORD)
    tech.prompt()


def audited(folder: Path) -> list[tuple[str, str, str]]:
    return [(one.who, one.what, one.text) for one in Audit(folder / "console").tail()]


def until(true: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until_s, "it did not come"
        time.sleep(0.01)


def test_a_line_says_nothing_until_somebody_types(plug: Plug, yard: Yard) -> None:
    for _ in range(10):
        plug.tech.look()
    assert plug.tech.raw == b""
    login(plug.tech)
    plug.tech.enter("move it")
    plug.tech.until("moved")
    assert yard.done == ["li.wei: it"]


def test_a_cable_drawn_in_a_line_does_no_half_and_logs_out(
    plug: Plug, yard: Yard, tmp_path: Path
) -> None:
    login(plug.tech)
    plug.tech.type("move the boom")
    plug.tech.until("move the boom")
    plug.draw()
    until(lambda: audited(tmp_path)[-1] == ("li.wei", "logout", "hang-up"))
    tech = plug.plug_in()
    login(tech, "cron")
    tech.prompt()
    assert yard.done == []
    tech.enter("move again")
    tech.until("moved")
    assert yard.done == ["cron: again"]


def test_a_cable_drawn_in_a_stream_or_at_the_password_leaves_nobody_in(
    plug: Plug, tmp_path: Path
) -> None:
    login(plug.tech)
    plug.tech.enter("flow")
    plug.tech.until("1 kg")
    plug.draw()
    until(lambda: audited(tmp_path)[-1] == ("li.wei", "logout", "hang-up"))
    tech = plug.plug_in()
    while "login:" not in tech.look():
        tech.type("\r")
    tech.enter("li.wei")
    tech.until("password:")
    plug.draw()
    login(plug.plug_in(), "zhang")
    assert [what for _, what, _ in audited(tmp_path)] == ["login", "logout", "login"]


def test_what_is_typed_behind_a_log_out_reaches_nobody(plug: Plug, yard: Yard) -> None:
    login(plug.tech)
    plug.tech.type("exit\rmove one\rmove two\r")
    plug.tech.until("logged out")
    plug.tech.screen.reset()
    login(plug.tech)
    assert yard.done == []


def test_a_line_has_one_console(plug: Plug, door: Door) -> None:
    login(plug.tech)
    with pytest.raises(LineError, match="another console"):
        open_line(plug.path, 9_600)


@pytest.mark.parametrize("baud", [9_600, 19_200, 38_400, 57_600, 115_200])
def test_a_line_runs_at_the_speed_that_was_said(baud: int) -> None:
    import termios  # noqa: PLC0415

    master, slave = pty.openpty()
    fd = open_line(Path(os.ttyname(slave)), baud)
    settings = termios.tcgetattr(fd)
    assert settings[4:6] == [BAUDS[baud]] * 2
    assert not settings[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
    for one in (fd, master, slave):
        os.close(one)


def test_a_line_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(LineError, match="tried again"):
        open_line(tmp_path / "ttyUSB9", 9_600)
    (tmp_path / "file").write_text("")
    with pytest.raises(LineError, match="no serial line"):
        open_line(tmp_path / "file", 9_600)
    with pytest.raises(ValueError, match="9600"):
        open_line(tmp_path / "ttyUSB9", 1_200)


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


def run_once(folder: Path, yard: Yard, *lines: str, **more: Any) -> tuple[int, list[str]]:
    said: list[str] = []
    status = once.run(Once(folder=folder, lines=lines, **more), yard.grammar(), said.append)
    return status, said


def test_a_command_line_looks_without_a_password(
    tmp_path: Path, door: Door, yard: Yard, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_once(tmp_path, yard, "look", "look", as_json=True) == (
        0,
        ['{"frame": 1}', '{"frame": 2}'],
    )
    assert run_once(tmp_path, yard, "look") == (0, ["frame 3"])
    assert run_once(tmp_path, yard, "move it", "look") == (1, [])
    assert "needs the role maintainer" in capsys.readouterr().err
    assert yard.done == []


def test_a_command_line_changes_with_a_password_that_no_list_of_processes_shows(
    tmp_path: Path,
    door: Door,
    yard: Yard,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = tmp_path / "password"
    kept.write_text(PASSWORD + "\n")
    kept.chmod(0o644)
    assert run_once(tmp_path, yard, "move a", user="cron", password_file=kept)[0] == 3
    assert "chmod go=" in capsys.readouterr().err
    kept.chmod(0o600)
    assert run_once(tmp_path, yard, "move a", user="cron", password_file=kept)[0] == 0
    monkeypatch.setenv(once.VARIABLE, PASSWORD)
    assert run_once(tmp_path, yard, "move b", user="cron")[0] == 0
    monkeypatch.setenv(once.VARIABLE, "wrong words 1")
    assert run_once(tmp_path, yard, "move c", user="cron")[0] == 3
    assert run_once(tmp_path, yard, "move c", user="fresh")[0] == 3
    assert yard.done == ["cron: a", "cron: b"]
    assert audited(tmp_path)[:2] == [
        ("cron", "login", "maintainer"),
        ("cron", "logout", "status 0"),
    ]


def test_a_command_line_stops_at_the_first_that_fails(
    tmp_path: Path, door: Door, yard: Yard, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_once(tmp_path, yard, "look", "fails", "look") == (1, ["frame 1"])
    assert run_once(tmp_path, yard, "ask")[0] == 1
    told = capsys.readouterr().err
    assert "put 20 t on it" in told
    assert "log in at a terminal" in told
    assert "\x1b" not in told


def test_a_command_lines_stream_ends_by_itself(tmp_path: Path, door: Door, yard: Yard) -> None:
    status, said = run_once(tmp_path, yard, "flow", seconds=0.05, as_json=True)
    assert status == 0
    assert set(said) == {'{"kg": 1}'}
    assert run_once(tmp_path, yard, "look", seconds=0.05)[0] == 0
    assert yard.frames > 1


def steelyard(*words: object) -> subprocess.CompletedProcess[str]:
    code = "from controller.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_command_says_what_is_wrong_and_its_status_too(tmp_path: Path) -> None:
    done = steelyard("console", "--out", tmp_path / "none", "-c", "show version")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no such folder" in done.stderr
    done = steelyard("console", "--out", tmp_path)
    assert done.returncode == 1
    assert "no terminal here" in done.stderr


STUCK = """
import sys, time
from pathlib import Path
from controller.console.answer import Answer
from controller.console.do_session import COMMANDS
from controller.console.grammar import Command, Grammar
from controller.console import serve

def stuck(ctx, given):
    ctx.talk.tell("stuck begins")
    time.sleep(3600)
    return Answer(text=("never",))

found = Grammar([*COMMANDS, Command(words="stuck", help_en="a", help_zh="b", run=stuck)])
serve.grammar = lambda: found
serve.serial(Path(sys.argv[1]), Path(sys.argv[2]), 9600)
"""


def test_a_command_that_waits_for_nothing_is_stopped_by_ctrl_c_and_by_the_cable(
    tmp_path: Path, door: Door
) -> None:
    """The real service in a process of its own: a handler that never pauses is broken off too."""
    tech = Tech()
    port = tmp_path / "ttyS7"
    port.symlink_to(os.ttyname(tech.slave))
    done = subprocess.Popen(
        [sys.executable, "-c", STUCK, str(tmp_path), str(port)], stderr=subprocess.PIPE
    )
    try:
        login(tech)
        tech.enter("stuck")
        tech.until("stuck begins")
        until_s = time.monotonic() + PATIENCE_S
        while "stopped" not in tech.look() and time.monotonic() < until_s:
            tech.type("\x03")
            tech.look(1.0)
        tech.until("stopped")
        tech.prompt()
        tech.enter("stuck")
        tech.until(lambda text: text.count("stuck begins") == 2)
        os.close(tech.slave)
        tech.unplug()
        until(lambda: audited(tmp_path)[-1] == ("li.wei", "logout", "hang-up"))
        done.terminate()
        assert done.wait(PATIENCE_S) == 0
    finally:
        done.kill()
        done.wait()
        tech.close()
    assert done.stderr is not None
    told = done.stderr.read().decode()
    assert "Traceback" not in told, told


def test_a_person_at_the_machine_from_first_boot_to_log_out(tmp_path: Path) -> None:
    """The real command on a pty of its own, in a process of its own."""
    code = "from controller.cli import main; main()"
    tech = Tech()
    done = subprocess.Popen(
        [sys.executable, "-c", code, "console", "--out", str(tmp_path), "--ascii"],
        stdin=tech.slave,
        stdout=tech.slave,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "vt100"},
        start_new_session=True,
    )
    try:
        tech.until("name:")
        tech.enter("li.wei")
        tech.until("new password:")
        tech.enter(PASSWORD)
        tech.until("again:")
        tech.enter(PASSWORD)
        tech.until("lane AWAY admin>")
        tech.enter("show lane")
        tech.until("% ")
        tech.prompt()
        tech.enter("account list")
        tech.until("li.wei               admin       good")
        tech.prompt()
        tech.type("\x04")
        tech.until("logged out")
        assert done.wait(PATIENCE_S) == 0
        assert done.stderr is not None
        assert done.stderr.read() == b""
    finally:
        done.kill()
        done.wait()
        tech.close()
    kept = json.loads((tmp_path / "console" / "accounts.json").read_text())
    assert kept["accounts"][0]["password"]["work"] == {"n": 1 << 15, "r": 8, "p": 3}
