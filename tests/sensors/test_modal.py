"""The weight under a swinging body is found with the uncertainty that is stated."""

from functools import cache
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.marginal import DRIVEN_AFTER, Grid, Look, Room, covariance
from sensors.modal import (
    BRAKES_LET_GO,
    OSCILLATORS,
    PRIOR_MEAN,
    ModalFit,
    Solution,
)
from sensors.standing import BRAKE_STEP

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]
STEP_S: Final = 0.05
MOST: Final = 72
E_G: Final = 20_000.0
NOISE_G: Final = 1500.0
SEEDS: Final = range(60)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    index: Steps
    load_g: Floats
    stop: float
    drift: Floats
    truth_g: float

    def solve(self, k: float = 1.0, fit: ModalFit | None = None) -> Solution:
        fit = fit or ModalFit(STEP_S, MOST)
        return fit.solve(self.index, k * self.load_g, self.stop, k * k * self.drift, k * NOISE_G)

    def only(self, kept: Steps) -> "Case":
        return msgspec.structs.replace(
            self,
            index=self.index[kept],
            load_g=self.load_g[kept],
            drift=self.drift[np.ix_(kept, kept)],
        )


def swing(rng: np.random.Generator, t_s: Floats, stop_s: float) -> Floats:
    """One to three sinusoids of 20 to 100 kg that ring down from the stop, grams."""
    total, used = np.zeros(len(t_s)), [0.0]
    for _ in range(int(rng.integers(1, OSCILLATORS + 1))):
        hertz = rng.uniform(1.3, 3.5)
        while min(abs(hertz - other) for other in used) < 0.4:
            hertz = rng.uniform(1.3, 3.5)
        used.append(hertz)
        fading = np.exp(-rng.uniform(0.3, 1.0) * np.clip(t_s - stop_s, 0, None))
        turn = 2 * np.pi * hertz * t_s + rng.uniform(0, 2 * np.pi)
        total += rng.uniform(20e3, 100e3) * fading * np.cos(turn)
    return total


def make_case(seed: int, n: int, stop: float) -> Case:
    """A constant under a swing, slow drift and white noise, as the estimator describes them."""
    rng = np.random.default_rng(seed)
    t_s = np.asarray(np.arange(n) * STEP_S, np.float64)
    drift = (0.15 * E_G) ** 2 * np.exp(-np.abs(t_s[:, None] - t_s[None]) / 1.5)
    truth_g = float(rng.uniform(10e6, 49e6))
    load_g = truth_g + swing(rng, t_s, stop * STEP_S) + rng.normal(0, NOISE_G, n)
    load_g += np.linalg.cholesky(drift) @ rng.normal(size=n)
    return Case(index=np.arange(n), load_g=load_g, stop=stop, drift=drift, truth_g=truth_g)


@cache
def pulls(n: int, stop: float, dropped: float = 0.0) -> Floats:
    """Errors over stated standard uncertainties, one a seed."""
    out = []
    for seed in SEEDS:
        case = make_case(seed, n, stop)
        rng = np.random.default_rng(seed)
        case = case.only(np.flatnonzero(rng.random(n) >= dropped))
        found = case.solve()
        stated_g = found.sigma_g * np.sqrt(max(found.chi, 1.0))
        out.append((found.constant_g - case.truth_g) / stated_g)
    return np.array(out)


@pytest.mark.parametrize(
    ("n", "stop", "dropped"),
    [(30, 6.0, 0.0), (40, 8.0, 0.0), (60, 10.0, 0.0), (40, np.inf, 0.0), (50, 10.0, 0.25)],
)
def test_the_constant_is_found_within_its_stated_uncertainty(
    n: int, stop: float, dropped: float
) -> None:
    pull = pulls(n, stop, dropped)
    assert 0.85 <= float((np.abs(pull) < 2).mean()) <= 1.0
    assert 0.6 < float(np.std(pull)) < 1.3
    assert abs(float(np.mean(pull))) < 0.4


def test_the_uncertainty_is_worth_stating_and_shrinks_as_the_body_calms() -> None:
    sigma_g = [
        float(np.median([make_case(seed, n, 8.0).solve().sigma_g for seed in SEEDS[::3]]))
        for n in (20, 30, 45, 70)
    ]
    assert sigma_g == sorted(sigma_g, reverse=True)
    assert sigma_g[0] < 0.5 * E_G
    assert sigma_g[-1] < 0.15 * E_G
    assert sigma_g[-1] > 0.03 * E_G


def test_residuals_beyond_the_model_show_in_chi_square() -> None:
    plain = [make_case(seed, 50, 8.0).solve().chi for seed in SEEDS[::3]]
    assert 0.4 < float(np.median(plain)) < 1.6
    case = make_case(1, 50, 8.0)
    wild = case.load_g + np.where(case.index % 17 == 5, 300e3, 0.0)
    assert msgspec.structs.replace(case, load_g=wild).solve().chi < 1e3
    assert msgspec.structs.replace(case, load_g=wild).solve().sigma_g > 2 * case.solve().sigma_g


parameters = st.tuples(
    *(st.floats(-0.7, 0.7) for _ in range(3 * OSCILLATORS)),
    st.floats(-1, 1),
)


def look_at(case: Case, off: tuple[float, ...], braked: bool = False) -> tuple[Look, Floats]:
    """A look at parameters that lie `off` the prior, and the prior."""
    prior = np.append(np.tile(PRIOR_MEAN, OSCILLATORS), np.log(NOISE_G))
    prior[2:-1:3] += np.log(60e3)
    return again(case, prior, prior + np.array(off), braked), prior


def make_grid(case: Case, room: Room | None = None) -> Grid:
    lags = np.arange(MOST)
    lag, earlier = np.abs(lags[:, None] - lags[None]), np.minimum(lags[:, None], lags[None])
    return Grid(case.index, case.stop, STEP_S, lag, earlier, DRIVEN_AFTER, room)


def again(
    case: Case, prior: Floats, p: Floats, braked: bool = False, room: Room | None = None
) -> Look:
    columns = [np.ones(len(case.index)), (case.index < case.stop) * 1.0][: 1 + braked]
    y = case.load_g - case.load_g.mean()
    shape = np.stack(columns, axis=1)
    return Look(make_grid(case, room), y, case.drift, prior, p, shape)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 999),
    parameters,
    st.sampled_from([(-3.0, False), (8.0, False), (8.0, True), (np.inf, False)]),
    st.booleans(),
)
def test_the_gradient_is_that_of_the_cost(
    seed: int, off: tuple[float, ...], stopped: tuple[float, bool], holes: bool
) -> None:
    stop, braked = stopped
    case = make_case(seed, 30, stop)
    if holes:
        case = case.only(np.flatnonzero(case.index % 5 != 2))
    look, prior = look_at(case, off, braked)
    gradient, fisher, _ = look.information
    small = 1e-5
    for i in range(len(prior)):
        step = small * np.eye(len(prior))[i]
        up, down = (again(case, prior, look.p + by, braked) for by in (step, -step))
        slope = (up.cost - down.cost) / (2 * small)
        assert gradient[i] == pytest.approx(slope, rel=1e-3, abs=1e-3)
    assert fisher == pytest.approx(fisher.T, rel=1e-6, abs=1e-6)
    assert float(np.linalg.eigvalsh(fisher)[0]) > 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), parameters)
def test_the_uncertainty_holds_what_the_parameters_leave_open(
    seed: int, off: tuple[float, ...]
) -> None:
    case = make_case(seed, 30, 8.0)
    look, prior = look_at(case, off)
    _, fisher, _ = look.information
    small = 1e-4
    moves = np.array(
        [
            again(case, prior, look.p + small * row).answer()[0]
            - again(case, prior, look.p - small * row).answer()[0]
            for row in np.eye(len(prior))
        ]
    ) / (2 * small)
    inverse = np.linalg.inv(covariance(make_grid(case), look.p, case.drift)[0])
    variance = 1 / inverse.sum() + moves @ np.linalg.solve(fisher, moves)
    assert look.answer()[1] == pytest.approx(float(np.sqrt(variance)), rel=1e-3)


def test_a_look_with_other_columns_is_that_of_a_new_one() -> None:
    case = make_case(4, 40, 8.0)
    look, prior = look_at(case, (0.1,) * (3 * OSCILLATORS + 1))
    look.step(1e-2)
    fresh = again(case, prior, look.p, braked=True)
    shape = np.stack([np.ones(40), (case.index < case.stop) * 1.0], axis=1)
    other = look.with_columns(shape)
    assert (other.cost, other.chi) == (fresh.cost, fresh.chi)
    assert other.answer(1) == fresh.answer(1)
    assert look.answer() == again(case, prior, look.p).answer()


@pytest.mark.parametrize("first", [30, 60])
def test_looks_that_share_their_room_do_not_disturb_each_other(first: int) -> None:
    room, alone, shared = Room(), [], []
    for seed, n in ((1, first), (2, 90 - first), (3, first)):
        case = make_case(seed, n, 8.0)
        look, prior = look_at(case, (0.2,) * (3 * OSCILLATORS + 1))
        alone.append(look.answer())
        shared.append(again(case, prior, look.p, room=room))
    for look in shared:
        look.step(1e-2)
    assert [look.answer() for look in shared] == alone


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 999),
    parameters,
    st.sampled_from([-3.0, 0.0, 8.5, 40.0, np.inf]),
    st.sets(st.integers(1, 39), max_size=25),
)
def test_missing_points_are_only_left_out(
    seed: int, off: tuple[float, ...], stop: float, gone: set[int]
) -> None:
    case = make_case(seed, 40, stop)
    kept = np.array([i for i in range(40) if i not in gone])
    look, _ = look_at(case, off)
    whole = covariance(make_grid(case), look.p, case.drift)[0]
    part = case.only(kept)
    left = covariance(make_grid(part), look.p, part.drift)[0]
    assert left == pytest.approx(whole[np.ix_(kept, kept)], rel=1e-9)
    assert float(np.linalg.eigvalsh(whole)[0]) > 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.sampled_from([10.0, 1e3, 1e6]), st.floats(-4e7, 4e7))
def test_the_answer_scales_and_shifts_with_the_load(seed: int, k: float, by_g: float) -> None:
    case = make_case(seed, 40, 12.0)
    plain, scaled = case.solve(), case.solve(k)
    moved = msgspec.structs.replace(case, load_g=case.load_g + by_g).solve()
    assert scaled.constant_g == pytest.approx(k * plain.constant_g, rel=1e-9)
    assert scaled.sigma_g == pytest.approx(k * plain.sigma_g, rel=1e-4)
    assert scaled.chi == pytest.approx(plain.chi, rel=1e-4)
    assert plain.step_g is not None
    assert scaled.step_g is not None
    assert scaled.step_g == pytest.approx(k * plain.step_g, rel=1e-3, abs=k)
    assert moved.constant_g - by_g == pytest.approx(plain.constant_g, abs=1.0)
    assert moved.sigma_g == pytest.approx(plain.sigma_g, rel=1e-4)


@pytest.mark.parametrize("kg", [0.0, 60.0, -60.0, 150.0, -150.0])
def test_a_step_at_the_stop_is_found_and_none_without(kg: float) -> None:
    pull, sizes = [], []
    for seed in SEEDS:
        case = make_case(seed, 60, 30.0)
        before = 1e3 * kg / (1 + np.exp(np.clip(case.index - case.stop - BRAKES_LET_GO, -40, 40)))
        found = msgspec.structs.replace(case, load_g=case.load_g + before).solve()
        assert found.step_g is not None
        pull.append((found.step_g - 1e3 * kg) / found.step_sigma_g)
        sizes.append(found.step_g / found.step_sigma_g * np.sign(kg or 1.0))
    assert float((np.abs(pull) < 2).mean()) >= 0.85
    if kg:
        assert float((np.array(sizes) > BRAKE_STEP[1]).mean()) >= 0.9
    else:
        assert float((np.abs(sizes) > 3).mean()) <= 0.05


def followed(seed: int, kg: float) -> Solution:
    """The last of five looks at a stand whose load falls by `kg` when the brakes let go."""
    case, fit = make_case(seed, 50, 36.0), ModalFit(STEP_S, MOST)
    before = 1e3 * kg / (1 + np.exp(np.clip(case.index - case.stop - BRAKES_LET_GO, -40, 40)))
    braked = msgspec.structs.replace(case, load_g=case.load_g + before)
    return [braked.only(np.arange(n)).solve(fit=fit) for n in range(42, 51, 2)][-1]


def test_a_step_is_as_well_known_however_large_it_is() -> None:
    """A fit without the step takes it for a swing, and then finds neither."""
    small = [followed(seed, 0.0) for seed in range(8)]
    for kg in (-300.0, 150.0, 1000.0):
        large = [followed(seed, kg) for seed in range(8)]
        widths = [found.step_sigma_g for found in large]
        assert np.median(widths) < 2 * np.median([found.step_sigma_g for found in small])
        off = [abs((found.step_g or 0.0) - 1e3 * kg) for found in large]
        assert float(np.median(off)) < 2 * float(np.median(widths))


@pytest.mark.parametrize("stop", [-5.0, 2.0, 46.0, 60.0, np.inf])
def test_no_step_where_one_side_is_too_short(stop: float) -> None:
    found = make_case(3, 50, stop).solve()
    assert found.step_g is None
    assert np.isfinite(found.constant_g)
    assert found.sigma_g > 0


def test_a_fit_forgets_at_reset_and_goes_on_without() -> None:
    first, second = make_case(1, 40, 8.0), make_case(2, 40, 8.0)
    used = ModalFit(STEP_S, MOST)
    first.solve(fit=used)
    warm = second.solve(fit=used)
    used.reset()
    assert second.solve(fit=used) == second.solve()
    assert warm != second.solve()


@pytest.mark.parametrize("driven_after", [0.0, 0.03, 0.3])
def test_after_the_stop_only_what_stays_driven_is_left(driven_after: float) -> None:
    lags = np.arange(MOST)
    lag, earlier = np.abs(lags[:, None] - lags[None]), np.minimum(lags[:, None], lags[None])
    grid = Grid(lags, 10.0, STEP_S, lag, earlier, driven_after)
    variance, _ = grid.strength(4.0)
    assert variance[:11] == pytest.approx(1.0)
    assert variance[-1] == pytest.approx(driven_after, abs=1e-3)


@pytest.mark.parametrize("oscillators", [1, 2, 3])
def test_as_many_oscillators_are_fitted_as_are_asked_for(oscillators: int) -> None:
    case, fit = make_case(3, 60, 8.0), ModalFit(STEP_S, MOST, oscillators)
    assert abs(case.solve(fit=fit).constant_g - case.truth_g) < 0.5 * E_G
    assert fit._p is not None
    assert len(fit._p) == 3 * oscillators + 1
