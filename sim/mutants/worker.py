"""Rides shifts in a program that may be a mutant, for the process that has laid it out.

Takes a plan a line on stdin, ``{"seed": …, "table": …}``, and answers each with a line:
``{"findings": [[check, what was seen], …], "cpu_s": …}``.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from sim.explore.patience import patience
from sim.explore.plan import Plan
from sim.explore.ride import ride

CPU_S_MAX = 180.0
"""A shift takes a few seconds; one that takes so many goes round in circles."""


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Ride one plan; an error of the program on the way is a finding, as those of the judge."""
    began = time.process_time()
    try:
        with patience(CPU_S_MAX):
            done = ride(Plan(seed=asked["seed"], table=asked["table"]))
        findings = [[found.check, found.seen] for found in done.findings]
    except Exception as error:  # A mutant may break the judge's own reading of what was left.
        findings = [["error", f"{type(error).__name__}: {error}"]]
    return {"findings": findings, "cpu_s": round(time.process_time() - began, 2)}


def main() -> None:
    """Answer until stdin ends."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
