"""Who is felt by the cells that are left boards if he stays; cells that lie for a moment do not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lane_rig import SCAN_US, Rig, lane_settings

from controller.core.kinds import Deck, End, Phase, Presence, RecordKind
from controller.core.kinds import WeighingStatus as Status
from controller.core.settings import SECOND

STAYS = lane_settings().load_settle_us // SCAN_US
"""So many scans have to pass from the first that feels him."""
CELLS = st.frozensets(st.integers(0, 7), min_size=1).map(lambda cells: tuple(sorted(cells)))
SHORT, PAUSE = st.integers(1, STAYS), st.integers(1, 2 * STAYS)


def stopped() -> Rig:
    """A lane that has bidden somebody on as a cell failed, and has stopped for that."""
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    hide(rig, Status.IDLE, (7,))
    rig.run_until(Phase.FAULTED, 3)
    return rig


def hide(rig: Rig, status: Status, cells: tuple[int, ...]) -> None:
    rig.plant.load(deck=Deck.UNKNOWN, status=status, bad_cells=cells)


def scans(rig: Rig, count: int) -> None:
    rig.run(count * SCAN_US / SECOND)


def kinds(rig: Rig) -> list[RecordKind]:
    return [kind for kind, _, _ in rig.plant.records]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SHORT, CELLS, PAUSE, CELLS), min_size=1, max_size=8))
def test_cells_that_lie_for_moments_make_no_record(
    lies: list[tuple[int, tuple[int, ...], int, tuple[int, ...]]],
) -> None:
    rig = stopped()
    for felt, bad, pause, still_bad in lies:
        hide(rig, Status.CELL_FAULT, bad)
        scans(rig, felt)
        hide(rig, Status.IDLE, still_bad)
        scans(rig, pause)
        assert rig.plant.ledger.on_deck == 0
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 30)
    assert kinds(rig) == []


@settings(max_examples=60, deadline=None)
@given(SHORT, PAUSE, st.lists(CELLS, min_size=1, max_size=4), st.integers(1, 50))
def test_who_stays_boards_whatever_cells_are_bad_meanwhile(
    before: int, pause: int, bad: list[tuple[int, ...]], more: int
) -> None:
    rig = stopped()
    hide(rig, Status.CELL_FAULT, (7,))
    scans(rig, before)
    hide(rig, Status.IDLE, (7,))
    scans(rig, pause)
    for cells in bad:
        hide(rig, Status.CELL_FAULT, cells)
        scans(rig, STAYS // len(bad) + 1)
    scans(rig, more)
    assert rig.plant.ledger.on_deck == 1
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 30)
    assert kinds(rig) == [RecordKind.VOID]
