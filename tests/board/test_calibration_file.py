"""The calibration file: sealed, chained, never half written, and never lost."""

from __future__ import annotations

import datetime
import os
import signal
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from site_rig import SITE, write_site

import board.calibration_writer as writer
from board.calibration_file import (
    CalibrationFileError,
    Standing,
    calibration_path,
    history,
    kept_path,
    read_standing,
    versions_of,
)
from board.calibration_sheet import changes, stated_sheet, with_values
from board.calibration_writer import Note, adopt, restore, write_version
from board.profile import ProfileError, profile_path, read_profile
from board.tomltext import to_toml
from sensors.calibration import scale_from_dict

SHEET = profile_path("sim").with_name("sim.calib.toml").read_bytes()
DAY = datetime.datetime(2026, 11, 22, 10, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))


def note(reason: str = "yearly", **more: Any) -> Note:
    return Note(author="Li Wei", date=DAY, reason=reason, **more)


def start(folder: Path) -> Path:
    path = folder / "deck.calib.toml"
    path.write_bytes(SHEET)
    return path


def moved(standing: Standing, by: float) -> dict[str, Any]:
    cells = [{**cell, "zero_counts": cell["zero_counts"] + by} for cell in standing.sheet["cells"]]
    return {**standing.sheet, "cells": cells}


def write(path: Path, by: float = 1.5, reason: str = "yearly") -> Standing:
    standing = read_standing(path)
    return write_version(standing, moved(standing, by), note(reason))


def zero_of(path: Path) -> float:
    return scale_from_dict(tomllib.loads(path.read_text(encoding="utf-8"))).cells[0].zero_counts


def test_a_sheet_without_a_seal_is_version_zero(tmp_path: Path) -> None:
    standing = read_standing(start(tmp_path))
    assert standing.version == 0
    assert len(standing.sha256) == 64
    assert not (tmp_path / "history").exists()


def test_a_new_version_says_who_when_why_and_what_changed(tmp_path: Path) -> None:
    path = start(tmp_path)
    before = read_standing(path)
    load = {"kind": "span", "load_kg": 20000.0, "ok": True}
    after = write_version(before, moved(before, 1.5), note(loads=[load]))
    record = tomllib.loads(path.read_text(encoding="utf-8"))["calibration"]
    assert (record["version"], record["author"], record["date"]) == (1, "Li Wei", DAY)
    assert record["previous_sha256"] == before.sha256
    assert record["loads"] == [load]
    assert record["changes"][0] == {
        "key": "cells[0].zero_counts",
        "before": 457518,
        "after": 457519.5,
    }
    assert len(record["changes"]) == 8
    assert (after.version, after) == (1, read_standing(path))
    assert zero_of(path) == 457519.5
    assert kept_path(path, 0).read_bytes() == SHEET
    assert kept_path(path, 1).read_bytes() == path.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deck.calib.toml", "history"]


def test_versions_make_a_chain_that_shows_a_break(tmp_path: Path) -> None:
    path = start(tmp_path)
    for by in (1.0, 2.0, 3.0):
        write(path, by)
    rows = history(path)
    assert [row["version"] for row in rows] == [0, 1, 2, 3]
    assert [row["problem"] for row in rows] == [None] * 4
    kept_path(path, 2).unlink()
    assert [row["problem"] for row in history(path)] == [
        None,
        None,
        "does not follow from any version kept before it",
    ]
    kept_path(path, 2).write_bytes(kept_path(path, 1).read_bytes())
    problems = [row["problem"] for row in history(path)]
    assert problems[2] == "says that it is version 1"
    kept_path(path, 1).write_bytes(kept_path(path, 1).read_bytes().replace(b"Li", b"Xi"))
    assert "changed by hand" in str(history(path)[1]["problem"])


def test_an_old_version_is_restored_as_a_new_one(tmp_path: Path) -> None:
    path = start(tmp_path)
    for by in (1.0, 2.0):
        write(path, by)
    back = restore(path, 1, note("the load was wrong"))
    record = back.table["calibration"]
    assert (back.version, record["restores"], record["reason"]) == (3, 1, "the load was wrong")
    assert zero_of(path) == 457519
    assert restore(path, 0, note()).sheet == tomllib.loads(SHEET.decode())
    assert [row["problem"] for row in history(path)] == [None] * 5
    with pytest.raises(CalibrationFileError, match=r"no version 9 in the history; kept: 0, 1, 2"):
        restore(path, 9, note())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b"zero_counts = 457519.5", b"zero_counts = 457519.6"),
        lambda data: data.replace(b"Li Wei", b"Li Wen"),
        lambda data: data + b"# a word\n",
        lambda data: data.replace(b"# Written", b"# written"),
        lambda data: data[: data.index(b"[seal]")],
        lambda data: data.replace(b"version = 1", b"version = 2"),
    ],
)
def test_a_change_by_hand_is_named_and_undone(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    path = start(tmp_path)
    write(path)
    good, bad = path.read_bytes(), spoil(path.read_bytes())
    assert bad != good
    path.write_bytes(bad)
    with pytest.raises(CalibrationFileError, match="changed by hand since steelyard") as caught:
        read_standing(path)
    assert str(path) in str(caught.value)
    assert "--to" in str(caught.value)
    back = restore(path, 1, note("undo"))
    assert (back.version, zero_of(path)) == (2, 457519.5)
    assert [row["problem"] for row in history(path)] == [None] * 3
    assert [p.read_bytes() for p in (tmp_path / "history").glob("*.edited-*")] == [bad]


def test_a_torn_or_absent_file_is_put_back_from_the_history(tmp_path: Path) -> None:
    path = start(tmp_path)
    write(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(CalibrationFileError, match="not a TOML file"):
        read_standing(path)
    assert restore(path, 1, note()).version == 2
    path.unlink()
    with pytest.raises(CalibrationFileError, match="cannot be read"):
        read_standing(path)
    assert restore(path, 2, note()).version == 3
    assert zero_of(path) == 457519.5


def test_an_old_file_put_back_by_hand_is_named(tmp_path: Path) -> None:
    path = start(tmp_path)
    write(path)
    write(path)
    path.write_bytes(kept_path(path, 1).read_bytes())
    with pytest.raises(CalibrationFileError, match=r"is version 1, but history/ holds version 2"):
        read_standing(path)
    path.write_bytes(SHEET)
    with pytest.raises(CalibrationFileError, match="has no seal, but history/ holds version 2"):
        read_standing(path)
    assert restore(path, 1, note("wanted")).version == 3
    assert [row["problem"] for row in history(path)] == [None] * 4


def test_what_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = start(tmp_path)
    old = read_standing(path)
    newer = write(path)
    with pytest.raises(CalibrationFileError, match="has changed since this calibration began"):
        write_version(old, moved(old, 9.0), note())
    assert read_standing(path) == newer


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    path = start(tmp_path)
    with (
        writer._locked(path),
        pytest.raises(CalibrationFileError, match="another file is being written"),
    ):
        write(path)
    assert write(path).version == 1


@pytest.mark.parametrize("author", ["", " ", "a\nb", "x" * 201, "a\x7fb"])
def test_an_author_that_cannot_be_kept_is_refused(tmp_path: Path, author: str) -> None:
    path = start(tmp_path)
    standing = read_standing(path)
    with pytest.raises(CalibrationFileError, match="author"):
        write_version(standing, standing.sheet, Note(author=author, date=DAY, reason="x"))
    assert path.read_bytes() == SHEET


STEPS = ("open", "write", "fsync", "close", "replace", "mkdir")


def die_at(step: int) -> Callable[[str, Any], Callable[..., Any]]:
    """Make the n-th file operation the last one: SIGKILL before it, nothing cleaned up."""
    left = [step]

    def wrap(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                if name == "write":
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **options)

        return call

    return wrap


def killed_at(step: int, path: Path) -> bool:
    child = os.fork()
    if child == 0:
        wrap = die_at(step)
        for name in STEPS:
            setattr(os, name, wrap(name, getattr(os, name)))
        try:
            write(path, 2.0)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("versions", [0, 1])
def test_a_kill_at_any_step_leaves_the_old_version_or_the_new(
    tmp_path: Path, versions: int
) -> None:
    seen = set()
    for step in range(200):
        folder = tmp_path / str(step)
        folder.mkdir()
        path = start(folder)
        for _ in range(versions):
            write(path)
        old = path.read_bytes()
        died = killed_at(step, path)
        standing = read_standing(path)
        assert standing.version in (versions, versions + 1)
        assert (standing.data == old) == (standing.version == versions)
        seen.add(standing.version)
        after = write(path, 5.0)
        assert after.version == standing.version + 1
        assert [row["problem"] for row in history(path)] == [None] * (after.version + 1)
        if not died:
            break
    assert not died
    assert step > 15
    assert seen == {versions, versions + 1}


def test_bytes_are_on_the_disk_before_they_are_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noted(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*args: Any) -> Any:
            done.append(name)
            return real(*args)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name))
    writer.replace_whole(tmp_path / "a.toml", b"x = 1\n")
    assert done == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("fails", [1, 2, 3])
def test_a_full_disk_says_which_version_is_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    path = start(tmp_path)
    real, count = os.fsync, [0]

    def full(handle: int) -> None:
        count[0] += 1
        if count[0] == 2 * fails - 1:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    says = "version 1 is in force, but" if fails == 3 else "the old calibration is still in force"
    with pytest.raises(CalibrationFileError, match=says):
        write(path)
    monkeypatch.undo()
    assert read_standing(path).version == (1 if fails == 3 else 0)
    assert write(path).version == (2 if fails == 3 else 1)
    assert all(row["problem"] is None for row in history(path))


def site_with(folder: Path) -> Path:
    head, tail = SITE.index("class ="), SITE.index("[timing]")
    site = folder / "site.toml"
    site.write_text(SITE[:head] + 'file = "deck.calib.toml"\n' + SITE[tail:], encoding="utf-8")
    return site


def test_the_site_names_version_and_hash_and_refuses_a_change_by_hand(tmp_path: Path) -> None:
    path, site = start(tmp_path), site_with(tmp_path)
    before = read_profile(site)
    assert before.scale.calibration_version == 0
    assert before.scale.calibration_hash == read_standing(path).sha256
    written = write(path)
    after = read_profile(site)
    assert (after.scale.calibration_version, after.scale.calibration_hash) == (1, written.sha256)
    assert after.sha256 != before.sha256
    path.write_bytes(path.read_bytes().replace(b"457519.5", b"457519.0"))
    with pytest.raises(ProfileError, match=r"deck\.calib\.toml: changed by hand"):
        read_profile(site)


def test_cells_stated_in_the_site_have_a_hash_and_can_be_adopted(tmp_path: Path) -> None:
    site = write_site(tmp_path)
    profile = read_profile(site)
    assert (profile.scale.calibration_version, len(profile.scale.calibration_hash)) == (0, 64)
    with pytest.raises(CalibrationFileError, match=r"scale\.file: missing; .* --adopt"):
        calibration_path(site)
    path = tmp_path / "deck.calib.toml"
    adopted = adopt(path, stated_sheet(profile.scale.scale), note("taken over"))
    assert adopted.version == 1
    assert calibration_path(site_with(tmp_path)) == path
    assert read_profile(tmp_path / "site.toml").scale.scale == profile.scale.scale
    assert [row["problem"] for row in history(path)] == [None]
    with pytest.raises(CalibrationFileError, match="exists already"):
        adopt(path, adopted.sheet, note())


def test_cells_in_one_line_can_be_adopted_too(tmp_path: Path) -> None:
    scale = read_profile(write_site(tmp_path, 'y = "-1.4 m"', 'y = "1.4 m"')).scale.scale
    assert scale_from_dict(stated_sheet(scale)) == scale


def test_values_of_a_scale_go_into_its_sheet_and_come_back() -> None:
    sheet = tomllib.loads(SHEET.decode())
    scale = scale_from_dict(sheet)
    assert with_values(sheet, scale) == sheet
    more = {
        **sheet,
        "cells": [{**cell, "corner_factor": 1.0012345} for cell in sheet["cells"]],
        "span_points": [{"shown_kg": 20000.123, "true_kg": 20000.0}],
        "temperature": {"reference_c": 20.0, "zero_g_per_k": 5.0, "span_ppm_per_k": 7.5},
        "creep": [{"share_ppm": 150.0, "tau_s": 600.0}],
    }
    rich = scale_from_dict(more)
    assert with_values(sheet, rich) == more
    assert with_values(more, scale)["cells"][0]["corner_factor"] == 1.0
    assert scale_from_dict(with_values(more, scale)) == scale
    keys = [row["key"] for row in changes(sheet, more)]
    assert "span_points[0].shown_kg" in keys
    assert {"key": "temperature.reference_c", "after": 20.0} in changes(sheet, more)
    assert {"key": "temperature.reference_c", "before": 20.0} in changes(more, sheet)


SCALARS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.just(datetime.UTC)),
)
KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
TABLES = st.recursive(
    st.dictionaries(KEYS, SCALARS, max_size=4),
    lambda inner: st.dictionaries(
        KEYS, st.one_of(SCALARS, inner, st.lists(inner, min_size=1, max_size=3)), max_size=4
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(TABLES)
def test_toml_is_read_back_as_it_was(table: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(table)) == table


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, [1, 2], {"a b": 1}])
def test_what_is_not_written_as_toml_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"x|a b"):
        to_toml({"x": value})


def test_versions_of_other_files_are_not_counted(tmp_path: Path) -> None:
    path = start(tmp_path)
    write(path)
    (tmp_path / "history" / "deck2.calib.v0007.toml").write_bytes(b"")
    (tmp_path / "history" / "deck.calib.v7.toml").write_bytes(b"")
    assert sorted(versions_of(path)) == [0, 1]
