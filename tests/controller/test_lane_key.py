"""The key of a lane: made once, never in the place of one that is missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ledger_rig import LANE, SITE, passage

from board.profile import Profile, read_profile
from controller.lanekey import KEY_FILE, PUBLIC_FILE, finish_rotation, lane_key, next_key
from protocol.errors import Code, LedgerError
from protocol.keys import KeyFileError, PrivateKey, generate, read_public, write_private
from protocol.ledger import Ledger
from protocol.parts import Person


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lane" / "ledger.sqlite"


def _begun(path: Path, profile: Profile) -> PrivateKey:
    key = lane_key(profile, path)
    with Ledger.open(path, SITE, LANE, key=key) as ledger:
        ledger.append(passage(1))
    return key


@pytest.fixture
def sim() -> Profile:
    return read_profile("sim")


def test_made_at_the_first_start_and_the_same_ever_after(path: Path, sim: Profile) -> None:
    key = _begun(path, sim)
    assert lane_key(sim, path).public == key.public
    assert read_public(path.parent / PUBLIC_FILE) == key.public
    assert os.stat(path.parent / KEY_FILE).st_mode & 0o777 == 0o600


def test_a_missing_key_is_named_and_none_is_made(path: Path, sim: Profile) -> None:
    key = _begun(path, sim)
    (path.parent / KEY_FILE).unlink()
    for _ in range(2):
        with pytest.raises(LedgerError, match="is missing") as raised:
            lane_key(sim, path)
        assert raised.value.code is Code.OTHER_KEY
        assert key.public.fingerprint in str(raised.value)
    path.unlink()
    with pytest.raises(LedgerError, match="is missing"):
        lane_key(sim, path)
    assert not (path.parent / KEY_FILE).exists()


def test_another_key_is_refused_by_both_names(path: Path, sim: Profile) -> None:
    key, other = _begun(path, sim), generate()
    (path.parent / KEY_FILE).unlink()
    write_private(path.parent / KEY_FILE, other)
    with pytest.raises(LedgerError) as raised:
        lane_key(sim, path)
    assert key.public.fingerprint in str(raised.value)
    assert other.public.fingerprint in str(raised.value)


def test_the_key_that_the_site_names(tmp_path: Path, path: Path) -> None:
    file = tmp_path / "site.key"
    named = read_profile("sim", {"seal.key": str(file)})
    with pytest.raises(KeyFileError, match=r"site\.key"):
        lane_key(named, path)
    key = generate()
    write_private(file, key)
    assert lane_key(named, path).public == key.public
    file.chmod(0o640)
    with pytest.raises(KeyFileError, match="0640"):
        lane_key(named, path)


def test_a_rotation_that_was_stopped_is_finished(path: Path, sim: Profile) -> None:
    old = _begun(path, sim)
    new = next_key(path.parent / KEY_FILE)
    assert lane_key(sim, path).public == old.public
    with Ledger.open(path, SITE, LANE, key=old) as ledger:
        ledger.rotate(new, Person(who="李四", why="yearly"))
    assert lane_key(sim, path).public == new.public
    finish_rotation(path.parent / KEY_FILE, path, new.public)
    with Ledger.open(path, SITE, LANE, key=lane_key(sim, path)) as ledger:
        assert ledger.key == new.public


def test_a_damaged_ledger_keeps_its_key_after_a_rotation(path: Path, sim: Profile) -> None:
    old = _begun(path, sim)
    new = next_key(path.parent / KEY_FILE)
    with Ledger.open(path, SITE, LANE, key=old) as ledger:
        ledger.rotate(new, Person(who="李四", why="yearly"))
    assert lane_key(sim, path).public == new.public
    data = bytearray(path.read_bytes())
    data[:4096] = bytes(4096)
    path.write_bytes(data)
    with Ledger.open(path, SITE, LANE, key=lane_key(sim, path)) as ledger:
        assert [found.kept for found in ledger.recovered] == [2]
        assert ledger.verify() == []


def test_a_public_key_made_again_is_the_one_that_the_ledger_began_with(
    path: Path, sim: Profile
) -> None:
    """It vouches for the whole ledger; the present one only for what came after a rotation."""
    first = _begun(path, sim)
    following = next_key(path.parent / KEY_FILE)
    with Ledger.open(path, SITE, LANE, key=first) as ledger:
        ledger.rotate(following, Person(who="chief", why="yearly"))
    (path.parent / PUBLIC_FILE).unlink()
    assert lane_key(sim, path).public == following.public
    assert read_public(path.parent / PUBLIC_FILE) == first.public
