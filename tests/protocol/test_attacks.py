"""Somebody has the whole folder in his hands: what he leaves is found, and holds nobody up."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from bundle_rig import NEXT_KEY, THIEF, Morning, bundle_of, write_ledger
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol.bundlecheck import check_bundle
from protocol.envelope import opened
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.parts import Person
from protocol.record import encode
from protocol.seal import seal
from protocol.verify import Report, verify_folder

BOSS = Person(who="yard owner", why="because")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("lane"))


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def _codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def _pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)


def test_a_forged_ledger_that_hands_over_to_the_lanes_key_is_not_the_lanes(tmp_path: Path) -> None:
    """The lane's public key is known to all, so a forger can name it as his next one."""
    with Ledger.open(tmp_path / "ledger.sqlite", SITE, LANE, key=THIEF) as forged:
        forged.append(passage(1))
        forged.rotate(KEY, BOSS)
    report = verify_folder(tmp_path / "ledger.sqlite", anchor=KEY.public)
    assert not report.anchored
    (finding,) = report.findings
    assert finding.code == "key"
    assert THIEF.public.fingerprint in finding.message


def test_the_first_key_vouches_for_the_whole_and_the_next_one_does_not(folder: Path) -> None:
    first = verify_folder(folder, anchor=KEY.public)
    assert (first.anchored, first.findings) == (True, ())
    later = verify_folder(folder, anchor=NEXT_KEY.public)
    assert (later.anchored, _codes(later)) == (False, {"key"})


def test_a_key_does_not_vouch_for_what_stands_before_it_in_a_bundle(folder: Path) -> None:
    """A true record at the end of a re-weigh chain whose beginning was made up."""
    bundle = bundle_of(folder, Morning.LAST, chain=True)
    made_up = seal(encode(opened(bundle.bodies[Morning.OVER])), THIEF)
    handed_over = seal(encode(opened(bundle.bodies[Morning.KEY])), THIEF)
    bodies = {
        seq: body for seq, body in bundle.bodies.items() if seq not in (Morning.OVER, Morning.AGAIN)
    }
    bodies |= {Morning.OVER: made_up, Morning.KEY: handed_over}
    forged = replace(bundle, first_key=THIEF.public, bodies=bodies, proofs=())
    report = check_bundle(forged, anchor=NEXT_KEY.public)
    assert not report.anchored
    assert ("key", Morning.OVER) in {(f.code, f.seq) for f in report.findings}


@pytest.mark.parametrize(
    ("name", "code"),
    [("lane.pub", "key"), ("ledger.sum", "file"), ("manifests/3.cose", "manifest")],
)
def test_a_pipe_in_the_place_of_a_file_holds_up_nobody(folder: Path, name: str, code: str) -> None:
    _pipe(folder / name)
    assert code in _codes(verify_folder(folder))


def test_a_pipe_in_the_place_of_a_medium_or_a_ledger(folder: Path) -> None:
    medium = next((folder / "media").iterdir())
    _pipe(medium)
    assert "media_damaged" in _codes(verify_folder(folder))
    _pipe(folder / "ledger.sqlite")
    with pytest.raises(LedgerError, match="not a plain file"):
        verify_folder(folder)


def test_a_copy_of_a_manifest_that_is_a_folder_or_of_other_bytes(folder: Path) -> None:
    copies = sorted((folder / "manifests").iterdir())
    assert copies
    copies[0].unlink()
    copies[0].mkdir()
    assert "manifest" in _codes(verify_folder(folder))
