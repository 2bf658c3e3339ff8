"""A lane that is killed in the middle of a day and starts again in the same yard.

RESTARTS=200 kills it so many times more, at chance scans of scenarios drawn by chance.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from restart_rig import Story, When, story, yard_us

from controller.assembly import LEDGER_FILE
from controller.commands.replay import checked
from controller.core.kinds import Phase
from controller.replayrecord import Result
from controller.restart import fact_at_start
from controller.scan import Scan
from protocol.ledger import Ledger
from protocol.parts import End, Kind, Outcome, Permit
from sim.world import Yard

READY_US_MAX = 3_000_000
"""Of lane time: how long a start may take where everything stands still."""
VOID, PASSAGE, AMENDMENT, RELEASE = Kind.VOID, Kind.PASSAGE, Kind.AMENDMENT, Kind.RELEASE
CHANCES = int(os.environ.get("RESTARTS", "0"))
SCENARIOS = ("legal", "overloaded_reweigh", "unreadable_plate", "tailgater", "stops_short")


def in_phase(phase: Phase, after_s: float = 0.4, *, nth: int = 1) -> When:
    """The power goes when the lane has been in this phase for so long, the nth time."""
    entered: list[int] = []

    def now(lane: Scan, scan: int) -> bool:
        at = lane.lane
        if at.phase != phase or (at.passage is None and phase != Phase.STARTING):
            return False
        if at.since_us not in entered:
            entered.append(at.since_us)
        return len(entered) >= nth and yard_us(lane) - at.since_us >= after_s * 1e6

    return now


def told(story: Story) -> list[tuple[Kind, int]]:
    return [(record.kind, record.passage_id) for record in story.records]


def check(story: Story, folder: Path) -> None:
    """What holds after every death: all gone, all accounted for, nothing moved by the start."""
    assert [str(finding) for finding in story.findings] == []
    assert story.finished
    for life in story.lives:
        started = [at for at, phase in life.phases if phase != Phase.STARTING]
        moved = [at for at, _ in (*life.raised, *life.lowered)]
        assert not started or not moved or min(moved) >= started[0]
    replayed = list(checked(folder))
    assert [one for one in replayed if one.result not in (Result.IDENTICAL, Result.OWN)] == []


WHOLE = [
    ("legal", Phase.APPROACH, [(PASSAGE, 1)]),
    ("legal", Phase.BOARDING, [(VOID, 1), (RELEASE, 1)]),
    ("legal", Phase.WEIGHING, [(VOID, 1), (RELEASE, 1)]),
    ("legal", Phase.RELEASING, [(PASSAGE, 1), (AMENDMENT, 1), (RELEASE, 1)]),
    ("legal", Phase.DEPARTING, [(PASSAGE, 1)]),
    (
        "overloaded_reweigh",
        Phase.RETURNING,
        [(PASSAGE, 1), (AMENDMENT, 1), (AMENDMENT, 1), (PASSAGE, 2)],
    ),
    ("unreadable_plate", Phase.HOLDING, [(PASSAGE, 1), (AMENDMENT, 1), (RELEASE, 1)]),
]


@pytest.mark.parametrize(("scenario", "phase", "records"), WHOLE)
def test_a_death_in_each_phase(
    scenario: str, phase: Phase, records: list[tuple[Kind, int]], tmp_path: Path
) -> None:
    told_of = story(Yard.from_scenario(scenario, seed=3), tmp_path, [in_phase(phase)])
    assert told_of.died_in == [phase]
    check(told_of, tmp_path)
    assert told(told_of) == records
    first = told_of.records[0]
    for later in told_of.records[1:]:
        if later.passage_id == first.passage_id:
            assert later.refers_to == first.seq
    if phase != Phase.DEPARTING:
        ready_us = told_of.lives[1].ready_after_us
        assert ready_us is not None
        assert ready_us <= READY_US_MAX


def test_a_release_that_was_not_yet_used_is_given_again_by_a_person(tmp_path: Path) -> None:
    told_of = story(
        Yard.from_scenario("legal", seed=3), tmp_path, [in_phase(Phase.RELEASING, after_s=0.1)]
    )
    check(told_of, tmp_path)
    passage, held, released = told_of.records
    assert passage.permit is Permit.ROAD
    assert passage.person is None
    assert held.permit is Permit.NONE
    assert held.decision is not None
    assert held.decision.outcome is Outcome.HOLD
    assert released.permit is Permit.ROAD
    assert released.person is not None


def test_it_may_die_again_while_it_starts_and_while_it_holds(tmp_path: Path) -> None:
    deaths = [in_phase(Phase.WEIGHING), in_phase(Phase.STARTING), in_phase(Phase.HOLDING, 1.0)]
    told_of = story(Yard.from_scenario("legal", seed=4), tmp_path, deaths, dead_us=300_000)
    assert told_of.died_in == [Phase.WEIGHING, Phase.STARTING, Phase.HOLDING]
    check(told_of, tmp_path)
    kinds = [kind for kind, _ in told(told_of)]
    assert kinds.count(VOID) == 1
    assert {passage for _, passage in told(told_of)} == {1}


def test_the_ledger_tells_whose_interval_runs_until_it_has_ended(tmp_path: Path) -> None:
    seen: set[tuple[int, End | None]] = set()

    def look(lane: Scan, scan: int) -> bool:
        found = lane.bookkeeper.ledger.on_deck()
        seen.add((found.passage_id, found.entry))
        return False

    story(Yard.from_scenario("legal", seed=3), tmp_path, [look])
    assert seen == {(0, None), (1, End.YARD)}
    with Ledger.open(tmp_path / LEDGER_FILE, read_only=True) as ledger:
        fact = fact_at_start(ledger)
    assert (fact.on_deck, fact.stay, fact.permit, fact.next_passage_id) == (0, None, None, 2)


@pytest.mark.parametrize("seed", range(CHANCES or 1))
def test_a_death_at_any_scan(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    yard = Yard.from_scenario(rng.choice(SCENARIOS) if CHANCES else "legal", seed=seed)
    at = sorted(rng.randrange(10, 3500) for _ in range(rng.choice((1, 2))))
    deaths: list[When] = [lambda lane, scan, due=due: scan >= due for due in at]  # type: ignore[misc]
    dead_us = rng.choice((100_000, 400_000, 1_500_000, 8_000_000))
    check(story(yard, tmp_path, deaths, dead_us=dead_us), tmp_path)
