"""What a technician asks for at the console, on a real ledger: it is sealed, and read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from day_rig import Day, run_day

from controller.assembly import MEDIA_FOLDER
from controller.core.kinds import GREEN, Message, Phase
from controller.page import write_page
from controller.replayrecord import Checker, Result
from controller.report.passages import gather
from controller.restart import recalled
from controller.summary import notes
from protocol.ledger import Ledger
from protocol.media import MediaStore
from protocol.parts import Kind, Permit, Purpose, Service, Servicing
from protocol.record import Record, encode
from sim.scenario import deal
from sim.world import Yard

CHANGES = "before=00 after=11\ntiming.jog_max = 5 s"
WHO = {"who": "维修 李", "why": "yearly round"}
PASSAGE = 3
"""The note and the zero come before it, each with a number of its own."""
DAY: dict[str, Any] = {
    "day": {"title": "A round at the console"},
    "truck": [
        {"configuration": "3-axle truck", "comes_from": "road", "at": "9 s"},
        {"configuration": "2-axle truck", "at": "112 s"},
    ],
    "request": [
        WHO | {"kind": "configure", "detail": CHANGES, "at": "3 s"},
        WHO | {"kind": "zero", "at": "5 s"},
        WHO | {"kind": "void", "passage": PASSAGE, "at": "82 s"},
        WHO | {"kind": "void", "passage": PASSAGE, "at": "83 s"},
        WHO | {"kind": "enter_manual", "at": "84 s"},
        WHO | {"kind": "raise_boom", "end": "road", "at": "85 s"},
        WHO | {"kind": "test_sign", "at": "89 s"},
        WHO | {"kind": "test_lamp", "end": "road", "detail": "deck", "at": "95 s"},
        WHO | {"kind": "leave_manual", "at": "102 s"},
    ],
}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> tuple[Day, Path]:
    folder = tmp_path_factory.mktemp("console")
    visits, options = deal(DAY, seed=3)
    yard = Yard(3, visits, options)
    yard.paint = False
    return run_day(yard, folder, until_us=300_000_000), folder


def of(day: Day, action: Service) -> Record:
    (found,) = [r for r in day.records if r.service is not None and r.service.action is action]
    return found


def test_every_word_has_its_record_and_the_yard_finds_nothing(console: tuple[Day, Path]) -> None:
    day, folder = console
    assert day.finished
    assert day.findings == ()
    assert day.lane.lane.phase == Phase.IDLE
    for action in (Service.CONFIGURE, Service.ZERO, Service.TEST_SIGN, Service.TEST_LAMP):
        person = of(day, action).person
        assert person is not None
        assert (person.who, person.why) == (WHO["who"], WHO["why"])
    assert of(day, Service.CONFIGURE).service == Servicing(action=Service.CONFIGURE, detail=CHANGES)
    zeroed, lamp = of(day, Service.ZERO).service, of(day, Service.TEST_LAMP).service
    assert zeroed is not None
    assert zeroed.zero_offset_g is not None
    assert lamp is not None
    assert lamp.detail == "road deck"
    with Ledger.open(folder / "ledger.sqlite", read_only=True) as ledger:
        assert ledger.verify() == []


def test_what_was_tried_out_was_shown(console: tuple[Day, Path]) -> None:
    day, _ = console
    assert any(out.zero for out in day.outputs)
    assert any(out.sign.message == Message.TEST for out in day.outputs)
    green = [out for out in day.outputs if GREEN in out.deck_lamps]
    assert any(out.sign.message == Message.CLOSED for out in green)


def test_a_passage_that_was_over_is_void_and_keeps_its_weight(console: tuple[Day, Path]) -> None:
    day, folder = console
    passage, void = [r for r in day.records if r.passage_id == PASSAGE]
    assert (passage.kind, void.kind, void.part) == (Kind.PASSAGE, Kind.VOID, 2)
    assert passage.weighing is not None
    assert passage.weighing.purpose is Purpose.TARE
    assert (void.refers_to, void.void, void.permit) == (passage.seq, WHO["why"], Permit.NONE)
    assert passage.plate is not None
    with Ledger.open(folder / "ledger.sqlite", read_only=True) as ledger:
        assert ledger.get(passage.seq) == passage
        assert ledger.latest_tare(passage.plate) is None
        found = recalled(ledger, PASSAGE)
        assert (found.part, found.accounted, found.voided) == (2, True, True)
        assert recalled(ledger, 99).part == 0


def test_all_of_it_comes_out_of_its_journals_again(console: tuple[Day, Path]) -> None:
    day, folder = console
    checker = Checker(MediaStore(folder / MEDIA_FOLDER).read, lambda _: False)
    results = {one.seq: checker.check(one.seq, encode(one)).result for one in day.records}
    assert set(results.values()) == {Result.IDENTICAL}, results


def test_people_read_of_it_in_the_table_and_on_the_page(console: tuple[Day, Path]) -> None:
    day, folder = console
    told = " ".join(line for passage in gather(day.records) for line in notes(passage))
    for words in ("zero set by hand", "road deck", "timing.jog_max = 5 s", "void: yearly round"):
        assert words in told
    page = write_page(day.records, folder / "media", folder / "page.html", title="A round")
    text = page.read_text(encoding="utf-8")
    assert "timing.jog_max = 5 s" in text
    assert "零点偏移" in text
