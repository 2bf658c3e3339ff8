"""`steelyard weigh`: the weighing pipeline on a recorded trace, and its report by class."""

import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from hal.recording import Recording, read_recording
from sensors.calibration import CalibrationError, Scale, scale_from_dict
from sensors.cells import CellHealth
from sensors.indication import indicate_g
from sensors.weigher import Weigher
from sensors.weighing import Event, EventKind, Status, Weighing, WithdrawReason

BATCH: Final = 4

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
}


class TraceError(ValueError):
    """A calibration cannot be read or is not the trace's; the message says what to do."""


def read_scale(path: Path) -> Scale:
    """Read the calibration of a trace; raises TraceError with file, key path and remedy."""
    try:
        with path.open("rb") as file:
            return scale_from_dict(tomllib.load(file))
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    except tomllib.TOMLDecodeError as error:
        raise TraceError(f"{path}: not TOML: {error}; correct the file") from None
    except UnicodeDecodeError:
        raise TraceError(f"{path}: not UTF-8 text; a calibration is a TOML file") from None
    except CalibrationError as error:
        raise TraceError(f"{path}: {error}") from None


def read_trace(path: Path, scale: Scale) -> Recording:
    """Read `t_s, cell0 … cellN[, entry_beam, exit_beam]` as recorded on this scale.

    Raises:
        RecordingError: the file cannot be believed; the message says file, line and column.
    """
    recording = read_recording(path, len(scale.cells))
    if scale.has_beams and recording.entry_beam is None:
        raise TraceError(
            f"{path}: line 1: the columns entry_beam and exit_beam are missing, but the scale has "
            "beams; add them, or set has_beams = false"
        )
    return recording


def run_trace(trace: Recording, scale: Scale) -> tuple[Weigher, Weighing]:
    """Stream a trace through a weigher in the batches of a 50 Hz scan."""
    weigher = Weigher(scale)
    for start in range(0, len(trace.t_us), BATCH):
        rows = slice(start, start + BATCH)
        if trace.entry_beam is None or trace.exit_beam is None:
            weigher.push(trace.t_us[rows], trace.counts[rows])
        else:
            beams = trace.entry_beam[rows], trace.exit_beam[rows]
            weigher.push(trace.t_us[rows], trace.counts[rows], *beams)
    return weigher, weigher.snapshot()


def weigh_trace(trace: Path, scale: Path) -> dict[str, Any]:
    """Weigh a recorded passage; raises TraceError or RecordingError.

    The verdict is the status of the vehicle at the end of the recording (or as it left the deck):
    an accepted weight that was not withdrawn is `ok`; nothing after `accepted_at_s` was used for
    it, so a recording cut there says the same. Without an accepted weight and without a named
    cause the passage is `unstable`: it rolled through, was rocked, or never came to rest.
    """
    site = read_scale(scale)
    weigher, last = run_trace(read_trace(trace, site), site)
    verdict = VERDICTS.get(weigher.outcome(), "unstable")
    accepted = verdict == "ok"
    indicated_g = _indicated_g(last, site) if accepted else None
    return {
        "verdict": verdict,
        "weight_kg": _kg(last.weight_g) if accepted else None,
        "indicated_kg": None if indicated_g is None else indicated_g / 1000,
        "u95_kg": _kg(last.u95_g) if accepted else None,
        "accepted_at_s": last.accepted_us / 1e6 if accepted and last.accepted_us else None,
        "axles": last.axles if last.axles > 0 else None,
        "cells": [health.name.lower() for health in last.cells],
        "events": [_event(event) for event in last.events],
    }


def _indicated_g(last: Weighing, scale: Scale) -> int | None:
    return None if last.weight_g is None else indicate_g(last.weight_g, scale)


def _kg(grams: int | None) -> float | None:
    return None if grams is None else round(grams / 1000, 1)


def _event(event: Event) -> dict[str, Any]:
    out: dict[str, Any] = {"t_s": event.t_us / 1e6, "event": event.kind.name.lower()}
    if event.kind in _KILOGRAM_EVENTS:
        out["kg"] = round(event.value / 1000, 1)
    elif event.kind == EventKind.WITHDRAWN:
        out["reason"] = WithdrawReason(event.value).name.lower()
    elif event.kind == EventKind.CELL_FAULT:
        out["cell"] = event.value // 100
        out["fault"] = CellHealth(event.value % 100).name.lower()
    else:
        out["value"] = event.value
    return out


class ClassReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the traces of one class were judged.

    `within_mpe` counts weights inside the initial MPE of the true mass and accepted in a valid
    interval; the times count from the last stop of the vehicle to the acceptance.
    """

    cls: str
    traces: int
    right: int
    accepted: int
    within_mpe: int
    to_accept_s_p50: float | None
    to_accept_s_p95: float | None


def evaluate(folder: Path) -> tuple[ClassReport, ...]:
    """Weigh every `sNNNN.csv` of a folder with truth and report by class; raises TraceError."""
    judged: dict[str, list[tuple[bool, bool, bool, float | None]]] = {}
    for path in sorted(folder.glob("*.csv")):
        truth = _truth(path.with_suffix(".truth.json"))
        result = weigh_trace(path, path.with_suffix(".calib.toml"))
        judged.setdefault(truth["cls"], []).append(_judge(result, truth))
    if not judged:
        raise TraceError(f"{folder}: no *.csv with *.calib.toml and *.truth.json beside it")
    return tuple(_report(cls, rows) for cls, rows in sorted(judged.items()))


def _truth(path: Path) -> dict[str, Any]:
    try:
        truth: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}; add the truth") from None
    except msgspec.DecodeError as error:
        raise TraceError(f"{path}: not JSON: {error}; correct the file") from None
    return truth


def _judge(result: dict[str, Any], truth: dict[str, Any]) -> tuple[bool, bool, bool, float | None]:
    right = result["verdict"] == truth["expected_verdict"]
    if result["verdict"] != "ok":
        return right, False, False, None
    at_s = result["accepted_at_s"]
    valid = any(begin <= at_s <= end for begin, end in truth["valid_intervals"])
    near = abs(result["weight_kg"] - truth["true_mass_kg"]) <= (truth["mpe_kg"] or 0.0)
    stops = [stop for stop in truth["t_stops_s"] if stop <= at_s]
    return right, True, valid and near, at_s - stops[-1] if stops else None


def _report(cls: str, rows: list[tuple[bool, bool, bool, float | None]]) -> ClassReport:
    waits = [row[3] for row in rows if row[3] is not None]
    p50, p95 = np.percentile(waits, [50, 95]) if waits else (None, None)
    return ClassReport(
        cls=cls,
        traces=len(rows),
        right=sum(row[0] for row in rows),
        accepted=sum(row[1] for row in rows),
        within_mpe=sum(row[2] for row in rows),
        to_accept_s_p50=None if p50 is None else round(float(p50), 2),
        to_accept_s_p95=None if p95 is None else round(float(p95), 2),
    )
