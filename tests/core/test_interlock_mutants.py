"""The interlock broken by hand in named ways: every break must be seen by the oracle."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from interlock_oracle import check_scan
from lane_rig import INTERLOCK, NEAR, WANTED

from controller.core import interlock as sound

SOURCE = Path(sound.__file__).read_text(encoding="utf-8")
QUIET = settings(
    max_examples=4000, database=None, derandomize=True, deadline=None, phases=[Phase.generate]
)

MUTANTS = {
    "an unknown beam counts as clear": (
        "if sensor.state != CLEAR or",
        "if sensor.state > CLEAR or",
    ),
    "a boom with no sensor under it may fall": ("return fitted > 0", "return True"),
    "the settling time under the boom is not waited for": (
        "now_us - sensor.since_us < settle_us",
        "False",
    ),
    "a boom that still rises is driven down": (
        "and inputs.now_us - boom.raised_us >= settings.reverse_dwell_us\n",
        "\n",
    ),
    "zero while the scale moves": ("        and not weight.motion\n", ""),
    "any permit raises any boom": ("permit.end == end and permit", "permit"),
    "a permit of another passage is good": (
        " and permit.passage_id == wanted.passage_id",
        "",
    ),
    "the other boom may stand open": ("return other_closed or permit.by_person", "return True"),
    "an entry boom rises over a loaded deck": (
        "other_closed and inputs.weight.deck == EMPTY",
        "other_closed",
    ),
    "an unknown emergency stop is ignored": (
        "if inputs.estop != CLEAR:",
        "if inputs.estop > CLEAR:",
    ),
    "two greens pass": ("if greens > 1:", "if greens > 2:"),
    "green at a closed boom": (
        "lamp if allowed and here.boom.position == OPEN else",
        "lamp if allowed else",
    ),
    "zero under load": ("weight.deck == EMPTY\n        and not weight", "not weight"),
}


def _mutant(old: str, new: str) -> Any:
    assert SOURCE.count(old) == 1, f"the mutant's text must stand exactly once: {old!r}"
    module = ModuleType("mutant")
    exec(compile(SOURCE.replace(old, new), "mutant", "exec"), module.__dict__)
    return module.interlock


def _broken(interlock: Any) -> bool:
    def violates(pair: tuple[Any, Any]) -> bool:
        inputs, wanted = pair
        try:
            check_scan(inputs, interlock(inputs, wanted, INTERLOCK), INTERLOCK)
        except AssertionError:
            return True
        return False

    try:
        find(st.tuples(NEAR, WANTED), violates, settings=QUIET)
    except NoSuchExample:
        return False
    return True


@pytest.mark.parametrize("name", list(MUTANTS))
def test_a_broken_interlock_is_caught(name: str) -> None:
    assert _broken(_mutant(*MUTANTS[name])), f"nobody noticed: {name}"
