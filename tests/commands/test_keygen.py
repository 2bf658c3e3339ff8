"""``steelyard keygen``: one new key, its name to be written down, and nothing ever overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from controller.cli import app
from protocol import keys
from protocol.keys import PrivateKey


def _keygen(*words: object) -> Result:
    return CliRunner().invoke(app, ["keygen", *map(str, words)])


def _refused(done: Result, *parts: str) -> None:
    assert done.exit_code == 1
    assert done.stdout == ""
    for part in ("error: ", *parts):
        assert part in done.stderr, done.stderr


def test_a_key_is_made_and_named(tmp_path: Path) -> None:
    done = _keygen(tmp_path / "lane.key")
    assert done.exit_code == 0
    key = keys.read_private(tmp_path / "lane.key")
    assert keys.read_public(tmp_path / "lane.pub") == key.public
    assert key.public.fingerprint in done.stdout
    assert "on paper" in done.stdout
    assert (tmp_path / "lane.key").stat().st_mode & 0o777 == 0o600


def test_json_says_the_same(tmp_path: Path) -> None:
    said = json.loads(_keygen(tmp_path / "lane.key", "--json").stdout)
    public = keys.read_public(tmp_path / "lane.pub")
    assert said == {
        "private": str(tmp_path / "lane.key"),
        "public": str(tmp_path / "lane.pub"),
        "fingerprint": public.fingerprint,
        "kid": public.kid.hex(),
    }


def test_no_part_of_the_private_key_is_printed(tmp_path: Path) -> None:
    done = _keygen(tmp_path / "lane.key", "--json")
    body = (tmp_path / "lane.key").read_text().splitlines()[1]
    assert body not in done.stdout + done.stderr


@pytest.mark.parametrize("there", ["lane.key", "lane.pub"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    _refused(_keygen(tmp_path / "lane.key"), str(tmp_path / there), "exists", "--public")
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    _refused(_keygen(tmp_path / "none" / "lane.key"), "No such file", "folder")


def test_the_name_of_a_public_key_is_refused(tmp_path: Path) -> None:
    _refused(_keygen(tmp_path / "lane.pub"), "public key", ".key")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_there_is_named(tmp_path: Path) -> None:
    key = PrivateKey(b"\x07" * 32)
    keys.write_private(tmp_path / "lane.key", key)
    for _ in range(2):
        said = json.loads(_keygen(tmp_path / "lane.key", "--public", "--json").stdout)
        assert said["fingerprint"] == key.public.fingerprint
        assert keys.read_public(tmp_path / "lane.pub") == key.public


def test_a_public_key_of_another_is_told(tmp_path: Path) -> None:
    keys.write_private(tmp_path / "lane.key", PrivateKey(b"\x07" * 32))
    keys.write_public(tmp_path / "lane.pub", PrivateKey(b"\x08" * 32).public)
    _refused(_keygen(tmp_path / "lane.key", "--public"), "not the public key of")


def test_a_key_that_others_may_read_is_not_named(tmp_path: Path) -> None:
    keys.write_private(tmp_path / "lane.key", PrivateKey(b"\x07" * 32))
    (tmp_path / "lane.key").chmod(0o644)
    _refused(_keygen(tmp_path / "lane.key", "--public"), "0644", "chmod 600")
