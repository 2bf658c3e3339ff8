"""Visits of known vehicles: from records to a fault with its quantity, and over a restart."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from day_rig import lane_in
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_rig import KEY, LANE, SITE, WALL_MS, passage
from msgspec.structs import replace

from controller.core.faults import Fault
from controller.visitbook import ALARM_US, REFILL_MAX, WITHDRAWN, VisitBook, visit_of
from protocol.ledger import Ledger
from protocol.parts import (
    Axles,
    ClockQuality,
    Decision,
    Kind,
    Outcome,
    Permit,
    Purpose,
    Times,
    Weighing,
)
from protocol.record import Record
from sim.run import simulate
from sim.truck import build_truck
from sim.world import Visit, Yard

HOUR_MS = 3_600_000
AXLES = Axles(count=3, offsets_mm=(0, 3800, 5150))
PLATES = ("晋A00001", "晋A00002", "晋A00003", "晋A00004")


def tare(number: int, plate: str = PLATES[0], kg: float = 11_000.0, hour: float = 0.0) -> Record:
    mass_g = round(kg * 1000)
    wall_ms = WALL_MS + round(hour * HOUR_MS)
    return replace(
        passage(number, plate=plate),
        times=Times(at_us=number, wall_ms=wall_ms, clock=ClockQuality.SYNCHRONISED),
        weighing=Weighing(gross_g=mass_g, indicated_g=mass_g, purpose=Purpose.TARE, u95_g=10_000),
        axles=AXLES,
    )


def history(visits: int = 4, vehicles: int = 4) -> list[Record]:
    """Every vehicle once a day, always with the same tare."""
    return [
        tare(1 + day * vehicles + k, PLATES[k], 10_000 + 1_000 * k, hour=24 * day + k)
        for day in range(visits)
        for k in range(vehicles)
    ]


def book(records: list[Record]) -> VisitBook:
    made = VisitBook()
    made.fill(records)
    return made


def test_one_vehicle_that_deviates_is_said_with_mass_and_ratio() -> None:
    known = book(history())
    flags = known.flags(tare(99, PLATES[1], 11_550, hour=100), 5_000_000)
    assert flags == ("217 TARE_DEVIATES +550 kg, +5.00 % ± 1.89 %",)
    assert known.faults(5_000_000 + ALARM_US - 1) == (int(Fault.TARE_DEVIATES),)
    assert known.until_us(5_000_000 + ALARM_US - 1) == (5_000_000 + ALARM_US,)
    assert known.faults(5_000_000 + ALARM_US) == ()
    assert known.until_us(5_000_000 + ALARM_US) == ()


def test_several_that_deviate_alike_are_the_scale() -> None:
    known = book(history())
    said = [
        known.flags(tare(90 + k, PLATES[k], 0.95 * (10_000 + 1_000 * k), hour=100 + k), k)
        for k in range(4)
    ]
    assert [flags[0][:3] for flags in said[:3]] == ["217", "217", "216"]
    assert said[2][0].startswith("216 SCALE_GAIN -5.00 % ± ")
    assert said[2][0].endswith(", 3 vehicles")
    assert said[3] == (), "said once a day"
    assert known.faults(3) == (int(Fault.TARE_DEVIATES), int(Fault.SCALE_GAIN))


def test_a_known_plate_on_other_axles_is_said() -> None:
    other = replace(tare(99, hour=100), axles=Axles(count=2, offsets_mm=(0, 4900)))
    assert book(history()).flags(other, 0) == ("218 AXLES_DIFFER",)


def test_ordinary_visits_and_strangers_say_nothing() -> None:
    known = book(history())
    assert known.flags(tare(99, PLATES[1], 11_060, hour=100), 0) == ()
    assert known.flags(tare(100, "晋B99999", 31_000, hour=101), 0) == ()
    assert known.faults(0) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"plate": None},
        {"kind": Kind.VOID, "void": "backed out"},
        {"weighing": None},
        {"axles": None},
        {"axles": Axles(count=3)},
        {"times": Times(at_us=1)},
        {"weighing": Weighing(gross_g=11_000_000, purpose=Purpose.GROSS, u95_g=10_000)},
        {"weighing": Weighing(gross_g=1, indicated_g=1, purpose=Purpose.TARE)},
        {"weighing": Weighing(gross_g=-5, indicated_g=-5, purpose=Purpose.TARE, u95_g=1)},
    ],
)
def test_what_is_no_whole_tare_weighing_is_no_visit(change: dict[str, object]) -> None:
    assert visit_of(tare(1)) is not None
    assert visit_of(replace(tare(1), **change)) is None


def test_a_visit_is_dated_by_the_wall_clock() -> None:
    """The monotonic clock begins anew with each start, and a day is told by dates."""
    visit = visit_of(tare(1, hour=2))
    assert visit is not None
    assert visit.at_us == 1_000 * (WALL_MS + 2 * HOUR_MS)


def test_a_later_part_is_no_second_visit_but_may_take_it_back() -> None:
    known = book(history())
    first = tare(99, PLATES[1], 11_550, hour=100)
    said = known.flags(first, 0)
    later = replace(first, kind=Kind.AMENDMENT, part=2, refers_to=1)
    assert known.flags(first, 1) == said, "asked again, it says the same"
    assert known.flags(later, 2) == ()
    assert len(known.visits()) == 17
    held = Decision(outcome=Outcome.HOLD, reasons=(WITHDRAWN,))
    known.flags(replace(later, part=3, decision=held), 3)
    assert len(known.visits()) == 16


def test_a_plate_that_a_person_confirms_makes_the_visit() -> None:
    known = VisitBook()
    unread = replace(tare(5), plate=None)
    known.flags(unread, 0)
    known.flags(replace(tare(5), kind=Kind.AMENDMENT, part=2, refers_to=1), 1)
    assert [visit.vehicle for visit in known.visits()] == [PLATES[0]]


def test_of_a_vehicle_that_was_weighed_again_the_newest_weight_counts() -> None:
    known = VisitBook()
    weights = [
        Weighing(
            gross_g=kg * 1000,
            indicated_g=kg * 1000,
            purpose=Purpose.TARE,
            u95_g=10_000,
            stable_to_us=kg,
        )
        for kg in (11_000, 11_020)
    ]
    first = replace(tare(5), weighing=weights[0])
    held = Decision(outcome=Outcome.HOLD, reasons=(WITHDRAWN, "it moved"))
    back = replace(first, kind=Kind.AMENDMENT, part=2, refers_to=1, decision=held)
    again = replace(back, part=3, decision=first.decision, weighing=weights[1])
    for at_us, record in enumerate((first, back, again, replace(again, part=4))):
        known.flags(record, at_us)
    assert [visit.tare_g for visit in known.visits()] == [11_020_000]


DAYS = st.lists(
    st.tuples(st.integers(0, 3), st.floats(-0.08, 0.08), st.booleans()), min_size=1, max_size=40
)


@given(DAYS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_book_filled_from_the_ledger_is_the_book_of_the_day(
    days: list[tuple[int, float, bool]],
) -> None:
    live, records = VisitBook(), []
    for n, (k, off, withdrawn) in enumerate(days, start=1):
        record = tare(n, PLATES[k], (10_000 + 1_000 * k) * (1 + off), hour=3 * n)
        records.append(record)
        if withdrawn:
            held = Decision(outcome=Outcome.HOLD, reasons=(WITHDRAWN,))
            records.append(replace(record, kind=Kind.AMENDMENT, part=2, decision=held))
    for record in records:
        for flag in live.flags(record, 0):
            assert 1 <= len(flag) <= 64
    again = book(records)
    assert again.visits() == live.visits()
    following = tare(1000, PLATES[0], 10_400, hour=3 * len(days) + 3)
    assert again.flags(following, 0) == live.flags(following, 0)


def test_only_the_newest_tare_weighings_are_read_again(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        for record in (*history(2, 2), passage(70), tare(71, PLATES[3])):
            ledger.append(record)
        assert [r.passage_id for r in ledger.tare_weighings(3)] == [3, 4, 71]
        assert [r.passage_id for r in ledger.tare_weighings(REFILL_MAX)] == [1, 2, 3, 4, 71]


def test_the_lane_says_what_a_visit_tells_in_the_record_and_as_an_alarm(tmp_path: Path) -> None:
    """Four visits lie in the ledger before the start; the fifth is weighed by the lane."""
    truck = build_truck(Random("visit"), "3-axle truck", dirt=0.0)
    yard = Yard(3)
    yard.paint = False
    yard.add(Visit(truck=truck, end=1, arrives_us=0, load_g=0))
    offsets_mm = tuple(round(1000 * (x - truck.axles_m[0])) for x in truck.axles_m)
    with Ledger.open(tmp_path / "ledger.sqlite", "SIM001", "1", key=KEY) as ledger:
        for n in range(4):
            hour = (yard.wall_ms - WALL_MS) / HOUR_MS - 24 * (5 - n)
            past = tare(n + 1, truck.plate.text, truck.tare_g / 1060, hour=hour)
            axles = Axles(count=3, offsets_mm=offsets_mm)
            ledger.append(replace(past, axles=axles, site="SIM001", lane="1"))
    lane = lane_in(yard, tmp_path)
    alarms: set[int] = set()
    assert simulate(
        lane, yard, until_us=300_000_000, watch=lambda _, out: alarms.update(out.alarms)
    )
    record = list(lane.bookkeeper.ledger.records())[4]
    assert lane.bookkeeper.ledger.verify() == []
    lane.bookkeeper.close()
    assert (record.plate, record.permit) == (truck.plate.text, Permit.YARD)
    (flag,) = record.flags
    assert flag.startswith("217 TARE_DEVIATES +")
    assert alarms == {int(Fault.TARE_DEVIATES)}
