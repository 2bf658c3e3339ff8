"""`verify` as an outsider meets it: every tampering named in plain words, every bad input said."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundle_rig import (
    CONFIG,
    NEXT_KEY,
    RULES,
    THIEF,
    Morning,
    around,
    bundle_of,
    flip,
    packed,
    replaced,
    write_ledger,
)
from ledger_rig import KEY
from typer.testing import CliRunner, Result

from controller.cli import app
from controller.explain.words import FINDINGS
from protocol.envelope import opened
from protocol.keys import write_public
from protocol.ledger import Ledger
from protocol.record import encode
from protocol.seal import seal


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("verified") / "lane")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A ledger that a test may spoil."""
    return write_ledger(tmp_path / "lane")


def verify(target: Path, *words: object) -> Result:
    return CliRunner().invoke(app, ["verify", str(target), *map(str, words)])


def found(target: Path, *words: object) -> tuple[int, dict[str, Any]]:
    done = verify(target, *words, "--json")
    assert done.stderr == ""
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["sound"] == (not result["findings"])
    return done.exit_code, result


def codes(target: Path, *words: object) -> set[tuple[str, int | None]]:
    status, result = found(target, *words)
    assert status == (1 if result["findings"] else 0)
    return {(one["code"], one["seq"]) for one in result["findings"]}


def test_a_sound_ledger(folder: Path) -> None:
    status, result = found(folder)
    assert (status, result["sound"], result["what"]) == (0, True, "ledger")
    assert (result["records"], result["sealed"], result["manifests"]) == (13, 13, 1)
    assert result["key_compared"] is False
    assert found(folder / "ledger.sqlite")[1]["records"] == 13
    done = verify(folder)
    assert done.exit_code == 0
    assert "13 records, all sealed" in done.stdout
    assert "KEY NOT COMPARED" in done.stdout
    assert done.stdout.rstrip().endswith("SOUND, if the key is the lane's (NOT COMPARED)")
    assert "NOT SOUND" not in done.stdout
    assert done.stderr == ""


def test_the_key_is_compared_with_one_from_outside(folder: Path, tmp_path: Path) -> None:
    for name, key in (("first", KEY), ("thief", THIEF)):
        write_public(tmp_path / f"{name}.pub", key.public)
    status, result = found(folder, "--key", tmp_path / "first.pub")
    assert (status, result["key_compared"]) == (0, True)
    assert "the same" in verify(folder, "--key", tmp_path / "first.pub").stdout
    status, result = found(folder, "--key", tmp_path / "thief.pub")
    assert (status, result["key_compared"]) == (1, False)
    assert {one["code"] for one in result["findings"]} == {"key"}


def test_a_bundle_is_verified_alone(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.bundle"
    path.write_bytes(packed(folder, Morning.OVER))
    status, result = found(path)
    assert (status, result["what"], result["key_compared"]) == (0, "bundle", False)
    assert any("no other record" in note for note in result["notes"])
    data = path.read_bytes()
    path.write_bytes(flip(data, data.index(RULES.data)))
    done = verify(path)
    assert done.exit_code == 1
    assert "FINDING damaged" in done.stdout
    assert "FINDING media_damaged, record 2" in done.stdout
    assert "NOT SOUND" in done.stdout


def _altered(path: Path) -> None:
    path.write_bytes(b"x")


TAMPERINGS: dict[str, tuple[Callable[[Path], None], tuple[str, int | None]]] = {
    "a bit of a record": (lambda d: replaced(d, 2, flip), ("signature", 2)),
    "a record sealed by a stranger": (
        lambda d: replaced(d, 2, lambda b: seal(encode(opened(b)), THIEF)),
        ("key", 2),
    ),
    "a bare record": (
        lambda d: replaced(d, 2, lambda b: encode(opened(b))),
        ("unsealed", 2),
    ),
    "no envelope": (lambda d: replaced(d, 2, lambda b: b"\xd2" + b"x" * 90), ("seal", 2)),
    "a record removed": (
        lambda d: around(d, "DELETE FROM record WHERE seq = 3", guards=("record_delete",)),
        ("gap", 3),
    ),
    "two records exchanged": (
        lambda d: around(
            d,
            "UPDATE record SET seq = 999 WHERE seq = 2",
            "UPDATE record SET seq = 2 WHERE seq = 3",
            "UPDATE record SET seq = 3 WHERE seq = 999",
            guards=("record_update",),
        ),
        ("order", 2),
    ),
    "the hash beside it": (
        lambda d: around(
            d, "UPDATE record SET hash = zeroblob(32) WHERE seq = 2", guards=("record_update",)
        ),
        ("hash", 2),
    ),
    "a look-up column": (
        lambda d: around(
            d, "UPDATE record SET plate = 'X' WHERE seq = 2", guards=("record_update",)
        ),
        ("columns", 2),
    ),
    "a guard taken off": (lambda d: around(d, guards=("record_delete",)), ("guards", None)),
    "another owner": (
        lambda d: around(d, "UPDATE identity SET lane = '9'", guards=("identity_update",)),
        ("lane", 1),
    ),
    "a file removed": (lambda d: (d / "media" / RULES.name).unlink(), ("media_missing", 1)),
    "a file altered": (
        lambda d: _altered(d / "media" / CONFIG.name),
        ("media_damaged", 1),
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_named_in_plain_words(own: Path, name: str) -> None:
    tamper, expected = TAMPERINGS[name]
    tamper(own)
    assert expected in codes(own)
    done = verify(own)
    assert done.exit_code == 1
    line = next(x for x in done.stdout.splitlines() if x.startswith(f"FINDING {expected[0]},"))
    assert FINDINGS[expected[0]].en in line
    assert "NOT SOUND" in done.stdout


def test_a_revoked_key(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "revoked.toml"
    path.write_text(
        f'[[key]]\nfingerprint = "{NEXT_KEY.public.fingerprint}"\nwhy = "stolen"\n',
        encoding="utf-8",
    )
    assert codes(folder, "--revoked", path) == {("revoked", Morning.KEY + 1)}


def test_records_cut_off_are_found_by_a_manifest_kept_elsewhere(own: Path, tmp_path: Path) -> None:
    kept = tmp_path / "8.cose"
    kept.write_bytes(bundle_of(own, Morning.FIRST).bodies[Morning.MANIFEST])
    assert codes(own, "--manifest", kept) == set()
    around(
        own,
        "DELETE FROM media WHERE seq >= 7",
        "DELETE FROM record WHERE seq >= 7",
        guards=("record_delete", "media_delete"),
    )
    assert ("manifest", Morning.MANIFEST) in codes(own, "--manifest", kept)
    assert "it was cut off" in verify(own, "--manifest", kept).stdout


def test_a_copy_of_the_ledger_alone(own: Path, tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    copy = Path(shutil.copy(own / "ledger.sqlite", tmp_path / "copies" / "2026.sqlite"))
    status, result = found(copy)
    assert (status, result["records"], result["media"]) == (0, 13, 0)
    assert any("media were not looked at" in note for note in result["notes"])


def test_hostile_names_do_not_steer_the_terminal(own: Path) -> None:
    around(
        own,
        "UPDATE record SET plate = char(27) || '[2J' WHERE seq = 2",
        guards=("record_update",),
    )
    assert "\x1b" not in verify(own).stdout


def _newer(path: Path) -> Path:
    with sqlite3.connect(path / "ledger.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    return path


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing there": (lambda d: d / "none", "No such file"),
    "an empty folder": (lambda d: _made(d / "empty"), "no ledger.sqlite in this folder"),
    "a folder of other things": (lambda d: d / "lane" / "media", "no ledger.sqlite"),
    "a text file": (lambda d: _file(d / "a.txt", b"hello"), "neither a ledger nor"),
    "an empty file": (lambda d: _file(d / "a", b""), "an empty file"),
    "another database": (lambda d: _database(d / "other"), "another program"),
    "a newer ledger": (lambda d: _newer(d / "lane"), "newer program"),
    "a bundle cut off": (
        lambda d: _file(d / "b.zip", packed(d / "lane", 1)[:5000]),
        "not a whole evidence bundle",
    ),
    "another zip": (lambda d: _file(d / "z.zip", b"PK\x03\x04" + b"\0" * 40), "not a whole"),
}


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def _file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _database(path: Path) -> Path:
    path.mkdir()
    with sqlite3.connect(path / "ledger.sqlite") as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    return path


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_said_with_status_2(own: Path, tmp_path: Path, name: str) -> None:
    make, said = BAD[name]
    done = verify(make(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert said in done.stderr


@pytest.mark.parametrize("option", ["--key", "--revoked", "--manifest"])
def test_what_was_given_from_outside_must_be_readable(
    folder: Path, tmp_path: Path, option: str
) -> None:
    path = tmp_path / "given"
    for make in (lambda: None, lambda: path.write_bytes(b"\xff\xfe nonsense")):
        make()
        done = verify(folder, option, path)
        assert (done.exit_code, done.stdout) == (2, "")
        assert str(path) in done.stderr


def test_a_ledger_being_written_can_be_verified(own: Path) -> None:
    with Ledger.open(own / "ledger.sqlite", read_only=True) as ledger:
        site, lane = ledger.site, ledger.lane
    with Ledger.open(own / "ledger.sqlite", site, lane, key=NEXT_KEY):
        assert codes(own) == set()


COMMANDS = {
    "verify": ["verify"],
    "export": ["export", "SEQ", "-o", "OUT"],
    "explain": ["explain", "SEQ", "-o", "OUT"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("cut", [0, 7, 16, 99, 100, 4095, 4096, 20_000, -4096, -1])
def test_a_ledger_cut_off_is_said_and_never_believed(
    own: Path, tmp_path: Path, command: str, cut: int
) -> None:
    path = own / "ledger.sqlite"
    path.write_bytes(path.read_bytes()[:cut])
    assert_said(command, own, tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("at", [0, 17, 19, 24, 60, 68, 100, 5000, 30_000])
def test_a_page_of_garbage_is_said_and_never_believed(
    own: Path, tmp_path: Path, command: str, at: int
) -> None:
    path = own / "ledger.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:at] + b"\xa5" * 100 + data[at + 100 :])
    assert_said(command, own, tmp_path)


def assert_said(command: str, folder: Path, tmp_path: Path) -> None:
    """Findings with status 1, or an error with status 2; never a traceback, never "sound"."""
    name, *rest = COMMANDS[command]
    out = tmp_path / "out"
    words = [{"SEQ": str(Morning.OVER), "OUT": str(out)}.get(word, word) for word in rest]
    done = CliRunner().invoke(app, [name, str(folder), *words])
    assert isinstance(done.exception, SystemExit | None), repr(done.exception)
    if done.exit_code == 2:
        assert done.stderr.startswith("error: ")
        assert not out.exists()
    elif command == "verify":
        assert done.exit_code == 1
        assert "FINDING" in done.stdout
    else:
        assert "warning: " in done.stderr or done.exit_code == 1


def test_a_name_does_not_steer_the_terminal_that_shows_an_error(tmp_path: Path) -> None:
    done = verify(tmp_path / "lane\u202e\x07\x9b2J")
    assert done.exit_code == 2
    assert "lane" in done.stderr
    assert not {"\u202e", "\x07", "\x9b"} & set(done.stderr)
