"""`steelyard weigh --plot`: everything that was seen of one passage, gathered for drawing."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from controller.commands.bench_bound import AtWeight, at_weight, disturbed_s
from controller.commands.weigh import TraceError, decide, read_scale, read_trace, scale_of
from controller.commands.weigh_truth import Truth, read_truth
from hal.recording import Recording
from sensors.calibration import Scale
from sensors.indication import mpe_initial_g
from sensors.weighing import Weighing

Floats = NDArray[np.float64]

CLIP_MPE = 2.6
"""The close view shows so many MPE to each side."""
FORMATS = {".png": "weigh_png", ".html": "weigh_page"}
DISTURBS = ("axle_on", "axle_off", "load_changed", "rocking", "person", "withdrawn")
"""Where the truth is not known, these of the weigher's own events end a stand."""


class Wants(Protocol):
    """What `weigh_and_draw` needs to know of the call."""

    @property
    def scale(self) -> Path | None: ...
    @property
    def estimator(self) -> str: ...
    @property
    def plot(self) -> Path | None: ...
    @property
    def truth(self) -> bool: ...


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """One passage as it is drawn: seconds and kilograms above the empty deck.

    ``t_s`` (n,), ``cells_kg`` (n, cells); the estimate (m,) with its u95 (m,) at the instants
    ``estimate_s``; ``beams`` are (name, from, to) while blocked; ``answer`` is what `weigh` says;
    ``bound`` is what physics allowed of an accepted weight.
    """

    name: str
    t_s: Floats
    cells_kg: Floats
    estimate_s: Floats
    estimate_kg: Floats
    estimate_u95_kg: Floats
    axles: list[tuple[float, float]]
    beams: list[tuple[str, float, float]]
    answer: dict[str, Any]
    truth: Truth | None
    scale: Scale
    bound: AtWeight | None = None

    @property
    def sum_kg(self) -> Floats:
        """The load on the whole deck."""
        return np.asarray(self.cells_kg.sum(axis=1))

    @property
    def stop_s(self) -> float | None:
        """The last stop before the acceptance: the true one where it is known, else the seen."""
        at_s = self.answer["accepted_at_s"]
        if self.truth is not None and self.truth.t_stops_s:
            stops = self.truth.t_stops_s
            before = [stop for stop in stops if at_s is None or stop <= at_s]
            return max(before) if before else min(stops)
        stop: float | None = self.answer["stop_at_s"]
        return stop

    @property
    def level_kg(self) -> float | None:
        """The weight that the close view is about: the accepted one, else the last estimate."""
        if self.answer["weight_kg"] is not None:
            return float(self.answer["weight_kg"])
        if len(self.estimate_kg):
            return float(self.estimate_kg[-1])
        return self.truth.true_mass_kg if self.truth is not None else None

    @property
    def truth_words(self) -> str:
        """The key of the true mass; says where it is when the close view does not reach it."""
        level, truth = self.level_kg, self.truth
        if level is None or truth is None:
            return ""
        off_kg = truth.true_mass_kg - level
        if abs(off_kg) <= CLIP_MPE * self.clip_mpe_kg:
            return "true mass"
        return f"true mass ({abs(off_kg):.0f} kg {'above' if off_kg > 0 else 'below'})"

    @property
    def bound_s(self) -> float | None:
        """When the weight could have been known to u95 = half the MPE, by samples of the stand."""
        if self.bound is None or self.bound.rows_s is None or self.stop_s is None:
            return None
        return self.stop_s + self.bound.rows_s

    @property
    def bound_facts(self) -> list[tuple[str, str]]:
        """The Cramér–Rao bound in words: what it says and how far from it this weight is."""
        if self.bound is None or self.stop_s is None:
            return []
        facts = []
        least_kg, stated_kg = self.bound.error_kg, self.answer["u95_kg"] / 2
        if least_kg is None:
            facts.append(("Cramér–Rao bound on s", "none yet: accepted at the stop"))
        else:
            words = f"{least_kg:.1f} kg (stated {stated_kg:.1f} kg, {stated_kg / least_kg:.2f} ×)"
            facts.append(("Cramér–Rao bound on s", words))
        if self.bound.rows_s is None:
            return [*facts, ("bound on the time", "not within 5 s")]
        took_s = self.answer["accepted_at_s"] - self.stop_s
        ratio = f"{took_s / self.bound.rows_s:.2f}".replace("-", "\N{MINUS SIGN}")
        return [*facts, ("bound on the time", f"{self.bound.rows_s:.2f} s (took {ratio} ×)")]

    @property
    def clip_mpe_kg(self) -> float:
        """The MPE by which the close view is cut, also for a weight that has none."""
        return self.mpe_kg or 1.5 * self.scale.e_g / 1000

    @property
    def mpe_kg(self) -> float | None:
        """The initial MPE at that weight."""
        level = self.level_kg
        if level is None or abs(level) * 1000 > 10_000 * self.scale.e_g:
            return None
        return mpe_initial_g(round(level * 1000), self.scale.e_g) / 1000

    @property
    def close_s(self) -> tuple[float, float]:
        """The seconds of the close view: about the stop and the acceptance."""
        end = float(self.t_s[-1])
        at_s, stop = self.answer["accepted_at_s"], self.stop_s
        centre = at_s if at_s is not None else stop if stop is not None else end - 5.0
        first = min(centre, stop if stop is not None else centre) - 1.5
        return max(first, float(self.t_s[0])), min(centre + 5.0, end)


def check_target(target: Path, traces: int) -> None:
    """Refuse a drawing that cannot be made before anything is weighed; raises TraceError."""
    if target.suffix not in FORMATS:
        raise TraceError(f"--plot {target}: draws {' or '.join(FORMATS)}; end the name with one")
    if traces > 1 and "{}" not in target.name:
        raise TraceError(
            f"--plot {target}: one file for {traces} traces; write {{}} for the trace's name: "
            f"--plot '{target.with_name('{}' + target.suffix)}'"
        )
    _drawer(target)


def weigh_and_draw(trace: Path, wants: Wants) -> dict[str, Any]:
    """Weigh one trace and draw it; raises as `weigh_trace` does, and OSError from the disk."""
    assert wants.plot is not None
    truth = read_truth(trace) if wants.truth else None
    drawing = gather(trace, wants.scale, wants.estimator, truth)
    target = wants.plot.with_name(wants.plot.name.replace("{}", trace.stem))
    target.parent.mkdir(parents=True, exist_ok=True)
    _drawer(target)(drawing, target)
    return drawing.answer


def _drawer(target: Path) -> Callable[[Drawing, Path], None]:
    draw: Callable[[Drawing, Path], None] = import_module(
        f"controller.commands.{FORMATS[target.suffix]}"
    ).draw
    return draw


def gather(
    trace: Path, scale: Path | None, estimator: str = "product", truth: Truth | None = None
) -> Drawing:
    """Weigh a trace and keep what a drawing shows; raises as `weigh_trace` does."""
    site = read_scale(scale_of(trace, scale))
    recording = read_trace(trace, site)
    seen: list[tuple[float, float, float]] = []

    def watch(now: Weighing) -> None:
        if now.estimate_g is not None and now.estimate_u95_g is not None:
            seen.append((now.t_us / 1e6, now.estimate_g / 1000, now.estimate_u95_g / 1000))

    answer = decide(recording, site, estimator, watch).answer(str(trace))
    estimates = np.array(seen).reshape(-1, 3)
    drawing = Drawing(
        name=trace.stem,
        t_s=recording.t_s,
        cells_kg=_cells_kg(recording, site),
        estimate_s=estimates[:, 0],
        estimate_kg=estimates[:, 1],
        estimate_u95_kg=estimates[:, 2],
        axles=_axles(answer),
        beams=_beams(recording),
        answer=answer,
        truth=truth,
        scale=site,
    )
    return msgspec.structs.replace(drawing, bound=_bound(drawing, recording))


def _bound(drawing: Drawing, recording: Recording) -> AtWeight | None:
    at_s, stop_s, mpe_kg = drawing.answer["accepted_at_s"], drawing.stop_s, drawing.mpe_kg
    if at_s is None or stop_s is None or mpe_kg is None:
        return None
    if drawing.truth is not None:
        ends = disturbed_s(drawing.truth)
    else:
        ends = [e["t_s"] for e in drawing.answer["events"] if e["event"] in DISTURBS]
    return at_weight(recording, drawing.scale, (stop_s, at_s, ends), mpe_kg)


def _cells_kg(recording: Recording, scale: Scale) -> Floats:
    kilograms = scale.to_grams(recording.counts) / 1000
    empty = max(1, round(scale.rate_hz))
    return np.asarray(kilograms - np.median(kilograms[:empty], axis=0))


def _axles(answer: dict[str, Any]) -> list[tuple[float, float]]:
    kinds = ("axle_on", "axle_off")
    return [(e["t_s"], e["kg"]) for e in answer["events"] if e["event"] in kinds]


def _beams(recording: Recording) -> list[tuple[str, float, float]]:
    out = []
    for name, beam in (("entry", recording.entry_beam), ("exit", recording.exit_beam)):
        if beam is None:
            continue
        edges = np.flatnonzero(np.diff(np.concatenate(([0], beam != 0, [0]))))
        for start, end in edges.reshape(-1, 2).tolist():
            last = min(end, len(recording.t_s) - 1)
            out.append((name, float(recording.t_s[start]), float(recording.t_s[last])))
    return out


def first_of_each(beams: list[tuple[str, float, float]]) -> set[int]:
    """The indices at which a beam's name stands for the first time; only there it is written."""
    names = [name for name, _, _ in beams]
    return {names.index(name) for name in names}
