"""A manifest a day inside the append that ends the day; copies that show what was cut off."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from files_rig import FULL, ModelFiles
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol import copies, manifests, sidefiles
from protocol.custody import Retention
from protocol.errors import Code, LedgerError
from protocol.keys import PrivateKey
from protocol.ledger import Ledger
from protocol.merkle import root
from protocol.parts import Kind, Person, Times
from protocol.record import Record, RecordError
from protocol.rows import own
from protocol.verify import verify_folder

MONDAY, TUESDAY, WEDNESDAY = 20_251_124, 20_251_125, 20_251_126
NEXT = PrivateKey(bytes(range(1, 33)))
ZHANG = Person(who="张三", why="yearly")


def dated(number: int, date: int | None) -> Record:
    record = passage(number)
    return replace(record, times=replace(record.times, date=date, offset_min=480))


def _open(path: Path) -> Ledger:
    return Ledger.open(path, SITE, LANE, key=KEY)


def _kinds(ledger: Ledger) -> list[Kind]:
    return [record.kind for record in ledger.records()]


def test_a_day_ends_with_a_manifest_of_all_its_records(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with _open(path) as ledger:
        for number, date in enumerate([None, MONDAY, MONDAY, None], 1):
            ledger.append(dated(number, date))
        assert ledger.append(dated(5, TUESDAY)).seq == 6
        ledger.append(dated(6, WEDNESDAY))
        first, second = (r for r in ledger.records() if r.kind is Kind.MANIFEST)
        stored = list(ledger.stored())
        assert ledger.verify() == []
    found = first.manifest
    assert found is not None
    assert (first.seq, found.first, found.last, found.count, found.day) == (5, 1, 4, 4, MONDAY)
    assert found.root == root([row.hash for row in stored[:4]])
    assert (first.passage_id, first.part, first.times.date) == (0, 0, TUESDAY)
    following = second.manifest
    assert following is not None
    assert (following.first, following.last, following.day) == (5, 6, TUESDAY)
    for seq in (first.seq, second.seq):
        assert (path.parent / "manifests" / f"{seq}.cose").read_bytes() == stored[seq - 1].body


def test_a_manifest_costs_no_sync_of_its_own(tmp_path: Path) -> None:
    """It commits with the record that ends the day; only its copy is written behind that."""
    with _open(tmp_path / "ledger.sqlite") as ledger:
        ledger.append(dated(1, MONDAY))
        commits: list[str] = []
        ledger._db.set_trace_callback(commits.append)
        ledger.append(dated(2, TUESDAY))
        ledger._db.set_trace_callback(None)
        assert commits.count("COMMIT") == 1
        assert _kinds(ledger) == [Kind.PASSAGE, Kind.MANIFEST, Kind.PASSAGE]


def test_a_segment_goes_on_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for number, date in enumerate([None, MONDAY, None, MONDAY, TUESDAY], 1):
        with _open(path) as ledger:
            ledger.append(dated(number, date))
    with _open(path) as ledger:
        (manifest,) = [r.manifest for r in ledger.records() if r.manifest]
        assert (manifest.first, manifest.last, manifest.day) == (1, 4, MONDAY)
        assert ledger.verify() == []


@pytest.mark.parametrize(
    ("dates", "count"),
    [
        ([MONDAY, TUESDAY] * 6, 1),
        ([TUESDAY, MONDAY] * 6, 1),
        ([MONDAY, 20_990_101, MONDAY, MONDAY, TUESDAY, WEDNESDAY], 3),
        ([None, None, MONDAY, None, TUESDAY, None], 1),
        ([WEDNESDAY, TUESDAY, MONDAY, TUESDAY, WEDNESDAY], 2),
    ],
)
def test_a_clock_that_steps_closes_each_day_once(
    tmp_path: Path, dates: list[int | None], count: int
) -> None:
    with _open(tmp_path / "ledger.sqlite") as ledger:
        for number, date in enumerate(dates, 1):
            ledger.append(dated(number, date))
        assert _kinds(ledger).count(Kind.MANIFEST) == count
        assert ledger.verify() == []


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from([None, MONDAY, TUESDAY, WEDNESDAY]), st.booleans()),
        max_size=14,
    )
)
def test_any_dates_and_restarts_verify(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int | None, bool]]
) -> None:
    path = tmp_path_factory.mktemp("days") / "ledger.sqlite"
    ledger = _open(path)
    for number, (date, restart) in enumerate(steps, 1):
        ledger.append(dated(number, date))
        if restart:
            ledger.close()
            ledger = _open(path)
    assert ledger.verify() == []
    assert _kinds(ledger).count(Kind.MANIFEST) <= 3
    ledger.close()


def test_without_a_date_a_manifest_comes_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "RECORDS_MAX", 5)
    with _open(tmp_path / "ledger.sqlite") as ledger:
        for number in range(1, 14):
            ledger.append(dated(number, None))
        found = [r.manifest.count for r in ledger.records() if r.manifest]
        assert found == [5, 5]
        assert ledger.verify() == []


def test_a_failed_append_takes_its_manifest_back(tmp_path: Path) -> None:
    with _open(tmp_path / "ledger.sqlite") as ledger:
        ledger.append(dated(1, MONDAY))
        with pytest.raises(RecordError):
            ledger.append(replace(dated(2, TUESDAY), decision=None))
        assert _kinds(ledger) == [Kind.PASSAGE]
        ledger.append(dated(2, TUESDAY))
        assert _kinds(ledger) == [Kind.PASSAGE, Kind.MANIFEST, Kind.PASSAGE]
        assert ledger.verify() == []


def test_a_copy_that_could_not_be_written_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    files = ModelFiles()
    with Ledger.open(path, SITE, LANE, key=KEY, files=files) as ledger:
        ledger.append(dated(1, MONDAY))
        files.fails = lambda _n, _o, path: FULL if "manifests" in str(path) else 0
        assert ledger.append(dated(2, TUESDAY)).seq == 3
        assert copies.numbers(path) == []
        files.fails = lambda _n, _o, _p: 0
    with _open(path):
        assert copies.numbers(path) == [2]


def test_a_kept_manifest_shows_that_newer_records_were_cut_off(tmp_path: Path) -> None:
    folder = tmp_path / "lane"
    folder.mkdir()
    path = folder / "ledger.sqlite"
    with _open(path) as ledger:
        ledger.append(dated(1, MONDAY))
    shutil.copy(path, tmp_path / "old")
    with _open(path) as ledger:
        ledger.append(dated(2, TUESDAY))
    shutil.copy(tmp_path / "old", path)
    sidefiles.write_sum(path, ModelFiles())
    assert [f.code for f in verify_folder(folder).findings] == ["manifest"]


def test_what_only_the_ledger_writes(tmp_path: Path) -> None:
    with _open(tmp_path / "ledger.sqlite") as ledger:
        ledger.append(dated(1, MONDAY))
        note = own(
            Kind.RETENTION,
            (SITE, LANE),
            Times(at_us=1),
            retention=Retention(kind="plate", why="age", sha256=(bytes(32),)),
        )
        with pytest.raises(RecordError, match="ledger's own"):
            ledger.append(note)
        with pytest.raises(RecordError, match="no note"):
            ledger.note(dated(2, MONDAY))
        assert ledger.note(note).seq == 2
        assert ledger.note(note).seq == 3
        assert ledger.next_passage_id() == 2
        assert ledger.find(0, 0) is None
        assert ledger.verify() == []


def test_keys_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with _open(path) as ledger:
        ledger.append(passage(1))
        ledger.rotate(NEXT, ZHANG, Times(at_us=5))
        assert ledger.key == NEXT.public
        assert ledger.first_key == KEY.public
        ledger.append(passage(2))
        assert ledger.verify() == []
    with pytest.raises(LedgerError) as raised:
        _open(path)
    assert raised.value.code is Code.OTHER_KEY
    for key in (KEY, NEXT):
        assert key.public.fingerprint in str(raised.value)
    with Ledger.open(path, SITE, LANE, key=NEXT) as ledger:
        ledger.append(passage(3))
        assert ledger.verify() == []
        assert ledger.keys() == [KEY.public, NEXT.public]
