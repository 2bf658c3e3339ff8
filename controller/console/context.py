"""What a command is given: who asks, the lane, the files, the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from controller.console.answer import CommandError
from controller.console.link import LaneLink
from controller.console.messages import State
from controller.console.roles import Role
from hal.ports import PersonRequest

ARMED_S = 120.0
POLL_S = 0.05


@dataclass(frozen=True)
class Person:
    """Who is logged in."""

    name: str
    role: Role


@dataclass
class Screen:
    """What the terminal can show."""

    width: int = 80
    height: int = 24
    colour: bool = False
    unicode: bool = True
    language: Literal["en", "zh"] = "en"
    graphics: Literal["none", "sixel", "kitty"] = "none"


class Talk(Protocol):
    """A dialogue in the middle of a command."""

    def tell(self, line: str) -> None:
        """Show a line."""

    def ask(self, prompt: str) -> str:
        """The line that a person answers.

        Raises:
            CommandError: nobody can answer, or the person gave up.
        """


class Armed:
    """Whether this session may move things: said on purpose, and over by itself."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._until_s = 0.0

    @property
    def left_s(self) -> float:
        """For how long it still holds; 0 where it does not."""
        return max(0.0, self._until_s - self._now_s())

    def arm(self, seconds: float = ARMED_S) -> None:
        """Hold for so long from now."""
        self._until_s = self._now_s() + seconds

    def disarm(self) -> None:
        """Hold no longer."""
        self._until_s = 0.0


@dataclass
class Context:
    """One session; ``folder`` is the lane's, ``seconds`` how long a stream runs (None: till ended).

    ``kept`` is what a module keeps between two commands of a session, a candidate for instance.
    """

    account: Person
    link: LaneLink
    folder: Path
    talk: Talk
    screen: Screen = field(default_factory=Screen)
    armed: Armed = field(default_factory=Armed)
    seconds: float | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    pause: Callable[[float], None] = time.sleep

    def request(self, kind: str, why: str, **more: Any) -> None:
        """Put a request into the lane's next scan, in this person's name.

        Raises:
            CommandError: it was not taken, or a reason is missing.
            LaneAwayError: the lane does not answer.
        """
        if not why.strip():
            raise CommandError("a reason is needed: it stands in the record")
        error = self.link.request(
            PersonRequest(kind=kind, who=self.account.name, why=why.strip(), **more)
        )
        if error:
            raise CommandError(f"the lane did not take it: {error}")

    def wait(self, true: Callable[[State], bool], seconds: float) -> State | None:
        """The first state of which something is true, None if none came in time."""
        until_s = time.monotonic() + seconds
        while True:
            state = self.link.state()
            if true(state):
                return state
            if time.monotonic() >= until_s:
                return None
            self.pause(POLL_S)
