"""A long day without cameras' pixels: many yards, each with its own seed, and replay of them all.

    python -m long_day 1000 OUT     drives 1,000 passages or more in yards on all cores,
                                    then replays every record in other processes

with tests/support in PYTHONPATH; ``make day`` does it.  The gaps between trucks are short, so a
passage takes about its own length of lane time; every yard keeps its own ledger.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from day_rig import lane_in

from protocol.parts import Kind
from sim.run import simulate
from sim.world import Yard

TRUCKS = 20
UNTIL_US = 4 * 3600 * 1_000_000
SEEDS = ("1", "4711")
MAIN = "from controller.cli import main; main()"


def drive(folder: Path, seed: int, trucks: int) -> tuple[int, int, str]:
    """One yard to its end: passages, lane time in us, digest of all outputs."""
    yard = Yard.from_scenario("morning", seed=seed, trucks=trucks)
    yard.paint = False
    lane = lane_in(yard, folder)
    simulate(lane, yard, until_us=UNTIL_US)
    kinds = (Kind.PASSAGE, Kind.VOID)
    count = sum(1 for one in lane.bookkeeper.ledger.records() if one.kind in kinds)
    lane.bookkeeper.close()
    return count, yard.now_us, lane.digest


def replayed(folder: Path, hash_seed: str) -> tuple[list[dict[str, object]], dict[str, object]]:
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


def check(folder: Path) -> dict[str, object]:
    """Replay a folder under both hash seeds; both must say the same of each record."""
    (first, total), (second, _) = (replayed(folder, seed) for seed in SEEDS)
    return {**total, "same": first == second}


def run(wanted: int, out: Path, jobs: int, trucks: int = TRUCKS) -> dict[str, object]:
    """Drive until there are so many passages, replay everything, and say how it went."""
    began = time.monotonic()
    passages = lane_us = seed = 0
    folders: list[Path] = []
    with ProcessPoolExecutor(jobs) as pool:
        while passages < wanted:
            batch = range(seed + 1, seed + 1 + jobs)
            names = [out / f"yard-{number:03d}" for number in batch]
            for name, (count, us, _) in zip(
                names, pool.map(drive, names, batch, [trucks] * jobs), strict=True
            ):
                passages, lane_us = passages + count, lane_us + us
                folders.append(name)
            seed += jobs
            print(f"{passages} passages, {time.monotonic() - began:.0f} s", flush=True)
        drove_s = time.monotonic() - began
        totals = list(pool.map(check, folders))
    results: dict[str, int] = {}
    for total in totals:
        for name, count in dict(total["results"]).items():  # type: ignore[call-overload]
            results[name] = results.get(name, 0) + count
    return {
        "passages": passages,
        "results": results,
        "same_under_both_hash_seeds": all(total["same"] for total in totals),
        "lane_s": round(lane_us / 1e6),
        "drove_s": round(drove_s),
        "replayed_twice_s": round(time.monotonic() - began - drove_s),
        "scans": sum(int(str(total["scans"])) for total in totals),
    }


def main(wanted: str, out: str, jobs: str = str(os.cpu_count() or 1)) -> None:
    found = run(int(wanted), Path(out), int(jobs))
    print(json.dumps(found))
    equal = set(found["results"]) <= {"identical", "the ledger's own"}  # type: ignore[call-overload]
    if not (equal and found["same_under_both_hash_seeds"]):
        raise SystemExit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
