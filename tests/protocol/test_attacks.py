"""Somebody has the whole folder in his hands: what he leaves is found, and holds nobody up."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from bundle_rig import NEXT_KEY, THIEF, Morning, bundle_of, write_ledger
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol.bundlecheck import check_bundle
from protocol.envelope import opened
from protocol.errors import LedgerError
from protocol.gather import belonging, gather, with_media
from protocol.ledger import Ledger
from protocol.media import MediaStore, folders_of
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


def _altered(folder: Path, statement: str) -> None:
    """Alter a closed ledger around its guards, and leave no sum to tell."""
    db = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        db.execute(f"DROP TRIGGER {name}")
    db.execute(statement)
    for _, sql in guards:
        db.execute(sql)
    db.close()
    (folder / "ledger.sum").unlink(missing_ok=True)


def test_a_later_record_that_no_column_leads_to_is_still_about_its_passage(folder: Path) -> None:
    """Without it a page would present a passage as it stood before it was amended or void."""
    path = folder / "ledger.sqlite"
    hidden = Morning.AMENDED
    assert hidden in gather(path, Morning.OPEN).bodies
    _altered(folder, f"UPDATE record SET subject = 99, passage_id = 99 WHERE seq = {hidden}")
    bundle = gather(path, Morning.OPEN)
    assert hidden not in bundle.bodies
    assert belonging(path, bundle, {hidden, Morning.HELD}) == {hidden}


def _spoilt(folder: Path, seq: int) -> None:
    """Spoil one byte in the body of a record, where it lies in the file."""
    path = folder / "ledger.sqlite"
    with Ledger.open(path, read_only=True) as ledger:
        body = next(stored.body for stored in ledger.stored(seq))
    data = bytearray(path.read_bytes())
    at = data.find(body[150:200])
    assert at > 0
    data[at] ^= 0xFF
    path.write_bytes(data)
    (folder / "ledger.sum").unlink(missing_ok=True)


def test_a_recovery_brought_about_on_purpose_says_what_it_lost(folder: Path) -> None:
    _spoilt(folder, Morning.HELD)
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=NEXT_KEY) as ledger:
        assert len(ledger.recovered) == 1
    report = verify_folder(folder)
    lost = Morning.AMENDED - Morning.HELD + 1
    assert (report.findings, report.lost) == ((), lost)
    assert any(note.startswith("RECORDS LOST, as seq 6 to 13") for note in report.notes)


def test_what_the_recovery_could_not_keep_can_still_be_shown(folder: Path) -> None:
    _spoilt(folder, Morning.HELD)
    path = folder / "ledger.sqlite"
    with Ledger.open(path, SITE, LANE, key=NEXT_KEY):
        pass
    damaged = folder / "quarantine" / "0001" / "ledger.sqlite"
    found = _codes(verify_folder(damaged.parent))
    assert found & {"signature", "seal", "undecodable"}
    assert "media_missing" not in found
    own, *others = folders_of(damaged)
    bundle, missing = with_media(gather(damaged, Morning.NET), MediaStore(own, others=others))
    assert missing == ()
    report = check_bundle(bundle, anchor=KEY.public)
    assert (report.anchored, report.findings) == (True, ())


@pytest.mark.parametrize("spoil", ["gone", "other bytes"])
def test_the_quarantine_is_held_to_the_record_of_the_recovery(folder: Path, spoil: str) -> None:
    _spoilt(folder, Morning.HELD)
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=NEXT_KEY):
        pass
    kept = folder / "quarantine" / "0001"
    if spoil == "gone":
        shutil.rmtree(kept)
    else:
        with (kept / "ledger.sqlite").open("ab") as file:
            file.write(b"\0")
    assert _codes(verify_folder(folder)) == {"file"}


@pytest.mark.parametrize(
    "note",
    [
        '{"cause": "page", "detail": "planted", "seen": 9223372036854775807}',
        '{"cause": "page", "detail": "planted", "seen": 1180591620717411303424}',
        '{"cause": "page", "detail": "planted", "seen": -5}',
        '{"cause": "page", "detail": ""}',
        '{"cause": "", "detail": "planted", "sha256": "zz"}',
    ],
)
def test_a_planted_note_stops_no_start_and_uses_up_no_numbers(folder: Path, note: str) -> None:
    kept = folder / "quarantine" / "0001"
    kept.mkdir(parents=True)
    (kept / "found.json").write_text(note)
    (folder / "manifests" / "999999999999999999.cose").write_bytes(b"planted")
    for _ in range(2):
        with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=NEXT_KEY) as ledger:
            assert ledger.next_passage_id() < 2**60
            assert ledger.recovered == ()
