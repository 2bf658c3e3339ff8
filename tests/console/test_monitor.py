"""Streams of the console: readings, inputs and events as they come, over restarts of the lane."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from look_rig import Stand, answers, looking

from controller.console.answer import CommandError
from controller.console.context import Context
from controller.console.messages import EVENTS_MAX
from controller.console.watch import Watch
from controller.core.images import FrameCounts, InputImage, OutputImage
from controller.core.kinds import End, View
from controller.core.passage import Lane
from hal.ports import DeviceFault


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    made = Stand(tmp_path)
    made.go(2)
    yield made
    made.close()


def in_step(stand: Stand, scans: int = 5) -> Context:
    """A person for whom the lane moves on whenever the console waits."""
    made = looking(stand.out)
    made.pause = lambda seconds: stand.go(scans * 0.02)
    return made


def test_the_gross_is_shown_with_each_cell_from_what_is_new(stand: Stand) -> None:
    shown = list(islice(answers(in_step(stand), "monitor weight 60"), 20))
    data = [one.data for one in shown]
    assert [one["samples"] for one in data[1:]] == [8] * 19
    assert all(abs(one["gross_g"]) < 100_000 and len(one["cells_g"]) == 8 for one in data)
    assert all(one["noise_g"] > 0 for one in data)
    assert len({one["t_us"] for one in data}) == 20
    assert all(len(one.text) == 1 for one in shown)


def test_a_scale_that_falls_silent_is_told_once_a_second(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [0.0]
    monkeypatch.setattr("controller.console.monitor.time.monotonic", lambda: now_s[0])
    ctx = looking(stand.out)

    def pause(seconds: float) -> None:
        now_s[0] += 0.1
        stand.go(0.1)

    ctx.pause = pause
    stream = answers(ctx, "monitor weight 5")
    assert "gross_g" in next(stream).data
    stand.yard.fault("cells", "silent")
    told = [one.data["fault"] for one in stream if "fault" in one.data]
    assert told == ["CELLS_SILENT cells: no samples"] * len(told)
    assert 3 <= len(told) <= 5


def test_each_change_of_an_input_is_a_line_and_nothing_else_is(stand: Stand) -> None:
    ctx = in_step(stand)
    inputs = ctx.link.state().inputs
    stream = answers(ctx, "monitor io 600")
    stand.yard.fault("road.beam_high", "flapping")
    stand.go(0.5)

    def pause(seconds: float) -> None:
        stand.port.tell("config", "scan.rate", inputs)
        stand.go(0.5)

    ctx.pause = pause
    told = [one.data for one in islice(stream, 3)]
    assert {one["kind"] for one in told} == {"in"}
    assert told[0]["text"].startswith("road.beam_high ")
    assert len({one["number"] for one in told}) == 3


def test_events_come_in_order_each_once(stand: Stand) -> None:
    stand.yard.fault("road.beam_high", "flapping")
    data = [one.data for one in islice(answers(in_step(stand), "monitor events 600"), 12)]
    numbers = [one["number"] for one in data]
    assert numbers == list(range(numbers[0], numbers[0] + 12))
    assert {one["kind"] for one in data} >= {"in"}


def test_a_lane_that_goes_away_and_starts_anew_is_told(stand: Stand, tmp_path: Path) -> None:
    pauses = 0
    ctx = looking(stand.out)
    again: list[Stand] = []

    def pause(seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 1:
            stand.close()
        if pauses == 4:
            (tmp_path / "ledger.sqlite").unlink()
            again.append(Stand(tmp_path))
            again[0].go(1)

    ctx.pause = pause
    stand.go(4)
    stream = answers(ctx, "monitor events 600")
    shown = [next(stream) for _ in range(3)]
    again[0].close()
    assert "lane away" in shown[0].data["note"]
    assert shown[1].data["note"] == "the lane answers again"
    assert shown[2].data["number"] == 1
    assert pauses >= 4


def test_a_log_begins_with_its_newest_events_and_says_where_the_files_are(stand: Stand) -> None:
    stand.go(3)
    ctx = looking(stand.out)
    ctx.seconds = 0.0
    first, *rest = list(answers(ctx, "log tail 3"))
    kept = ctx.link.events()
    assert [one.data["number"] for one in rest] == [e.number for e in kept.events[-3:]]
    assert first.data["before"] == kept.newest - 3
    assert first.data["files"]["journals"] == str(stand.out / "media")


def test_what_was_missed_is_counted(stand: Stand) -> None:
    ctx = looking(stand.out)
    inputs = ctx.link.state().inputs

    def pause(seconds: float) -> None:
        for number in range(EVENTS_MAX + 50):
            stand.port.tell("config", f"{number}", inputs)

    ctx.pause = pause
    stream = answers(ctx, "monitor events 600")
    first = next(stream)
    assert first.data["note"] == "50 events were missed"
    assert next(stream).data["text"] == "50"


@pytest.mark.parametrize("seconds", ["0", "-1", "x", "nan", "inf", "1e9"])
def test_only_a_time_can_be_asked_for(tmp_path: Path, seconds: str) -> None:
    with pytest.raises(CommandError, match="no number of seconds"):
        list(answers(looking(tmp_path), f"monitor io {seconds}"))


@pytest.mark.parametrize("newest", ["x", "-1", "2001"])
def test_only_a_number_of_events_can_be_asked_for(tmp_path: Path, newest: str) -> None:
    with pytest.raises(CommandError, match="no number of events"):
        list(answers(looking(tmp_path), f"log tail {newest}"))


def image(now_us: int, **more: object) -> InputImage:
    return InputImage(scan=1, now_us=now_us, **more)  # type: ignore[arg-type]


def test_a_fault_stands_from_its_rise_and_its_times_are_counted() -> None:
    watch, lane, out = Watch(), Lane(since_us=0), OutputImage()
    told = list(watch.see(lane, image(10, faults=(301,)), out, ()))
    assert ("fault", "301 CELLS_SILENT") in told
    list(watch.see(lane, image(20, faults=(301,)), OutputImage(alarms=(102,)), ()))
    assert [(one.code, one.since_us) for one in watch.standing.values()] == [(301, 10), (102, 20)]
    assert ("gone", "301 CELLS_SILENT") in list(watch.see(lane, image(30), out, ()))
    assert watch.standing == {}
    list(watch.see(lane, image(40, faults=(301, 999)), out, ()))
    assert (watch.standing[301].times, watch.standing[301].since_us) == (2, 40)
    assert 999 in watch.standing


def test_a_trouble_keeps_its_time_while_its_words_change() -> None:
    watch, lane, out = Watch(), Lane(since_us=0), OutputImage()

    def see(now_us: int, *troubles: DeviceFault) -> list[tuple[str, str]]:
        return [one for one in watch.see(lane, image(now_us), out, troubles) if one[0] == "fault"]

    def dark(seen: str) -> DeviceFault:
        return DeviceFault(name="CAMERA_DARK", device="yard.camera", seen=seen)

    assert see(10, dark("5")) == [("fault", "CAMERA_DARK yard.camera: 5")]
    assert see(20, dark("6")) == []
    assert watch.told["yard.camera"] == (dark("6"), 10)
    assert see(30) == []
    assert watch.told["yard.camera"] == (dark("6"), 10)
    assert see(40, dark("1")) != []
    assert watch.told["yard.camera"] == (dark("1"), 40)
    for number in range(100):
        see(50 + number, DeviceFault(name="LAMP_OUT", device=f"{number}", seen=""))
    assert len(watch.told) == 64


def test_pictures_are_counted_over_all_passages() -> None:
    watch, lane, out = Watch(), Lane(since_us=0), OutputImage()

    def see(*frames: FrameCounts) -> None:
        list(watch.see(lane, image(1, frames=frames), out, ()))

    def counts(passage_id: int, taken: int, dark: int) -> FrameCounts:
        return FrameCounts(
            passage_id=passage_id, end=End.YARD, view=View.REAR, taken=taken,
            read=taken - dark, flawed=(("dark", dark),) if dark else (),
        )  # fmt: skip

    for one in (counts(1, 3, 0), counts(1, 5, 2), counts(2, 4, 1), counts(2, 6, 1)):
        see(one)
    see()
    found = watch.frames["yard.rear_camera"]
    assert (found.taken, found.read, found.flawed) == (11, 8, (("dark", 3),))
    see(counts(3, 1, 0))
    assert watch.frames["yard.rear_camera"].taken == 12
