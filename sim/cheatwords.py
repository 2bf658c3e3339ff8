"""Cheats as a scenario file says them: ``[cheat]``, ``[[device]]`` and ``[[hand]]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hal.ports import Drive
from sim.cheatjudge import NUMBERS, Cheat, check_sign
from sim.cheats import EVENTS, Hand, Moment, SignalDevice
from sim.units import ScenarioError, known_keys, mass_g, share, time_us, word

ENDS = ("yard", "road")
_CHEAT = ("number", "wants", "must", "caught", "unknown", "never", "hole", "vehicle")
_WHEN = ("from", "until")
_DEVICE = (*_WHEN, "weighs", "by", "cells", "grows_in", "sits_on")
_HAND = (*_WHEN, "end", "does")
_DEEDS = {"raises": Drive.RAISE, "lowers": Drive.LOWER, "holds": Drive.HOLD}
_TIMES = ("", "again", "a third time", "a fourth time")


def read_cheat(table: object, where: str) -> Cheat | None:
    """Return what the head of a scenario says; None where it has none.

    Raises:
        ScenarioError: a key, number or sign that is not known, or a head that expects nothing.
    """
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise ScenarioError(f"{where}: write [cheat] with single brackets, once")
    known_keys(table, _CHEAT, where)
    caught, unknown, never = (_signs(table, key, where) for key in ("caught", "unknown", "never"))
    hole, vehicle = str(table.get("hole", "")), table.get("vehicle")
    if not (caught or unknown or hole):
        raise ScenarioError(f"{where}: say caught = [...], unknown = [...] or hole = '...'")
    if vehicle is not None and (not isinstance(vehicle, int) or vehicle < 1):
        raise ScenarioError(f"{where} vehicle: {vehicle!r}: vehicles are counted from 1")
    return Cheat(
        number=word(table.get("number"), NUMBERS, f"{where} number"),
        wants=_text(table, "wants", where),
        must=_text(table, "must", where),
        caught=caught,
        unknown=unknown,
        never=never,
        hole=hole,
        vehicle=vehicle,
    )


def read_device(entry: Mapping[str, Any], where: str) -> SignalDevice:
    """Return a device on the cells' cable.  Raises ScenarioError."""
    known_keys(entry, _DEVICE, where)
    sign = {"less": -1, "more": 1}[word(entry.get("weighs"), ("less", "more"), f"{where} weighs")]
    by = entry.get("by")
    parts = isinstance(by, str) and by.rstrip().endswith("%")
    sits = word(entry.get("sits_on", "signal"), ("signal", "supply"), f"{where} sits_on")
    cells = entry.get("cells", list(range(8)))
    if not isinstance(cells, list) or not cells or not set(cells) <= set(range(8)):
        raise ScenarioError(f"{where} cells: {cells!r}: a list of cells 0 to 7 is expected")
    return SignalDevice(
        on=_moment(entry.get("from"), f"{where} from"),
        off=None if entry.get("until") is None else _moment(entry["until"], f"{where} until"),
        gain_ppm=sign * round(share(by, f"{where} by") * 1e6) if parts else 0,
        adds_g=0 if parts else sign * mass_g(by, f"{where} by"),
        ramp_us=time_us(entry.get("grows_in", "0 s"), f"{where} grows_in"),
        cells=tuple(cells),
        supply=sits == "supply",
    )


def read_hand(entry: Mapping[str, Any], where: str) -> Hand:
    """Return a hand at a gate's own switch.  Raises ScenarioError."""
    known_keys(entry, _HAND, where)
    return Hand(
        end=ENDS.index(word(entry.get("end"), ENDS, f"{where} end")),
        level=_DEEDS[word(entry.get("does"), _DEEDS, f"{where} does")],
        on=_moment(entry.get("from"), f"{where} from"),
        off=None if entry.get("until") is None else _moment(entry["until"], f"{where} until"),
    )


def _moment(value: object, where: str) -> Moment:
    """Read ``"30 s"``, or ``"2 s after vehicle 1 stands"``, with ``again`` for the second time."""
    wait, after, event = str(value).partition(" after vehicle ")
    if not after:
        return Moment(wait_us=time_us(value, where))
    number, _, deed = event.partition(" ")
    named = next((name for name in EVENTS if deed.startswith(name)), None)
    often = deed[len(named) :].strip() if named is not None else ""
    if not number.isdecimal() or int(number) < 1 or named is None or often not in _TIMES:
        raise ScenarioError(
            f"{where}: {value!r}: write a time, or for example "
            f'"2 s after vehicle 1 stands"; events: {", ".join(EVENTS)}, with "again" behind'
        )
    return Moment(
        wait_us=time_us(wait, where),
        vehicle=int(number),
        event=named,
        time=_TIMES.index(often) + 1,
    )


def _signs(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    signs = table.get(key, [])
    if not isinstance(signs, list) or not all(isinstance(sign, str) for sign in signs):
        raise ScenarioError(f"{where} {key}: a list of signs is expected")
    for sign in signs:
        wrong = check_sign(sign)
        if wrong is not None:
            raise ScenarioError(f"{where} {key}: {wrong}")
    return tuple(signs)


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    text = table.get(key)
    if not isinstance(text, str) or not text:
        raise ScenarioError(f"{where} {key}: say it in words")
    return text
