"""A weight that may not be used as evidence says so, with its reasons; it is weighed all the same.

Source: Metrology Law 计量法 Art. 9; facts/regulation.md 1.6 (未检定).
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from day_rig import Day, run_day
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from report_rig import passage
from rich.console import Console

from controller.core.faults import Fault
from controller.page import write_page
from controller.recording.usability import as_number, usability_of
from controller.summary import passage_table
from protocol.custody import Usability
from protocol.parts import ClockQuality, Degraded, Person, Scale, Times, Weighing
from sim.world import Yard

SCALE = Scale(
    serial="WB-1",
    accuracy_class="III",
    max_g=60_000_000,
    e_g=20_000,
    certificate="C-1",
    valid_until="2026-11-22",
)
TODAY = Times(at_us=1, wall_ms=1, clock=ClockQuality.SYNCHRONISED, date=20261122)
GOOD = Weighing(gross_g=30_000_000)
LEFT = Degraded(cells=(3,), weight_g=30_000_000, allowed=Person(who="王", why="cell 3 dead"))
WORDS = "不得作为证据"


def objections(
    scale: Scale = SCALE,
    times: Times = TODAY,
    weighing: Weighing | None = GOOD,
    degraded: Degraded | None = None,
    taken_back: bool = False,
) -> tuple[str, ...]:
    found = usability_of(weighing, degraded, scale, times, taken_back)
    assert found is not None
    assert found.usable == (found.objections == ())
    return found.objections


def test_a_certificate_is_good_up_to_its_last_day() -> None:
    assert objections() == ()
    assert objections(times=replace(TODAY, date=20261123)) == ("certificate_lapsed",)
    assert objections(replace(SCALE, valid_until="2026-11-21")) == ("certificate_lapsed",)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.dates(datetime.date(1971, 1, 1)), st.dates(datetime.date(1971, 1, 1)))
def test_lapsed_is_after_the_last_day(until: datetime.date, today: datetime.date) -> None:
    found = objections(
        replace(SCALE, valid_until=until.isoformat()), replace(TODAY, date=as_number(today))
    )
    assert (found == ("certificate_lapsed",)) == (today > until)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"scale": replace(SCALE, certificate=None)}, ("certificate_missing",)),
        ({"scale": replace(SCALE, valid_until=None)}, ("certificate_undated",)),
        ({"times": Times(at_us=1)}, ("clock_unknown",)),
        ({"weighing": None, "degraded": LEFT}, ("degraded",)),
        ({"weighing": Weighing(gross_g=60_000_001)}, ("out_of_range",)),
        ({"weighing": Weighing(gross_g=399_999)}, ("out_of_range",)),
        ({"taken_back": True}, ("weight_withdrawn",)),
        ({"weighing": Weighing(gross_g=400_000)}, ()),
        ({"weighing": Weighing(gross_g=60_000_000)}, ()),
        (
            {"scale": replace(SCALE, certificate=None), "times": Times(at_us=1)},
            ("certificate_missing", "clock_unknown"),
        ),
    ],
)
def test_each_objection(about: dict[str, object], said: tuple[str, ...]) -> None:
    assert objections(**about) == said  # type: ignore[arg-type]


def test_a_record_without_a_weight_says_nothing_of_evidence() -> None:
    assert usability_of(None, None, SCALE, TODAY) is None


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Day, Day]:
    """The same truck on a scale with a certificate and on one whose certificate has lapsed."""
    lapsed = {"scale.certificate_valid_until": datetime.date(2026, 11, 21)}
    sound, late = (
        run_day(Yard.from_scenario("legal", 7), tmp_path_factory.mktemp("day"), overrides=over)
        for over in ({}, lapsed)
    )
    return sound, late


def test_a_lapsed_scale_weighs_and_judges_as_before(days: tuple[Day, Day]) -> None:
    sound, late = (day.records[0] for day in days)
    assert (sound.verdicts, sound.decision) == (late.verdicts, late.decision)
    assert sound.weighing == late.weighing
    assert sound.usability == Usability(usable=True)
    assert late.usability == Usability(usable=False, objections=("certificate_lapsed",))
    signs = [{out.sign for out in day.outputs} for day in days]
    assert signs[0] == signs[1]


def test_a_lapsed_certificate_is_an_alarm_that_stops_nothing(days: tuple[Day, Day]) -> None:
    code = int(Fault.CERTIFICATE_LAPSED)
    sound, late = days
    assert late.finished
    assert all(code not in out.alarms for out in sound.outputs)
    assert all(code in out.alarms for out in late.outputs[1:])


def test_table_and_page_say_so(tmp_path: Path) -> None:
    lapsed = Usability(usable=False, objections=("certificate_lapsed",))
    records = [passage(1), passage(2, usability=lapsed)]
    console = Console(width=220, record=True, file=(tmp_path / "out").open("w"))
    console.print(passage_table(records))
    rows = console.export_text().splitlines()
    said = [row for row in rows if "not usable as evidence" in row.replace("\n", " ")]
    assert len(said) == 1
    assert WORDS in said[0]
    assert "检定证书已过期" in said[0]
    page = write_page(records, tmp_path, tmp_path / "page.html", title="t").read_text("utf-8")
    assert page.count(WORDS) == 1
    assert page.count("the verification certificate has lapsed") == 1
