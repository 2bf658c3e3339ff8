"""Boards on which the contract suites run: every driver that needs no hardware, and its faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from camera_boards import CAMERA_BOARDS, camera_board
from coprocessor_rig import coprocessor_board
from field_rig import field_board
from nau7802_fake import converter_board
from sign_boards import SIGN_BOARDS, sign_board
from site_rig import SITE, write_recording
from still_board import STILL_BOARDS, still_board

from board.build import Board, build
from board.profile import ProfileError, read_profile
from hal.player import player_of

ENDS = ("yard", "road")
FIELD = ("gpio", "rpi", "modbus")
BOARDS = (
    *("sim", "sim-silent", "sim-unknown", "sim-stuck"),
    *("trace", "trace-damaged", "bench"),
    *FIELD,
    *SIGN_BOARDS,
    *CAMERA_BOARDS,
    *STILL_BOARDS,
    "coprocessor",
    "indicated",
    "nau7802",
)
NAMED: dict[str, Callable[[str, Path], tuple[Board, Callable[[int], None]]]] = {
    **dict.fromkeys(FIELD, field_board),
    **dict.fromkeys(SIGN_BOARDS, sign_board),
    **dict.fromkeys(CAMERA_BOARDS, camera_board),
    **dict.fromkeys(STILL_BOARDS, still_board),
}
FAULTY = ("sim-silent", "sim-unknown")

_BENCH = """
[devices.requests]
driver = "socket.requests"
path = "requests.sock"

[devices.register]
driver = "file.register"
file = "vehicles.toml"

[devices.thermometer]
driver = "virtual.thermometer"
celsius = 21.5
"""


@dataclass(frozen=True)
class Rig:
    """A board and the hand that moves its time."""

    board: Board
    advance: Callable[[int], None]

    def drivers(self, role: str) -> list[Any]:
        """All drivers of a role, at both ends where it is a role of an end."""
        at_ends = [getattr(side, role, None) for side in self.board.sides]
        found = [getattr(self.board, role, None), *at_ends]
        return [driver for driver in found if driver is not None]


def rig(name: str, folder: Path) -> Rig:
    """Build a board by name; skips where its packages are not there yet."""
    kind, _, fault = name.partition("-")
    if kind in NAMED:
        return Rig(*NAMED[kind](kind, folder))
    if kind == "indicated":
        board = build(read_profile("sim-indicator"))
        return Rig(board, board.bus.share("yard", lambda: None).advance)
    if kind == "nau7802":
        return Rig(*converter_board(folder))
    if kind == "coprocessor":
        return Rig(*coprocessor_board(folder))
    made = {"sim": _sim, "trace": _trace, "bench": _bench}[kind]
    return made(folder, fault)


def _sim(folder: Path, fault: str) -> Rig:
    degrees = folder / "temperature"
    degrees.write_text("21500\n", encoding="ascii")
    fitted = {
        "devices.thermometer.driver": "file.thermometer",
        "devices.thermometer.file": str(degrees),
    }
    if fault:
        fitted = {"devices.thermometer.driver": "sim.thermometer"}
    try:
        board = build(read_profile("sim", fitted))
    except ProfileError as error:
        if "not installed" in str(error):
            pytest.skip(f"the simulated yard is not complete: {error.problems[0]}")
        raise
    yard = board.bus.share("yard", lambda: None)
    for device in _sim_devices() if fault else ():
        yard.fault(device, fault)
    return Rig(board, yard.advance)


def _sim_devices() -> Iterator[str]:
    yield from ("cells", "clock", "estop", "register", "sign")
    parts = ("approach", "arm", "beam_low", "beam_high", "boom", "camera")
    for end in ENDS:
        yield from (f"{end}.{part}" for part in (*parts, "approach_lamp", "deck_lamp"))


def _trace(folder: Path, fault: str) -> Rig:
    sheet = folder / "passage.calib.toml"
    cell = "counts_per_kg = 140.0\nzero_counts = 400000\ndead_load_kg = 2500.0\n"
    cells = "".join(f"\n[[cells]]\nx_m = {1 + 16 * i}.0\ny_m = 1.4\n{cell}" for i in range(2))
    head = "max_kg = 60000.0\ne_kg = 20.0\nfs_hz = 50.0\nplatform_length_m = 18.0\n"
    sheet.write_text(f"{head}cell_spacing_y_m = 2.8\nhas_beams = true\n{cells}", encoding="utf-8")
    picture = folder / "plate.png"
    if fault != "damaged":
        cv2 = pytest.importorskip("cv2", reason="needs the extra 'vision'")
        pixels = pytest.importorskip("numpy").zeros((48, 160, 3), "uint8")
        assert cv2.imwrite(str(picture), pixels)
    overrides = {
        "scale.file": str(sheet),
        "devices.cells.files": [str(write_recording(folder))],
        "devices.thermometer.driver": "trace.thermometer",
        "devices.yard.camera.files": [str(picture)],
    }
    board = build(read_profile("trace", overrides))
    return Rig(board, player_of(board.bus).advance)


def _bench(folder: Path, _fault: str) -> Rig:
    write_recording(folder)
    (folder / "vehicles.toml").write_text('[[vehicle]]\nplate = "皖A12345"\n', encoding="utf-8")
    site = folder / "site.toml"
    site.write_text(SITE + _BENCH, encoding="utf-8")
    board = build(read_profile(site))
    return Rig(board, player_of(board.bus).advance)
