"""The console on a serial line that comes and goes, and at the machine itself."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pty_rig import PASSWORD, PATIENCE_S, Tech, make_cheap
from serve_rig import Yard, audited, until

from controller.console.login import Door
from controller.console.serial_line import BAUDS, LineError, open_line
from controller.console.serve import SerialConsole

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


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    make_cheap(monkeypatch)


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
