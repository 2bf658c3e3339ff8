"""The command as a stranger meets it: what goes wrong is said on stderr; the status is not 0."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FACTS = {
    "axles": 6,
    "kind": "train",
    "single_drive_axle": False,
    "gross_kg": 54320,
    "on": "2026-11-22",
    "scale": {"max_kg": 100000, "e_kg": 20},
}
SCALE = Path(__file__).resolve().parents[2] / "board" / "profiles" / "sim.calib.toml"


def steelyard(
    *words: object, limit_bytes: int | None = None, inside: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    code = "from controller.cli import main; main()"
    if limit_bytes is not None:
        code = f"import resource as r; r.setrlimit(r.RLIMIT_FSIZE, ({limit_bytes},) * 2); {code}"
    return subprocess.run(
        [*inside, sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def refused(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for part in parts:
        assert part in done.stderr, done.stderr


def test_judge_prints_one_object_with_the_verdicts(tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps(FACTS), encoding="utf-8")
    done = steelyard("judge", facts, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["over_limit"]["verdict"] == "over"
    assert (said["over_limit"]["over_kg"], said["over_limit"]["rate"]) == (5320, 0.1086)
    assert (said["mpe_kg"], said["release"]) == (60, False)


def test_a_bad_site_file_is_refused_with_every_place_and_remedy(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    text = (SCALE.parent / "sim.toml").read_text(encoding="utf-8")
    text = text.replace('scan = "20 ms"', "scan = 20").replace("lane = 1", "lain = 1")
    site.write_text(text.replace("sim.calib.toml", str(SCALE)), encoding="utf-8")
    for words in (("check", site), ("run", site, "--out", tmp_path / "out")):
        refused(steelyard(*words), str(site), "timing.scan", "site.lain", "lane")
    assert not (tmp_path / "out" / "ledger.sqlite").exists()


def test_a_trace_without_a_column_is_refused_with_the_column(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("t_s,cell0,cell1\n0.0,1,2\n", encoding="utf-8")
    done = steelyard("weigh", trace, "--scale", SCALE, "--json")
    assert done.returncode == 1
    for words in (done.stderr, json.loads(done.stdout)["error"]):
        assert all(part in words for part in (str(trace), "8 cells", "found: t_s, cell0, cell1"))


def test_a_truncated_picture_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    from vision.draw import draw_plate  # noqa: PLC0415
    from vision.plates import PlateType  # noqa: PLC0415

    whole, half = tmp_path / "whole.png", tmp_path / "half.png"
    cv2.imwrite(str(whole), draw_plate("晋A12345", PlateType.YELLOW1))
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = steelyard("read", "--crop", "--json", half, whole)
    assert done.returncode == 1
    assert str(half) in done.stderr
    failed, read = (json.loads(line) for line in done.stdout.splitlines())
    assert "cut short" in failed["error"]
    assert read["plates"][0]["text"] == "晋A12345"


def test_a_sheet_that_cannot_be_written_is_refused_with_its_folder(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("no folder", encoding="utf-8")
    refused(steelyard("read", "--crop", "--draw", taken, tmp_path / "photo.jpg"), str(taken))


def test_a_scenario_is_run_by_name_and_a_typo_is_guessed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = steelyard("demo", "--scenario", "stops_short", "--json", "--out", out)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["findings"] == []
    assert len(summary["records"]) == 1
    refused(
        steelyard("demo", "--scenario", "stop_short", "--out", out), "did you mean 'stops_short'"
    )


def test_a_full_disk_ends_the_demonstration_and_says_where(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = steelyard("demo", "--trucks", 3, "--out", out, limit_bytes=70_000)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(out / "ledger.sqlite") in done.stderr


def test_a_ledger_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "ledger.sqlite").write_bytes(b"this is no ledger" * 100)
    refused(steelyard("run", "sim", "--out", out, "--seconds", 1), str(out / "ledger.sqlite"))
    refused(steelyard("demo", "--out", out), str(out / "ledger.sqlite"), "--out")
    assert (out / "ledger.sqlite").read_bytes() == b"this is no ledger" * 100


def test_a_read_only_ledger_is_refused_at_the_start(tmp_path: Path) -> None:
    """A file system of the test's own, mounted read-only: even root cannot write there."""
    mount = f'mount -t tmpfs -o ro none {tmp_path} && exec "$@"'
    inside = ("unshare", "-m", "sh", "-c", mount, "sh")
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare to mount a read-only disk")
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a disk here")
    refused(steelyard("demo", "--out", tmp_path / "out", inside=inside), str(tmp_path), "Read-only")


def test_the_controller_runs_on_the_simulated_board(tmp_path: Path) -> None:
    done = steelyard("run", "sim", "--out", tmp_path, "--seconds", 4, "--json")
    assert done.returncode == 0, done.stderr
    phases = [json.loads(line)["phase"] for line in done.stdout.splitlines()]
    assert phases[0] == "STARTING"
    assert "IDLE" in phases
