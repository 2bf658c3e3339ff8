"""Rows one by one are believed and refused exactly as the whole file is."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hal.recording import Recording, RecordingError, read_recording
from hal.rows import LINE_BYTES_MAX, Row, RowReader, read_lines

HEADER = "t_s,cell0,cell1,entry_beam,exit_beam"
ROWS = [f"{0.02 * i - 0.0002:.4f},{10 + i},{-20 - i},{i % 2},0" for i in range(8)]


def stream(data: bytes) -> list[Row]:
    lines = read_lines("rows", io.BytesIO(data))
    header = next(lines, None)
    if header is None:
        raise RecordingError("rows: is empty")
    reader = RowReader("rows", header)
    rows = [reader.row(text) for text in lines]
    if not rows:
        raise RecordingError("rows: holds no samples")
    return rows


def whole(folder: Path, data: bytes) -> Recording:
    path = folder / "trace.csv"
    path.write_bytes(data)
    return read_recording(path)


def same(rows: list[Row], recording: Recording) -> bool:
    return (
        [row.t_s for row in rows] == recording.t_s.tolist()
        and [row.t_us for row in rows] == recording.t_us.tolist()
        and bool(np.array_equal([row.counts for row in rows], recording.counts))
        and recording.entry_beam is not None
        and [row.entry_beam for row in rows] == recording.entry_beam.tolist()
    )


def test_rows_are_those_of_the_file(tmp_path: Path) -> None:
    for text in (
        "\n".join([HEADER, *ROWS]),
        "\r\n".join([HEADER, *ROWS, ""]),
        "\ufeff" + HEADER + "\n" + ROWS[0],
    ):
        assert same(stream(text.encode()), whole(tmp_path, text.encode()))


FIELDS = st.sampled_from(
    ["", " ", "nan", "inf", "1e400", "x", "1_0", "7.5", "-1", "2", "0", "3e9", "99.0", "0,0", "\n"]
)


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(row=st.integers(0, len(ROWS)), column=st.integers(0, 4), field=FIELDS)
def test_what_the_file_refuses_is_refused_row_by_row(
    tmp_path: Path, row: int, column: int, field: str
) -> None:
    lines = [HEADER, *ROWS]
    fields = lines[row].split(",")
    fields[column] = field
    lines[row] = ",".join(fields)
    data = "\n".join(lines).encode()
    try:
        recording = whole(tmp_path, data)
    except RecordingError:
        with pytest.raises(RecordingError, match="rows: "):
            stream(data)
    else:
        assert same(stream(data), recording)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (HEADER.encode() + b"\n", "holds no samples"),
        (b"\xff\xfe\x00\x01\n", "line 1: not a CSV text"),
        (HEADER.encode() + b"\n0.0,1,2,0\n", "line 2: 4 fields, but the header names 5"),
        (HEADER.encode() + b"\n\n" + ROWS[0].encode(), "line 2: blank"),
        (b"x" * (LINE_BYTES_MAX + 1), "line 1: longer than"),
        (HEADER.encode() + b"\n0.0,1,2,0,0\n0.0,1,2,0,0\n", "line 3, column 't_s': time does not"),
        (HEADER.encode() + b"\n0.0,1,2,0,0\n1.1,1,2,0,0\n", "line 3, column 't_s': 1.1 s without"),
        (HEADER.encode() + b"\n0.0,1,2,0,2\n", "line 2, column 'exit_beam': 2 is not 0 or 1"),
    ],
)
def test_a_damaged_stream_is_refused_by_place(data: bytes, says: str) -> None:
    with pytest.raises(RecordingError) as caught:
        stream(data)
    assert says in str(caught.value)


def test_a_row_is_there_before_the_next_one_arrives() -> None:
    class Slow(io.RawIOBase):
        def __init__(self) -> None:
            self.left = [HEADER.encode() + b"\n", ROWS[0].encode() + b"\n"]

        def readline(self, size: int | None = -1, /) -> bytes:
            assert self.left, "read ahead of what had arrived"
            return self.left.pop(0)

    lines = read_lines("rows", Slow())  # type: ignore[arg-type]
    reader = RowReader("rows", next(lines))
    assert reader.row(next(lines)).counts.tolist() == [10, -20]
