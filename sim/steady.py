"""Which devices in trouble go on as they do until the drivers think: such scans are passed over.

Such a device says what it said, or what the yard makes it say, and does with a command what it did
with it before, however often it is asked.  One whose chances are drawn, or that is late, does not.
Whoever is gone and back by turns, or starts anew, turns only as the drivers think.
"""

from __future__ import annotations

from sim.faults import Trouble, part_of

FLAP_US = 300_000
"""How long a flapping device is gone, and how long it is back."""
_DUMB = frozenset({"silent", "unknown", "stuck"})
_TURNS = frozenset({"flapping", "restarts"})
_SENSOR = _DUMB | _TURNS | {"says clear", "says blocked", "pressed"}
_LIMITS = frozenset({"says closed", "says open", "both limits made", "no limit made"})
_LAMP = _DUMB | _TURNS | {"stays green"}
_STEADY = {
    "approach": _SENSOR,
    "arm": _SENSOR,
    "beam_low": _SENSOR,
    "beam_high": _SENSOR,
    "estop": _SENSOR,
    "boom": _DUMB | _TURNS | _LIMITS | {"opens by itself"},
    "approach_lamp": _LAMP,
    "deck_lamp": _LAMP,
    "sign": _DUMB | _TURNS | {"dark"},
    "clock": frozenset({"unset", "unknown", "ahead", "behind", "wrong zone", "lost", "nonsense"}),
    # Samples of a converter that is gone and back by turns are lost or not as they are read.
    "cell": _DUMB,
    "cells": frozenset({"silent", "unknown"}),
}
_AT_A_THOUGHT = ("camera", "register")
"""Asked for a picture only as the drivers think, or for papers only by a lane at work."""


def steady(device: str, trouble: Trouble) -> bool:
    """Whether this device goes on as it does until the drivers think next."""
    part = part_of(device)
    return part in _AT_A_THOUGHT or trouble.kind in _STEADY.get(part, ())
