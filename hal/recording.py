"""Recorded deck traces: ``t_s, cell0 … cellN`` in ADC counts, and beams where there are any."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

FILE_BYTES_MAX = 64_000_000
CELLS_MAX = 32
COUNTS_MAX = 2**31
GAP_US_MAX = 1_000_000
TIME_COLUMN = "t_s"
BEAM_COLUMNS = ("entry_beam", "exit_beam")
TEMPERATURE_COLUMN = "temp_c"


class RecordingError(ValueError):
    """A recording that cannot be believed: the message says file, line, column and remedy."""


class Recording(Struct, frozen=True, kw_only=True):
    """One recorded passage.

    ``t_s`` has shape (n,) and holds the times as they are written in the file; ``t_us`` the same
    in int64, rising; ``counts`` (n, cells), int64; the beams have shape (n,), 1 = blocked, and are
    None where the site had none at that end. ``temp_c`` has shape (n,), degrees Celsius, and is
    None where the site had no thermometer.
    """

    path: str
    t_s: NDArray[np.float64]
    t_us: NDArray[np.int64]
    counts: NDArray[np.int64]
    entry_beam: NDArray[np.int8] | None = None
    exit_beam: NDArray[np.int8] | None = None
    temp_c: NDArray[np.float64] | None = None

    @property
    def cells(self) -> int:
        return int(self.counts.shape[1])


def read_recording(path: Path, cells: int | None = None) -> Recording:
    """Read one trace; ``cells`` is the number that the scale has, where it is known.

    Raises:
        RecordingError: no such file, a missing or unknown column, a ragged line, a field that is
            no number, time that does not advance or leaves out more than a second, a beam other
            than 0 or 1, no samples, or another number of cells than the scale has.
    """
    lines = _lines(path)
    header = [name.strip() for name in lines[0].split(",")]
    cell_columns = check_header(path, header, cells)
    table = _numbers(path, header, lines[1:])
    t_s = table[:, header.index(TIME_COLUMN)]
    t_us = np.rint(t_s * 1e6).astype(np.int64)
    steps = np.diff(t_us)
    for at in np.flatnonzero((steps <= 0) | (steps > GAP_US_MAX)):
        check_time(path, int(at) + 3, int(t_us[at]), int(t_us[at + 1]))
    counts = table[:, [header.index(c) for c in cell_columns]]
    _check_values(path, cell_columns, counts, (counts == np.rint(counts)) & _within(counts))
    entry, leave = (_beam(path, header, table, name) for name in BEAM_COLUMNS)
    warm = TEMPERATURE_COLUMN in header
    return Recording(
        path=str(path),
        t_s=t_s.copy(),
        t_us=t_us,
        counts=counts.astype(np.int64),
        entry_beam=entry,
        exit_beam=leave,
        temp_c=table[:, header.index(TEMPERATURE_COLUMN)].copy() if warm else None,
    )


def check_time(path: Path | str, line: int, before_us: int, now_us: int) -> None:
    """Refuse a sample that does not come after the one before it, or too long after it."""
    where = f"{path}: line {line}, column '{TIME_COLUMN}'"
    if now_us <= before_us:
        raise RecordingError(
            f"{where}: time does not advance: {now_us / 1e6} s after {before_us / 1e6} s; "
            "samples must be in order"
        )
    if now_us - before_us > GAP_US_MAX:
        raise RecordingError(
            f"{where}: {(now_us - before_us) / 1e6:g} s without a sample before {now_us / 1e6} s; "
            f"at most {GAP_US_MAX / 1e6:g} s may be missing: record again, or cut the recording "
            "here and weigh one part"
        )


def _lines(path: Path) -> list[str]:
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise RecordingError(f"{path}: {size} bytes; the limit is {FILE_BYTES_MAX}")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path}: not a CSV text in UTF-8: {error}") from error
    lines = text.rstrip().splitlines()
    if len(lines) < 2:
        what = "holds no samples below its header" if lines else "is empty"
        raise RecordingError(f"{path}: {what}; the columns are t_s, cell0 … cellN")
    return lines


def check_header(path: Path | str, header: list[str], cells: int | None) -> list[str]:
    """The names of the cell columns in order; raises RecordingError as ``read_recording`` does."""
    for name in header:
        if header.count(name) > 1:
            raise RecordingError(f"{path}: line 1: column '{name}' stands there twice")
    found = sum(1 for name in header if name.startswith("cell"))
    wanted = [f"cell{i}" for i in range(max(found, 1))]
    known = [TIME_COLUMN, *wanted, *BEAM_COLUMNS, TEMPERATURE_COLUMN]
    there = f"found: {', '.join(header)}"
    for name in (TIME_COLUMN, *wanted):
        if name not in header:
            near = difflib.get_close_matches(name, set(header) - set(known), n=1)
            hint = f"rename '{near[0]}' if that is it" if near else "add it"
            text = f"{path}: line 1: column '{name}' is missing; {there}; {hint}"
            raise RecordingError(text)
    for name in header:
        if name not in known:
            near = difflib.get_close_matches(name, set(known) - set(header), n=1)
            hint = f"rename it to '{near[0]}' if that is it" if near else "remove or rename it"
            raise RecordingError(
                f"{path}: line 1: nothing reads the column '{name}'; "
                f"known: {', '.join(known)}; {hint}"
            )
    if found > CELLS_MAX or (cells is not None and found != cells):
        limit = CELLS_MAX if cells is None else cells
        raise RecordingError(
            f"{path}: line 1: {found} cell columns, but the scale has {limit} cells; "
            f"{there}; give the scale file that belongs to this recording"
        )
    return wanted


def _numbers(path: Path, header: list[str], lines: list[str]) -> NDArray[np.float64]:
    """All fields as numbers, by numpy where every line is well formed, else to the bad field."""
    commas = len(header) - 1
    text = ",".join(lines)
    # Python reads 1_000 as a number; no recorder writes it.
    if "_" not in text and all(line.count(",") == commas for line in lines):
        try:
            table = np.array(text.split(",")).astype(np.float64)
        except ValueError:
            table = None
        if table is not None and np.isfinite(table).all():
            return table.reshape(len(lines), len(header))
    raise RecordingError(_first_bad(path, header, lines))


def _first_bad(path: Path, header: list[str], lines: list[str]) -> str:
    for number, line in enumerate(lines, start=2):
        try:
            numbers_of(path, number, header, line)
        except RecordingError as error:
            return str(error)
    return f"{path}: holds a field that is no number"


def numbers_of(path: Path | str, number: int, header: list[str], line: str) -> list[float]:
    """The fields of one line; raises RecordingError naming the line and the column."""
    fields = line.split(",")
    if len(fields) != len(header):
        raise RecordingError(
            f"{path}: line {number}: {len(fields)} fields, but the header names {len(header)}; "
            "the recording is cut or damaged here"
        )
    values = []
    for name, field in zip(header, fields, strict=True):
        try:
            value = float(field.replace("_", "x"))
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            shown = field if len(field) <= 40 else field[:40] + "…"
            what = f"'{shown}' is no number" if field.strip() else "the field is empty"
            raise RecordingError(
                f"{path}: line {number}, column '{name}': {what}; the recording is damaged here: "
                "record again, or cut it before this line"
            )
        values.append(value)
    return values


def _within(counts: NDArray[np.float64]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.abs(counts) <= COUNTS_MAX
    return inside


def _beam(
    path: Path, header: list[str], table: NDArray[np.float64], name: str
) -> NDArray[np.int8] | None:
    if name not in header:
        return None
    values = table[:, [header.index(name)]]
    _check_values(path, [name], values, (values == 0) | (values == 1))
    return values[:, 0].astype(np.int8)


def _check_values(
    path: Path, names: list[str], values: NDArray[np.float64], good: NDArray[np.bool_]
) -> None:
    bad = np.argwhere(~good)
    if bad.size:
        row, column = (int(i) for i in bad[0])
        what = "0 or 1" if names[column] in BEAM_COLUMNS else "a whole number of ADC counts"
        raise RecordingError(
            f"{path}: line {row + 2}, column '{names[column]}': "
            f"{values[row, column]:g} is not {what}"
        )
