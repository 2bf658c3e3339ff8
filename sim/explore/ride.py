"""One plan, driven from its first truck to a lane at rest, and judged.

The lane's process may die, between two scans or within one, the disk may have trouble, and the next
life goes on in what the last one left (``disk_ground.py``).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, takewhile
from pathlib import Path

from msgspec import Struct

from board.build import Board, build
from board.profile import read_profile
from controller.assembly import LEDGER_FILE, assemble
from controller.commands.replay import checked
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.replayrecord import Result
from controller.scan import Scan
from hal.bus import Bus
from hal.ports import Drive, SignPage
from protocol.errors import Code, LedgerError
from protocol.keys import PrivateKey, write_public
from protocol.ledger import Ledger
from protocol.record import Record
from protocol.rows import Hashes
from protocol.verify import verify_folder
from sim.checker import Checker
from sim.explore.coverage import RESTARTED_US, Cell, Reached
from sim.explore.disk_death import die_within
from sim.explore.disk_ground import damage, ground_of
from sim.explore.disk_platform import Platform
from sim.explore.disk_writer import lost_media
from sim.explore.plan import Kill, Plan
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
AWAY_US = 30_000_000
"""How long, after the disk's trouble, the ledger may take to take records again."""
START_AGAIN_US = 5_000_000
"""How long a lane whose ledger cannot be opened is left alone before it is started again."""
LOOK_SCANS = 10
GO_ON_SCANS_MIN = 2
REST_SCANS_MIN = 10
"""What is shorter costs more than it spares."""
_OF_THE_DISK = (Code.DISK_FULL, Code.READ_ONLY, Code.IO)
OWN_CHECKS = {
    "error": "the lane's program raises no error",
    "stuck": "when all faults have ended, the next vehicle comes away within 600 s",
    "rest": "when all faults have ended and the last vehicle is gone, the lane is IDLE in 180 s",
    "verify": "the folder verifies",
    "replay": "every record replays to the same outputs and bytes",
    "unstored": "nothing is left unstored when the lane is closed",
    "lost": "what the lane was told to be durable is there after every death",
    "damage": "no death, power cut or trouble of the disk damages the ledger or what it names",
    "robbed": "no medium goes that the platform does not have yet",
    "away": "when the trouble of the disk has ended, the ledger takes records again within 30 s",
}
_SHM = Path("/dev/shm")
_DARK = SignPage(lines=(), colour="red")


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


def ride(
    plan: Plan,
    watch: Watcher | None = None,
    keep: Keeper | None = None,
    *,
    leaps: bool = True,
) -> Ride:
    """Run a plan in a folder of its own, which is removed.  Raises ScenarioError.

    ``watch`` sees the yard and the lane after every scan, and must leave them as they are;
    ``keep`` is given the records that stand at the end.  Without ``leaps``, or with a watcher,
    every scan is run whole; the outcome is the same.
    """
    with _folder() as folder:
        return _Ride(plan, folder, watch, keep, leaps=leaps and watch is None).run()


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
        self,
        plan: Plan,
        folder: Path,
        watch: Watcher | None,
        keep: Keeper | None,
        *,
        leaps: bool,
    ) -> None:
        self._plan = plan
        self._watch = watch
        self._keep = keep
        self._leaps = leaps
        self._yard = plan.yard()
        self._kills = list(plan.kills())
        self._ground = ground_of(plan, folder, self._yard)
        reached = plan.reached()
        self._platform = Platform(reached, lambda: self._yard.now_us) if reached else None
        self._hand = self._ground.hand if self._kills or plan.troubles() else None
        self._checker = Checker(self._yard, disk=self._on_disk)
        self._reached = Reached(self._yard)
        self._digest = hashlib.sha256()
        self._findings: list[Finding] = []
        self._lane: Scan | None = None
        self._died = 0
        self._quiet_us = _quiet_us(self._yard, plan)
        self._gone = 0
        self._since_us = 0
        self._away = False
        self._restarted_us = -RESTARTED_US
        self._bodies: dict[int, bytes] = {}
        self._found_seq = 0

    def run(self) -> Ride:
        """Drive, close, and look at what was kept."""
        try:
            self._drive(self._born())
        except Exception as error:  # The explorer is here to find any.
            self._add("error", f"{type(error).__name__}: {error}")
        try:
            if self._lane is not None:
                self._digest.update(self._lane.digest.encode())
                books = self._lane.bookkeeper
                for key, _ in books.close():
                    self._add("unstored", f"passage {key[0]} part {key[1]}: {books.failure}")
        finally:
            self._ground.close()
        return self._judged()

    def _drive(self, lane: Scan) -> None:
        yard, scans = self._yard, 0
        while not self._over(lane):
            if self._kills and yard.now_us >= self._kills[0].at_us:
                lane = self._met_death(lane)
            inputs, outputs = lane.once()
            yard.screen = outputs.passage_id or yard.screen
            self._checker.observe(inputs, outputs)
            if self._watch is not None:
                self._watch(yard, lane, inputs, outputs)
            if scans % LOOK_SCANS == 0:
                self._reached.note(Phase(lane.lane.phase))
                self._came_back(lane)
                if self._platform is not None:
                    self._platform.look(lane.bookkeeper.ledger)
            scans += 1
            if self._leaps:
                scans += self._rest(lane, scans)
                scans += self._leap(lane, scans)
                passed, due = self._go_on(lane, scans)
                scans += passed
                if due:
                    continue
            yard.advance(SCAN_US)
            if yard.troubles:
                hang(yard, LEASE_US)

    def _rest(self, lane: Scan, scans: int) -> int:
        """Pass over all scans of an empty lane in which only its scale has samples to look at.

        Return how many.  The platform takes over what is stored in a scan that is run.
        """
        yard, until_us = self._yard, lane.idle_until_us
        if not until_us:
            return 0
        if self._platform is not None:
            until_us = min(until_us, self._platform.due_us)
        until_us = min(until_us, yard.idle_until_us, self._looks_us())
        if yard.now_us < self._restarted_us + RESTARTED_US:
            until_us = min(until_us, self._restarted_us + RESTARTED_US)
        most = (until_us - 1 - yard.now_us) // SCAN_US
        if most < REST_SCANS_MIN:
            return 0
        passed = lane.rest(*yard.ahead(most * SCAN_US), SCAN_US)
        if passed:
            yard.idle(passed * SCAN_US)
            if -scans % LOOK_SCANS < passed:
                self._reached.note(Phase(lane.lane.phase))
        return passed

    def _leap(self, lane: Scan, scans: int) -> int:
        """Pass over scans of an empty lane in which nothing can happen; return how many.

        Those in which this ride itself has something to look at are not passed over.
        """
        yard = self._yard
        until_us = lane.rests_until_us
        if not until_us:
            return 0
        until_us = min(until_us, yard.calm_until_us, self._looks_us())
        most = min((until_us - 1 - yard.now_us) // SCAN_US, -scans % LOOK_SCANS)
        for _ in range(most):
            yard.advance(SCAN_US)
            lane.again()
        return max(0, most)

    def _go_on(self, lane: Scan, scans: int) -> tuple[int, bool]:
        """Pass over scans of a busy lane that does nothing new while vehicles and booms move.

        Return how many, and whether the next one is due at once, for something is new.
        """
        yard, until_us = self._yard, lane.stays_until_us
        until_us = min(until_us, yard.thinks_us, self._looks_us())
        most = min((until_us - 1 - yard.now_us) // SCAN_US, -scans % LOOK_SCANS)
        if most < GO_ON_SCANS_MIN or not lane.stays(most, SCAN_US):
            return 0, False
        said = yard.says()
        for passed in range(most):
            yard.advance(SCAN_US)
            if yard.says() != said:
                return passed, True
            self._checker.observe(lane.again(), lane.outputs)
        return most, False

    def _looks_us(self) -> int:
        """The first time at which a scan may be a death, or ``_over`` may have something to say."""
        yard = self._yard
        if yard.now_us < self._quiet_us:
            until_us = self._quiet_us - SCAN_US
        elif not yard.done:
            until_us = self._since_us + STUCK_US + 1
        else:
            idle = self._lane is None or self._lane.lane.phase == Phase.IDLE
            until_us = 0 if idle else self._since_us + REST_US + 1
        return min(until_us, self._dies_us()) if self._kills else until_us

    def _dies_us(self) -> int:
        """The first time at which the next death may come, as long as nothing new is stored."""
        kill = self._kills[0]
        waits = kill.at_us <= self._yard.now_us and self._waits(kill)
        return FOR_GOOD_US if waits else kill.at_us

    def _waits(self, kill: Kill) -> bool:
        """Whether a death waits for something that is on its way to the disk."""
        writer = self._ground.writer
        waits = kill.within in ("store", "record")
        return waits and not (writer is not None and writer.awaits(kill.within))

    def _over(self, lane: Scan) -> bool:
        """Whether the day has come to its end, the good one or one that is a finding."""
        yard = self._yard
        gone = sum(not driver.vehicle.present for driver in yard.drivers)
        gone += len(yard.truth.crossings)
        nobody_yet = yard.empty and not yard.done
        if yard.now_us < self._quiet_us or gone != self._gone or nobody_yet:
            self._gone, self._since_us = gone, yard.now_us
            return False
        waited_us = yard.now_us - self._since_us
        # A lane without its boom waits for a repair that no plan states.
        torn_off = any(boom.broken for boom in yard.booms)
        if yard.done:
            if lane.lane.phase == Phase.IDLE and waited_us > SCAN_US:
                return True
            return waited_us > REST_US and (torn_off or self._failed("rest", lane))
        return waited_us > STUCK_US and (torn_off or self._failed("stuck", lane))

    def _failed(self, check: str, lane: Scan) -> bool:
        minds = [
            f"vehicle {driver.vehicle.number} {driver.mind.value} at {driver.vehicle.s_m:.1f} m"
            for driver in self._yard.drivers
            if driver.vehicle.present
        ]
        phase = f"{Phase(lane.lane.phase).name} ({lane.lane.outcome})"
        self._add(check, "; ".join([phase, *minds]))
        return True

    def _came_back(self, lane: Scan) -> None:
        """Look whether a ledger that was away takes records again, with nobody's help."""
        well_us = self._ground.health.well_us()
        if well_us is None or well_us <= AWAY_US or self._away:
            return
        books, writer = lane.bookkeeper, self._ground.writer
        if not books.fact.ready or (writer is not None and writer.stalled):
            self._away = True
            self._add("away", f"{books.failure}")

    def _born(self, doomed: Kill | None = None) -> Scan:
        """Start the lane; while the disk has trouble it is started until it can be."""
        if doomed is not None:
            self._stillborn(doomed)
        folder, ground = self._ground.begin(), self._ground
        while True:
            try:
                self._lane = self._assembled(folder, self._board())
            except LedgerError as error:
                if error.code not in _OF_THE_DISK or not ground.health.refuses:
                    raise
                self._yard.advance(START_AGAIN_US)
                self._yard.converter.take()
            else:
                stored = self._lane.bookkeeper.ledger.hashes()
                self._found_seq = max((seq for _, _, seq in stored), default=0)
                return self._lane

    def _board(self) -> Board:
        bus = Bus()
        bus.share("yard", lambda: self._yard)
        return build(read_profile("sim"), bus)

    def _assembled(self, folder: Path, board: Board) -> Scan:
        reader = StochasticReader(self._yard)
        files = self._ground.files
        return assemble(board, folder, reader, key=KEY, files=files, hand=self._hand)

    def _stillborn(self, kill: Kill) -> None:
        """Let a start die before its end; the next one finds what that left."""
        ground, begun = self._ground, list[Scan]()
        folder, board = ground.begin(), self._board()
        try:
            die_within(
                lambda: begun.append(self._assembled(folder, board)),
                kill.calls,
                lambda: ground.strike(kill.cut),
            )
        except LedgerError:
            # Refused before it could die; so it would be to the next one.
            ground.strike(kill.cut)
        self._died += 1
        with ground.aside():
            for lane in begun:
                lane.bookkeeper.close()
        ground.bury()
        self._undriven(kill.cut)
        self._yard.advance(START_AGAIN_US)
        self._yard.converter.take()

    def _undriven(self, cut: bool) -> None:
        """The outputs of a lane whose lease has run out; without power the sign is dark, too."""
        yard = self._yard
        for boom in yard.booms:
            boom.level = Drive.HOLD
        yard.approach_green[:] = yard.deck_green[:] = [False, False]
        if cut:
            yard.sign = _DARK

    def _met_death(self, lane: Scan) -> Scan:
        """Let the lane die as the plan says, and return the next life; some deaths still wait."""
        kill, ground = self._kills[0], self._ground
        if self._waits(kill):
            return lane
        del self._kills[0]
        in_start = kill.within == "start"
        if kill.within and not in_start:
            die_within(lane.once, kill.calls, lambda: ground.strike(kill.cut))
        else:
            ground.strike(kill.cut and not in_start)
        lane = self._killed(lane, kill, in_start)
        for check, seen in self._harm(lane, kill.cut):
            self._add(check, seen)
        # One that has waited for a store may come after all other trouble.
        self._quiet_us = max(self._quiet_us, self._yard.now_us)
        return lane

    def _killed(self, lane: Scan, kill: Kill, in_start: bool) -> Scan:
        """Let the yard go on without the lane, and start it anew in what it left."""
        yard, ground = self._yard, self._ground
        self._died += 1
        self._checker.died(ground.health.refused_since_us())
        self._digest.update(lane.digest.encode())
        self._lane = None
        with ground.aside():
            lane.bookkeeper.close()
        ground.bury()
        cut = kill.cut and not in_start
        lease_us = 0 if cut else min(kill.dead_us, LEASE_US)
        yard.advance(lease_us)
        if kill.dead_us > lease_us:
            self._undriven(cut)
            yard.advance(kill.dead_us - lease_us)
        # What the converter had sampled meanwhile went nowhere.
        yard.converter.take()
        lane = self._born(kill if in_start else None)
        self._checker.restarted()
        self._reached.restarted()
        self._restarted_us = yard.now_us
        return lane

    def _harm(self, lane: Scan, cut: bool) -> Iterator[tuple[str, str]]:
        """What a death has taken of what the lane was told, or has damaged."""
        ledger = lane.bookkeeper.ledger
        yield from (("lost", seen) for seen in self._ground.told.lost(ledger))
        if cut:
            yield from (("lost", seen) for seen in lost_media(ledger, self._ground.folder))
            yield from (("verify", f"{f.code}: {f.message}") for f in ledger.verify())

    def _kept(self) -> tuple[list[Record], Hashes]:
        """Verify the folder, replay its records, and return them with their hashes."""
        folder = self._ground.folder
        write_public(folder / "lane.pub", KEY.public)
        for found in verify_folder(folder, anchor=KEY.public).findings:
            self._add("verify", f"{found.code}, seq {found.seq}: {found.message}")
        for one in checked(folder):
            removed = one.result is Result.NOT_REPLAYABLE and "removed by retention" in one.why
            if not (removed or one.result in (Result.IDENTICAL, Result.OWN)):
                self._add("replay", f"seq {one.seq} {one.kind}: {one.result.value} {one.why}")
        with Ledger.open(folder / LEDGER_FILE, read_only=True) as ledger:
            records, hashes = list(ledger.records()), ledger.hashes()
            self._bodies = {row.seq: row.body for row in ledger.stored()}
        for seen in damage(folder, records):
            self._add("damage", seen)
        platform = self._platform or Platform((), lambda: 0)
        for seen in platform.robbed(records):
            self._add("robbed", seen)
        return records, hashes

    def _on_disk(self, passage_id: int) -> list[Record]:
        """The records of a passage as another process would find them now."""
        path = self._ground.folder / LEDGER_FILE
        try:
            with self._ground.aside(), Ledger.open(path, read_only=True) as ledger:
                found = takewhile(bool, (ledger.find(passage_id, part) for part in count(1)))
                return [record for record in found if record is not None and self._told_of(record)]
        except LedgerError as error:
            self._add("verify", f"while the lane runs: {error}")
            return []

    def _told_of(self, record: Record) -> bool:
        """Whether the lane may know that this record is on the disk: by word, or as it began."""
        if self._hand is None or record.seq <= self._found_seq:
            return True
        return self._ground.told.knows(record.seq)

    def _judged(self) -> Ride:
        try:
            records, hashes = self._kept()
        except LedgerError as error:
            records, hashes = [], {}
            self._add("verify", str(error))
        if self._keep is not None:
            self._keep(records)
        findings = sorted(
            (*self._findings, *self._checker.finish(records, hashes, self._bodies, KEY.public.x)),
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
        # Where the folder lies is chance.
        seen = seen.replace(f"{self._ground.folder}/", "")
        self._findings.append(Finding(check=check, at_us=self._yard.now_us, seen=seen))


def _quiet_us(yard: Yard, plan: Plan) -> int:
    """The end of all trouble that the plan states."""
    options = yard.options
    ends = [fault.until_us for fault in options.faults if fault.until_us is not None]
    ends += [kill.at_us + kill.dead_us for kill in plan.kills()]
    ends += [trouble.until_us for trouble in plan.troubles()]
    ends += [walker.until_us for walker in options.walkers]
    ends += [asked.at_us for asked in options.requests]
    hands = (hand.off for hand in options.hands if hand.off is not None)
    ends += [off.wait_us for off in hands if off.vehicle is None]
    ends += [load.ends_us for load in options.loads if load.ends_us < FOR_GOOD_US]
    return max(ends, default=0)
