"""The serial console driven by the programs that technicians use, in tmux, over a pty cable.

``make test-terminals`` installs picocom, tio, screen and tmux, and writes what their windows show
to ``out/terminals``; docs/console.md shows some of it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cable import Cable
from console_rig import until

from controller.console.accounts import Accounts
from controller.console.link import LaneAwayError, LaneLink
from controller.console.office import office
from controller.console.roles import Role
from controller.core.kinds import Phase

PROGRAM = (sys.executable, "-c", "from controller.cli import main; main()")
PASSWORD = "boom-over-the-road-7"
PROGRAMS = {
    "picocom": "picocom --nolock -b 115200 {port}",
    "tio": "tio -b 115200 {port}",
    "screen": "screen -S {session} {port} 115200",
}
MISSING = [name for name in (*PROGRAMS, "tmux") if shutil.which(name) is None]
PATIENCE_S = 40.0

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"{', '.join(MISSING)} not installed: `make test-terminals` does it"
)


class Site:
    """A lane that runs, its serial console, and a cable to a laptop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "lane"
        self.lane = subprocess.Popen(
            [*PROGRAM, "run", "sim", "--out", str(self.folder)], stdout=subprocess.DEVNULL
        )
        self.link = LaneLink(self.folder)
        until(self._answers)
        self.port = folder / "laptop"
        self.cable = Cable(folder / "cabinet", self.port)
        self.console = subprocess.Popen(
            [*PROGRAM, "console", "--out", str(self.folder), "--serial", str(folder / "cabinet")],
            stderr=(folder / "console.err").open("wb"),
        )

    def _answers(self) -> bool:
        try:
            self.link.state()
        except LaneAwayError:
            return False
        return True

    def close(self) -> None:
        self.link.close()
        self.cable.close()
        for program in (self.console, self.lane):
            program.send_signal(signal.SIGTERM)
            program.wait(30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    people = Accounts(office(made.folder))
    people.add("head", Role.ADMIN, PASSWORD, "test", fresh=False)
    people.add("li", Role.MAINTAINER, PASSWORD, "head", fresh=False)
    yield made
    made.close()


class Window:
    """A terminal program in a window of tmux, 80 x 24."""

    def __init__(self, name: str, port: Path) -> None:
        self.name = name
        self.tmux = f"steelyard-{os.getpid()}-{name}"
        command = PROGRAMS[name].format(port=port, session=self.tmux)
        self._do("new-session", "-d", "-x", "80", "-y", "24", "-s", "w", command)

    def type(self, *keys: str) -> None:
        self._do("send-keys", "-t", "w", *keys)

    def text(self) -> str:
        return self._do("capture-pane", "-p", "-t", "w")

    def paste(self, text: str) -> None:
        subprocess.run(
            ["tmux", "-L", self.tmux, "load-buffer", "-"], input=text.encode(), check=True
        )
        self._do("paste-buffer", "-t", "w")

    def until(self, *wanted: str) -> str:
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            text = self.text()
            if all(one in text for one in wanted):
                return text
            time.sleep(0.1)
        raise AssertionError(f"{self.name} does not show {wanted}:\n{self.text()}")

    def wait(self, wanted: str, seconds: float) -> bool:
        until_s = time.monotonic() + seconds
        while wanted not in self.text() and time.monotonic() < until_s:
            time.sleep(0.1)
        return wanted in self.text()

    def prompt(self) -> None:
        """Wait until a command can be typed."""
        until_s = time.monotonic() + PATIENCE_S
        while not self.text().rstrip().endswith("maintainer>"):
            assert time.monotonic() < until_s, f"no prompt:\n{self.text()}"
            time.sleep(0.1)

    def keep(self, what: str) -> None:
        """Write the window down where somebody wants to see it."""
        if folder := os.environ.get("STEELYARD_TERMINALS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            (Path(folder) / f"{self.name}-{what}.txt").write_text(self.text(), encoding="utf-8")

    def log_in(self) -> None:
        """As a person does: what is typed before the line listens is typed again."""
        until_s = time.monotonic() + PATIENCE_S
        while not self.wait("login:", 5) and time.monotonic() < until_s:
            self.type("Enter")
        while not self.wait("password:", 5) and time.monotonic() < until_s:
            self.type("C-u", "li", "Enter")
        self.until("password:")
        self.type(PASSWORD, "Enter")
        self.prompt()

    def close(self) -> None:
        if self.name == "screen":  # Else it detaches and goes on reading the line.
            subprocess.run(["screen", "-S", self.tmux, "-X", "quit"], check=False)
        subprocess.run(["tmux", "-L", self.tmux, "kill-server"], check=False)

    def _do(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.tmux, *words], check=True, capture_output=True, text=True
        )
        return done.stdout


@pytest.fixture(params=sorted(PROGRAMS))
def window(request: pytest.FixtureRequest, site: Site) -> Iterator[Window]:
    made = Window(request.param, site.port)
    yield made
    made.type("C-d")
    time.sleep(0.5)
    made.close()


def test_a_technician_logs_in_completes_edits_and_watches(window: Window, site: Site) -> None:
    window.log_in()
    assert PASSWORD not in window.text()
    window.type("sh", "Tab", "?")
    window.until("cameras", "scale")
    window.keep("help")
    window.type("C-u")
    window.type("show sclae", "Left", "Left", "BSpace", "Right", "l", "Enter")
    window.until("gross", "range")
    window.keep("scale")
    window.type("q")
    window.prompt()
    window.type("Up")
    window.until("> show scale")
    window.type("C-u")
    window.type("show lane", "Enter")
    first = window.until("phase", "beam low")
    window.keep("lane")
    until_s = time.monotonic() + PATIENCE_S
    while window.text() == first and time.monotonic() < until_s:
        time.sleep(0.1)
    assert window.text() != first, "the picture stands still"
    window.type("q")
    window.prompt()
    window.type("exit", "Enter")
    window.until("logged out")


def test_ten_kilobytes_are_pasted_and_noise_comes_and_nothing_is_done(
    window: Window, site: Site
) -> None:
    window.log_in()
    before = site.link.state().phase
    window.paste("show version " + "x" * 10_000)
    time.sleep(2)
    window.type("C-u", "C-u")
    site.cable.spoil(bytes(range(128, 256)) * 4 + b"\x1b[999;999H\x9b2J")
    time.sleep(1)
    window.type("C-c")
    window.type("C-u")
    window.type("show version", "Enter")
    window.until("calibrated")
    window.keep("after-noise")
    assert site.link.state().phase in Phase
    assert (site.link.state().phase is Phase.MANUAL) is (before is Phase.MANUAL)
    window.prompt()
    window.type("exit", "Enter")


def test_a_cable_that_is_drawn_in_the_middle_of_a_command_logs_out_and_does_nothing(
    site: Site,
) -> None:
    window = Window("picocom", site.port)
    try:
        window.log_in()
        window.type("manual enter boom to be loo")
        window.until("boom to be loo")
        site.cable.unplug()
        time.sleep(1)
        site.cable.plug()
        until_s = time.monotonic() + PATIENCE_S
        while not window.text().rstrip().splitlines()[-1].startswith("login:"):
            assert time.monotonic() < until_s, window.text()
            window.type("Enter")
            time.sleep(1)
        window.keep("after-the-cable")
        assert site.link.state().phase is not Phase.MANUAL
        assert "manual" not in " ".join(e.text for e in site.link.events().events)
    finally:
        window.close()
