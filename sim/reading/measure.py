"""The real recogniser on drawn frames of every condition: what it says is taken down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from statistics import NormalDist, correlation

import numpy as np

from controller.core.kinds import End
from controller.recognition.eyes import PlateEyes
from controller.recognition.looks import Seen, Shot
from hal.ports import Frame
from sim.reading.table import (
    CELLS,
    DIRT,
    DISTANCE_M,
    PPM,
    Cell,
    Outcome,
    Readings,
    model_digest,
)
from sim.scene import Sight, render
from sim.truck import build_truck

_FRAME_US = 200_000
_PACKAGES = Path(__file__).parents[2]
_Errors = tuple[tuple[int, str, str], ...]
"""Place, character of the plate, character read."""
_Pair = tuple[Outcome, Outcome, _Errors, _Errors]


def measure(pairs: int, jobs: int, seed: int = 1) -> Readings:
    """Look at so many vehicles a condition, at each twice."""
    with ProcessPoolExecutor(jobs) as pool:
        tasks = [pool.submit(_looked, cell, pairs, f"{seed} {i}") for i, cell in enumerate(CELLS)]
        found = [task.result() for task in tasks]
    confusions: defaultdict[str, str] = defaultdict(str)
    for pair in (pair for cell in found for pair in cell):
        for _, plate, read in (*pair[2], *pair[3]):
            confusions[plate] += read
    return Readings(
        cells=tuple(
            tuple(sorted((one for pair in cell for one in pair[:2]), key=lambda one: one.rank))
            for cell in found
        ),
        likeness=round(_likeness(found), 3),
        same_error=round(_same_error(found), 3),
        confusions={plate: "".join(sorted(read)) for plate, read in sorted(confusions.items())},
        model=model_digest(_PACKAGES),
    )


def sights(cell: Cell, count: int, rng: Random) -> Iterator[Sight]:
    """Vehicles of one condition, as they come to a weighbridge."""
    light, sky, dirt, distance, length = cell
    for number in range(count):
        colour = "green" if length == 8 else rng.choices(("yellow", "blue"), (4, 1))[0]
        truck = build_truck(rng, "2-axle truck", colour=colour)
        yield Sight(
            vehicle=number,
            plate=truck.plate,
            dirt=rng.uniform(DIRT[dirt], DIRT[dirt + 1]),
            distance_m=rng.uniform(DISTANCE_M[distance], DISTANCE_M[distance + 1]),
            lateral_m=truck.lateral_m,
            speed_mps=abs(rng.gauss(0.0, 1.5)),
            light=light,
            sky=sky,
        )


def _looked(cell: Cell, count: int, seed: str) -> list[_Pair]:
    rng, eyes = Random(seed), PlateEyes()
    found = []
    for number, sight in enumerate(sights(cell, count, rng)):
        (one, ones), (two, twos) = (
            looked_at(eyes, sight, 2 * number + again, rng) for again in (0, 1)
        )
        found.append((one, two, ones, twos))
    return found


def looked_at(eyes: PlateEyes, sight: Sight, number: int, rng: Random) -> tuple[Outcome, _Errors]:
    """Draw a sight and read it as the lane would: the outcome, and what was taken for what."""
    pixels, corners = render(sight, np.random.default_rng(rng.getrandbits(64)))
    at_us = number * _FRAME_US
    frame = Frame(pixels=pixels, captured_us=at_us, track=number, regions=(corners,))
    sighted = eyes.look(Shot(end=End.YARD, passage_id=1, given_us=at_us, frame=frame))
    if not sighted.seen:
        return Outcome(), ()
    return _compared(sight, sighted.seen[0])


def _compared(sight: Sight, seen: Seen) -> tuple[Outcome, _Errors]:
    plate, dropped = sight.plate.text, None
    if len(seen.text) == len(plate) - 1:
        places = range(len(plate))
        dropped = min(places, key=lambda i: _differ(plate[:i] + plate[i + 1 :], seen.text))
        plate = plate[:dropped] + plate[dropped + 1 :]
    if len(seen.text) != len(plate):
        return Outcome(), ()
    pairs = zip(plate, seen.text, strict=True)
    errors = tuple((i, true, read) for i, (true, read) in enumerate(pairs) if true != read)
    places_wrong = {i for i, _, _ in errors}
    outcome = Outcome(
        chars_ppm=tuple(max(1, round(p * PPM)) for p in seen.chars),
        wrong=tuple(i in places_wrong for i in range(len(plate))),
        dropped=dropped,
        typed=seen.ptype == sight.plate.ptype,
        sharpness_ppm=round(seen.sharpness * PPM),
    )
    return outcome, errors


def _differ(one: str, two: str) -> int:
    return sum(a != b for a, b in zip(one, two, strict=True))


def _likeness(found: list[list[_Pair]]) -> float:
    """Correlation of the normal scores of two frames of one vehicle, within the conditions."""
    first: list[float] = []
    second: list[float] = []
    normal = NormalDist()
    for cell in found:
        ranks = [one.rank for pair in cell for one in pair[:2]]
        if len(set(ranks)) < len(ranks) / 2:
            continue
        order = sorted(range(len(ranks)), key=lambda i: ranks[i])
        score = {at: normal.inv_cdf((place + 0.5) / len(order)) for place, at in enumerate(order)}
        first += [score[i] for i in range(0, len(ranks), 2)]
        second += [score[i] for i in range(1, len(ranks), 2)]
    return max(0.0, correlation(first, second))


def _same_error(found: list[list[_Pair]]) -> float:
    """Of the places at which both frames of a vehicle are wrong, the share with one error."""
    same = both = 0
    for _, _, ones, twos in (pair for cell in found for pair in cell):
        second = {place: read for place, _, read in twos}
        for place, _, read in ones:
            both += place in second
            same += second.get(place) == read
    return same / both if both else 1.0
