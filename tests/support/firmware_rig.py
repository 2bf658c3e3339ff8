"""The firmware's modules under CPython, and messages to it as the host would send them."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from sim.hil.board import FIRMWARE


def firmware(name: str) -> ModuleType:
    """A module of the firmware that needs no chip: interlock, judge, framing, config, …"""
    sys.path.insert(0, str(FIRMWARE))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FIRMWARE))
