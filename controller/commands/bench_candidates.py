"""`steelyard bench modes`: the shipped estimator beside the candidates, on the same traces.

One weigher drives them all: what it hands its estimator is kept on a tape, and every candidate is
played the same tape, look by look, through the stand. So the finding of axles and of the stop is
the same for all, and only the estimators differ. None of them is asked to accept anything here
but by the plain rule that u95 is small enough, so its times are shorter than the product's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from controller.commands.weigh import BATCH, read_scale, read_trace, scale_of
from controller.commands.weigh_truth import GOOD, Truth, quantile, read_truth
from hal.recording import Recording
from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.candidates import CANDIDATES
from sensors.estimator import TICK_S, Estimate, Estimator
from sensors.weigher import Weigher

INSTANTS_S: Final = (0.5, 0.8, 1.2, 2.0, 4.0)
LATE_S: Final = 1.5 * TICK_S
"""An answer to an instant may be that old: the weigher looks every tenth of a second."""

STANDS_LOOKS: Final = 4
BELIEVED_LOOKS: Final = 2
BELIEVED_E: Final = 0.5
BELIEVED_MPE: Final = 0.7
"""A weight is believed as in docs/weighing.md, but by its u95 alone."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a candidate: seconds after the last stop, error and u95 in e, CPU.

    `valid` is whether the whole vehicle and nothing else was on the deck, `stands` whether the
    weigher had found that it stands; `error_e` is None where the candidate had no answer. The CPU
    is that of the look and of the samples since the last one.
    """

    after_stop_s: float
    valid: bool
    stands: bool
    cpu_ms: float
    error_e: float | None = None
    u95_e: float | None = None


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """One trace under every candidate; `limit_e` is the u95 that would be believed."""

    name: str
    limit_e: float
    mpe_e: float
    looks: dict[str, list[Look]]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One call on the tape; of a look also its time and for how many looks the vehicle stood."""

    call: Callable[[Estimator], Estimate | None]
    look_us: int | None = None
    stood: int = 0


class Tape:
    """An `Estimator` that answers nothing and keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._now_us = 0
        self._stood = 0

    def restart(self, at_us: int) -> None:
        """Keep a restart."""
        self.told.append(Told(call=lambda estimator: estimator.restart(at_us)))

    def push(self, t_us: IntArray, cells_g: FloatArray, usable: BoolArray) -> None:
        """Keep samples."""
        taken = t_us.copy(), cells_g.copy(), usable.copy()
        self._now_us = int(t_us[-1])
        self.told.append(Told(call=lambda estimator: estimator.push(*taken)))

    def estimate(self, stopped_us: int | None) -> Estimate | None:
        """Keep a look."""
        self._stood = 0 if stopped_us is None else self._stood + 1
        call = lambda estimator: estimator.estimate(stopped_us)  # noqa: E731
        self.told.append(Told(call=call, look_us=self._now_us, stood=self._stood))
        return None


def record(recording: Recording, scale: Scale, until_s: float) -> Tape:
    """What a weigher tells its estimator of a recording up to a time."""
    tape = Tape()
    weigher = Weigher(scale, tape)
    for start in range(0, int((recording.t_s <= until_s).sum()), BATCH):
        rows = slice(start, start + BATCH)
        beams = (recording.entry_beam, recording.exit_beam)
        entry, leave = (None if beam is None else beam[rows] for beam in beams)
        weigher.push(recording.t_us[rows], recording.counts[rows], entry, leave)
    return tape


def play(tape: Tape, estimator: Estimator, truth: Truth) -> list[Look]:
    """One candidate through the tape."""
    stop_s = max(truth.t_stops_s)
    looks, spent_ns = [], 0
    for told in tape.told:
        began = time.thread_time_ns()
        said = told.call(estimator)
        spent_ns += time.thread_time_ns() - began
        if told.look_us is None:
            continue
        at_s, cpu_ms, spent_ns = told.look_us / 1e6, spent_ns / 1e6, 0
        look = Look(
            after_stop_s=at_s - stop_s,
            valid=any(begin <= at_s <= end for begin, end in truth.valid_intervals),
            stands=told.stood >= STANDS_LOOKS,
            cpu_ms=cpu_ms,
        )
        looks.append(look if said is None else _held(look, said, truth))
    return looks


def _held(look: Look, said: Estimate, truth: Truth) -> Look:
    e_g = 1000 * truth.e_kg
    error_e = (said.weight_g - 1000 * truth.true_mass_kg) / e_g
    return msgspec.structs.replace(look, error_e=error_e, u95_e=said.u95_g / e_g)


def play_trace(
    trace: Path, candidates: Mapping[str, Callable[[Scale], Estimator]] | None = None
) -> Played | None:
    """A good trace under all candidates; None of a bad one. Raises as `read_trace` does."""
    truth = read_truth(trace)
    if truth.expected_verdict != GOOD or not truth.t_stops_s or truth.mpe_kg is None:
        return None
    scale = read_scale(scale_of(trace, None))
    until_s = max(truth.t_stops_s) + INSTANTS_S[-1] + TICK_S
    tape = record(read_trace(trace, scale), scale, until_s)
    chosen = CANDIDATES if candidates is None else candidates
    mpe_e = truth.mpe_kg / truth.e_kg
    return Played(
        name=trace.stem,
        limit_e=min(BELIEVED_E, BELIEVED_MPE * mpe_e),
        mpe_e=mpe_e,
        looks={name: play(tape, make(scale), truth) for name, make in chosen.items()},
    )


class Instant(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that long after the stop: of the traces that still stand untouched the share
    with an answer, |error| in e, and the share of answers whose error u95 covers.
    """

    after_stop_s: float
    traces: int
    answered: float | None
    error_e_p50: float | None
    error_e_p95: float | None
    covered: float | None


class CandidateReport(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate over all traces.

    Believed is the first of two looks in a row at a standing vehicle whose u95 is small enough:
    how many, when, |error| in e then, and how many of them outside the initial MPE.
    """

    name: str
    instants: list[Instant]
    believed: float | None
    believed_s_p50: float | None
    believed_s_p95: float | None
    believed_error_e_p95: float | None
    outside_mpe: int
    cpu_ms_p50: float | None
    cpu_ms_p99: float | None


def reports(played: Sequence[Played]) -> list[CandidateReport]:
    """One report a candidate, in their order."""
    return [_report(name, played) for name in (played[0].looks if played else ())]


def _report(name: str, played: Sequence[Played]) -> CandidateReport:
    first = [(trace, _believed(trace.looks[name], trace.limit_e)) for trace in played]
    given = [(trace.mpe_e, look) for trace, look in first if look is not None]
    waits = [look.after_stop_s for _, look in given]
    errors = [abs(look.error_e or 0.0) for _, look in given]
    cpu_ms = [look.cpu_ms for trace in played for look in trace.looks[name]]
    return CandidateReport(
        name=name,
        instants=[_instant(name, played, at_s) for at_s in INSTANTS_S],
        believed=round(len(given) / len(played), 4) if played else None,
        believed_s_p50=quantile(waits, 50),
        believed_s_p95=quantile(waits, 95),
        believed_error_e_p95=quantile(errors, 95),
        outside_mpe=sum(abs(look.error_e or 0.0) > mpe_e for mpe_e, look in given),
        cpu_ms_p50=quantile(cpu_ms, 50),
        cpu_ms_p99=quantile(cpu_ms, 99),
    )


def _believed(looks: Sequence[Look], limit_e: float) -> Look | None:
    """The look at which acceptance by u95 alone would take the weight."""
    sure = 0
    for look in looks:
        small = look.stands and look.u95_e is not None and look.u95_e <= limit_e
        sure = sure + 1 if small else 0
        if sure >= BELIEVED_LOOKS:
            return look
    return None


def _instant(name: str, played: Sequence[Played], at_s: float) -> Instant:
    seen = [_last(trace.looks[name], at_s) for trace in played]
    due = [look for look in seen if look is not None]
    said = [(abs(e), u) for e, u in ((look.error_e, look.u95_e) for look in due) if e is not None]
    errors = [error for error, _ in said]
    return Instant(
        after_stop_s=at_s,
        traces=len(due),
        answered=round(len(said) / len(due), 4) if due else None,
        error_e_p50=quantile(errors, 50),
        error_e_p95=quantile(errors, 95),
        covered=round(sum(error <= (u or 0.0) for error, u in said) / len(said), 4)
        if said
        else None,
    )


def _last(looks: Sequence[Look], at_s: float) -> Look | None:
    """The newest look at an instant; None where the load is not the whole vehicle's then."""
    before = [look for look in looks if look.after_stop_s <= at_s]
    if not before or before[-1].after_stop_s < at_s - LATE_S or not before[-1].valid:
        return None
    return before[-1]
