"""The coprocessors of a site, held to the rules that the chips themselves have."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from board.build import DevicePlan
from board.mpy import SOURCES
from hal import coprocessor
from hal.bus import Bus
from hal.coprocessor.link import BAUD, CoprocessorLink, link_of
from hal.line import paper_line
from hal.schema import Problems

_DRIVERS = (
    coprocessor.CoprocessorCells,
    coprocessor.CoprocessorInput,
    coprocessor.CoprocessorGate,
    coprocessor.CoprocessorSignal,
)
_RULES = ("adc", "config")
"""The firmware's modules that say what may be wired; they import nothing of the chip."""


def check_chips(
    plans: Mapping[str, DevicePlan], cell_count: int | None, problems: Problems
) -> None:
    """Note what the drivers and the firmware would refuse of the wiring; nothing is opened.

    ``cell_count`` is the number of cells of the scale, None where that is not known.
    """
    bus = Bus()
    if cell_count is not None:
        bus.share("cell_count", lambda: cell_count)
    links: dict[str, tuple[CoprocessorLink, list[DevicePlan]]] = {}
    for one in plans.values():
        port = one.options.get("port")
        if one.driver not in _DRIVERS or not isinstance(port, str):
            continue
        paper_line(bus, port)
        try:
            one.driver(bus, **one.options)
        except (ValueError, TypeError) as error:
            problems.add(one.device.key, str(error))
            continue
        link = link_of(bus, port, one.options.get("baud", BAUD))
        links.setdefault(port, (link, []))[1].append(one)
    for link, wired in links.values():
        for text in chip_rules()(json.loads(link.wiring.text)):
            problems.add(_key(text, wired), f"the coprocessor at {link.port} refuses this: {text}")


@cache
def chip_rules() -> Callable[[object], list[str]]:
    """The firmware's own check of a configuration, as it runs on the chip.

    Its modules are flat and have common names, so they are not left where others would find them.
    """
    kept = {name: sys.modules.pop(name, None) for name in _RULES}
    sys.path.insert(0, str(SOURCES))
    try:
        problems: Callable[[object], list[str]] = import_module("config").problems
    finally:
        sys.path.remove(str(SOURCES))
        for name, module in kept.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module
    return problems


def _key(text: str, wired: list[DevicePlan]) -> str:
    """The device of the part that the words begin with; the longest name is the nearest."""
    names = {part: one.device.key for one in wired for part in _parts(one)}
    found = [name for name in names if text.startswith((f"{name}.", f"{name}:", f"{name} "))]
    return names[max(found, key=len)] if found else "devices"


def _parts(one: DevicePlan) -> tuple[str, ...]:
    """What the firmware calls it: "yard", "yard.arm", "yard.deck", "estop", "cells"."""
    options: dict[str, Any] = one.options
    if one.driver is coprocessor.CoprocessorCells:
        return "cells", "rate_hz"
    part = options.get("kind") or options.get("face")
    end = options.get("end", "lane")
    return (str(part if end == "lane" else f"{end}.{part}" if part else end),)
