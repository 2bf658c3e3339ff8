"""``steelyard keygen``: one new key, its name to be written down, and nothing ever overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ledger_rig import LANE, SITE, passage
from typer.testing import CliRunner, Result

from controller.cli import app
from protocol import keys
from protocol.chain import Chain
from protocol.keys import PrivateKey
from protocol.ledger import Ledger
from protocol.parts import Person


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


OLD, NEW = PrivateKey(b"\x07" * 32), PrivateKey(b"\x08" * 32)
WORDS = ("--who", "D. Wang", "--why", "the yearly change")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with two records under its key."""
    keys.write_private(tmp_path / "lane.key", OLD)
    with Ledger.open(tmp_path / "ledger.sqlite", SITE, LANE, key=OLD) as ledger:
        for number in (1, 2):
            ledger.append(passage(number))
    return tmp_path


def _sound(folder: Path) -> Chain:
    """The whole ledger checked from its first key on."""
    chain = Chain(SITE, LANE, OLD.public)
    with Ledger.open(folder / "ledger.sqlite", read_only=True) as ledger:
        for row in ledger.stored():
            assert chain.take(row.seq, row.body) == []
    return chain


def test_a_ledger_is_handed_over_to_a_new_key(folder: Path) -> None:
    said = json.loads(_keygen("--rotate", folder, *WORDS, "--json").stdout)
    new = keys.read_private(folder / "lane.key")
    assert new.public != OLD.public
    assert said["seq"] == 3
    assert (said["was"], said["fingerprint"]) == (OLD.public.fingerprint, new.public.fingerprint)
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=new) as ledger:
        ledger.append(passage(3))
        record = ledger.get(3)
        assert record is not None
        assert record.person == Person(who="D. Wang", why="the yearly change")
    assert _sound(folder).key == new.public
    assert not (folder / "lane.key.next").exists()
    assert (folder / "lane.key").stat().st_mode & 0o777 == 0o600


def test_or_to_one_that_was_made_before(folder: Path) -> None:
    keys.write_private(folder / "new.key", NEW)
    assert _keygen("--rotate", folder, "--to", folder / "new.key", *WORDS).exit_code == 0
    assert keys.read_private(folder / "lane.key").public == NEW.public
    assert _sound(folder).key == NEW.public


def test_and_never_back(folder: Path) -> None:
    keys.write_private(folder / "old.key", OLD)
    assert _keygen("--rotate", folder, *WORDS).exit_code == 0
    done = _keygen("--rotate", folder, "--to", folder / "old.key", *WORDS)
    _refused(done, "had this key before", str(folder / "old.key"))
    assert _keygen("--rotate", folder, *WORDS).exit_code == 0
    _sound(folder)


def test_a_rotation_that_was_stopped_goes_on(folder: Path) -> None:
    """Before the ledger knew of it the key that waits is taken; after, it is put in place."""
    keys.write_private(folder / "lane.key.next", NEW)
    assert _keygen("--rotate", folder, *WORDS).exit_code == 0
    assert _sound(folder).key == NEW.public
    third = PrivateKey(b"\x09" * 32)
    keys.write_private(folder / "lane.key.next", third)
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=NEW) as ledger:
        ledger.rotate(third, Person(who="D. Wang", why="stopped here"))
    assert _keygen("--rotate", folder, *WORDS).exit_code == 0
    assert _sound(folder).key not in (NEW.public, third.public)


def test_another_key_that_waits_is_not_overtaken(folder: Path) -> None:
    keys.write_private(folder / "lane.key.next", PrivateKey(b"\x09" * 32))
    keys.write_private(folder / "new.key", NEW)
    done = _keygen("--rotate", folder, "--to", folder / "new.key", *WORDS)
    _refused(done, "lane.key.next", "leave out --to")
    assert _sound(folder).key == OLD.public


def test_a_rotation_needs_the_present_key(folder: Path) -> None:
    (folder / "lane.key").unlink()
    keys.write_private(folder / "lane.key", NEW)
    _refused(_keygen("--rotate", folder, *WORDS), OLD.public.fingerprint)
    assert _sound(folder).key == OLD.public


def test_a_key_elsewhere_can_be_named(folder: Path) -> None:
    other = folder / "keys"
    other.mkdir()
    (folder / "lane.key").rename(other / "one.key")
    assert _keygen("--rotate", folder, "--key", other / "one.key", *WORDS).exit_code == 0
    assert _sound(folder).key == keys.read_private(other / "one.key").public


@pytest.mark.parametrize("left_out", ["--who", "--why"])
def test_a_rotation_says_who_and_why(folder: Path, left_out: str) -> None:
    words = [word for word in zip(WORDS[::2], WORDS[1::2], strict=True) if word[0] != left_out]
    _refused(_keygen("--rotate", folder, *words[0]), "--who and --why")
    assert _sound(folder).key == OLD.public


def test_a_lane_that_runs_is_not_rotated_under_its_feet(folder: Path) -> None:
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=OLD):
        _refused(_keygen("--rotate", folder, *WORDS), "another process writes this ledger")
    assert not (folder / "lane.key.next").exists()


def test_what_belongs_together_is_asked_for(tmp_path: Path) -> None:
    _refused(_keygen(), "FILE")
    _refused(_keygen(tmp_path / "a.key", "--rotate", tmp_path, *WORDS), "either")
    _refused(_keygen(tmp_path / "a.key", *WORDS), "belong to --rotate")
    _refused(_keygen("--rotate", tmp_path / "none", *WORDS), "no such file")
