"""One calibration as it goes: readings come in step by step, a proposal comes out."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from board.scale import ScaleSite
from controller.calibrating.steps import Step
from sensors.adjustment import (
    Adjustment,
    Load,
    Reading,
    adjust,
    check_empty,
    shown_g,
    take_reading,
)
from sensors.compensation import CreepTerm, Temperature
from sensors.corners import AdjustmentError
from sensors.substitution import check_weights, repeatability_g, substitute_g

NEAR_SHARE = 0.03
NEAR_E = 20
CORNER_CELLS = 4


class Session:
    """Collects what the deck shows under known loads; writes nothing.

    ``first`` is for a scale whose present zero and span are no guide. Raises AdjustmentError with
    what to do for every step that cannot be taken as it is; the step may be taken again.
    """

    def __init__(self, site: ScaleSite, *, first: bool = False) -> None:
        self._site = site
        self._scale = site.scale
        self._first = first
        self._loads: list[Load] = []
        self._repeats_g: list[float] = []
        self._weights_g: list[int] = []
        self._substitute_g = 0
        self._on_deck: tuple[int, float] | None = None
        self._sections: bool | None = None
        self.zero: Reading | None = None

    @property
    def repeatability_g(self) -> float | None:
        """The range of the repeated load, grams; None before the third reading."""
        return repeatability_g(self._repeats_g)

    @property
    def span_loads(self) -> int:
        """How many loads the span rests on."""
        return sum(load.kind == "span" for load in self._loads)

    def take(self, step: Step, counts: NDArray[np.int64]) -> str:
        """Take the counts (n, cells) of one step; returns what the deck showed, in words."""
        reading = take_reading(counts, self._scale, self._site.max_counts)
        if step.do == "warm_up":
            return f"swings {_kg(reading.swing_g, 1)}, drifts {_kg(reading.drift_g, 1)}: steady"
        if step.do == "zero":
            return self._take_zero(reading)
        gross_g = self._gross_g(reading)
        if step.do == "repeat":
            return self._take_repeat(step, gross_g)
        if step.do == "substitute":
            return self._take_substitute(gross_g)
        self._take_load(step, reading, gross_g)
        return f"shows {_kg(gross_g)}"

    def proposal(
        self,
        *,
        linearise: bool = False,
        temperature: Temperature | None = None,
        creep: tuple[CreepTerm, ...] = (),
    ) -> Adjustment:
        """Solve what was read; raises AdjustmentError where it gives no calibration."""
        if self.zero is None:
            raise AdjustmentError("zero: missing; read the empty deck first")
        if self._substitute_g:
            top_g, e_g = self._scale.max_g, self._scale.e_g
            check_weights(min(self._weights_g), top_g, e_g, self.repeatability_g)
        done = adjust(
            self._scale,
            self.zero,
            self._loads,
            linearise=linearise,
            sections=bool(self._sections),
            first=self._first,
        )
        after = msgspec.structs.replace(
            done.after,
            temperature=temperature or done.after.temperature,
            creep=creep or done.after.creep,
        )
        return msgspec.structs.replace(done, after=after)

    def warnings(self) -> list[str]:
        """What can be accepted but should be known."""
        scale, found = self._scale, []
        spans_g = [load.true_g or 0 for load in self._loads if load.kind == "span"]
        if spans_g and 2 * max(spans_g) < scale.max_g:
            found.append(
                f"span: the largest load is {_kg(max(spans_g))}, less than half of Max; above it "
                "the span is only extended"
            )
        n = len(scale.cells)
        share_g = scale.max_g // (3 if n <= CORNER_CELLS else n - 1)
        corner_g = [load.true_g for load in self._loads if load.kind == "corner" and load.true_g]
        if not self._sections and corner_g and min(corner_g) < share_g:
            found.append(
                f"corners: {_kg(min(corner_g))}; the eccentricity test of R 76 (3.6.2) takes "
                f"{_kg(share_g)} on {n} supports"
            )
        return found

    def _gross_g(self, reading: Reading) -> float:
        if self.zero is None:
            raise AdjustmentError("zero: missing; read the empty deck before any load")
        return shown_g(self._scale, self.zero, reading)

    def _take_zero(self, reading: Reading) -> str:
        if self._loads:
            raise AdjustmentError(
                'zero: loads have been read from this zero already; read a "check" of 0 kg instead'
            )
        if not self._first:
            check_empty(self._scale, reading)
        self.zero = reading
        moved_g = float(reading.cells_g(self._scale).sum())
        return f"{_kg(moved_g, 1)} from the zero in force"

    def _take_repeat(self, step: Step, gross_g: float) -> str:
        self._check_near(step.load_g or 0, gross_g)
        self._repeats_g.append(gross_g)
        known = self.repeatability_g
        said = "" if known is None else f"; repeats within {known / self._scale.e_g:.2f} e"
        return f"shows {_kg(gross_g, 1)}{said}"

    def _take_substitute(self, gross_g: float) -> str:
        if self._on_deck is None:
            raise AdjustmentError("substitute: read the standard weights (weights) first")
        known_g, weights_shown_g = self._on_deck
        self._substitute_g = substitute_g(known_g, weights_shown_g, gross_g, self._scale.e_g)
        self._on_deck = None
        return f"shows {_kg(gross_g, 1)}; the material is {_kg(self._substitute_g, 1)}"

    def _take_load(self, step: Step, reading: Reading, gross_g: float) -> None:
        true_g = step.load_g
        if step.do == "weights":
            self._weights_g.append(step.load_g or 0)
            true_g = (step.load_g or 0) + self._substitute_g
        if true_g is not None and true_g > 0:
            self._check_near(true_g, gross_g)
        if step.do == "weights":
            self._on_deck = ((true_g or 0), gross_g)
        if step.do == "corner":
            self._choose_sections(step.section is not None)
        kind = "span" if step.do in ("span", "weights") else step.do
        load = Load(kind=kind, reading=reading, true_g=true_g, where=step.where)  # type: ignore[arg-type]
        self._loads.append(load)

    def _choose_sections(self, by_section: bool) -> None:
        if self._sections not in (None, by_section):
            raise AdjustmentError("corners: either over cells or over sections, not both")
        self._sections = by_section

    def _check_near(self, true_g: int, gross_g: float) -> None:
        """A load that was not put on, or is not what was said, is found at once."""
        allowed_g = NEAR_SHARE * true_g + NEAR_E * self._scale.e_g
        if not self._first and abs(gross_g - true_g) > allowed_g:
            raise AdjustmentError(
                f"the deck shows {_kg(gross_g)}, the load is stated as {_kg(true_g)}: put that "
                "load on, or state what is on"
            )


def _kg(grams: float, decimals: int = 0) -> str:
    # The addition turns -0.0 into 0.0.
    return f"{round(grams / 1000, decimals) + 0.0:.{decimals}f} kg"
