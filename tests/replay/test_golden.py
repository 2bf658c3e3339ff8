"""Golden passages: the core of today does what it did, byte for byte; else ``make golden``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import golden_rig
import pytest
from golden_rig import GOLDEN, PASSAGES, digest, journals, settings_of, told, update

import controller.core.lane as core_lane
from controller.replay import Replayer

UPDATE = "the core does otherwise than the golden journal; if that is wanted: make golden"
BYTES_MAX = 1_500_000
SUPPORT = Path(__file__).parent.parent / "support"


@pytest.mark.parametrize("name", PASSAGES)
def test_a_golden_passage_replays_to_the_byte(name: str) -> None:
    replayer, settings = Replayer(), settings_of(name)
    found = list(journals(name))
    assert found
    for path, journal in found:
        outcome = replayer.run(journal.entries(), settings)
        assert outcome.divergence is None, f"{path.name}: {UPDATE}: {outcome.divergence}"
        assert outcome.scans


@pytest.mark.parametrize("name", PASSAGES)
def test_its_summary_says_what_it_does(name: str) -> None:
    kept = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert told(name) == kept, f"{name}.txt: {UPDATE}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("released", ("RELEASING: released", "IDLE: zero", "permit = 1")),
        ("over_and_returned", ("RETURNING: sent back", "RELEASING: released", "cycle")),
        ("held_and_released", ("HOLDING: held", 'plate_by = "operator', "RELEASING: released")),
        ("tare_and_gross", ("tare_seq = 1", "IDLE: zero")),
        ("degraded", ("weighed without evidence", "service = 9", "service = 11")),
        ("by_hand", ("MANUAL: taken by hand", "move = 0", "booms = (LOWER, HOLD)")),
        ("restarted", ("HOLDING: found on deck", "DECIDING: released by a person")),
    ],
)
def test_each_shows_what_its_name_says(name: str, words: tuple[str, ...]) -> None:
    text = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert [word for word in words if word not in text] == []


def test_another_process_with_another_hash_seed_makes_no_difference() -> None:
    path = os.pathsep.join((os.environ.get("PYTHONPATH", ""), str(SUPPORT)))
    done = subprocess.run(
        [sys.executable, "-m", "golden_rig", "check"],
        env={**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stdout.strip() == digest()


def test_an_update_keeps_what_todays_core_does_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in GOLDEN.glob("released*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(golden_rig, "GOLDEN", tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    update("released")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    monkeypatch.setattr(core_lane, "TIMELINE_MAX", 3)
    update("released")
    changed = {p.name for p in tmp_path.iterdir() if p.read_bytes() != before[p.name]}
    assert "released.txt" in changed
    assert "released-01.journal" in changed
    assert "released.settings" not in changed


def test_the_golden_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in GOLDEN.iterdir()) <= BYTES_MAX
