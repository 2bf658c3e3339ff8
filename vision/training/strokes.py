"""Centrelines of the Latin letters and digits, drawn by us after the proportions of GA 36.

Millimetres in the 45 x 90 box, origin at the top left; each stroke is a polyline.
"""

import math
from typing import Final

Point = tuple[float, float]
Line = list[Point]

L, R, T, B = 5.5, 39.5, 5.5, 84.5
M, C = 45.0, 22.5


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> Line:
    """Return an arc from angle start to end, degrees clockwise from east on the page."""
    steps = 16
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]


_TOP = arc(C, 22.5, 17, 17, 180, 360)
_BOTTOM = arc(C, 67.5, 17, 17, 0, 180)
_RING: Line = [*_TOP, *_BOTTOM, (L, 22.5)]

STROKES: Final[dict[str, list[Line]]] = {
    "0": [_RING],
    "1": [[(C, T - 5), (C, B + 5)]],
    "2": [[*arc(C, 22.5, 17, 17, 180, 400), (L + 1, B), (R, B)]],
    "3": [[(L + 1, T), (R - 1, T), (20, 37)], [(20, 37), *arc(C, 61, 17, 23.5, 290, 530)]],
    "4": [[(27, T - 3), (L, 66), (R + 5, 66)], [(31, 44), (31, B + 5)]],
    "5": [[(R - 1, T), (L + 3, T), (L + 1, 44)], [(L + 1, 44), *arc(C, 61, 17, 23.5, 215, 510)]],
    "6": [[(27, T - 3), (L + 1, 52)], [*arc(C, 62, 17, 22.5, 180, 540)]],
    "7": [[(L - 3, T), (R, T), (25, 42), (21, 62), (20, B + 5)]],
    "8": [arc(C, 25, 15, 19.5, 0, 360), arc(C, 64.5, 17, 20, 0, 360)],
    "9": [[(18, B + 3), (R - 1, 38)], arc(C, 28, 17, 22.5, 0, 360)],
    "A": [[(L - 1, B + 5), (C, T), (R + 1, B + 5)], [(12, 62), (33, 62)]],
    "B": [
        [(L, T), (24, T), *arc(24, 24, 13, 18.5, 270, 450), (L, 42.5)],
        [(L, 42.5), (25, 42.5), *arc(25, 63.5, 14.5, 21, 270, 450), (L, B)],
        [(L, T), (L, B)],
    ],
    "C": [[(R, 30), *arc(C, 22.5, 17, 17, 360, 180), *arc(C, 67.5, 17, 17, 180, 0), (R, 60)]],
    "D": [
        [
            (L, T),
            (22, T),
            *arc(22, 23, 17, 17.5, 270, 360),
            (R, 67),
            *arc(22, 67, 17, 17.5, 0, 90),
            (L, B),
            (L, T),
        ]
    ],
    "E": [[(R + 4, T), (L, T), (L, B), (R + 4, B)], [(L, 43), (35, 43)]],
    "F": [[(R + 4, T), (L, T), (L, B + 5)], [(L, 43), (35, 43)]],
    "G": [
        [(R, 28), *arc(C, 22.5, 17, 17, 360, 180), *arc(C, 67.5, 17, 17, 180, 0), (R, 50), (25, 50)]
    ],
    "H": [[(L, T - 5), (L, B + 5)], [(R, T - 5), (R, B + 5)], [(L, 44), (R, 44)]],
    "J": [[(R - 4, T - 5), (R - 4, 68), *arc(20, 67.5, 15.5, 17, 0, 170)]],
    "K": [[(L, T - 5), (L, B + 5)], [(R + 1, T - 4), (L, 57)], [(19, 40), (R + 1, B + 4)]],
    "L": [[(L, T - 5), (L, B), (R + 4, B)]],
    "M": [[(L, B + 5), (L, T), (C, 50), (R, T), (R, B + 5)]],
    "N": [[(L, B + 5), (L, T - 2), (R, B + 2), (R, T - 5)]],
    "P": [[(L, B + 5), (L, T), (23, T), *arc(23, 27.5, 16.5, 22, 270, 450), (L, 49.5)]],
    "Q": [_RING, [(24, 62), (R + 3, B + 3)]],
    "R": [
        [(L, B + 5), (L, T), (23, T), *arc(23, 26, 16, 20.5, 270, 450), (L, 46.5)],
        [(22, 46), (R + 1, B + 4)],
    ],
    "S": [[*arc(C, 24.5, 16.5, 19, -10, -180), (8, 34), (35, 55), *arc(C, 64.5, 17, 20, 0, 190)]],
    "T": [[(L - 5, T), (R + 5, T)], [(C, T), (C, B + 5)]],
    "U": [[(L, T - 5), (L, 67), *arc(C, 67.5, 17, 17, 180, 0), (R, T - 5)]],
    "V": [[(L - 1, T - 5), (C, B), (R + 1, T - 5)]],
    "W": [[(3.5, T - 5), (12, B), (C, 30), (33, B), (41.5, T - 5)]],
    "X": [[(L, T - 5), (R, B + 5)], [(R, T - 5), (L, B + 5)]],
    "Y": [[(L - 1, T - 5), (C, 45), (R + 1, T - 5)], [(C, 45), (C, B + 5)]],
    "Z": [[(L - 1, T), (R, T), (L, B), (R + 4, B)]],
}
