"""One plan, driven from its first truck to a lane at rest, and judged.

The lane's process may die, between two scans or within one, the disk may have trouble, and the next
life goes on in what the last one left (``lives.py``).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.scan import Scan
from protocol.record import Record
from sim.checker import Checker
from sim.explore.coverage import Reached
from sim.explore.disk_ground import ground_of
from sim.explore.disk_platform import Platform
from sim.explore.kept import NOTHING, Left, kept
from sim.explore.leaps import LOOK_SCANS, Leaps
from sim.explore.lives import KEY, LEASE_US, Lives
from sim.explore.outcome import Ride, line_of
from sim.explore.plan import Plan
from sim.finding import Finding
from sim.hang import hang
from sim.loads import FOR_GOOD_US
from sim.run import SCAN_US
from sim.world import Yard

STUCK_US = 600_000_000
"""How long, after the last trouble, the next vehicle may take to come away."""
REST_US = 180_000_000
"""How long, after the last vehicle and the last trouble, the lane may take to be IDLE."""
AWAY_US = 30_000_000
"""How long, after the disk's trouble, the ledger may take to take records again."""
_SHM = Path("/dev/shm")


Watcher = Callable[[Yard, Scan, InputImage, OutputImage], None]
Keeper = Callable[[list[Record]], None]


def ride(
    plan: Plan,
    watch: Watcher | None = None,
    keep: Keeper | None = None,
    *,
    leaps: bool | None = None,
) -> Ride:
    """Run a plan in a folder of its own, which is removed.  Raises ScenarioError.

    Whatever else is raised on the way, by the lane or by its judge, is a finding.
    ``watch`` sees the yard and the lane after every scan, and must leave them as they are;
    ``keep`` is given the records that stand at the end.  Without ``leaps``, and with a watcher
    unless it asks for them, every scan is run whole; the outcome is the same.
    """
    leaps = watch is None if leaps is None else leaps
    with _folder() as folder:
        return _Ride(plan, folder, watch, keep, leaps=leaps).run()


@contextmanager
def _folder() -> Iterator[Path]:
    # Syncs are no question here, and memory has the fastest.
    base = _SHM if os.access(_SHM, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=_prefix(os.getpid()), dir=base) as name:
        yield Path(name)


def _prefix(number: int) -> str:
    return f"steelyard-explore-{number}-"


def sweep(number: int) -> None:
    """Remove the folders of a process that could not: it died while it rode."""
    for base in (_SHM, Path(tempfile.gettempdir())):
        for folder in base.glob(f"{_prefix(number)}*"):
            shutil.rmtree(folder, ignore_errors=True)


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
        self._yard = yard = plan.yard()
        self._ground = ground_of(plan, folder, yard)
        self._checker = Checker(yard, disk=self._on_disk)
        self._lives = Lives(plan, yard, self._ground, self._checker, self._add)
        reached = plan.reached()
        self._platform = Platform(reached, lambda: yard.now_us) if reached else None
        self._reached = Reached(yard)
        parts = yard, self._lives, self._checker, self._reached, self._platform
        self._leaps = Leaps(*parts, self._looks_us) if leaps else None
        self._findings: list[Finding] = []
        self._quiet_us = _quiet_us(yard, plan)
        self._gone = 0
        self._since_us = 0
        self._away = False

    def run(self) -> Ride:
        """Drive, close, and look at what was kept."""
        with self._errs():
            self._drive(self._lives.begin())
        with self._errs():
            self._lives.close()
        left = NOTHING
        with self._errs():
            left = self._kept()
        if self._keep is not None:
            self._keep(left.records)
        told: tuple[Finding, ...] = ()
        with self._errs():
            told = self._checker.finish(left.records, left.hashes, left.bodies, KEY.public.x)
        return self._ridden(left, told)

    @contextmanager
    def _errs(self) -> Iterator[None]:
        """Whatever is raised is a finding, and ends just this: the explorer is here to find any."""
        try:
            yield
        except Exception as error:
            self._add("error", f"{type(error).__name__}: {error}")

    def _drive(self, lane: Scan) -> None:
        yard, scans = self._yard, 0
        while not self._over(lane):
            if self._lives.due():
                lane = self._after(lane)
            inputs, outputs = lane.once()
            yard.screen = outputs.passage_id or yard.screen
            self._checker.observe(inputs, outputs)
            if self._watch is not None:
                self._watch(yard, lane, inputs, outputs)
            if scans % LOOK_SCANS == 0:
                self._look(lane)
            scans += 1
            if self._leaps is not None:
                scans, due = self._leaps.take(lane, scans)
                if due:
                    continue
            yard.advance(SCAN_US)
            if yard.troubles:
                hang(yard, LEASE_US)

    def _look(self, lane: Scan) -> None:
        self._reached.note(Phase(lane.lane.phase))
        self._came_back(lane)
        if self._platform is not None:
            self._platform.look(lane.bookkeeper.ledger)

    def _after(self, lane: Scan) -> Scan:
        """The lane that goes on: this one, or its next life."""
        after = self._lives.after(lane)
        if after is not lane:
            self._reached.restarted()
            # A death that has waited for a store may come after all other trouble.
            self._quiet_us = max(self._quiet_us, self._yard.now_us)
        return after

    def _looks_us(self, lane: Scan) -> int:
        """The first time at which a scan may be a death, or ``_over`` may have something to say."""
        yard = self._yard
        if yard.now_us < self._quiet_us:
            until_us = self._quiet_us - SCAN_US
        elif not yard.done:
            until_us = self._since_us + STUCK_US + 1
        else:
            idle = lane.lane.phase == Phase.IDLE
            until_us = 0 if idle else self._since_us + REST_US + 1
        return min(until_us, self._lives.dies_us())

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

    def _kept(self) -> Left:
        left = kept(self._ground.folder, self._add)
        for seen in (self._platform or Platform((), lambda: 0)).robbed(left.records):
            self._add("robbed", seen)
        return left

    def _ridden(self, left: Left, told: tuple[Finding, ...]) -> Ride:
        findings = sorted(
            (*self._findings, *told), key=lambda found: (found.at_us, found.check, found.seen)
        )
        digest = hashlib.sha256("".join(self._lives.put_out).encode())
        for record_hash in left.hashes.values():
            digest.update(record_hash)
        for found in findings:
            digest.update(line_of(found))
        return Ride(
            plan=self._plan,
            findings=tuple(findings),
            digest=digest.hexdigest(),
            lane_us=self._yard.now_us,
            trucks=len(self._yard.drivers),
            faults=len(self._yard.options.faults),
            kills=self._lives.died,
            records=len(left.records),
            cells=frozenset(self._reached.cells),
        )

    def _on_disk(self, passage_id: int) -> list[Record]:
        return self._lives.on_disk(passage_id)

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
