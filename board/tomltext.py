"""TOML as a machine writes it: plain values, tables and lists of tables, in the order given."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(table: Mapping[str, Any]) -> str:
    """Return TOML text that `tomllib` reads back as an equal table.

    Values: text, true/false, whole and finite numbers, dates and times, tables, lists of tables.
    Raises ValueError for anything else; the message names the key.
    """
    return "\n".join(_lines(table, "")) + "\n"


def _lines(table: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, value in table.items():
        if not isinstance(value, Mapping | list | tuple):
            yield f"{_key(key)} = {plain(value, prefix + key)}"
    for key, value in table.items():
        name = prefix + _key(key)
        if isinstance(value, Mapping):
            yield from ("", f"[{name}]", *_lines(value, name + "."))
        elif isinstance(value, list | tuple):
            for row in value:
                if not isinstance(row, Mapping):
                    raise ValueError(f"{name}: {row!r} in a list; only tables are written there")
                yield from ("", f"[[{name}]]", *_lines(row, name + "."))


def _key(key: str) -> str:
    if not _BARE_KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no plain key")
    return key


def plain(value: object, key: str) -> str:
    """One text, number, date or truth value as TOML; ValueError for all else names the key."""
    if isinstance(value, str):
        # JSON leaves DEL as it is, TOML does not allow it.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    raise ValueError(f"{key}: {value!r} cannot be written as TOML")
