"""The real lane on the simulated board, judged: real scan, weighing and ledger, eyes stood in."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_rig import KEY

from board.build import build
from board.profile import read_profile
from controller.assembly import assemble
from hal.bus import Bus
from protocol.ledger import Ledger
from protocol.parts import Outcome
from protocol.record import Record
from sim.checker import Checker
from sim.finding import Finding
from sim.reader import StochasticReader
from sim.run import simulate
from sim.world import Yard

HOUR_US = 3_600_000_000


class Run:
    """One finished run: its yard, findings, records and the digest of its outputs."""

    def __init__(self, scenario: str, seed: int, out: Path) -> None:
        self.yard = Yard.from_scenario(scenario, seed)
        self.yard.paint = False
        bus = Bus()
        bus.share("yard", lambda: self.yard)
        scan = assemble(build(read_profile("sim"), bus), out, StochasticReader(self.yard), key=KEY)
        checker = Checker(self.yard)
        self.done = simulate(scan, self.yard, checker=checker, until_us=HOUR_US)
        scan.bookkeeper.close()
        self.digest = scan.digest
        with Ledger.open(out / "ledger.sqlite", read_only=True) as ledger:
            self.records: list[Record] = list(ledger.records())
            hashes = ledger.hashes()
        self.findings: tuple[Finding, ...] = checker.finish(self.records, hashes)

    def outcomes(self) -> list[Outcome]:
        return [r.decision.outcome for r in self.records if r.decision is not None]


@pytest.mark.parametrize(
    ("scenario", "seed", "outcomes"),
    [
        ("legal", 5, [Outcome.RELEASE]),
        ("overloaded_reweigh", 5, [Outcome.RETURN, Outcome.RELEASE]),
        ("unreadable_plate", 5, [Outcome.HOLD, Outcome.RELEASE]),
        ("stops_short", 5, [Outcome.RELEASE]),
        ("tare_and_gross", 5, [Outcome.RELEASE, Outcome.RELEASE]),
    ],
)
def test_a_scenario_runs_to_its_end_without_a_finding(
    scenario: str, seed: int, outcomes: list[Outcome], tmp_path: Path
) -> None:
    run = Run(scenario, seed, tmp_path)
    assert run.done
    assert [str(finding) for finding in run.findings] == []
    assert run.outcomes() == outcomes


def test_two_runs_of_one_seed_give_the_same_outputs_and_records(tmp_path: Path) -> None:
    one, two = (Run("legal", 6, tmp_path / name) for name in ("a", "b"))
    assert one.digest == two.digest
    assert one.records == two.records
