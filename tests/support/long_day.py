"""A long day without cameras' pixels: many yards, each with its own seed, and replay of them all.

    python -m long_day 1000 OUT     drives 1,000 passages or more in yards on all cores,
                                    then replays every record in other processes

with tests/support in PYTHONPATH; ``make day`` does it.  The gaps between trucks are short, so a
passage takes about its own length of lane time; every yard keeps its own ledger.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

from day_rig import lane_in
from msgspec import Struct

from controller.replayrecord import Result
from protocol.parts import Kind
from sim.run import simulate
from sim.world import Yard

TRUCKS = 20
UNTIL_US = 4 * 3600 * 1_000_000
SEEDS = ("1", "4711")
MAIN = "from controller.cli import main; main()"


class Part(Struct, frozen=True, kw_only=True):
    """One yard driven and replayed; ``same`` says that both hash seeds gave the same lines."""

    passages: int = 0
    lane_us: int = 0
    scans: int = 0
    drove_s: float = 0.0
    replayed_s: float = 0.0
    results: dict[str, int] = {}
    same: bool = True

    def __add__(self, other: Part) -> Part:
        results = Counter(self.results)
        results.update(other.results)
        return Part(
            passages=self.passages + other.passages,
            lane_us=self.lane_us + other.lane_us,
            scans=self.scans + other.scans,
            drove_s=self.drove_s + other.drove_s,
            replayed_s=self.replayed_s + other.replayed_s,
            results=dict(results),
            same=self.same and other.same,
        )

    @property
    def equal(self) -> bool:
        """Whether every record came out as it was stored, in every process."""
        wanted = {Result.IDENTICAL.value, Result.OWN.value}
        return self.same and self.passages > 0 and set(self.results) <= wanted


def part(folder: Path, seed: int, trucks: int) -> Part:
    """Drive one yard to its end, then replay its records in processes of their own."""
    began = time.monotonic()
    yard = Yard.from_scenario("morning", seed=seed, trucks=trucks)
    yard.paint = False
    lane = lane_in(yard, folder)
    simulate(lane, yard, until_us=UNTIL_US)
    kinds = (Kind.PASSAGE, Kind.VOID)
    count = sum(1 for one in lane.bookkeeper.ledger.records() if one.kind in kinds)
    lane.bookkeeper.close()
    drove = time.monotonic()
    (first, total), (second, _) = (replayed(folder, hash_seed) for hash_seed in SEEDS)
    return Part(
        passages=count,
        lane_us=yard.now_us,
        scans=total["scans"],
        drove_s=drove - began,
        replayed_s=time.monotonic() - drove,
        results=total["results"],
        same=first == second,
    )


def replayed(folder: Path, hash_seed: str) -> tuple[list[Any], dict[str, Any]]:
    """What ``steelyard replay`` says of a folder in a process with this hash seed."""
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "replay", str(folder), "--json"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout:
        raise RuntimeError(f"{folder}: {done.stderr}")
    *lines, total = (json.loads(line) for line in done.stdout.splitlines())
    return lines, total


def run(wanted: int, out: Path, jobs: int, trucks: int = TRUCKS) -> Part:
    """Drive and replay yards until there are so many passages."""
    began = time.monotonic()
    total = Part()
    seeds = itertools.count(1)
    with ProcessPoolExecutor(jobs) as pool:

        def next_yard() -> Future[Part]:
            seed = next(seeds)
            return pool.submit(part, out / f"yard-{seed:03d}", seed, trucks)

        waiting = {next_yard() for _ in range(jobs)}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for one in done:
                total += one.result()
                print(f"{time.monotonic() - began:6.0f} s  {told(total)}", flush=True)
                if total.passages < wanted:
                    waiting.add(next_yard())
    return total


def told(total: Part) -> str:
    """A run in one line."""
    results = ", ".join(f"{count} {name}" for name, count in sorted(total.results.items()))
    same = "the same" if total.same else "NOT THE SAME"
    return (
        f"{total.passages} passages in {total.lane_us / 3.6e9:.1f} h of the lane; "
        f"records: {results}; {total.scans} scans replayed, {same} under hash seeds "
        f"{' and '.join(SEEDS)}; drove {total.drove_s:.0f} s, replayed twice in "
        f"{total.replayed_s:.0f} s"
    )


def main(wanted: str, out: str, jobs: str = str(os.cpu_count() or 1)) -> None:
    if not run(int(wanted), Path(out), int(jobs)).equal:
        raise SystemExit("not every record came out as it was stored")


if __name__ == "__main__":
    main(*sys.argv[1:])
