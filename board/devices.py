"""The devices of a site file: roles, wiring conflicts, and what a lane with booms must have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from hal import ports
from hal.schema import Problems

LANE_ROLES: dict[str, type] = {
    "clock": ports.Clock,
    "cells": ports.LoadCells,
    "indicator": ports.Indicator,
    "thermometer": ports.Thermometer,
    "sign": ports.Sign,
    "voice": ports.Sign,
    "estop": ports.PresenceSensor,
    "requests": ports.RequestSource,
    "register": ports.VehicleRegister,
    "rf_detector": ports.PresenceSensor,
    "watchdog": ports.Watchdog,
}
END_ROLES: dict[str, type] = {
    "approach": ports.PresenceSensor,
    "arm": ports.PresenceSensor,
    "beam_low": ports.PresenceSensor,
    "beam_high": ports.PresenceSensor,
    "gate": ports.Gate,
    "approach_signal": ports.LaneSignal,
    "deck_signal": ports.LaneSignal,
    "camera": ports.Camera,
    "rear_camera": ports.Camera,
    "overview_camera": ports.Camera,
    "side_camera": ports.Camera,
}
ENDS = ("yard", "road")
NEEDED = ("clock",)
WEIGHS = ("cells", "indicator")
BOOM_GUARDS = ("arm", "beam_low", "beam_high")

# One space of numbers each: a GPIO line may be called pin or line, a coil is no input.
_LINES = {"pin": "line", "line": "line", "channel": "channel", "coil": "coil", "input": "input"}
_CHIPS = ("chip", "port", "host", "url", "address", "unit")
_DEFAULT_CHIP = "gpiochip0"
_UNITS = ("limit_unit", "monitor_unit")
_PLACES = {"end", *_CHIPS}


class DeviceSite(Struct, frozen=True, kw_only=True):
    """One device: where it stands in the file, what it must be able to do, driver and options."""

    key: str
    port: type
    driver: str
    options: dict[str, Any]


def read_devices(table: dict[str, Any], problems: Problems) -> dict[str, DeviceSite]:
    """Return the devices by role, ``"cells"`` or ``"yard.gate"``; every problem is noted."""
    found: dict[str, DeviceSite] = {}
    for name, value in table.items():
        if name in ENDS:
            _read_roles(value, END_ROLES, name, found, problems)
        else:
            _read_roles({name: value}, {**LANE_ROLES, **dict.fromkeys(ENDS)}, "", found, problems)
    for role in NEEDED:
        if role not in table:
            problems.add(f"devices.{role}", 'missing; every lane needs it: add driver = "…"')
    _check_weighing(table, problems)
    _check_booms(found, problems)
    _check_wiring(found, problems)
    return found


def _read_roles(
    table: Any,
    roles: dict[str, Any],
    end: str,
    found: dict[str, DeviceSite],
    problems: Problems,
) -> None:
    if not isinstance(table, dict):
        problems.add(f"devices.{end}", "a table is needed here", table)
        return
    for name, value in table.items():
        role = f"{end}.{name}" if end else name
        key = f"devices.{role}"
        if name not in roles:
            problems.unread(key, name, roles, value)
        elif not isinstance(value, dict):
            problems.add(key, 'a table with driver = "…" is needed here', value)
        elif not isinstance(value.get("driver"), str):
            problems.add(f"{key}.driver", "missing; name the driver of this device")
        else:
            options = {k: v for k, v in value.items() if k != "driver"}
            found[role] = DeviceSite(
                key=key, port=roles[name], driver=value["driver"], options=options
            )


def _check_weighing(table: dict[str, Any], problems: Problems) -> None:
    """Exactly one source of weights: two could disagree, and nobody would know which counts."""
    named = [role for role in WEIGHS if role in table]
    if not named:
        problems.add(
            "devices.cells",
            "missing; a lane weighs with bare load cells or with a verified indicator: add "
            'driver = "…" here or in devices.indicator',
        )
    if len(named) > 1:
        problems.add(
            "devices.indicator",
            "a lane weighs with load cells or with an indicator, not with both; take one of "
            "devices.cells and devices.indicator out",
        )


def _check_booms(found: dict[str, DeviceSite], problems: Problems) -> None:
    for end in ENDS:
        gate = found.get(f"{end}.gate")
        if gate is not None and not any(f"{end}.{guard}" in found for guard in BOOM_GUARDS):
            wanted = ", ".join(f"devices.{end}.{guard}" for guard in BOOM_GUARDS)
            problems.add(
                gate.key,
                "this boom would come down without seeing who stands under it, and can strike a "
                f"person or a vehicle; fit at least one of {wanted}",
            )


def _check_wiring(found: dict[str, DeviceSite], problems: Problems) -> None:
    """Two devices on one line, and one device described twice."""
    lines: dict[tuple[object, ...], str] = {}
    places: dict[tuple[str, str], str] = {}
    for device in found.values():
        for line, key in _lines(device):
            other = lines.setdefault(line, key)
            if other != key:
                problems.add(key, f"already wired to {other}; one of them is wrong", line[-1])
        if _PLACES & device.options.keys():
            place = (device.driver, repr(sorted(device.options.items())))
            other = places.setdefault(place, device.key)
            if other != device.key:
                problems.add(device.key, f"the same driver and options as {other}; one is wrong")


def _lines(device: DeviceSite) -> Iterator[tuple[tuple[object, ...], str]]:
    """Every line that a device takes, ``pin``, ``open_pin`` and lists of them, with its key."""
    for name, value in device.options.items():
        kind = _LINES.get(name.rpartition("_")[2].removesuffix("s"))
        if kind is None:
            continue
        chip = _chip_of(device.options, name)
        key = f"{device.key}.{name}"
        many = [(n, f"{key}[{i}]") for i, n in enumerate(value)] if isinstance(value, list) else []
        for number, where in many or [(value, key)]:
            yield (*(chip or (_DEFAULT_CHIP,)), kind, number), where


def _chip_of(options: dict[str, Any], line: str) -> tuple[str, ...]:
    """Where a line is: ``limit_unit`` is the unit of ``open_limit_input``, where it is stated."""
    own = next((n for n in _UNITS if n in options and n.removesuffix("unit") in line), "unit")
    names = [own if name == "unit" else name for name in _CHIPS]
    return tuple(_chip(options[name]) for name in names if name in options)


def _chip(value: object) -> str:
    text = str(value).removeprefix("/dev/")
    return f"gpiochip{text}" if text.isdigit() else text
