"""Booms that a person moves by hand, and the word that stops them."""

from __future__ import annotations

from controller.core.images import InputImage, OutputImage, Request
from controller.core.kinds import BoomCommand, Presence, RequestKind

_NAMES = ("yard", "road")
_REST = (BoomCommand.HOLD, BoomCommand.HOLD)
_MOVES = (RequestKind.RAISE_BOOM, RequestKind.LOWER_BOOM)


class ByHand:
    """Who has the lane in hand, and whether he has said stop since he last moved a boom."""

    def __init__(self) -> None:
        self._by_hand = False
        self._stopped = False

    def look(self, inputs: InputImage, outputs: OutputImage) -> str:
        """Take one scan; return which boom is driven after a word to stop, or ""."""
        for asked in inputs.requests:
            if asked.who and asked.why:
                self._hear(asked)
        # What is said in one scan is said at once, and then stop goes before all else.
        if any(
            one.kind == RequestKind.STOP_BOOM and one.who and one.why for one in inputs.requests
        ):
            self._stopped = self._by_hand
        if inputs.estop != Presence.CLEAR:
            self._by_hand = self._stopped = False
        if not self._stopped or outputs.booms == _REST:
            return ""
        driven = (end for end, command in enumerate(outputs.booms) if command != BoomCommand.HOLD)
        end = next(driven)
        return f"{_NAMES[end]} boom driven ({outputs.booms[end].name}) after a word to stop"

    def _hear(self, asked: Request) -> None:
        if asked.kind == RequestKind.ENTER_MANUAL:
            self._by_hand = True
        elif asked.kind == RequestKind.LEAVE_MANUAL:
            self._by_hand = self._stopped = False
        elif asked.kind in _MOVES and asked.end is not None:
            self._stopped = False
