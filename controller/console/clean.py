"""Text from outside on its way to a terminal: nothing in it moves a cursor or turns a line."""

from __future__ import annotations

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


def _mark(letter: str) -> str:
    return "?" if letter != "\t" else " "
