"""A cell dies in the yard: by a named word the truck passes without evidence, else nothing does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from day_rig import Day, lane_in, run_day
from msgspec.structs import replace

from board.profile import ProfileError, read_profile
from controller.assembly import lane_settings
from controller.core.faults import Fault
from controller.core.images import OutputImage, RecordIntent, WallTime
from controller.core.kinds import BoomCommand, Decision, End, Phase, RecordKind, RequestKind
from controller.page import write_page
from protocol.ledger import Ledger
from protocol.parts import Kind, Outcome, Permit, Service
from sim.run import simulate
from sim.scenario import deal
from sim.world import Yard

WORD = {
    "kind": "allow_degraded",
    "who": "维修 李",
    "why": "cell 3 has lost its wires",
    "at": "6 s",
}
DAY: dict[str, Any] = {
    "day": {"title": "A cell fails"},
    "truck": [{"configuration": "3-axle truck", "weighs": "legal", "at": "9 s"}],
    "fault": [{"device": "cell3", "kind": "silent", "from": "4 s"}],
}


def yard_of(table: dict[str, Any]) -> Yard:
    visits, options = deal(table, seed=3)
    yard = Yard(3, visits, options)
    yard.paint = False
    return yard


def test_with_a_named_word_the_truck_passes_without_evidence(tmp_path: Path) -> None:
    day = run_day(yard_of({**DAY, "request": [WORD]}), tmp_path, until_us=240_000_000)
    assert day.finished
    assert day.findings == ()
    assert day.lane.lane.phase == Phase.IDLE
    word, passage, release = day.records
    assert (word.kind, passage.kind, release.kind) == (Kind.SERVICE, Kind.PASSAGE, Kind.RELEASE)
    assert word.service is not None
    assert (word.service.action, word.service.cells) == (Service.ALLOW_DEGRADED, (3,))
    truck = day.yard.drivers[0].vehicle
    for record in (passage, release):
        found = record.degraded
        assert found is not None
        assert found.weight_g is not None
        assert found.u95_g is not None
        assert found.cells == (3,)
        assert abs(found.weight_g - truck.mass_g) <= found.u95_g
        assert (found.allowed.who, found.allowed.why) == (WORD["who"], WORD["why"])
        assert (record.weighing, record.verdicts) == (None, None)
        assert record.plate == truck.truck.plate.text
    assert passage.decision is not None
    assert (passage.decision.outcome, passage.permit) == (Outcome.HOLD, Permit.NONE)
    assert release.person is not None
    assert {int(Fault.DEGRADED_WEIGHING)} <= {code for out in day.outputs for code in out.alarms}
    _read_again(day, tmp_path)


def _read_again(day: Day, folder: Path) -> None:
    with Ledger.open(folder / "ledger.sqlite", read_only=True) as ledger:
        assert ledger.verify() == []
    page = write_page(day.records, folder / "media", folder / "page.html", title="A cell fails")
    text = page.read_text(encoding="utf-8")
    assert "No evidence." in text
    assert "weighing without evidence allowed" in text


def test_without_it_the_lane_stops_and_lets_nobody_in(tmp_path: Path) -> None:
    yard = yard_of(DAY)
    lane = lane_in(yard, tmp_path)
    raised: list[bool] = []
    simulate(
        lane,
        yard,
        until_us=45_000_000,
        watch=lambda _, out: raised.append(BoomCommand.RAISE in out.booms),
    )
    assert yard.drivers[0].vehicle.present, "the truck has come and waits"
    assert lane.lane.phase == Phase.FAULTED
    assert not any(raised)
    assert not lane.outputs.degraded
    assert list(lane.bookkeeper.ledger.records()) == []
    lane.bookkeeper.close()


def test_a_word_about_the_cells_takes_no_permit_back(tmp_path: Path) -> None:
    """A truck may be on its way out when somebody speaks."""
    books = lane_in(yard_of(DAY), tmp_path).bookkeeper
    out = RecordIntent(
        kind=RecordKind.RELEASE,
        passage_id=1,
        part=1,
        entry=End.YARD,
        started_us=1,
        decided_us=2,
        wall=WallTime(),
        permit=End.ROAD,
        decision=Decision.RELEASE,
        who="operator 7",
        why="papers seen",
    )
    service = RequestKind.ALLOW_DEGRADED
    word = replace(out, kind=RecordKind.SERVICE, passage_id=2, permit=None, service=service)
    permits = []
    for intent in (out, word, replace(out, kind=RecordKind.VOID, passage_id=3, permit=None)):
        books.take(OutputImage(record=replace(intent, reasons=("said",))), 5, WallTime())
        permits.append(books.poll().permit)
        assert books.fact.passage_id == intent.passage_id
    books.close()
    assert permits[0] is not None
    assert (permits[0].passage_id, permits[0].end) == (1, End.ROAD)
    assert permits[1:] == [permits[0], None]


def test_a_site_file_allows_it_with_a_reason_or_not_at_all() -> None:
    why = "spare cell on order until 12-01"
    profile = read_profile("sim", {"rules.degraded_weighing": why})
    assert lane_settings(profile).degraded_why == why
    assert lane_settings(read_profile("sim")).degraded_why == ""
    for word in ("yes", True):
        with pytest.raises(ProfileError, match=r"rules\.degraded_weighing"):
            read_profile("sim", {"rules.degraded_weighing": word})
