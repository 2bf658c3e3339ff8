"""Someone goes around the guards: verify finds and names each tampering."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol import schema
from protocol.chain import Finding, genesis
from protocol.envelope import opened
from protocol.errors import LedgerError
from protocol.keys import PrivateKey
from protocol.ledger import Ledger
from protocol.parts import Kind, Weighing
from protocol.record import RecordError, encode
from protocol.seal import seal
from protocol.verify import FINDINGS_MAX

FORGER = PrivateKey(bytes(32))

Tamper = Callable[[sqlite3.Connection], object]


def _ledger(path: Path, count: int = 8) -> Path:
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        for number in range(1, count):
            ledger.append(passage(number, over=number == 3, tare=number == 4))
        note = passage(1, kind=Kind.AMENDMENT, part=2, refers_to=1)
        ledger.append(replace(note, weighing=None, decision=None, verdicts=None, plate=None))
    return path


def _around(path: Path, tamper: Tamper, *, restore: bool = True) -> list[Finding]:
    """Do it without the guards, put them back, and verify as an inspector would."""
    db = sqlite3.connect(path)
    guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        db.execute(f"DROP TRIGGER {name}")
    tamper(db)
    for _, sql in guards if restore else ():
        db.execute(sql)
    db.commit()
    db.close()
    with Ledger.open(path, read_only=True) as ledger:
        return ledger.verify()


def _seal_broken(db: sqlite3.Connection) -> None:
    """The weight is altered in the sealed bytes themselves."""
    (body,) = db.execute("SELECT body FROM record WHERE seq = 3").fetchone()
    broken = body.replace((31_000_000).to_bytes(4, "big"), (30_000_000).to_bytes(4, "big"))
    assert broken != body
    db.execute(
        "UPDATE record SET body = ?, hash = ? WHERE seq = 3",
        (broken, hashlib.sha256(broken).digest()),
    )


def _found(findings: list[Finding]) -> set[tuple[str, int | None]]:
    return {(finding.code, finding.seq) for finding in findings}


def _lighter(
    db: sqlite3.Connection, *, with_hash: bool, seq: int = 3, key: PrivateKey = FORGER
) -> None:
    """The obvious fraud: an overload made lighter, with its own hash put right or not."""
    (body,) = db.execute("SELECT body FROM record WHERE seq = ?", (seq,)).fetchone()
    light = Weighing(gross_g=30_000_000, indicated_g=30_000_000)
    forged = seal(encode(replace(opened(body), weighing=light)), key)
    digest = hashlib.sha256(forged if with_hash else body).digest()
    db.execute("UPDATE record SET body = ?, hash = ? WHERE seq = ?", (forged, digest, seq))


def _renumber(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM record WHERE seq = 4")
    for seq in range(5, 9):
        db.execute("UPDATE record SET seq = ? WHERE seq = ?", (seq - 1, seq))


def _swap(db: sqlite3.Connection) -> None:
    for old, new in ((5, 99), (6, 5), (99, 6)):
        db.execute("UPDATE record SET seq = ? WHERE seq = ?", (new, old))


def _other_lane(db: sqlite3.Connection) -> None:
    db.execute("UPDATE identity SET genesis = ?", (genesis(SITE, "2", KEY.public),))


CASES: list[tuple[str, Tamper, set[tuple[str, int | None]]]] = [
    ("weight altered", lambda db: _lighter(db, with_hash=False), {("hash", 3), ("key", 3)}),
    ("weight altered, hash redone", lambda db: _lighter(db, with_hash=True), {("key", 3)}),
    ("by who has the key", lambda db: _lighter(db, with_hash=True, key=KEY), {("chain", 4)}),
    ("weight altered under the seal", _seal_broken, {("signature", 3)}),
    ("record removed", lambda db: db.execute("DELETE FROM record WHERE seq = 4"), {("gap", 4)}),
    ("first removed", lambda db: db.execute("DELETE FROM record WHERE seq = 1"), {("gap", 1)}),
    ("removed and renumbered", _renumber, {("order", 4)}),
    ("two exchanged", _swap, {("order", 5), ("order", 6)}),
    ("seal taken off", lambda db: db.execute("UPDATE record SET body = x'a0' WHERE seq = 2"),
     {("unsealed", 2), ("hash", 2)}),
    ("bytes emptied", lambda db: db.execute("UPDATE record SET body = x'' WHERE seq = 2"),
     {("seal", 2)}),
    ("hash altered", lambda db: db.execute("UPDATE record SET hash = zeroblob(32) WHERE seq = 6"),
     {("hash", 6)}),
    ("other lane's genesis", _other_lane, {("identity", None)}),
    ("other lane's name", lambda db: db.execute("UPDATE identity SET lane = '2'"),
     {("identity", None), ("chain", 1), ("lane", 1)}),
    ("other key", lambda db: db.execute("UPDATE identity SET key = ?", (FORGER.public.x,)),
     {("identity", None), ("key", 1)}),
    ("index dropped", lambda db: db.execute("DROP INDEX record_by_tare"), {("guards", None)}),
    ("second table", lambda db: db.execute("CREATE TABLE x (y)"), {("guards", None)}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "tamper", "codes"), CASES, ids=[case[0] for case in CASES])
def test_tampering_is_found_and_named(
    tmp_path: Path, what: str, tamper: Tamper, codes: set[tuple[str, int | None]]
) -> None:
    findings = _around(_ledger(tmp_path / "l.sqlite"), tamper)
    assert codes <= _found(findings), findings
    assert all(finding.message for finding in findings)


COLUMNS = {
    "passage_id": "77",
    "part": "9",
    "kind": "4",
    "subject": "1",
    "plate": "'晋C00000'",
    "outcome": "'hold'",
    "over": "1 - over",
    "tare_g": "1",
    "tare_ms": "1",
    "tare_clock": "'unknown'",
    "chain": "1",
    "cycle": "7",
}


@pytest.mark.parametrize(("column", "value"), COLUMNS.items())
def test_an_altered_column_is_found(tmp_path: Path, column: str, value: str) -> None:
    path = _ledger(tmp_path / "l.sqlite")
    sql = f"UPDATE record SET {column} = {value} WHERE seq = 5"
    findings = _around(path, lambda db: db.execute(sql))
    assert _found(findings) == {("columns", 5)}
    assert column in findings[0].message


def test_only_the_fault_itself_is_reported(tmp_path: Path) -> None:
    path = _ledger(tmp_path / "l.sqlite")
    forge = lambda db: _lighter(db, with_hash=True, key=KEY)  # noqa: E731
    assert _found(_around(path, forge)) == {("chain", 4)}


@pytest.mark.parametrize("guard", ["record_insert", "record_update", "record_delete"])
def test_a_missing_guard_is_found(tmp_path: Path, guard: str) -> None:
    path = _ledger(tmp_path / "l.sqlite")
    findings = _around(path, lambda db: None, restore=False)
    assert f"{guard} is missing" in {finding.message for finding in findings}


def test_a_weakened_guard_is_found(tmp_path: Path) -> None:
    weak = (
        "CREATE TRIGGER record_delete BEFORE DELETE ON record WHEN 0 "
        "BEGIN SELECT RAISE(ABORT, 'a record is never deleted; append a void'); END"
    )
    path = _ledger(tmp_path / "l.sqlite")
    db = sqlite3.connect(path)
    db.execute("DROP TRIGGER record_delete")
    db.execute(weak)
    db.commit()
    db.close()
    with Ledger.open(path, read_only=True) as ledger:
        assert [f.message for f in ledger.verify()] == ["record_delete is not the original"]


def test_a_rebuilt_table_that_holds_anything(tmp_path: Path) -> None:
    def rebuild(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE copy AS SELECT * FROM record")
        db.execute("DROP TABLE record")
        db.execute("ALTER TABLE copy RENAME TO record")
        db.execute("UPDATE record SET body = 'text' WHERE seq = 2")

    findings = _around(_ledger(tmp_path / "l.sqlite"), rebuild, restore=False)
    assert {("seal", 2), ("guards", None)} <= _found(findings)


def test_findings_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        for number in range(1, FINDINGS_MAX // 2 + 5):
            ledger.append(passage(number))
    wreck = "UPDATE record SET body = x'00', hash = zeroblob(32)"
    assert len(_around(path, lambda db: db.execute(wreck))) == FINDINGS_MAX


def test_random_bit_flips_in_the_bytes_are_all_found(tmp_path: Path) -> None:
    path = _ledger(tmp_path / "l.sqlite")
    chance = random.Random(7)
    db = sqlite3.connect(path)
    sizes = dict(db.execute("SELECT seq, length(body) FROM record"))
    original = dict(db.execute("SELECT seq, body FROM record"))
    db.execute("DROP TRIGGER record_update")
    db.commit()
    for _ in range(100):
        seq = chance.randint(1, 8)
        body = bytearray(original[seq])
        body[chance.randrange(sizes[seq])] ^= 1 << chance.randrange(8)
        db.execute("UPDATE record SET body = ? WHERE seq = ?", (bytes(body), seq))
        db.commit()
        with Ledger.open(path, read_only=True) as ledger:
            assert ("hash", seq) in _found(ledger.verify())
        db.execute("UPDATE record SET body = ? WHERE seq = ?", (original[seq], seq))
        db.commit()
    db.close()


def test_a_damaged_page_is_a_finding_or_a_clear_error(tmp_path: Path) -> None:
    """Every page of the file in turn is overwritten; nothing but typed answers may come."""
    path = _ledger(tmp_path / "l.sqlite", count=60)
    sound = path.read_bytes()
    for page in range(len(sound) // schema.PAGE_BYTES):
        start = page * schema.PAGE_BYTES
        hurt = tmp_path / f"hurt-{page}.sqlite"
        hurt.write_bytes(
            sound[:start] + b"\xa5" * schema.PAGE_BYTES + sound[start + schema.PAGE_BYTES :]
        )
        assert _answer(hurt), f"page {page}"


def _answer(path: Path) -> list[Finding] | str:
    try:
        with Ledger.open(path, read_only=True) as ledger:
            return ledger.verify()
    except LedgerError as error:
        return error.remedy if str(path) in str(error) else ""


def test_records_stops_at_damaged_bytes(tmp_path: Path) -> None:
    path = _ledger(tmp_path / "l.sqlite")
    _around(path, lambda db: db.execute("UPDATE record SET body = x'a0' WHERE seq = 4"))
    with Ledger.open(path, read_only=True) as ledger:
        records = ledger.records()
        assert [next(records).seq for _ in range(3)] == [1, 2, 3]
        with pytest.raises(RecordError):
            next(records)


def test_a_writer_goes_on_before_a_forged_tail(tmp_path: Path) -> None:
    path = _ledger(tmp_path / "l.sqlite")
    _around(path, lambda db: _lighter(db, with_hash=True, seq=8))
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        assert [(r.cause, r.kept, r.seen) for r in ledger.recovered] == [("record", 7, 8)]
        assert ledger.verify() == []
