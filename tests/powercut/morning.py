"""A scripted morning at the ledger of one lane, and what it promised to whom and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

from ledger_rig import LANE, SITE, passage
from msgspec import Struct
from msgspec.structs import replace

from board.profile import read_profile
from controller.lanekey import KEY_FILE, finish_rotation, lane_key, next_key
from protocol import custody, retention
from protocol.errors import Failure
from protocol.keys import KeyFileError
from protocol.ledger import Ledger
from protocol.media import FOLDER, Blob, MediaStore
from protocol.ondeck import OnDeck
from protocol.parts import (
    Amendable,
    Amendment,
    End,
    Image,
    Kind,
    Motion,
    Move,
    Permit,
    Person,
    Times,
)
from protocol.record import Record
from protocol.retention import Policy, Rule, Upkeep
from protocol.rows import Receipt
from protocol.writer import SyncWriter
from sim.disk.recorder import Recorder

T = TypeVar("T")

LEDGER = "ledger.sqlite"
PROFILE = read_profile("sim")
PRAGMAS = ("wal_autocheckpoint = 24",)
"""A checkpoint every few records, not every thousand pages: a morning must see several."""

BALLAST_BYTES = 1024
"""The room kept for a full disk, small: a morning need not tear a megabyte at every sector."""

NEVER_PPM = 2_000_000
POLICY = Policy(
    rules=(Rule(kind="plate", keep_ms=60_000),),
    filling_ppm=NEVER_PPM,
    critical_ppm=NEVER_PPM,
    room_bytes=0,
)
TRIES = 4
"""How often a step is tried; more than once only where a test makes the disk fail."""

LI = Person(who="Li", why="axle count seen by eye")
MONDAY, TUESDAY = 20_251_124, 20_251_125


class Promise(Struct, frozen=True):
    """One record that somebody was told to be durable, with the media that it names.

    ``acknowledged`` instead: the records up to there are known to have arrived at the platform.
    ``on_deck`` instead: the vehicle of this passage, or of a later one, is known to be on the deck.
    """

    seq: int = 0
    hash: bytes = b""
    media: tuple[Blob, ...] = ()
    acknowledged: int = 0
    on_deck: int = 0


class Station:
    """A lane's key, ledger, media and writer on a folder, as the controller puts them together."""

    def __init__(self, folder: Path, recorder: Recorder | None, promises: list[Promise]) -> None:
        self.folder = folder
        self.recorder = recorder
        self.promises = promises
        self.failures: list[Failure] = []
        self.errors: list[Exception] = []
        self.ledger = Ledger.open(
            folder / LEDGER, SITE, LANE, key=lane_key(PROFILE, folder / LEDGER)
        )
        for pragma in PRAGMAS:
            self.ledger._db.execute(f"PRAGMA {pragma}")
        self.media = MediaStore(folder / FOLDER)
        upkeep = Upkeep(self.ledger, self.media, POLICY)
        self.writer: SyncWriter[int] = SyncWriter(self.ledger, media=self.media, upkeep=upkeep)

    def keep(self, record: Record, blobs: Sequence[Blob] = ()) -> None:
        """Store one record by the writer and promise it."""
        receipt = self._written(naming(record, blobs), blobs)
        assert isinstance(receipt, Receipt)
        self._promise(Promise(receipt.seq, receipt.hash, tuple(blobs)))

    def come(self, passage_id: int) -> None:
        """A vehicle has come on the deck."""
        self._written(OnDeck(passage_id, End.YARD))
        self._promise(Promise(on_deck=passage_id))

    def _written(self, record: Record | OnDeck, blobs: Sequence[Blob] = ()) -> Receipt | OnDeck:
        """What the writer answers; it is asked again after a failure."""
        self.writer.submit(0, record, blobs)
        for _ in range(TRIES):
            for _, result in self.writer.poll():
                if not isinstance(result, Failure):
                    return result
                self.failures.append(result)
            self.writer.retry()
        raise AssertionError(f"not stored in {TRIES} tries: {self.failures[-1]}")

    def acknowledge(self, up_to: int) -> None:
        """The platform has the records up to this one."""
        self._patiently(lambda: self.ledger.acknowledge(range(1, up_to + 1), 0))
        self._promise(Promise(acknowledged=up_to))

    def tend(self, now: Times) -> None:
        """Look after the disk, as the controller does between records."""
        with patch.object(retention, "BALLAST_BYTES", BALLAST_BYTES):
            for _ in range(TRIES):
                self.writer.tend(now)
                assert self.writer.poll() == []
                failure = self.writer.disk.failure
                if failure is None:
                    return
                self.failures.append(failure)
        raise AssertionError(f"not tended in {TRIES} tries: {self.failures[-1]}")

    def rotate(self) -> None:
        """Hand over to a new key: on disk first, then in the ledger, then in its place."""
        path = self.folder / KEY_FILE
        new = self._patiently(lambda: next_key(path))
        receipt = self._patiently(lambda: self.ledger.rotate(new, LI))
        self._promise(Promise(receipt.seq, receipt.hash))
        self._patiently(lambda: finish_rotation(path, self.folder / LEDGER, new.public))

    def close(self) -> None:
        """Close as the controller does."""
        self.writer.close()

    def _promise(self, promise: Promise) -> None:
        self.promises.append(promise)
        if self.recorder is not None:
            self.recorder.told(len(self.promises))

    def _patiently(self, step: Callable[[], T]) -> T:
        for _ in range(TRIES - 1):
            try:
                return step()
            except (OSError, KeyFileError) as error:
                self.errors.append(error)
        return step()


Step = Callable[[Station], None]


def run(folder: Path, recorder: Recorder | None = None) -> list[Promise]:
    """The whole morning: two days, two openings, every kind of record, several checkpoints."""
    promises: list[Promise] = []
    for part in PARTS:
        station = Station(folder, recorder, promises)
        part(station)
        station.close()
    return promises


def second_life(folder: Path, recorder: Recorder, promises: list[Promise]) -> list[Promise]:
    """What a controller does that is started again after a kill: it goes on."""
    station = Station(folder, recorder, promises)
    for number in (501, 502):
        station.keep(passage(number), blobs_of(number))
    station.close()
    return promises


def blobs_of(number: int) -> tuple[Blob, ...]:
    """A journal and a cut-out that no other record has, and the rules that all have."""
    return (
        Blob(kind="journal", data=f"journal {number} ".encode() * 150),
        Blob(kind="plate", data=f"cut-out {number} ".encode() * 60),
        Blob(kind="rules", data=b"limits = true\n" * 20),
    )


def naming(record: Record, blobs: Sequence[Blob]) -> Record:
    """The record with its media named as the controller names them."""
    images = tuple(Image(name="front", sha256=b.sha256) for b in blobs if b.kind == "plate")
    media = tuple(
        custody.Media(kind=b.kind, sha256=b.sha256, bytes=len(b.data))
        for b in blobs
        if b.kind != "plate"
    )
    return replace(record, images=images, media=media)


def dated(record: Record, date: int) -> Record:
    """The record on that local day."""
    return replace(record, times=replace(record.times, date=date))


def later(passage_id: int, kind: Kind, part: int = 1, **more: object) -> Record:
    """A record that is no weighing: it keeps the time and place, not the mass and the decision."""
    plain = passage(passage_id, part=part, kind=kind)
    bare = replace(plain, weighing=None, verdicts=None, decision=None, permit=Permit.NONE)
    return replace(bare, **more)


def _monday(station: Station) -> None:
    station.keep(dated(passage(1, tare=True, curve=True), MONDAY), blobs_of(1))
    station.keep(dated(passage(2, over=True), MONDAY), blobs_of(2))
    changed = Amendment(field=Amendable.PLATE, now="晋B22222")
    station.keep(later(2, Kind.AMENDMENT, 2, refers_to=2, person=LI, amendment=changed))
    station.rotate()
    station.keep(passage(3, kind=Kind.RELEASE, person=LI), blobs_of(3)[1:])
    station.keep(later(4, Kind.VOID, void="the truck backed out"))
    station.acknowledge(3)
    station.keep(dated(passage(5, plate="晋C33333"), MONDAY), blobs_of(5))


def _tuesday(station: Station) -> None:
    moved = Move(end=End.ROAD, motion=Motion.RAISE)
    station.keep(dated(later(6, Kind.MANUAL_MOVE, person=LI, move=moved), TUESDAY))
    station.tend(passage(10).times)
    for number in range(7, 11):
        station.come(number)
        station.keep(dated(passage(number, curve=number == 8), TUESDAY), blobs_of(number))
    station.keep(passage(12))


PARTS: tuple[Step, ...] = (_monday, _tuesday)
