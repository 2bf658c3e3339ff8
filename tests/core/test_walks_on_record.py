"""Whatever a lane asks to have recorded on a random walk is a record: one refused holds a truck."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from test_lane_passages import PAPERS, board
from test_lane_walks import Walk

from board.profile import read_profile
from controller.core.images import Degraded
from controller.core.kinds import End, Phase, RequestKind, WeighingStatus, Withdrawal
from controller.recorder import Evidence, to_record
from controller.recording.identity import identity_of
from protocol.record import encode

IDENTITY = identity_of(read_profile("sim"))
TARED = replace(PAPERS, tare_g=16_000_000, tare_taken_ms=1, tare_seq=1, chain_token=1)
CHAINED = replace(PAPERS, chain_token=1, chain_previous_seq=1, chain_cycles=1)
WEIGHED = Degraded(cells=(3,), settled_us=0, weight_g=40_790_000, u95_g=500_000, method="lean")
WORDS = (
    RequestKind.ALLOW_DEGRADED,
    RequestKind.FORBID_DEGRADED,
    RequestKind.CLEAR_CELLS,
    RequestKind.VOID,
    RequestKind.TEST_SIGN,
    RequestKind.ZERO,
)
STEPS = (
    *("weigh", "weigh", "weigh", "restless", "restless", "degrade", "degrade"),
    *("empty", "papers", "word", "say"),
)


class CellWalk(Walk):
    """A walk on which cells fail, people forbid it and void passages, and papers differ."""

    settings = replace(Walk.settings, degraded_why="spare cell on order")
    waits = (0.1, 1, 1, 2, 6)

    def take(self, step: str) -> None:
        super().take(step if self.loaded or step in ("word", "papers") else "board")

    def disturb(self, step: str) -> None:
        plant, rng = self.rig.plant, self.rng
        if step == "board" and not self.loaded and self.rig.lane.phase == Phase.IDLE:
            self.clear()
            board(self.rig, rng.choice(list(End)))
            self.loaded = True
        elif step == "degrade" and self.loaded:
            plant.load(
                status=WeighingStatus.DEGRADED,
                motion=False,
                bad_cells=(3,),
                degraded=replace(WEIGHED, settled_us=plant.now_us),
                since_us=plant.weight.since_us,
            )
        elif step == "restless" and self.loaded:
            weight = plant.weight
            why = rng.choice((Withdrawal.MOVED, Withdrawal.ROCKING))
            plant.weight = replace(weight, status=WeighingStatus.UNSTABLE, withdrawn=why)
        elif step == "papers":
            plant.vehicle = rng.choice((PAPERS, TARED, CHAINED))
        elif step == "allow":
            self.rig.request(RequestKind.ALLOW_DEGRADED)
        elif step == "word":
            self.rig.request(rng.choice(WORDS), passage_id=rng.choice((None, 1, 2)))
        else:
            super().disturb(step)


@pytest.mark.parametrize("seed", range(100))
def test_what_is_asked_for_is_a_record(seed: int) -> None:
    for intent in CellWalk(seed, STEPS).rig.plant.intents:
        encode(to_record(intent, IDENTITY, Evidence()))
