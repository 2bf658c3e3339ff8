"""The lives of the lane in one ride: each is born in what the last one left, and may die.

It dies between two scans, within one, or within a start, as the plan says; where the lives lie, and
what a death leaves of a folder, is ``disk_ground.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, takewhile
from pathlib import Path

from board.build import Board, build
from board.profile import read_profile
from controller.assembly import LEDGER_FILE, assemble
from controller.scan import Scan
from hal.bus import Bus
from hal.ports import Drive, SignPage
from protocol.errors import Code, LedgerError
from protocol.keys import PrivateKey
from protocol.ledger import Ledger
from protocol.record import Record
from sim.checker import Checker
from sim.explore.coverage import RESTARTED_US
from sim.explore.disk_death import die_within
from sim.explore.disk_ground import Ground
from sim.explore.disk_writer import lost_media
from sim.explore.plan import Kill, Plan
from sim.loads import FOR_GOOD_US
from sim.reader import StochasticReader
from sim.world import Yard

KEY = PrivateKey(bytes(range(32)))
"""Seals every run, so that one seed gives the same bytes everywhere."""
LEASE_US = 1_000_000
"""How long the coprocessor holds the last levels of a host that has gone silent."""
START_AGAIN_US = 5_000_000
"""How long a lane whose ledger cannot be opened is left alone before it is started again."""
_OF_THE_DISK = (Code.DISK_FULL, Code.READ_ONLY, Code.IO)
_DARK = SignPage(lines=(), colour="red")

Say = Callable[[str, str], None]
"""Takes what was found: the check, and what was seen."""


class Lives:
    """Begins the lane, lets it die as the plan says, and begins it again.

    ``lane`` is the present life, None between two; ``died`` counts the deaths, ``put_out`` has the
    digests of what the dead have put out.
    """

    def __init__(self, plan: Plan, yard: Yard, ground: Ground, checker: Checker, say: Say) -> None:
        self.lane: Scan | None = None
        self.died = 0
        self.put_out: list[str] = []
        self.restarted_us = -RESTARTED_US
        self._yard = yard
        self._ground = ground
        self._checker = checker
        self._say = say
        self._kills = list(plan.kills())
        # Where nothing happens to process and disk, the lane's own writer does.
        self._hand = ground.hand if self._kills or plan.troubles() else None
        self._found_seq = 0

    def due(self) -> bool:
        """Whether a death is to come now, or to wait for its moment."""
        return bool(self._kills) and self._yard.now_us >= self._kills[0].at_us

    def dies_us(self) -> int:
        """The first time at which the next death may come, as long as nothing new is stored."""
        if not self._kills:
            return FOR_GOOD_US
        kill = self._kills[0]
        waits = kill.at_us <= self._yard.now_us and self._waits(kill)
        return FOR_GOOD_US if waits else kill.at_us

    def begin(self) -> Scan:
        """Start the lane for the first time.  Raises LedgerError."""
        return self._born()

    def after(self, lane: Scan) -> Scan:
        """Let the lane die that is due to, and return its next life; some deaths still wait.

        Raises:
            LedgerError: the ledger cannot be opened again, and not for any trouble of its disk.
        """
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
            self._say(check, seen)
        return lane

    def on_disk(self, passage_id: int) -> list[Record]:
        """The records of a passage as another process would find them now."""
        path = self._ground.folder / LEDGER_FILE
        try:
            with self._ground.aside(), Ledger.open(path, read_only=True) as ledger:
                found = takewhile(bool, (ledger.find(passage_id, part) for part in count(1)))
                return [record for record in found if record is not None and self._told_of(record)]
        except LedgerError as error:
            self._say("verify", f"while the lane runs: {error}")
            return []

    def close(self) -> None:
        """End the last life, if there is one; what it could not store is said."""
        try:
            if self.lane is not None:
                self.put_out.append(self.lane.digest)
                books = self.lane.bookkeeper
                for key, _ in books.close():
                    self._say("unstored", f"passage {key[0]} part {key[1]}: {books.failure}")
        finally:
            self._ground.close()

    def _waits(self, kill: Kill) -> bool:
        """Whether a death waits for something that is on its way to the disk."""
        writer = self._ground.writer
        waits = kill.within in ("store", "record")
        return waits and not (writer is not None and writer.awaits(kill.within))

    def _born(self, doomed: Kill | None = None) -> Scan:
        """Start the lane; while the disk has trouble it is started until it can be."""
        if doomed is not None:
            self._stillborn(doomed)
        folder, ground = self._ground.begin(), self._ground
        while True:
            try:
                self.lane = self._assembled(folder, self._board())
            except LedgerError as error:
                if error.code not in _OF_THE_DISK or not ground.health.refuses:
                    raise
                self._yard.advance(START_AGAIN_US)
                self._yard.converter.take()
            else:
                stored = self.lane.bookkeeper.ledger.hashes()
                self._found_seq = max((seq for _, _, seq in stored), default=0)
                return self.lane

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
        self.died += 1
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

    def _killed(self, lane: Scan, kill: Kill, in_start: bool) -> Scan:
        """Let the yard go on without the lane, and start it anew in what it left."""
        yard, ground = self._yard, self._ground
        self.died += 1
        self._checker.died(ground.health.refused_since_us)
        self.put_out.append(lane.digest)
        self.lane = None
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
        self.restarted_us = yard.now_us
        return lane

    def _harm(self, lane: Scan, cut: bool) -> Iterator[tuple[str, str]]:
        """What a death has taken of what the lane was told, or has damaged."""
        ledger = lane.bookkeeper.ledger
        yield from (("lost", seen) for seen in self._ground.told.lost(ledger))
        if cut:
            yield from (("lost", seen) for seen in lost_media(ledger, self._ground.folder))
            yield from (("verify", f"{f.code}: {f.message}") for f in ledger.verify())

    def _told_of(self, record: Record) -> bool:
        """Whether the lane may know that this record is on the disk: by word, or as it began."""
        if self._hand is None or record.seq <= self._found_seq:
            return True
        return self._ground.told.knows(record.seq)
