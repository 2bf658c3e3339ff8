"""The demonstration on recorded input: real counts and real photographs through the real lane."""

from __future__ import annotations

import csv
from pathlib import Path

from rich.console import Console

from board.build import Board, build
from board.profile import read_profile
from controller.assembly import assemble
from controller.core.kinds import Phase
from controller.core.settings import SECOND
from controller.recognition.eyes import PlateEyes
from controller.scan import Scan
from controller.showing import demo_folder, show_records
from hal.bus import Bus
from hal.player import Player, player_of
from hal.ports import PersonRequest
from hal.virtual import VirtualRequests

SCAN_US = 20_000
PASSAGE_US_MAX = 900 * SECOND
OPERATOR_AFTER_US = 8 * SECOND


class RecordedInputError(ValueError):
    """Recordings that cannot be played, or whose records could not be kept."""


def run(folder: Path, trucks: int, out: Path | None, as_json: bool) -> None:
    """Play ``trucks`` recordings of ``folder`` (``traces/`` and ``plates/``), each on its scale.

    Recordings and plate cut-outs are taken at even distances from their sorted lists; which
    photograph goes with which recording is therefore arbitrary, and the page says so.
    """
    kept = demo_folder(out)
    console = Console(stderr=as_json)
    traces = _spread(_traces(folder / "traces"), trucks)
    plates = _spread(_cutouts(folder / "plates"), len(traces))
    eyes = PlateEyes()
    for trace, plate in zip(traces, plates, strict=True):
        console.print(f"{trace.name} on its scale, photograph {plate.name}", highlight=False)
        _play(trace, plate, kept, eyes, console)
    title = "Recorded counts and photographs, paired arbitrarily"
    show_records(kept, console, title, as_json=as_json)


def _traces(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.csv"))
    if not found:
        raise RecordedInputError(
            f"{folder}: no recordings (*.csv) here; name the folder that holds traces/ and plates/"
        )
    return found


def _cutouts(folder: Path) -> list[Path]:
    labels = folder / "labels.csv"
    if not labels.is_file():
        raise RecordedInputError(
            f"{labels}: missing; the photographs are chosen by this list of labels"
        )
    with labels.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("kind") == "crops"]
    found = sorted(folder / row["file"] for row in rows if row.get("rows") == "1")
    if not found:
        raise RecordedInputError(f"{labels}: no single-row plate cut-out (kind crops) is listed")
    return found


def _spread(paths: list[Path], n: int) -> list[Path]:
    """``n`` of the paths at even distances, from the middle of each stretch."""
    n = min(n, len(paths))
    return [paths[(2 * i + 1) * len(paths) // (2 * n)] for i in range(n)]


def _play(trace: Path, plate: Path, kept: Path, eyes: PlateEyes, console: Console) -> None:
    bus = Bus()
    board = _board(trace, plate, bus)
    lane = assemble(board, kept, eyes)
    try:
        _until_gone(lane, board, player_of(bus), console)
    finally:
        unstored = lane.bookkeeper.close()
    if unstored:
        raise RecordedInputError(
            f"{len(unstored)} records could not be stored: {lane.bookkeeper.failure}"
        )


def _board(trace: Path, plate: Path, bus: Bus) -> Board:
    files = {
        "scale.file": str(trace.with_suffix(".calib.toml").resolve()),
        "devices.cells.files": [str(trace.resolve())],
        "devices.yard.camera.files": [str(plate.resolve())],
    }
    return build(read_profile("trace", files), bus)


def _until_gone(lane: Scan, board: Board, player: Player, console: Console) -> None:
    phase: Phase | None = None
    held_us = 0
    while not (player.done and lane.lane.phase == Phase.IDLE):
        inputs, _ = lane.once()
        if lane.lane.phase != phase:
            phase, held_us = lane.lane.phase, inputs.now_us
            console.print(
                f"{inputs.now_us / 1e6:8.1f} s  {phase.name:<12} {lane.lane.outcome}",
                highlight=False,
            )
        elif phase == Phase.HOLDING and inputs.now_us - held_us >= OPERATOR_AFTER_US:
            held_us = inputs.now_us
            _send_back(board)
        if inputs.now_us > PASSAGE_US_MAX:
            console.print("the recording did not leave the lane; going on", highlight=False)
            return
        player.advance(SCAN_US)


def _send_back(board: Board) -> None:
    """The weigh-room of a recording: whatever is held goes back to where it came from."""
    if isinstance(board.requests, VirtualRequests):
        board.requests.ask(
            PersonRequest(
                kind="SEND_BACK",
                who="demonstration",
                why="held in a recording: no person to ask",
                end="yard",
            )
        )
