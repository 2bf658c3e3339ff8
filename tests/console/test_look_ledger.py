"""The ledger at the console: beside the lane that writes it, its chain, the story of a passage."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from look_rig import Stand, answer, looking, text

from controller.console.answer import CommandError
from controller.console.clean import printable
from controller.console.look_disk import media_of
from controller.console.look_evidence import (
    crashes,
    journals_of,
    newest_records,
    reading,
    record_of,
)
from controller.console.show_ledger import verified
from controller.console.trace_rows import AFTERWARDS_US, journal_rows
from protocol.keys import generate
from protocol.ledger import Ledger
from protocol.parts import End, Kind, Motion, Move, Person, Times
from protocol.record import Record

HOSTILE = "\x1b[2J\u202egone\r\nx"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A vehicle that was sent back, came again with less, and left."""
    made = Stand(tmp_path_factory.mktemp("day"), "overloaded_reweigh")
    made.finish()
    yield made
    made.close()


@pytest.fixture
def closed(day: Stand, tmp_path: Path) -> Path:
    """What a lane that has ended leaves on disk, in a folder of its own."""
    with Ledger.open(day.out / "ledger.sqlite", read_only=True):
        source = sqlite3.connect(day.out / "ledger.sqlite")
        target = sqlite3.connect(tmp_path / "ledger.sqlite")
        source.backup(target)
        source.close()
        target.close()
    return tmp_path


def test_the_ledger_is_read_while_the_lane_writes_it(day: Stand) -> None:
    data = answer(looking(day.out), "show ledger").data
    with Ledger.open(day.out / "ledger.sqlite", read_only=True) as ledger:
        stored = list(ledger.stored())
    assert (data["records"], data["verified_first"], data["verified_last"]) == (2, 1, 2)
    assert data["head_sha256"] == stored[-1].hash.hex()
    assert data["findings"] == []
    assert (data["acknowledged_to"], data["unacknowledged"]) == (0, 2)
    assert data["key"] == day.lane.bookkeeper.ledger.key.fingerprint
    assert data["media_files"] == len(list((day.out / "media").iterdir()))
    assert data["media_bytes"] == sum(p.stat().st_size for p in (day.out / "media").iterdir())
    assert data["writer_failure"] == ""
    assert "whole" in text(looking(day.out), "show ledger")


def test_the_pictures_of_all_passages_are_counted(day: Stand) -> None:
    cameras = {one["name"]: one for one in answer(looking(day.out), "show cameras").data["cameras"]}
    yard, road = cameras["yard.camera"], cameras["road.camera"]
    assert yard["pictures"] == yard["taken"] == yard["read"] > 10
    assert (road["pictures"], road["newest_age_us"]) == (0, None)
    assert yard["newest_age_us"] > 10_000_000


def test_what_was_acknowledged_is_told(day: Stand) -> None:
    day.lane.bookkeeper.ledger.acknowledge([1], 5)
    data = answer(looking(day.out), "show ledger").data
    assert (data["acknowledged_to"], data["unacknowledged"]) == (1, 1)


def test_a_reader_of_the_console_can_write_nothing(day: Stand) -> None:
    with reading(looking(day.out)) as ledger, pytest.raises(OSError, match="readonly"):
        ledger.acknowledge([2], 5)


@pytest.mark.parametrize("newest", [1, 100])
def test_a_record_that_was_altered_breaks_the_chain(closed: Path, newest: int) -> None:
    assert answer(looking(closed), f"show ledger {newest}").data["findings"] == []
    db = sqlite3.connect(closed / "ledger.sqlite")
    db.execute("DROP TRIGGER record_update")
    (body,) = db.execute("SELECT body FROM record WHERE seq = 2").fetchone()
    forged = body[:-40] + bytes([body[-40] ^ 1]) + body[-39:]
    # Whoever alters a record gives it the hash that belongs to it.
    digest = hashlib.sha256(forged).digest()
    db.execute("UPDATE record SET body = ?, hash = ? WHERE seq = 2", (forged, digest))
    db.commit()
    db.close()
    data = answer(looking(closed), f"show ledger {newest}").data
    assert {one["seq"] for one in data["findings"]} == {2}
    shown = text(looking(closed), f"show ledger {newest}")
    assert "BROKEN" in shown
    assert "whole" not in shown


def test_a_hash_that_is_not_of_its_record_is_found(closed: Path) -> None:
    db = sqlite3.connect(closed / "ledger.sqlite")
    db.execute("DROP TRIGGER record_update")
    db.execute("UPDATE record SET hash = zeroblob(32) WHERE seq = 1")
    db.commit()
    db.close()
    (found,) = answer(looking(closed), "show ledger").data["findings"]
    assert (found["code"], found["seq"]) == ("hash", 1)


def test_what_there_was_no_time_for_is_told(day: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.console.show_ledger.VERIFY_S_MAX", -1.0)
    data = answer(looking(day.out), "show ledger").data
    assert (data["verified_first"], data["verified_last"], data["last_seq"]) == (1, 1, 2)
    with Ledger.open(day.out / "ledger.sqlite", read_only=True) as ledger:
        assert data["head_sha256"] == list(ledger.stored())[-1].hash.hex()
    assert "no time for more" in text(looking(day.out), "show ledger")


def moved(key_rotated: bool, path: Path) -> None:
    key = generate()
    with Ledger.open(path, "S", "1", key=key) as ledger:
        for part in range(1, 6):
            if key_rotated and part == 3:
                ledger.rotate(generate(), Person(who="li", why="new box"), Times(at_us=1))
            ledger.append(
                Record(
                    kind=Kind.MANUAL_MOVE, site="S", lane="1", passage_id=part,
                    times=Times(at_us=part), move=Move(end=End.YARD, motion=Motion.RAISE),
                    person=Person(who=HOSTILE, why=HOSTILE),
                )
            )  # fmt: skip


def test_the_newest_records_are_checked_with_the_key_of_their_time(tmp_path: Path) -> None:
    moved(True, tmp_path / "ledger.sqlite")
    with Ledger.open(tmp_path / "ledger.sqlite", read_only=True) as ledger:
        last = ledger.last()
        assert last is not None
        for newest in range(1, last.seq + 1):
            found = verified(ledger, last.seq, newest)
            assert found.findings == ()
            assert (found.first, found.last) == (last.seq - newest + 1, last.seq)
        assert ledger.key_at(1) == ledger.first_key != ledger.key_at(last.seq) == ledger.key


def test_words_of_people_in_a_record_steer_no_terminal(tmp_path: Path) -> None:
    moved(False, tmp_path / "ledger.sqlite")
    for language in ("en", "zh"):
        for row in text(looking(tmp_path, language=language), "trace passage 1").splitlines():
            assert row == printable(row, 10_000)
    assert answer(looking(tmp_path), "trace passage 1").data["kinds"] == ["MANUAL_MOVE"]


def test_an_empty_ledger_is_told_as_such(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "ledger.sqlite", "S", "1", key=generate()).close()
    data = answer(looking(tmp_path), "show ledger").data
    assert (data["records"], data["head_sha256"], data["writer_failure"]) == (0, None, None)
    assert "none yet" in text(looking(tmp_path), "show ledger")
    with pytest.raises(CommandError, match="no passage among"):
        answer(looking(tmp_path), "trace passage last")
    with pytest.raises(CommandError, match="the ledger is empty"):
        answer(looking(tmp_path), "trace passage 7")


@pytest.mark.parametrize("newest", ["0", "5001", "-1", "x", "9" * 40, "１"])
def test_only_a_number_of_records_can_be_asked_for(day: Stand, newest: str) -> None:
    if newest == "１":
        assert answer(looking(day.out), f"show ledger {newest}").data["verified_first"] == 2
        return
    with pytest.raises(CommandError, match="1 to 5000"):
        answer(looking(day.out), f"show ledger {newest}")


def test_the_story_of_a_passage_runs_from_its_approach_to_its_departure(day: Stand) -> None:
    data = answer(looking(day.out), "trace passage 1").data
    assert data["seqs"] == [1]
    assert data["outcomes"] == ["return"]
    assert data["verdicts"]["over_limit"]["result"] == "over"
    assert data["verdicts"]["over_limit"]["clause"]
    assert data["whole"]
    at = {(row["kind"], row["text"]): row["t_us"] for row in data["rows"]}
    times_us = [row["t_us"] for row in data["rows"]]
    assert times_us == sorted(times_us)
    decided = next(t for (kind, _), t in at.items() if kind == "decided")
    back = at["out", "yard.deck_lamp RED -> GREEN"]
    gone = at["out", "sign CLOSED -> WELCOME"]
    assert at["phase", "APPROACH"] < at["phase", "WEIGHING"] < decided < back < gone
    assert any(kind == "plate" and data["plate"] in told for kind, told in at)
    assert any(kind == "weight" and "gross" in told for kind, told in at)
    # Nothing of the vehicle that came next.
    with Ledger.open(day.out / "ledger.sqlite", read_only=True) as ledger:
        second = ledger.get(2)
    assert second is not None
    assert max(at.values()) < second.phases[0][1]
    assert max(at.values()) - gone <= AFTERWARDS_US


def test_the_newest_passage_says_that_its_departure_is_still_to_come(day: Stand) -> None:
    for which in ("", "last", "p2", "2"):
        data = answer(looking(day.out), f"trace passage {which}").data
        assert (data["passage_id"], data["whole"]) == (2, False)
    assert "journal of the next one" in text(looking(day.out), "trace passage")
    assert "re-weigh 1 of chain 1" in text(looking(day.out), "trace passage 2")


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ("99", "there is no record 99; the newest record is 2"),
        ("p99", "there is no passage 99"),
        ("-1", "names no passage"),
        ("9" * 30, "names no passage"),
        ("\x1b[2J", "'?[2J' names no passage"),
    ],
)
def test_a_passage_that_is_none_is_told(day: Stand, which: str, told: str) -> None:
    with pytest.raises(CommandError) as error:
        answer(looking(day.out), f"trace passage {which}")
    assert told in str(error.value)


def test_without_its_journal_a_record_still_tells_its_own_part(closed: Path) -> None:
    data = answer(looking(closed), "trace passage 1").data
    assert {row["from"] for row in data["rows"]} == {"record"}
    assert "not kept here any more" in text(looking(closed), "trace passage 1")


def test_a_damaged_journal_is_named_and_costs_nothing_else(day: Stand, closed: Path) -> None:
    shutil.copytree(day.out / "media", closed / "media")
    for path in (closed / "media").glob("*.journal"):
        path.write_bytes(path.read_bytes()[:-20])
    data = answer(looking(closed), "trace passage 1").data
    assert data["unreadable"]
    assert any(row["kind"] == "weight" for row in data["rows"])
    assert journal_rows(closed / "nowhere.journal", 1)[1]


def test_a_record_that_names_a_fault_is_its_evidence(day: Stand) -> None:
    newest = newest_records(looking(day.out))
    assert [one.seq for one in newest] == [1, 2]
    assert record_of(newest, 999, "OVER_NOTHING") is None
    first = newest[0]
    assert first.decision is not None
    word = first.decision.reasons[0].split()[0]
    named = record_of(newest, 999, word)
    assert named is not None
    assert word in " ".join(named.decision.reasons if named.decision else ())
    assert journals_of(looking(day.out), named)


def test_media_are_counted_for_so_long_and_no_longer(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}").write_bytes(b"x" * 10)
    whole, cut = media_of(tmp_path), media_of(tmp_path, seconds=-1.0)
    assert (whole.files, whole.bytes, whole.whole) == (5, 50, True)
    assert not cut.whole
    assert media_of(tmp_path / "none").files == 0


def test_bundles_of_crashes_are_named_with_their_first_cause(tmp_path: Path) -> None:
    (tmp_path / "crash-0001").mkdir()
    (tmp_path / "crash-0001" / "crash.json").write_text("{")
    (tmp_path / "crash-9").mkdir()
    ((path, cause),) = crashes(looking(tmp_path))
    assert path.name == "crash-0001"
    assert "not the account of a crash" in cause


def test_versions_of_all_that_runs(day: Stand) -> None:
    data = answer(looking(day.out), "show version").data
    profile = day.board.profile
    assert data["config_sha256"] == profile.sha256
    assert data["calibration_sha256"] == profile.scale.calibration_hash
    assert data["key"] == day.lane.bookkeeper.ledger.key.fingerprint
    assert data["up_us"] == pytest.approx(day.yard.now_us, abs=100_000)
    assert data["firmware"] == []
    assert data["software"] == "steelyard 0"
