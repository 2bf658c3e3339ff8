"""`steelyard weigh`: the weighing pipeline on a recorded trace, and its report by class."""

import math
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from sensors.calibration import CalibrationError, IntArray, Scale, scale_from_dict
from sensors.cells import CellHealth
from sensors.indication import indicate_g
from sensors.weigher import Weigher
from sensors.weighing import Event, EventKind, Status, Weighing, WithdrawReason

BEAMS: Final = ("entry_beam", "exit_beam")
ROWS_MAX: Final = 2_000_000
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
    """A trace or its calibration cannot be read; the message says where and what to do."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded passage: times (n,), counts (n, cells) and, where recorded, beams (n, 2)."""

    t_us: IntArray
    counts: IntArray
    beams: IntArray | None


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


def read_trace(path: Path, scale: Scale) -> Trace:
    """Read `t_s, cell0 … cellN[, entry_beam, exit_beam]`; raises TraceError with file and line."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise TraceError(f"{path}: not UTF-8 text; a trace is a CSV file") from None
    if not lines or not lines[0].strip():
        raise TraceError(f"{path}: empty; the first line names the columns t_s, cell0, cell1, …")
    columns = [name.strip() for name in lines[0].split(",")]
    has_beams = _check_columns(path, columns, scale)
    values = _numbers(path, lines, columns)
    order = [columns.index(name) for name in _cell_names(scale)]
    t_us = np.round(values[:, columns.index("t_s")] * 1e6).astype(np.int64)
    _check_time(path, t_us)
    beams = None
    if has_beams:
        beams = values[:, [columns.index(name) for name in BEAMS]].astype(np.int64)
    return Trace(t_us=t_us, counts=np.round(values[:, order]).astype(np.int64), beams=beams)


def _cell_names(scale: Scale) -> list[str]:
    return [f"cell{i}" for i in range(len(scale.cells))]


def _check_columns(path: Path, columns: list[str], scale: Scale) -> bool:
    found = f"found: {', '.join(columns)}"
    cells = [name for name in columns if name.startswith("cell")]
    wanted = _cell_names(scale)
    for name in ["t_s", *wanted[: max(len(cells), 1)]]:
        if name not in columns:
            raise TraceError(f"{path}:1: column {name} is missing; {found}; add it or rename one")
    if len(cells) != len(wanted):
        raise TraceError(
            f"{path}:1: {len(cells)} cell columns, but the scale has {len(wanted)} cells; {found}; "
            "use the calibration that belongs to this trace"
        )
    for name in BEAMS:
        if scale.has_beams and name not in columns:
            raise TraceError(
                f"{path}:1: column {name} is missing, but the scale has beams; {found}; "
                "add it, or set has_beams = false"
            )
    for name in columns:
        if name not in ("t_s", *wanted, *BEAMS) or columns.count(name) > 1:
            raise TraceError(f"{path}:1: column {name} is unknown or doubled; {found}; remove it")
    return all(name in columns for name in BEAMS)


def _numbers(path: Path, lines: list[str], columns: list[str]) -> np.ndarray[Any, Any]:
    if len(lines) > ROWS_MAX:
        raise TraceError(f"{path}: more than {ROWS_MAX} rows; cut it into passages")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = line.split(",")
        if len(fields) != len(columns):
            raise TraceError(
                f"{path}:{number}: {len(fields)} values for {len(columns)} columns; "
                "the row is cut or has an extra comma"
            )
        rows.append([_number(path, number, *pair) for pair in zip(columns, fields, strict=True)])
    if not rows:
        raise TraceError(f"{path}: no samples after the header; record the passage again")
    return np.array(rows)


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 2**40:
        raise TraceError(
            f"{path}:{line}: column {column}: {text.strip()!r} is not a number; "
            "leave the whole row out where the converter gave nothing"
        )
    if column in BEAMS and value not in (0.0, 1.0):
        raise TraceError(f"{path}:{line}: column {column}: {text.strip()!r} is not 0 or 1")
    return value


def _check_time(path: Path, t_us: IntArray) -> None:
    back = np.flatnonzero(np.diff(t_us) <= 0)
    if len(back):
        row = int(back[0])
        raise TraceError(
            f"{path}: t_s goes back from {t_us[row] / 1e6:.4f} s to {t_us[row + 1] / 1e6:.4f} s "
            f"at sample {row + 2}; sort the rows by time"
        )


def run_trace(trace: Trace, scale: Scale) -> tuple[Weigher, Weighing]:
    """Stream a trace through a weigher in the batches of a 50 Hz scan."""
    weigher = Weigher(scale)
    for start in range(0, len(trace.t_us), BATCH):
        rows = slice(start, start + BATCH)
        if trace.beams is None:
            weigher.push(trace.t_us[rows], trace.counts[rows])
        else:
            entry, exit_ = trace.beams[rows, 0], trace.beams[rows, 1]
            weigher.push(trace.t_us[rows], trace.counts[rows], entry, exit_)
    return weigher, weigher.snapshot()


def weigh_trace(trace: Path, scale: Path) -> dict[str, Any]:
    """Weigh a recorded passage; raises TraceError.

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
