"""A ledger from before there were seals is taken over as it stands, and sealed from there on."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol import lookup, schema, sidefiles
from protocol.chain import genesis
from protocol.custody import KeyAction
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.parts import Image, Kind
from protocol.record import encode
from protocol.verify import verify_folder

PICTURE = hashlib.sha256(b"a plate").digest()


def _version_1(path: Path, count: int) -> list[bytes]:
    """A file as the program of version 1 wrote it: its tables, bare bodies, its genesis."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    for statement in schema.MIGRATIONS[0]:
        db.execute(statement)
    db.execute("PRAGMA user_version = 1")
    db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    previous = genesis(SITE, LANE, None)
    db.execute("INSERT INTO identity VALUES (?, ?, ?)", (SITE, LANE, previous))
    bodies = []
    for seq in range(1, count + 1):
        image = (Image(name="front", sha256=PICTURE),) if seq == 2 else ()
        record = replace(passage(seq, tare=seq == 3), seq=seq, prev_hash=previous, images=image)
        body = encode(record)
        previous = hashlib.sha256(body).digest()
        columns = lookup.values(lookup.derive(record, None))
        marks = ", ".join("?" * (len(columns) + 3))
        db.execute(
            f"INSERT INTO record (seq, hash, {lookup.COLUMNS}, body) VALUES ({marks})",
            (seq, previous, *columns, body),
        )
        bodies.append(body)
    db.close()
    return bodies


def test_taken_over_and_sealed_from_there_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    bodies = _version_1(path, 5)
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        assert ledger.recovered == ()
        assert [s.body for s in ledger.stored()][:5] == bodies
        begin, manifest = ledger.get(6), ledger.get(7)
        assert begin is not None
        assert begin.key is not None
        assert begin.key.action is KeyAction.BEGIN
        assert manifest is not None
        assert manifest.manifest is not None
        assert (manifest.manifest.first, manifest.manifest.last) == (1, 6)
        assert ledger.append(passage(6)).seq == 8
        tare = ledger.latest_tare("晋A12345")
        assert tare is not None
        assert tare.seq == 3
        assert [(f.code, f.seq) for f in ledger.verify()] == [("unsealed", 1)]
        ledger.acknowledge([1, 2], 0)
        assert [h.digest for h in ledger.media_oldest_acknowledged(9)] == [PICTURE]
    report = verify_folder(path)
    assert (report.records, report.sealed, report.manifests) == (8, 3, 1)


def test_a_reader_asks_for_the_take_over(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    _version_1(path, 2)
    with pytest.raises(LedgerError, match="open it for writing once"):
        Ledger.open(path, read_only=True)


def test_an_empty_one_becomes_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    _version_1(path, 0)
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        assert ledger.append(passage(1)).seq == 1
        assert ledger.verify() == []


def test_a_fresh_file_and_one_taken_over_have_the_same_tables(tmp_path: Path) -> None:
    _version_1(tmp_path / "old.sqlite", 3)
    Ledger.open(tmp_path / "old.sqlite", SITE, LANE, key=KEY).close()
    db = sqlite3.connect(tmp_path / "old.sqlite")
    assert schema.objects(db) == schema.expected_objects()
    db.close()


@pytest.mark.parametrize("page", [0, 3, 5, 7])
def test_a_damaged_one_is_recovered(tmp_path: Path, page: int) -> None:
    """Bare records hold by hash and chain; the seals begin with today's key."""
    path = tmp_path / "ledger.sqlite"
    bodies = _version_1(path, 40)
    Ledger.open(path, SITE, LANE, key=KEY).close()
    data = bytearray(path.read_bytes())
    data[page * 4096 : (page + 1) * 4096] = bytes(4096)
    path.write_bytes(data)
    assert sidefiles.sum_of(path).exists()
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        (found,) = ledger.recovered
        kept = [s.body for s in ledger.stored()][: min(found.kept, 40)]
        assert kept == bodies[: len(kept)]
        assert {f.code for f in ledger.verify()} <= {"unsealed"}
        newest = ledger.last()
        assert newest is not None
        assert newest.kind is Kind.RECOVERY
