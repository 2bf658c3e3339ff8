"""How long an indicator takes over plain trucks, and how often it takes one that still rolls.

``python -m sim.byindicator --seeds 60:80 --settle "6 s"`` rides one lawful truck a seed, of two and
three axles by turns, and prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct, to_builtins

from board.build import build
from board.profile import ProfileError, read_profile
from controller.assembly import LEDGER_FILE, assemble
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import WeighingStatus
from hal.bus import Bus
from protocol.ledger import Ledger
from protocol.parts import Outcome
from sim.checker import Checker
from sim.reader import StochasticReader
from sim.run import simulate
from sim.scenario import deal
from sim.world import Yard

_HOUR_US = 3_600_000_000
_ROLLED = "T8"


class Ridden(Struct, frozen=True, kw_only=True):
    """One truck: seconds from the last edge to its weight, whether held, and what was found."""

    after_s: float | None
    held: bool
    findings: tuple[str, ...]


class Told(Struct, frozen=True, kw_only=True):
    """All trucks together; ``findings`` are those but of a weight that was taken of a roll."""

    trucks: int
    weighed: int
    rolled: int
    held: int
    after_edge_s_median: float
    after_edge_s_max: float
    findings: tuple[str, ...]


def ride(seed: int, settle: str, out: Path) -> Ridden:
    """Ride the truck of one seed."""
    kind = "3-axle truck" if seed % 2 else "2-axle truck"
    yard = Yard(seed, *deal({"truck": [{"configuration": kind, "weighs": "legal"}]}, seed))
    yard.paint = False
    bus = Bus()
    bus.share("yard", lambda: yard)
    profile = read_profile("sim-indicator", {"indicator.settle": settle})
    lane, checker = assemble(build(profile, bus), out, StochasticReader(yard)), Checker(yard)
    found: list[float] = []

    def watch(inputs: InputImage, _outputs: OutputImage) -> None:
        if inputs.weight.status == WeighingStatus.ACCEPTED and not found:
            guards = [s for e in inputs.ends for s in (e.arm, e.beam_low, e.beam_high)]
            found.append((inputs.now_us - max(guard.since_us for guard in guards)) / 1e6)

    simulate(lane, yard, checker=checker, until_us=_HOUR_US, watch=watch)
    lane.bookkeeper.close()
    with Ledger.open(out / LEDGER_FILE, read_only=True) as ledger:
        records, hashes = list(ledger.records()), ledger.hashes()
    return Ridden(
        after_s=found[0] if found else None,
        held=any(r.decision is not None and r.decision.outcome is Outcome.HOLD for r in records),
        findings=tuple(str(one) for one in checker.finish(records, hashes)),
    )


def told(rides: list[Ridden]) -> Told:
    """What they were, together."""
    after_s = [one.after_s for one in rides if one.after_s is not None]
    found = [text for one in rides for text in one.findings]
    return Told(
        trucks=len(rides),
        weighed=len(after_s),
        rolled=sum(_ROLLED in text for text in found),
        held=sum(one.held for one in rides),
        after_edge_s_median=round(statistics.median(after_s), 1) if after_s else 0.0,
        after_edge_s_max=round(max(after_s), 1) if after_s else 0.0,
        findings=tuple(text for text in found if _ROLLED not in text),
    )


def main(arguments: list[str]) -> int:
    """Ride the seeds asked for; 1 where a setting cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m sim.byindicator")
    parser.add_argument("--seeds", default="60:80")
    parser.add_argument("--settle", default="6 s")
    asked = parser.parse_args(arguments)
    first, _, end = asked.seeds.partition(":")
    if not (first.isdigit() and end.isdigit() and int(first) < int(end)):
        parser.error(f"--seeds {asked.seeds}: write the first and the one behind the last, 60:80")
    rides: list[Ridden] = []
    try:
        for seed in range(int(first), int(end)):
            with TemporaryDirectory() as folder:
                rides.append(ride(seed, asked.settle, Path(folder)))
    except ProfileError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(to_builtins(told(rides)), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
