"""Does what stands on the deck reach so far in that nothing coupled to it can still be outside?

Neither a beam nor a loop sees a high drawbar, so that clear sensors say nothing of a trailer on the
road behind a towing vehicle that stands just inside. How far in it stands the cells tell.
"""

import math
from typing import Final

from sensors.axle_books import AxleBooks

# The next axle of a trailer would stand no further from the edge than a drawbar is long, and not
# within a metre outside it, for there a beam or a loop feels its wheels.
LAST_AXLE_M: Final = 5.5
# No towing vehicle by itself has its first and last axle so far apart. With the first axle of its
# trailer on the deck it may, but the next one is outside the loop then, and that one hardly in.
AXLES_APART_M: Final = 9.0
TRAILER_AXLE_M: Final = 2.5
# Nor, with its last axle at that edge, its load so far in, whatever became of the steps.
CENTRE_M: Final = 9.0
# No drawbar couples axles that are further apart.
COUPLED_M: Final = 6.5
# A body that sways moves its load to and fro.
EASE_M: Final = 0.5


def far_in(books: AxleBooks, load_g: float, moment_gm: float, was: bool) -> bool:
    """Whether the vehicle of these books stands so far in; `was` is what was said just before.

    `moment_gm` is the load's first moment about the end where it came on.
    """
    if not books.steps or load_g <= 0:
        return False
    ease_m = EASE_M if was else 0.0
    if moment_gm / load_g > CENTRE_M - ease_m:
        return True
    way_m = _last_axle_m(books, load_g, moment_gm) + ease_m
    if way_m > LAST_AXLE_M:
        return True
    return way_m > TRAILER_AXLE_M and books.offsets_mm()[-1] > 1000 * AXLES_APART_M


def out_of_reach(books: AxleBooks, load_g: float, moment_gm: float) -> bool:
    """Whether no axle coupled to the last one of these books can be off the deck.

    So it is behind a gap only: a semi-trailer's axles are further behind, and nobody sees between.
    """
    return _last_axle_m(books, load_g, moment_gm) > COUPLED_M


def _last_axle_m(books: AxleBooks, load_g: float, moment_gm: float) -> float:
    """How far from the edge the last axle is; -inf where an axle may have come or gone unseen.

    It had no lever as it climbed on, so that what the moment grew by since is its way.
    """
    known = books.steps and load_g > 0 and not books.lost
    if not known or len(books.climbed()) != len(books.steps):
        return -math.inf
    return (moment_gm - books.last_moment_gm) / load_g
