"""The real controller in real time around real devices, with the yard's physics behind them.

One loop: the yard keeps pace with the host's clock, the seam carries levels and counts, the lane
scans every 20 ms, the checker watches every image.  Troubles come one after another, each in
another passage.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from board.build import Board, build
from controller.assembly import LEDGER_FILE, assemble
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.recognition.looks import Eyes, Reader
from controller.scan import Scan
from hal.bus import Bus
from protocol.ledger import Ledger
from protocol.parts import Kind
from sim.checker import Checker
from sim.finding import Finding
from sim.hil.seam import Seam
from sim.scenario import read_scenario
from sim.world import Yard

SCAN_S = 0.02
EXCHANGE_S = 0.004
CALM_S = 20.0
PATIENCE_S_MAX = 180.0
HURT_S = (1.0, 4.0)
CORRUPT_S = 20.0
APART_US = 3_000_000


class Hurt(Struct, frozen=True, kw_only=True):
    """A trouble: what, in which passage, and from when to when on the lane's clock."""

    name: str
    passage_id: int
    from_us: int
    until_us: int


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a run; ``late_us`` are the starts of scans after their time, sorted."""

    vehicles: int
    crossed: int
    passages: int
    lane_us: int
    finished: bool
    hurts: tuple[Hurt, ...]
    findings: tuple[Finding, ...]
    stored: int
    late_us: tuple[int, ...]
    troubles: tuple[str, ...]


class Loop:
    """One lane in the loop, from its first scan to the last vehicle's departure."""

    def __init__(
        self,
        seam: Seam,
        yard: Yard,
        out: Path,
        reader: Reader | Eyes,
        *,
        sheet: dict[str, object],
        hurts: Sequence[str] = (),
        watch: Callable[[str], object] = str,
    ) -> None:
        self.yard = yard
        self._seam = seam
        self._watch = watch
        self._out = out
        bus = Bus()
        seam.join(yard, bus)
        self.board: Board = build(seam.profile(sheet), bus)
        self.lane: Scan = assemble(self.board, out, reader, threaded=True)
        self.checker = Checker(yard)
        self._waiting = list(hurts)
        self._rng = Random(f"{yard.seed}/hurts")
        self._hurts: list[Hurt] = []
        self._due: Hurt | None = None
        self._hurting: Hurt | None = None
        self._late_us: list[int] = []
        self._troubles: dict[str, None] = {}
        self._standing: set[str] = set()
        self._phase: Phase | None = None

    def run(self, seconds_max: float, enough: Callable[[], bool] | None = None) -> Outcome:
        """Run until every vehicle has gone and the lane has come to rest, or for so long.

        ``enough`` ends it before, as soon as it is true; so does Ctrl-C, which loses nothing of
        what was seen until then.
        """
        end_s = time.monotonic() + seconds_max
        scan_s, calm_s = time.monotonic(), None
        finished = False
        try:
            while time.monotonic() < end_s and not finished:
                self._keep_pace()
                now_s = time.monotonic()
                if enough is not None and enough():
                    break
                if now_s >= scan_s:
                    self._late_us.append(round((now_s - scan_s) * 1e6))
                    self._scan()
                    scan_s = max(scan_s + SCAN_S, time.monotonic())
                if self.yard.done and self._hurting is None:
                    calm_s = calm_s or now_s
                    finished = now_s - calm_s >= CALM_S
                time.sleep(max(0.0, min(EXCHANGE_S, scan_s - time.monotonic())))
        except KeyboardInterrupt:
            self._watch("interrupted: the run ends here")
        finally:
            self._close()
        return self._outcome(finished)

    def _keep_pace(self) -> None:
        behind_us = self.board.clock.now_us() - self.yard.now_us
        if behind_us > 0:
            self.yard.advance(behind_us)
        self._seam.exchange()

    def _scan(self) -> None:
        inputs, outputs = self.lane.once()
        self.checker.observe(inputs, outputs)
        self._tell_troubles(inputs)
        self._mind_hurts(inputs, outputs)
        if self.lane.lane.phase is not self._phase:
            self._phase = self.lane.lane.phase
            self._watch(
                f"{inputs.now_us / 1e6:8.2f} s  {self._phase.name:<12} {self.lane.lane.outcome}"
            )

    def _tell_troubles(self, inputs: InputImage) -> None:
        """What drivers say of their devices, each word once as it comes up."""
        told = {f"{fault.name} {Path(fault.device).name}": fault for fault in self.lane.troubles}
        for name, fault in told.items():
            self._troubles.setdefault(name)
            if name not in self._standing:
                self._watch(f"{inputs.now_us / 1e6:8.2f} s  {name}: {fault.seen}")
        self._standing = set(told)

    def _mind_hurts(self, inputs: InputImage, outputs: OutputImage) -> None:
        """One trouble a passage, somewhere in it; healed before the next one begins."""
        now_us, last = inputs.now_us, self._hurts[-1] if self._hurts else None
        if self._hurting is not None:
            if now_us >= self._hurting.until_us:
                self._seam.heal(self._hurting.name)
                self._watch(f"{now_us / 1e6:8.2f} s  healed: {self._hurting.name}")
                self._hurting = None
        elif self._due is not None:
            if now_us >= self._due.from_us:
                self._hurting, self._due = self._due, None
                self._hurts.append(self._hurting)
                self._watch(f"{now_us / 1e6:8.2f} s  HURT: {self._hurting.name}")
                self._seam.hurt(self._hurting.name)
        elif (
            self._waiting
            and outputs.passage_id
            and (last is None or last.passage_id != outputs.passage_id)
        ):
            self._due = self._dealt(self._waiting.pop(0), outputs.passage_id, now_us)

    def _dealt(self, name: str, passage_id: int, now_us: int) -> Hurt:
        from_us = now_us + round(self._rng.uniform(0.0, 18.0) * 1e6)
        lasts_s = CORRUPT_S if name.startswith("corrupt") else self._rng.uniform(*HURT_S)
        until_us = from_us + round(lasts_s * 1e6)
        return Hurt(name=name, passage_id=passage_id, from_us=from_us, until_us=until_us)

    def _close(self) -> None:
        try:
            self.lane.make_safe()
        finally:
            self.lane.reading.close()
            self.lane.bookkeeper.close()
            self.board.bus.close()
            self._seam.close()

    def _outcome(self, finished: bool) -> Outcome:
        with Ledger.open(self._out / LEDGER_FILE, read_only=True) as ledger:
            records, hashes = list(ledger.records()), ledger.hashes()
        return Outcome(
            vehicles=len(self.yard.drivers),
            crossed=len(self.yard.truth.crossings),
            passages=sum(r.kind is Kind.PASSAGE for r in records),
            lane_us=self.yard.now_us,
            finished=finished,
            hurts=tuple(self._hurts),
            findings=self.checker.finish(records, hashes),
            stored=len(records),
            late_us=tuple(sorted(self._late_us)),
            troubles=tuple(self._troubles),
        )


def yard_of_trucks(seed: int, trucks: int) -> Yard:
    """The morning's mix of vehicles, one close behind the other: nobody waits for the clock."""
    visits, options = read_scenario("morning", seed, trucks)
    close = [replace(v, arrives_us=APART_US * (1 + i)) for i, v in enumerate(visits)]
    return Yard(seed, close, options)
