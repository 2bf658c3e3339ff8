"""A change that a named person tells of has its record, unless the lane could not make it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from controller.core.images import InputImage, OutputImage, RecordIntent, WallTime
from controller.core.kinds import Presence, RecordKind
from hal.ports import PersonRequest
from protocol import parts
from protocol.record import Record
from sim.checker import Checker
from sim.wordcheck import HEARD_US, of_words
from sim.world import Asked, Yard

SECOND = 1_000_000
DETAIL = "timing.jog_max = 5 s"


def yard_told(*at_s: float, detail: str = DETAIL, kind: str = "CONFIGURE") -> Yard:
    yard = Yard(1)
    asked = PersonRequest(kind=kind, who="maintenance", why="yearly round", detail=detail)
    words = tuple(Asked(at_us=round(s * SECOND), request=asked) for s in at_s)
    yard.options = replace(yard.options, requests=words)
    yard.now_us = 60 * SECOND
    return yard


def change() -> Record:
    return Record(
        kind=parts.Kind.SERVICE,
        site="SIM001",
        lane="1",
        passage_id=1,
        part=1,
        seq=1,
        prev_hash=bytes(32),
        times=parts.Times(at_us=10 * SECOND, clock=parts.ClockQuality.UNKNOWN),
        person=parts.Person(who="maintenance", why="yearly round"),
        service=parts.Servicing(action=parts.Service.CONFIGURE, detail=DETAIL),
    )


def found(yard: Yard, *records: Record, excused: bool = False) -> list[str]:
    return [one.check for one in of_words(records, yard, excused)]


def test_each_change_that_is_told_of_has_a_record_of_its_own() -> None:
    assert found(yard_told(10), change()) == []
    assert found(yard_told(10)) == ["I18"]
    assert found(yard_told(10, 20), change()) == ["I18"]
    assert found(yard_told(10, detail="site.name = 'x'"), change()) == ["I18"]
    assert found(yard_told(10, kind="CALIBRATE"), change()) == ["I18"]


def test_a_word_of_the_last_moment_one_without_a_detail_and_other_words_have_none() -> None:
    assert found(yard_told(60 - HEARD_US / SECOND + 0.1)) == []
    assert found(yard_told(60 - HEARD_US / SECOND)) == ["I18"]
    assert found(yard_told(10, detail="")) == []
    assert found(yard_told(10, kind="ZERO")) == []
    assert found(yard_told(10), excused=True) == []


@pytest.mark.parametrize(("died", "owes"), [(False, False), (True, False), (False, True)])
def test_a_lane_that_died_or_still_owes_a_record_is_excused(died: bool, owes: bool) -> None:
    yard = yard_told(10)
    checker = Checker(yard)
    intent = RecordIntent(
        kind=RecordKind.SERVICE,
        passage_id=1,
        part=1,
        entry=None,
        started_us=1,
        decided_us=1,
        wall=WallTime(),
    )
    image = InputImage(scan=1, now_us=1, estop=Presence.CLEAR)
    checker.observe(image, OutputImage(record=intent if owes else None))
    if died:
        checker.restarted()
    found = [one.check for one in checker.finish([], {})]
    assert (found == ["I18"]) is not (died or owes)
