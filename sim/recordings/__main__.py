"""`python -m sim.recordings --seeds 0:300 --out DIR`: make recorded passages with truth."""

import argparse
import sys
from collections.abc import Iterable
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from sim.recordings.passage import make_passage
from sim.recordings.scene import CLASSES
from sim.recordings.store import write_passage


def _seeds(text: str) -> range:
    first, _, last = text.partition(":")
    try:
        return range(int(first), int(last or int(first) + 1))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not FIRST:LAST, for example 0:300"
        ) from error


def _classes(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in CLASSES:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(CLASSES)}")
    return names


def _one(seed: int, classes: tuple[str, ...] | None, wide: bool, out: Path) -> str:
    return write_passage(make_passage(seed, classes, wide), out)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and write the passages; the exit status is 0 on success."""
    parser = argparse.ArgumentParser(prog="python -m sim.recordings", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, required=True, help="FIRST:LAST, LAST left out")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--classes", type=_classes, help=f"some of {','.join(CLASSES)}")
    parser.add_argument("--wide", action="store_true", help="other decks, rates, trucks, noise")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    work = partial(_one, classes=given.classes, wide=given.wide, out=given.out)
    made = sum(1 for _ in _run(work, given.seeds, given.jobs))
    print(f"{made} passages in {given.out}", file=sys.stderr)
    return 0


def _run(work: "partial[str]", seeds: range, jobs: int) -> Iterable[str]:
    if jobs <= 1:
        yield from map(work, seeds)
        return
    with Pool(jobs) as pool:
        yield from pool.imap_unordered(work, seeds, chunksize=4)


if __name__ == "__main__":
    sys.exit(main())
