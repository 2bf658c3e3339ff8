"""Answers on a terminal: pages with --more--, pictures that are redrawn in place, safe lines.

Everything passes ``printable`` here, whatever has been done to it before: nothing that came from a
device, a plate or a person steers a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prompt_toolkit.keys import Keys
from prompt_toolkit.utils import get_cwidth

from controller.console.clean import printable
from controller.console.terminal import Terminal

if TYPE_CHECKING:
    from controller.console.context import Screen

LINE_MAX = 4_000
LINES_MAX = 20_000


class Sheet:
    """Writes lines to one terminal as wide and as high as its screen."""

    def __init__(self, terminal: Terminal, screen: Screen) -> None:
        self._terminal = terminal
        self._screen = screen
        self._drawn: list[str] = []

    def say(self, line: str) -> None:
        """One line, folded where it is wider than the screen."""
        for row in folded(printable(line, LINE_MAX), self._screen.width):
            self._terminal.write(row + "\r\n")

    def error(self, line: str) -> None:
        """A line that says what was not done: begun by % and red, where there is red."""
        self._terminal.write("\x1b[31m" if self._screen.colour else "")
        self.say(f"% {line}")
        self._terminal.write("\x1b[0m" if self._screen.colour else "")

    def page(self, lines: Sequence[str]) -> None:
        """Lines, a screen at a time: space shows the next, Enter one line, q or Ctrl-C ends."""
        width, room = self._screen.width, max(1, self._screen.height - 1)
        rows = [
            row for line in lines[:LINES_MAX] for row in folded(printable(line, LINE_MAX), width)
        ]
        left = room
        for number, row in enumerate(rows):
            if left == 0:
                left = self._more(len(rows) - number, room)
                if left == 0:
                    return
            self._terminal.write(row + "\r\n")
            left -= 1
        if len(lines) > LINES_MAX:
            self.say(f"... {len(lines) - LINES_MAX} more lines are not shown")

    def redraw(self, lines: Sequence[str]) -> None:
        """Put these lines in the place of those drawn before; only what differs is sent."""
        width, room = self._screen.width, max(2, self._screen.height - 1)
        rows = [cut(printable(line, LINE_MAX), width - 1) for line in lines]
        if len(rows) > room:
            rows = [*rows[: room - 1], f"... {len(rows) - room + 1} more lines: a higher terminal"]
        before, self._drawn = self._drawn, rows
        if not before:
            self._terminal.write("".join(row + "\r\n" for row in rows))
            return
        out = [f"\x1b[{len(before)}A"]
        for number in range(max(len(rows), len(before))):
            old = before[number] if number < len(before) else None
            new = rows[number] if number < len(rows) else ""
            out.append("" if old == new else _change(old or "", new))
            out.append("\r\n")
        if len(before) > len(rows):
            out.append(f"\x1b[{len(before) - len(rows)}A")
        self._terminal.write("".join(out))

    def end_redraw(self) -> None:
        """What was drawn last stays; the next is drawn below it."""
        self._drawn = []

    def _more(self, left: int, room: int) -> int:
        """How many lines more a person wants; 0 for no more."""
        words = f"--more-- ({left}) space enter q"
        self._terminal.write(cut(words, self._screen.width - 1))
        try:
            while (key := self._terminal.key()) is not None:
                if key.key == " ":
                    return room
                if key.key in (Keys.ControlM, Keys.Down):
                    return 1
                if key.key in ("q", "Q", Keys.ControlC, Keys.ControlD):
                    return 0
            return 0
        finally:
            self._terminal.write("\r\x1b[K")


def folded(line: str, width: int) -> list[str]:
    """A line in rows no wider than this; a Chinese character takes two places."""
    rows, row, used = list[str](), list[str](), 0
    for letter in line:
        wide = max(0, get_cwidth(letter))
        if used + wide > width and row:
            rows.append("".join(row))
            row, used = [], 0
        row.append(letter)
        used += wide
    return [*rows, "".join(row)]


def cut(line: str, width: int) -> str:
    """As much of a line as has room."""
    return folded(line, max(1, width))[0]


def _change(old: str, new: str) -> str:
    """From the first place that differs to the end of the row."""
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    # Nothing that joins with the letter before it may be the first that is sent.
    while same > 0 and same < len(new) and get_cwidth(new[same]) == 0:
        same -= 1
    places = sum(max(0, get_cwidth(letter)) for letter in new[:same])
    step = f"\x1b[{places}C" if places else ""
    return f"{step}{new[same:]}\x1b[K"
