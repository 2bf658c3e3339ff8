"""The plates of a site file: how sure a read must be, and what it may then do by itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from hal.schema import Problems

Policy = Literal["auto", "confirm", "hold"]
AGREE_MAX = 12
PPM = 1_000_000
_PPM_MIN = {"auto": 500_000, "confirm": 50_000}


class PlateChoices(Struct, frozen=True, kw_only=True):
    """What a plate needs before the lane uses it; probabilities in parts per million.

    A plate whose least certain character reaches ``auto_ppm`` in at least ``agree_min`` frames
    stands by itself; one of ``confirm_ppm`` is shown to the operator; any other is held.
    ``policy`` is the most that the lane may do: with "confirm" no plate stands by itself, with
    "hold" none is even proposed.
    """

    policy: Policy = "auto"
    auto_ppm: int = 950_000
    confirm_ppm: int = 600_000
    agree_min: int = 2


def read_plates(table: dict[str, Any], problems: Problems) -> PlateChoices:
    """Return the table ``[plates]``; ``auto = "0.90"`` is text, kept exactly as it was written."""
    values = {
        field: read(table[name], f"plates.{name}", problems)
        for name, (field, read) in _KEYS.items()
        if name in table
    }
    for name in table.keys() - _KEYS.keys():
        if name == "accept":
            problems.add("plates.accept", "this is now called plates.auto; rename it", table[name])
        else:
            problems.unread(f"plates.{name}", name, _KEYS, table[name])
    known = {field: value for field, value in values.items() if value is not None}
    choices = msgspec.convert(known, PlateChoices)
    if choices.confirm_ppm > choices.auto_ppm:
        auto = f"plates.auto = {Decimal(choices.auto_ppm) / PPM}"
        text = f"surer than {auto}; what is to be confirmed is less sure than what stands by itself"
        problems.add("plates.confirm", text, table.get("confirm", "0.60"))
    return choices


def _probability(value: object, key: str, problems: Problems) -> int | None:
    try:
        ppm = Decimal(value) * PPM if isinstance(value, str) else None
    except InvalidOperation:
        ppm = None
    low = _PPM_MIN[key.removeprefix("plates.")]
    if ppm is None or not ppm.is_finite() or ppm != ppm.to_integral_value():
        problems.add(key, 'write a probability in quotes, as "0.90"', value)
    elif not low <= ppm <= PPM:
        problems.add(key, f"outside the bounds of {Decimal(low) / PPM:.2f} to 1.00", value)
    else:
        return int(ppm)
    return None


def _agree(value: object, key: str, problems: Problems) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= AGREE_MAX:
        return value
    problems.add(key, f"a whole number of frames from 1 to {AGREE_MAX} is needed here", value)
    return None


def _policy(value: object, key: str, problems: Problems) -> str | None:
    known = get_args(Policy)
    if value in known:
        return str(value)
    problems.add(key, f"must be one of {', '.join(known)}", value)
    return None


_KEYS: dict[str, tuple[str, Callable[[object, str, Problems], int | str | None]]] = {
    "policy": ("policy", _policy),
    "auto": ("auto_ppm", _probability),
    "confirm": ("confirm_ppm", _probability),
    "agree": ("agree_min", _agree),
}
