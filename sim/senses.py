"""What the lane can know at an instant, and whether it makes more of it than that."""

from __future__ import annotations

from collections.abc import Iterator

from controller.core.images import InputImage
from controller.core.kinds import BoomPosition, Deck, Presence, RequestKind
from sim.faults import ENDS
from sim.world import Yard

KNOWN_US = 900_000
"""A lane that starts looks for a second; it moves nothing before it has seen all of itself."""
NO_WORD_US = 100_000
"""A sensor that says that it knows nothing is not believed any longer than this."""
NO_SAMPLE_US = 1_000_000
"""A scale without samples: twice what it takes for stale."""
_SILENT = ("silent", "unknown")
_SENSORS = ("approach", "arm", "beam_low", "beam_high")


class Waking:
    """Whether a lane that has just started has seen all of itself for a moment yet."""

    def __init__(self) -> None:
        self._since_us: int | None = None
        self.over = False

    def look(self, inputs: InputImage) -> None:
        """Take one scan; who takes the lane by hand looks for himself."""
        by_hand = any(
            asked.kind == RequestKind.ENTER_MANUAL and asked.who and asked.why
            for asked in inputs.requests
        )
        if not _all_known(inputs):
            self._since_us = None
        elif self._since_us is None:
            self._since_us = inputs.now_us
        known = self._since_us is not None and inputs.now_us - self._since_us >= KNOWN_US
        self.over = self.over or known or by_hand


def _all_known(inputs: InputImage) -> bool:
    return (
        inputs.weight.deck != Deck.UNKNOWN
        and inputs.estop != Presence.UNKNOWN
        and all(
            here.boom.position != BoomPosition.UNKNOWN
            and all(sensor.state != Presence.UNKNOWN for sensor in here.sensors)
            for here in inputs.ends
        )
    )


def made_up(yard: Yard, inputs: InputImage) -> Iterator[tuple[str, str]]:
    """Each device that says that it knows nothing, and of which the lane knows something still.

    Gives the device and what the lane takes it to say.
    """
    for device, trouble in yard.troubles.items():
        if trouble.kind not in _SILENT:
            continue
        silent_us = inputs.now_us - trouble.since_us
        said = _taken(device, inputs)
        limit_us = NO_SAMPLE_US if device == "cells" else NO_WORD_US
        if said is not None and silent_us > limit_us:
            yield device, said


def _taken(device: str, inputs: InputImage) -> str | None:
    """What the lane takes this device to say; None where that is nothing."""
    if device == "cells":
        deck = inputs.weight.deck
        return None if deck == Deck.UNKNOWN else deck.name
    if device == "estop":
        return None if inputs.estop == Presence.UNKNOWN else inputs.estop.name
    end, _, part = device.partition(".")
    if end not in ENDS:
        return None
    here = inputs.ends[ENDS.index(end)]
    if part == "boom":
        position = here.boom.position
        return None if position == BoomPosition.UNKNOWN else position.name
    if part not in _SENSORS:
        return None
    state: Presence = getattr(here, part).state
    return None if state in (Presence.UNKNOWN, Presence.NOT_FITTED) else state.name
