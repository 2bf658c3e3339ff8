"""What a record names, what the uplink has, what was removed: asked in order, verified."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest
from ledger_rig import KEY, LANE, SITE, WALL_MS, passage
from msgspec.structs import replace

from protocol import custody
from protocol.chain import Finding
from protocol.ledger import Ledger
from protocol.media import Blob
from protocol.parts import Image, Kind, Times
from protocol.record import Record
from protocol.rows import own
from protocol.verify import verify_folder
from protocol.writer import SyncWriter

SETTINGS = Blob(kind="settings", data=b"the same in every record")


def _blobs(number: int) -> tuple[Blob, ...]:
    return (
        Blob(kind="plate", data=b"plate %d" % number),
        Blob(kind="journal", data=b"journal %d" % number),
        SETTINGS,
    )


def _record(number: int) -> Record:
    plate, *rest = _blobs(number)
    return replace(
        passage(number),
        images=(Image(name="front", sha256=plate.sha256),),
        media=tuple(custody.Media(kind=b.kind, sha256=b.sha256, bytes=len(b.data)) for b in rest),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six records with a picture and a journal each, the settings in all; not yet closed."""
    path = tmp_path / "lane"
    path.mkdir()
    writer: SyncWriter[int] = SyncWriter(_open(path))
    for number in range(1, 7):
        writer.submit(number, _record(number), _blobs(number))
    writer.close()
    return path


def _open(folder: Path) -> Ledger:
    return Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=KEY)


def _drop(ledger: Ledger, *digests: bytes) -> None:
    retention = custody.Retention(kind="plate", why="age", sha256=digests)
    ledger.note(own(Kind.RETENTION, (SITE, LANE), Times(at_us=1), retention=retention))


def _sha(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def test_acknowledged_up_to_the_first_gap(folder: Path) -> None:
    with _open(folder) as ledger:
        assert ledger.acknowledged_to() == 0
        for seqs, to in (([2, 3], 0), ([1], 3), ([5], 3), ([1, 2, 4], 5), ([], 5)):
            ledger.acknowledge(seqs, 7)
            assert ledger.acknowledged_to() == to
        ledger._acknowledged_to = 0
        assert ledger.acknowledged_to() == 5
        assert ledger.verify() == []


def test_the_oldest_that_has_arrived_goes_first_and_only_once(folder: Path) -> None:
    with _open(folder) as ledger:
        assert ledger.media_oldest_acknowledged(9) == []
        ledger.acknowledge([1, 2, 4], 0)
        found = ledger.media_oldest_acknowledged(9)
        assert [(h.kind, h.seq) for h in found] == [
            ("plate", 1), ("journal", 1), ("plate", 2), ("journal", 2), ("plate", 4),
            ("journal", 4),
        ]  # fmt: skip
        assert [h.bytes for h in found[:2]] == [None, len(b"journal 1")]
        _drop(ledger, found[0].digest, found[2].digest)
        again = ledger.media_oldest_acknowledged(2)
        assert [(h.kind, h.seq) for h in again] == [("journal", 1), ("journal", 2)]
        assert ledger.verify() == []


def test_what_is_older(folder: Path) -> None:
    with _open(folder) as ledger:
        before = WALL_MS + 3 * 30_000
        found = ledger.media_older_than("journal", before, 9)
        assert [h.seq for h in found] == [1, 2]
        assert ledger.media_older_than("settings", before, 9) == []
        _drop(ledger, found[0].digest)
        assert [h.seq for h in ledger.media_older_than("journal", before, 9)] == [2]


def test_a_file_named_again_waits_for_its_newest_record(folder: Path) -> None:
    with _open(folder) as ledger:
        ledger.append(replace(_record(7), images=_record(1).images))
        ledger.acknowledge([1], 0)
        assert [h.kind for h in ledger.media_oldest_acknowledged(9)] == ["journal"]
        ledger.acknowledge(range(1, 8), 0)
        plates = [h.seq for h in ledger.media_oldest_acknowledged(99) if h.kind == "plate"]
        assert plates == [2, 3, 4, 5, 6, 7]
        _drop(ledger, _sha(b"plate 1"))
        assert ledger.media_is_kept(_sha(b"plate 1")) is False
        ledger.append(replace(_record(8), images=_record(1).images))
        assert ledger.media_is_kept(_sha(b"plate 1")) is True
        assert ledger.verify() == []


def _found(folder: Path) -> list[Finding]:
    return list(verify_folder(folder).findings)


def test_a_sound_folder(folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = verify_folder(folder, anchor=KEY.public, progress=lambda *at: seen.append(at))
    assert report.findings == ()
    assert report.notes == ()
    assert (report.records, report.sealed, report.media) == (6, 6, 13)
    assert report.anchored
    assert seen[-1] == (6, 6)


def test_a_missing_file_and_one_with_other_bytes(folder: Path) -> None:
    plates = {hashlib.sha256(b"plate %d" % n).hexdigest(): n for n in range(1, 7)}
    files = {plates[p.stem]: p for p in (folder / "media").glob("*.png")}
    files[2].unlink()
    files[3].write_bytes(b"another picture")
    assert [(f.code, f.seq) for f in _found(folder)] == [
        ("media_missing", 2),
        ("media_damaged", 3),
    ]


def test_what_a_retention_record_removed_is_not_missing(folder: Path) -> None:
    digest = _sha(b"plate 2")
    with _open(folder) as ledger:
        _drop(ledger, digest)
    next((folder / "media").glob(f"{digest.hex()}.*")).unlink()
    assert _found(folder) == []
    with _open(folder) as ledger:
        ledger.append(replace(_record(8), images=_record(2).images, media=()))
    assert [(f.code, f.seq) for f in _found(folder)] == [("media_missing", 8)]


def test_without_its_media_a_folder_is_not_sound(folder: Path) -> None:
    for path in (folder / "media").iterdir():
        path.unlink()
    (folder / "media").rmdir()
    assert {f.code for f in _found(folder)} == {"media_missing"}
    assert verify_folder(folder / "ledger.sqlite").findings == ()


def test_leftovers_are_notes(folder: Path) -> None:
    (folder / "media" / ("ab" * 32 + ".png")).write_bytes(b"who knows")
    (folder / "media" / "half.png.part").write_bytes(b"")
    report = verify_folder(folder)
    assert report.findings == ()
    assert "2 files in media are named by no record" in report.notes[0]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM media WHERE seq = 3",
        "UPDATE media SET digest = zeroblob(32) WHERE rowid = 4",
        "UPDATE media SET kind = 'other' WHERE rowid = 4",
        "INSERT INTO media SELECT 99, digest, kind, bytes, wall_ms FROM media WHERE rowid = 2",
        "INSERT INTO dropped SELECT digest, 6 FROM media",
        "INSERT INTO acknowledged VALUES (99, 0)",
    ],
)
def test_derived_rows_that_were_altered_are_found(folder: Path, sql: str) -> None:

    db = sqlite3.connect(folder / "ledger.sqlite")
    guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        db.execute(f"DROP TRIGGER {name}")
    db.execute(sql)
    for _, text in guards:
        db.execute(text)
    db.commit()
    db.close()
    assert "columns" in {f.code for f in _found(folder)}
