"""Rows of a recording as they arrive, one line at a time: the same rules as for a whole file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hal.recording import (
    BEAM_COLUMNS,
    COUNTS_MAX,
    TEMPERATURE_COLUMN,
    TIME_COLUMN,
    RecordingError,
    check_header,
    check_time,
    numbers_of,
)

LINE_BYTES_MAX = 4_096


class Row(Struct, frozen=True, kw_only=True):
    """One sample: ``t_s`` as written, ``counts`` of shape (cells,), beams 0, 1 or None."""

    t_s: float
    t_us: int
    counts: NDArray[np.int64]
    entry_beam: int | None
    exit_beam: int | None
    temp_c: float | None = None


class RowReader:
    """Turns lines into rows; remembers only the last time and the number of the line.

    Raises:
        RecordingError: a header or a line that ``read_recording`` would refuse; the message names
            ``name``, the line and the column.
    """

    def __init__(self, name: str, header: str, cells: int | None = None) -> None:
        self._name = name
        self._header = [column.strip() for column in header.lstrip("\ufeff").split(",")]
        wanted = check_header(name, self._header, cells)
        self._time = self._header.index(TIME_COLUMN)
        self._cells = [self._header.index(column) for column in wanted]
        self._beams = {c: self._header.index(c) for c in BEAM_COLUMNS if c in self._header}
        warm = TEMPERATURE_COLUMN in self._header
        self._temperature = self._header.index(TEMPERATURE_COLUMN) if warm else None
        self._line = 1
        self._last_us: int | None = None

    @property
    def has_beams(self) -> bool:
        """Whether there is a beam at one end at least."""
        return bool(self._beams)

    def row(self, text: str) -> Row:
        """The next line as a row."""
        self._line += 1
        values = numbers_of(self._name, self._line, self._header, text)
        t_us = round(values[self._time] * 1e6)
        if self._last_us is not None:
            check_time(self._name, self._line, self._last_us, t_us)
        self._last_us = t_us
        beams = {name: self._whole(values, at, 1) for name, at in self._beams.items()}
        return Row(
            t_s=values[self._time],
            t_us=t_us,
            counts=np.array([self._whole(values, at, COUNTS_MAX) for at in self._cells], np.int64),
            entry_beam=beams.get(BEAM_COLUMNS[0]),
            exit_beam=beams.get(BEAM_COLUMNS[1]),
            temp_c=None if self._temperature is None else values[self._temperature],
        )

    def _whole(self, values: list[float], at: int, high: int) -> int:
        value = values[at]
        beam = at in self._beams.values()
        if value != round(value) or not (0 if beam else -high) <= value <= high:
            what = "0 or 1" if beam else "a whole number of ADC counts"
            raise RecordingError(
                f"{self._name}: line {self._line}, column '{self._header[at]}': "
                f"{value:g} is not {what}"
            )
        return int(value)


def read_lines(name: str, stream: BinaryIO) -> Iterator[str]:
    """Text lines of a byte stream as soon as each is complete, blank ones at the end left out.

    Raises:
        RecordingError: bytes that are not UTF-8, a line longer than any recording has, or a blank
            line between others.
    """
    number, blank = 0, 0
    while raw := stream.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > LINE_BYTES_MAX:
            raise RecordingError(
                f"{name}: line {number}: longer than {LINE_BYTES_MAX} bytes; this is no recording"
            )
        try:
            text = raw.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise RecordingError(
                f"{name}: line {number}: not a CSV text in UTF-8: {error}"
            ) from error
        if not text.strip():
            blank = blank or number
            continue
        if blank:
            raise RecordingError(
                f"{name}: line {blank}: blank; the recording is cut or damaged here"
            )
        yield text
