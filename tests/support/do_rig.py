"""A console on a running lane of an empty yard: commands by their lines, as a person types them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from console_rig import Running, answers, until

from board.profile import profile_path
from controller.console import (
    diag_io,
    diag_scale,
    diag_self,
    do_calibrate,
    do_decide,
    do_gate,
    do_lights,
    do_manual,
    do_snap,
    do_truck,
    do_versions,
    do_void,
    do_zero,
    dump,
)
from controller.console.answer import Answer, CommandError
from controller.console.context import Context, Person
from controller.console.execute import execute
from controller.console.grammar import Grammar
from controller.console.link import LaneLink
from controller.console.roles import Role
from controller.core.kinds import Phase
from sim.scenario import read_scenario
from sim.world import Yard

MODULES = (
    diag_io, diag_scale, diag_self, do_calibrate, do_decide, do_gate, do_lights, do_manual,
    do_snap, do_truck, do_versions, do_void, do_zero, dump,
)  # fmt: skip
GRAMMAR = Grammar([command for module in MODULES for command in module.COMMANDS])
FASTER = 25


class Script:
    """A person who answers from a list, and reads what is told; ``act`` does as each asks."""

    def __init__(self, lines: Sequence[str] = ()) -> None:
        self.lines = list(lines)
        self.told: list[str] = []
        self.asked: list[str] = []
        self.act: Callable[[str], None] = lambda prompt: None

    def tell(self, line: str) -> None:
        self.told.append(line)

    def ask(self, prompt: str) -> str:
        self.asked.append(prompt)
        self.act(prompt)
        if not self.lines:
            raise CommandError("nobody can answer")
        return self.lines.pop(0)


class Console:
    """One session; ``last`` is the answer that came last, ``said`` all their lines."""

    def __init__(self, running: Running, folder: Path, role: Role) -> None:
        self.running = running
        self.talk = Script()
        self.ctx = Context(
            account=Person("li.wei", role),
            link=LaneLink(folder),
            folder=folder,
            talk=self.talk,
            pause=lambda seconds: time.sleep(seconds / FASTER),
        )
        self.said: list[str] = []

    def answers(self, line: str) -> Iterator[Answer]:
        """Do a line; its answers one by one."""
        _, answer = execute(GRAMMAR, line, self.ctx)
        yield from (answer,) if isinstance(answer, Answer) else answer

    def do(self, line: str, each: Callable[[Answer], object] = id) -> Answer:
        """Do a line to its end; ``each`` sees every answer; the last one."""
        last = Answer()
        self.said = []
        for answer in self.answers(line):
            self.said += answer.text
            each(answer)
            last = answer
        return last

    def by_hand(self) -> None:
        """Take the lane by hand and arm."""
        self.do("manual enter the beam was cleaned")
        self.do("arm 600")


def empty_yard() -> Yard:
    """A yard into which nobody drives."""
    _, options = read_scenario("morning", 1, 1)
    return Yard(1, (), options)


def own_site(folder: Path) -> Path:
    """A site file of one's own, as a technician has it: copied from the packaged one."""
    packaged = profile_path("sim")
    for name in ("sim.toml", "sim.calib.toml"):
        shutil.copy(packaged.parent / name, folder / name)
    return folder / "sim.toml"


@contextmanager
def console(folder: Path, role: Role = Role.ADMIN, site: str | Path = "sim") -> Iterator[Console]:
    """A session on a lane that has come to IDLE."""
    yard = empty_yard()
    running = Running(folder, site, yard)
    made = Console(running, folder, role)
    try:
        until(lambda: answers(made.ctx.link))
        until(lambda: made.ctx.link.state().phase is Phase.IDLE)
        yield made
    finally:
        made.ctx.link.close()
        running.close()
