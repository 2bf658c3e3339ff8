"""A scripted morning at the ledger of one lane, and what it promised to whom and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ledger_rig import LANE, SITE, passage
from msgspec import Struct
from msgspec.structs import replace
from recorder import Recorder

from protocol import custody
from protocol.errors import Failure
from protocol.ledger import Ledger
from protocol.media import FOLDER, Blob, MediaStore
from protocol.parts import Amendable, Amendment, End, Image, Kind, Motion, Move, Permit, Person
from protocol.record import Record
from protocol.writer import SyncWriter

LEDGER = "ledger.sqlite"
PRAGMAS = ("wal_autocheckpoint = 24",)
"""A checkpoint every few records, not every thousand pages: a morning must see several."""

LI = Person(who="Li", why="axle count seen by eye")


class Promise(Struct, frozen=True):
    """One record that somebody was told to be durable, with the media that it names."""

    seq: int
    hash: bytes
    media: tuple[Blob, ...] = ()


class Station:
    """A lane's ledger, media and writer on a folder, as the controller puts them together."""

    def __init__(self, folder: Path, recorder: Recorder | None, promises: list[Promise]) -> None:
        self.folder = folder
        self.recorder = recorder
        self.promises = promises
        self.media = MediaStore(folder / FOLDER)
        self.ledger = Ledger.open(folder / LEDGER, SITE, LANE)
        for pragma in PRAGMAS:
            self.ledger._db.execute(f"PRAGMA {pragma}")
        self.writer: SyncWriter[int] = SyncWriter(self.ledger, media=self.media)

    def keep(self, record: Record, blobs: Sequence[Blob] = ()) -> None:
        """Store one record by the writer and promise it; a failure is not expected here."""
        self.writer.submit(0, naming(record, blobs), blobs)
        for _, result in self.writer.poll():
            assert not isinstance(result, Failure), str(result)
            self.promises.append(Promise(result.seq, result.hash, tuple(blobs)))
            if self.recorder is not None:
                self.recorder.told(len(self.promises))

    def close(self) -> None:
        """Close as the controller does."""
        self.writer.close()


Step = Callable[[Station], None]


def run(folder: Path, recorder: Recorder | None = None) -> list[Promise]:
    """The whole morning: two openings, every kind of record, a checkpoint, a close."""
    promises: list[Promise] = []
    for half in (_first_half, _second_half):
        station = Station(folder, recorder, promises)
        half(station)
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


def later(passage_id: int, kind: Kind, part: int = 1, **more: object) -> Record:
    """A record that is no weighing: it keeps the time and place, not the mass and the decision."""
    plain = passage(passage_id, part=part, kind=kind)
    bare = replace(plain, weighing=None, verdicts=None, decision=None, permit=Permit.NONE)
    return replace(bare, **more)


def _first_half(station: Station) -> None:
    station.keep(passage(1, tare=True, curve=True), blobs_of(1))
    station.keep(passage(2, over=True, curve=True), blobs_of(2))
    station.keep(
        later(
            2,
            Kind.AMENDMENT,
            2,
            refers_to=2,
            person=LI,
            amendment=Amendment(field=Amendable.PLATE, now="晋B22222"),
        ),
    )
    station.keep(passage(3, kind=Kind.RELEASE, person=LI), blobs_of(3)[1:])
    station.keep(later(4, Kind.VOID, void="the truck backed out"))
    station.keep(passage(5, curve=True, plate="晋C33333"), blobs_of(5))


def _second_half(station: Station) -> None:
    station.keep(
        later(6, Kind.MANUAL_MOVE, person=LI, move=Move(end=End.ROAD, motion=Motion.RAISE)),
    )
    for number in range(7, 12):
        station.keep(passage(number, curve=True), blobs_of(number))
    station.keep(passage(12))
