"""What a session has besides the lane: its terminal, its recording, the accounts it may change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from controller.console.answer import CommandError
from controller.console.context import Context, Screen
from controller.console.login import Door
from controller.console.recorder import Recorder
from controller.console.terminal import Mode, Terminal
from controller.console.welcome import Welcome


class Seat:
    """A person's place at a terminal; ``leaving`` says why it is about to end, "" while not."""

    def __init__(self, door: Door, terminal: Terminal, welcome: Welcome, screen: Screen) -> None:
        self.door = door
        self.terminal = terminal
        self.welcome = welcome
        self.screen = screen
        self.leaving = ""

    def record(self, name: str) -> Recorder:
        """Begin to record what this terminal shows; raises CommandError, OfficeError."""
        if self.terminal.recorder is not None and not self.terminal.recorder.ended:
            raise CommandError(f"{self.terminal.recorder.path.name} is being recorded already")
        self.close()
        made = Recorder(self.door.folder, name, self.screen.width, self.screen.height)
        self.terminal.recorder = made
        return made

    def secret(self, prompt: str) -> str:
        """A line that is not shown; raises CommandError where the person gives up."""
        with self._asking():
            return self.welcome.secret(prompt)

    def new_password(self, name: str) -> str:
        """A password for an account, typed twice; raises PasswordError, AccountError."""
        with self._asking():
            return self.welcome.new_password(name)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self.terminal.doing(Mode.EDIT):
            try:
                yield
            except (KeyboardInterrupt, EOFError) as error:
                raise CommandError("given up; nothing was changed") from error

    def close(self) -> None:
        """End a recording."""
        if self.terminal.recorder is not None:
            self.terminal.recorder.close()
            self.terminal.recorder = None


def seat_of(ctx: Context) -> Seat:
    """The seat of a session on a terminal; raises CommandError where there is none."""
    seat = ctx.kept.get("seat")
    if not isinstance(seat, Seat):
        raise CommandError("this needs a terminal: log in with steelyard console")
    return seat
