"""A weight is computed again from its counts, within the estimator's own uncertainty."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from msgspec.structs import replace
from yard_rig import drive_on, yard_with

from board.profile import read_profile
from sensors.calibration import IntArray, Scale
from sensors.compensation import CreepTerm, SpanPoint, Temperature
from sensors.reweigh import ReweighError, raw_from_us, reweigh
from sensors.weigher import Weigher
from sensors.weighing import Basis, Status, Weighing

PLAIN = read_profile("sim").scale.scale
BENT = replace(
    PLAIN,
    span_points=(SpanPoint(shown_g=20_000_000, true_g=20_200_000),),
    temperature=Temperature(reference_c=20, zero_g_per_k=500, span_ppm_per_k=60),
    creep=(CreepTerm(share_ppm=200, tau_s=30),),
)
TRUCKS = [("2-axle truck", 1), ("3-axle truck", 2), ("6-axle train", 3)]


@cache
def counted(title: str, seed: int) -> tuple[IntArray, IntArray]:
    """All samples of a truck that drives on and stands."""
    yard = yard_with(title, seed=seed)
    drive_on(yard)
    for _ in range(300):
        yard.advance(20_000)
    return yard.converter.take()


@cache
def weighed(title: str, seed: int, scale: Scale) -> Weighing:
    """The weigher's word at the first tick that accepts a weight."""
    t_us, counts = counted(title, seed)
    weigher = Weigher(scale)
    for start in range(0, len(t_us), 8):
        weigher.see_temperature(int(t_us[start]), 35.0)
        clear = [0] * len(t_us[start : start + 8])
        weigher.push(t_us[start : start + 8], counts[start : start + 8], clear, clear)
        seen = weigher.snapshot()
        if seen.status == Status.ACCEPTED:
            return seen
    raise AssertionError(f"{title} was not weighed")


def again(seen: Weighing, basis: Basis, title: str, seed: int, scale: Scale) -> tuple[int, int]:
    t_us, counts = counted(title, seed)
    rows = (t_us >= raw_from_us(basis)) & (t_us <= basis.to_us)
    return reweigh(scale, t_us[rows], counts[rows], basis, seen.zero_offset_g)


@pytest.mark.parametrize("scale", [PLAIN, BENT], ids=["plain", "corrected"])
@pytest.mark.parametrize(("title", "seed"), TRUCKS)
def test_the_counts_give_the_weight_again(title: str, seed: int, scale: Scale) -> None:
    seen = weighed(title, seed, scale)
    assert seen.basis is not None
    assert seen.weight_g is not None
    assert seen.u95_g is not None
    weight_g, u95_g = again(seen, seen.basis, title, seed, scale)
    assert abs(weight_g - seen.weight_g) <= seen.u95_g / 2
    assert 0 < u95_g < 3 * seen.u95_g


def test_what_the_basis_says_is_needed() -> None:
    title, seed = TRUCKS[2]
    seen = weighed(title, seed, BENT)
    assert seen.basis is not None
    assert seen.weight_g is not None
    assert seen.u95_g is not None
    colder = replace(seen.basis, temperature_mc=-20_000)
    for basis, scale in ((colder, BENT), (seen.basis, PLAIN)):
        weight_g, _ = again(seen, basis, title, seed, scale)
        assert abs(weight_g - seen.weight_g) > seen.u95_g


def test_a_basis_stands_with_an_accepted_weight_only() -> None:
    seen = weighed(*TRUCKS[0], PLAIN)
    basis = seen.basis
    assert basis is not None
    assert (basis.method, basis.version) == ("modal", "1")
    assert ("oscillators", 3) in basis.parameters
    assert basis.to_us == seen.accepted_us
    assert basis.from_us >= basis.load_since_us
    assert basis.stopped_us is not None
    assert basis.stopped_us < basis.to_us
    assert Weigher(PLAIN).snapshot().basis is None


def test_refused_with_its_reason() -> None:
    seen = weighed(*TRUCKS[0], PLAIN)
    basis = seen.basis
    assert basis is not None
    t_us, counts = counted(*TRUCKS[0])
    with pytest.raises(ReweighError, match="median 3: this program knows modal 1"):
        reweigh(PLAIN, t_us, counts, replace(basis, method="median", version="3"), 0)
    with pytest.raises(ReweighError, match="the scale has 8 cells"):
        reweigh(PLAIN, t_us, counts[:, :4], basis, 0)
    with pytest.raises(ReweighError, match="too few"):
        reweigh(PLAIN, t_us[:0], np.zeros((0, 8), np.int64), basis, 0)
