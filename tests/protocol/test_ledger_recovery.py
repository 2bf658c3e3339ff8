"""Whatever a power cut, bit rot or a lost file did: the lane starts, nobody deletes a file."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from files_rig import BROKEN, Fails, ModelFiles
from ledger_rig import KEY, LANE, SITE, hash_of, passage
from msgspec.structs import replace

from protocol import quarantine, recovery, schema, sidefiles, walfile
from protocol.errors import Code, LedgerError
from protocol.files import Files
from protocol.keys import PrivateKey
from protocol.ledger import Ledger
from protocol.parts import Kind, Person
from protocol.record import Record

NEXT = PrivateKey(bytes(range(1, 33)))
MONDAY = 20_251_124
COUNT = 24


def _dated(number: int, date: int) -> Record:
    record = passage(number, curve=number % 8 == 0, over=number % 5 == 0, tare=number % 7 == 0)
    return replace(record, times=replace(record.times, date=date))


def _fill(ledger: Ledger, first: int = 1, count: int = COUNT) -> None:
    for number in range(first, first + count):
        ledger.append(_dated(number, MONDAY + number // 10))


def _whole(folder: Path) -> Path:
    """A closed ledger over three days, with a rotation and what the uplink acknowledged."""
    folder.mkdir()
    path = folder / "ledger.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        _fill(ledger)
        ledger.acknowledge([1, 2, 3], 5)
    return path


def _open(path: Path, files: Files | None = None) -> Ledger:
    return Ledger.open(path, SITE, LANE, key=KEY, files=files)


def _original(path: Path) -> list[bytes]:
    with Ledger.open(path, read_only=True) as ledger:
        return [stored.body for stored in ledger.stored()]


def _recovers(path: Path, original: list[bytes], cause: str | None = None) -> int:
    """Start, and hold the ledger to its promises; return how many records were kept."""
    with _open(path) as ledger:
        assert ledger.verify() == []
        found = ledger.recovered[0]
        assert cause in (None, found.cause), found
        bodies = [stored.body for stored in ledger.stored()]
        assert bodies[: found.kept] == original[: found.kept]
        newest = ledger.last()
        assert newest is not None
        assert newest.recovery == ledger.recovered[-1]
        added = len(ledger.recovered)
        assert len(bodies) == found.kept + added
        assert (path.parent / found.folder).is_dir()
        number = ledger.next_passage_id()
        assert number > COUNT
        assert ledger.append(passage(number)).seq == found.kept + added + 1
    with _open(path) as ledger:
        assert ledger.recovered == ()
        assert ledger.verify() == []
    assert sidefiles.sum_of(path).exists()
    return found.kept


def test_a_sound_ledger_is_not_recovered(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    with _open(path) as ledger:
        assert ledger.recovered == ()
        assert sidefiles.marker_of(path).exists()
        assert not sidefiles.sum_of(path).exists()
    assert not sidefiles.marker_of(path).exists()
    assert not (path.parent / "quarantine").exists()


def test_every_page_in_turn_destroyed(tmp_path: Path) -> None:
    """Header, schema, inner, leaf, overflow and index pages alike."""
    path = _whole(tmp_path / "lane")
    original, sound = _original(path), path.read_bytes()
    kept = set()
    for page in range(len(sound) // schema.PAGE_BYTES):
        hurt = tmp_path / f"hurt-{page}"
        shutil.copytree(path.parent, hurt)
        data = bytearray(sound)
        data[page * schema.PAGE_BYTES : (page + 1) * schema.PAGE_BYTES] = b"\xa5" * 4096
        (hurt / path.name).write_bytes(data)
        kept.add(_recovers(hurt / path.name, original))
    # A page without records costs none; one with them costs those from there on.
    assert len(original) in kept
    assert min(kept) == 0
    assert len(kept) > 5


def test_an_index_alone_costs_nothing(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    original = _original(path)
    db = sqlite3.connect(path)
    (root,) = db.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'record_by_plate'"
    ).fetchone()
    db.close()
    data = bytearray(path.read_bytes())
    data[root * 4096 - 200 : root * 4096] = bytes(200)
    path.write_bytes(data)
    assert _recovers(path, original) == len(original)
    with _open(path) as ledger:
        assert ledger.acknowledged_to() == 3


def test_cut_off_at_any_length(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    original, sound = _original(path), path.read_bytes()
    chance = random.Random(3)
    for case, size in enumerate([0, 1, 15, 99, 4095, *chance.sample(range(4096, len(sound)), 5)]):
        hurt = tmp_path / f"cut-{case}"
        shutil.copytree(path.parent, hurt)
        (hurt / path.name).write_bytes(sound[:size])
        _recovers(hurt / path.name, original)


def test_the_file_is_gone(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    original = _original(path)
    path.unlink()
    assert _recovers(path, original, "file_missing") == 0
    assert sorted(p.name for p in (path.parent / "quarantine/0001/manifests").iterdir())


def test_an_older_copy_was_put_back(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    shutil.copy(path, tmp_path / "old")
    with _open(path) as ledger:
        _fill(ledger, 25, 10)
    original = _original(path)
    shutil.copy(tmp_path / "old", path)
    sidefiles.sum_of(path).unlink()
    assert _recovers(path, original, "rolled_back") < len(original)


def _killed(folder: Path) -> tuple[Path, list[bytes]]:
    """A ledger as a kill leaves it: half of its records in the WAL only."""
    path = _whole(folder)
    ledger = _open(path)
    _fill(ledger, 25, 10)
    original = [stored.body for stored in ledger.stored()]
    left = folder.with_name(folder.name + "-left")
    shutil.copytree(folder, left)
    ledger.close()
    return left / path.name, original


def test_a_kill_alone_is_no_damage(tmp_path: Path) -> None:
    path, original = _killed(tmp_path / "lane")
    with _open(path) as ledger:
        assert ledger.recovered == ()
        assert [stored.body for stored in ledger.stored()] == original


def test_a_missing_wal_is_said(tmp_path: Path) -> None:
    path, original = _killed(tmp_path / "lane")
    sidefiles.wal_of(path).unlink()
    sidefiles.shm_of(path).unlink()
    assert _recovers(path, original, "wal_missing") < len(original)


def test_a_damaged_wal_is_said_and_kept(tmp_path: Path) -> None:
    path, _ = _killed(tmp_path / "lane")
    wal = sidefiles.wal_of(path)
    data = bytearray(wal.read_bytes())
    data[len(data) // 3] ^= 1
    wal.write_bytes(data)
    with _open(path) as ledger:
        assert "wal_damaged" in [found.cause for found in ledger.recovered]
        assert ledger.verify() == []
    assert (path.parent / "quarantine/0001" / wal.name).read_bytes() == data


def test_garbage_in_wal_and_shm(tmp_path: Path) -> None:
    path, original = _killed(tmp_path / "lane")
    sidefiles.wal_of(path).write_bytes(random.Random(1).randbytes(50_000))
    sidefiles.shm_of(path).write_bytes(random.Random(2).randbytes(32_768))
    with _open(path) as ledger:
        assert "wal_damaged" in [found.cause for found in ledger.recovered]
        assert [s.body for s in ledger.stored()][:20] == original[:20]
        assert ledger.verify() == []


def test_damage_met_while_running_is_repaired_at_the_next_start(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    original = _original(path)
    with _open(path) as ledger:
        sidefiles.mark_damaged(path, Files())
        assert sidefiles.is_marked_damaged(path)
        ledger._begun = False
    (root,) = (
        sqlite3.connect(path)
        .execute("SELECT rootpage FROM sqlite_schema WHERE name = 'record_by_plate'")
        .fetchone()
    )
    data = bytearray(path.read_bytes())
    data[root * 4096 - 300 : root * 4096 - 100] = bytes(200)
    path.write_bytes(data)
    with _open(path) as ledger:
        assert "page" in [found.cause for found in ledger.recovered]
        assert ledger.verify() == []
        assert [s.body for s in ledger.stored()][: len(original)] == original


def test_a_damaged_record_after_a_kill_is_one_thing(tmp_path: Path) -> None:
    path, original = _killed(tmp_path / "lane")
    _hide(path, original[3])
    with _open(path) as ledger:
        (found,) = ledger.recovered
        assert found.cause in ("page", "record")
        assert found.kept <= 3


def test_an_old_record_with_another_hash(tmp_path: Path) -> None:
    """Far behind the newest manifest; the sum of the closed file has the start look there."""
    path = _whole(tmp_path / "lane")
    db = sqlite3.connect(path)
    (sql,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'record_update'").fetchone()
    db.execute("DROP TRIGGER record_update")
    db.execute("UPDATE record SET hash = zeroblob(32) WHERE seq = 3")
    db.execute(sql)
    db.commit()
    db.close()
    with _open(path) as ledger:
        assert [(found.cause, found.kept) for found in ledger.recovered] == [("record", 2)]


def _breaks_at(step: int) -> Fails:
    return lambda number, _operation, _path: BROKEN if number == step else 0


@pytest.mark.parametrize("damage", ["page", "wal"])
def test_a_cut_at_every_step_of_a_recovery_recovers_again(tmp_path: Path, damage: str) -> None:
    path, original = _killed(tmp_path / "lane")
    data = bytearray(path.read_bytes())
    wal = sidefiles.wal_of(path)
    if damage == "page":
        covered = walfile.examine(wal).pages
        page = next(n for n in range(12, len(data) // 4096) if n + 1 not in covered)
        data[4096 * page : 4096 * (page + 1)] = bytes(4096)
        path.write_bytes(data)
    else:
        rotten = bytearray(wal.read_bytes())
        rotten[len(rotten) // 3] ^= 1
        wal.write_bytes(rotten)
    steps = 0
    while True:
        case = tmp_path / f"cut-{steps}"
        shutil.copytree(path.parent, case)
        files = ModelFiles(_breaks_at(steps))
        try:
            _open(case / path.name, files).close()
        except (LedgerError, OSError):
            pass
        else:
            if len(files.log) <= steps:
                break
        with _open(case / path.name) as ledger:
            assert ledger.verify() == []
            bodies = [s.body for s in ledger.stored()]
            found = [r.recovery.kept for r in ledger.records() if r.recovery]
            assert found, (steps, files.log[steps])
            kept = found[0]
            assert bodies[:kept] == original[:kept]
            assert not list(case.glob("*.rebu*"))
        steps += 1
    assert steps > 8


def test_first_page_gone_after_a_rotation(tmp_path: Path) -> None:
    """The first key is nowhere in the file any more; its .pub file names it."""
    folder = tmp_path / "lane"
    folder.mkdir()
    path = folder / "ledger.sqlite"
    with _open(path) as ledger:
        _fill(ledger, 1, 5)
        ledger.rotate(NEXT, Person(who="李", why="a year has passed"))
        _fill(ledger, 6, 5)
    original = _original(path)
    data = bytearray(path.read_bytes())
    data[: 2 * 4096] = bytes(2 * 4096)
    path.write_bytes(data)
    with Ledger.open(path, SITE, LANE, key=NEXT) as ledger:
        (found,) = ledger.recovered
        assert found.kept == len(original)
        assert ledger.first_key == KEY.public
        assert ledger.key == NEXT.public
        assert ledger.verify() == []


def test_another_lanes_damaged_ledger_is_left_alone(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    data = bytearray(path.read_bytes())
    data[:4096] = bytes(4096)
    path.write_bytes(data)
    with pytest.raises(LedgerError) as raised:
        Ledger.open(path, SITE, "2", key=KEY)
    assert raised.value.code is Code.OTHER_LANE
    assert path.read_bytes() == data


def test_numbers_of_lost_passages_are_not_given_again(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    path.unlink()
    with _open(path) as ledger:
        assert ledger.next_passage_id() > COUNT + recovery.PASSAGES_SKIPPED // 2


def _bad_hash(db: sqlite3.Connection) -> None:
    db.execute("UPDATE record SET hash = zeroblob(32) WHERE seq = 26")


def _no_identity(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM identity")


def _no_key(db: sqlite3.Connection) -> None:
    db.execute("UPDATE identity SET key = x'00'")


def _no_index(db: sqlite3.Connection) -> None:
    db.execute("DROP INDEX record_by_tare")


@pytest.mark.parametrize(
    ("hurt", "cause"),
    [
        (_bad_hash, "record"),
        (_no_identity, "identity"),
        (_no_key, "identity"),
        (_no_index, "schema"),
    ],
)
def test_damage_inside_rows(
    tmp_path: Path, hurt: Callable[[sqlite3.Connection], None], cause: str
) -> None:
    path = _whole(tmp_path / "lane")
    original = _original(path)
    db = sqlite3.connect(path)
    guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        db.execute(f"DROP TRIGGER {name}")
    hurt(db)
    for _, sql in guards:
        db.execute(sql)
    db.commit()
    db.close()
    assert _recovers(path, original, cause) >= 25


def test_a_number_in_the_header_is_no_newer_program(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    original = _original(path)
    for offset in (60, 68):
        data = bytearray(path.read_bytes())
        data[offset] ^= 1
        path.write_bytes(data)
        _recovers(path, original, "header")
        original = _original(path)
    assert [n for n, _ in quarantine.finals(path)] == [1, 2]


def test_the_record_of_a_recovery_says_what_was_found(tmp_path: Path) -> None:
    path = _whole(tmp_path / "lane")
    (path.parent / path.name).write_bytes(b"SQLite format 3\0" + bytes(5000))
    with _open(path) as ledger:
        record = ledger.last()
        assert record is not None
        assert record.kind is Kind.RECOVERY
        assert record.recovery is not None
        assert record.recovery.sha256 is not None
        assert next(ledger.stored(record.seq)).hash == hash_of(record)


def _handed_over(folder: Path) -> tuple[Path, list[bytes]]:
    folder.mkdir()
    path = folder / "ledger.sqlite"
    with _open(path) as ledger:
        _fill(ledger, 1, 12)
        ledger.rotate(NEXT, Person(who="李", why="a year has passed"))
        _fill(ledger, 13, 5)
    return path, _original(path)


def _hide(path: Path, body: bytes) -> None:
    """Spoil the page that the record begins on."""
    data = bytearray(path.read_bytes())
    at = bytes(data).index(body[:600])
    data[at : at + 600] = bytes(600)
    path.write_bytes(data)


def test_the_key_record_itself_is_lost(tmp_path: Path) -> None:
    """What is left ends under a key that nobody has any more: a new ledger, all in quarantine."""
    path, original = _handed_over(tmp_path / "lane")
    _hide(path, original[4])
    with Ledger.open(path, SITE, LANE, key=NEXT) as ledger:
        (found,) = ledger.recovered
        assert found.kept == 0
        assert found.seen is not None
        assert found.seen >= len(original)
        assert ledger.first_key == NEXT.public
        assert ledger.verify() == []


def test_a_damaged_ledger_is_not_emptied_for_a_wrong_key(tmp_path: Path) -> None:
    path, original = _handed_over(tmp_path / "lane")
    _hide(path, original[0])
    data = bytearray(path.read_bytes())
    data[: 2 * 4096] = bytes(2 * 4096)
    path.write_bytes(data)
    before = path.read_bytes()
    with pytest.raises(LedgerError) as raised:
        Ledger.open(path, SITE, LANE, key=PrivateKey(bytes(32)))
    assert raised.value.code is Code.OTHER_KEY
    assert path.read_bytes() == before
    assert not (path.parent / "quarantine").exists()
