"""The whole lane in the simulated yard: every scenario to its end, nothing found against it."""

from __future__ import annotations

from pathlib import Path

import pytest
from day_rig import lane_in, run_day

from controller.assembly import LEDGER_FILE
from controller.core.kinds import BoomCommand, End, Phase
from hal.ports import Drive
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.parts import Kind, Outcome, Permit, Times
from protocol.record import Record, encode
from sim.run import simulate
from sim.world import Yard

SCENARIOS = (
    "legal",
    "overloaded_reweigh",
    "unreadable_plate",
    "tailgater",
    "tare_and_gross",
    "stops_short",
)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_checker_finds_nothing(scenario: str, tmp_path: Path) -> None:
    day = run_day(Yard.from_scenario(scenario, seed=3), tmp_path)
    assert day.findings == ()
    assert day.finished
    assert day.lane.lane.phase == Phase.IDLE
    assert day.records


def test_an_overloaded_truck_comes_back_lighter_in_one_chain(tmp_path: Path) -> None:
    day = run_day(Yard.from_scenario("overloaded_reweigh", seed=3), tmp_path)
    first, *_, last = [r for r in day.records if r.kind is Kind.PASSAGE]
    assert first.decision is not None
    assert last.decision is not None
    assert first.decision.outcome is Outcome.RETURN
    assert first.permit is Permit.YARD
    assert last.decision.outcome is Outcome.RELEASE
    assert last.reweigh is not None
    assert last.reweigh.first_seq == first.seq
    assert first.weighing is not None
    assert last.weighing is not None
    assert last.weighing.gross_g < first.weighing.gross_g


def test_a_stored_tare_gives_the_net(tmp_path: Path) -> None:
    day = run_day(Yard.from_scenario("tare_and_gross", seed=3), tmp_path)
    tare, gross = [r for r in day.records if r.kind is Kind.PASSAGE]
    assert tare.weighing is not None
    assert gross.weighing is not None
    assert gross.weighing.tare is not None
    assert gross.weighing.tare.seq == tare.seq
    assert gross.weighing.net_g == gross.weighing.gross_g - tare.weighing.gross_g


def test_an_unread_plate_is_held_for_a_named_person(tmp_path: Path) -> None:
    day = run_day(Yard.from_scenario("unreadable_plate", seed=3), tmp_path)
    passage, confirmed = day.records[:2]
    assert passage.kind is Kind.PASSAGE
    assert passage.permit is Permit.NONE
    assert passage.plate is None
    assert confirmed.kind is Kind.AMENDMENT
    assert confirmed.person is not None
    assert confirmed.amendment is not None
    assert confirmed.amendment.now == confirmed.plate


def test_two_runs_of_a_seed_are_the_same_to_the_byte(tmp_path: Path) -> None:
    days = [
        run_day(Yard.from_scenario("morning", seed=5, trucks=3), tmp_path / name)
        for name in ("first", "second")
    ]
    first, second = days
    assert first.lane.digest == second.lane.digest
    assert first.outputs == second.outputs
    assert [encode(r) for r in first.records] == [encode(r) for r in second.records]
    one, two = ((tmp_path / n / LEDGER_FILE).read_bytes() for n in ("first", "second"))
    assert one == two


def test_another_seed_is_another_day(tmp_path: Path) -> None:
    digests = {
        run_day(Yard.from_scenario("legal", seed=seed), tmp_path / str(seed)).lane.digest
        for seed in (1, 2)
    }
    assert len(digests) == 2


def fill(ledger: Ledger) -> int:
    """Let the ledger have no room for more than it holds, and return how many records that is."""
    db = ledger._db
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
    for number in range(1000):
        try:
            ledger.append(
                Record(
                    kind=Kind.VOID,
                    site=ledger.site,
                    lane=ledger.lane,
                    passage_id=10_000 + number,
                    times=Times(at_us=number),
                    void="x" * 500,
                )
            )
        except LedgerError:
            return number
    raise AssertionError("the ledger took more than it has room for")


def test_a_full_ledger_holds_the_truck_and_loses_nothing(tmp_path: Path) -> None:
    yard = Yard.from_scenario("legal", seed=3)
    yard.paint = False
    lane = lane_in(yard, tmp_path)
    before = fill(lane.bookkeeper.ledger)
    raised: list[int] = []
    simulate(
        lane,
        yard,
        until_us=120_000_000,
        watch=lambda _, out: raised.append(int(out.booms[End.ROAD] == BoomCommand.RAISE)),
    )
    assert not any(raised), "the exit boom was driven up without a record on disk"
    assert lane.bookkeeper.failure is not None
    assert str(tmp_path / LEDGER_FILE) in str(lane.bookkeeper.failure)
    assert lane.lane.phase == Phase.LEDGER_AWAY
    lane.bookkeeper.ledger._db.execute("PRAGMA max_page_count = 100000")
    simulate(lane, yard, until_us=400_000_000)
    records = list(lane.bookkeeper.ledger.records())
    assert records[before].kind is Kind.PASSAGE
    assert lane.bookkeeper.failure is None
    with Ledger.open(tmp_path / LEDGER_FILE, read_only=True) as ledger:
        assert ledger.verify() == []


def test_a_scan_that_ends_leaves_nothing_driven_and_all_red(tmp_path: Path) -> None:
    yard = Yard.from_scenario("legal", seed=3)
    yard.paint = False
    lane = lane_in(yard, tmp_path)
    while Drive.RAISE not in [boom.level for boom in yard.booms]:
        lane.once()
        yard.advance(20_000)
    while not any(yard.approach_green):
        lane.once()
        yard.advance(20_000)
    lane.make_safe()
    assert [boom.level for boom in yard.booms] == [Drive.HOLD, Drive.HOLD]
    assert not any((*yard.approach_green, *yard.deck_green))
    lane.bookkeeper.close()
