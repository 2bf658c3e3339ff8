"""From cameras to facts: whose frame it is, what is not read and why, a lane without a reader."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from dataclasses import replace as rebuilt
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from recognition_rig import QUAD, Desk, SteeredEyes

from board.build import Board, Side, build
from board.profile import read_profile
from controller import media
from controller.assembly import assemble
from controller.core.faults import Fault
from controller.core.images import OutputImage, PlateRead
from controller.core.kinds import End, Phase, PlateStand, View
from controller.media import Cutouts
from controller.reading import FLAWS_MAX, FRAME_AGE_US_MAX, HINTED_MAX, Reading
from controller.recognition.inline import DELAY_US, InlineReader
from controller.recognition.looks import Seen, Shot, Sighted
from controller.recognition.process import LOOK_US_MAX, QUEUE_MAX, ProcessReader, State
from hal.bus import Bus
from hal.ports import DeviceFault, Frame, WallReading
from sim.world import Yard

PLATE, TRAILER = "晋A12345", "晋B1234挂"
FRONT = OutputImage(passage_id=1, entry=End.ROAD, capture=True)
BOTH = replace(FRONT, capture_rear=True)


@dataclass
class HandClock:
    us: int = 10_000_000

    def now_us(self) -> int:
        return self.us

    def wall(self) -> WallReading:
        return WallReading(ms=0)


@dataclass
class HandCamera:
    """Hands out what a test has put in, once, and only while it is wanted."""

    waiting: list[Frame | DeviceFault] = field(default_factory=list)
    asked: int = 0

    def capture(self, wanted: bool) -> Frame | DeviceFault | None:
        self.asked += wanted
        return self.waiting.pop(0) if wanted and self.waiting else None


class ScriptedEyes:
    """Sees what a test says for a frame; its first pixel is the number of the sight."""

    def __init__(self) -> None:
        self.sights: list[Sighted] = []

    def show(self, sighted: Sighted) -> int:
        self.sights.append(sighted)
        return len(self.sights) - 1

    def look(self, shot: Shot) -> Sighted:
        return self.sights[int(shot.frame.pixels[0, 0, 0])]


def seen(text: str, p: float = 0.97, **about: object) -> Seen:
    base = Seen(text=text, chars=(p,) * len(text), quad=QUAD, png=text.encode(), ptype="yellow1")
    return replace(base, **about)


@dataclass
class Rig:
    reading: Reading
    clock: HandClock
    front: HandCamera
    rear: HandCamera
    eyes: ScriptedEyes
    cutouts: Cutouts

    def frame(
        self,
        *plates: Seen,
        flaw: str = "",
        track: int = 1,
        age_us: int = 0,
        rear: bool = False,
        hints: tuple[str, ...] = (),
    ) -> None:
        """Let a camera have a picture with these plates, or with a flaw."""
        measured = "grey 7, limit 45" if flaw else ""
        number = self.eyes.show(Sighted(flaw=flaw, measured=measured, seen=plates))
        pixels = np.full((2, 2, 3), number, np.uint8)
        camera = self.rear if rear else self.front
        captured_us = self.clock.us - age_us
        camera.waiting.append(
            Frame(pixels=pixels, captured_us=captured_us, track=track, hints=hints)
        )

    def scan(self, wanted: OutputImage = FRONT, *, later_us: int = 0) -> None:
        self.clock.us += later_us
        self.reading.poll(wanted)

    def read(self, *plates: Seen, wanted: OutputImage = FRONT, **about: object) -> None:
        """One frame from camera to vote."""
        self.frame(*plates, **about)  # type: ignore[arg-type]
        self.scan(wanted)
        self.scan(wanted, later_us=DELAY_US)

    def faults(self) -> tuple[int, ...]:
        return self.reading.faults

    @property
    def plate(self) -> PlateRead:
        return self.reading.plates[0]


@pytest.fixture
def rig() -> Rig:
    clock, front, rear, eyes = HandClock(), HandCamera(), HandCamera(), ScriptedEyes()
    board = build(read_profile("sim"))
    sides = (Side(), Side(camera=front, rear_camera=rear))
    board = rebuilt(board, clock=clock, sides=sides)
    cutouts = Cutouts()
    return Rig(Reading(board, InlineReader(eyes), cutouts), clock, front, rear, eyes, cutouts)


def test_frames_of_one_vehicle_become_one_plate(rig: Rig) -> None:
    began_us = rig.clock.us
    for text in (PLATE, PLATE, "晋A12346", PLATE):
        rig.read(seen(text, 0.95 if text == PLATE else 0.6))
    assert [plate.text for plate in rig.reading.plates] == [PLATE]
    assert (rig.plate.frames, rig.plate.agree, rig.plate.track) == (4, 3, 1)
    assert (rig.plate.first_us, rig.plate.last_us) == (began_us, began_us + 3 * DELAY_US)
    assert (rig.plate.end, rig.plate.view, rig.plate.ptype) == (End.ROAD, View.FRONT, "yellow1")
    assert all(0 < ppm < 1_000_000 for ppm in rig.plate.char_ppm)
    (counts,) = rig.reading.frames
    assert (counts.passage_id, counts.taken, counts.read, counts.flawed) == (1, 4, 4, ())


def test_what_the_camera_makes_of_its_picture_goes_with_the_plate(rig: Rig) -> None:
    fake = "camera_fake_plate: told by the camera"
    for _ in range(3):
        rig.read(seen(PLATE), hints=(fake, f"camera_reads: {PLATE}"))
    assert rig.plate.hints == (fake,)


def test_a_camera_that_reads_another_plate_is_told(rig: Rig) -> None:
    for _ in range(3):
        rig.read(seen(PLATE), hints=("camera_reads: 皖A54321",))
    assert rig.plate.hints == ("camera_reads: 皖A54321",)


def test_hints_of_frames_that_are_never_read_do_not_pile_up(rig: Rig) -> None:
    for _ in range(2 * HINTED_MAX):
        rig.frame(hints=("camera_reads: 皖A54321",))
        rig.scan(later_us=1)
    assert len(rig.reading._hinted) <= HINTED_MAX


def test_the_picture_of_the_plate_can_be_kept(rig: Rig) -> None:
    for _ in range(3):
        rig.read(seen(PLATE))
    (kept,) = rig.cutouts.best(rig.reading.plates)
    assert kept.sha256.hex() == rig.plate.picture_sha256


def test_a_long_wait_does_not_lose_the_picture_that_the_vote_shows(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "CUTOUTS_MAX", 8)
    rig.read(seen(PLATE, 0.99, png=b"best", sharpness=9.0))
    for number in range(60):
        rig.read(seen(PLATE, 0.9, png=str(number).encode()))
    (kept,) = rig.cutouts.best(rig.reading.plates)
    assert kept.sha256.hex() == rig.plate.picture_sha256


def test_nothing_is_captured_that_is_not_wanted(rig: Rig) -> None:
    for wanted in (
        OutputImage(),
        replace(FRONT, capture=False),
        replace(FRONT, entry=End.YARD),
    ):
        rig.frame(seen(PLATE))
        rig.scan(wanted)
    assert rig.front.asked == 0
    rig.scan(FRONT)
    assert (rig.front.asked, rig.rear.asked) == (1, 0)


def test_front_and_rear_are_two_plates_of_one_vehicle(rig: Rig) -> None:
    for _ in range(2):
        rig.read(seen(PLATE), wanted=BOTH)
        rig.read(seen(TRAILER, ptype="yellow2"), wanted=BOTH, rear=True, track=9)
    found = {plate.view: plate.text for plate in rig.reading.plates}
    assert found == {View.FRONT: PLATE, View.REAR: TRAILER}
    assert [counts.view for counts in rig.reading.frames] == [View.FRONT, View.REAR]


def test_the_next_vehicle_gets_votes_of_its_own(rig: Rig) -> None:
    for _ in range(3):
        rig.read(seen(PLATE))
    rig.read(seen("晋A12399"), track=2)
    assert {(plate.track, plate.text) for plate in rig.reading.plates} == {
        (1, PLATE),
        (2, "晋A12399"),
    }


def test_the_front_has_no_vote_after_it_has_passed(rig: Rig) -> None:
    """A camera that counts no vehicles sees the next one, whose number differs by one."""
    for _ in range(2):
        rig.read(seen(PLATE))
    passed = replace(BOTH, seen_until_us=rig.clock.us - 1)
    for _ in range(3):
        rig.read(seen("晋A12346"), wanted=passed)
        rig.read(seen(TRAILER), wanted=passed, rear=True)
    assert [plate.text for plate in rig.reading.plates] == [PLATE, TRAILER]
    assert rig.reading.frames[0].late == 3


def test_votes_of_frames_after_the_front_had_passed_are_taken_back(rig: Rig) -> None:
    rig.read(seen(PLATE))
    passed_us = rig.clock.us - 1
    for _ in range(3):
        rig.read(seen("晋A12346"))
    rig.scan(replace(FRONT, seen_until_us=passed_us))
    assert [(plate.text, plate.frames) for plate in rig.reading.plates] == [(PLATE, 1)]


@pytest.mark.parametrize(
    "other", [replace(FRONT, passage_id=2), replace(FRONT, seen_from_us=10_050_000)]
)
def test_what_was_given_for_one_vehicle_is_not_counted_for_the_next(
    rig: Rig, other: OutputImage
) -> None:
    rig.read(seen(PLATE))
    rig.frame(seen(PLATE))
    rig.scan()
    rig.scan(other, later_us=DELAY_US)
    assert rig.reading.plates == ()
    assert rig.reading.frames == ()
    rig.scan(OutputImage(), later_us=DELAY_US)
    assert rig.reading.plates == ()


def test_a_frame_that_lay_with_the_child_is_not_counted_for_the_next(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InlineReader, "forget", lambda _: None)
    rig.frame(seen(PLATE))
    rig.scan()
    rig.scan(replace(FRONT, passage_id=2), later_us=DELAY_US)
    assert rig.reading.plates == ()
    assert rig.reading.frames == ()


def test_a_frame_from_before_this_vehicle_has_no_vote(rig: Rig) -> None:
    rig.read(seen(PLATE), wanted=replace(FRONT, seen_from_us=rig.clock.us + 1))
    assert rig.reading.plates == ()
    assert rig.reading.frames[0].late == 1


def test_pictures_that_are_too_old_are_not_read_and_name_the_camera(rig: Rig) -> None:
    for number in range(FLAWS_MAX):
        assert rig.faults() == ()
        rig.read(seen(PLATE), age_us=FRAME_AGE_US_MAX + 1 + number)
    assert rig.faults() == (Fault.CAMERA_STALE,)
    (trouble,) = rig.reading.troubles
    assert trouble.device == "road.camera"
    assert "limit 2 s" in trouble.seen
    assert rig.reading.plates == ()
    assert rig.reading.frames[0].flawed == (("stale", FLAWS_MAX),)
    rig.read(seen(PLATE), age_us=FRAME_AGE_US_MAX)
    assert rig.faults() == ()
    assert rig.plate.text == PLATE


@pytest.mark.parametrize("flaw", ["stale", "dark", "bright", "blurred", "blocked"])
def test_a_camera_that_gives_nothing_else_is_a_fault_with_what_was_measured(
    rig: Rig, flaw: str
) -> None:
    for _ in range(FLAWS_MAX):
        assert rig.faults() == ()
        rig.read(flaw=flaw)
    assert rig.faults() == (Fault[f"CAMERA_{flaw.upper()}"],)
    assert "grey 7, limit 45" in rig.reading.troubles[0].seen
    assert rig.reading.frames[0].flawed == ((flaw, FLAWS_MAX),)
    rig.read()
    assert rig.faults() == ()


def test_now_and_then_a_bad_picture_is_no_fault(rig: Rig) -> None:
    for _ in range(4):
        for _ in range(FLAWS_MAX - 1):
            rig.read(flaw="blurred")
        rig.read(seen(PLATE))
    assert rig.faults() == ()
    assert rig.plate.text == PLATE


def test_a_silent_camera_stays_a_fault_until_it_gives_a_picture(rig: Rig) -> None:
    rig.front.waiting.append(DeviceFault(name="X", device="road.camera", seen="no picture"))
    rig.scan()
    for _ in range(20):
        rig.scan(later_us=20_000)
        assert rig.faults() == (Fault.CAMERA_SILENT,)
    rig.frame(seen(PLATE))
    rig.scan()
    assert rig.faults() == ()


def test_text_that_no_vote_can_use_is_no_plate(rig: Rig) -> None:
    rig.read(seen("?" * 7), seen("X" * 20), seen(PLATE, chars=(0.9,)))
    assert rig.reading.plates == ()
    assert rig.reading.frames[0].read == 1


def lane_of(folder: Path) -> tuple[Yard, Board, ProcessReader]:
    yard = Yard.from_scenario("legal", seed=3)
    yard.paint = False
    bus = Bus()
    bus.share("yard", lambda: yard)
    return yard, build(read_profile("sim"), bus), ProcessReader(SteeredEyes)


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("harm", [stop, kill])
def test_the_lane_goes_on_without_its_reader_and_holds_who_it_cannot_read(
    harm: Callable[[int], None], tmp_path: Path
) -> None:
    yard, board, reader = lane_of(tmp_path)
    lane = assemble(board, tmp_path, reader)
    try:
        Desk(reader).until(lambda: reader.state is State.IDLE)
        harm(reader.pid or 0)
        scans, down, down_us = 0, False, 0
        while lane.lane.phase != Phase.HOLDING:
            inputs, _ = lane.once()
            yard.advance(20_000)
            scans += 1
            assert (inputs.scan, inputs.now_us) == (scans, (scans - 1) * 20_000)
            assert reader.waiting <= QUEUE_MAX
            if not down and int(Fault.RECOGNITION_DOWN) in inputs.faults:
                down, down_us = True, inputs.now_us
            assert scans < 5_000
        assert down
        if harm is stop:
            begun = lane.lane.passage
            assert begun is not None
            assert down_us - begun.started_us >= LOOK_US_MAX
            assert reader.counts.lost == 1
        assert reader.counts.given > QUEUE_MAX
        assert lane.lane.phase == Phase.HOLDING
        passage = lane.lane.passage
        assert passage is not None
        assert passage.reasons[0] == "plate not read"
        assert passage.stand == PlateStand.HELD
    finally:
        lane.reading.close()
        lane.bookkeeper.close()
