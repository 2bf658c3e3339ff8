"""Bytes of a terminal to keys, with nothing else let through: what a cable or a paste may bring.

Broken UTF-8, C1 and format characters become one visible mark each, so that a damaged line never
reads as another command; sequences that are no key are dropped, those without an end too.  A line
is bounded: a longer one is thrown away to its end and told by ``TOO_LONG``.
"""

from __future__ import annotations

import codecs
import unicodedata
from typing import Final

from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

LINE_MAX: Final = 2_000
PASTE_MAX: Final = 65_536
STRING_MAX: Final = 1_024
DAMAGED: Final = "\ufffd"
TOO_LONG: Final = Keys.F24
PASTE_TOO_LONG: Final = Keys.F23
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"
# What a line editor needs; quoted insert, macros, suspend and editors are none of it.
_CONTROLS: Final = {
    chr(code): Keys(f"c-{chr(code + 96)}")
    for code in (*range(1, 8), 11, 12, 14, 16, 18, 20, 21, 23, 25)
} | {
    "\x08": Keys.ControlH,
    "\x7f": Keys.ControlH,
    "\t": Keys.ControlI,
    "\x1f": Keys.ControlUnderscore,
}
# Fill characters, and the flow control that a terminal program may send by itself.
_IDLE: Final = "\0\x11\x13"
_KEYS: Final = frozenset(
    {
        Keys.Up,
        Keys.Down,
        Keys.Left,
        Keys.Right,
        Keys.Home,
        Keys.End,
        Keys.Delete,
        Keys.PageUp,
        Keys.PageDown,
        Keys.ControlLeft,
        Keys.ControlRight,
        Keys.BackTab,
    }
)


class KeyDecoder:
    """Turns what was read into key presses, however the reads cut it."""

    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._escape = ""
        self._paste: list[str] | None = None
        self._pasted = 0
        self._line = 0
        self._discards = False
        self._after_return = False
        self._out: list[KeyPress] = []

    def feed(self, data: bytes) -> list[KeyPress]:
        """The keys that these bytes complete."""
        for letter in self._text.decode(data):
            if self._escape:
                self._sequence(letter)
            elif self._paste is not None:
                self._pasting(letter)
            else:
                self._letter(letter)
        return self._taken()

    def flush(self) -> list[KeyPress]:
        """Nothing more comes for now: an escape alone is a key, a sequence without an end none."""
        if self._escape == "\x1b" and self._paste is None:
            self._press(Keys.Escape, "\x1b")
        self._escape = ""
        return self._taken()

    def cut_paste(self) -> list[KeyPress]:
        """A paste that has no end, since the cable was drawn or it was noise, is no paste."""
        if self._paste is not None:
            self._paste = None
            self._press(PASTE_TOO_LONG, "")
        return self._taken()

    @property
    def pasting(self) -> bool:
        """Whether a paste has begun and not ended."""
        return self._paste is not None

    def _taken(self) -> list[KeyPress]:
        out, self._out = self._out, []
        return out

    def _press(self, key: Keys | str, data: str) -> None:
        self._out.append(KeyPress(key, data))

    def _letter(self, letter: str) -> None:
        after_return, self._after_return = self._after_return, letter == "\r"
        if letter == "\x1b":
            self._escape = letter
        elif letter in "\r\n":
            if not (letter == "\n" and after_return):
                self._end_line()
        elif letter == "\x03":
            self._discards, self._line = False, 0
            self._press(Keys.ControlC, letter)
        elif not self._discards and letter not in _IDLE:
            self._typed(letter)

    def _typed(self, letter: str) -> None:
        if letter in _CONTROLS:
            self._press(_CONTROLS[letter], letter)
            return
        self._line += 1
        if self._line > LINE_MAX:
            self._discards = True
            return
        shown = DAMAGED if unicodedata.category(letter) in _HIDDEN else letter
        self._press(shown, shown)

    def _end_line(self) -> None:
        discarded, self._discards, self._line = self._discards, False, 0
        if discarded:
            self._press(TOO_LONG, "")
        else:
            self._press(Keys.ControlM, "\r")

    def _sequence(self, letter: str) -> None:
        """One more letter behind an escape."""
        self._escape += letter
        begun = self._escape
        if letter == "\x1b" and begun[1:2] not in ("]", "P", "_", "^", "X"):
            self._escape = letter
        elif begun[1] == "[":
            if len(begun) > 2 and "@" <= letter <= "~":
                self._whole(begun)
            elif len(begun) > STRING_MAX or not (len(begun) == 2 or " " <= letter <= "?"):
                self._broken(letter)
        elif begun[1] == "O":
            if len(begun) == 3:
                self._whole(begun)
        elif begun[1] in "]P_^X":
            if letter == "\a" or begun.endswith("\x1b\\") or len(begun) > STRING_MAX:
                self._escape = ""
        else:
            self._meta(letter)

    def _broken(self, letter: str) -> None:
        self._escape = ""
        if letter in "\r\n\x03" and self._paste is None:
            self._letter(letter)

    def _meta(self, letter: str) -> None:
        self._escape = ""
        if self._paste is not None:
            self._pasting(letter)
        elif letter in "bBfFdD":
            self._press(Keys.Escape, "\x1b")
            self._press(letter.lower(), letter.lower())
        elif letter in "\r\n\x03":
            self._letter(letter)

    def _whole(self, sequence: str) -> None:
        self._escape = ""
        if sequence == _PASTE_END:
            self._end_paste()
        elif self._paste is not None:
            return
        elif sequence == _PASTE:
            self._paste, self._pasted = [], 0
        else:
            key = ANSI_SEQUENCES.get(sequence)
            if isinstance(key, Keys) and key in _KEYS and not self._discards:
                self._press(key, sequence)

    def _pasting(self, letter: str) -> None:
        if letter == "\x1b":
            self._escape = letter
            return
        self._pasted += 1
        if self._paste is not None and self._pasted <= PASTE_MAX:
            self._paste.append(letter)

    def _end_paste(self) -> None:
        paste, self._paste = self._paste, None
        if paste is None:
            return
        if self._pasted > PASTE_MAX:
            self._press(PASTE_TOO_LONG, "")
        else:
            self._press(Keys.BracketedPaste, pasted("".join(paste)))


def pasted(text: str) -> str:
    """A paste as lines of text: line ends alike, tabs as spaces, what is no text as a mark."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    return "\n".join(
        "".join(DAMAGED if unicodedata.category(one) in _HIDDEN else one for one in line)
        for line in lines
    )
