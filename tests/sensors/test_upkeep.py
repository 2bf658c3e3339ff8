"""What the scale says about itself: tampering, zero after a vehicle, a weight without a cell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sensors.calibration import Scale
from sensors.cells import CellHealth
from sensors.degraded import DegradedWeight
from sensors.tamper_finding import TamperKind
from sensors.upkeep import FINDINGS_MAX, Upkeep
from sensors.weigher import Weigher
from sensors.weighing import EventKind, Status
from sensors.zero_return import RestPlace

Make = Callable[..., Any]
Legs = list[tuple[float, float]]

TRUE_G = 24_000_000
TICK_US = 100_000
CALM = {"standing": False, "axle_step": False, "beam_edge": False, "half_off": False}
LEAVES: Legs = [(3.0, 0.0), (9.5, 1.8), (6.0, 0.0), (60.0, 1.8)]


class Notes:
    """Keeps the events that a watch writes."""

    def __init__(self) -> None:
        self.seen: list[tuple[EventKind, int]] = []

    def __call__(self, kind: EventKind, value: int, at_us: int | None = None) -> None:
        self.seen.append((kind, value))

    @property
    def kinds(self) -> list[EventKind]:
        return [kind for kind, _ in self.seen]


class Rig:
    """An upkeep on a deck with a little noise, told what axles and beams say."""

    def __init__(self, scale: Scale) -> None:
        self.notes = Notes()
        self.upkeep = Upkeep(scale, TICK_US / 1e6, self.notes)
        self._rng = np.random.default_rng(6)
        self._n = len(scale.cells)
        self.now_us = 0

    def feed(self, seconds: float, sum_g: float, empty: bool, sound: bool = True) -> None:
        for _ in range(round(1e6 * seconds / TICK_US)):
            self.now_us += TICK_US
            cells_g = sum_g / self._n + self._rng.normal(0.0, 200.0, self._n)
            self.upkeep.update(self.now_us, cells_g, empty=empty, cells_sound=sound, **CALM)

    def visit(self, left_g: float) -> None:
        """A vehicle, and after it a deck on which something is left."""
        self.feed(3.0, 2e7, empty=False)
        self.feed(3.0, left_g, empty=True)


def noted(weigher: Weigher, kind: EventKind) -> list[int]:
    return [event.value for event in weigher.snapshot().events if event.kind == kind]


@pytest.fixture
def rig(scale: Scale) -> Rig:
    made = Rig(scale)
    made.feed(3.0, 0.0, empty=True)
    return made


def test_a_deck_that_comes_back_is_noted_as_such(rig: Rig) -> None:
    rig.visit(4_000.0)
    assert rig.notes.kinds == [EventKind.ZERO_RETURNED]
    assert rig.notes.seen[0][1] == pytest.approx(4_000, abs=1_000)
    assert rig.upkeep.last_return is not None
    assert rig.upkeep.last_return.passed


def test_a_deck_that_does_not_come_back_is_noted_as_such(rig: Rig) -> None:
    rig.visit(30_000.0)
    assert rig.notes.kinds == [EventKind.ZERO_NOT_RETURNED]
    assert rig.upkeep.last_return is not None
    assert not rig.upkeep.last_return.passed
    assert rig.upkeep.last_return.place == RestPlace.UNIFORM


def test_a_prop_under_the_deck_is_found_beside_it(rig: Rig) -> None:
    rig.visit(-100_000.0)
    assert set(rig.notes.kinds) == {EventKind.TAMPER_NO_RETURN, EventKind.ZERO_NOT_RETURNED}
    (finding,) = rig.upkeep.findings
    assert finding.kind == TamperKind.NO_RETURN
    assert finding.value_g == pytest.approx(-100_000, abs=2_000)


def test_while_a_cell_is_sick_nothing_is_found(rig: Rig) -> None:
    rig.feed(3.0, 2e7, empty=False, sound=False)
    rig.feed(3.0, -100_000.0, empty=True, sound=False)
    assert rig.notes.seen == []
    assert rig.upkeep.findings == []


def test_a_sick_cell_ends_the_look_at_the_curve(rig: Rig) -> None:
    """A step in the one tick while a cell was sick is not found when it is sound again."""
    rig.feed(0.1, 300_000.0, empty=True, sound=False)
    rig.feed(6.0, 300_000.0, empty=True)
    assert EventKind.TAMPER_STEP not in rig.notes.kinds


def test_a_step_of_the_empty_deck_is_found(rig: Rig) -> None:
    rig.feed(2.0, 0.0, empty=True)
    rig.feed(6.0, 300_000.0, empty=True)
    assert rig.notes.kinds == [EventKind.TAMPER_STEP]
    assert rig.notes.seen[0][1] == pytest.approx(300_000, rel=0.01)


def test_findings_are_bounded_and_the_newest_stay(rig: Rig) -> None:
    for i in range(FINDINGS_MAX + 3):
        rig.visit(-100_000.0 * (i + 1))
    assert len(rig.upkeep.findings) == FINDINGS_MAX
    times_us = [finding.at_us for finding in rig.upkeep.findings]
    assert times_us == sorted(times_us)
    assert times_us[-1] > rig.now_us - 3_000_000


@pytest.mark.parametrize(("g_per_visit", "warned"), [(20_000.0, 1), (0.0, 0)])
def test_a_zero_that_drifts_is_told_once(rig: Rig, g_per_visit: float, warned: int) -> None:
    for i in range(14):
        rig.now_us += 600_000_000
        rig.visit(g_per_visit * i)
    drifts = [value for kind, value in rig.notes.seen if kind == EventKind.ZERO_DRIFTS]
    assert len(drifts) == warned
    assert drifts == pytest.approx([6 * g_per_visit] * warned, rel=0.1)


def test_the_weigher_notes_the_return_after_a_vehicle(passage: Make) -> None:
    weigher = passage(LEAVES, seconds=36.0).run()
    assert weigher.zero_return is not None
    assert weigher.zero_return.passed
    assert noted(weigher, EventKind.ZERO_RETURNED) == [weigher.zero_return.sum_g]
    assert abs(weigher.zero_return.sum_g) < 10_000
    assert weigher.findings == ()
    kinds = [event.kind for event in weigher.snapshot().events]
    assert kinds.index(EventKind.VEHICLE_OFF) < kinds.index(EventKind.ZERO_RETURNED)


def test_no_return_is_told_before_a_vehicle_has_left(passage: Make, stop_legs: Legs) -> None:
    weigher = passage(stop_legs).run()
    assert weigher.zero_return is None
    assert noted(weigher, EventKind.ZERO_RETURNED) == []


def test_what_is_left_on_the_deck_is_measured(passage: Make, add_load: Make) -> None:
    muddy = passage(LEAVES, seconds=36.0)
    t_s = (muddy.t_us - muddy.t_us[0]) / 1e6
    add_load(muddy, 40.0 * np.clip((t_s - 16.0) / 5.0, 0, 1), 8.0)
    weigher = muddy.run()
    assert weigher.zero_return is not None
    assert not weigher.zero_return.passed
    assert weigher.zero_return.sum_g == pytest.approx(40_000, abs=6_000)
    assert weigher.zero_return.place == RestPlace.ONE_ROW
    assert noted(weigher, EventKind.ZERO_NOT_RETURNED) == [weigher.zero_return.sum_g]


def test_a_drop_of_all_cells_alike_is_found_with_its_ratio(passage: Make, stop_legs: Legs) -> None:
    cheated = passage(stop_legs)
    t_s = (cheated.t_us - cheated.t_us[0]) / 1e6
    cheated.kg[:] *= (1 - 0.05 * (t_s > 20.0))[:, None]
    weigher = cheated.run()
    assert [finding.kind for finding in weigher.findings] == [TamperKind.SYMMETRIC]
    assert weigher.findings[0].ratio_ppm == pytest.approx(-50_000, abs=2_000)
    assert noted(weigher, EventKind.TAMPER_SYMMETRIC) == [weigher.findings[0].value_g]


def test_an_honest_passage_has_no_findings(passage: Make) -> None:
    assert passage(LEAVES, seconds=36.0).run().findings == ()


def sick(passage: Any, cell: int) -> Any:
    """A cell's converter hits its rail while the vehicle stands."""
    t_s = (passage.t_us - passage.t_us[0]) / 1e6
    passage.kg[t_s > 18.0, cell] = 1e6
    return passage


def test_no_degraded_weight_while_all_cells_are_sound(passage: Make, stop_legs: Legs) -> None:
    weigher = passage(stop_legs).run()
    assert weigher.outcome() == Status.ACCEPTED
    assert weigher.degraded_weight() is None


@pytest.mark.parametrize("cell", range(6))
def test_a_weight_without_the_named_cell_is_no_evidence(
    passage: Make, stop_legs: Legs, cell: int
) -> None:
    weigher = sick(passage(stop_legs), cell).run()
    assert weigher.snapshot().cells[cell] == CellHealth.OPEN
    found = weigher.degraded_weight()
    assert isinstance(found, DegradedWeight)
    assert found.evidence is False
    assert found.missing_cells == (cell,)
    assert abs(found.weight_g - TRUE_G) < max(found.u95_g, 20_000)
    assert weigher.snapshot().status == Status.CELL_FAULT


def test_no_degraded_weight_of_an_empty_deck(passage: Make) -> None:
    gone = passage(LEAVES, seconds=36.0)
    t_s = (gone.t_us - gone.t_us[0]) / 1e6
    gone.kg[t_s > 34.0, 2] -= 2500.0
    weigher = gone.run()
    assert weigher.snapshot().cells[2] != CellHealth.OK
    assert weigher.degraded_weight() is None


def test_each_vehicle_teaches_once_and_only_when_it_was_accepted(passage: Make) -> None:
    one = passage(LEAVES, seconds=36.0)
    weigher = one.run()
    assert weigher._non_evidence.degraded is not None
    # The first row carries nothing where this vehicle stands.
    assert weigher._non_evidence.degraded.learned.passages == (0, 1, 1)
    later = one.t_us + one.t_us[-1] - one.t_us[0] + 16_667
    weigher.push(later, one.counts, one.beams[:, 0], one.beams[:, 1])
    assert weigher.snapshot().weighing_id == 2
    assert weigher._non_evidence.degraded.learned.passages == (0, 2, 2)


def test_a_vehicle_that_is_not_accepted_teaches_nothing(passage: Make) -> None:
    weigher = passage([(3.0, 0.0), (4.5, 1.8), (60.0, 0.0)]).run()
    assert weigher.outcome() == Status.NOT_FULLY_ON
    assert weigher._non_evidence.degraded is not None
    assert weigher._non_evidence.degraded.learned.passages == (0, 0, 0)
