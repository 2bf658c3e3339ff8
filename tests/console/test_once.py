"""The console as one command line: looking, changing with a password, status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pty_rig import PASSWORD, make_cheap
from serve_rig import Yard, audited

from controller.console import once
from controller.console.login import Door
from controller.console.once import Once


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    make_cheap(monkeypatch)


def run_once(folder: Path, yard: Yard, *lines: str, **more: Any) -> tuple[int, list[str]]:
    said: list[str] = []
    status = once.run(Once(folder=folder, lines=lines, **more), yard.grammar(), said.append)
    return status, said


def test_a_command_line_looks_without_a_password(
    tmp_path: Path, door: Door, yard: Yard, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_once(tmp_path, yard, "look", "look", as_json=True) == (
        0,
        ['{"frame": 1}', '{"frame": 2}'],
    )
    assert run_once(tmp_path, yard, "look") == (0, ["frame 3"])
    assert run_once(tmp_path, yard, "move it", "look") == (1, [])
    assert "needs the role maintainer" in capsys.readouterr().err
    assert yard.done == []


def test_a_command_line_changes_with_a_password_that_no_list_of_processes_shows(
    tmp_path: Path,
    door: Door,
    yard: Yard,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = tmp_path / "password"
    kept.write_text(PASSWORD + "\n")
    kept.chmod(0o644)
    assert run_once(tmp_path, yard, "move a", user="cron", password_file=kept)[0] == 3
    assert "chmod go=" in capsys.readouterr().err
    kept.chmod(0o600)
    assert run_once(tmp_path, yard, "move a", user="cron", password_file=kept)[0] == 0
    monkeypatch.setenv(once.VARIABLE, PASSWORD)
    assert run_once(tmp_path, yard, "move b", user="cron")[0] == 0
    monkeypatch.setenv(once.VARIABLE, "wrong words 1")
    assert run_once(tmp_path, yard, "move c", user="cron")[0] == 3
    assert run_once(tmp_path, yard, "move c", user="fresh")[0] == 3
    assert yard.done == ["cron: a", "cron: b"]
    assert audited(tmp_path)[:2] == [
        ("cron", "login", "maintainer"),
        ("cron", "logout", "status 0"),
    ]


def test_a_command_line_stops_at_the_first_that_fails(
    tmp_path: Path, door: Door, yard: Yard, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_once(tmp_path, yard, "look", "fails", "look") == (1, ["frame 1"])
    assert run_once(tmp_path, yard, "ask")[0] == 1
    told = capsys.readouterr().err
    assert "put 20 t on it" in told
    assert "log in at a terminal" in told
    assert "\x1b" not in told


def test_a_command_lines_stream_ends_by_itself(tmp_path: Path, door: Door, yard: Yard) -> None:
    status, said = run_once(tmp_path, yard, "flow", seconds=0.05, as_json=True)
    assert status == 0
    assert set(said) == {'{"kg": 1}'}
    assert run_once(tmp_path, yard, "look", seconds=0.05)[0] == 0
    assert yard.frames > 1
