"""Rig for whole-lane tests: the sim board with eyes that know the truth, so that no test waits for
the recogniser unless it is what the test is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger_rig import KEY

from board.build import build
from board.profile import read_profile
from controller.assembly import assemble
from controller.core.images import InputImage, OutputImage
from controller.recognition.looks import Seen, Shot, Sighted
from controller.scan import Scan
from hal.bus import Bus
from protocol.files import Files
from protocol.record import Record
from sim.checker import Checker
from sim.finding import Finding
from sim.run import simulate
from sim.world import Yard

DAY_US = 3600 * 1_000_000


@dataclass
class TruthfulEyes:
    """Reads a clean plate perfectly and a dirty one not at all."""

    yard: Yard

    def look(self, shot: Shot) -> Sighted:
        sights = (self.yard.sight(end) for end in (0, 1))
        sight = next((one for one in sights if one is not None), None)
        if sight is None:
            return Sighted()
        clean = sight.dirt < 0.5
        text = sight.plate.text if clean else "?" + sight.plate.text[1:]
        p = 0.99 if clean else 0.4
        quad = shot.frame.regions[0]
        seen = Seen(text=text, chars=(p,) * len(text), quad=quad, png=text.encode())
        return Sighted(seen=(seen,))


@dataclass
class Day:
    """One finished run: what was recorded, found and put out."""

    yard: Yard
    lane: Scan
    records: list[Record]
    findings: tuple[Finding, ...]
    finished: bool
    outputs: list[OutputImage]


def lane_in(
    yard: Yard,
    folder: Path,
    overrides: Mapping[str, object] | None = None,
    files: Files | None = None,
) -> Scan:
    bus = Bus()
    bus.share("yard", lambda: yard)
    board = build(read_profile("sim", overrides), bus)
    return assemble(board, folder, TruthfulEyes(yard), key=KEY, files=files)


def run_day(
    yard: Yard,
    folder: Path,
    until_us: int = DAY_US,
    overrides: Mapping[str, object] | None = None,
) -> Day:
    """Run a yard to its end on the real core, books and weigher."""
    yard.paint = False
    lane, checker = lane_in(yard, folder, overrides), Checker(yard)
    outputs: list[OutputImage] = []

    def watch(inputs: InputImage, out: OutputImage) -> None:
        if not outputs or outputs[-1] != out:
            outputs.append(out)

    finished = simulate(lane, yard, until_us=until_us, checker=checker, watch=watch)
    ledger = lane.bookkeeper.ledger
    records, hashes = list(ledger.records()), ledger.hashes()
    lane.bookkeeper.close()
    return Day(yard, lane, records, checker.finish(records, hashes), finished, outputs)
