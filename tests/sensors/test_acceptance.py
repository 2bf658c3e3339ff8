"""What an accepted weight must not hold, when it is taken back, and how sure it has to be."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.commands.weigh import read_trace
from sensors.acceptance import (
    LAST_PATIENCE_US,
    PATIENCE_US,
    U95_E,
    U95_LAST_SHARE,
    U95_LATE_E,
    U95_SHARE,
    Acceptance,
)
from sensors.calibration import Scale, scale_from_dict
from sensors.cells import CellWatch
from sensors.estimator import Modal
from sensors.history import History
from sensors.indication import mpe_initial_g
from sensors.weigher import Weigher
from sensors.weighing import EventKind, Status, WithdrawReason

TRACES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "traces"

Make = Callable[..., Any]
Legs = list[tuple[float, float]]

TRUE_G = 24_000_000
MPE_G = 20_000
STOP_S = 12.5


def events(weigher: Weigher, kind: EventKind) -> list[Any]:
    return [event for event in weigher.snapshot().events if event.kind == kind]


def visited(passage: Any, add_load: Make, from_s: float, to_s: float, kg: float = 90.0) -> Any:
    """A person on the deck beside the vehicle, from one time to another."""
    t_s = (passage.t_us - passage.t_us[0]) / 1e6
    on = np.clip((t_s - from_s) / 0.4, 0, 1) - np.clip((t_s - to_s) / 0.4, 0, 1)
    add_load(passage, kg * on, 6.0)
    return passage


@pytest.mark.parametrize(("late_s", "beams"), [(-0.6, True), (-0.2, False), (0.2, False)])
def test_who_steps_on_at_the_stop_is_not_weighed_with_the_vehicle(
    passage: Make, stop_legs: Legs, add_load: Make, late_s: float, beams: bool
) -> None:
    boarded = visited(passage(stop_legs, has_beams=beams), add_load, STOP_S + late_s, STOP_S + 7.0)
    weigher = boarded.run(beams=beams)
    accepted = events(weigher, EventKind.ACCEPTED)
    assert [event.value for event in accepted] == pytest.approx([TRUE_G] * len(accepted), abs=MPE_G)
    assert weigher.outcome() == Status.ACCEPTED
    assert weigher.snapshot().accepted_us > 1e6 * (1 + STOP_S + 7.0)


def test_who_stays_on_the_deck_keeps_the_weight_back(
    passage: Make, stop_legs: Legs, add_load: Make
) -> None:
    weigher = visited(passage(stop_legs), add_load, STOP_S + 3.5, 99.0).run()
    assert [event.value for event in events(weigher, EventKind.ACCEPTED)] == pytest.approx(
        [TRUE_G], abs=MPE_G
    )
    assert weigher.outcome() != Status.ACCEPTED


@pytest.mark.parametrize("name", ["s0119", "s0175"])
def test_an_axle_off_the_entry_end_is_seen_by_the_brakes_alone(name: str) -> None:
    """The recorded sites have beams; without them only the load that braking moved tells."""
    path = TRACES / f"{name}.csv"
    if not path.exists():
        pytest.skip("the recorded passages are not here")
    calibration = tomllib.loads(path.with_suffix(".calib.toml").read_text())
    scale = scale_from_dict(calibration)
    recording = read_trace(path, scale)
    weigher = Weigher(msgspec.structs.replace(scale, has_beams=False))
    weigher.push(recording.t_us, recording.counts)
    assert weigher.outcome() == Status.NOT_FULLY_ON
    assert events(weigher, EventKind.ACCEPTED) == []


def test_a_vehicle_that_is_rocked_after_its_weight_loses_it(passage: Make, stop_legs: Legs) -> None:
    still = passage(stop_legs).run().snapshot().accepted_us
    rocked = passage(stop_legs, rock=((still - 1_000_000) / 1e6 + 1.5, 0.04)).run()
    assert len(events(rocked, EventKind.ACCEPTED)) == 1
    withdrawn = events(rocked, EventKind.WITHDRAWN)
    assert [event.value for event in withdrawn] == [WithdrawReason.ROCKING]
    assert still < withdrawn[0].t_us < still + 5_000_000
    assert rocked.outcome() in (Status.WITHDRAWN, Status.UNSTABLE)


def test_five_seconds_later_a_weight_stands_whatever_rocks(passage: Make, stop_legs: Legs) -> None:
    still = passage(stop_legs).run().snapshot().accepted_us
    rocked = passage(stop_legs, rock=((still - 1_000_000) / 1e6 + 5.5, 0.04), seconds=28.0).run()
    assert events(rocked, EventKind.WITHDRAWN) == []
    assert rocked.outcome() == Status.ACCEPTED


def test_a_vehicle_that_drives_on_at_once_loses_its_weight(passage: Make) -> None:
    legs = [(3.0, 0.0), (8.0, 1.8), (2.6, 0.0), (0.5, 0.4), (1.0, 0.8), (60.0, 0.0)]
    moved = passage(legs).run()
    reasons = [event.value for event in events(moved, EventKind.WITHDRAWN)]
    assert reasons[:1] == [WithdrawReason.MOVED]


def standing(scale: Scale, stood_us: int) -> Acceptance:
    """An acceptance that has seen its vehicle stand for a time."""
    history = History(240, len(scale.cells))
    acceptance = Acceptance(scale, history, CellWatch(scale), Modal(scale), lambda *_: None)
    acceptance.deck._now_us, acceptance.deck.stands = 10_000_000, True
    acceptance.deck.stopped_us = 10_000_000 - stood_us
    return acceptance


@pytest.mark.parametrize(
    ("gross_e", "stood_us", "most_e"),
    [
        (400, 500_000, 0.5 * U95_SHARE),
        (400, PATIENCE_US, 0.5 * U95_SHARE),
        (400, LAST_PATIENCE_US + 1, 0.5 * U95_SHARE),
        (1200, 500_000, U95_E),
        (1200, PATIENCE_US, U95_LATE_E),
        (1200, LAST_PATIENCE_US + 1, U95_LATE_E),
        (3000, 500_000, U95_E),
        (3000, PATIENCE_US, U95_LATE_E),
        (3000, LAST_PATIENCE_US + 1, 1.5 * U95_LAST_SHARE),
    ],
)
def test_how_sure_a_weight_has_to_be(
    scale: Scale, gross_e: int, stood_us: int, most_e: float
) -> None:
    """Strict at once; with patience up to a share of the initial error at that load."""
    mpe_g = mpe_initial_g(gross_e * scale.e_g, scale.e_g)
    most_g = standing(scale, stood_us)._most_u95_g(mpe_g)
    assert most_g == pytest.approx(most_e * scale.e_g)


@pytest.mark.parametrize(("over_g", "mpe_e"), [(9_999, 0.5), (10_000, 1.0), (-9_999, 0.5)])
def test_a_weight_is_held_to_the_error_of_what_is_indicated(
    scale: Scale, over_g: int, mpe_e: float
) -> None:
    """Up to 500 e it is half an interval, and the record knows the rounded weight alone."""
    weighed_g = 500 * scale.e_g + over_g
    assert standing(scale, 0)._mpe_g(weighed_g) == mpe_e * scale.e_g


# The fixture only hands over a frozen value.
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gross_e=st.integers(20, 5000), stood_us=st.integers(0, 10_000_000))
def test_no_weight_is_accepted_that_may_be_beyond_its_error(
    scale: Scale, gross_e: int, stood_us: int
) -> None:
    mpe_g = mpe_initial_g(gross_e * scale.e_g, scale.e_g)
    assert 0 < standing(scale, stood_us)._most_u95_g(mpe_g) < 0.8 * mpe_g


def test_a_vehicle_that_does_not_stand_has_no_patience(scale: Scale) -> None:
    rolling = standing(scale, LAST_PATIENCE_US + 1)
    rolling.deck.stands = False
    mpe_g = mpe_initial_g(3000 * scale.e_g, scale.e_g)
    assert rolling._most_u95_g(mpe_g) == pytest.approx(U95_E * scale.e_g)
