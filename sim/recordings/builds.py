"""The kinds of truck that the recorded yards saw, and three that they did not."""

from dataclasses import dataclass

from sim.recordings.ranges import Span


@dataclass(frozen=True, kw_only=True)
class Build:
    """A kind of truck: gaps between axles, empty weight and pay load, and who carries them.

    `groups` lists the axles (front, drive, trailer…) that share one load; `empty` and `loaded`
    are the groups' shares of the empty weight and of the pay load.
    """

    gaps_m: tuple[Span, ...]
    groups: tuple[int, ...]
    empty_kg: Span
    payload_kg: float
    empty: tuple[float, ...]
    loaded: tuple[float, ...]
    trailer_from: int | None = None
    drawbar: bool = False


_TANDEM = (1.30, 1.45)
BUILDS: dict[str, Build] = {
    "R2": Build(
        gaps_m=((3.9, 5.7),),
        groups=(1, 1),
        empty_kg=(3200, 6500),
        payload_kg=12500,
        empty=(0.52, 0.48),
        loaded=(0.27, 0.73),
    ),
    "R3": Build(
        gaps_m=((3.8, 5.0), _TANDEM),
        groups=(1, 2),
        empty_kg=(8500, 11000),
        payload_kg=18000,
        empty=(0.47, 0.53),
        loaded=(0.26, 0.74),
    ),
    "R4": Build(
        gaps_m=((1.8, 2.1), (3.1, 4.2), _TANDEM),
        groups=(2, 2),
        empty_kg=(9500, 12500),
        payload_kg=32000,
        empty=(0.52, 0.48),
        loaded=(0.24, 0.76),
    ),
    "R5": Build(
        gaps_m=((1.8, 2.1), (3.1, 4.2), _TANDEM, _TANDEM),
        groups=(2, 3),
        empty_kg=(12500, 15500),
        payload_kg=36000,
        empty=(0.47, 0.53),
        loaded=(0.22, 0.78),
    ),
    "A3": Build(
        gaps_m=((3.4, 3.9), (5.5, 7.5)),
        groups=(1, 1, 1),
        empty_kg=(10500, 13000),
        payload_kg=19000,
        empty=(0.42, 0.33, 0.25),
        loaded=(0.1, 0.42, 0.48),
        trailer_from=2,
    ),
    "A4": Build(
        gaps_m=((3.6, 3.9), (5.4, 6.9), (1.35, 1.8)),
        groups=(1, 1, 2),
        empty_kg=(13500, 15500),
        payload_kg=27000,
        empty=(0.33, 0.31, 0.36),
        loaded=(0.08, 0.38, 0.54),
        trailer_from=2,
    ),
    "A5": Build(
        gaps_m=((3.5, 3.9), (4.6, 6.3), (1.27, 1.40), (1.27, 1.40)),
        groups=(1, 1, 3),
        empty_kg=(14000, 16500),
        payload_kg=31000,
        empty=(0.34, 0.27, 0.39),
        loaded=(0.06, 0.37, 0.57),
        trailer_from=2,
    ),
    "A6": Build(
        gaps_m=((3.1, 3.5), (1.3, 1.46), (4.2, 6.9), (1.27, 1.41), (1.27, 1.41)),
        groups=(1, 2, 3),
        empty_kg=(15500, 18500),
        payload_kg=54000,
        empty=(0.31, 0.35, 0.34),
        loaded=(0.08, 0.38, 0.54),
        trailer_from=3,
    ),
    "D4": Build(
        gaps_m=((4.3, 5.2), (3.9, 4.7), (4.4, 5.6)),
        groups=(1, 1, 1, 1),
        empty_kg=(14500, 18500),
        payload_kg=28000,
        empty=(0.29, 0.29, 0.21, 0.21),
        loaded=(0.1, 0.32, 0.29, 0.29),
        trailer_from=2,
        drawbar=True,
    ),
    "D5": Build(
        gaps_m=((4.3, 5.2), (1.33, 1.37), (3.9, 4.6), (4.3, 5.4)),
        groups=(1, 2, 1, 1),
        empty_kg=(13500, 18500),
        payload_kg=31000,
        empty=(0.3, 0.33, 0.18, 0.19),
        loaded=(0.09, 0.39, 0.26, 0.26),
        trailer_from=3,
        drawbar=True,
    ),
    "D6": Build(
        gaps_m=((4.3, 5.2), (1.33, 1.37), (3.9, 4.6), (4.0, 5.0), _TANDEM),
        groups=(1, 2, 1, 2),
        empty_kg=(15500, 19500),
        payload_kg=36000,
        empty=(0.28, 0.32, 0.16, 0.24),
        loaded=(0.09, 0.37, 0.2, 0.34),
        trailer_from=3,
        drawbar=True,
    ),
}
RECORDED_MIX = {"R4": 18, "A6": 16, "D5": 15, "A5": 12, "R3": 12, "R2": 12, "D4": 8, "A4": 7}
