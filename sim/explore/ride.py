"""One plan, driven from its first truck to a lane at rest, and judged.

A death leaves the folder as it lay: the next life goes on in a copy of it, as a killed process
leaves its files to the next.  A power cut, which takes unsynced writes along, is another matter.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from board.build import build
from board.profile import read_profile
from controller.assembly import LEDGER_FILE, MEDIA_FOLDER, assemble
from controller.commands.replay import checked
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.replayrecord import Result
from controller.scan import Scan
from hal.bus import Bus
from hal.ports import Drive
from protocol.errors import LedgerError
from protocol.keys import PrivateKey, write_public
from protocol.ledger import Ledger
from protocol.record import Record
from protocol.rows import Hashes
from protocol.verify import verify_folder
from sim.checker import Checker
from sim.explore.coverage import Cell, Reached
from sim.explore.plan import Plan
from sim.finding import CHECKS, Finding
from sim.hang import hang
from sim.loads import FOR_GOOD_US
from sim.reader import StochasticReader
from sim.run import SCAN_US
from sim.world import Yard

KEY = PrivateKey(bytes(range(32)))
"""Seals every run, so that one seed gives the same bytes everywhere."""
LEASE_US = 1_000_000
"""How long the coprocessor holds the last levels of a host that has gone silent."""
STUCK_US = 600_000_000
"""How long, after the last trouble, the next vehicle may take to come away."""
REST_US = 180_000_000
"""How long, after the last vehicle and the last trouble, the lane may take to be IDLE."""
LOOK_SCANS = 10
OWN_CHECKS = {
    "error": "the lane's program raises no error",
    "stuck": "when all faults have ended, the next vehicle comes away within 600 s",
    "rest": "when all faults have ended and the last vehicle is gone, the lane is IDLE in 180 s",
    "verify": "the folder verifies",
    "replay": "every record replays to the same outputs and bytes",
    "unstored": "nothing is left unstored when the lane is closed",
}
_SHM = Path("/dev/shm")


class Ride(Struct, frozen=True, kw_only=True):
    """What came of one plan; ``digest`` is over all outputs, records and findings."""

    plan: Plan
    findings: tuple[Finding, ...]
    digest: str
    lane_us: int
    trucks: int
    faults: int
    kills: int
    records: int
    cells: frozenset[Cell]


Watcher = Callable[[Yard, Scan, InputImage, OutputImage], None]
Keeper = Callable[[list[Record]], None]


def ride(plan: Plan, watch: Watcher | None = None, keep: Keeper | None = None) -> Ride:
    """Run a plan in a folder of its own, which is removed.  Raises ScenarioError.

    ``watch`` sees the yard and the lane after every scan, and must leave them as they are;
    ``keep`` is given the records that stand at the end.
    """
    with _folder() as folder:
        return _Ride(plan, folder, watch, keep).run()


@contextmanager
def _folder() -> Iterator[Path]:
    # Syncs are no question here, and memory has the fastest.
    base = _SHM if os.access(_SHM, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="steelyard-explore-", dir=base) as name:
        yield Path(name)


def meaning(check: str) -> str:
    """What a check holds the lane to, in words."""
    return OWN_CHECKS.get(check) or CHECKS[check]


class _Ride:
    def __init__(
        self, plan: Plan, folder: Path, watch: Watcher | None, keep: Keeper | None
    ) -> None:
        self._plan = plan
        self._watch = watch
        self._keep = keep
        self._folder = folder
        self._yard = plan.yard()
        self._kills = list(plan.kills())
        self._checker = Checker(self._yard)
        self._reached = Reached(self._yard)
        self._digest = hashlib.sha256()
        self._findings: list[Finding] = []
        self._lane: Scan | None = None
        self._lives = 0
        self._died = 0
        self._quiet_us = _quiet_us(self._yard, plan)
        self._gone = 0
        self._since_us = 0

    def run(self) -> Ride:
        """Drive, close, and look at what was kept."""
        try:
            self._drive(self._born(None))
        except Exception as error:  # The explorer is here to find any.
            self._add("error", f"{type(error).__name__}: {error}")
        if self._lane is not None:
            self._digest.update(self._lane.digest.encode())
            books = self._lane.bookkeeper
            for key, _ in books.close():
                self._add("unstored", f"passage {key[0]} part {key[1]}: {books.failure}")
        return self._judged()

    def _drive(self, lane: Scan) -> None:
        yard, scans = self._yard, 0
        while not self._over(lane):
            if self._kills and yard.now_us >= self._kills[0].at_us:
                lane = self._killed(lane, self._kills.pop(0).dead_us)
            inputs, outputs = lane.once()
            self._checker.observe(inputs, outputs)
            if self._watch is not None:
                self._watch(yard, lane, inputs, outputs)
            if scans % LOOK_SCANS == 0:
                self._reached.note(Phase(lane.lane.phase))
            scans += 1
            yard.advance(SCAN_US)
            if yard.troubles:
                hang(yard, LEASE_US)

    def _over(self, lane: Scan) -> bool:
        """Whether the day has come to its end, the good one or one that is a finding."""
        yard = self._yard
        gone = sum(not driver.vehicle.present for driver in yard.drivers)
        gone += len(yard.truth.crossings)
        if yard.now_us < self._quiet_us or gone != self._gone:
            self._gone, self._since_us = gone, yard.now_us
            return False
        waited_us = yard.now_us - self._since_us
        if yard.done:
            if lane.lane.phase == Phase.IDLE and waited_us > SCAN_US:
                return True
            torn_off = any(boom.broken for boom in yard.booms)
            # A lane without its boom waits for a repair that no plan states.
            return waited_us > REST_US and (torn_off or self._failed("rest", lane))
        return waited_us > STUCK_US and self._failed("stuck", lane)

    def _failed(self, check: str, lane: Scan) -> bool:
        minds = [
            f"vehicle {driver.vehicle.number} {driver.mind.value} at {driver.vehicle.s_m:.1f} m"
            for driver in self._yard.drivers
            if driver.vehicle.present
        ]
        phase = f"{Phase(lane.lane.phase).name} ({lane.lane.outcome})"
        self._add(check, "; ".join([phase, *minds]))
        return True

    def _born(self, before: Path | None) -> Scan:
        folder = self._folder / str(self._lives)
        if before is not None:
            _leave(before, folder)
        self._lives += 1
        bus = Bus()
        bus.share("yard", lambda: self._yard)
        board = build(read_profile("sim"), bus)
        self._lane = assemble(board, folder, StochasticReader(self._yard), key=KEY)
        return self._lane

    def _killed(self, lane: Scan, dead_us: int) -> Scan:
        """Let the lane die here and start anew in what it left."""
        yard, before = self._yard, self._folder / str(self._lives - 1)
        self._died += 1
        self._digest.update(lane.digest.encode())
        self._lane = None
        left = before.with_name(f"{before.name}-left")
        _leave(before, left)
        # The dead one is closed in its own folder, which nobody looks at again.
        lane.bookkeeper.close()
        yard.advance(min(dead_us, LEASE_US))
        if dead_us > LEASE_US:
            for boom in yard.booms:
                boom.level = Drive.HOLD
            yard.approach_green[:] = yard.deck_green[:] = [False, False]
            yard.advance(dead_us - LEASE_US)
        # What the converter had sampled meanwhile went nowhere.
        yard.converter.take()
        lane = self._born(left)
        self._reached.restarted()
        return lane

    def _kept(self) -> tuple[list[Record], Hashes]:
        """Verify the folder, replay its records, and return them with their hashes."""
        folder = self._folder / str(self._lives - 1)
        write_public(folder / "lane.pub", KEY.public)
        for found in verify_folder(folder, anchor=KEY.public).findings:
            self._add("verify", f"{found.code}, seq {found.seq}: {found.message}")
        for one in checked(folder):
            if one.result not in (Result.IDENTICAL, Result.OWN):
                self._add("replay", f"seq {one.seq} {one.kind}: {one.result.value} {one.why}")
        with Ledger.open(folder / LEDGER_FILE, read_only=True) as ledger:
            return list(ledger.records()), ledger.hashes()

    def _judged(self) -> Ride:
        try:
            records, hashes = self._kept()
        except LedgerError as error:
            records, hashes = [], {}
            self._add("verify", str(error))
        if self._keep is not None:
            self._keep(records)
        findings = sorted(
            (*self._findings, *self._checker.finish(records, hashes)),
            key=lambda found: (found.at_us, found.check, found.seen),
        )
        for record_hash in hashes.values():
            self._digest.update(record_hash)
        for found in findings:
            self._digest.update(f"{found.at_us} {found.check} {found.seen}\n".encode())
        return Ride(
            plan=self._plan,
            findings=tuple(findings),
            digest=self._digest.hexdigest(),
            lane_us=self._yard.now_us,
            trucks=len(self._yard.drivers),
            faults=len(self._yard.options.faults),
            kills=self._died,
            records=len(records),
            cells=frozenset(self._reached.cells),
        )

    def _add(self, check: str, seen: str) -> None:
        self._findings.append(Finding(check=check, at_us=self._yard.now_us, seen=seen))


def _leave(before: Path, after: Path) -> None:
    """Copy a folder as it lies; media are never written twice, so their names suffice."""

    def copy(source: str, target: str) -> None:
        if Path(source).parent.name == MEDIA_FOLDER:
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    shutil.copytree(before, after, copy_function=copy)


def _quiet_us(yard: Yard, plan: Plan) -> int:
    """The end of all trouble that the plan states."""
    options = yard.options
    ends = [fault.until_us for fault in options.faults if fault.until_us is not None]
    ends += [kill.at_us + kill.dead_us for kill in plan.kills()]
    ends += [walker.until_us for walker in options.walkers]
    ends += [asked.at_us for asked in options.requests]
    ends += [load.ends_us for load in options.loads if load.ends_us < FOR_GOOD_US]
    return max(ends, default=0)
