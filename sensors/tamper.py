"""Changes of the weight curve that no vehicle makes: the signs of a device, a prop or a stuck deck.

The curve is looked at in a window of about three seconds around each instant. A bouncing body is a
decaying tone; a device that is switched on is a step. Both are fitted together, so a step is found
under the bounce and the bounce is not taken for a step. Sources: K3 and K4 of the catalogue in
docs/tamper.md, which also has the measured rates.
"""

from enum import IntEnum
from typing import Final

import msgspec
import numpy as np

from sensors.calibration import FloatArray, Scale
from sensors.step_fit import (
    GAP,
    ROWS,
    SIDE,
    Step,
    StepFit,
    moving_step,
    place_mm,
    proportional,
)

PLATEAUS_MAX: Final = 24
PLATEAU_EVERY: Final = 5
PEAK_TICKS: Final = 5
OFF_MAX: Final = 0.45
RETURN_TICKS: Final = 20
GAP_TICKS_MAX: Final = 2.5
# An axle on the edge of the deck that nobody counted has its lever here; a device has not.
EDGE: Final = 0.1


class TamperKind(IntEnum):
    """What the curve did; PERSON is the ordinary event that looks most like a device."""

    STEP = 1  # a step of a rolling vehicle's load or of the empty deck
    PLATEAU_JUMP = 2  # a standing load went to another level
    SYMMETRIC = 3  # a standing load changed with every cell in the same proportion
    NO_RETURN = 4  # the deck did not come back to zero after the vehicle
    PERSON = 5  # up to `person_g` came or went at one place


class TamperLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What counts: loads in verification intervals e, `sigmas` in standard deviations."""

    standing_e: float = 3.0
    rolling_e: float = 15.0
    empty_e: float = 3.0
    plateau_e: float = 3.0
    return_above_e: float = 10.0
    return_below_e: float = 3.0
    person_g: int = 150_000
    sigmas: float = 7.0


class TamperFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding with what was measured.

    `value_g` is the change (or the rest on the deck) and `u95_g` its uncertainty; `ratio_ppm` the
    same against the load before, where there was one. `cells_g` says how it is shared. `x_mm` and
    `y_mm` place it on the deck, None where the change is too small to be placed.
    """

    kind: TamperKind
    at_us: int
    value_g: int
    u95_g: int
    ratio_ppm: int | None
    u95_ppm: int | None
    cells_g: tuple[int, ...]
    x_mm: int | None
    y_mm: int | None


class _Tick(msgspec.Struct):
    now_us: int
    standing: bool
    empty: bool
    event: bool


class TamperWatch:
    """Watches the curve of one scale; `update` once a tick, constant memory, no clock.

    A finding comes about 1.7 s after its cause, and the watch is blind for a window after it.
    """

    def __init__(self, scale: Scale, limits: TamperLimits | None = None, tick_s: float = 0.1):
        self._scale = scale
        self._limits = limits or TamperLimits()
        self._tick_us = tick_s * 1e6
        self._fit = StepFit(tick_s)
        self._x_m, self._y_m = scale.x_m(), scale.y_m()
        self._dead_g = np.array([float(cell.dead_load_g) for cell in scale.cells])
        self._cells: FloatArray = np.zeros((ROWS, len(scale.cells)))
        self._return = _ReturnWatch(scale, self._limits)
        self.reset()

    def reset(self) -> None:
        """Forget the recent curve, as after a change of the zero or a gap."""
        self._ticks: list[_Tick] = []
        self._best: tuple[float, TamperFinding | None] | None = None
        self._since_best = 0
        self._plateaus: list[tuple[int, FloatArray, float]] = []

    def update(
        self,
        now_us: int,
        cells_g: FloatArray,
        standing: bool,
        empty: bool,
        axle_step: bool,
        beam_edge: bool,
    ) -> tuple[TamperFinding, ...]:
        """Take the means of one tick: cells_g (n,) grams above zero.

        `axle_step` and `beam_edge` are about the last second. `empty` must come from the axles
        counted and the beams, not from the weight, else a prop under the deck hides itself.
        Raises ValueError for another number of cells than the scale has.
        """
        if cells_g.shape != self._x_m.shape:
            raise ValueError(f"cells_g {cells_g.shape}: expected ({len(self._x_m)},)")
        late = self._ticks and now_us - self._ticks[-1].now_us > GAP_TICKS_MAX * self._tick_us
        early = self._ticks and now_us <= self._ticks[-1].now_us
        if late or early or not np.isfinite(cells_g).all():
            self.reset()
            self._return.interrupt()
            if early or not np.isfinite(cells_g).all():
                return ()
        event = axle_step or beam_edge
        self._cells[:-1] = self._cells[1:]
        self._cells[-1] = cells_g
        self._ticks = [*self._ticks[1 - ROWS :], _Tick(now_us, standing, empty, event)]
        found = self._return.update(now_us, cells_g, empty and not event)
        return tuple(f for f in (found, self._look()) if f is not None)

    def _look(self) -> TamperFinding | None:
        if len(self._ticks) < ROWS:
            return None
        if any(tick.event for tick in self._ticks) or not self._alike():
            self._best = None
            self._plateaus.clear()
            return None
        found = self._follow(self._fit.step(self._cells.sum(axis=1)))
        if found is None and self._best is None:
            found = self._compare_plateaus()
        if found is not None:
            self.reset()
        return found

    def _alike(self) -> bool:
        """Whether the deck was empty, or not empty, all through the window."""
        return all(tick.empty == self._ticks[0].empty for tick in self._ticks)

    def _follow(self, step: Step) -> TamperFinding | None:
        """Keep the clearest instant of a step; report it when it has passed."""
        clear = step.sharpness > self._limits.sigmas and step.worst < OFF_MAX * abs(step.value)
        large = clear and abs(step.value) > self._limit_g()
        if large and (self._best is None or step.sharpness > self._best[0]):
            self._best, self._since_best = (step.sharpness, self._describe(step)), 0
        if self._best is None:
            return None
        self._since_best += 1
        if self._since_best <= PEAK_TICKS:
            return None
        found, self._best = self._best[1], None
        return found

    def _limit_g(self) -> float:
        limits, before = self._limits, self._ticks[SIDE - 1]
        if before.empty:
            return limits.empty_e * self._scale.e_g
        return (limits.standing_e if before.standing else limits.rolling_e) * self._scale.e_g

    def _describe(self, step: Step) -> TamperFinding | None:
        before = self._ticks[SIDE - 1]
        at_us = self._ticks[SIDE + GAP // 2].now_us
        load_g = self._cells[:SIDE].mean(axis=0)
        if before.empty or before.standing:
            cells, u_cells = self._fit.cells(self._cells, step.tone)
            other = TamperKind.STEP if before.empty else TamperKind.PLATEAU_JUMP
            kind = self._kind(cells, u_cells, load_g, other)
            return self._finding(kind, at_us, cells, u_cells, step.u, load_g)
        cells = moving_step(self._cells)
        lever_m = float(cells @ self._x_m) / float(cells.sum() or 1.0)
        length_m = self._scale.platform_mm / 1000
        inside = EDGE * length_m < lever_m < (1 - EDGE) * length_m
        if not inside or abs(float(cells.sum())) < abs(step.value) / 2:
            return None
        u_cells = np.full(len(cells), step.u)
        return self._finding(TamperKind.STEP, at_us, cells, u_cells, step.u, load_g)

    def _kind(
        self, cells: FloatArray, u_cells: FloatArray, load_g: FloatArray, other: TamperKind
    ) -> TamperKind:
        load = float(load_g.sum())
        if load > self._scale.min_g and any(
            proportional(cells, u_cells, share) for share in (load_g, load_g + self._dead_g)
        ):
            return TamperKind.SYMMETRIC
        small = abs(float(cells.sum())) <= self._limits.person_g
        return TamperKind.PERSON if small and self._one_place(cells, u_cells) else other

    def _one_place(self, cells: FloatArray, u_cells: FloatArray) -> bool:
        """A person loads two neighbouring rows at most, and no cell goes the other way."""
        sign = np.sign(cells.sum())
        slack = 3 * u_cells + 0.05 * abs(float(cells.sum()))
        rows = np.unique(np.round(self._x_m, 1))
        row_of = np.searchsorted(rows, np.round(self._x_m, 1))
        elsewhere = min(
            float(np.abs(np.where((row_of == k) | (row_of == k + 1), 0.0, cells) / slack).max())
            for k in range(max(len(rows) - 1, 1))
        )
        return elsewhere <= 1 and bool((sign * cells > -slack).all())

    def _compare_plateaus(self) -> TamperFinding | None:
        """A standing load that reached another level by a ramp, however slow within seconds."""
        last = self._ticks[-1]
        if not all(tick.standing for tick in self._ticks):
            self._plateaus.clear()
            return None
        if self._plateaus and last.now_us - self._plateaus[-1][0] < PLATEAU_EVERY * self._tick_us:
            return None
        level, u = self._fit.level(self._cells)
        sigmas = self._limits.sigmas
        if u * sigmas > self._limits.plateau_e * self._scale.e_g:
            return None
        self._plateaus = [*self._plateaus[1 - PLATEAUS_MAX :], (last.now_us, level, u)]
        for at_us, before, u_before in self._plateaus:
            if last.now_us - at_us < ROWS * self._tick_us:
                break
            u_both = float(np.hypot(u, u_before))
            change = level - before
            limit_g = max(self._limits.plateau_e * self._scale.e_g, sigmas * u_both)
            if abs(float(change.sum())) > limit_g:
                u_cells = np.full(len(level), u_both / np.sqrt(len(level)))
                kind = self._kind(change, u_cells, before, TamperKind.PLATEAU_JUMP)
                return self._finding(kind, last.now_us, change, u_cells, u_both, before)
        return None

    def _finding(
        self,
        kind: TamperKind,
        at_us: int,
        cells: FloatArray,
        u_cells: FloatArray,
        u: float,
        load_g: FloatArray,
    ) -> TamperFinding:
        value, load = float(cells.sum()), float(load_g.sum())
        ratio = load > self._scale.min_g
        x_mm, y_mm = place_mm(cells, u_cells, self._x_m, self._y_m)
        return TamperFinding(
            kind=kind,
            at_us=at_us,
            value_g=round(value),
            u95_g=round(2 * u),
            ratio_ppm=round(1e6 * value / load) if ratio else None,
            u95_ppm=round(2e6 * u / load) if ratio else None,
            cells_g=tuple(round(float(c)) for c in cells),
            x_mm=x_mm,
            y_mm=y_mm,
        )


class _ReturnWatch:
    """K3: what is left on the deck when the vehicle has gone, against what was there before."""

    def __init__(self, scale: Scale, limits: TamperLimits) -> None:
        self._scale, self._limits = scale, limits
        self._before: FloatArray | None = None
        self._rows: list[FloatArray] = []
        self._loaded = False

    def interrupt(self) -> None:
        """Samples are missing: start the present look again."""
        self._rows = []

    def update(self, now_us: int, cells_g: FloatArray, empty: bool) -> TamperFinding | None:
        """Take a tick; speaks once after a vehicle, when the empty deck has been steady for 2 s."""
        if not empty:
            self._rows = []
            self._loaded = self._loaded or float(cells_g.sum()) > self._scale.min_g
            return None
        self._rows = [*self._rows[1 - RETURN_TICKS :], cells_g.copy()]
        table = np.array(self._rows)
        steady = float(np.ptp(table.sum(axis=1))) < 2 * self._scale.e_g
        if len(table) < RETURN_TICKS or not steady:
            return None
        # The newest ticks may already hold a tyre on the edge.
        mean = np.asarray(table[: RETURN_TICKS // 2].mean(axis=0))
        before, self._before = self._before, mean
        if not self._loaded or before is None:
            return None
        self._loaded = False
        return self._judge(now_us, mean - before, table)

    def _judge(self, now_us: int, rest: FloatArray, table: FloatArray) -> TamperFinding | None:
        value, e_g = float(rest.sum()), self._scale.e_g
        if -self._limits.return_below_e * e_g <= value <= self._limits.return_above_e * e_g:
            return None
        u_cells = table.std(axis=0) / 2
        x_mm, y_mm = place_mm(rest, u_cells, self._scale.x_m(), self._scale.y_m())
        return TamperFinding(
            kind=TamperKind.NO_RETURN,
            at_us=now_us,
            value_g=round(value),
            u95_g=round(float(table.sum(axis=1).std())),
            ratio_ppm=None,
            u95_ppm=None,
            cells_g=tuple(round(float(c)) for c in rest),
            x_mm=x_mm,
            y_mm=y_mm,
        )
