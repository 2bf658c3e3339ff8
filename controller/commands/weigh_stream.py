"""`steelyard weigh -`: rows from standard input, weighed one by one as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from controller.commands.weigh import (
    RATE_ROWS,
    Decider,
    TraceError,
    check_beams,
    check_rate,
    read_scale,
)
from hal.recording import RecordingError
from hal.rows import Row, RowReader, read_lines

NAME: Final = "standard input"


def weigh_stream(
    stream: BinaryIO,
    scale: Path | None,
    estimator: str = "product",
    announce: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Weigh rows of CSV text, header first, until the stream ends; memory does not grow.

    `announce` is told of the accepted weight at the very row that decided it.

    Raises:
        TraceError: no calibration is named, or it is not the stream's.
        RecordingError: a line that cannot be believed; the message says line and column.
    """
    if scale is None:
        raise TraceError("-: rows from standard input need the calibration: add --scale SCALE.toml")
    site = read_scale(scale)
    lines = read_lines(NAME, stream)
    reader = RowReader(NAME, _header(lines), len(site.cells))
    check_beams(NAME, reader.has_beams, site)
    decider = Decider(site, estimator)
    first_us: list[int] = []
    for text in lines:
        row = reader.row(text)
        if len(first_us) < 2 * RATE_ROWS:
            first_us.append(row.t_us)
            if len(first_us) == 2 * RATE_ROWS:
                check_rate(NAME, np.array(first_us), site)
        if _push(decider, row) and announce is not None:
            announce(_accepted(decider))
    if not first_us:
        raise RecordingError(f"{NAME}: holds no samples below its header")
    return decider.answer("-")


def _header(lines: Iterator[str]) -> str:
    header = next(lines, None)
    if header is None:
        raise RecordingError(f"{NAME}: is empty; the columns are t_s, cell0 … cellN")
    return header


def _push(decider: Decider, row: Row) -> bool:
    return decider.push(
        np.array([row.t_s]),
        np.array([row.t_us], np.int64),
        row.counts[np.newaxis, :],
        None if row.entry_beam is None else np.array([row.entry_beam], np.int8),
        None if row.exit_beam is None else np.array([row.exit_beam], np.int8),
        row.temp_c,
    )


def _accepted(decider: Decider) -> str:
    decision = decider.decision
    assert decision is not None
    assert decision.weight_g is not None
    assert decision.u95_g is not None
    kilograms, u95 = decision.weight_g / 1000, decision.u95_g / 1000
    return f"{decider.accepted_s} s: accepted {kilograms:.1f} kg ± {u95:.1f} kg"
