"""``steelyard replay``: equal records are equal, and every kind of inequality has its own words."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from day_rig import lane_in
from msgspec.structs import replace
from typer.testing import CliRunner

import controller.commands.replay as command
import controller.replay as core_replay
import controller.replayrecord as record_replay
from controller.assembly import LEDGER_FILE
from controller.cli import app
from controller.commands.bench_replay import measure_journal, measure_replay
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Lamp
from controller.core.lane import step
from controller.core.passage import Lane
from controller.core.settings import LaneSettings
from controller.journal import KIND, SETTINGS_KIND
from controller.journalfile import Header, JournalWriter, write_settings
from controller.journalread import read_journal, read_settings
from controller.recorder import to_record
from controller.replay import Replayer
from controller.replayrecord import Checked, Checker, Result
from protocol.envelope import payload_of
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.media import FOLDER, MediaStore, file_name
from protocol.record import Record, encode
from sim.run import simulate
from sim.world import Yard

RUN = CliRunner()
MAIN = "from controller.cli import main; main()"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short day: a truck that is over, is sent back, and comes again."""
    folder = tmp_path_factory.mktemp("day")
    yard = Yard.from_scenario("overloaded_reweigh", seed=3)
    yard.paint = False
    lane = lane_in(yard, folder)
    simulate(lane, yard, until_us=600_000_000)
    lane.bookkeeper.close()
    return folder


@pytest.fixture
def day(kept: Path, tmp_path: Path) -> Path:
    """The day to spoil."""
    return Path(shutil.copytree(kept, tmp_path / "day"))


def records(folder: Path) -> list[Record]:
    with Ledger.open(folder / LEDGER_FILE, read_only=True) as ledger:
        return list(ledger.records())


def journal_of(folder: Path, record: Record) -> Path:
    medium = next(medium for medium in record.media if medium.kind == KIND)
    return folder / FOLDER / file_name(KIND, medium.sha256)


def passages(found: Iterator[Checked] | list[Checked]) -> list[Checked]:
    return [one for one in found if one.result is not Result.OWN]


def test_every_record_comes_out_as_it_was_stored(kept: Path) -> None:
    found = passages(command.checked(kept))
    assert len(found) >= 2
    assert {one.result for one in found} == {Result.IDENTICAL}
    assert all(one.scans > 100 and one.span_us > 2_000_000 for one in found)


def replayed_elsewhere(folder: Path, seed: str) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "replay", str(folder), "--json"],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["results"].get("different", 0) == 0
    return lines[:-1]


def test_another_process_with_another_hash_seed_puts_out_the_same(kept: Path) -> None:
    one, two = replayed_elsewhere(kept, "1"), replayed_elsewhere(kept, "77")
    assert one == two
    assert {line["result"] for line in one} <= {"identical", "the ledger's own"}
    assert [line["outputs_sha256"] for line in one] == [
        here.outputs_sha256 for here in command.checked(kept)
    ]


def test_the_first_scan_that_differs_is_shown_with_both_sides(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def other(lane: Lane, inputs: InputImage, settings: LaneSettings) -> tuple[Lane, OutputImage]:
        after, out = step(lane, inputs, settings)
        if out.deck_lamps != (Lamp.RED, Lamp.RED):
            asked.append(inputs.scan)
            out = replace(out, sign=replace(out.sign, plate="京A00000"))
        return after, out

    monkeypatch.setattr(core_replay, "step", other)
    shown = RUN.invoke(app, ["replay", str(kept)])
    assert shown.exit_code == 1
    assert f"scan {asked[0]} " in shown.stdout
    assert "is the first that differs, in its outputs" in shown.stdout
    assert "RELEASING" in shown.stdout or "RETURNING" in shown.stdout
    assert "sign.plate" in shown.stdout
    assert 'today    "京A00000"' in shown.stdout


def test_a_lane_that_remembers_otherwise_is_shown_though_no_output_tells(
    day: Path, tmp_path: Path
) -> None:
    """The journal of a record goes on where that of the one before ended."""
    first, second = [r for r in records(day) if any(m.kind == KIND for m in r.media)][:2]
    settings = passages(command.checked(day))
    assert settings
    files = [read_journal(journal_of(day, one).read_bytes()) for one in (first, second)]
    store = MediaStore(day / FOLDER)
    checker = record_replay.Checker(store.read, lambda _: False)
    read = checker._settings_of(first, files[0])
    replayer = Replayer()
    assert replayer.run(files[0].entries(), read).divergence is None
    entries = list(files[1].entries())
    lane = entries[0].lane
    assert lane is not None
    entries[0] = replace(entries[0], lane=replace(lane, next_id=lane.next_id + 5))
    found = replayer.run(entries, read).divergence
    assert found is not None
    assert found.of == "lane before the scan"
    assert [one.path for one in found.differences] == ["next_id"]


def test_a_record_that_is_made_otherwise_names_its_fields(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = to_record

    def other(*about: Any) -> Record:
        return replace(made(*about), void="another word")

    monkeypatch.setattr(record_replay, "to_record", other)
    shown = RUN.invoke(app, ["replay", str(kept)])
    assert shown.exit_code == 1
    assert "different: the record differs" in shown.stdout
    assert "  void\n    recorded null\n    today    " in shown.stdout


def test_an_error_of_todays_core_is_a_difference(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*about: Any) -> Any:
        raise ZeroDivisionError("a bug of today")

    monkeypatch.setattr(core_replay, "step", broken)
    shown = RUN.invoke(app, ["replay", str(kept)])
    assert shown.exit_code == 1
    assert "ZeroDivisionError: a bug of today" in shown.stdout


def test_a_journal_that_is_missing_is_damage(day: Path) -> None:
    record = next(r for r in records(day) if r.media)
    journal_of(day, record).unlink()
    shown = RUN.invoke(app, ["replay", str(day)])
    assert shown.exit_code == 1
    assert f"seq {record.seq} " in shown.stdout
    assert "damaged" in shown.stdout
    assert "not kept here" in shown.stdout


def test_a_journal_with_other_bytes_is_damage(day: Path) -> None:
    record = next(r for r in records(day) if r.media)
    path = journal_of(day, record)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    shown = RUN.invoke(app, ["replay", str(day), str(record.seq)])
    assert shown.exit_code == 1
    assert "the bytes are not those of its name" in shown.stdout


def test_a_journal_that_retention_removed_is_not_called_equal(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MediaStore(kept / FOLDER)
    checker = record_replay.Checker(store.read, lambda _: True)
    with Ledger.open(kept / LEDGER_FILE, read_only=True) as ledger:
        bodies = [(row.seq, payload_of(row.body)) for row in ledger.stored()]
    found = passages([checker.check(seq, body) for seq, body in bodies])
    assert {one.result for one in found} == {Result.NOT_REPLAYABLE}
    assert "removed by retention" in found[0].why
    monkeypatch.setattr(command._Dropped, "__call__", lambda *_: True)
    shown = RUN.invoke(app, ["replay", str(kept)])
    assert shown.exit_code == 1
    assert "nothing is proven" in shown.stderr
    assert f"{len(found)} not replayable" in shown.stdout


def test_a_record_without_a_journal_is_not_called_equal(kept: Path) -> None:
    record = next(r for r in records(kept) if r.media)
    bare = encode(replace(record, media=()))
    found = record_replay.Checker(MediaStore(kept / FOLDER).read, lambda _: False).check(1, bare)
    assert found.result is Result.NOT_REPLAYABLE
    assert "no journal" in found.why


def test_one_record_by_its_seq(kept: Path) -> None:
    seq = passages(command.checked(kept))[-1].seq
    shown = RUN.invoke(app, ["replay", str(kept), str(seq), "--json"])
    assert shown.exit_code == 0
    first, total = (json.loads(line) for line in shown.stdout.splitlines())
    assert (first["seq"], first["result"]) == (seq, "identical")
    assert total["records"] == 1


def test_a_seq_that_is_none_is_refused(kept: Path) -> None:
    shown = RUN.invoke(app, ["replay", str(kept), "4000"])
    assert shown.exit_code == 1
    assert "no record 4000" in shown.stderr


def test_what_is_no_ledger_is_said_to_be_none(tmp_path: Path) -> None:
    for folder, words in (("nowhere", "no such folder"), ("empty", LEDGER_FILE)):
        if folder == "empty":
            (tmp_path / folder).mkdir()
        shown = RUN.invoke(app, ["replay", str(tmp_path / folder)])
        assert shown.exit_code == 1
        assert words in shown.stderr
    (tmp_path / "empty" / LEDGER_FILE).write_bytes(b"this is no database " * 300)
    shown = RUN.invoke(app, ["replay", str(tmp_path / "empty")])
    assert shown.exit_code == 1
    assert LEDGER_FILE in shown.stderr


def test_a_newer_ledger_is_said_to_be_newer(day: Path) -> None:
    db = sqlite3.connect(day / LEDGER_FILE)
    db.execute("PRAGMA user_version = 99")
    db.close()
    shown = RUN.invoke(app, ["replay", str(day)])
    assert shown.exit_code == 1
    assert "99" in shown.stderr
    assert "newer" in shown.stderr


def test_a_record_of_another_passage_is_not_taken_for_this_one(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that is whole and replays, but belongs to another record."""
    first, second = [r for r in records(kept) if r.media][:2]
    swapped = encode(replace(first, media=second.media))
    found = record_replay.Checker(MediaStore(kept / FOLDER).read, lambda _: False).check(1, swapped)
    assert found.result is Result.DIFFERENT
    assert "does not end in this record" in found.why


def test_an_empty_journal_proves_nothing(kept: Path) -> None:
    record = next(r for r in records(kept) if r.media)
    header = read_journal(journal_of(kept, record).read_bytes()).header
    empty = JournalWriter(Header(software="x", settings=header.settings)).close()
    store = MediaStore(kept / FOLDER)

    def read(digest: bytes, kind: str) -> bytes:
        return empty if kind == KIND else store.read(digest, kind)

    found = record_replay.Checker(read, lambda _: False).check(1, encode(record))
    assert found.result is Result.DIFFERENT


def test_the_costs_are_measured_on_what_is_kept(kept: Path, tmp_path: Path) -> None:
    journal, replayed = measure_journal(kept), measure_replay(kept)
    total = sum(one.scans for one in command.checked(kept))
    assert journal.scans == replayed.scans == total
    named = [m.bytes for r in records(kept) for m in r.media if m.kind == KIND]
    assert min(named) <= journal.bytes_median <= max(named)
    assert replayed.identical == replayed.records == len(passages(command.checked(kept)))
    with pytest.raises(LedgerError):
        measure_journal(tmp_path)


def test_a_book_that_is_not_of_the_rule_tables_on_record_is_a_difference(kept: Path) -> None:
    """Limits raised in the settings alone: the same core comes to the same record by them."""
    store = MediaStore(kept / FOLDER)

    def read(digest: bytes, kind: str) -> bytes:
        data = store.read(digest, kind)
        return raised(data) if kind == SETTINGS_KIND else data

    judged = next(r for r in records(kept) if r.verdicts is not None and r.verdicts.rules)
    honest = Checker(store.read, lambda _: False).check(judged.seq, encode(judged))
    assert honest.result is Result.IDENTICAL
    found = Checker(read, lambda _: False).check(judged.seq, encode(judged))
    assert found.result is Result.DIFFERENT
    assert "another book than the rule tables on record" in found.why


def raised(data: bytes) -> bytes:
    """The settings with the highest limit of each period, which few vehicles meet, 1 t higher."""
    settings = read_settings(data)
    periods = tuple(
        replace(
            period,
            rows=tuple(
                replace(row, limit_g=row.limit_g + 1_000_000)
                if row.limit_g == max(other.limit_g for other in period.rows)
                else row
                for row in period.rows
            ),
        )
        for period in settings.lane.book.periods
    )
    book = replace(settings.lane.book, periods=periods)
    return write_settings(replace(settings, lane=replace(settings.lane, book=book)))
