"""From readings of a deck at rest to a new calibration: zero, corners, span, points.

The readings may be taken in any order: everything is solved from the same counts at the end.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from sensors.calibration import Cell, Scale
from sensors.compensation import SpanCurve, SpanPoint
from sensors.corners import AdjustmentError, solve_corners
from sensors.indication import mpe_initial_g

BLOCKS: Final = 10
ROWS_MIN: Final = 40
STEADY_E: Final = 0.25
DRIFT_E: Final = 0.1
SPIKE_SIGMAS: Final = 8.0
SPIKE_SHARE_MAX: Final = 0.02
EMPTY_SHARE_MAX: Final = 0.02
SPAN_SHARE_MAX: Final = 0.02


class UnsteadyError(AdjustmentError):
    """The deck does not stand still, or a cell does not give its counts; worth another try."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A deck at rest: mean counts per cell, and how far the sum swung and drifted meanwhile."""

    counts: tuple[float, ...]
    swing_g: float
    drift_g: float

    def cells_g(self, scale: Scale) -> npt.NDArray[np.float64]:
        """Grams per cell above the zero of the calibration, shape (cells,)."""
        return scale.to_grams(np.array(self.counts))


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One reading with something on the deck.

    `true_g` may be missing for corners alone: what counts there is that all show the same.
    `where` names the place for the table.
    """

    kind: Literal["span", "corner", "check"]
    reading: Reading
    true_g: int | None = None
    where: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What one load showed before and shows after, against the initial MPE (R 76 table 6)."""

    kind: str
    where: str
    load_g: int
    before_g: float
    after_g: float
    error_before_g: float
    error_after_g: float
    mpe_g: int

    @property
    def ok(self) -> bool:
        """Whether the error afterwards lies within the MPE."""
        return abs(self.error_after_g) <= self.mpe_g


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A calibration as it would become, and the table that speaks for it."""

    before: Scale
    after: Scale
    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        """Whether every load shows within the initial MPE afterwards."""
        return all(row.ok for row in self.rows)


def take_reading(counts: npt.NDArray[np.int64], scale: Scale, max_counts: int) -> Reading:
    """Judge counts (n, cells) of a deck that should be at rest.

    Raises UnsteadyError for too few samples, a cell at saturation, silent or full of spikes, and
    for a sum that swings more than 0.25 e or drifts more than 0.1 e; the message says which.
    """
    if len(counts) < ROWS_MIN:
        raise UnsteadyError(f"only {len(counts)} samples came; {ROWS_MIN} are needed: read longer")
    for cell in np.flatnonzero(np.any(np.abs(counts) >= max_counts, axis=0)):
        raise UnsteadyError(f"cell{cell} is at saturation: take load off, or check its wiring")
    for cell in np.flatnonzero(np.ptp(counts, axis=0) == 0):
        raise UnsteadyError(f"cell{cell} repeats one value: check the cell and its converter")
    clean = _without_spikes(counts.astype(np.float64))
    whole = len(clean) // BLOCKS * BLOCKS
    blocks = clean[-whole:].reshape(BLOCKS, -1, clean.shape[1]).mean(axis=1)
    sums_g = scale.to_grams(blocks).sum(axis=1)
    swing_g = float(np.ptp(sums_g))
    drift_g = float(sums_g[BLOCKS // 2 :].mean() - sums_g[: BLOCKS // 2].mean())
    if swing_g > STEADY_E * scale.e_g or abs(drift_g) > DRIFT_E * scale.e_g:
        raise UnsteadyError(
            f"the deck is not at rest: it swings {swing_g / 1000:.1f} kg and drifts "
            f"{drift_g / 1000:+.1f} kg (at most {STEADY_E * scale.e_g / 1000:g} and "
            f"{DRIFT_E * scale.e_g / 1000:g}); wait, and keep off the deck"
        )
    return Reading(
        counts=tuple(float(value) for value in blocks.mean(axis=0)),
        swing_g=swing_g,
        drift_g=drift_g,
    )


def _without_spikes(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    middle = np.median(counts, axis=0)
    spread = 1.4826 * np.median(np.abs(counts - middle), axis=0)
    spikes = np.abs(counts - middle) > SPIKE_SIGMAS * spread + 1.0
    for cell in np.flatnonzero(spikes.mean(axis=0) > SPIKE_SHARE_MAX):
        raise UnsteadyError(
            f"cell{cell} jumps: something moves on the deck, or it has a bad contact"
        )
    return np.where(spikes, middle, counts)


def check_empty(scale: Scale, zero: Reading) -> None:
    """Refuse a zero further than 2 % of Max from the calibrated one: something is on the deck."""
    gross_g = float(zero.cells_g(scale).sum())
    if abs(gross_g) > EMPTY_SHARE_MAX * scale.max_g:
        raise AdjustmentError(
            f"the deck shows {gross_g / 1000:.0f} kg against the present zero, more than 2 % of "
            "Max: clear the deck; if this scale is new or was rebuilt, say so (--first)"
        )


def adjust(
    scale: Scale,
    zero: Reading,
    loads: Sequence[Load],
    *,
    linearise: bool = False,
    sections: bool = False,
    first: bool = False,
) -> Adjustment:
    """Solve the calibration from one zero and any loads.

    Corners first, then the span as the straight line nearest to all span loads, then, with
    `linearise`, a point at each of them. With `sections` the cells side by side share a factor.
    Raises AdjustmentError for loads beyond the range, an ill-posed set of corners, and a span
    more than 2 % off unless it is the `first`.
    """
    for load in loads:
        _check_load(load, scale)
    spans = [load for load in loads if load.kind == "span"]
    corners = [load for load in loads if load.kind == "corner"]
    after = _with_zero(scale, zero)
    if corners:
        after = _with_corners(after, corners, sections, bool(spans))
    if spans:
        after = _with_span(msgspec.structs.replace(after, span_points=()), spans, first)
        if linearise:
            after = _with_points(after, spans)
    return Adjustment(before=scale, after=after, rows=_rows(scale, after, zero, loads))


def shown_g(scale: Scale, zero: Reading, reading: Reading) -> float:
    """What the scale shows for a reading, counted from the zero of the same session, grams."""
    above_g = reading.cells_g(scale).sum() - zero.cells_g(scale).sum()
    return scale.correct_gross_g(float(above_g))


def _check_load(load: Load, scale: Scale) -> None:
    if load.true_g is None and load.kind != "corner":
        raise AdjustmentError(f"{load.kind} {load.where}: state the load")
    if load.true_g is not None and not 0 <= load.true_g <= scale.max_g:
        raise AdjustmentError(f"{load.kind}: {load.true_g / 1000:g} kg is beyond Max; use less")
    if load.kind == "span" and load.true_g is not None and load.true_g < scale.min_g:
        raise AdjustmentError(
            f"span: {load.true_g / 1000:g} kg is below Min {scale.min_g / 1000:g} kg; use more"
        )


def _with_cells(scale: Scale, cells: Sequence[Cell]) -> Scale:
    return msgspec.structs.replace(scale, cells=tuple(cells))


def _with_zero(scale: Scale, zero: Reading) -> Scale:
    return _with_cells(
        scale,
        [
            msgspec.structs.replace(cell, zero_counts=round(counts, 1))
            for cell, counts in zip(scale.cells, zero.counts, strict=True)
        ],
    )


def _with_corners(
    scale: Scale, corners: Sequence[Load], sections: bool, span_follows: bool
) -> Scale:
    cells_g = np.array([load.reading.cells_g(scale) for load in corners])
    factors = solve_corners(scale, cells_g, sections=sections, span_follows=span_follows)
    return _with_cells(
        scale,
        [
            msgspec.structs.replace(cell, corner_factor=round(float(factor), 7))
            for cell, factor in zip(scale.cells, factors, strict=True)
        ],
    )


def _with_span(scale: Scale, spans: Sequence[Load], first: bool) -> Scale:
    shown = np.array([load.reading.cells_g(scale).sum() for load in spans])
    true = np.array([float(load.true_g or 0) for load in spans])
    if float(shown.min()) <= 0:
        raise AdjustmentError("span: the cells show nothing under the load; check their wiring")
    gain = float(shown @ true / (shown @ shown))
    if abs(gain - 1) > SPAN_SHARE_MAX and not first:
        raise AdjustmentError(
            f"span: the scale shows {100 * (1 / gain - 1):+.1f} % against the stated loads, more "
            "than 2 %: check the loads; if this scale is new or was rebuilt, say so (--first)"
        )
    return _with_cells(
        scale,
        [
            msgspec.structs.replace(cell, counts_per_kg=round(cell.counts_per_kg / gain, 6))
            for cell in scale.cells
        ],
    )


def _with_points(scale: Scale, spans: Sequence[Load]) -> Scale:
    """A point for every load; readings of one load count as their mean."""
    shown: dict[int, list[float]] = {}
    for load in spans:
        shown.setdefault(load.true_g or 0, []).append(float(load.reading.cells_g(scale).sum()))
    points = tuple(
        SpanPoint(shown_g=round(float(np.mean(shown[true_g]))), true_g=true_g)
        for true_g in sorted(shown)
    )
    try:
        SpanCurve(points)
    except ValueError as error:
        raise AdjustmentError(f"span: {error}") from None
    return msgspec.structs.replace(scale, span_points=points)


def _rows(before: Scale, after: Scale, zero: Reading, loads: Sequence[Load]) -> tuple[Row, ...]:
    shown = [(shown_g(before, zero, x.reading), shown_g(after, zero, x.reading)) for x in loads]
    unstated = [pair for pair, load in zip(shown, loads, strict=True) if load.true_g is None]
    means = np.mean(unstated, axis=0) if unstated else np.zeros(2)
    return tuple(
        _row(load, pair, (float(means[0]), float(means[1])), after.e_g)
        for load, pair in zip(loads, shown, strict=True)
    )


def _row(load: Load, shown: tuple[float, float], means: tuple[float, float], e_g: int) -> Row:
    wanted = means if load.true_g is None else (float(load.true_g), float(load.true_g))
    load_g = round(wanted[1])
    return Row(
        kind=load.kind,
        where=load.where,
        load_g=load_g,
        before_g=shown[0],
        after_g=shown[1],
        error_before_g=shown[0] - wanted[0],
        error_after_g=shown[1] - wanted[1],
        mpe_g=mpe_initial_g(load_g, e_g),
    )
