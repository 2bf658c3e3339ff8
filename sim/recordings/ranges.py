"""What a recorded yard may look like: the ranges that passages are drawn from."""

from dataclasses import dataclass, replace

import numpy as np

G = 9.80665
STEP_S = 0.0025
CONTACT_M = 0.12

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """Ranges of one kind of yard; metres, kilograms, hertz, km/h.

    `decks` pairs a platform length with the numbers of cells it may stand on. With
    `beams_for_ends` a truck that stands off an end, or is followed, is always seen by beams, as
    in all recorded passages of those classes.
    """

    decks: tuple[tuple[float, tuple[int, ...]], ...] = (
        (12.0, (4,)),
        (16.0, (6, 8)),
        (18.0, (6, 8)),
        (20.0, (8,)),
        (22.0, (8,)),
    )
    rates_hz: tuple[float, ...] = (50.0, 60.0, 75.0, 80.0)
    divisions_kg: tuple[float, ...] = (20.0,)
    speed_kmh: Span = (3.0, 8.0)
    noise: Span = (1.0, 1.0)
    span_error: float = 1.5e-4
    beams: float = 0.75
    one_beam: float = 0.0
    beams_for_ends: bool = True
    rough_m3: Span = (1.5e-6, 85e-6)
    payload: Span = (1.0, 1.0)
    wheelbase: Span = (1.0, 1.0)
    wind_kg: Span = (1.0, 7.0)
    hum_kg: Span = (20.0, 200.0)
    extra_vehicles: tuple[str, ...] = ()


RECORDED = Ranges()
WIDE = replace(
    RECORDED,
    decks=(
        (10.0, (4,)),
        (12.0, (4, 6)),
        (14.0, (4, 6)),
        (16.0, (6, 8)),
        (18.0, (6, 8)),
        (20.0, (6, 8, 10)),
        (24.0, (8, 10)),
    ),
    rates_hz=(40.0, 50.0, 60.0, 75.0, 80.0, 100.0, 120.0),
    divisions_kg=(10.0, 20.0, 50.0),
    speed_kmh=(2.0, 15.0),
    noise=(0.7, 2.5),
    one_beam=0.35,
    beams_for_ends=False,
    rough_m3=(0.5e-6, 40e-6),
    payload=(0.75, 1.3),
    wheelbase=(0.9, 1.12),
    wind_kg=(1.0, 12.0),
    hum_kg=(20.0, 400.0),
    extra_vehicles=("R5", "A3", "D6"),
)


def between(rng: np.random.Generator, span: Span) -> float:
    """Draw uniformly from `span`."""
    return float(rng.uniform(*span))


def log_between(rng: np.random.Generator, span: Span) -> float:
    """Draw from `span` with equal chance for equal ratios."""
    return float(np.exp(rng.uniform(np.log(span[0]), np.log(span[1]))))
