"""Changes of the weight curve that no vehicle makes: the signs of a device, a prop or a stuck deck.

The curve is looked at in a window of about three seconds around each instant. A bouncing body is a
decaying tone; a device that is switched on is a step. Both are fitted together, so a step is found
under the bounce and the bounce is not taken for a step. Sources: K3 and K4 of the catalogue in
docs/tamper.md, which also has the measured rates.
"""

import math
from typing import Final

import msgspec
import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.step_fit import (
    GAP,
    NEAR_ROWS,
    ROWS,
    SIDE,
    MovingStep,
    StepFit,
    moving_step,
    place_mm,
    proportional,
)
from sensors.stuck_deck import ReturnWatch
from sensors.sums import row_sums, total, windows
from sensors.tamper_finding import TamperFinding, TamperKind, TamperLimits

PLATEAUS_MAX: Final = 24
PLATEAU_EVERY: Final = 5
PEAK_TICKS: Final = SIDE
GROWING: Final = 1.03
OFF_MAX: Final = 0.45
FLAG_LATE_S: Final = 0.7
GAP_TICKS_MAX: Final = 2.5
# An axle that comes on or off has its lever within this share of an end; a device has not. And the
# step of a device is shared as the load is, up to this sum of differences over the step.
EDGE: Final = 0.2
UNLIKE_MAX: Final = 0.8
ROLLING_SIGMAS: Final = 5.0


class _Tick(msgspec.Struct):
    now_us: int
    standing: bool
    empty: bool
    event: bool
    half_off: bool


_Candidate = tuple[float, TamperFinding]


class TamperWatch:
    """Watches the curve of one scale; `update` once a tick, constant memory, no clock.

    A finding comes about 3 s after its cause.
    """

    def __init__(self, scale: Scale, limits: TamperLimits | None = None, tick_s: float = 0.1):
        self._scale = scale
        self._limits = limits or TamperLimits()
        self._tick_us = tick_s * 1e6
        self._late_ticks = round(FLAG_LATE_S / tick_s)
        self._fit = StepFit.of(tick_s)
        self._x_m, self._y_m = scale.x_m(), scale.y_m()
        self._dead_g = np.array([float(cell.dead_load_g) for cell in scale.cells])
        self._cells: FloatArray = np.zeros((ROWS, len(scale.cells)))
        self._return = ReturnWatch(scale, self._limits)
        self.reset()

    def reset(self) -> None:
        """Forget the recent curve, as after a gap."""
        self._ticks: list[_Tick] = []
        self._quiet_ticks = 0
        self._best: _Candidate | None = None
        self._since_best = 0
        self._plateaus: list[tuple[int, FloatArray, float]] = []
        self._jump_g = 0.0

    def update(
        self,
        now_us: int,
        cells_g: FloatArray,
        standing: bool,
        empty: bool,
        axle_step: bool,
        beam_edge: bool,
        half_off: bool = False,
    ) -> tuple[TamperFinding, ...]:
        """Take the means of one tick: cells_g (n,) grams above the calibrated zero.

        A zero that tracking moves would look like a step of the empty deck. `axle_step` and
        `beam_edge` are about the last second. What stands or rolls `half_off` the deck, in a beam,
        shifts its load onto it and off it by braking alone, so that no step of it counts.
        `empty` must come from the axles counted and the
        beams, not from the weight, else a prop under the deck hides itself.
        Raises ValueError for another number of cells than the scale has.
        """
        if cells_g.shape != self._x_m.shape:
            raise ValueError(f"cells_g {cells_g.shape}: expected ({len(self._x_m)},)")
        if not self._continues(now_us, cells_g):
            self.reset()
            self._return.interrupt()
        if not math.isfinite(total(cells_g)):
            return ()
        event = axle_step or beam_edge
        if not event:
            self._end_event()
        self._cells[:-1] = self._cells[1:]
        self._cells[-1] = cells_g
        tick = _Tick(now_us, standing, empty, event, half_off)
        self._see_quiet(self._ticks[-1] if self._ticks else None, tick)
        self._ticks = [*self._ticks[1 - ROWS :], tick]
        found = self._return.update(now_us, cells_g, empty and not event)
        return tuple(f for f in (found, self._look()) if f is not None)

    @property
    def rests(self) -> bool:
        """Whether the window shows an empty deck and nothing is suspected, so `calm` can tell."""
        quiet = self._best is None and self._is_quiet() and self._ticks[0].empty
        return quiet and self._return.rests

    def calm(self, cells_g: FloatArray, load_g: FloatArray) -> BoolArray:
        """Which of the next ticks (n, cells), with their sums (n,), surely have nothing to say.

        They are of an empty deck that no beam sees, each in its time behind the one before.
        """
        loads_g = np.concatenate((row_sums(self._cells[1:]), load_g))
        limit_g = self._limits.empty_e * self._scale.e_g
        small = self._fit.all_most(windows(loads_g, ROWS, 1, len(load_g))) < 0.999 * limit_g
        rows = np.concatenate((self._cells[-1:], cells_g))
        repeated = (rows[1:] == rows[:-1]).all(axis=1)
        return np.asarray(small & ~repeated & np.isfinite(load_g))

    def rested(self, now_us: IntArray, cells_g: FloatArray, load_g: FloatArray) -> None:
        """Take ticks that are all calm."""
        self._plateaus.clear()
        self._cells = np.concatenate((self._cells, cells_g))[-ROWS:]
        ticks = (_Tick(at_us, False, True, False, False) for at_us in now_us[-ROWS:].tolist())
        self._ticks = [*self._ticks, *ticks][-ROWS:]
        self._quiet_ticks += len(now_us)
        self._return.rested(cells_g, load_g)

    def _continues(self, now_us: int, cells_g: FloatArray) -> bool:
        """Whether this tick goes on where the last one ended: no gap, no jump back, no repeat.

        A mean of noisy samples never comes twice; a converter that repeats itself hides what the
        load did meanwhile, which looks like a step when it wakes up.
        """
        if not self._ticks:
            return True
        since_us = now_us - self._ticks[-1].now_us
        repeated = cells_g.tolist() == self._cells[-1].tolist()
        return 0 < since_us <= GAP_TICKS_MAX * self._tick_us and not repeated

    def _end_event(self) -> None:
        """The flags tell of the last second; what they tell of was over long before they fell."""
        if self._ticks and self._ticks[-1].event:
            for tick in self._ticks[-self._late_ticks :]:
                tick.event = False
            self._count_quiet()

    def _look(self) -> TamperFinding | None:
        if self._is_quiet():
            found = self._follow(self._quiet_step())
            if found is None and self._best is None:
                found = self._compare_plateaus()
        else:
            self._plateaus.clear()
            found = self._follow(self._moving_step())
        if found is not None:
            self._forget_until(found.at_us + round((GAP // 2 + 1) * self._tick_us))
        return found

    def _forget_until(self, at_us: int) -> None:
        """Keep only what came after a finding, so that it is not found again."""
        kept = [tick for tick in self._ticks if tick.now_us > at_us]
        self.reset()
        self._ticks = kept
        self._count_quiet()

    def _is_quiet(self) -> bool:
        """Whether no axle climbed or left in the window, no beam moved and none was blocked."""
        return self._quiet_ticks >= ROWS

    def _count_quiet(self) -> None:
        self._quiet_ticks = 0
        for before, tick in zip([None, *self._ticks], self._ticks, strict=False):
            self._see_quiet(before, tick)

    def _see_quiet(self, before: _Tick | None, tick: _Tick) -> None:
        """Count a tick to the quiet ones before it, with the same word on the deck."""
        alike = before is not None and before.empty == tick.empty
        run = self._quiet_ticks + 1 if alike else 1
        self._quiet_ticks = 0 if tick.event or tick.half_off else run

    def _follow(self, seen: _Candidate | None) -> TamperFinding | None:
        """Keep the clearest instant of a step; report it when it has passed."""
        if seen is not None and (self._best is None or seen[0] > self._best[0]):
            self._best, self._since_best = seen, 0
        if self._best is None:
            return None
        self._since_best += 1
        return self._best[1] if self._since_best > PEAK_TICKS else None

    def _quiet_step(self) -> _Candidate | None:
        """A step under the bounce, in the middle of the window."""
        limits, before = self._limits, self._ticks[SIDE - 1]
        still_e = limits.empty_e if before.empty else limits.standing_e
        still = before.empty or all(tick.standing for tick in self._ticks[SIDE - 1 :])
        limit_g = (still_e if still else limits.rolling_e) * self._scale.e_g
        load_g = row_sums(self._cells)
        if self._fit.most(load_g) <= limit_g:
            return None
        step = self._fit.step(load_g)
        clear = step.sharpness > limits.sigmas and step.worst < OFF_MAX * abs(step.value)
        if not clear or abs(step.value) <= limit_g:
            return None
        if not still:
            start = SIDE + GAP // 2 - NEAR_ROWS // 2
            moved = moving_step(self._cells[start : start + NEAR_ROWS])
            seen = self._by_lever(start, moved, limit_g, step.u)
            return None if seen is None else (step.sharpness, seen)
        cells, u_cells = self._fit.cells(self._cells, step.tone)
        if not before.empty and _pitches(cells):
            return None
        other = TamperKind.STEP if before.empty else TamperKind.PLATEAU_JUMP
        load_before_g = self._cells[:SIDE].mean(axis=0)
        kind = self._kind(cells, u_cells, load_before_g, other)
        at_us = self._ticks[SIDE + GAP // 2].now_us
        return step.sharpness, self._finding(kind, at_us, cells, u_cells, step.u, load_before_g)

    def _moving_step(self) -> _Candidate | None:
        """A large step of a load that rolls or climbs, whatever the axle counter says.

        It is not asked, because it may have taken the very step for an axle.
        """
        near = self._ticks[-NEAR_ROWS:]
        if len(near) < NEAR_ROWS or not any(t.event or not t.standing for t in near):
            return None
        if any(tick.empty or tick.half_off for tick in near):
            return None
        start = len(self._cells) - NEAR_ROWS
        moved = moving_step(self._cells[start:])
        u = moved.u
        limit_g = max(self._limits.rolling_e * self._scale.e_g, ROLLING_SIGMAS * u)
        seen = self._by_lever(start, moved, limit_g, u)
        return None if seen is None else (abs(seen.value_g) / u, seen)

    def _by_lever(
        self, start: int, moved: MovingStep, limit_g: float, u: float
    ) -> TamperFinding | None:
        """A step of the rows from `start` on that acts at the centre of the load.

        An axle comes and goes at an end of the deck, and there is the lever of its step. A device
        acts on all cells, so its lever is that of the load.
        """
        ticks = self._ticks[start - len(self._cells) :][:NEAR_ROWS]
        cells, before_g = moved.cells, moved.before
        value, load = total(cells), total(before_g)
        large = abs(value) > max(limit_g, 2 * u)
        if not large or load < self._scale.min_g or any(tick.empty for tick in ticks):
            return None
        length_m = self._scale.platform_mm / 1000
        lever = float(cells @ self._x_m) / value / length_m
        unlike = float(np.abs(cells - value / load * before_g).sum()) / abs(value)
        if not EDGE < lever < 1 - EDGE or unlike > UNLIKE_MAX:
            return None
        middle = ticks[NEAR_ROWS // 2]
        u_cells = np.full(len(cells), u / np.sqrt(len(cells)))
        kind = TamperKind.SYMMETRIC if middle.standing else TamperKind.STEP
        return self._finding(kind, middle.now_us, cells, u_cells, u, before_g)

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
        if not last.standing or not all(tick.standing for tick in self._ticks):
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
                return self._settled_jump(last.now_us, change, before, u_both)
        return None

    def _settled_jump(
        self, now_us: int, change: FloatArray, before: FloatArray, u: float
    ) -> TamperFinding | None:
        """Wait until the new level stops growing; a window over a ramp shows only a part of it."""
        grown = abs(float(change.sum()))
        if grown > GROWING * self._jump_g:
            self._jump_g = grown
            return None
        u_cells = np.full(len(change), u / np.sqrt(len(change)))
        kind = self._kind(change, u_cells, before, TamperKind.PLATEAU_JUMP)
        return self._finding(kind, now_us, change, u_cells, u, before)

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


def _pitches(cells: FloatArray) -> bool:
    """Whether more went from some cells to others than came on: a body that nods as it sets off."""
    up, down = float(cells.clip(0).sum()), float(-cells.clip(None, 0).sum())
    return min(up, down) > abs(up - down)


__all__ = ["TamperFinding", "TamperKind", "TamperLimits", "TamperWatch"]
