"""Random walks of vehicles, people, faults and beams: nothing is stuck, no interval unaccounted."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from lane_rig import STOPPING, Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import PAPERS, PLATE, weigh

from controller.core.kinds import End, Phase, Presence, RecordKind, RequestKind, WeighingStatus

STEPS = 14
SENSORS = [(end, name) for end in End for name in ("approach", "arm", "beam_low", "beam_high")]
WORDS = (
    RequestKind.RELEASE,
    RequestKind.SEND_BACK,
    RequestKind.RAISE_BOOM,
    RequestKind.ENTER_MANUAL,
    RequestKind.LEAVE_MANUAL,
    RequestKind.CONFIRM_PLATE,
)
PASSING = (
    *("come", "load", "load", "weigh", "weigh", "empty", "empty", "say", "say", "say"),
    *("withdraw", "clear", "wait", "blink"),
)
BREAKING = (*PASSING, "fault", "estop")


class Walk:
    """One lane, one seed, and the number of on-deck intervals that really were."""

    # Nothing counts that does not stay: here each interval is to count, however short.
    settings = replace(lane_settings(), load_settle_us=0)
    waits: tuple[float, ...] = (0.1, 2, 2, 4, 8, 30)

    def __init__(self, seed: int, steps: tuple[str, ...]) -> None:
        self.rng = Random(seed)
        self.rig = Rig(self.settings)
        self.rig.run_until(Phase.IDLE, 10)
        self.rig.plant.vehicle = PAPERS
        self.loaded = False
        self.intervals = 0
        for _ in range(STEPS):
            self.take(self.rng.choice(steps))

    def take(self, step: str) -> None:
        plant, rng = self.rig.plant, self.rng
        if step == "load" and not self.loaded:
            plant.load(motion=True)
            self.loaded, self.intervals = True, self.intervals + 1
        elif step == "empty" and self.loaded:
            plant.empty()
            self.loaded = False
            self.rig.run(rng.choice((3, 5, 9)))
        elif step == "weigh" and self.loaded:
            weigh(self.rig, rng.choice((20_000, 48_000, 60_000)))
        elif step == "withdraw" and self.loaded:
            plant.load(status=WeighingStatus.WITHDRAWN, since_us=plant.weight.since_us)
        else:
            self.disturb(step)
        self.rig.run(rng.choice(self.waits))

    def disturb(self, step: str) -> None:
        plant, rng = self.rig.plant, self.rng
        if step == "come":
            plant.sense(rng.choice(list(End)), "approach", Presence.BLOCKED)
        elif step == "blink":
            state = rng.choice((Presence.BLOCKED, Presence.CLEAR))
            plant.sense(rng.choice(list(End)), "beam_low", state)
        elif step == "clear":
            self.clear()
        elif step == "say":
            end = rng.choice(list(End))
            self.rig.request(rng.choice(WORDS), end=end, plate=PLATE)
        elif step == "fault":
            plant.faults = () if plant.faults else (STOPPING,)
        elif step == "estop":
            pressed = plant.estop != Presence.CLEAR
            plant.estop = Presence.CLEAR if pressed else Presence.BLOCKED
            self.rig.scan()
            self.rig.request(RequestKind.RESET)

    def clear(self) -> None:
        for end, name in SENSORS:
            self.rig.plant.sense(end, name, Presence.CLEAR)

    def end(self) -> None:
        """All is normal and empty again; MANUAL and EMERGENCY are ended by a named person."""
        plant = self.rig.plant
        plant.empty()
        plant.faults, plant.estop, plant.plates = (), Presence.CLEAR, ()
        self.clear()
        for word in (RequestKind.RESET, RequestKind.LEAVE_MANUAL):
            self.rig.scan()
            self.rig.request(word)
            self.rig.run(3)
        self.rig.run_until(Phase.IDLE, 200)


@pytest.mark.parametrize("steps", [PASSING, BREAKING], ids=["passing", "breaking"])
@pytest.mark.parametrize("seed", range(25))
def test_every_interval_is_accounted_for_and_the_lane_comes_to_rest(
    seed: int, steps: tuple[str, ...]
) -> None:
    walk = Walk(seed, steps)
    walk.end()
    accounts = [
        passage
        for kind, passage, _ in walk.rig.plant.records
        if kind in (RecordKind.PASSAGE, RecordKind.VOID)
    ]
    assert max(Counter(accounts).values(), default=0) <= 1, "two accounts of one passage"
    assert len(accounts) >= walk.intervals, "an interval left no record"
