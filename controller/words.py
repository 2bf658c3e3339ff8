"""Puts the lane's sign into words: a page of lines and a colour for each message.

The weight and the limit shown are those of the record, in kilograms and never rounded, so that
the sign and the stored verdict agree (invariant I9 of the passage).
"""

from __future__ import annotations

import difflib
import string
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from controller.core.images import Sign
from controller.core.kinds import Message
from hal.ports import SignPage

WORDS_FILE = Path(__file__).parent / "words.toml"
LINE_BYTES_MAX = 24
LINES_MAX = 6

Language = Literal["zh", "en"]

_Line = Annotated[str, Meta(min_length=1, max_length=60)]
_Lines = Annotated[list[_Line], Meta(min_length=1, max_length=LINES_MAX)]
_WIDEST = {"plate": "晋AD12345", "gross": "999999 kg", "limit": "999999 kg", "over": "999999 kg"}


class WordsError(ValueError):
    """A file of sign texts that cannot be used; the message names file, key path and remedy."""


class Text(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of one message; lines are templates."""

    colour: Literal["red", "green", "amber"]
    zh: _Lines
    en: _Lines


@cache
def load_words(path: Path = WORDS_FILE) -> Mapping[Message, Text]:
    """Read the words of every message.

    Raises WordsError for a file that is missing, malformed, incomplete, or that has a line the
    smallest sign cannot show (24 bytes of GBK).
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WordsError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WordsError(f"{path}: not valid TOML: {error}") from error
    known = [message.name for message in Message]
    for name in tables:
        if name not in known:
            raise WordsError(f"{path}: {name}: no such message{_hint(name, known)}")
    missing = [name for name in known if name not in tables]
    if missing:
        raise WordsError(f"{path}: no words for {', '.join(missing)}; write a table for each")
    return MappingProxyType({m: _text(path, m.name, tables[m.name]) for m in Message})


@lru_cache(maxsize=64)
def page_for(sign: Sign, language: Language = "zh") -> SignPage:
    """The page that says this sign in one language; a line with an unknown number is left out."""
    text = load_words()[sign.message]
    values = _values(sign)
    templates = text.zh if language == "zh" else text.en
    lines = (_filled(template, values) for template in templates)
    return SignPage(lines=tuple(line for line in lines if line), colour=text.colour)


def kilograms(mass_g: int) -> str:
    """A mass in grams as kilograms with the unit, exact to the gram."""
    kg, rest_g = divmod(abs(mass_g), 1000)
    fraction = f".{rest_g:03d}".rstrip("0") if rest_g else ""
    return f"{'-' if mass_g < 0 else ''}{kg}{fraction} kg"


def _values(sign: Sign) -> dict[str, str]:
    masses = {"gross": sign.gross_g, "limit": sign.limit_g, "over": sign.over_g or None}
    known = {name: kilograms(mass_g) for name, mass_g in masses.items() if mass_g is not None}
    return known | ({"plate": sign.plate} if sign.plate else {})


def _filled(template: str, values: dict[str, str]) -> str:
    if any(name not in values for name in _fields(template)):
        return ""
    return template.format_map(values)


def _fields(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def _text(path: Path, name: str, table: object) -> Text:
    try:
        text = msgspec.convert(table, Text)
    except msgspec.ValidationError as error:
        raise WordsError(f"{path}: {name}: {error}") from error
    for language, lines in (("zh", text.zh), ("en", text.en)):
        for number, line in enumerate(lines):
            fault = _fault_of(line, number)
            if fault:
                raise WordsError(f"{path}: {name}.{language}[{number}]: {line!r}: {fault}")
    return text


def _fault_of(line: str, number: int) -> str:
    try:
        fields = _fields(line)
        widest = line.format_map(_WIDEST)
    except KeyError as error:
        return f"no such field{_hint(str(error.args[0]), list(_WIDEST))}"
    except (ValueError, IndexError, AttributeError) as error:
        return f"not a template: {error}"
    if fields and number == 0:
        return "the first line must not depend on a number; put it below another"
    try:
        width = len(widest.encode("gbk"))
    except UnicodeEncodeError:
        return "a sign shows GBK only; use another character"
    if width > LINE_BYTES_MAX:
        return f"takes {width} bytes when filled, a sign shows {LINE_BYTES_MAX}; shorten it"
    return ""


def _hint(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
