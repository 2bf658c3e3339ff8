"""Booms by hand: each move in a person's name, and none that the interlock does not grant.

A boom rises once the record of the move is on disk.  It falls only while it is asked again and
again, as with a held button, so any key, a lost line or a console that ends lets it stand.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.assembly import interlock_settings
from controller.console.answer import Answer, CommandError
from controller.console.context import Context
from controller.console.do_common import (
    END,
    POLL_S,
    REASON,
    WHY,
    both,
    end_of,
    lane_wait,
    let_go,
    no_record,
    site_of,
)
from controller.console.grammar import Command
from controller.console.messages import State
from controller.console.refusal_words import words
from controller.console.roles import Role
from controller.core.kinds import BoomCommand, BoomPosition, End, Phase
from controller.core.refusals import lower_refusals, raise_refusals
from controller.core.settings import InterlockSettings

STARTS_S = 5.0
UP_S_MAX = 60.0
DOWN_S_MAX = 30.0
REFUSED_S = 5.0
AGAIN_S = 0.15
STANDS_S = 1.0


def raise_boom(ctx: Context, given: dict[str, str]) -> Iterator[Answer]:
    """Raise a boom to its upper limit; any key lets it stand where it is."""
    end, move = end_of(given), _Move(ctx, given)
    if _is_at(ctx.link.state(), end, BoomPosition.OPEN):
        yield move.said(ctx.link.state(), both(ctx, "stands open", "已在开位"), done=True)
        return
    try:
        ctx.request("raise_boom", given["reason"], end=given["end"])
        begun = lane_wait(ctx, lambda state: _moves(state, end, BoomCommand.RAISE), STARTS_S)
        if begun is None:
            raise CommandError(_not_raised(ctx, end))
        yield from move.watch(begun, BoomCommand.RAISE, BoomPosition.OPEN, UP_S_MAX)
    finally:
        move.end()


def lower_boom(ctx: Context, given: dict[str, str]) -> Iterator[Answer]:
    """Lower a boom to its lower limit, asking all the way; any key lets it stand."""
    move = _Move(ctx, given)
    if _is_at(ctx.link.state(), end_of(given), BoomPosition.CLOSED):
        yield move.said(ctx.link.state(), both(ctx, "stands closed", "已在关位"), done=True)
        return
    try:
        yield from move.hold(interlock_settings(site_of(ctx.link.state())), given["reason"])
    finally:
        move.end()


def stop_boom(ctx: Context, given: dict[str, str]) -> Answer:
    """Have a boom that moves by hand stand where it is."""
    end, why = end_of(given), given.get("reason", "stopped at the console")
    ctx.request("stop_boom", why, end=given["end"])
    found = lane_wait(ctx, lambda state: state.outputs.booms[end] is BoomCommand.HOLD, STANDS_S)
    if found is None:
        raise CommandError(
            f"the {given['end']} boom is still driven: press the emergency stop, then 'show io'"
        )
    return _Move(ctx, given).said(found, both(ctx, "stopped", "已停止"), done=True)


class _Move:
    """One move by hand as it is told."""

    def __init__(self, ctx: Context, given: dict[str, str]) -> None:
        self._ctx = ctx
        self._name = given["end"]
        self._end = end_of(given)
        self._ended = False
        self._from_us: int | None = None

    def end(self) -> None:
        """What was begun and not ended stops."""
        if not self._ended:
            let_go(self._ctx, self._name)

    def said(self, state: State, words: str, *, done: bool = False) -> Answer:
        """How the boom is, as an answer; ``done`` says that nothing has to be stopped."""
        self._ended = done
        boom = state.inputs.ends[self._end].boom.position.name
        drive = state.outputs.booms[self._end].name
        took_us = state.inputs.now_us - self._from_us if self._from_us is not None else 0
        data = {
            "end": self._name,
            "position": boom,
            "drive": drive,
            "elapsed_s": round(took_us / 1e6, 2),
            "done": done,
        }
        line = f"{self._name:4}  {boom:7}  {drive:5}  {took_us / 1e6:5.1f} s  {words}"
        return Answer(data=data, text=(line.rstrip(),))

    def watch(
        self, state: State, drive: BoomCommand, goal: BoomPosition, seconds: float
    ) -> Iterator[Answer]:
        """Tell each change until the boom is at its goal, or is driven no more."""
        ctx, end = self._ctx, self._end
        self._from_us = state.inputs.now_us
        seen: tuple[object, object] | None = None
        while True:
            if _is_at(state, end, goal):
                yield self.said(state, both(ctx, "at its limit", "到位"), done=True)
                return
            now = (state.inputs.ends[end].boom.position, state.outputs.booms[end])
            if now != seen:
                yield self.said(state, "")
                seen = now
            late = state.inputs.now_us - self._from_us >= seconds * 1e6
            if state.outputs.booms[end] is not drive or late:
                raise CommandError(self._stands(state))
            self._check()
            ctx.pause(POLL_S)
            state = ctx.link.state()

    def hold(self, settings: InterlockSettings, why: str) -> Iterator[Answer]:
        """Ask all the way down; told are changes, and what the interlock says against it."""
        ctx, end = self._ctx, self._end
        state = ctx.link.state()
        begun_us = free_us = state.inputs.now_us
        told = ""
        while True:
            ctx.request("lower_boom", why, end=self._name)
            ctx.pause(AGAIN_S)
            state = ctx.link.state()
            now_us = state.inputs.now_us
            against = lower_refusals(state.inputs, end, settings)
            line = "; ".join(words(one, ctx.screen.language, now_us) for one in against)
            if _moves(state, end, BoomCommand.LOWER):
                free_us, self._from_us = now_us, self._from_us or now_us
            if _is_at(state, end, BoomPosition.CLOSED):
                yield self.said(state, both(ctx, "at its limit", "到位"), done=True)
                return
            key = f"{state.inputs.ends[end].boom.position}{state.outputs.booms[end]}{bool(line)}"
            if key != told:
                yield self.said(state, line)
                told = key
            # A boom that was stopped for somebody under it does not come down again by itself.
            if now_us - free_us >= REFUSED_S * 1e6 or (line and self._from_us is not None):
                raise CommandError(f"the {self._name} boom is held: {line or self._stands(state)}")
            if now_us - begun_us >= DOWN_S_MAX * 1e6:
                raise CommandError(self._stands(state))
            self._check()

    def _check(self) -> None:
        if self._ctx.armed.left_s <= 0:
            raise CommandError("this session is not armed any more: the boom stands; 'arm' again")

    def _stands(self, state: State) -> str:
        if state.phase is not Phase.MANUAL:
            return f"the lane left MANUAL for {state.phase.name} ({state.outcome}); the boom stands"
        boom = state.inputs.ends[self._end].boom.position.name
        troubles = [one for one in state.troubles if one.device.startswith(f"{self._name}.")]
        told = "".join(f"; {one.name} {one.device}: {one.seen}" for one in troubles)
        return (
            f"the {self._name} boom is not at its limit and is driven no more; it reads {boom}: "
            f"look at its drive, its limit switches and its cables{told}"
        )


def _is_at(state: State, end: End, position: BoomPosition) -> bool:
    return state.inputs.ends[end].boom.position is position


def _moves(state: State, end: End, drive: BoomCommand) -> bool:
    return state.outputs.booms[end] is drive


def _not_raised(ctx: Context, end: End) -> str:
    state = ctx.link.state()
    against = raise_refusals(state.inputs, state.outputs, end)
    said = [words(one, ctx.screen.language, state.inputs.now_us) for one in against]
    return f"the {end.name.lower()} boom does not rise: {'; '.join(said) or no_record(ctx)}"


COMMANDS = (
    Command(
        words="gate raise",
        help_en="raise a boom by hand; any key stops it",
        help_zh="手动抬杆(按任意键停止)",
        run=raise_boom,
        role=Role.MAINTAINER,
        manual=True,
        armed=True,
        arguments=(END, REASON),
    ),
    Command(
        words="gate lower",
        help_en="lower a boom by hand while nothing is under it; any key stops it",
        help_zh="手动落杆(按任意键停止)",
        run=lower_boom,
        role=Role.MAINTAINER,
        manual=True,
        armed=True,
        arguments=(END, REASON),
    ),
    Command(
        words="gate stop",
        help_en="have a boom that moves by hand stand",
        help_zh="停止手动动作",
        run=stop_boom,
        role=Role.MAINTAINER,
        manual=True,
        arguments=(END, WHY),
    ),
)
