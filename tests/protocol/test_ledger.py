"""The ledger: gap-free, chained, append-only, each part once, and the same bytes every time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_rig import FREE_SEQ, KEY, LANE, SITE, hash_of, passage, records
from msgspec.structs import replace

from protocol.chain import genesis
from protocol.errors import Code, LedgerError
from protocol.ledger import Ledger, Receipt
from protocol.parts import Decision, Kind, Outcome, Person
from protocol.record import Record, RecordError


def test_sequence_chain_and_receipts(tmp_path: Path) -> None:
    previous = genesis(SITE, LANE, KEY.public)
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        for number in range(1, 8):
            receipt = ledger.append(passage(number, curve=number % 2 == 0))
            stored = ledger.get(number)
            assert stored is not None
            assert (receipt.seq, stored.seq, stored.prev_hash) == (number, number, previous)
            previous = hash_of(stored)
            assert receipt.hash == previous
        assert ledger.last() == stored
        assert [r.seq for r in ledger.records(start=3)] == [3, 4, 5, 6, 7]
        assert ledger.next_passage_id() == 8
        assert ledger.verify() == []


def test_empty_ledger(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        assert ledger.last() is None
        assert ledger.get(1) is None
        assert list(ledger.records()) == []
        assert ledger.next_passage_id() == 1
        assert ledger.latest_tare("晋A12345") is None
        assert ledger.open_chain("晋A12345") is None
        assert ledger.verify() == []


def test_reopened_ledger_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    for number in (1, 2, 3):
        with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
            assert ledger.next_passage_id() == number
            assert ledger.append(passage(number)).seq == number
    with Ledger.open(path, read_only=True) as ledger:
        assert (ledger.site, ledger.lane) == (SITE, LANE)
        assert [r.passage_id for r in ledger.records()] == [1, 2, 3]
        assert ledger.verify() == []


def test_more_records_than_a_batch(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        for number in range(1, 2 * 256 + 2):
            ledger.append(passage(number))
        assert [r.seq for r in ledger.records(200)] == list(range(200, 514))
        assert ledger.verify() == []


def test_the_same_part_twice_is_one_record(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        first = ledger.append(passage(1))
        ledger.append(passage(2))
        assert ledger.append(passage(1)) == first
        assert len(list(ledger.records())) == 2
        with pytest.raises(LedgerError, match="already stored as seq 1") as raised:
            ledger.append(passage(1, gross_g=30_000_000))
        assert raised.value.code is Code.CONFLICT
        assert ledger.append(passage(3)).seq == 3


def test_parts_of_a_passage(tmp_path: Path) -> None:
    release = passage(1, weighing=None, part=2, kind=Kind.RELEASE, refers_to=1)
    release = replace(release, person=Person(who="王五", why="军车"))
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        ledger.append(passage(1, decision=Decision(outcome=Outcome.HOLD)))
        assert ledger.append(release).seq == 2
        found = ledger.find(1, part=2)
        assert found is not None
        assert found.person == release.person
        assert ledger.find(1, part=3) is None


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (passage(1, refers_to=1), "refers_to"),
        (passage(1, site="elsewhere"), "elsewhere"),
        (passage(1, lane="2"), "SX-0351-01/2"),
        (passage(1, seq=1, prev_hash=b"x" * 32), "given by the ledger"),
        (passage(1, decision=None), "decision"),
    ],
)
def test_refused_records_leave_nothing(tmp_path: Path, record: Record, said: str) -> None:
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        with pytest.raises(RecordError, match=said):
            ledger.append(record)
        assert ledger.last() is None
        assert ledger.append(passage(1)).seq == 1


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(records(), min_size=1, max_size=4))
def test_any_records_read_back_and_verify(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("any") / "l.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        for number in range(1, FREE_SEQ):
            ledger.append(passage(number))
        for number, record in enumerate(drawn, start=FREE_SEQ):
            mine = replace(record, site=SITE, lane=LANE, passage_id=number)
            receipt = ledger.append(mine)
            stored = ledger.get(receipt.seq)
            assert stored is not None
            assert replace(stored, seq=0, prev_hash=b"") == mine
            assert receipt == Receipt(stored.seq, hash_of(stored))
            assert ledger.find(number, mine.part) == stored
        assert ledger.verify() == []


def _run(path: Path) -> bytes:
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        for number in range(1, 40):
            ledger.append(passage(number, curve=True, over=number % 5 == 0))
    return path.read_bytes()


def test_two_runs_give_the_same_file(tmp_path: Path) -> None:
    assert _run(tmp_path / "a.sqlite") == _run(tmp_path / "b.sqlite")
    assert not (tmp_path / "a.sqlite-wal").exists()


def test_a_commit_is_in_the_file_before_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        assert ledger._db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert ledger._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        for number in (1, 2, 3):
            ledger.append(passage(number))
            with Ledger.open(path, SITE, LANE, read_only=True) as reader:
                last = reader.last()
                assert last is not None
                assert last.seq == number


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE record SET plate = '晋B00001' WHERE seq = 2", "never altered"),
        ("UPDATE record SET body = x'00'", "never altered"),
        ("DELETE FROM record WHERE seq = 3", "never deleted"),
        ("DELETE FROM record", "never deleted"),
        ("INSERT OR REPLACE INTO record SELECT * FROM record WHERE seq = 2", "in sequence"),
        ("REPLACE INTO record SELECT * FROM record WHERE seq = 3", "in sequence"),
        ("INSERT OR IGNORE INTO record SELECT * FROM record WHERE seq = 2", "in sequence"),
        ("UPDATE OR REPLACE record SET seq = 2 WHERE seq = 3", "never altered"),
        ("UPDATE identity SET lane = '2'", "one lane"),
        ("DELETE FROM identity", "one lane"),
        ("INSERT INTO identity SELECT * FROM identity", "one lane"),
    ],
)
def test_guards_refuse_other_programs(tmp_path: Path, sql: str, said: str) -> None:
    path = tmp_path / "l.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        for number in (1, 2, 3):
            ledger.append(passage(number))
    db = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match=said):
        db.execute(sql)
    db.close()
    with Ledger.open(path, read_only=True) as ledger:
        assert ledger.verify() == []


def test_guard_refuses_a_gap_and_a_second_record_of_a_part(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        ledger.append(passage(1))
    columns = "hash, passage_id, part, kind, subject, over, cycle, body"
    db = sqlite3.connect(path)
    for verb, seq, passage_id in (
        ("INSERT", 3, 2),
        ("INSERT", "NULL", 2),
        ("INSERT OR REPLACE", 2, 1),
    ):
        with pytest.raises(sqlite3.IntegrityError, match="in sequence"):
            db.execute(
                f"{verb} INTO record (seq, {columns}) SELECT {seq}, hash, {passage_id}, part, "
                "kind, subject, over, cycle, body FROM record"
            )
    db.close()
