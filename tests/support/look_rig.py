"""A lane in a simulated yard that a test moves by hand, and a person who looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from board.build import build
from board.profile import read_profile
from controller.assembly import assemble
from controller.commissioning.taps import tapped
from controller.console.answer import Answer, CommandError
from controller.console.context import Context, Person, Screen
from controller.console.execute import execute
from controller.console.grammar import Grammar
from controller.console.link import LaneLink
from controller.console.messages import SOCKET_NAME, About, Events, Samples, State
from controller.console.port import ServicePort
from controller.console.roles import Role
from controller.console.table import COMMANDS
from hal.bus import Bus
from sim.reader import StochasticReader
from sim.run import SCAN_US
from sim.world import Yard

GRAMMAR = Grammar(COMMANDS)
ANSWERS_MAX = 500


class Stand:
    """The lane of a scenario with its service socket; ``go`` lets time pass."""

    def __init__(self, out: Path, scenario: str = "legal", site: str = "sim") -> None:
        self.out = out
        self.yard = Yard.from_scenario(scenario, 5)
        self.yard.paint = False
        profile, bus = read_profile(site), Bus()
        bus.share("yard", lambda: self.yard)
        self.board = tapped(build(profile, bus))
        self.lane = assemble(self.board, out, StochasticReader(self.yard))
        about = About(
            site="Yard", lane=1, path=profile.path, folder=str(out), config_sha256=profile.sha256,
            software="steelyard 0", started_ms=self.yard.wall_ms,
        )  # fmt: skip
        self.port = ServicePort(self.board, out / SOCKET_NAME, about, SCAN_US)
        self.port.health = lambda: self.lane.cell_health

    def scan(self) -> None:
        inputs, outputs = self.lane.once()
        self.port.publish(self.lane.lane, inputs, outputs, self.lane.troubles, "", 10)
        self.yard.advance(SCAN_US)

    def go(self, seconds: float) -> None:
        for _ in range(round(seconds * 1e6) // SCAN_US):
            self.scan()

    def finish(self) -> None:
        """Until every vehicle has gone and the lane is at rest."""
        for _ in range(60 * 60):
            self.go(1)
            if self.yard.done:
                return self.go(10)
        raise AssertionError("the vehicles do not leave")

    def close(self) -> None:
        self.port.close()
        self.lane.bookkeeper.close()
        self.board.bus.close()


class Nobody:
    def tell(self, line: str) -> None:
        raise AssertionError(line)

    def ask(self, prompt: str) -> str:
        raise CommandError("nobody is there")


class Said(LaneLink):
    """A lane that says what a test has put together."""

    def __init__(self, folder: Path, state: State, samples: Samples, events: Events) -> None:
        super().__init__(folder)
        self.said, self.gave, self.told = state, samples, events

    def state(self) -> State:
        return self.said

    def samples(self, seconds: float = 60.0, after_us: int = 0) -> Samples:
        return self.gave

    def events(self, after: int = 0) -> Events:
        new = tuple(one for one in self.told.events if one.number > after)
        return replace(self.told, events=new)


def looking(folder: Path, link: LaneLink | None = None, **screen: Any) -> Context:
    """A viewer at a terminal of 80 by 24."""
    return Context(
        Person("li", Role.VIEWER), link or LaneLink(folder), folder, Nobody(), Screen(**screen)
    )


def answers(ctx: Context, line: str) -> Iterator[Answer]:
    """What a line is answered with."""
    _, said = execute(GRAMMAR, line, ctx)
    return iter([said]) if isinstance(said, Answer) else said


def answer(ctx: Context, line: str) -> Answer:
    """The one answer of a line."""
    return next(answers(ctx, line))


def text(ctx: Context, line: str) -> str:
    """All that a line shows, as one text; of a stream no more than ANSWERS_MAX answers."""
    shown = islice(answers(ctx, line), ANSWERS_MAX)
    return "\n".join(row for one in shown for row in one.text)
