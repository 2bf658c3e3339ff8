"""Commands of a lane that is none, which keep what they did, for sessions in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pty_rig import Console

from controller.console.answer import Answer, CommandError
from controller.console.audit import Audit
from controller.console.context import Context
from controller.console.grammar import Argument, Command, Handler
from controller.console.roles import Role

NAMES = ("yard", "road")
Open = Callable[..., Console]


class Lane:
    """What the fake commands did, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.frames = 0
        self.released = 0

    def commands(self) -> list[Command]:
        def jog(ctx: Context, given: dict[str, str]) -> Answer:
            self.done.append(f"jog {given['gate']} {given.get('why', '')}".strip())
            return Answer(data={"gate": given["gate"]}, text=(f"jogged {given['gate']}",))

        def scale(_: Context, __: dict[str, str]) -> Answer:
            self.done.append("scale")
            return Answer(
                data={"kg": 1}, text=("gross 1 kg", "\x1b[2J\x07evil\u202e plate 晋A12345")
            )

        def long(_: Context, __: dict[str, str]) -> Answer:
            return Answer(text=tuple(f"row {n}" for n in range(100)))

        def live(_: Context, __: dict[str, str]) -> Answer:
            self.frames += 1
            return Answer(text=("lane picture", f"frame {self.frames}", "the end"))

        def flow(ctx: Context, __: dict[str, str]) -> Iterator[Answer]:
            number = 0
            try:
                while True:
                    yield Answer(text=(f"sample {number}",))
                    number += 1
                    ctx.pause(0.005)
            finally:
                self.released += 1

        def slow(ctx: Context, __: dict[str, str]) -> Answer:
            try:
                ctx.talk.tell("slow begins")
                ctx.pause(3_600)
                self.done.append("slow")
            finally:
                self.released += 1
            return Answer()

        def guide(ctx: Context, __: dict[str, str]) -> Answer:
            weight = ctx.talk.ask("weight on it, kg: ")
            self.done.append(f"span {weight}")
            return Answer(text=(f"span at {weight}",))

        def broken(_: Context, __: dict[str, str]) -> Answer:
            raise ZeroDivisionError("a defect")

        def refuse(_: Context, __: dict[str, str]) -> Answer:
            raise CommandError("the lane did not take it: \x1b]0;owned\x07 busy")

        gate = Argument(
            name="gate", help_en="which gate", help_zh="道闸", choices=lambda _: NAMES, only=True
        )
        why = Argument(name="why", help_en="the reason", help_zh="原因", optional=True, rest=True)

        def no_choices(_: Context) -> tuple[str, ...]:
            raise ZeroDivisionError("a defect")

        which = Argument(name="which", help_en="any", help_zh="任意", choices=no_choices)

        def made(words: str, run: Handler, **more: Any) -> Command:
            return Command(
                words=words, help_en=f"{words} it", help_zh=f"{words} 命令", run=run, **more
            )

        return [
            made("jog", jog, role=Role.MAINTAINER, arguments=(gate, why)),
            made("show scale", scale),
            made("show long", long),
            made("show lane", live, live_s=0.01),
            made("monitor", flow),
            made("slow", slow),
            made("guide", guide),
            made("broken", broken),
            made("refuse", refuse),
            made("pick", refuse, arguments=(which,)),
        ]


def audited(folder: Path) -> list[tuple[str, str]]:
    return [(one.who, one.what) for one in Audit(folder / "console").tail()]
