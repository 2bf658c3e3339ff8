"""``steelyard bench evidence``: it counts what is there, and names what it counts; no times."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from day_rig import run_day
from ledger_rig import KEY, LANE, SITE, passage
from msgspec import to_builtins
from msgspec.structs import replace
from rich.console import Console
from typer.testing import CliRunner

from controller.assembly import LEDGER_FILE
from controller.cli import app
from controller.commands import bench_evidence as bench
from controller.commands import bench_evidence_show, bench_evidence_start
from controller.commands.bench_evidence_bulk import A_DAY, fill, measure_bulk
from controller.commands.bench_evidence_syncs import purpose, tally
from protocol.custody import Media
from protocol.ledger import Ledger
from protocol.media import Blob, MediaStore
from protocol.parts import Kind, Times
from protocol.record import Record
from protocol.verify import verify_folder
from sim.world import Yard

WAL = "/data/ledger.sqlite-wal"
TRACE = f"""\
7 fdatasync(5<{WAL}>) = 0
7 fsync(9</data/began>) = 0
8 fdatasync(5<{WAL}>) = 0
8 fsync(7</data/media/{"a" * 64}.counts.part>) = 0
8 fsync(7</data/media>) = 0
8 fdatasync(5<{WAL}>) = 0
8 fdatasync(4</data/ledger.sqlite>) = 0
8 +++ exited with 0 +++
7 fsync(9</data/ended>) = 0
7 fsync(3</data>) = 0
"""


def passages() -> list[Record]:
    """Two passages of one day; the first names a file."""
    times = Times(at_us=1, wall_ms=1_763_800_000_000, date=20_261_122, offset_min=480)
    first, second = (passage(n, curve=True, times=times) for n in (1, 2))
    named = Media(kind="counts", sha256=Blob(kind="counts", data=b"c" * 100).sha256, bytes=100)
    return [replace(first, media=(named,)), second]


def one_truck(folder: Path, trucks: int) -> None:
    """A morning of one truck, with eyes that know the truth."""
    run_day(Yard.from_scenario("legal", seed=3), folder)


def test_only_syncs_between_the_marks_are_counted_by_what_they_are_for() -> None:
    found = tally(TRACE.splitlines())
    assert sum(found.values()) == 5
    assert found[purpose("ledger.sqlite-wal")] == 2
    assert set(found) == {
        purpose(name) for name in ("ledger.sqlite-wal", "x.counts.part", "media", "ledger.sqlite")
    }


def test_records_and_plain_inserts_are_of_the_same_bytes_and_in_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "TURNS", 2)
    monkeypatch.setattr(bench, "TURN", 3)
    found = bench._commits(tmp_path / "both", passages(), curve=True, key=KEY)
    bare = bench._commits(tmp_path / "bare", passages(), curve=False, key=KEY)
    assert found.commits == 6
    assert found.bytes > bare.bytes
    assert found.share == pytest.approx(found.records_per_s / found.plain_per_s, abs=0.01)
    with Ledger.open(tmp_path / "both" / LEDGER_FILE, read_only=True) as ledger:
        sizes = [len(stored.body) for stored in ledger.stored()]
    plain = sqlite3.connect(tmp_path / "both" / "plain.sqlite")
    kept = plain.execute("SELECT length(body) FROM record ORDER BY seq").fetchall()
    plain.close()
    assert len(sizes) == len(kept) == 6
    # Only seq and prev_hash stand otherwise; they may take a byte more or less.
    assert all(abs(ours - theirs) <= 8 for ours, (theirs,) in zip(sizes, kept, strict=True))


def test_each_passage_is_stored_with_files_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "PASSAGES", 4)
    store = MediaStore(tmp_path / "media")
    store.put([Blob(kind="counts", data=b"c" * 100)])
    (tmp_path / "out").mkdir()
    found = bench._durable(tmp_path / "out" / "data", passages()[:1], store, KEY)
    assert (found.passages, found.blobs, found.blob_bytes) == (4, 1, 108)
    assert len(list((tmp_path / "out" / "data" / "media").iterdir())) == 4


def test_sizes_are_those_of_the_files_that_the_records_name(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media")
    store.put([Blob(kind="counts", data=b"c" * 100), Blob(kind="counts", data=b"nobody's")])
    sizes = bench._sizes(passages()[:1], store, KEY)
    assert (sizes.raw, sizes.journal, sizes.plates) == (100, 0, 0)
    assert sizes.record > sizes.record_without_curve > 300


def test_the_bulk_is_a_sound_ledger_with_a_manifest_a_day(tmp_path: Path) -> None:
    fill(tmp_path, passages(), A_DAY + 5)
    report = verify_folder(tmp_path)
    assert report.findings == ()
    with Ledger.open(tmp_path / LEDGER_FILE, read_only=True) as ledger:
        kinds = [record.kind for record in ledger.records()]
        assert (ledger.site, ledger.lane) == (SITE, LANE)
    assert kinds.count(Kind.PASSAGE) == A_DAY + 5
    assert kinds.count(Kind.MANIFEST) == 1


def test_the_verifying_process_says_what_it_holds() -> None:
    found = measure_bulk(passages(), 30)
    assert (found.records, found.findings) == (30, 0)
    assert found.peak_mib >= found.start_mib > 0


def test_a_start_is_timed_from_the_call_until_the_lane_is_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_evidence_start, "STARTS", 1)
    found = bench_evidence_start.measure_start(tmp_path)
    assert found.cpu_s > 0
    assert found.process_s > 0
    # One second for the first zero, one for the settling, and the scans until they are seen.
    assert 2.0 <= found.lane_s <= 3.0
    with Ledger.open(tmp_path / LEDGER_FILE, read_only=True) as ledger:
        assert ledger.verify() == []


def test_everything_measured_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TURNS", 1), ("TURN", 2), ("PASSAGES", 2), ("REPEATS", 3)):
        monkeypatch.setattr(bench, name, value)
    monkeypatch.setattr(bench, "count_syncs", lambda folder, trucks: None)
    monkeypatch.setattr(bench, "drive", one_truck)
    starts = bench_evidence_start.Start(process_s=0.25, cpu_s=0.125, lane_s=2.0)
    monkeypatch.setattr(bench, "measure_start", lambda folder: starts)
    found = bench.measure(tmp_path, (20,), trucks=1)
    assert list(tmp_path.iterdir()) == []
    console = Console(width=140, record=True, file=(tmp_path / "shown").open("w"))
    bench_evidence_show.show(found, console)
    said = console.export_text()
    assert found.replay.identical == found.replay.records > 0
    for number in (found.sizes.record, found.durable.blob_bytes, found.bulk[0].records_per_s):
        assert str(number) in said
    assert "not counted" in said
    assert "ready after 2.2 s" in said
    monkeypatch.setattr(bench_evidence_show, "measure", lambda folder, bulk: found)
    done = CliRunner().invoke(app, ["bench", "evidence", str(tmp_path), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == to_builtins(found)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["bench", "evidence", str(tmp_path / "none")])
    assert done.exit_code != 0
    assert "no such folder" in done.output
