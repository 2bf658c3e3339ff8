"""The file of a 1-wire or hwmon sensor, and the column of a recording."""

import time
from pathlib import Path

import pytest

from hal.bus import Bus
from hal.ports import DeviceFault
from hal.recording import RecordingError, read_recording
from hal.rows import RowReader
from hal.thermometer import FileThermometer, read_celsius


@pytest.mark.parametrize(
    ("text", "celsius"), [("21500\n", 21.5), ("-12062", -12.062), ("0", 0.0), (" 41000 ", 41.0)]
)
def test_thousandths_of_a_degree(tmp_path: Path, text: str, celsius: float) -> None:
    file = tmp_path / "temperature"
    file.write_text(text, encoding="ascii")
    assert read_celsius(file) == celsius


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no whole number"),
        ("21.5", "no whole number"),
        ("warm", "no whole number"),
        ("85000", "supply failed"),
        ("200000", "outside"),
        ("-127000", "outside"),
    ],
)
def test_what_is_no_temperature_is_refused_by_name(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "temperature"
    file.write_text(text, encoding="ascii")
    with pytest.raises(ValueError, match=why):
        read_celsius(file)


def settled(thermometer: FileThermometer) -> float | DeviceFault | None:
    for _ in range(500):
        word = thermometer.read()
        if word is not None:
            return word
        time.sleep(0.01)
    return None


def test_the_file_is_read_aside_and_its_absence_is_a_fault(tmp_path: Path) -> None:
    bus = Bus()
    bus.share("folder", lambda: tmp_path)
    (tmp_path / "here").write_text("7250", encoding="ascii")
    assert settled(FileThermometer(bus, "here")) == 7.25
    word = settled(FileThermometer(bus, "nowhere"))
    assert isinstance(word, DeviceFault)
    assert word.name == "THERMOMETER_SILENT"
    assert "nowhere" in word.device
    with pytest.raises(ValueError, match="at least 1 s"):
        FileThermometer(bus, "here", every_us=10_000)


def test_a_recording_may_have_a_column_of_temperature(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("t_s,cell0,cell1,temp_c\n0.0,1,2,-3.5\n0.1,1,2,-3.25\n", encoding="ascii")
    warm = read_recording(file)
    assert warm.temp_c is not None
    assert warm.temp_c.tolist() == [-3.5, -3.25]
    assert warm.counts.tolist() == [[1, 2], [1, 2]]
    assert RowReader("-", "t_s,cell0,cell1,temp_c").row("0.0,1,2,-3.5").temp_c == -3.5
    file.write_text("t_s,cell0,cell1,temp_c\n0.0,1,2,\n", encoding="ascii")
    with pytest.raises(RecordingError, match=r"temp_c.*empty"):
        read_recording(file)
    file.write_text("t_s,cell0,cell1\n0.0,1,2\n", encoding="ascii")
    assert read_recording(file).temp_c is None
