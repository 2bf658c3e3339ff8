"""Text from outside on its way to a terminal: nothing in it moves a cursor or turns a line."""

from __future__ import annotations

import json
import unicodedata

TEXT_MAX = 400
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str, length_max: int = TEXT_MAX) -> str:
    """The text with every control, format and unassigned character as a visible mark.

    At most ``length_max`` characters; what is left out is told by an ellipsis of three points.
    """
    shown = "".join(
        _mark(letter) if unicodedata.category(letter) in _HIDDEN else letter
        for letter in text[: length_max + 1]
    )
    return shown if len(shown) <= length_max else shown[: max(0, length_max - 3)] + "..."


def json_line(data: object) -> str:
    """The data as one line of JSON; what a terminal would obey is escaped, all else is as it is."""
    line = json.dumps(data, ensure_ascii=False)
    return "".join(
        json.dumps(letter)[1:-1] if unicodedata.category(letter) in _HIDDEN else letter
        for letter in line
    )


def _mark(letter: str) -> str:
    return "?" if letter != "\t" else " "
