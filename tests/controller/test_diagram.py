"""The page of the phases: made of the table, and in step with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from controller.core import guards
from controller.core.kinds import Phase
from controller.core.settings import MINUTE, SECOND
from controller.core.table import ROWS, Row
from controller.diagram import drawing, duration, page

PAGE_FILE = Path(__file__).resolve().parents[2] / "docs" / "phases.md"
_EDGE = re.compile(r"^\s+(\w+) --> (\w+): (\w+) / (.+)$", re.MULTILINE)


def test_the_page_in_docs_is_the_page_of_the_table() -> None:
    assert PAGE_FILE.read_text(encoding="utf-8") == page(), (
        "docs/phases.md is out of date: run `python -m controller.diagram > docs/phases.md`"
    )


def edges(rows: tuple[Row, ...]) -> list[tuple[str, str, str, str]]:
    return [match.groups() for match in _EDGE.finditer(drawing(rows))]  # type: ignore[misc]


def at_work() -> set[Phase]:
    frame = re.search(r"state AT_WORK \{(.*?)-->", drawing(ROWS), re.DOTALL)
    assert frame is not None
    return {phase for phase in Phase if re.search(rf"^\s+{phase.name}$", frame[1], re.MULTILINE)}


def test_the_drawing_says_exactly_what_the_rows_say() -> None:
    drawn = set()
    for start, to, guard, outcome in edges(ROWS):
        starts = at_work() if start == "AT_WORK" else {Phase[start]}
        drawn |= {(phase, Phase[to], guard, outcome) for phase in starts}
    told = {
        (phase, row.to, row.guard.__name__, row.outcome) for row in ROWS for phase in row.phases
    }
    assert drawn == told


def test_a_row_that_holds_anywhere_is_drawn_once() -> None:
    wide = [edge for edge in edges(ROWS) if edge[2] == "fault_present"]
    assert [(start, to) for start, to, _, _ in wide] == [("AT_WORK", "FAULTED")]
    assert len(edges(ROWS)) < sum(len(row.phases) for row in ROWS)


def test_a_changed_row_changes_the_page() -> None:
    changed = (*ROWS[:-1], Row((Phase.MANUAL,), guards.reset_asked, Phase.IDLE, "by magic"))
    assert page(changed) != page()
    assert ("MANUAL", "IDLE", "reset_asked", "by magic") in edges(changed)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase != Phase.IDLE])
def test_the_page_names_every_limit_with_its_outcome(phase: Phase) -> None:
    name = guards.limit_name(phase)
    assert re.search(
        rf"^\| {phase.name} \| `{name}` \| [\d.]+ (s|min) \| .*“", page(), re.MULTILINE
    )


def test_every_guard_is_explained() -> None:
    for row in ROWS:
        assert row.guard.__doc__
        assert " ".join(row.guard.__doc__.split("\n\n")[0].split()) in page()


def test_times_read_as_people_write_them() -> None:
    assert [duration(us) for us in (1_500_000, 60 * SECOND, 5 * MINUTE, 10 * MINUTE)] == [
        "1.5 s",
        "60 s",
        "5 min",
        "10 min",
    ]
