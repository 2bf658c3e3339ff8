"""Where a key stands in a site file: line numbers for people, beside the table that counts."""

from __future__ import annotations

import re
import tomllib

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]\[]+?)\s*\]\]?\s*(?:#.*)?")
_NAMES = r"(?:[A-Za-z0-9_-]+|\"[^\"\\]*\"|'[^']*')"
_ENTRY = re.compile(rf"\s*({_NAMES}(?:\s*\.\s*{_NAMES})*)\s*=(.*)", re.DOTALL)
_NAME = re.compile(_NAMES)
VALUE_LINES_MAX = 1_000


def lines_of(text: str) -> dict[str, int]:
    """The line, counted from 1, of every key of a valid TOML text by its path.

    A list of tables counts from 0, as ``scale.cells[0].x``; what stands inside braces has the line
    of the key before them.
    """
    lines, found, counts = text.split("\n"), dict[str, int](), dict[str, int]()
    prefix, at = "", 0
    while at < len(lines):
        line, number = lines[at], at + 1
        at += 1
        if header := _HEADER.fullmatch(line):
            prefix = _path(header[2])
            if header[1] == "[[":
                counts[prefix] = counts.get(prefix, -1) + 1
                prefix = f"{prefix}[{counts[prefix]}]"
        elif entry := _ENTRY.fullmatch(line):
            found[f"{prefix}.{_path(entry[1])}".lstrip(".")] = number
            at += _more_lines(entry[2], lines[at : at + VALUE_LINES_MAX])
    return found


def _path(names: str) -> str:
    return ".".join(name.strip("\"'") for name in _NAME.findall(names))


def _more_lines(value: str, following: list[str]) -> int:
    """How many of the following lines belong to a value that begins so."""
    for more in range(len(following) + 1):
        try:
            tomllib.loads("\n".join(["x =" + value, *following[:more]]))
        except tomllib.TOMLDecodeError:
            continue
        return more
    return 0
