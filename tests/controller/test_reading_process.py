"""The reading process killed, stopped and flooded: the scan goes on, and what broke is mended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from recognition_rig import BIG, DIES, HANGS, BlindEyes, Desk, SteeredEyes, shot, texts

from controller.core.kinds import End
from controller.recognition import process
from controller.recognition.process import (
    BACK_OFF_US,
    BACK_OFF_US_MAX,
    LOOK_US_MAX,
    QUEUE_MAX,
    ProcessReader,
    State,
)
from controller.recognition.wire import FRAME_BYTES_MAX


@pytest.fixture
def reader() -> Iterator[ProcessReader]:
    reader = ProcessReader(SteeredEyes)
    yield reader
    reader.close()


@pytest.fixture
def desk(reader: ProcessReader) -> Desk:
    desk = Desk(reader)
    desk.until(lambda: reader.state is State.IDLE)
    return desk


def gone(pid: int) -> bool:
    """Whether a process has ended; one that waits to be reaped has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_frame_comes_back_as_it_was_given(desk: Desk) -> None:
    glance = desk.read(42)
    assert texts([glance]) == ["42"]
    assert (glance.end, glance.passage_id) == (End.ROAD, 7)
    assert (glance.track, glance.captured_us) == (42, 42)


def test_frames_given_before_the_eyes_are_open_are_read_then() -> None:
    reader = ProcessReader(SteeredEyes)
    try:
        desk = Desk(reader)
        reader.give(shot(1, 0))
        reader.give(shot(2, 0))
        taken = desk.until(lambda: reader.counts.looked == 2)
        assert texts(taken) == ["1", "2"]
    finally:
        reader.close()


def test_a_flood_is_answered_with_the_newest_and_the_dropped_are_counted(
    desk: Desk, reader: ProcessReader
) -> None:
    os.kill(reader.pid or 0, signal.SIGSTOP)
    for number in range(100, 200):
        reader.give(shot(number, desk.now_us))
        assert reader.waiting <= QUEUE_MAX
        assert reader.take(desk.now_us) == ()
    assert reader.counts.dropped == 100 - QUEUE_MAX - 1
    os.kill(reader.pid or 0, signal.SIGCONT)
    taken = desk.until(lambda: reader.counts.looked == QUEUE_MAX + 1)
    assert texts(taken) == ["100", "196", "197", "198", "199"]
    assert reader.trouble is None


def test_kill_9_in_mid_frame_is_a_fault_and_the_reader_comes_back(
    desk: Desk, reader: ProcessReader
) -> None:
    first = reader.pid or 0
    os.kill(first, signal.SIGSTOP)
    reader.give(shot(1, desk.now_us))
    assert reader.state is State.READING
    os.kill(first, signal.SIGKILL)
    reader.give(shot(2, desk.now_us))
    desk.until(lambda: reader.trouble is not None)
    assert reader.trouble is not None
    assert reader.trouble.name == "RECOGNITION_DOWN"
    assert str(first) in reader.trouble.seen
    assert reader.counts.lost == 1
    taken = desk.until(lambda: reader.counts.looked == 1)
    assert texts(taken) == ["2"], "the frame it died with is not tried again"
    assert reader.trouble is None
    assert reader.pid != first


def test_a_process_that_hangs_is_killed_and_another_takes_over(
    desk: Desk, reader: ProcessReader
) -> None:
    for number in (HANGS, 5):
        reader.give(shot(number, desk.now_us))
    first = reader.pid or 0
    desk.now_us += LOOK_US_MAX - 1
    reader.take(desk.now_us)
    assert reader.trouble is None
    desk.now_us += 1
    reader.take(desk.now_us)
    assert reader.trouble is not None
    assert "5 s" in reader.trouble.seen
    assert texts(desk.until(lambda: reader.counts.looked == 1)) == ["5"]
    assert gone(first)


def test_a_stopped_process_is_killed_too(desk: Desk, reader: ProcessReader) -> None:
    first = reader.pid or 0
    os.kill(first, signal.SIGSTOP)
    reader.give(shot(1, desk.now_us))
    desk.now_us += LOOK_US_MAX
    reader.take(desk.now_us)
    assert texts([desk.read(8)]) == ["8"]
    assert gone(first)


def test_the_wait_before_each_start_doubles_up_to_its_bound() -> None:
    reader = ProcessReader(BlindEyes)
    desk = Desk(reader)
    try:
        waits: list[int] = []
        for failures in range(1, 10):
            desk.until(lambda n=failures: reader.counts.restarts == n)  # type: ignore[misc]
            assert reader.state is State.DOWN
            failed_us = desk.now_us
            while reader.state is State.DOWN:
                desk.now_us += BACK_OFF_US // 4
                reader.take(desk.now_us)
                time.sleep(0.002)
            waits.append((desk.now_us - failed_us) // BACK_OFF_US)
        assert waits[:6] == [1, 2, 4, 8, 16, 32]
        assert set(waits[6:]) == {BACK_OFF_US_MAX // BACK_OFF_US}
    finally:
        reader.close()


def test_a_frame_that_ends_the_process_does_so_once(desk: Desk, reader: ProcessReader) -> None:
    reader.give(shot(DIES, desk.now_us))
    desk.until(lambda: reader.counts.restarts == 1)
    assert reader.trouble is not None
    assert texts([desk.read(4)]) == ["4"]
    assert reader.counts.restarts == 1


def test_a_child_that_does_not_come_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "START_US_MAX", 50)
    reader = ProcessReader(SteeredEyes)
    try:
        reader.take(0)
        assert reader.state is State.STARTING
        reader.take(50)
        assert reader.trouble is not None
        assert "has not come up" in reader.trouble.seen
    finally:
        reader.close()


def test_forgotten_frames_are_not_read(desk: Desk, reader: ProcessReader) -> None:
    os.kill(reader.pid or 0, signal.SIGSTOP)
    for number in (1, 2, 3):
        reader.give(shot(number, desk.now_us))
    reader.forget()
    os.kill(reader.pid or 0, signal.SIGCONT)
    assert texts(desk.until(lambda: reader.counts.looked == 1)) == ["1"]
    assert texts([desk.read(9)]) == ["9"]
    assert reader.counts.dropped == 2


def test_a_picture_too_large_for_the_board_is_thinned(desk: Desk, reader: ProcessReader) -> None:
    shape = (3000, 4000)
    assert 3 * shape[0] * shape[1] > FRAME_BYTES_MAX
    reader.give(shot(21, desk.now_us, shape))
    assert texts(desk.until(lambda: reader.counts.looked == 1)) == ["21"]


def test_cut_outs_without_room_are_left_out_and_the_read_stays(desk: Desk) -> None:
    (seen,) = desk.read(BIG).sighted.seen
    assert seen.text == str(BIG)
    assert seen.png == b""


def test_a_strided_picture_is_copied_as_it_is_seen(desk: Desk, reader: ProcessReader) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[::2, ::2] = 77
    one = shot(1, desk.now_us)
    reader.give(replace(one, frame=replace(one.frame, pixels=pixels[::2, ::2])))
    assert texts(desk.until(lambda: reader.counts.looked == 1)) == ["77"]


PARENT = """
import os, signal, sys, time
from recognition_rig import Desk, SteeredEyes
from controller.recognition.process import ProcessReader, State
if __name__ == "__main__":
    reader = ProcessReader(SteeredEyes)
    Desk(reader).until(lambda: reader.state is State.IDLE)
    if sys.argv[1] == "stopped":
        os.kill(reader.pid, signal.SIGSTOP)
    print(reader.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own leash is Linux")
@pytest.mark.parametrize("child", ["idle", "stopped"])
def test_the_child_dies_with_its_parent(child: str, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    path = os.pathsep.join(p for p in sys.path if p)
    parent = subprocess.Popen(
        [sys.executable, str(script), child],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert not gone(pid)
    parent.kill()
    parent.wait()
    for _ in range(2_000):
        if gone(pid):
            return
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("the reading process outlived the controller")
