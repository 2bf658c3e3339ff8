"""Rig for restarts: a lane that dies at a stated scan, and one that starts in the same yard."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from day_rig import lane_in

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import BoomCommand, End, Phase
from controller.scan import Scan
from hal.ports import Drive
from protocol.record import Record
from sim.checker import Checker
from sim.finding import Finding
from sim.run import SCAN_US, simulate
from sim.world import Yard

LEASE_US = 1_000_000
"""How long the coprocessor holds the last levels of a host that has gone silent."""
DAY_US = 1_800_000_000

When = Callable[[Scan, int], bool]
"""Asked before each scan with its number: whether the power goes now."""


@dataclass
class Life:
    """What one run of a lane was, from its start to its death or the end of the day."""

    began_us: int
    phases: list[tuple[int, Phase]] = field(default_factory=list)
    raised: list[tuple[int, End]] = field(default_factory=list)
    lowered: list[tuple[int, End]] = field(default_factory=list)

    @property
    def ready_after_us(self) -> int | None:
        """How long the lane was starting, of its own time."""
        after = [at - self.began_us for at, phase in self.phases if phase != Phase.STARTING]
        return after[0] if after else None


@dataclass
class Story:
    """A day with deaths: every life, and what was recorded and found over all of them.

    ``finished`` says that every vehicle has gone, and that the ledger verifies.
    """

    yard: Yard
    lives: list[Life]
    records: list[Record]
    findings: tuple[Finding, ...]
    finished: bool
    died_in: list[Phase]


def yard_us(lane: Scan) -> int:
    """The time in the yard of this lane."""
    return lane._board.clock.now_us()


def die(lane: Scan, yard: Yard, dead_us: int) -> None:
    """Drop a lane as a killed process would: nothing is closed, what was queued is gone."""
    ledger = lane.bookkeeper.ledger
    if ledger._lock_fd is not None:
        os.close(ledger._lock_fd)
        ledger._lock_fd = None
    yard.advance(min(dead_us, LEASE_US))
    if dead_us > LEASE_US:
        for boom in yard.booms:
            boom.level = Drive.HOLD
        yard.approach_green[:] = yard.deck_green[:] = [False, False]
        yard.advance(dead_us - LEASE_US)
    # What the converter had sampled meanwhile went nowhere.
    yard.converter.take()


def story(yard: Yard, folder: Path, deaths: list[When], dead_us: int = 1_500_000) -> Story:
    """Run a yard to its end; at each death in turn the lane is dropped and started again."""
    yard.paint = False
    checker = Checker(yard)
    lives: list[Life] = [Life(yard.now_us)]
    died_in: list[Phase] = []
    left = list(deaths)
    lane = lane_in(yard, folder)
    scans = 0
    while left and not yard.done and yard.now_us < DAY_US:
        if left[0](lane, scans):
            left.pop(0)
            died_in.append(lane.lane.phase)
            die(lane, yard, dead_us)
            lane = lane_in(yard, folder)
            checker.restarted()
            lives.append(Life(yard.now_us))
        inputs, out = lane.once()
        scans += 1
        checker.observe(inputs, out)
        _note(lives[-1], lane, inputs, out)
        yard.advance(SCAN_US)
    finished = simulate(
        lane,
        yard,
        until_us=DAY_US,
        checker=checker,
        watch=lambda inputs, out: _note(lives[-1], lane, inputs, out),
    )
    ledger = lane.bookkeeper.ledger
    records, hashes = list(ledger.records()), ledger.hashes()
    sound = ledger.verify() == []
    lane.bookkeeper.close()
    findings = checker.finish(records, hashes)
    return Story(yard, lives, records, findings, finished and sound, died_in)


def _note(life: Life, lane: Scan, inputs: InputImage, out: OutputImage) -> None:
    phase = lane.lane.phase
    if not life.phases or life.phases[-1][1] != phase:
        life.phases.append((inputs.now_us, phase))
    for end in End:
        if out.booms[end] == BoomCommand.RAISE:
            life.raised.append((inputs.now_us, end))
        if out.booms[end] == BoomCommand.LOWER:
            life.lowered.append((inputs.now_us, end))
