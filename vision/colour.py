"""From the network's colours, the rows and the text to a plate type of GA 36."""

from typing import Final

import numpy as np
import numpy.typing as npt

from vision.plates import PROVINCES, UNREADABLE, PlateType, classify

Float = npt.NDArray[np.float32]

COLOURS: Final = ("blue", "yellow", "green", "yellow_green", "white", "black")
"""What the second output of the network tells apart, in its order."""
COLOUR_P_MIN: Final = 0.2
COLOUR_SHARE_MIN: Final = 0.5
"""The likeliest colour that the text allows is told from this probability on, and from this share
of what all allowed colours have between them."""


def colour_of(ptype: PlateType) -> str:
    """Return the entry of COLOURS that a plate type is painted in."""
    return ptype.value.rstrip("128")


def plate_type(
    shares: Float, text: str, *, two_rows: bool, wanted: PlateType | None = None
) -> PlateType | None:
    """Return the plate type of a read, or None when colour, rows and text do not agree.

    `shares` holds the probability of each of COLOURS. `wanted` is what the detector saw: it
    stands where the text may be on such a plate.
    """
    whole = PROVINCES[0] + text[1:] if text.startswith(UNREADABLE) else text
    form = classify(whole)
    types = frozenset(PlateType) if form is None else form.types
    if wanted in types and two_rows == _double(wanted):
        return wanted
    likely = {
        ptype: float(shares[COLOURS.index(colour_of(ptype))])
        for ptype in sorted(types)
        if _double(ptype) == two_rows
    }
    best = max(likely, key=lambda ptype: likely[ptype], default=None)
    if best is None or likely[best] < COLOUR_P_MIN:
        return None
    return best if likely[best] >= COLOUR_SHARE_MIN * sum(likely.values()) else None


def _double(ptype: PlateType | None) -> bool:
    return ptype is PlateType.YELLOW2
