"""``python -m sim.fidelity``: the yard's weighings beside recorded ones.

    python -m sim.fidelity TRACES [--plots docs] [--json] [--rounds 2]

The recorded traces are parted: every second one was used to fit the yard's parameters, the others
were held aside.  Each part is compared with weighings of the yard that mirror it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import msgspec

from sim.fidelity.compare import Row, compared, table, values
from sim.fidelity.passages import mirrored
from sim.fidelity.trace import Trace, recorded

FITTED, HELD = slice(0, None, 2), slice(1, None, 2)


def main() -> int:
    """Measure, tell and draw; 2 where there is nothing to compare with."""
    asked = _arguments()
    try:
        traces = recorded(asked.traces)
    except OSError as error:
        print(f"{asked.traces}: cannot be read: {error}", file=sys.stderr)
        return 2
    if len(traces) < 4:
        print(f"{asked.traces}: no recorded traces (sNNNN.truth.json) there", file=sys.stderr)
        return 2
    parts = {
        "fitted": (traces[FITTED], mirrored(traces[FITTED], asked.rounds)),
        "held aside": (traces[HELD], mirrored(traces[HELD], asked.rounds)),
    }
    rows = {name: _rows(*part) for name, part in parts.items()}
    if asked.plots is not None:
        _draw(asked.plots, parts)
    if asked.json:
        print(json.dumps({name: msgspec.to_builtins(part) for name, part in rows.items()}))
        return 0
    for name, part in rows.items():
        inside = sum(row.inside for row in part)
        one, other = (len(side) for side in parts[name])
        print(f"\n{name}: {one} recorded, {other} of the yard; {inside} of {len(part)} inside\n")
        print(table(part))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sim.fidelity", description=__doc__)
    parser.add_argument("traces", type=Path, help="folder of recorded traces")
    parser.add_argument("--plots", type=Path, help="folder for the pictures")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    parser.add_argument("--rounds", type=int, default=2, help="weighings of the yard for each")
    return parser.parse_args()


def _rows(traces: list[Trace], yard: list[Trace]) -> list[Row]:
    return compared(values(traces), values(yard))


def _draw(folder: Path, parts: dict[str, tuple[list[Trace], list[Trace]]]) -> None:
    from sim.fidelity.plots import draw  # noqa: PLC0415 - needs an extra that others go without

    recorded_side, yard_side = parts["held aside"]
    pair = values(recorded_side), values(yard_side)
    for path in draw(folder, compared(*pair), pair, (recorded_side, yard_side)):
        print(path, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
