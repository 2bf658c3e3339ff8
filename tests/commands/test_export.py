"""`export` as an outsider meets it: one equal file, never unasked over another, never unproven."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from bundle_rig import RULES, Morning, flip, packed, replaced, write_ledger
from typer.testing import CliRunner, Result

from controller.cli import app
from controller.commands.writing import OutputError, write_out
from protocol.bundle import read_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("exported") / "lane")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A ledger that a test may spoil."""
    return write_ledger(tmp_path / "lane")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "one.bundle"


def export(folder: Path, seq: int, out: Path, *words: object) -> Result:
    return CliRunner().invoke(
        app, ["export", str(folder), str(seq), "-o", str(out), *map(str, words)]
    )


def verify(path: Path) -> Result:
    return CliRunner().invoke(app, ["verify", str(path)])


def test_an_export_is_one_file_that_verifies_alone(folder: Path, out: Path) -> None:
    done = export(folder, Morning.OVER, out, "--json")
    result = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (0, "")
    assert result["record"] == Morning.OVER
    assert result["bytes"] == out.stat().st_size
    assert (result["verified"], result["under_a_manifest"], result["media"]) == (True, True, 3)
    assert out.read_bytes() == packed(folder, Morning.OVER)
    assert list(out.parent.iterdir()) == [out]
    assert verify(out).exit_code == 0
    again = out.with_name("again.bundle")
    assert export(folder, Morning.OVER, again).exit_code == 0
    assert again.read_bytes() == out.read_bytes()


def test_the_chain_goes_with_it_if_asked(folder: Path, out: Path) -> None:
    assert export(folder, Morning.LAST, out).exit_code == 0
    assert Morning.AGAIN not in read_bundle(out).bundle.bodies
    assert export(folder, Morning.LAST, out, "--chain", "--force").exit_code == 0
    assert Morning.AGAIN in read_bundle(out).bundle.bodies


def test_a_file_is_never_replaced_unasked(folder: Path, out: Path) -> None:
    out.write_text("mine")
    done = export(folder, Morning.OVER, out)
    assert (done.exit_code, out.read_text(), done.stdout) == (2, "mine", "")
    assert "--force" in done.stderr
    assert export(folder, Morning.OVER, out, "--force").exit_code == 0
    assert verify(out).exit_code == 0
    assert list(out.parent.iterdir()) == [out]


def test_a_file_that_came_in_between_stays(out: Path) -> None:
    out.write_text("theirs")
    with pytest.raises(OutputError, match="exists"):
        write_out(out, b"mine", force=False)
    assert (out.read_text(), list(out.parent.iterdir())) == ("theirs", [out])


def test_a_disk_that_fails_leaves_nothing(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_out(out, b"mine", force=False)
    assert list(out.parent.iterdir()) == []


def test_what_does_not_verify_is_refused(own: Path, out: Path) -> None:
    replaced(own, Morning.OVER, flip)
    done = export(own, Morning.OVER, out)
    assert (done.exit_code, done.stdout, out.exists()) == (1, "", False)
    assert "record 2 does not verify" in done.stderr
    assert "signature, record 2" in done.stderr
    assert "--anyway" in done.stderr


def test_exported_all_the_same_it_says_so_for_ever(own: Path, out: Path) -> None:
    (own / "media" / RULES.name).unlink()
    assert export(own, Morning.OVER, out).exit_code == 1
    done = export(own, Morning.OVER, out, "--anyway", "--json")
    result = json.loads(done.stdout)
    assert (done.exit_code, result["verified"], result["findings"]) == (0, False, 1)
    assert "media_missing" in done.stderr
    faults = read_bundle(out).bundle.faults
    assert [(fault.code, fault.record) for fault in faults] == [("media_missing", Morning.OVER)]
    checked = verify(out)
    assert checked.exit_code == 1
    assert "known when the bundle was made" in checked.stdout
    page = out.with_suffix(".html")
    shown = CliRunner().invoke(app, ["explain", str(out), "-o", str(page)])
    assert shown.exit_code == 1
    assert "NOT VERIFIED" in page.read_text(encoding="utf-8")


def test_a_fault_elsewhere_goes_with_it_as_a_note(own: Path, out: Path) -> None:
    replaced(own, Morning.TARE, flip)
    done = export(own, Morning.OVER, out)
    assert done.exit_code == 0
    assert f"warning: signature, record {Morning.TARE}" in done.stderr
    checked = verify(out)
    assert checked.exit_code == 0
    assert f"in the ledger it came from: signature, record {Morning.TARE}" in checked.stdout
    page = out.with_suffix(".html")
    assert CliRunner().invoke(app, ["explain", str(out), "-o", str(page)]).exit_code == 0
    assert "ITS SOURCE IS NOT WHOLE" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("seq", "name", "said"),
    [
        (99, "a.zip", "no record 99; it holds 1 to 13"),
        (Morning.KEY, "a.zip", "the ledger's own"),
        (Morning.OVER, "none/a.zip", "its folder does not exist"),
        (Morning.OVER, ".", "a folder; name a file"),
    ],
)
def test_bad_input_is_said(folder: Path, out: Path, seq: int, name: str, said: str) -> None:
    done = export(folder, seq, out.parent / name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert list(out.parent.iterdir()) == []


def test_only_a_data_folder_can_be_exported_from(folder: Path, out: Path) -> None:
    assert export(folder, Morning.OVER, out).exit_code == 0
    done = export(out, Morning.OVER, out.with_name("b.bundle"))
    assert done.exit_code == 2
    assert "a bundle already" in done.stderr
    done = export(out.parent, Morning.OVER, out.with_name("b.bundle"))
    assert done.exit_code == 2
    assert "no ledger.sqlite" in done.stderr
