"""What a command answers: data for programs, lines for people."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class CommandError(ValueError):
    """A command that a person can mend: says what, where and what to do, in one line."""


class Answer(Struct, frozen=True, kw_only=True):
    """``data`` is what ``--json`` prints, plain values alone; ``text`` are the lines on a terminal.

    Of several answers of one command (``monitor``) each is printed as it comes.
    """

    data: dict[str, Any] = field(default_factory=dict)
    text: tuple[str, ...] = ()
