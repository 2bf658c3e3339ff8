"""A ledger with its media as a lane leaves them, over two days and two keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from ledger_rig import KEY
from msgspec.structs import replace
from report_rig import LANE, SITE, morning

from protocol.bundle import Bundle, pack
from protocol.custody import Media, RuleTable, Usability
from protocol.gather import gather, with_media
from protocol.keys import PrivateKey
from protocol.ledger import Ledger
from protocol.media import Blob, MediaStore
from protocol.parts import Image, Person
from protocol.record import Record

NEXT_KEY = PrivateKey(bytes(range(1, 33)))
THIEF = PrivateKey(bytes(range(2, 34)))
CONFIG = Blob(kind="config", data=b'[site]\nname = "x"\nlane = 1\n')
RULES = Blob(
    kind="rules",
    data='id = "order62-2016"\nversion = 1\ntitle = "超限运输车辆行驶公路管理规定"\n'.encode(),
)
FIRST_DAY, SECOND_DAY = 20261121, 20261122


class Morning:
    """Where the records of the rig's ledger stand: its own records stand between them."""

    FIRST = 1
    OVER, AGAIN, LAST = 2, 3, 5
    KEY = 4
    HELD, RELEASE = 6, 7
    MANIFEST = 8
    TARE, NET = 9, 10
    VOID = 11
    OPEN, AMENDED = 12, 13


def write_ledger(folder: Path) -> Path:
    """The morning of the report, sealed, with its files; returns the folder."""
    media = MediaStore(folder / "media")
    media.put((CONFIG, RULES))
    places: dict[int, int] = {}
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=KEY) as ledger:
        for number, record in enumerate(morning(folder / "media"), 1):
            places[number] = ledger.append(_placed(_dressed(record), places)).seq
            if number == 3:
                ledger.rotate(NEXT_KEY, Person(who="李敏", why="yearly change"))
    return folder


def _placed(record: Record, places: dict[int, int]) -> Record:
    """The record with every seq that it names as the ledger numbers them."""
    link, weighing = record.reweigh, record.weighing
    if link is not None:
        first, before = places[link.first_seq], places[link.previous_seq]
        record = replace(record, reweigh=replace(link, first_seq=first, previous_seq=before))
    if weighing is not None and weighing.tare is not None:
        tare = replace(weighing.tare, seq=places[weighing.tare.seq])
        record = replace(record, weighing=replace(weighing, tare=tare))
    if record.refers_to is not None:
        record = replace(record, refers_to=places[record.refers_to])
    return record


def _dressed(record: Record) -> Record:
    """The record with its date, its number, its files, and without pictures that are nowhere."""
    day = FIRST_DAY if record.passage_id < 6 else SECOND_DAY
    lost = b"\x17" * 32
    plates = tuple(
        replace(p, image_sha256=None if p.image_sha256 == lost else p.image_sha256)
        for p in record.plates
    )
    weighing = record.weighing
    if weighing is not None:
        weighing = replace(
            weighing,
            estimate_g=weighing.gross_g - 340,
            estimator="modal",
            estimator_version="1",
            parameters=(("grid_us", 50_000),),
        )
    return replace(
        record,
        weighing=weighing,
        times=replace(record.times, date=day, offset_min=480),
        plates=plates,
        images=tuple(
            Image(name="plate", sha256=digest)
            for digest in dict.fromkeys(p.image_sha256 for p in plates)
            if digest is not None
        ),
        media=tuple(
            Media(kind=b.kind, sha256=b.sha256, bytes=len(b.data)) for b in (CONFIG, RULES)
        ),
        tables=(RuleTable(id="order62-2016@1", sha256=RULES.sha256),),
        config_hash=CONFIG.sha256,
        usability=Usability(usable=True) if record.weighing is not None else None,
        code=f"{SITE}-{record.passage_id:04d}",
    )


def bundle_of(folder: Path, seq: int, *, chain: bool = False) -> Bundle:
    """The bundle of a record, with its media."""
    found = gather(folder / "ledger.sqlite", seq, chain=chain)
    bundle, missing = with_media(found, MediaStore(folder / "media"))
    assert missing == ()
    return bundle


def packed(folder: Path, seq: int, *, chain: bool = False) -> bytes:
    """The file of that bundle."""
    return pack(bundle_of(folder, seq, chain=chain))


def around(folder: Path, *statements: str, guards: tuple[str, ...] = ()) -> None:
    """What somebody does to the ledger with another program, these guards taken off first."""
    with sqlite3.connect(folder / "ledger.sqlite") as db:
        for name in guards:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
    db.close()


def replaced(folder: Path, seq: int, change: Callable[[bytes], bytes]) -> None:
    """The same, for the sealed bytes of one record."""
    with sqlite3.connect(folder / "ledger.sqlite") as db:
        db.execute("DROP TRIGGER IF EXISTS record_update")
        (body,) = db.execute("SELECT body FROM record WHERE seq = ?", (seq,)).fetchone()
        db.execute("UPDATE record SET body = ? WHERE seq = ?", (change(body), seq))
    db.close()


def flip(data: bytes, at: int = 400) -> bytes:
    """The bytes with one bit changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)
