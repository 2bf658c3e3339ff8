"""One Hypothesis profile for all tests: the same examples on every run, or `make fuzz`.

STEELYARD_FUZZ=N draws new examples, N times as many as a test asks for, and keeps in .hypothesis/
what failed. It overrides what a test states of `derandomize`, so that no test is left out.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Final

import pytest
from hypothesis import is_hypothesis_test, settings
from hypothesis.database import DirectoryBasedExampleDatabase

COUNTED: Final = "power cuts"
VARIABLE: Final = "STEELYARD_FUZZ"
TIMES: Final = os.environ.get(VARIABLE, "0")
# Hypothesis keeps what @settings said under this name and offers no other way to change it.
STATED: Final = "_hypothesis_internal_use_settings"

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("fuzz", derandomize=False, deadline=None, print_blob=True)
settings.load_profile("same" if TIMES == "0" else "fuzz")


def pytest_configure() -> None:
    """Refuse a number of times that is none."""
    if not TIMES.isdecimal():
        raise pytest.UsageError(f"{VARIABLE}={TIMES}: how many times the examples, as 10; 0 = none")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Draw more examples, and new ones, while fuzzing."""
    test = getattr(item, "obj", None)
    if TIMES == "0" or not is_hypothesis_test(test):
        return
    bare = getattr(test, "__func__", test)
    stated = getattr(bare, STATED, None) or settings()
    more = settings(
        stated,
        max_examples=int(TIMES) * stated.max_examples,
        derandomize=False,
        database=DirectoryBasedExampleDatabase(".hypothesis/examples"),
    )
    setattr(bare, STATED, more)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests counted under one name together; a green dot does not tell how many."""
    totals: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        totals.update({name: n for name, n in report.user_properties if name.startswith(COUNTED)})
    for name, total in totals.items():
        terminalreporter.write_line(f"{name}: {total}")
