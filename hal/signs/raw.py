"""A sign by template: for a board whose protocol is on paper but not in this program.

The template of the site file is hexadecimal bytes and fields between braces, separated by blanks:
``"02 41 {colour} {line1} 0D {line2} {check} 03"``.  Fields: ``{line1}`` to ``{line32}``,
``{colour}`` (the bytes stated for red, green and amber), ``{length}`` (one byte: how many bytes
stand after it, without the check sum and what follows), ``{check}`` (the check sum from byte
``check_from``, counted from 0, up to itself).
"""

from __future__ import annotations

from typing import Literal

from hal.signs.checks import ARC, MODBUS, crc16, xor
from hal.signs.family import Colour, Face, Told, changed_rows
from hal.signs.text import ungbk

Check = Literal["none", "xor", "sum8", "crc16-modbus", "crc16-arc"]
Encoding = Literal["gbk", "utf-8", "utf-16-be"]
TEMPLATE_CHARS_MAX = 2000
ROWS_MAX = 32


def check_sum(kind: Check, data: bytes) -> bytes:
    """The check sum of these bytes as it goes on the line, low byte first."""
    if kind == "xor":
        return bytes([xor(data)])
    if kind == "sum8":
        return bytes([sum(data) & 0xFF])
    if kind == "none":
        return b""
    return crc16(data, MODBUS if kind == "crc16-modbus" else ARC).to_bytes(2, "little")


class RawSign:
    """One sign that is told all its lines in one frame; it is not asked anything."""

    name = "raw sign"

    def __init__(
        self,
        template: str,
        columns: int = 16,
        check: Check = "none",
        check_from: int = 0,
        encoding: Encoding = "gbk",
        colours: dict[Colour, str] | None = None,
    ) -> None:
        """Raises ValueError for a template that cannot be: the message names the word."""
        if len(template) > TEMPLATE_CHARS_MAX:
            raise ValueError(f"a template of {len(template)} characters; {TEMPLATE_CHARS_MAX} fit")
        self._check: Check = check
        self._check_from = check_from
        self._encoding = encoding
        self._colours = {k: _bytes(v, f"colours.{k}") for k, v in (colours or {}).items()}
        self._parts = [_part(word) for word in template.split()]
        used = [part for part in self._parts if isinstance(part, int)]
        if sorted(used) != list(range(len(used))) or not used:
            raise ValueError("the template needs {line1}, then {line2} and so on, each once")
        for field, wanted in (("{check}", check != "none"), ("{colour}", bool(colours))):
            if (self._parts.count(field) == 1) != wanted:
                raise ValueError(f"{field} must stand once in the template, and only if it is set")
        if self._parts.count("{length}") > 1 or check_from < 0:
            raise ValueError("{length} stands at most once, and check_from is 0 or more")
        self.rows, self.columns = len(used), columns

    def frames(self, face: Face, before: Face | None) -> list[bytes]:
        return [self.frame(face)] if changed_rows(face, before) else []

    def frame(self, face: Face) -> bytes:
        """The one frame of a face."""
        sent, length_at = bytearray(), -1
        for part in self._parts:
            if isinstance(part, bytes):
                sent += part
            elif isinstance(part, int):
                sent += self._row(face.rows[part])
            elif part == "{colour}":
                sent += self._colours.get(face.colour, b"")
            elif part == "{length}":
                length_at = len(sent)
                sent.append(0)
            else:
                self._measure(sent, length_at)
                length_at = -1
                sent += check_sum(self._check, bytes(sent[self._check_from :]))
        self._measure(sent, length_at)
        return bytes(sent)

    def questions(self) -> list[bytes]:
        return []

    def feed(self, data: bytes) -> list[Told]:
        return []

    def reset(self) -> None:
        return

    def _row(self, row: bytes) -> bytes:
        blanks = b" " * (self.columns - len(row))
        if self._encoding == "gbk":
            return row + blanks
        return (ungbk(row) + blanks.decode()).encode(self._encoding)

    def _measure(self, sent: bytearray, length_at: int) -> None:
        if length_at >= 0:
            sent[length_at] = (len(sent) - length_at - 1) & 0xFF


def _part(word: str) -> bytes | int | str:
    if word in ("{check}", "{colour}", "{length}"):
        return word
    if word.startswith("{line") and word.endswith("}") and word[5:-1].isdecimal():
        number = int(word[5:-1])
        if 1 <= number <= ROWS_MAX:
            return number - 1
        raise ValueError(f"{word}: lines are counted from 1 to {ROWS_MAX}")
    return _bytes(word, "template")


def _bytes(word: str, where: str) -> bytes:
    try:
        return bytes.fromhex(word)
    except ValueError as error:
        raise ValueError(
            f"{where}: {word!r} is neither hexadecimal bytes nor a field: "
            "{line1}…, {colour}, {length}, {check}"
        ) from error
