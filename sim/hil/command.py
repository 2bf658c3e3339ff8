"""``steelyard hil``: a lane in real time around real firmware or real frames, and what it stood."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from controller.recognition.looks import Eyes, Reader
from controller.recognition.process import ProcessReader
from controller.recognition.worker import plate_eyes
from controller.showing import demo_folder
from sim.hil.coprocessors import CoprocessorSeam
from sim.hil.indicator import IndicatorSeam
from sim.hil.loop import Loop, Outcome, yard_of_trucks
from sim.hil.seam import Seam
from sim.reader import StochasticReader
from sim.world import Yard

SECONDS_EACH_MAX = 180.0
SECONDS_MORE = 60.0
SEAMS: Mapping[str, Callable[[Path, int], Seam]] = {
    "coprocessor": CoprocessorSeam,
    "indicator": IndicatorSeam,
}
SHEET = "sim.calib.toml"


class HilError(ValueError):
    """A run in the loop in which an invariant broke, or which did not come to its end."""


def run(
    mode: str, trucks: int, seed: int, out: Path | None, *, hurt: bool, vision: bool, as_json: bool
) -> None:
    """Run so many vehicles through a lane in the loop and say what came of it.

    With ``hurt`` each passage has one trouble: a plug pulled, power taken, bytes spoilt, in turn.
    Without ``vision`` a reader that errs as the real one does stands in for the recogniser.

    Raises:
        HilError: the checker has found something, or a vehicle is still there at the end.
        ValueError: no such mode.
    """
    if mode not in SEAMS:
        raise ValueError(f"--mode {mode}: known are {', '.join(SEAMS)}")
    console = Console(stderr=as_json)
    folder = demo_folder(out)
    yard = yard_of_trucks(seed, trucks)
    reader: Reader | Eyes = ProcessReader(plate_eyes) if vision else _reader(yard)
    with tempfile.TemporaryDirectory(prefix="steelyard-") as bench:
        seam = SEAMS[mode](Path(bench), seed)
        hurts = [seam.hurts[i % len(seam.hurts)] for i in range(trucks)] if hurt else []
        sheet: dict[str, object] = {"scale.file": str(_sheet(Path(bench), seam.rate_hz))}
        loop = Loop(seam, yard, folder, reader, sheet=sheet, hurts=hurts, watch=console.print)
        outcome = loop.run(SECONDS_EACH_MAX * trucks + SECONDS_MORE)
    _show(outcome, folder, console, as_json=as_json)
    if outcome.findings or not outcome.finished:
        raise HilError(
            "; ".join(map(str, outcome.findings)) or "a vehicle is still in the lane at the end"
        )


def _reader(yard: Yard) -> StochasticReader:
    yard.paint = False
    return StochasticReader(yard)


def _sheet(folder: Path, rate_hz: float) -> Path:
    """The calibration of the simulated bridge, at the rate at which its samples come here."""
    text = resources.files("board").joinpath("profiles", SHEET).read_text(encoding="utf-8")
    before = "fs_hz = 80.0"
    if before not in text:
        raise ValueError(f"{SHEET}: no line '{before}' to put another rate into")
    path = folder / SHEET
    path.write_text(text.replace(before, f"fs_hz = {rate_hz}"), encoding="utf-8")
    return path


def _show(outcome: Outcome, folder: Path, console: Console, *, as_json: bool) -> None:
    about = summary(outcome)
    if as_json:
        print(json.dumps({**about, "folder": str(folder)}, ensure_ascii=False))
        return
    for name, value in about.items():
        console.print(f"{name.replace('_', ' '):18} {value}")
    console.print(f"{'folder':18} {folder}")


def summary(outcome: Outcome) -> dict[str, Any]:
    """What is said of a run: counts, troubles, findings, and how late the scans began, ms."""
    late = outcome.late_us
    return {
        "vehicles": outcome.vehicles,
        "passages": outcome.passages,
        "records": outcome.stored,
        "lane_s": round(outcome.lane_us / 1e6, 1),
        "finished": outcome.finished,
        "hurts": [msgspec.structs.asdict(hurt) for hurt in outcome.hurts],
        "told": list(outcome.troubles),
        "findings": [str(finding) for finding in outcome.findings],
        "scan_late_ms": {
            name: round(late[min(len(late) - 1, int(len(late) * share))] / 1000, 2)
            for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
            if late
        },
    }
