"""`make kill`: a running lane killed with SIGKILL at random instants, and started again each time.

The lane is a process of its own: the simulated yard, the real core, books, writer and ledger; its
eyes know the plates.  It writes the receipt of each record that is durable to a pipe.  After each
kill the folder is verified as it lies, and every receipt that came out of the pipe is looked up.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Hashable, Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

from aftermath import quarantined
from day_rig import TruthfulEyes
from msgspec import Struct

from board.build import build
from board.profile import read_profile
from controller.assembly import LEDGER_FILE, assemble
from hal.bus import Bus
from protocol.errors import Failure
from protocol.ledger import Ledger
from protocol.media import FOLDER, MediaStore
from protocol.rows import Receipt, named_by
from sim.run import simulate
from sim.world import Yard

DAY_US = 24 * 3600 * 1_000_000
TRUCKS = 40
SERIES = 20
"""Lives of a lane on one folder; then another folder begins."""


class Moment(Struct, frozen=True):
    """When to kill: up to ``wait_s`` behind the n-th ``word`` of the lane, n up to ``words_max``.

    Without a word, behind its start.
    """

    wait_s: float
    word: bytes = b""
    words_max: int = 1


MOMENTS = {
    "write": Moment(0.008, b"submit", 3),
    "start": Moment(0.3),
    "run": Moment(6.0),
    "close": Moment(0.008, b"closing"),
}
ORDER = ("write", "run", "write", "start", "write", "close")


class Round(Struct, frozen=True):
    """One life of the lane: the moment of its end, how many receipts it gave, what was wrong."""

    moment: str
    receipts: int
    wrong: list[str]


class TellingWriter:
    """The lane's writer, which also tells the world what it takes and what it gives."""

    def __init__(self, writer: Any, pipe: int) -> None:
        self._writer = writer
        self._pipe = pipe

    def poll(self) -> list[tuple[Hashable, Receipt | Failure]]:
        """Hand on what is done, and tell of it at once."""
        done: list[tuple[Hashable, Receipt | Failure]] = self._writer.poll()
        for _, result in done:
            if isinstance(result, Receipt):
                os.write(self._pipe, f"{result.seq} {result.hash.hex()}\n".encode())
        return done

    def submit(self, *draft: Any) -> bool:
        """Tell that something comes, and take it."""
        os.write(self._pipe, b"submit\n")
        return bool(self._writer.submit(*draft))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


def lane_life(folder: Path, seed: int, threaded: bool, trucks: int, pipe: int) -> None:
    """A day of the lane, told to ``pipe``; it ends by closing, or by a signal before."""
    yard = Yard.from_scenario("morning", seed=seed, trucks=trucks)
    yard.paint = False
    bus = Bus()
    bus.share("yard", lambda: yard)
    board = build(read_profile("sim"), bus)
    lane = assemble(board, folder, TruthfulEyes(yard), threaded=threaded)
    books: Any = lane.bookkeeper
    books._writer = TellingWriter(books._writer, pipe)
    simulate(lane, yard, until_us=DAY_US)
    os.write(pipe, b"closing\n")
    lane.bookkeeper.close()
    os.write(pipe, b"closed\n")


def one_round(folder: Path, seed: int) -> tuple[str, dict[int, bytes]]:
    """Start a lane, kill it, and return the moment and the receipts that it gave."""
    dice = random.Random(seed)
    name = ORDER[seed % len(ORDER)]
    moment = MOMENTS[name]
    source, pipe = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        try:
            lane_life(folder, seed, seed % 2 == 0, 1 if name == "close" else TRUCKS, pipe)
        finally:
            os._exit(1)
    os.close(pipe)
    told = _listen(source, moment.word, dice.randint(1, moment.words_max)) if moment.word else b""
    time.sleep(dice.uniform(0, moment.wait_s))
    os.kill(child, signal.SIGKILL)
    told += _listen(source)
    os.close(source)
    os.waitpid(child, 0)
    return name, receipts_in(told)


def receipts_in(told: bytes) -> dict[int, bytes]:
    """Seq and hash of every receipt that came out of a pipe."""
    lines = [line.split() for line in told.decode().splitlines() if " " in line]
    return {int(seq): bytes.fromhex(digest) for seq, digest in lines}


def _listen(source: int, word: bytes = b"", times: int = 1) -> bytes:
    """What comes out of the pipe until the word has come so many times, or until its end."""
    told = b""
    while not word or told.count(word) < times:
        some = os.read(source, 65536)
        if not some:
            break
        told += some
    return told


def wrong_in(folder: Path, receipts: dict[int, bytes]) -> list[str]:
    """Everything that is wrong with a folder as a kill left it."""
    path = folder / LEDGER_FILE
    if not path.exists() or not path.stat().st_size:
        return [f"lost: record {seq}" for seq in receipts]
    with Ledger.open(path, read_only=True) as ledger:
        wrong = [f"{f.code} at {f.seq}: {f.message}" for f in ledger.verify()]
        stored = {row.seq: sha256(row.body).digest() for row in ledger.stored()}
        named = [medium for record in ledger.records() for medium in named_by(record)]
    wrong += [f"lost: record {s}" for s, digest in receipts.items() if stored.get(s) != digest]
    media = MediaStore(folder / FOLDER)
    for medium in named:
        try:
            media.read(medium.digest, medium.kind)
        except (OSError, ValueError) as error:
            wrong.append(f"lost: {error}")
    return wrong + quarantined(folder, {medium.digest for medium in named})


def rounds(folder: Path, first: int, times: int) -> list[Round]:
    """That many lives of a lane on one folder, each ended by a kill; one more ends itself."""
    done: list[Round] = []
    receipts: dict[int, bytes] = {}
    for seed in range(first, first + times):
        name, told = one_round(folder, seed)
        receipts |= told
        done.append(Round(name, len(told), _checked(folder, receipts)))
    source, pipe = os.pipe()
    lane_life(folder, first + times, True, 1, pipe)
    os.close(pipe)
    told_last = _listen(source)
    os.close(source)
    last = receipts_in(told_last)
    wrong = _checked(folder, receipts | last)
    if not last or b"closed" not in told_last:
        wrong.append("the last lane did not go on to its end")
    done.append(Round("closed", len(last), wrong))
    return done


def series(number: int, times: int) -> list[Round]:
    """The lives of one folder of many."""
    with tempfile.TemporaryDirectory(prefix="kill-") as scratch:
        return rounds(Path(scratch), number * SERIES, times)


def _checked(folder: Path, receipts: dict[int, bytes]) -> list[str]:
    try:
        return wrong_in(folder, receipts)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill a lane ``--times`` times; 1 if anything was wrong after any of them."""
    parser = argparse.ArgumentParser(prog="kill_rounds.py", description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    numbers = range(-(-options.times // SERIES))
    sizes = [min(SERIES, options.times - SERIES * number) for number in numbers]
    with ProcessPoolExecutor(options.jobs) as pool:
        done = [one for some in pool.map(series, numbers, sizes) for one in some]
    wrong = [f"life {n}, {r.moment}: {w}" for n, r in enumerate(done) for w in r.wrong]
    moments = Counter(r.moment for r in done)
    facts = {
        "kills": options.times,
        "moments": {name: moments[name] for name in MOMENTS},
        "receipts": sum(r.receipts for r in done),
        "wrong": len(wrong),
        "seconds": round(time.monotonic() - started, 1),
    }
    print(json.dumps(facts) if options.json else "  ".join(f"{k} {v}" for k, v in facts.items()))
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
