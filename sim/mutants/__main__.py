"""``python -m sim.mutants``: hunt the mutants, tell each fate in a line, keep the table.

The exit status is 0 where every mutant was killed, 1 where some live, 2 where nothing was ridden.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sim.explore.campaign import seeds_of
from sim.mutants.catalogue import ROOT, Mutant, MutantError, chosen, read_all, small
from sim.mutants.hunt import Fate, Hunt, by_turns
from sim.mutants.table import page, summed

FATES = "mutants.json"


def main(argv: list[str] | None = None) -> int:
    """Run the command; errors go to stderr."""
    asked = _parser().parse_args(argv)
    try:
        if asked.page:
            return _write_page(asked.page)
        mutants = chosen(read_all(), tuple(asked.only))
        if asked.list:
            return _list(mutants)
        return _hunt(asked, mutants)
    except (MutantError, ValueError, OSError) as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim.mutants", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="mutants or areas")
    parser.add_argument("--seeds", default="0:50", metavar="A:B", help="shifts to ride at most")
    parser.add_argument("--shifts", type=int, metavar="N", help="of these at most N a mutant")
    parser.add_argument(
        "--first", type=int, nargs="+", default=[], metavar="SEED", help="of these first these"
    )
    parser.add_argument("--small", action="store_true", help="ride the plans written by hand")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="mutants at a time")
    parser.add_argument(
        "--minutes", type=float, default=0.0, metavar="M", help="then begin no more"
    )
    parser.add_argument("--json", action="store_true", help="an object a mutant, then the sum")
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"keep {FATES} there")
    parser.add_argument("--list", action="store_true", help="name the mutants and ride nothing")
    parser.add_argument(
        "--page", nargs="+", type=Path, metavar="JSON", help="print the page of kept hunts"
    )
    return parser


def _hunt(asked: argparse.Namespace, mutants: tuple[Mutant, ...]) -> int:
    plans = small() if asked.small else by_turns(seeds_of(asked.seeds))
    hunt = Hunt(
        ROOT,
        plans,
        small=asked.small,
        minutes=asked.minutes,
        shifts=asked.shifts,
        first=asked.first,
    )

    known: dict[str, Fate] = {}

    def told(fate: Fate) -> None:
        text = msgspec.json.encode(fate).decode() if asked.json else _line(fate)
        print(text, flush=True)
        known[fate.name] = fate
        if asked.out is not None:
            _keep(asked, hunt, [known[m.name] for m in mutants if m.name in known])

    fates = hunt.run(mutants, asked.jobs, told)
    whole = _whole(asked, hunt, fates)
    print(json.dumps(whole, ensure_ascii=False) if asked.json else _conclusion(whole))
    return 0 if all(fate.killed for fate in fates) else 1


def _whole(asked: argparse.Namespace, hunt: Hunt, fates: list[Fate]) -> dict[str, object]:
    seeds = "small" if asked.small else asked.seeds
    return {"seeds": seeds, **summed(fates), "unsound": hunt.unsound}


def _keep(asked: argparse.Namespace, hunt: Hunt, fates: list[Fate]) -> None:
    """Write down what is known so far, so that a hunt that is stopped has told something."""
    asked.out.mkdir(parents=True, exist_ok=True)
    kept = {**_whole(asked, hunt, fates), "fates": msgspec.to_builtins(fates)}
    text = json.dumps(kept, ensure_ascii=False, indent=1)
    (asked.out / FATES).write_text(text + "\n", encoding="utf-8")


def _line(fate: Fate) -> str:
    if not fate.killed:
        return f"LIVES   {fate.name}  after {fate.plans} shifts  ({fate.meaning})"
    return f"killed  {fate.name}  {fate.check} at seed {fate.seed}, shift {fate.plans}: {fate.seen}"


def _conclusion(whole: dict[str, object]) -> str:
    return (
        f"{whole['killed']} of {whole['mutants']} mutants killed ({whole['rate']} %), "
        f"median {whole['median']} shifts to kill, {whole['cpu_s']} s of the processor"
    )


def _list(mutants: Iterable[Mutant]) -> int:
    for mutant in mutants:
        print(f"{mutant.area:9} {mutant.name:34} {mutant.file}: {mutant.meaning}")
    return 0


def _write_page(kept: list[Path]) -> int:
    """Print the page; of hunts over the same shifts the later word on a mutant stands."""
    mutants = read_all()
    names = {mutant.name for mutant in mutants}
    hunts: dict[str, dict[str, Fate]] = {}
    for path in kept:
        found = json.loads(path.read_text(encoding="utf-8"))
        fates = hunts.setdefault(found["seeds"], {})
        for fate in msgspec.convert(found["fates"], list[Fate]):
            if fate.plans and fate.name in names:
                fates[fate.name] = fate
    print(page(mutants, [(seeds, [*fates.values()]) for seeds, fates in hunts.items()]), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
