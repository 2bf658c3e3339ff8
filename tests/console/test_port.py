"""The service socket of a lane that runs: what is asked is answered, and the scan does not wait."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_rig import Running, answers, until

from controller.console.link import LaneAwayError, LaneLink
from controller.console.messages import QUESTION_BYTES_MAX
from controller.console.port import PEERS_MAX
from controller.core.kinds import Phase
from hal.ports import PersonRequest


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    yield made
    made.close()


@pytest.fixture
def link(running: Running, tmp_path: Path) -> Iterator[LaneLink]:
    made = LaneLink(tmp_path)
    until(lambda: answers(made))
    yield made
    made.close()


def test_the_state_is_that_of_the_newest_scan(running: Running, link: LaneLink) -> None:
    first, second = link.state(), link.state()
    assert first.phase in (Phase.STARTING, Phase.IDLE)
    assert second.inputs.scan >= first.inputs.scan
    assert {point.name for point in first.points} >= {"yard.beam_low", "road.gate", "sign", "estop"}
    assert first.pace.late_p99_us == 10
    assert (tmp := link.path).is_socket()
    assert tmp.stat().st_mode & 0o777 == 0o600


def test_samples_come_once_where_only_new_ones_are_asked_for(
    running: Running, link: LaneLink
) -> None:
    until(lambda: len(link.samples(5.0).t_us) >= 10)
    got = link.samples(5.0)
    assert len(got.counts[0]) == len(running.board.profile.scale.scale.cells)
    more = link.samples(5.0, after_us=got.t_us[-1])
    assert not set(got.t_us) & set(more.t_us)
    assert got.t_us == sorted(set(got.t_us))


def test_a_request_enters_the_image_with_its_person_and_shows_as_an_event(link: LaneLink) -> None:
    until(lambda: link.state().phase is not Phase.STARTING)
    assert link.request(PersonRequest(kind="enter_manual", who="li", why="beam cleaned")) == ""
    until(lambda: link.state().phase is Phase.MANUAL)
    told = [event.text for event in link.events().events]
    assert "enter_manual by li: beam cleaned" in told
    assert any(text.startswith("MANUAL") for text in told)


def test_a_request_without_a_person_or_a_reason_is_refused(link: LaneLink) -> None:
    assert "who and why" in link.request(PersonRequest(kind="enter_manual", who=" ", why="x"))
    assert "200 characters" in link.request(PersonRequest(kind="reset", who="a", why="x" * 201))


def test_events_that_were_dropped_are_counted(running: Running, link: LaneLink) -> None:
    inputs = link.state().inputs
    for number in range(2_100):
        running.port.tell("config", f"{number}", inputs)
    got = link.events(after=1)
    assert len(got.events) == 2_000
    assert got.missed == got.events[0].number - 2


def test_a_picture_of_a_camera_and_one_that_is_not_there(link: LaneLink) -> None:
    said, pixels = link.snap("nowhere.camera")
    assert pixels is None
    assert "no camera nowhere.camera" in said.error
    names = link.state().cameras
    assert names
    said, pixels = link.snap(names[0])
    assert said.error or pixels is not None


@pytest.mark.parametrize(
    "line", [b"\n", b"{}\n", b'{"ask": "state"\n', b"\xff\xfe\n", b"[" * 3000 + b"\n"]
)
def test_what_is_no_question_gets_an_error_and_the_next_one_its_answer(
    running: Running, link: LaneLink, line: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(link.path))
        raw.settimeout(5)
        with raw.makefile("rb") as lines:
            raw.sendall(line)
            assert b"not a question" in lines.readline()
            raw.sendall(b'{"ask": "events"}\n')
            assert b'"events"' in lines.readline()


def test_a_line_without_end_does_not_fill_the_memory(running: Running, link: LaneLink) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(link.path))
        raw.settimeout(5)
        raw.sendall(b"x" * (QUESTION_BYTES_MAX + 1))
        with raw.makefile("rb") as lines:
            assert b"not a question" in lines.readline()


def test_no_more_peers_than_there_may_be(running: Running, link: LaneLink) -> None:
    held = []
    for _ in range(PEERS_MAX - 1):
        one = LaneLink(link.path.parent)
        one.state()
        held.append(one)
    one_more = LaneLink(link.path.parent)
    with pytest.raises(LaneAwayError):
        one_more.state()
    for one in held:
        one.close()
    link.state()


def test_without_a_lane_the_words_say_where_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LaneAwayError, match=r"service\.sock: no lane runs with this folder"):
        LaneLink(tmp_path).state()


def test_a_lane_that_ends_takes_its_socket_with_it(tmp_path: Path) -> None:
    lane = Running(tmp_path)
    link = LaneLink(tmp_path)
    lane.close()
    assert not link.path.exists()
    with pytest.raises(LaneAwayError):
        link.state()
