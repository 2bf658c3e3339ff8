"""Whom a green bids to drive, by the lamp alone and with the sign beside it."""

from __future__ import annotations

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Deck, End, Lamp, Message, Presence

_SHUT = (Message.CLOSED, Message.TEST)
"""Nobody is meant to drive under these; a green beside them is one that somebody tries out."""
_NOBODY = (Presence.CLEAR, Presence.NOT_FITTED)
_NAMES = ("yard", "road")


def is_shut(outputs: OutputImage) -> bool:
    """Whether nobody is meant to drive, so that a green is one that somebody tries out."""
    return outputs.sign.message in _SHUT


def bidden_by_a_trial(inputs: InputImage, outputs: OutputImage) -> str:
    """Who is there that takes a green for his that is only tried out; "" where nobody is."""
    if not is_shut(outputs):
        return ""
    deck = inputs.weight.deck
    for end in End:
        name, coming = _NAMES[end], inputs.ends[end].approach.state
        tried = f"green tried out at the {name} end under {outputs.sign.message.name}"
        if outputs.deck_lamps[end] == Lamp.GREEN and deck != Deck.EMPTY:
            return f"{tried}, towards a deck that is {deck.name}"
        if outputs.approach_lamps[end] == Lamp.GREEN and coming not in _NOBODY:
            return f"{tried}, towards an approach that is {coming.name}"
    return ""
