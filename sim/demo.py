"""The demonstration: a mixed morning in the yard, with the real core, recogniser and ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live

from board.build import build
from board.profile import read_profile
from controller.assembly import assemble
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.recognition.eyes import PlateEyes
from controller.scan import Scan
from controller.showing import demo_folder, show_records, summarise
from controller.summary import passage_table
from controller.view import LaneView
from hal.bus import Bus
from protocol.record import Record, to_json
from sim.checker import Checker
from sim.explore.plan import Plan
from sim.explore.ride import ride
from sim.finding import Finding
from sim.run import Watcher, simulate
from sim.scenario import APART, table_of
from sim.world import Yard

DAY_US_MAX = 6 * 3600 * 1_000_000
LEDGER_PATIENCE_US = 30_000_000
REFRESH_S = 0.1
SCENARIO = "morning"
TRUCKS = 8


class DemoError(ValueError):
    """A demonstration in which the lane broke an invariant or did not finish."""


def run(
    trucks: int | None, seed: int, out: Path | None, as_json: bool, scenario: str = SCENARIO
) -> None:
    """Run a scenario and show it; raises DemoError when the checker has found anything.

    `trucks` limits their number; None means all of a scenario, and TRUCKS in a mixed morning.
    """
    if trucks is None and scenario == SCENARIO:
        trucks = TRUCKS
    table = table_of(scenario)
    if any(key in table for key in APART):
        _ride(Plan(seed=seed, table=table), Console(stderr=as_json), as_json=as_json)
        return
    yard = Yard.from_scenario(scenario, seed=seed, trucks=trucks)
    folder = demo_folder(out)
    console = Console(stderr=as_json)
    lane, checker = lane_in(yard, folder), Checker(yard)
    began = time.monotonic()
    try:
        with _shown(lane, console) as watch:
            finished = simulate(
                lane, yard, until_us=DAY_US_MAX, checker=checker, watch=_minding_books(lane, watch)
            )
    finally:
        unstored = lane.bookkeeper.close()
    took_s = time.monotonic() - began
    if unstored:
        raise DemoError(f"{len(unstored)} records could not be stored: {lane.bookkeeper.failure}")
    title = f"{yard.options.title}, seed {seed}"
    records, hashes = show_records(folder, console, title, as_json=as_json)
    findings = checker.finish(records, hashes)
    _conclude(yard, lane, findings, finished, took_s, console)
    if as_json:
        summary = {
            "records": summarise(records),
            "findings": [str(finding) for finding in findings],
            "outputs_sha256": lane.digest,
            "simulated_s": round(yard.now_us / 1e6, 1),
        }
        print(json.dumps(summary, ensure_ascii=False))
    if findings or not finished:
        raise DemoError(f"{len(findings)} findings; finished: {finished}")


def _ride(plan: Plan, console: Console, *, as_json: bool) -> None:
    """Play a scenario in which the lane itself dies, and show what its last life has on disk."""
    shown: list[_Lines] = []

    def watch(yard: Yard, lane: Scan, inputs: InputImage, outputs: OutputImage) -> None:
        if not shown or not shown[-1].is_of(lane):
            shown.append(_Lines(lane, console))
        shown[-1](inputs, outputs)

    kept: list[Record] = []
    found = ride(plan, watch, kept.extend)
    if as_json:
        for record in kept:
            print(json.dumps(to_json(record), ensure_ascii=False))
    else:
        console.print(passage_table(kept))
    for finding in found.findings:
        console.print(f"[red]{finding.check}  {finding.seen}[/red]")
    if found.findings:
        raise DemoError(f"{len(found.findings)} findings")
    console.print("The checker, who knows the truth, found nothing against the lane.")


def lane_in(yard: Yard, folder: Path, eyes: PlateEyes | None = None) -> Scan:
    """A lane on the ``sim`` board that stands in this yard, with its ledger in ``folder``."""
    bus = Bus()
    bus.share("yard", lambda: yard)
    return assemble(build(read_profile("sim"), bus), folder, eyes or PlateEyes())


@contextmanager
def _shown(lane: Scan, console: Console) -> Iterator[Watcher]:
    """A watcher that draws the lane on a terminal, or writes a line a phase elsewhere."""
    if not console.is_terminal:
        yield _Lines(lane, console)
        return
    view = LaneView()
    shown_s = 0.0
    with Live(view, console=console, auto_refresh=False) as live:

        def watch(inputs: InputImage, outputs: OutputImage) -> None:
            nonlocal shown_s
            view.update(lane.lane, inputs, outputs)
            now_s = time.monotonic()
            if now_s - shown_s >= REFRESH_S:
                shown_s = now_s
                live.refresh()

        yield watch
        live.refresh()


def _minding_books(lane: Scan, watch: Watcher) -> Watcher:
    """Watch on, but end the demonstration when the ledger stays unable to take a record."""
    failing_since_us: int | None = None

    def minding(inputs: InputImage, outputs: OutputImage) -> None:
        nonlocal failing_since_us
        watch(inputs, outputs)
        failure = lane.bookkeeper.failure
        if failure is None:
            failing_since_us = None
            return
        failing_since_us = inputs.now_us if failing_since_us is None else failing_since_us
        if inputs.now_us - failing_since_us >= LEDGER_PATIENCE_US:
            raise DemoError(f"{failure} (no boom has opened for the record that is missing)")

    return minding


class _Lines:
    """One line for every change of phase."""

    def __init__(self, lane: Scan, console: Console) -> None:
        self._lane = lane
        self._console = console
        self._phase: Phase | None = None

    def is_of(self, lane: Scan) -> bool:
        """Whether it is this life of the lane that is told."""
        return self._lane is lane

    def __call__(self, inputs: InputImage, outputs: OutputImage) -> None:
        lane = self._lane.lane
        if lane.phase == self._phase:
            return
        self._phase = lane.phase
        self._console.print(
            f"{inputs.now_us / 1e6:8.1f} s  {lane.phase.name:<12} {lane.outcome:<24} "
            f"{outputs.lookup}",
            highlight=False,
        )


def _conclude(
    yard: Yard,
    lane: Scan,
    findings: tuple[Finding, ...] | list[Finding],
    finished: bool,
    took_s: float,
    console: Console,
) -> None:
    simulated_s = yard.now_us / 1e6
    console.print(
        f"{simulated_s:.0f} s of the yard in {took_s:.1f} s ({simulated_s / took_s:.0f} x); "
        f"outputs sha256 {lane.digest[:16]}"
    )
    for finding in findings:
        console.print(f"[red]{finding}[/red]")
    if finished and not findings:
        console.print("The checker, who knows the truth, found nothing against the lane.")
