"""From a line to what it does: the one gate at which role, mode and arming are asked."""

from __future__ import annotations

from collections.abc import Iterator

from controller.console.answer import Answer, CommandError
from controller.console.context import Context
from controller.console.grammar import Command, Grammar
from controller.core.kinds import Phase


def execute(grammar: Grammar, line: str, ctx: Context) -> tuple[Command, Answer | Iterator[Answer]]:
    """Do what a line says, if this person may and the lane is as it has to be.

    Raises:
        CommandError: it cannot be done, with what to do.
        LaneAwayError: the lane does not answer.
    """
    # Before an argument is looked at: what there is to choose from is not everybody's to know.
    may(grammar.command_of(line), ctx)
    command, arguments = grammar.parse(line, ctx)
    ready(command, ctx)
    return command, command.run(ctx, arguments)


def may(command: Command, ctx: Context) -> None:
    """Raise ``CommandError`` where this person's role does not give this command."""
    if ctx.account.role < command.role:
        raise CommandError(
            f"'{command.words}' needs the role {command.role.name.lower()}; "
            f"{ctx.account.name} is {ctx.account.role.name.lower()}"
        )


def ready(command: Command, ctx: Context) -> None:
    """Raise ``CommandError`` where it may not be given now: the lane at work, nothing armed."""
    if command.manual:
        state = ctx.link.state()
        if state.phase is not Phase.MANUAL:
            raise CommandError(
                f"'{command.words}' is done by hand only and the lane is in {state.phase.name}: "
                "'manual enter REASON' first"
            )
    if command.armed and ctx.armed.left_s <= 0:
        raise CommandError(
            f"'{command.words}' moves things and this session is not armed: see that nobody is "
            "in the lane, then 'arm'"
        )
