"""The live view: fits its terminal, says what the images say, and draws nothing in ``update``."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, given, settings
from lane_rig import EMPTY, IMAGES, WANTED, Rig, lane_settings
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from controller.core.images import Boom, LedgerFact, OutputImage, RecordIntent, Sensor, Weight
from controller.core.kinds import (
    BoomPosition,
    Deck,
    End,
    Lamp,
    Phase,
    Presence,
    WeighingStatus,
)
from controller.core.passage import Lane
from controller.view import LaneView

SECOND = 1_000_000


def drawn(view: LaneView, width: int = 100, height: int = 30) -> str:
    console = Console(
        width=width, height=height, record=True, file=io.StringIO(), force_terminal=True
    )
    console.print(view)
    return console.export_text()


def held_row(text: str) -> str:
    """The last row of the table of passages that says held."""
    return [line for line in text.splitlines() if " held " in line][-1]


@pytest.fixture
def rig() -> Rig:
    return Rig(settings=lane_settings())


def shown(rig: Rig, view: LaneView) -> None:
    inputs = rig.plant.inputs()
    view.update(rig.lane, inputs, rig.out)


def weigh(rig: Rig, view: LaneView) -> RecordIntent:
    """A truck comes from the yard, stands still, is weighed, the plate unread; its record."""
    record: RecordIntent | None = None
    rig.run_until(Phase.IDLE, 30)
    rig.plant.sensors[End.YARD, "approach"] = Sensor(Presence.BLOCKED, rig.plant.now_us)
    rig.run_until(Phase.APPROACH, 10)
    rig.run(1)
    rig.plant.sensors.clear()
    rig.plant.weight = Weight(
        deck=Deck.LOADED, since_us=rig.plant.now_us, indicated_g=31_240_000, motion=False,
        weighing_id=1, status=WeighingStatus.ACCEPTED, weight_g=31_240_000, u95_g=14_000,
        accepted_us=rig.plant.now_us, axles=4,
    )  # fmt: skip
    for _ in range(50 * 30):
        record = rig.scan().record or record
        shown(rig, view)
        if rig.lane.phase == Phase.HOLDING:
            assert record is not None
            return record
    raise AssertionError(f"{rig.lane.phase!r}: {rig.lane.outcome}")


@pytest.mark.parametrize(("width", "height"), [(100, 30), (80, 30), (80, 24), (140, 50)])
def test_fits_its_terminal(rig: Rig, width: int, height: int) -> None:
    view = LaneView()
    weigh(rig, view)
    lines = drawn(view, width, height).splitlines()
    assert {cell_len(line) for line in lines} == {width}
    assert len(lines) <= max(height, 25)


def test_says_what_the_images_say(rig: Rig) -> None:
    view = LaneView()
    weigh(rig, view)
    text = drawn(view)
    for words in (
        "等待人工", "H O L D I N G", "passage 1", "货场 yard", "公路 road", "关 closed",
        "31.24 t", "= 稳定 steady", "accepted ± 14 kg", "plate not read", "等待人工处理",
        "209", "operator", "held",
    ):  # fmt: skip
        assert words in text
    assert "31.24" in held_row(text)


def test_record_number_appears_once_the_ledger_has_answered(rig: Rig) -> None:
    view = LaneView()
    record = weigh(rig, view)
    assert held_row(drawn(view)).split()[1] == "1"
    silent = LaneView()
    unwritten = replace(rig.plant.inputs(), ledger=LedgerFact(ready=True))
    silent.update(rig.lane, unwritten, replace(rig.out, record=record))
    assert held_row(drawn(silent)).split()[1] == "…"


def test_booms_lamps_and_sensors_are_drawn_as_they_are(rig: Rig) -> None:
    inputs = rig.plant.inputs()
    yard, road = inputs.ends
    yard = replace(yard, boom=Boom(BoomPosition.OPEN), approach=Sensor(Presence.BLOCKED))
    road = replace(road, boom=Boom(), beam_low=Sensor(), beam_high=Sensor(Presence.NOT_FITTED))
    view = LaneView()
    out = OutputImage(approach_lamps=(Lamp.GREEN, Lamp.RED))
    view.update(Lane(since_us=0), replace(inputs, ends=(yard, road)), out)
    text = drawn(view)
    assert "开 open" in text
    assert "? unknown" in text
    assert text.count("● 行") == 1
    assert text.count("● 停") == 3
    assert text.count("╭──╮") == 1
    assert text.count("┊") == 4 * 2


def test_truck_stands_where_the_sensors_say(rig: Rig) -> None:
    weight = replace(EMPTY, deck=Deck.LOADED, indicated_g=12_000_000)
    inputs = replace(rig.plant.inputs(), weight=weight)
    view = LaneView()
    view.update(Lane(since_us=0), inputs, OutputImage(entry=End.YARD))
    assert "12.00 t" in drawn(view)
    assert "│ ▐│" in drawn(view)
    view.update(Lane(since_us=0), inputs, OutputImage(entry=End.ROAD))
    assert "│▌ │" in drawn(view)
    view.update(Lane(since_us=0), replace(inputs, weight=EMPTY), OutputImage())
    assert "│▌ │" not in drawn(view)


def test_blank_indication_is_never_a_number(rig: Rig) -> None:
    view = LaneView()
    weight = Weight(deck=Deck.OVER_RANGE, indicated_g=None, motion=False)
    view.update(Lane(since_us=0), replace(rig.plant.inputs(), weight=weight), OutputImage())
    text = drawn(view)
    assert "blank 空白: over range" in text
    assert "steady" not in text


def test_alarms_stay_readable_after_they_are_gone(rig: Rig) -> None:
    view = LaneView()
    inputs = rig.plant.inputs()
    view.update(Lane(since_us=0), inputs, OutputImage(alarms=(108,)))
    assert "▲ 0:00:00 108 " in drawn(view)
    view.update(Lane(since_us=0), inputs, OutputImage())
    assert "△ 0:00:00 108 " in drawn(view)
    view.update(Lane(since_us=0), replace(inputs, faults=(999,)), OutputImage())
    assert "999 this code is not in the fault catalogue" in drawn(view)


def test_speed_is_lane_time_over_real_time(rig: Rig) -> None:
    now = [0.0]
    view = LaneView(clock=lambda: now[0])
    inputs = rig.plant.inputs()
    view.update(Lane(since_us=0), inputs, OutputImage())
    now[0] = 2.0
    later = replace(inputs, now_us=inputs.now_us + 250 * SECOND)
    view.update(Lane(since_us=0), later, OutputImage())
    assert "lane time 0:04:10 · 125× real time" in drawn(view)


def test_plate_from_outside_cannot_steer_the_terminal(rig: Rig) -> None:
    rig.run_until(Phase.IDLE, 30)
    rig.plant.sensors[End.YARD, "approach"] = Sensor(Presence.BLOCKED, rig.plant.now_us)
    rig.run_until(Phase.APPROACH, 10)
    passage = rig.lane.passage
    assert passage is not None
    lane = replace(rig.lane, passage=replace(passage, plate="\x1b[2J[red]A"))
    view = LaneView()
    view.update(lane, rig.plant.inputs(), OutputImage())
    assert "\x1b[2J" not in drawn(view)
    assert "[2J[red]A" in drawn(view)


def test_before_the_first_scan() -> None:
    assert "no scan yet" in drawn(LaneView())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inputs=IMAGES, outputs=WANTED)
def test_any_image_can_be_drawn(inputs: object, outputs: object) -> None:
    view = LaneView()
    for phase in Phase:
        view.update(Lane(since_us=0, phase=phase), inputs, outputs)  # type: ignore[arg-type]
    assert {cell_len(line) for line in drawn(view, 80).splitlines()} == {80}
