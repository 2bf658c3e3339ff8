"""Strict reading of a TOML table into a frozen struct, with every problem named at once."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from hal.quantity import LENGTH, MASS, TIME, Measure

FILE_BYTES_MAX = 16_000_000
ROWS_MAX = 100_000

T = TypeVar("T", bound=Struct)


class Bound(Struct, frozen=True, kw_only=True):
    """A quantity in a struct's annotation: what it measures, and its named bounds, both allowed."""

    measure: Measure
    low: int
    high: int

    def read(self, text: object) -> int:
        """Return base units; raises ValueError as `Measure.parse` does and outside the bounds."""
        amount = self.measure.parse(text)
        if not self.low <= amount <= self.high:
            low, high = self.measure.show(self.low), self.measure.show(self.high)
            raise ValueError(f"outside the bounds of {low} to {high}")
        return amount


def time(low: str, high: str) -> Bound:
    """A time between two bounds, in microseconds."""
    return Bound(measure=TIME, low=TIME.parse(low), high=TIME.parse(high))


def mass(low: str, high: str) -> Bound:
    """A mass between two bounds, in grams."""
    return Bound(measure=MASS, low=MASS.parse(low), high=MASS.parse(high))


def length(low: str, high: str) -> Bound:
    """A length between two bounds, in millimetres."""
    return Bound(measure=LENGTH, low=LENGTH.parse(low), high=LENGTH.parse(high))


class Problems:
    """What is wrong with one file, each entry with file, key path, value and remedy."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[str] = []

    def add(self, key: str, text: str, value: object = msgspec.UNSET) -> None:
        """Note one problem; the value is shown as it stood in the file."""
        shown = "" if value is msgspec.UNSET else f" = {_shown(value)}"
        self.found.append(f"{self.file}: {key}{shown}: {text}")

    def unread(self, key: str, name: str, known: Iterable[str], value: object) -> None:
        """Note a key that nothing reads."""
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(names)}"
        self.add(key, f"nothing reads this key; {hint}", value)


def load_toml(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Return a TOML file's bytes and its table.

    Raises:
        ValueError: it cannot be read, is too large or is no TOML; the message names the place.
    """
    data = load_bytes(path)
    return data, parse_toml(path, data)


def load_bytes(path: Path) -> bytes:
    """A file's bytes; raises ValueError where it cannot be read or is too large."""
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise ValueError(f"{path}: {size} bytes; the limit is {FILE_BYTES_MAX}")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from error


def parse_toml(path: Path, data: bytes) -> dict[str, Any]:
    """The table of a TOML file's bytes; raises ValueError, which names the place."""
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: not a TOML file in UTF-8: {error}") from error


def read_table(table: dict[str, Any], kind: type[T], key: str, problems: Problems) -> T | None:
    """Return the struct that the table states, or None with its problems noted.

    A field of ``Annotated[int, Bound]`` is read from text with a unit; structs, tuples of structs
    and plain values follow their types.
    """
    fields = {f.encode_name: f for f in msgspec.structs.fields(kind)}
    hints = get_type_hints(kind, include_extras=True)
    before = len(problems.found)
    for name in table.keys() - fields.keys():
        problems.unread(_join(key, name), name, fields, table[name])
    values: dict[str, Any] = {}
    for name, field in fields.items():
        where = _join(key, name)
        if name in table:
            values[field.name] = _value(table[name], hints[field.name], where, problems)
        elif field.required:
            problems.add(where, f"missing; it is needed{_as_what(hints[field.name])}")
    return kind(**values) if len(problems.found) == before else None


def _value(value: Any, hint: Any, key: str, problems: Problems) -> Any:
    inner = _without_none(hint)
    bound = _bound(inner)
    origin, arguments = get_origin(inner), get_args(inner)
    try:
        if bound is not None:
            return bound.read(value)
        if isinstance(inner, type) and issubclass(inner, Struct):
            return read_table(_expect(value, dict, "a table"), inner, key, problems)
        if origin is tuple and isinstance(arguments[0], type) and issubclass(arguments[0], Struct):
            rows = _rows(value)
            return tuple(
                read_table(row, arguments[0], f"{key}[{i}]", problems) for i, row in enumerate(rows)
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("not a finite number")
        return msgspec.convert(value, hint, strict=True)
    except ValueError as error:
        problems.add(key, str(error), value)
        return None


def _rows(value: Any) -> list[dict[str, Any]]:
    rows = [_expect(row, dict, "a table") for row in _expect(value, list, "a list of tables")]
    if len(rows) > ROWS_MAX:
        raise ValueError(f"{len(rows)} entries; the limit is {ROWS_MAX}")
    return rows


def _expect(value: Any, kind: type, what: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{what} is needed here")
    return value


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        rest = [a for a in get_args(hint) if a is not type(None)]
        return rest[0] if len(rest) == 1 else hint
    return hint


def _bound(hint: Any) -> Bound | None:
    if get_origin(hint) is not Annotated:
        return None
    return next((m for m in get_args(hint)[1:] if isinstance(m, Bound)), None)


def _as_what(hint: Any) -> str:
    bound = _bound(_without_none(hint))
    return f', as a {bound.measure.name} like "5 {bound.measure.usual}"' if bound else ""


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _shown(value: object) -> str:
    if isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = "{…}" if isinstance(value, dict) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
