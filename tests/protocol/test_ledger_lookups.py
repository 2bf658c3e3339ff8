"""What the lane asks of its ledger: the stored tare and the open re-weigh chain of a plate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_rig import KEY, LANE, SITE, WALL_MS, passage
from msgspec.structs import replace

from protocol.custody import WEIGHT_WITHDRAWN, Usability
from protocol.ledger import Ledger
from protocol.lookup import OpenChain
from protocol.parts import (
    Amendable,
    Amendment,
    ClockQuality,
    Decision,
    End,
    Kind,
    Motion,
    Move,
    Outcome,
    Person,
    Result,
    Reweigh,
    Tare,
    Verdict,
    Verdicts,
)

A, B = "晋A12345", "晋B67890"
PERSON = Person(who="0351-07", why="看过车头照片")
MOVE = Move(end=End.ROAD, motion=Motion.RAISE)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        yield ledger
        assert ledger.verify() == []


def _part(of: int, part: int, kind: Kind, **more: Any) -> Any:
    """A later part without facts of its own; only what it states is set."""
    bare = replace(passage(of), plate=None, weighing=None, verdicts=None, decision=None)
    return replace(bare, part=part, kind=kind, person=PERSON, **more)


def _rename(of: int, part: int, seq: int, was: str | None, now: str | None) -> Any:
    amendment = Amendment(field=Amendable.PLATE, was=was, now=now)
    return _part(of, part, Kind.AMENDMENT, refers_to=seq, amendment=amendment)


def _release(of: int, part: int, seq: int, outcome: Outcome = Outcome.RELEASE) -> Any:
    return _part(of, part, Kind.RELEASE, refers_to=seq, decision=Decision(outcome=outcome))


def test_latest_tare_is_the_newest_of_the_plate(ledger: Ledger) -> None:
    ledger.append(passage(1, plate=A, tare=True, gross_g=15_000_000))
    ledger.append(passage(2, plate=B, tare=True, gross_g=14_000_000))
    ledger.append(passage(3, plate=A, tare=True, gross_g=15_020_000))
    ledger.append(passage(4, plate=A, gross_g=31_000_000))
    assert ledger.latest_tare(A) == Tare(
        tare_g=15_020_000, seq=3, taken_ms=WALL_MS + 90_000, clock=ClockQuality.SYNCHRONISED
    )
    assert ledger.latest_tare("晋C00000") is None


def test_a_confirmed_plate_moves_the_tare(ledger: Ledger) -> None:
    ledger.append(passage(1, plate=A, tare=True, gross_g=15_000_000))
    ledger.append(passage(2, plate=None, tare=True, gross_g=16_000_000))
    ledger.append(_rename(2, 2, 2, None, A))
    tare = ledger.latest_tare(A)
    assert tare is not None
    assert (tare.tare_g, tare.seq) == (16_000_000, 2)
    ledger.append(_rename(2, 3, 2, A, B))
    assert ledger.latest_tare(A) != tare
    assert ledger.latest_tare(B) == tare


def test_an_amendment_starts_from_the_newest_state_not_from_what_it_names(ledger: Ledger) -> None:
    ledger.append(passage(1, plate=A, tare=True, gross_g=15_000_000))
    ledger.append(_rename(1, 2, 1, A, B))
    hold = Decision(outcome=Outcome.HOLD, reasons=("did not leave",))
    ledger.append(_part(1, 3, Kind.AMENDMENT, refers_to=1, decision=hold))
    assert ledger.latest_tare(A) is None
    assert ledger.latest_tare(B) is not None


def test_a_void_or_a_new_weighing_takes_a_tare_back(ledger: Ledger) -> None:
    for number in (1, 2):
        ledger.append(passage(number, plate=A, tare=True, gross_g=15_000_000 + number))
    ledger.append(_part(2, 2, Kind.VOID, refers_to=2, void="a person stood on the deck"))
    tare = ledger.latest_tare(A)
    assert tare is not None
    assert tare.seq == 1
    again = passage(1, plate=A, kind=Kind.AMENDMENT, part=2, refers_to=1)
    ledger.append(again)
    assert ledger.latest_tare(A) is None


def test_a_weight_that_was_taken_back_is_no_tare_until_it_is_weighed_again(ledger: Ledger) -> None:
    """Each later part of the stay repeats the weight, and says what speaks against it."""
    ledger.append(passage(1, plate=A, tare=True, gross_g=15_000_000))
    dead = Usability(usable=False, objections=(WEIGHT_WITHDRAWN,))
    told = passage(1, plate=A, tare=True, gross_g=15_000_000, kind=Kind.AMENDMENT, refers_to=1)
    ledger.append(replace(told, part=2, usability=dead))
    assert ledger.latest_tare(A) is None
    ledger.append(replace(told, part=3, kind=Kind.RELEASE, person=PERSON, usability=dead))
    assert ledger.latest_tare(A) is None
    lapsed = Usability(usable=False, objections=("certificate_lapsed",))
    ledger.append(replace(told, part=4, usability=lapsed))
    tare = ledger.latest_tare(A)
    assert tare is not None
    assert tare.tare_g == 15_000_000


@pytest.mark.parametrize("void", ["a person stood on the deck", None])
def test_a_boom_moved_by_hand_is_no_weighing_of_its_own(ledger: Ledger, void: str | None) -> None:
    """It is told with the weight of whoever stood there, who may be weighed anew or voided."""
    ledger.append(passage(1, plate=A, tare=True, gross_g=15_000_000))
    moved = passage(1, plate=A, tare=True, gross_g=15_000_000, kind=Kind.MANUAL_MOVE, part=2)
    ledger.append(replace(moved, refers_to=1, person=PERSON, decision=None, move=MOVE))
    tare = ledger.latest_tare(A)
    assert tare is not None
    assert tare.seq == 1
    if void:
        ledger.append(_part(1, 3, Kind.VOID, refers_to=1, void=void))
        assert ledger.latest_tare(A) is None
    else:
        ledger.append(_rename(1, 3, 1, A, B))
        assert ledger.latest_tare(A) is None
        assert ledger.latest_tare(B) == tare


def test_a_boom_moved_by_hand_is_no_link_of_a_chain(ledger: Ledger) -> None:
    ledger.append(passage(1, plate=A, over=True))
    again = Reweigh(first_seq=1, previous_seq=1, cycle=1)
    ledger.append(passage(2, plate=A, over=True, reweigh=again))
    moved = passage(2, plate=A, over=True, reweigh=again, kind=Kind.MANUAL_MOVE, part=2)
    ledger.append(replace(moved, refers_to=2, person=PERSON, decision=None, move=MOVE))
    assert ledger.open_chain(A) == OpenChain(token=1, previous_seq=2, cycles=1)


def test_chain_opens_grows_and_closes(ledger: Ledger) -> None:
    assert ledger.append(passage(1, plate=A, over=True)).seq == 1
    assert ledger.open_chain(A) == OpenChain(token=1, previous_seq=1, cycles=0)
    ledger.append(passage(2, plate=B))
    again = Reweigh(first_seq=1, previous_seq=1, cycle=1)
    ledger.append(passage(3, plate=A, over=True, reweigh=again))
    assert ledger.open_chain(A) == OpenChain(token=1, previous_seq=3, cycles=1)
    once_more = Reweigh(first_seq=1, previous_seq=3, cycle=2)
    ledger.append(passage(4, plate=A, reweigh=once_more))
    assert ledger.open_chain(A) is None
    ledger.append(passage(5, plate=A, over=True))
    assert ledger.open_chain(A) == OpenChain(token=5, previous_seq=5, cycles=0)


def test_chain_closes_by_a_person_and_by_a_reweigh_with_an_unread_plate(ledger: Ledger) -> None:
    ledger.append(passage(1, plate=A, over=True))
    ledger.append(_release(1, 2, 1, Outcome.RETURN))
    assert ledger.open_chain(A) is not None
    ledger.append(_release(1, 3, 1))
    assert ledger.open_chain(A) is None
    ledger.append(passage(2, plate=A, over=True))
    chain = Reweigh(first_seq=4, previous_seq=4, cycle=1)
    ledger.append(passage(3, plate=None, reweigh=chain))
    assert ledger.open_chain(A) is None


def test_a_release_of_a_reweigh_by_a_person_closes_the_chain(ledger: Ledger) -> None:
    ledger.append(passage(1, plate=A, over=True))
    chain = Reweigh(first_seq=1, previous_seq=1, cycle=1)
    ledger.append(passage(2, plate=A, over=True, reweigh=chain))
    assert ledger.open_chain(A) is not None
    ledger.append(_release(2, 2, 2))
    assert ledger.open_chain(A) is None


def test_a_later_release_of_the_plate_closes_but_an_earlier_one_does_not(ledger: Ledger) -> None:
    ledger.append(passage(1, plate=A, decision=Decision(outcome=Outcome.HOLD)))
    ledger.append(passage(2, plate=A, over=True))
    ledger.append(_release(1, 2, 1))
    assert ledger.open_chain(A) == OpenChain(token=2, previous_seq=2, cycles=0)
    ledger.append(passage(3, plate=A))
    assert ledger.open_chain(A) is None


def test_an_over_record_held_for_its_plate_opens_a_chain_once_confirmed(ledger: Ledger) -> None:
    hold = Decision(outcome=Outcome.HOLD, reasons=("plate unread",))
    ledger.append(passage(1, plate=None, over=True, decision=hold))
    ledger.append(_rename(1, 2, 1, None, B))
    assert ledger.open_chain(B) == OpenChain(token=1, previous_seq=1, cycles=0)
    assert ledger.open_chain(A) is None


@pytest.mark.parametrize("which", ["over_limit", "overload", "dimensions"])
def test_any_of_the_three_verdicts_opens_a_chain(ledger: Ledger, which: str) -> None:
    verdicts = replace(Verdicts(), **{which: Verdict(result=Result.OVER)})
    ledger.append(passage(1, plate=A, verdicts=verdicts, decision=Decision(outcome=Outcome.RETURN)))
    assert ledger.open_chain(A) is not None


def test_undetermined_or_unjudged_opens_none(ledger: Ledger) -> None:
    hold = Decision(outcome=Outcome.HOLD)
    unsure = Verdicts(over_limit=Verdict(result=Result.UNDETERMINED))
    ledger.append(passage(1, plate=A, verdicts=unsure, decision=hold))
    ledger.append(passage(2, plate=A, verdicts=None, decision=hold))
    assert ledger.open_chain(A) is None


def test_lookups_use_indexes(ledger: Ledger) -> None:
    """No query may walk the table: a lane asks while a truck waits, with years of records."""
    seen: list[str] = []
    ledger._db.set_trace_callback(seen.append)
    ledger.append(passage(1, plate=A, over=True))
    ledger.append(_rename(1, 2, 1, A, B))
    ledger.open_chain(B)
    ledger.latest_tare(B)
    ledger.next_passage_id()
    ledger.last()
    ledger.find(1)
    ledger._db.set_trace_callback(None)
    queries = [sql for sql in seen if sql.lstrip().upper().startswith(("SELECT", "INSERT"))]
    assert len(queries) >= 8
    for sql in queries:
        plan = [str(row[3]) for row in ledger._db.execute(f"EXPLAIN QUERY PLAN {sql}")]
        # Without a WHERE, LIMIT 1 takes the end of an index: a scan of one row.
        if "WHERE" in sql or "LIMIT 1" not in sql:
            walks = [s for s in plan if s.startswith("SCAN") and "CONSTANT" not in s]
            assert not walks, (sql, plan)
        assert not any("TEMP B-TREE" in step for step in plan), (sql, plan)
