"""Commands without a person at a terminal: their answers, one after another, for a bounded time.

Nobody can be asked anything here, so a command that needs an answer says that it needs a terminal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from controller.console.answer import Answer, CommandError
from controller.console.context import Context
from controller.console.execute import execute
from controller.console.grammar import LINE_MAX, Grammar
from controller.console.terminal import Stopped

SECONDS_MAX = 86_400.0


class NoTalk:
    """Nobody is there; what a command tells goes to ``say``."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def tell(self, line: str) -> None:
        self._say(line)

    def ask(self, prompt: str) -> str:
        raise CommandError(f"this asks '{prompt.strip()}': log in at a terminal, nobody is here")


class Timed:
    """A pause that is over for good when the time of a command is."""

    def __init__(
        self, seconds: float | None, over: Callable[[], bool], sleep: Callable[[float], None]
    ) -> None:
        self._sleep = sleep
        self._until_s = None if seconds is None else time.monotonic() + seconds
        self._over = over

    def pause(self, seconds: float) -> None:
        """Wait so long; raises Stopped at the end of the time."""
        left_s = seconds if self._until_s is None else self._until_s - time.monotonic()
        self._sleep(max(0.0, min(seconds, left_s)))
        if left_s < seconds or left_s <= 0 or self._over():
            raise Stopped


def answers(
    grammar: Grammar,
    line: str,
    ctx: Context,
    seconds: float | None,
    over: Callable[[], bool] = lambda: False,
    seconds_max: float | None = None,
) -> Iterator[Answer]:
    """What a line comes to; a stream ends after ``seconds``, a picture is shown once without them.

    ``seconds_max`` ends a stream for which no seconds were said.

    Raises:
        CommandError: the line cannot be done.  LaneAwayError: the lane does not answer.
    """
    if len(line) > LINE_MAX:
        raise CommandError(f"longer than {LINE_MAX} characters: nothing was done")
    if "\n" in line or "\r" in line:
        raise CommandError("more than one line: give each as a command of its own")
    ctx.seconds = seconds
    timed = Timed(seconds_max if seconds is None else seconds, over, ctx.pause)
    command, said = execute(grammar, line, ctx)
    if isinstance(said, Answer):
        yield said
        if command.live_s is None or seconds is None:
            return
    # A command that has begun is not cut short: only streams and pictures know an end of time.
    ctx.pause, before = timed.pause, ctx.pause
    try:
        if isinstance(said, Answer):
            while True:
                timed.pause(command.live_s or 1.0)
                again = execute(grammar, line, ctx)[1]
                if isinstance(again, Answer):
                    yield again
        else:
            yield from said
    except Stopped:
        if over():
            raise
    finally:
        ctx.pause = before
