"""The page of the fourteen cheats, from their scenarios: ``python -m sim.cheatpage``."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable

from sim.cheatjudge import NUMBERS, Cheat
from sim.cheatwords import read_cheat
from sim.scenario import SCENARIOS

_HEAD = """# Cheats

The fourteen cheats of the field, each played in the yard against the whole lane. A scenario is a
file that people read; its head `[cheat]` says what the cheater wants, what must happen, and what
must be seen of it. This page is made from these heads by `python -m sim.cheatpage`.

    steelyard demo --scenario k04_device_switched_on
    .venv/bin/pytest tests/sim/test_cheats.py

*Caught* is what must be seen: an alarm of the fault catalogue, a text of the sign, a record and
what stands in it. *Not known* is what the lane does not see, or cannot.

| | scenario | the cheater wants | what must happen | caught by | not known |
|---|---|---|---|---|---|
"""

_TAIL = """
Besides:

- **K4 in the first second.** A device that is switched on at the stop is found about 3 s later. The
  weight may have been decided on by then; the permit is taken back as long as the boom does not
  stand open. A boom that stands open lets the vehicle go, and the finding stands as a flag in the
  next record.
- **K4 while the vehicle rolls.** A step between two axles may be taken for an axle: see the rates
  in `docs/tamper.md`.
- **K6, the rear plate.** The yard has no camera behind the vehicle, so that a front against another
  rear is not played here. The signs for it are those of `docs/votes.md`.
- **K9, a keyed weight.** No request carries a weight; an amendment that has a second one has it
  from the scale.
- **K10.** No ticket is printed. A bundle of a record is sealed: one that was altered does not
  verify, one that is shown twice does, under the same number.
- **K11.** The lane has booms at both ends; whoever drives beside it touches no sensor. Nothing
  compares those who leave the site with those who were weighed.
- **K12.** Nothing is sent anywhere yet, so there is no queue that could be purged. Numbers have no
  gap and each record carries the hash of the one before, which every run of every scenario checks.
- **K13.** A clock that was set while the box was off is not told: the steps are those of a running
  box. Whoever reads the folder sees wall times that go back while the numbers go on.
"""


def page() -> str:
    """The whole page.  Raises ScenarioError where a head cannot be read."""
    return _HEAD + "".join(_rows()) + _TAIL


def _rows() -> Iterable[str]:
    for path in sorted(SCENARIOS.glob("k[01]*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        cheat = read_cheat(table.get("cheat"), path.name)
        if cheat is not None:
            yield _row(path.stem, cheat)


def _row(stem: str, cheat: Cheat) -> str:
    assert cheat.number in NUMBERS
    seen = (*cheat.caught, *cheat.unknown)
    caught = "; ".join(" or ".join(f"`{one}`" for one in sign.split(" or ")) for sign in seen)
    cells = (cheat.number, f"`{stem}`", cheat.wants, cheat.must, caught or "nothing", cheat.hole)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
