"""When the lane comes to what with the first vehicle of a shift, if nothing goes wrong."""

from __future__ import annotations

from functools import cache

import msgspec

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.scan import Scan
from sim.explore.plan import Plan, Table
from sim.explore.ride import ride
from sim.world import Yard

_LET_GO = (Phase.RELEASING, Phase.RETURNING)


def learned_s(seed: int, day: Table, truck: Table) -> list[float]:
    """Return, in s, when the lane sees the vehicle, lets it go, has its boom open, sees it leave.

    Who comes again has four more times; who is not let go has fewer.
    """
    return [*_learned_s(seed, msgspec.json.encode({"day": day, "truck": [truck]}))]


@cache
def _learned_s(seed: int, table: bytes) -> tuple[float, ...]:
    found: list[float] = []

    def watch(yard: Yard, lane: Scan, _inputs: InputImage, _outputs: OutputImage) -> None:
        phase, passage = lane.lane.phase, lane.lane.passage
        if passage is None:
            return
        seen, let_go, leaves = phase == Phase.APPROACH, phase in _LET_GO, phase == Phase.DEPARTING
        if (seen, let_go, passage.shown_green, leaves)[len(found) % 4]:
            found.append(yard.now_us / 1e6)

    ride(Plan(seed=seed, table=msgspec.json.decode(table)), watch, leaps=True)
    return tuple(found)
