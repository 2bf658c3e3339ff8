"""`steelyard weigh`: the weighing pipeline on one recorded trace; its first decision is final."""

from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from board.calibration_file import CalibrationFileError, read_standing
from hal.recording import Recording, RecordingError, read_recording
from sensors.calibration import CalibrationError, IntArray, Scale, scale_from_dict
from sensors.cells import CellHealth
from sensors.estimator import Estimator, PlainWindow
from sensors.indication import indicate_g
from sensors.weigher import Weigher
from sensors.weighing import Event, EventKind, Status, Weighing, WithdrawReason

BATCH: Final = 4
RATE_SHARE: Final = 0.05
RATE_ROWS: Final = 32

ESTIMATORS: Final[Mapping[str, Callable[[Scale], Estimator] | None]] = {
    "product": None,
    "window": PlainWindow,
}
"""What `--estimator` may name; None is the weigher's own choice."""

VERDICTS: Final = {
    Status.ACCEPTED: "ok",
    Status.NOT_FULLY_ON: "not_fully_on",
    Status.TAILGATE: "tailgate",
    Status.CELL_FAULT: "cell_fault",
}
_KILOGRAM_EVENTS: Final = {
    EventKind.AXLE_ON,
    EventKind.AXLE_OFF,
    EventKind.ACCEPTED,
    EventKind.TAILGATE,
    EventKind.LOAD_CHANGED,
    EventKind.ROCKING,
    EventKind.UNSTABLE,
    EventKind.ZERO_SET,
    EventKind.ZERO_REFUSED,
    EventKind.TAMPER_STEP,
    EventKind.TAMPER_JUMP,
    EventKind.TAMPER_SYMMETRIC,
    EventKind.TAMPER_NO_RETURN,
    EventKind.PERSON,
    EventKind.ZERO_RETURNED,
    EventKind.ZERO_NOT_RETURNED,
    EventKind.ZERO_DRIFTS,
}


class TraceError(ValueError):
    """A calibration cannot be read or is not the trace's; the message says what to do."""


def read_scale(path: Path) -> Scale:
    """Read the calibration of a trace; raises TraceError with file, key path and remedy.

    A file that `steelyard calibrate` sealed must still fit its seal and its history; a sheet
    without a seal, as a workshop or a recording has it, is taken as it is.
    """
    try:
        return scale_from_dict(read_standing(path).table)
    except CalibrationFileError as error:
        missing = "" if path.is_file() else "; put the calibration there, or name it with --scale"
        raise TraceError(f"{error}{missing}") from None
    except CalibrationError as error:
        raise TraceError(f"{path}: {error}") from None


def scale_of(trace: Path, scale: Path | None) -> Path:
    """The calibration of a trace: the one that is named, else `NAME.calib.toml` beside it."""
    return trace.with_suffix(".calib.toml") if scale is None else scale


def read_trace(path: Path, scale: Scale) -> Recording:
    """Read `t_s, cell0 … cellN[, entry_beam, exit_beam]` as recorded on this scale.

    Raises:
        RecordingError: the file cannot be believed; the message says file, line and column.
        TraceError: it is not a recording of this scale.
    """
    recording = read_recording(path, len(scale.cells))
    beams = (recording.entry_beam, recording.exit_beam)
    check_beams(str(path), any(beam is not None for beam in beams), scale)
    check_rate(str(path), recording.t_us[: 16 * RATE_ROWS], scale)
    return recording


def check_beams(name: str, has_beams: bool, scale: Scale) -> None:
    """Refuse a recording without the beams that the scale has; raises TraceError."""
    if scale.has_beams and not has_beams:
        raise TraceError(
            f"{name}: line 1: the columns entry_beam and exit_beam are missing, but the scale has "
            "beams; add them, or set has_beams = false"
        )


def check_rate(name: str, t_us: IntArray, scale: Scale) -> None:
    """Refuse samples at another rate than the scale's; raises TraceError."""
    if len(t_us) < RATE_ROWS:
        return
    rate_hz = 1e6 / float(np.median(np.diff(t_us)))
    if abs(rate_hz / scale.rate_hz - 1) > RATE_SHARE:
        raise TraceError(
            f"{name}: column 't_s': {rate_hz:.1f} samples a second, but the scale gives "
            f"{scale.rate_hz:g} (fs_hz); give the calibration that belongs to this recording, or "
            "correct fs_hz"
        )


class Decider:
    """Streams samples through a weigher and keeps what it decided first.

    Nothing that comes after the decision changes it; only `events` and `withdrawn` tell of it.
    Memory is that of the weigher and of the last samples' times.
    """

    def __init__(self, scale: Scale, estimator: str = "product") -> None:
        self.scale = scale
        self.weigher = Weigher(scale, make_estimator(estimator, scale))
        self.decision: Weighing | None = None
        self.accepted_s: float | None = None
        self._times: deque[tuple[int, float]] = deque(maxlen=round(scale.rate_hz) + 8 * BATCH)

    def push(
        self,
        t_s: npt.NDArray[np.float64],
        t_us: IntArray,
        counts: IntArray,
        entry_beam: npt.NDArray[Any] | None,
        exit_beam: npt.NDArray[Any] | None,
        temp_c: float | None = None,
    ) -> bool:
        """Take samples (n,) with counts (n, cells); returns whether a weight was accepted now."""
        if temp_c is not None:
            self.weigher.see_temperature(int(t_us[0]), temp_c)
        self.weigher.push(t_us, counts, entry_beam, exit_beam)
        if self.decision is not None:
            return False
        self._times.extend(zip(t_us.tolist(), t_s.tolist(), strict=True))
        if self.weigher.outcome() != Status.ACCEPTED:
            return False
        self.decision = self.weigher.snapshot()
        at_us = self.decision.accepted_us
        self.accepted_s = next(
            written for us, written in self._times if at_us is None or us >= at_us
        )
        return True

    def answer(self, trace: str) -> dict[str, Any]:
        """What is known of the passage at the end of the recording, as `weigh --json` prints it."""
        last = self.weigher.snapshot()
        decided = self.decision
        shown = decided or last
        accepted = decided is not None
        weight_g = decided.weight_g if decided else None
        return {
            "trace": trace,
            "verdict": "ok" if accepted else VERDICTS.get(self.weigher.outcome(), "unstable"),
            "weight_kg": _kg(weight_g),
            "weight_rounded_kg": self._rounded_kg(weight_g),
            "u95_kg": _kg(decided.u95_g) if decided else None,
            "accepted_at_s": self.accepted_s,
            "stop_at_s": None if shown.stopped_us is None else shown.stopped_us / 1e6,
            "axles": shown.axles if shown.axles > 0 else None,
            "axles_confidence": shown.axles_confidence_ppm / 1e6 if shown.axles > 0 else None,
            "axle_loads_kg": [load_g / 1000 for load_g in shown.axle_loads_g],
            "axle_loads_u95_kg": [u95_g / 1000 for u95_g in shown.axle_loads_u95_g],
            "axle_spacings_m": _spacings_m(shown.axle_offsets_mm),
            "axle_spacings_u95_m": [u95_mm / 1000 for u95_mm in shown.axle_spacings_u95_mm],
            "temperature_c": None if shown.temperature_mc is None else shown.temperature_mc / 1000,
            "compensation": shown.compensation.name.lower(),
            "cells": [health.name.lower() for health in shown.cells],
            "degraded": None if accepted else self._degraded(),
            "withdrawn": _withdrawn(last.events, decided),
            "events": [_event(event) for event in _all_events(decided, last)],
        }

    def _degraded(self) -> dict[str, Any] | None:
        """The estimate without the cells named bad, or why there is none; never evidence."""
        found = self.weigher.degraded_weight()
        return None if found is None else _plain(msgspec.to_builtins(found))

    def _rounded_kg(self, weight_g: int | None) -> float | None:
        return None if weight_g is None else _kg(indicate_g(weight_g, self.scale))


def make_estimator(name: str, scale: Scale) -> Estimator | None:
    """The estimator that `--estimator` names; raises TraceError for an unknown name."""
    if name not in ESTIMATORS:
        raise TraceError(f"--estimator {name}: unknown; choose one of {', '.join(ESTIMATORS)}")
    make = ESTIMATORS[name]
    return None if make is None else make(scale)


def decide(
    trace: Recording,
    scale: Scale,
    estimator: str = "product",
    watch: Callable[[Weighing], None] | None = None,
) -> Decider:
    """Stream a trace in the batches of a 50 Hz scan; `watch` sees the state after each."""
    decider = Decider(scale, estimator)
    for start in range(0, len(trace.t_us), BATCH):
        rows = slice(start, start + BATCH)
        beams = (trace.entry_beam, trace.exit_beam)
        entry, leave = (None if beam is None else beam[rows] for beam in beams)
        celsius = None if trace.temp_c is None else float(trace.temp_c[start])
        decider.push(trace.t_s[rows], trace.t_us[rows], trace.counts[rows], entry, leave, celsius)
        if watch is not None:
            watch(decider.weigher.snapshot())
    return decider


def weigh_trace(
    trace: Path, scale: Path | None = None, estimator: str = "product"
) -> dict[str, Any]:
    """Weigh a recorded passage; raises TraceError or RecordingError.

    The first decision is final: once a weight is accepted, the answer is that weight at that
    moment, and a recording cut right after `accepted_at_s` says the same. A weight that the
    weigher takes back later is told in `withdrawn` and `events`. Without an accepted weight the
    verdict is how the passage stands at the end of the recording; one without a named cause is
    `unstable`: it rolled through, was rocked, or never came to rest.
    """
    if not trace.exists():
        raise TraceError(f"{trace}: cannot be read: No such file; check the path")
    site = read_scale(scale_of(trace, scale))
    return decide(read_trace(trace, site), site, estimator).answer(str(trace))


def _plain(table: dict[str, Any]) -> dict[str, Any]:
    """The same in kilograms, as everything that the command prints."""
    kilograms = {
        f"{key[:-2]}_kg": value / 1000 for key, value in table.items() if key.endswith("_g")
    }
    rest = {key: value for key, value in table.items() if not key.endswith(("_g", "type"))}
    return kilograms | rest


def _kg(grams: int | None) -> float | None:
    return None if grams is None else grams / 1000


def _spacings_m(offsets_mm: tuple[int, ...]) -> list[float]:
    return [(later - earlier) / 1000 for earlier, later in pairwise(offsets_mm)]


def _all_events(decided: Weighing | None, last: Weighing) -> list[Event]:
    """The weigher keeps only the newest events; the decision may remember older ones."""
    earlier = decided.events if decided else ()
    events = [*earlier, *(event for event in last.events if event not in earlier)]
    return sorted(events, key=lambda event: event.t_us)


def _withdrawn(events: tuple[Event, ...], decided: Weighing | None) -> str | None:
    """Why the accepted weight was taken back later, if it was."""
    if decided is None or decided.accepted_us is None:
        return None
    for event in events:
        if event.kind == EventKind.WITHDRAWN and event.t_us >= decided.accepted_us:
            return WithdrawReason(event.value).name.lower()
    return None


def _event(event: Event) -> dict[str, Any]:
    out: dict[str, Any] = {"t_s": event.t_us / 1e6, "event": event.kind.name.lower()}
    if event.kind in _KILOGRAM_EVENTS:
        out["kg"] = event.value / 1000
    elif event.kind == EventKind.WITHDRAWN:
        out["reason"] = WithdrawReason(event.value).name.lower()
    elif event.kind == EventKind.CELL_FAULT:
        out["cell"] = event.value // 100
        out["fault"] = CellHealth(event.value % 100).name.lower()
    else:
        out["value"] = event.value
    return out


__all__ = ["Decider", "RecordingError", "TraceError", "decide", "weigh_trace"]
