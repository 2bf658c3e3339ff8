"""A lane of the simulated board under its supervisor, and the console's commands for it."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import ClassVar

from controller.commands.site import begin
from controller.console import configure, show_config
from controller.console.answer import Answer, CommandError
from controller.console.context import Context, Person
from controller.console.execute import execute
from controller.console.grammar import Grammar
from controller.console.link import LaneAwayError, LaneLink
from controller.console.messages import State
from controller.console.roles import Role
from controller.core.kinds import Phase
from controller.recognition.inline import InlineReader
from controller.supervisor import Supervisor
from hal.bus import Bus

GRAMMAR = Grammar((*configure.COMMANDS, *show_config.COMMANDS))
# The lane's own waits are real ones here: the shortest that a site may have.
_SHORT = 'start_settle = "0 s"\nclear_settle = "500 ms"\nempty_settle = "100 ms"\n'


def short_site(folder: Path) -> Path:
    """A site file of the simulated board whose lane is soon idle."""
    path = next(one for one in begin("sim", folder) if one.name == "site.toml")
    text = path.read_text(encoding="utf-8").replace("[timing]\n", f"[timing]\n{_SHORT}")
    path.write_text(text, encoding="utf-8")
    return path


def supervisor(site: Path, out: Path, said: list[str]) -> Supervisor:
    """A lane without recognition; what it says of configurations is added to ``said``."""
    return Supervisor(site, out, lambda: InlineReader(None), lambda *_: None, said.append)


class Nobody:
    """A person who answers nothing."""

    def tell(self, line: str) -> None:
        """Nothing."""

    def ask(self, prompt: str) -> str:
        """Give up."""
        raise CommandError(f"nobody answers {prompt}")


class Supervised:
    """A supervisor that scans on a thread, and a session of its console."""

    def __init__(self, site: Path, out: Path) -> None:
        self.site, self.out, self.said = site, out, list[str]()
        self.supervisor = supervisor(site, out, self.said)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.supervisor.run, args=(self._stop, 0))
        self._thread.start()
        self.context = session(out)

    def do(self, line: str, role: Role = Role.MAINTAINER) -> Answer:
        """Give one command in the name of li."""
        return do(self.context, line, role)

    def state(self) -> State:
        """The lane now, waiting while it has none to give."""
        end_s = time.monotonic() + 30
        while True:
            try:
                return self.context.link.state()
            except LaneAwayError:
                assert time.monotonic() < end_s, "the lane does not answer"
                time.sleep(0.01)

    def at(self, phase: Phase) -> State:
        """Wait until the lane is in this phase."""
        end_s = time.monotonic() + 30
        while (state := self.state()).phase != phase:
            assert time.monotonic() < end_s, f"it stays in {state.phase.name}"
            time.sleep(0.01)
        return state

    def told(self, text: str) -> str:
        """Wait until the supervisor has said something like this."""
        end_s = time.monotonic() + 30
        while not any(text in one for one in self.said):
            assert time.monotonic() < end_s, f"{text!r} is not among {self.said}"
            time.sleep(0.01)
        return next(one for one in self.said if text in one)

    def close(self) -> None:
        """End the lane as SIGTERM does."""
        self._stop.set()
        self._thread.join(30)
        self.context.link.close()


def session(out: Path) -> Context:
    """A session of the console beside a lane's folder."""
    return Context(
        account=Person("li", Role.MAINTAINER), link=LaneLink(out), folder=out, talk=Nobody()
    )


def do(ctx: Context, line: str, role: Role = Role.MAINTAINER) -> Answer:
    """Give one command in the name of li."""
    ctx.account = Person("li", role)
    _, answer = execute(GRAMMAR, line, ctx)
    assert isinstance(answer, Answer)
    return answer


class NotedDog:
    """A hardware watchdog that notes what is done with it, in ``NotedDog.log``."""

    log: ClassVar[list[str]] = []
    made: ClassVar[int] = 0

    def __init__(self, bus: Bus) -> None:
        NotedDog.made += 1
        self._name = str(NotedDog.made)

    def feed(self) -> None:
        """Note that it was fed."""
        NotedDog.log.append(f"fed {self._name}")

    def release(self) -> None:
        """Note that it was let go."""
        NotedDog.log.append(f"released {self._name}")
