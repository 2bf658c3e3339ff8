"""Every error of the repository survives the way from one process to another, with all it says.

What works in a pool gets its errors by pickle; one that cannot be made again there breaks the pool
with words about pickle, and what went wrong is lost.
"""

from __future__ import annotations

import inspect
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from protocol.errors import Code

HOUSE: Final = Path(__file__).parents[2]
PARTS: Final = ("board", "controller", "hal", "protocol", "sensors", "sim", "vision")
# Runs on MicroPython, which has no pickle.
NOT_HERE: Final = HOUSE / "board" / "firmware"
GIVEN: Final[dict[str, Any]] = {
    "Code": Code.DISK_FULL,
    "Path": Path("a/ledger.sqlite"),
    "Sequence[str]": ("one", "two"),
    "int": 7,
    "list[str]": ["one", "two"],
    "str": "what was seen",
}


def names() -> Iterator[tuple[str, str]]:
    """Module and name of each error; linting sees to it that they all end alike."""
    for part in PARTS:
        for path in sorted((HOUSE / part).rglob("*.py")):
            found = re.findall(r"^class (\w+Error)\b", path.read_text(encoding="utf-8"), re.M)
            if not path.is_relative_to(NOT_HERE):
                module = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
                yield from ((module, name) for name in found)


ERRORS: Final = tuple(names())


def test_they_are_found() -> None:
    assert {("protocol.keys", "KeyFileError"), ("sim.units", "ScenarioError")} <= set(ERRORS)
    assert len(ERRORS) > 60


@pytest.mark.parametrize(("module", "name"), ERRORS, ids=[f"{m}.{n}" for m, n in ERRORS])
def test_an_error_comes_back_as_it_was(module: str, name: str) -> None:
    kind = getattr(pytest.importorskip(module), name)
    error = kind(*given(kind))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))
    assert "what was seen" in str(error) or "one" in str(error) or "7" in str(error)


def given(kind: type[BaseException]) -> list[Any]:
    """Something for each thing that such an error is made of."""
    if not inspect.isfunction(kind.__init__):
        return ["what was seen"]
    _, *wanted = inspect.signature(kind.__init__).parameters.values()
    return [GIVEN[one.annotation] for one in wanted]
