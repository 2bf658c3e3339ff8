"""Corner correction: one factor per cell, so that a load shows the same wherever it stands."""

from typing import Final

import numpy as np

from sensors.calibration import CORNER_SHARE_MAX, FloatArray, Scale

LOAD_E_MIN: Final = 100
SINGULAR_MIN: Final = 0.05
SPREAD_SHARE_MAX: Final = 0.2
SAME_PLACE_M: Final = 0.3


class AdjustmentError(ValueError):
    """Readings that give no calibration; the message says what is wrong and what to do."""


def solve_corners(
    scale: Scale, cells_g: FloatArray, *, sections: bool = False, span_follows: bool = False
) -> FloatArray:
    """Solve the corner factors (cells,) from one load put in several places.

    `cells_g` (places, cells) is what the cells showed with their present factors. The load need
    not be known: the factors make every place show the mean of all, by least squares. Where a span
    follows it sets the common factor, so the median cell keeps 1 and the odd one stands out. With
    `sections`, cells side by side share one factor, for an axle along the middle.

    Raises AdjustmentError for fewer places than unknowns, places that do not tell cells apart, too
    small a load, and a factor more than 3 % from 1.
    """
    groups = _sections(scale) if sections else [[i] for i in range(len(scale.cells))]
    _check_places(scale, cells_g, len(groups))
    mean_g = float(cells_g.sum(axis=1).mean())
    design = np.stack([cells_g[:, group].sum(axis=1) for group in groups], axis=1) / mean_g
    _, sizes, directions = np.linalg.svd(design, full_matrices=False)
    if sizes[-1] < SINGULAR_MIN * sizes[0]:
        mixed = [i for i, part in enumerate(np.abs(directions[-1])) if part > 0.3]
        names = " and ".join(_name(groups[i]) for i in mixed)
        raise AdjustmentError(
            f"corners: the readings do not tell {names} apart; put the load over each of them"
        )
    solved = np.linalg.lstsq(design, np.ones(len(design)), rcond=None)[0]
    factors = np.array([cell.corner_factor for cell in scale.cells])
    for group, factor in zip(groups, solved, strict=True):
        factors[group] *= factor
    if span_follows:
        factors /= np.median(factors)
    _check_factors(factors)
    return factors


def _sections(scale: Scale) -> list[list[int]]:
    """The cells of every section along the deck, in order of their numbers."""
    groups: list[list[int]] = []
    for i, cell in enumerate(scale.cells):
        near = [g for g in groups if abs(scale.cells[g[0]].x_m - cell.x_m) < SAME_PLACE_M]
        if near:
            near[0].append(i)
        else:
            groups.append([i])
    return groups


def _check_places(scale: Scale, cells_g: FloatArray, unknowns: int) -> None:
    if len(cells_g) < unknowns:
        raise AdjustmentError(
            f"corners: {len(cells_g)} places for {unknowns} unknown factors; "
            "put the load over every cell, or an axle over every section (sections)"
        )
    sums_g = cells_g.sum(axis=1)
    if float(sums_g.min()) < LOAD_E_MIN * scale.e_g:
        raise AdjustmentError(
            f"corners: {float(sums_g.min()) / 1000:.0f} kg is too little to tell the cells by; "
            f"use at least {LOAD_E_MIN * scale.e_g / 1000:g} kg"
        )
    if float(np.ptp(sums_g)) > SPREAD_SHARE_MAX * float(sums_g.mean()):
        raise AdjustmentError(
            f"corners: the places show {float(sums_g.min()) / 1000:.0f} to "
            f"{float(sums_g.max()) / 1000:.0f} kg; put the same load in every place"
        )


def _check_factors(factors: FloatArray) -> None:
    worst = int(np.abs(factors - 1).argmax())
    if abs(float(factors[worst]) - 1) > CORNER_SHARE_MAX:
        raise AdjustmentError(
            f"corners: cell{worst} would need the factor {factors[worst]:.4f}, more than "
            f"{CORNER_SHARE_MAX:.0%} from 1: this is no corner error; check that cell, its seat "
            "and its counts_per_kg"
        )


def _name(group: list[int]) -> str:
    return "+".join(f"cell{i}" for i in group)
