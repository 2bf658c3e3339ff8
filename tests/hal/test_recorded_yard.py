"""The recorded yard: recordings, beams and photographs played for a lane that answers."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hal.bus import Bus
from hal.player import Player, Stage, player_of
from hal.ports import CellSamples, Contact, DeviceFault, Drive, Frame
from hal.recording import RecordingError
from hal.trace import TraceApproach, TraceBeam, TraceCamera, TraceCells, TraceClock
from hal.virtual import VirtualGate

STARTS = "2026-11-22T08:00:00+08:00"
SCAN_US = 20_000
EMPTY, LOADED = 1_000, 41_000


def drive_on(*, stays: bool = True) -> list[int]:
    """Counts at 50 Hz: 3 s empty, 2 s boarding, then 5 s standing or 2 s of leaving."""
    rise = np.linspace(EMPTY, LOADED, 100).astype(int).tolist()
    tail = [LOADED] * 250 if stays else [*rise[::-1], *([EMPTY] * 200)]
    return [*([EMPTY] * 150), *rise, *tail]


def write(path: Path, counts: list[int], *, beams: bool = True) -> str:
    rows = ["t_s,cell0,cell1" + (",entry_beam,exit_beam" if beams else "")]
    for i, count in enumerate(counts):
        entry = f",{int(150 <= i < 260)},0" if beams else ""
        rows.append(f"{i * 0.02:.2f},{count},{count + 7}{entry}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


class Yard:
    """One recorded yard with both gates, and a log of what was seen in every scan."""

    def __init__(self, files: list[str], *, gates: bool = True, derive: bool = False) -> None:
        self.bus = Bus()
        self.clock = TraceClock(self.bus, starts=STARTS)
        self.bus.share("clock", lambda: self.clock)
        self.cells = TraceCells(self.bus, files=files)
        self.near = TraceBeam(self.bus, end="yard", derive=derive)
        self.far = TraceBeam(self.bus, end="road", derive=derive)
        self.approach = TraceApproach(self.bus, end="yard")
        self.entry = VirtualGate(self.bus, end="yard") if gates else None
        self.exit = VirtualGate(self.bus, end="road") if gates else None
        self.player: Player = player_of(self.bus)
        self.samples: list[CellSamples] = []
        self.far_seen: set[Contact] = set()

    def run(self, seconds: float, until: Stage | None = None) -> None:
        for _ in range(round(seconds * 1_000_000 / SCAN_US)):
            self.player.advance(SCAN_US)
            samples = self.cells.read()
            assert isinstance(samples, CellSamples)
            self.samples.append(samples)
            self.far_seen.add(self.far.read())
            if self.player.stage is until:
                return

    def column(self, name: str) -> NDArray[np.int64]:
        return np.concatenate([getattr(s, name) for s in self.samples])


def test_the_clock_is_virtual_and_its_wall_time_is_stated(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    before = yard.clock.wall()
    yard.player.advance(1_500_000)
    assert yard.clock.now_us() == 1_500_000
    assert yard.clock.wall().ms - before.ms == 1_500
    assert (before.offset_min, before.synchronised) == (480, False)


@pytest.mark.parametrize("starts", ["yesterday", "2026-11-22T08:00:00"])
def test_a_start_without_an_offset_is_refused(starts: str) -> None:
    with pytest.raises(ValueError, match=r"starts: .*write 2026-11-22T08:00:00\+08:00"):
        TraceClock(Bus(), starts=starts)


def test_the_vehicle_waits_for_the_entry_boom(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    yard.run(60)
    assert yard.player.stage is Stage.WAITING
    assert yard.approach.read() is Contact.BLOCKED
    assert int(yard.column("counts").max()) < EMPTY + 100


def test_the_vehicle_stands_until_the_exit_boom_is_open(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    assert yard.entry is not None
    assert yard.exit is not None
    yard.entry.drive(Drive.RAISE)
    yard.run(30, until=Stage.STANDING)
    yard.entry.drive(Drive.LOWER)
    yard.run(60)
    assert yard.player.stage is Stage.STANDING
    assert yard.approach.read() is Contact.CLEAR
    assert yard.far_seen <= {Contact.CLEAR, Contact.UNKNOWN}
    yard.exit.drive(Drive.RAISE)
    yard.run(30, until=Stage.AWAY)
    assert Contact.BLOCKED in yard.far_seen
    assert yard.player.done
    yard.run(3)
    assert int(yard.column("counts")[-1, 0]) == EMPTY


def test_the_vehicle_does_not_wait_for_its_recording_once_it_is_let_out(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    assert yard.entry is not None
    assert yard.exit is not None
    yard.entry.drive(Drive.RAISE)
    yard.run(30, until=Stage.PLAYING)
    yard.exit.drive(Drive.RAISE)
    seen = {Stage.PLAYING}
    while not yard.player.done:
        yard.run(0.1)
        seen.add(yard.player.stage)
    assert Stage.LEAVING in seen
    assert Stage.STANDING not in seen


def test_a_vehicle_that_drives_off_in_its_recording_does_not_stand(tmp_path: Path) -> None:
    counts = drive_on(stays=False)
    yard = Yard([write(tmp_path / "a.csv", counts[:-180])], gates=True)
    assert yard.entry is not None
    yard.entry.drive(Drive.RAISE)
    yard.run(60)
    assert yard.player.done


def test_the_vehicle_backs_out_where_only_the_entry_boom_is_open(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    assert yard.entry is not None
    yard.entry.drive(Drive.RAISE)
    yard.run(30, until=Stage.LEAVING)
    yard.run(30, until=Stage.AWAY)
    assert yard.far_seen <= {Contact.CLEAR, Contact.UNKNOWN}


def test_what_is_played_was_recorded_and_time_only_rises(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())], gates=False)
    yard.run(60)
    assert set(yard.column("counts")[:, 0].tolist()) <= set(drive_on())
    assert (np.diff(yard.column("t_us")) > 0).all()
    assert int(yard.column("t_us")[-1]) <= yard.clock.now_us()
    entry = yard.column("entry_beam")
    assert entry.dtype == np.int8
    assert set(entry.tolist()) == {0, 1}


def test_recordings_follow_one_another(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.csv", drive_on(stays=n == 0)) for n in range(2)]
    yard = Yard(files, gates=False)
    seen = []
    while not yard.player.done:
        yard.run(1)
        seen.append(yard.player.file)
    assert list(dict.fromkeys(seen)) == files


def test_absent_beams_are_not_fitted_unless_they_are_to_be_derived(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", drive_on(), beams=False)
    for derive, wanted in ((False, {Contact.NOT_FITTED}), (True, {Contact.CLEAR, Contact.BLOCKED})):
        yard = Yard([file], gates=False, derive=derive)
        assert yard.near.read() is Contact.UNKNOWN
        seen = set()
        for _ in range(30):
            yard.run(0.5)
            seen.add(yard.near.read())
        assert seen == wanted
        assert all(s.entry_beam is None for s in yard.samples)


def test_recordings_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    one = write(tmp_path / "a.csv", drive_on())
    other = tmp_path / "b.csv"
    other.write_text("t_s,cell0\n0.0,1\n0.02,1\n", encoding="utf-8")
    with pytest.raises(RecordingError, match="recordings of one deck belong together"):
        Yard([one, str(other)])
    bus = Bus()
    bus.share("cell_count", lambda: 8)
    with pytest.raises(RecordingError, match="the scale has 8 cells"):
        TraceCells(bus, files=[one])
    with pytest.raises(RecordingError, match="0 recordings"):
        TraceCells(Bus(), files=[])


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([EMPTY] * 300, "no vehicle comes onto the deck"),
        (drive_on()[145:], "the deck is not empty for"),
    ],
)
def test_a_recording_without_a_boarding_is_refused(
    tmp_path: Path, counts: list[int], says: str
) -> None:
    with pytest.raises(RecordingError, match=says):
        Yard([write(tmp_path / "a.csv", counts)])


def test_samples_that_nobody_fetches_are_limited_and_reported(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    yard.player.advance(600_000_000)
    fault = yard.cells.read()
    assert isinstance(fault, DeviceFault)
    assert fault.name == "CELLS_SILENT"
    assert isinstance(yard.cells.read(), CellSamples)


def test_time_cannot_go_back(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    with pytest.raises(ValueError, match="time cannot go back"):
        yard.player.advance(-1)


def photograph(path: Path) -> str:
    cv2 = pytest.importorskip("cv2", reason="needs the extra 'vision'")
    pixels = np.random.default_rng(3).integers(0, 255, (48, 160, 3)).astype(np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return str(path)


def test_a_camera_shows_one_picture_a_vehicle(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    files = [photograph(tmp_path / "a.jpg")]
    camera = TraceCamera(yard.bus, end="yard", files=files, cutouts=True)
    assert camera.capture(True) is None
    yard.run(30, until=Stage.WAITING)
    assert camera.capture(False) is None
    frame = camera.capture(True)
    assert isinstance(frame, Frame)
    assert (frame.track, frame.captured_us) == (1, yard.player.now_us)
    assert frame.regions == (((0.0, 0.0), (160.0, 0.0), (160.0, 48.0), (0.0, 48.0)),)
    assert camera.capture(True) is None


def test_a_damaged_or_absent_picture_is_a_fact_and_no_exception(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    cut = Path(photograph(tmp_path / "cut.jpg"))
    cut.write_bytes(cut.read_bytes()[:-100])
    yard.run(30, until=Stage.WAITING)
    for file, says in ((str(cut), "truncated"), (str(tmp_path / "none.jpg"), "No such file")):
        camera = TraceCamera(yard.bus, end="yard", files=[file])
        for _ in range(2):
            fault = camera.capture(True)
            assert isinstance(fault, DeviceFault)
            assert says in fault.seen
            assert file in fault.seen


def test_a_vehicle_without_a_picture_has_none(tmp_path: Path) -> None:
    yard = Yard([write(tmp_path / "a.csv", drive_on())])
    yard.run(30, until=Stage.WAITING)
    assert TraceCamera(yard.bus, end="yard", files=[]).capture(True) is None
