"""Commands of a yard that is none, which keep what was done, for the console's transports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pty_rig import PATIENCE_S

from controller.console.answer import Answer, CommandError
from controller.console.audit import Audit
from controller.console.context import Context
from controller.console.do_session import COMMANDS as SESSION
from controller.console.grammar import Argument, Command, Grammar
from controller.console.roles import Role

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


def audited(folder: Path) -> list[tuple[str, str, str]]:
    return [(one.who, one.what, one.text) for one in Audit(folder / "console").tail()]


def until(true: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until_s, "it did not come"
        time.sleep(0.01)
