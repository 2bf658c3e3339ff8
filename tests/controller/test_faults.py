"""The fault catalogue: complete, bilingual, in step with the codes, and strict when it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.core.faults import Fault
from controller.faults import (
    CATALOGUE_FILE,
    CatalogueError,
    Entry,
    load_catalogue,
    stopping_codes,
)

LEDGER_DEAD = {Fault.DISK_FULL, Fault.LEDGER_READ_ONLY, Fault.LEDGER_DAMAGED}
LOST_SIGNALS = {Fault.CELLS_SILENT, Fault.SENSOR_SILENT, Fault.GATE_CONTRADICTION}
PEOPLE_HELP = {Fault.CAMERA_SILENT, Fault.SIGN_SILENT, Fault.CLOCK_UNSET, Fault.LEDGER_BUSY}


@pytest.mark.parametrize("fault", list(Fault))
def test_every_code_has_its_words(fault: Fault) -> None:
    entry = load_catalogue()[fault]
    assert (entry.code, entry.name) == (int(fault), fault.name)
    for text in (entry.meaning, entry.likely_cause, entry.first_action):
        assert text.endswith(".")
        assert text.isascii()
    assert any("一" <= sign <= "鿿" for sign in entry.zh)
    entry.zh.encode("gbk")


def test_no_two_faults_say_the_same() -> None:
    entries = list(load_catalogue().entries.values())
    for name in ("meaning", "zh", "first_action"):
        texts = [getattr(entry, name) for entry in entries]
        assert len(set(texts)) == len(texts), name


def test_a_lane_that_cannot_record_stops_and_one_that_a_person_can_help_goes_on() -> None:
    assert stopping_codes() >= LEDGER_DEAD
    assert not stopping_codes() & PEOPLE_HELP
    assert Fault.BLIND in stopping_codes()
    assert not stopping_codes() & LOST_SIGNALS, "a lost signal stops the lane as BLIND, in time"
    assert stopping_codes() <= set(Fault)


def test_a_line_for_the_log_has_code_name_and_remedy() -> None:
    line = load_catalogue()[401].line
    assert line.startswith("401 DISK_FULL: ")
    assert "磁盘已满" in line
    assert load_catalogue()[401].first_action in line


def test_a_driver_names_its_fault() -> None:
    assert load_catalogue().named("CELLS_SILENT").code == Fault.CELLS_SILENT
    with pytest.raises(CatalogueError, match="did you mean CELLS_SILENT"):
        load_catalogue().named("CELL_SILENT")


def test_an_entry_cannot_be_changed() -> None:
    catalogue = load_catalogue()
    with pytest.raises(TypeError):
        catalogue.entries[401] = catalogue[402]  # type: ignore[index]
    with pytest.raises(AttributeError):
        catalogue[401].stops = False  # type: ignore[misc]


Change = Callable[[str], str]
BROKEN: dict[str, tuple[Change, str]] = {
    "an unknown key": (lambda s: s.replace("zh =", "chinese =", 1), "START_NOT_READY.*chinese"),
    "a misspelt key": (
        lambda s: s.replace("likely_cause =", "likely_cuase =", 1),
        "did you mean likely_cause",
    ),
    "a missing table": (
        lambda s: s[: s.index("[LEDGER_BUSY]")],
        "no table for LEDGER_BUSY",
    ),
    "a table nobody knows": (
        lambda s: s.replace("[BLIND]", "[BLINDED]"),
        "BLINDED: no such fault; did you mean BLIND",
    ),
    "a wrong code": (lambda s: s.replace("code = 402", "code = 499"), "499, but it is 402"),
    "an empty text": (lambda s: s.replace('zh = "急停"', 'zh = ""'), "EMERGENCY_STOP.*zh"),
    "a word for a flag": (
        lambda s: s.replace("\nstops = true", '\nstops = "yes"', 1),
        "START_NOT_READY.*stops",
    ),
    "a fault twice": (lambda s: s + "\n[BLIND]\ncode = 102\n", "not valid TOML"),
    "not a table": (lambda s: "BLIND = 3\n" + s.replace("[BLIND]", "[DISK_FULL.x]"), "BLIND"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_catalogue_is_refused_with_file_and_key(name: str, tmp_path: Path) -> None:
    change, message = BROKEN[name]
    text = CATALOGUE_FILE.read_text(encoding="utf-8")
    broken = change(text)
    assert broken != text
    path = tmp_path / "faults.toml"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(CatalogueError, match=message) as caught:
        load_catalogue(path)
    assert str(path) in str(caught.value)


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"nothing\.toml: cannot be read"):
        load_catalogue(tmp_path / "nothing.toml")


def test_entries_are_what_the_file_says(tmp_path: Path) -> None:
    text = CATALOGUE_FILE.read_text(encoding="utf-8").replace("急停", "紧急停止")
    path = tmp_path / "faults.toml"
    path.write_text(text, encoding="utf-8")
    entry = load_catalogue(path)[108]
    assert isinstance(entry, Entry)
    assert entry.zh == "紧急停止"
