"""A recording is believed whole or refused with file, line, column and remedy."""

from pathlib import Path

import numpy as np
import pytest

from hal.recording import RecordingError, read_recording

GOOD = "t_s,cell0,cell1,entry_beam,exit_beam\n-0.0002,10,20,0,0\n0.0123,11,21,1,0\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "passage.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_counts_times_and_beams_are_read(tmp_path: Path) -> None:
    recording = read_recording(write(tmp_path, GOOD), cells=2)
    assert recording.t_us.tolist() == [-200, 12_300]
    assert recording.counts.tolist() == [[10, 20], [11, 21]]
    assert recording.entry_beam is not None
    assert recording.exit_beam is not None
    assert recording.entry_beam.tolist() == [0, 1]
    assert recording.exit_beam.tolist() == [0, 0]
    assert recording.counts.dtype == np.int64


def test_columns_may_stand_in_any_order_and_beams_may_be_absent(tmp_path: Path) -> None:
    recording = read_recording(write(tmp_path, "cell1,t_s,cell0\n20,0.0,10\n"))
    assert recording.counts.tolist() == [[10, 20]]
    assert recording.entry_beam is None
    assert recording.exit_beam is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("t_s,", "", "column 't_s' is missing"),
        ("t_s,", "t_ms,", "column 't_s' is missing; found: t_ms"),
        ("cell1", "cell2", "column 'cell1' is missing"),
        ("cell1", "cell0", "column 'cell0' stands there twice"),
        (",exit_beam", "", "line 2: 5 fields, but the header names 4"),
        (
            "exit_beam",
            "exit_bean",
            "'exit_bean'; known: t_s, cell0, cell1, entry_beam, exit_beam, temp_c; ",
        ),
        ("exit_beam", "exit_bean", "rename it to 'exit_beam' if that is it"),
        ("0.0123,11,21,1,0", "0.0123,11,21", "line 3: 3 fields, but the header names 5"),
        ("11,21", "11,", "line 3, column 'cell1': the field is empty"),
        ("11,21", "11,2_1", "line 3, column 'cell1': '2_1' is no number"),
        ("0.0123", "1.0123", "line 3, column 't_s': 1.0125 s without a sample before 1.0123 s"),
        ("11,21", "11,x", "line 3, column 'cell1': 'x' is no number"),
        ("11,21", "11,nan", "line 3, column 'cell1': 'nan' is no number"),
        ("11,21", "11,21.5", "line 3, column 'cell1': 21.5 is not a whole number"),
        ("11,21", "11,9e99", "line 3, column 'cell1': 9e+99 is not a whole number"),
        ("0.0123", "-0.5", "line 3, column 't_s': time does not advance"),
        ("0.0123", "-0.0002", "line 3, column 't_s': time does not advance"),
        (",21,1,0", ",21,2,0", "line 3, column 'entry_beam': 2 is not 0 or 1"),
    ],
)
def test_a_damaged_recording_is_refused_by_place(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


def test_a_site_may_have_one_beam_only(tmp_path: Path) -> None:
    recording = read_recording(write(tmp_path, "t_s,cell0,exit_beam\n0.0,1,0\n0.1,1,1\n"))
    assert recording.entry_beam is None
    assert recording.exit_beam is not None
    assert recording.exit_beam.tolist() == [0, 1]


def test_another_number_of_cells_than_the_scale_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="2 cell columns, but the scale has 8 cells"):
        read_recording(write(tmp_path, GOOD), cells=8)


@pytest.mark.parametrize("text", ["", "\n\n", "t_s,cell0\n"])
def test_a_recording_without_samples_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RecordingError, match=r"is empty|holds no samples"):
        read_recording(write(tmp_path, text))


def test_an_absent_file_and_a_file_of_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read: No such file"):
        read_recording(tmp_path / "none.csv")
    path = tmp_path / "bytes.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(RecordingError, match="not a CSV text"):
        read_recording(path)


def test_every_shared_recording_is_read() -> None:
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "traces"
    files = sorted(folder.glob("*.csv"))[::20]
    if not files:
        pytest.skip(f"no recordings in {folder}")
    for file in files:
        assert read_recording(file).t_us.size > 1_000
