"""`make powercut`: every crash state of a scripted morning, and the number of losses."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import msgspec
from aftermath import losses
from morning import Promise, run, second_life
from msgspec import Struct

from sim.disk.calls import recording
from sim.disk.recorder import Recorder
from sim.disk.states import states
from sim.disk.volatile import Disk, Operation, lay_out

ALL = os.environ.get("STEELYARD_POWERCUT") == "all"
"""Whether the tests are to examine everything; `make test` looks at a part."""

SHOWN_MAX = 20
MEMORY = Path("/dev/shm")


class Recording(Struct, frozen=True):
    """A run: its operations, and what it promised in order."""

    log: list[Operation]
    promises: list[Promise]


class Tally(Struct):
    """How many states were made, which of them differ, and what was lost after which."""

    states: int = 0
    distinct: set[bytes] = msgspec.field(default_factory=set)
    manners: Counter[str] = msgspec.field(default_factory=Counter)
    losses: list[str] = msgspec.field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in the tally of another part of the same run."""
        self.states += other.states
        self.distinct |= other.distinct
        self.manners += other.manners
        self.losses += other.losses


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory, where there is one: a real disk adds nothing but time."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="powercut-", dir=where) as name:
        yield Path(name)


def record_morning() -> Recording:
    """One recorded morning; the taps must have seen everything."""
    with scratch() as folder, recording(folder) as recorder:
        promises = run(folder, recorder)
        leaks = recorder.differences()
    assert not leaks, f"the log does not explain {leaks}"
    return Recording(recorder.log, promises)


def killed_at(recorded: Recording, boundary: int) -> Recording:
    """The same run killed there, with nothing lost yet, and the life of the next process."""
    disk = Disk()
    for operation in recorded.log[:boundary]:
        disk.take(operation)
    with scratch() as folder:
        lay_out(disk.live(), folder / "data")
        recorder = Recorder(folder / "data")
        recorder.begin_from(recorded.log[:boundary])
        with recording(folder / "data", recorder):
            promises = second_life(folder / "data", recorder, recorded.promises[: disk.told])
            leaks = recorder.differences()
    assert not leaks, f"the log does not explain {leaks}"
    return Recording(recorder.log, promises)


def examine(recorded: Recording, draws: int, first: int = 0, end: int | None = None) -> Tally:
    """Check every distinct state of the boundaries from ``first`` until before ``end``."""
    tally = Tally()
    with scratch() as folder:
        for state in states(recorded.log, draws, first, end):
            tally.states += 1
            tally.manners[state.manner] += 1
            if state.key in tally.distinct:
                continue
            tally.distinct.add(state.key)
            found = losses(state, recorded.promises, folder / "after")
            where = f"cut behind operation {state.boundary}, {state.manner}, {state.told} promised"
            tally.losses += [f"{where}: {loss}" for loss in found]
    return tally


def shards(recorded: Recording, count: int) -> list[tuple[int, int]]:
    """The boundaries of a recording in ``count`` parts that follow each other."""
    total = len(recorded.log) + 1
    edges = [total * number // count for number in range(count + 1)]
    return list(pairwise(edges))


def main(arguments: Sequence[str] | None = None) -> int:
    """Examine a whole morning on ``--jobs`` processes; 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="exhaust.py", description=__doc__)
    parser.add_argument("--draws", type=int, default=40, help="random states at each boundary")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    recorded = record_morning()
    total = Tally()
    with ProcessPoolExecutor(options.jobs) as pool:
        parts = shards(recorded, options.jobs * 16)
        tasks = [pool.submit(examine, recorded, options.draws, *part) for part in parts]
        for task in tasks:
            total.add(task.result())
    _print(recorded, total, time.monotonic() - started, options.json)
    return 1 if total.losses else 0


def _print(recorded: Recording, total: Tally, seconds: float, as_json: bool) -> None:
    facts = {
        "operations": len(recorded.log),
        "records": len(recorded.promises),
        "states": total.states,
        "distinct": len(total.distinct),
        "losses": len(total.losses),
        "seconds": round(seconds, 1),
    }
    if as_json:
        print(json.dumps(facts | {"manners": total.manners, "lost": total.losses}))
        return
    print("  ".join(f"{name} {value}" for name, value in facts.items()))
    for manner, number in sorted(total.manners.items()):
        print(f"  {manner:<16} {number:>6}")
    for loss in total.losses[:SHOWN_MAX]:
        print(loss, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
