"""The candidates find a known weight under a known swing, with the uncertainty they state."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Final

import msgspec
import numpy as np
import pytest
from stand_rig import E_G, STOP_S, Floats, Stand, make_scale, make_stand

from sensors.calibration import Scale
from sensors.candidates import CANDIDATES, SHIPPED
from sensors.candidates.kalman import KalmanBank
from sensors.candidates.pencil import Pencil
from sensors.estimator import Estimate, Estimator, Modal

SEEDS: Final = range(12)
NEW: Final[Mapping[str, Callable[[Scale], Estimator]]] = {
    "Kalman bank": KalmanBank,
    "matrix pencil": Pencil,
}
STOPPED_US: Final = round(STOP_S * 1e6)


def at(
    make: Callable[[Scale], Estimator], stand: Stand, until_s: float, pieces: tuple[int, ...] = (8,)
) -> Estimate | None:
    estimator = make(make_scale())
    estimator.restart(0)
    return stand.push(estimator, until_s, pieces).estimate(STOPPED_US)


@cache
def seen(name: str, until_s: float) -> tuple[Floats, Floats]:
    """Errors and stated u95 in e, one a seed."""
    rows = []
    for seed in SEEDS:
        stand = make_stand(seed)
        found = at(NEW[name], stand, until_s)
        assert found is not None
        rows.append(((found.weight_g - stand.truth_g) / E_G, found.u95_g / E_G))
    errors, u95 = np.array(rows).T
    return errors, u95


@pytest.mark.parametrize("name", NEW)
def test_the_weight_is_found_within_its_u95(name: str) -> None:
    for until_s in (3.5, 5.0):
        errors, u95 = seen(name, until_s)
        assert float((np.abs(errors) <= u95).mean()) >= 0.85
        assert float(np.median(np.abs(errors))) < 0.12
    assert float(np.median(seen(name, 5.0)[1])) < float(np.median(seen(name, 3.0)[1]))
    assert float(np.median(seen(name, 5.0)[1])) < 0.5


@pytest.mark.parametrize("name", NEW)
def test_a_bare_swing_without_noise_is_solved(name: str) -> None:
    """Two sinusoids and nothing else: what is left is what the method itself cannot."""
    stand = make_stand(3, noise_kg=0.01)
    found = at(NEW[name], stand, 5.0)
    assert found is not None
    assert (
        abs(found.weight_g - stand.truth_g)
        < {"Kalman bank": 0.1, "matrix pencil": 0.01}[name] * E_G
    )


@pytest.mark.parametrize("name", NEW)
def test_no_piece_changes_the_weight(name: str) -> None:
    stand = make_stand(4, lost=0.05)
    whole, cut = at(NEW[name], stand, 4.0, (1,)), at(NEW[name], stand, 4.0, (1, 7, 30))
    assert whole is not None
    assert cut is not None
    assert cut.weight_g == pytest.approx(whole.weight_g, abs=1e-2)
    assert cut.u95_g == pytest.approx(whole.u95_g, rel=1e-6)


@pytest.mark.parametrize("name", NEW)
def test_looking_on_the_way_changes_little(name: str) -> None:
    """Filters that ran on say what filters that ran anew say; only their first guess is older."""
    stand = make_stand(5)
    estimator = NEW[name](make_scale())
    estimator.restart(0)
    for start in range(0, int((stand.t_us <= 3.2e6).sum()), 8):
        rows = slice(start, start + 8)
        estimator.push(stand.t_us[rows], stand.cells_g[rows], stand.usable[rows])
        last = estimator.estimate(STOPPED_US)
    once = at(NEW[name], stand, 3.2)
    assert last is not None
    assert once is not None
    assert abs(last.weight_g - once.weight_g) < 0.25 * once.u95_g


@pytest.mark.parametrize("name", NEW)
def test_a_restart_forgets_and_too_little_says_nothing(name: str) -> None:
    stand = make_stand(6)
    estimator = NEW[name](make_scale())
    estimator.restart(0)
    assert stand.push(estimator, 0.3).estimate(STOPPED_US) is None
    late = NEW[name](make_scale())
    late.restart(round(4.7e6))
    assert stand.push(late, 5.0).estimate(STOPPED_US) is None
    late.restart(0)
    assert late.estimate(STOPPED_US) is not None


def test_the_pencil_waits_for_the_stop() -> None:
    stand, pencil = make_stand(7), Pencil(make_scale())
    pencil.restart(0)
    stand.push(pencil, 5.0)
    assert pencil.estimate(None) is None
    assert pencil.estimate(4_800_000) is None
    assert pencil.estimate(STOPPED_US) is not None


def test_a_hole_in_the_stand_is_nothing_to_a_filter_and_too_much_for_a_pencil() -> None:
    stand = make_stand(8)
    gone = (stand.t_us > 3.0e6) & (stand.t_us < 3.5e6)
    holed = msgspec.structs.replace(stand, usable=stand.usable & ~gone)
    found = at(KalmanBank, holed, 5.0)
    assert found is not None
    assert abs(found.weight_g - stand.truth_g) < found.u95_g
    assert at(Pencil, holed, 5.0) is None


def test_fewer_oscillators_explain_less() -> None:
    """Two sinusoids under one oscillator leave a swing, and its size is in u95."""
    u95 = []
    for oscillators in (1, 3):
        make = partial(Modal, oscillators=oscillators)
        found = [at(make, make_stand(seed), 3.2) for seed in SEEDS]
        u95.append(float(np.median([each.u95_g for each in found if each is not None])))
    assert u95[0] > 1.2 * u95[1]


def test_every_candidate_can_be_made_and_the_first_is_the_shipped_one() -> None:
    assert next(iter(CANDIDATES)) == SHIPPED
    for make in CANDIDATES.values():
        estimator = make(make_scale())
        estimator.restart(0)
        make_stand(1).push(estimator, 5.0).estimate(STOPPED_US)
        # Those that compare looks answer from the second one on.
        assert estimator.estimate(STOPPED_US) is not None
