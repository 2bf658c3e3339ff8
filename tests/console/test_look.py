"""What the console shows of a lane: right, within the screen, nothing that steers a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from look_rig import GRAMMAR, Said, Stand, answer, answers, looking, text
from msgspec.structs import replace

from board.devices import DeviceSite
from controller.commissioning.taps import CameraTap
from controller.console.answer import CommandError
from controller.console.clean import json_line, printable
from controller.console.context import Context
from controller.console.lines import age, cut, folded, kg, places, spark, table
from controller.console.link import LaneAwayError
from controller.console.messages import Events, Heard, Lens, Samples, Standing
from controller.console.port import firmware_of
from controller.console.show_io import wiring_of
from controller.core.faults import Fault
from controller.core.images import PlateRead
from controller.core.kinds import End, View
from controller.faults import load_catalogue
from hal.ports import Camera, DeviceFault
from protocol import coprocessor as wire

LOOKS = (
    "show lane",
    "show scale",
    "show io",
    "show cameras",
    "show faults",
    "show faults cells_silent",
    "show ledger",
    "show version",
    "log tail",
    "monitor weight 0.05",
)
HOSTILE = "\x1b[2J\x1b]0;gone\x07\x9b31mA\nB\r\u202eC\u200bD" + "藏" * 300 + "x" * 9_000


class Silent:
    """A camera that gives nothing but its fault."""

    def __init__(self, fault: DeviceFault) -> None:
        self._fault = fault

    def capture(self, wanted: bool) -> DeviceFault:
        return self._fault


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """An empty lane that has come to rest, as it was then."""
    made = Stand(tmp_path_factory.mktemp("lane"))
    made.go(4)
    yield made
    made.close()


@pytest.fixture
def ctx(stand: Stand) -> Iterator[Context]:
    made = looking(stand.out)
    yield made
    made.link.close()


@pytest.fixture
def said(stand: Stand, ctx: Context) -> Said:
    """The same lane, to be altered by a test."""
    return Said(stand.out, ctx.link.state(), ctx.link.samples(5.0), ctx.link.events())


def test_the_lane_on_one_screen_and_as_data(ctx: Context) -> None:
    shown, data = text(ctx, "show lane"), answer(ctx, "show lane").data
    assert "Yard, lane 1" in shown
    assert data["ends"]["yard"]["boom"]["state"] == "CLOSED"
    assert data["ends"]["road"]["drive"] == "HOLD"
    assert data["weight"]["deck"] == "EMPTY"
    assert data["estop"] == "CLEAR"
    assert f"phase       {data['phase']}" in shown


def test_a_bad_cell_is_named_by_its_number_in_the_record(said: Said, stand: Stand) -> None:
    inputs = said.said.inputs
    weight = replace(inputs.weight, bad_cells=(0, 3))
    said.said = replace(said.said, inputs=replace(inputs, weight=weight))
    assert "BAD CELL 0, 3" in text(looking(stand.out, said), "show lane")
    assert answer(looking(stand.out, said), "show lane").data["weight"]["bad_cells"] == [0, 3]
    assert {"BAD"} == {
        cell["health"]
        for cell in answer(looking(stand.out, said), "show scale").data["cells"]
        if cell["cell"] in (0, 3)
    }


def test_all_of_a_lane_in_trouble_fits_a_screen(said: Said, stand: Stand) -> None:
    now_us = said.said.inputs.now_us
    standing = tuple(Standing(code=int(fault), since_us=now_us, times=1) for fault in Fault)
    said.said = replace(said.said, standing=standing)
    shown = text(looking(stand.out, said), "show lane").splitlines()
    assert len(shown) <= 23
    assert shown[-1].strip() == f"{len(Fault) - 4} more: show faults"


def test_each_cell_is_shown_with_what_it_gave(ctx: Context, stand: Stand) -> None:
    assert ctx.link.state().cell_health == ("OK",) * 8
    data = answer(ctx, "show scale").data
    scale = stand.board.profile.scale.scale
    assert data["rate_asked_hz"] == 80
    assert data["rate_got_hz"] == pytest.approx(80, rel=0.02)
    assert [cell["cell"] for cell in data["cells"]] == list(range(len(scale.cells)))
    for cell, known in zip(data["cells"], scale.cells, strict=True):
        assert cell["counts"] == pytest.approx(known.zero_counts, abs=2_000)
        assert cell["health"] == "OK"
        assert 0 < cell["noise_e"] < 1
    assert abs(data["gross_g"]) < scale.e_g
    # Of an empty deck no share can be said.
    assert {cell["share_percent"] for cell in data["cells"]} == {None}


def test_a_load_is_shared_out_among_the_cells_that_bear_it(said: Said, stand: Stand) -> None:
    cells = stand.board.profile.scale.scale.cells
    bears = [3.0, 1.0, *[0.0] * (len(cells) - 2)]
    counts = [
        round(cell.zero_counts + tonnes * 1000 * cell.counts_per_kg)
        for cell, tonnes in zip(cells, bears, strict=True)
    ]
    now_us = said.said.inputs.now_us
    t_us = [now_us - 12_500 * n for n in range(400, 0, -1)]
    said.gave = Samples(t_us=t_us, counts=[counts] * 400, rate_hz=80.0)
    data = answer(looking(stand.out, said), "show scale").data
    assert [cell["share_percent"] for cell in data["cells"]][:2] == [75.0, 25.0]
    assert data["cells"][0]["mass_g"] == pytest.approx(3_000_000, abs=100)
    assert data["cells"][0]["noise_counts"] == 0
    zero_g = said.said.inputs.weight.zero_offset_g
    assert data["gross_g"] == pytest.approx(4_000_000 - zero_g, abs=200)


def test_a_cell_that_its_watch_has_named_says_so_in_words(said: Said, stand: Stand) -> None:
    health = ["OK"] * 8
    health[2], health[5] = "STUCK", "OPEN"
    said.said = replace(said.said, cell_health=tuple(health))
    shown = text(looking(stand.out, said), "show scale")
    assert "STUCK: repeats itself" in shown
    assert "OPEN: wire cut" in shown
    assert "断线" in text(looking(stand.out, said, language="zh"), "show scale")


def test_a_scale_that_gives_nothing_is_silent_and_shows_no_old_number(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.go(3)
    stand.yard.fault("cells", "silent")
    stand.go(8)
    data = answer(looking(tmp_path), "show scale").data
    assert {cell["health"] for cell in data["cells"]} == {"SILENT"}
    assert {cell["counts"] for cell in data["cells"]} == {None}
    assert data["rate_got_hz"] is None
    assert data["gross_g"] is None
    assert data["fault"].startswith("CELLS_SILENT")
    faults = {one["name"]: one for one in answer(looking(tmp_path), "show faults").data["faults"]}
    silent = faults["CELLS_SILENT"]
    assert "no samples" in " ".join(silent["measured"])
    assert silent["first_action"] == load_catalogue().named("CELLS_SILENT").first_action
    assert silent["times"] == 1
    assert "no sample in the last second" in silent["measured"]
    stand.close()


def test_a_scale_that_fell_silent_a_moment_ago_is_silent(said: Said, stand: Stand) -> None:
    late = replace(said.gave, t_us=[t_us - 1_500_000 for t_us in said.gave.t_us])
    said.gave = late
    data = answer(looking(stand.out, said), "show scale").data
    assert {cell["health"] for cell in data["cells"]} == {"SILENT"}
    assert data["newest_age_us"] >= 1_500_000


def test_an_indicator_is_shown_by_its_frames(tmp_path: Path) -> None:
    stand = Stand(tmp_path, site="sim-indicator")
    stand.go(6)
    data = answer(looking(tmp_path), "show scale").data
    assert data["kind"] == "indicator"
    assert data["frames"] > 10
    assert data["readings_g"]
    assert data["states"] == {"OK": data["frames"]}
    assert bytes.fromhex(data["last_frame"])
    assert "readings" in text(looking(tmp_path), "show scale")
    stand.close()


def test_points_have_age_changes_and_wiring_and_bad_ones_a_mark(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.go(3)
    stand.yard.fault("road.beam_high", "silent")
    stand.yard.fault("yard.beam_low", "chatters")
    stand.go(10)
    data = answer(looking(tmp_path), "show io").data
    points = {one["name"]: one for one in data["points"]}
    assert points["road.beam_high"]["mark"] == "UNKNOWN"
    assert points["road.beam_high"]["changes"] == 1
    assert points["road.beam_high"]["age_us"] == pytest.approx(10e6, abs=100_000)
    assert points["yard.beam_low"]["mark"] == "FLAPPING"
    assert points["yard.beam_low"]["changes"] > 10
    assert points["yard.boom"]["mark"] == ""
    assert points["yard.gate"]["driver"] == "sim.gate"
    assert points["yard.gate"]["way"] == "out"
    shown = text(looking(tmp_path), "show io")
    assert "road.beam_high is unknown" in shown
    assert "yard.beam_low chatters" in shown
    stand.close()


def test_wiring_tells_the_place_and_no_password() -> None:
    devices = {
        "driver": "rtsp.camera",
        "url": "rtsp://admin:secret@10.0.0.9/live?password=secret",
        "unit": 3,
        "token": "secret",
    }
    driver = str(devices.pop("driver"))
    site = DeviceSite(key="devices.x", port=Camera, driver=driver, options=devices)
    assert wiring_of(site) == "rtsp.camera url=rtsp://10.0.0.9/live unit=3"
    assert wiring_of(None) == ""


def test_a_camera_is_shown_with_what_became_of_its_pictures(said: Said, stand: Stand) -> None:
    now_us = said.said.inputs.now_us
    dark = DeviceFault(name="CAMERA_DARK", device="yard.camera", seen="5 in a row: mean 3")
    lens = Lens(
        name="yard.camera", pictures=40, newest_us=now_us - 2_000_000, taken=30, read=20,
        flawed=(("dark", 8), ("stale", 2)), trouble=dark, trouble_us=now_us - 9_000_000, ails=True,
    )  # fmt: skip
    said.said = replace(said.said, lenses=(lens,))
    data = answer(looking(stand.out, said), "show cameras").data["cameras"][0]
    assert (data["taken"], data["read"], data["flawed"]) == (30, 20, {"dark": 8, "stale": 2})
    assert data["newest_age_us"] == 2_000_000
    shown = text(looking(stand.out, said), "show cameras")
    assert "not read: dark 8, stale 2" in shown
    assert "CAMERA_DARK: 5 in a row: mean 3 (NOW, for 9.0 s)" in shown
    said.said = replace(said.said, lenses=(replace(lens, ails=False),))
    assert "over; began 9.0 s ago" in text(looking(stand.out, said), "show cameras")


def test_a_camera_that_its_driver_calls_otherwise_has_its_own_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path)
    stand.go(1)
    tap = stand.board.sides[0].camera
    assert isinstance(tap, CameraTap)
    silent = DeviceFault(name="CAMERA_SILENT", device="vzenith 77", seen="no heartbeat for 9 s")
    monkeypatch.setattr(tap, "_camera", Silent(silent))
    assert tap.capture(True) == silent
    inputs, _ = stand.lane.once()
    stand.port.publish(stand.lane.lane, inputs, stand.lane.outputs, (silent,), "", 0)
    cameras = {
        one["name"]: one for one in answer(looking(tmp_path), "show cameras").data["cameras"]
    }
    assert cameras["yard.camera"]["trouble"] == "CAMERA_SILENT: no heartbeat for 9 s"
    assert cameras["yard.camera"]["ails"]
    assert cameras["road.camera"]["trouble"] == ""
    stand.close()


def test_a_trouble_of_a_device_is_what_was_measured_of_its_fault(said: Said, stand: Stand) -> None:
    lamp = DeviceFault(name="LAMP_OUT", device="yard.lamp", seen="0 mA, 180 mA wanted")
    now_us = said.said.inputs.now_us
    standing = Standing(code=int(Fault.LAMP_OUT), since_us=now_us - 60_000_000, times=3)
    said.said = replace(said.said, troubles=(lamp,), standing=(standing,))
    data = answer(looking(stand.out, said), "show faults").data["faults"][0]
    assert data["measured"] == ["yard.lamp: 0 mA, 180 mA wanted"]
    assert (data["code"], data["times"], data["age_us"]) == (533, 3, 60_000_000)
    shown = text(looking(stand.out, said, language="zh"), "show faults 533")
    assert load_catalogue()[533].zh in shown


@pytest.mark.parametrize("which", ["301", "cells_silent", "CELLS_SILENT", "cells_s"])
def test_any_fault_is_explained_whether_it_stands_or_not(ctx: Context, which: str) -> None:
    data = answer(ctx, f"show faults {which}").data
    assert (data["name"], data["standing"]) == ("CELLS_SILENT", False)
    assert data["likely_cause"] in " ".join(text(ctx, f"show faults {which}").split())


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ("999", "no fault has the code 999"),
        ("celsl_silent", "did you mean cells_silent"),
        ("cells", "did you mean cells_disagree, cells_silent?"),
        ("\x1b[2J", "no fault '?[2J'"),
    ],
)
def test_a_fault_that_is_none_gets_a_hint(ctx: Context, which: str, told: str) -> None:
    with pytest.raises(CommandError) as error:
        answer(ctx, f"show faults {which}")
    assert told in str(error.value)


def test_every_standing_fault_can_be_shown(said: Said, stand: Stand) -> None:
    standing = tuple(Standing(code=int(fault), since_us=0, times=1) for fault in Fault)
    said.said = replace(said.said, standing=standing, cell_health=("OK", "NOISY"), failure="full")
    faults = answer(looking(stand.out, said), "show faults").data["faults"]
    assert {one["code"] for one in faults} == {int(fault) for fault in Fault}
    measured = {one["name"]: one["measured"] for one in faults}
    assert "cell 1: NOISY" in measured["CELLS_DISAGREE"]
    assert "full" in measured["DISK_FULL"]
    assert any("disk" in one for one in measured["DISK_FILLING"])


def hostile(said: Said) -> None:
    """Put a text that would steer a terminal wherever one can come from outside."""
    state, inputs, outputs = said.said, said.said.inputs, said.said.outputs
    read = PlateRead(
        end=End.YARD, view=View.FRONT, text=HOSTILE, char_ppm=(1,), first_us=0, last_us=0,
        captured_us=0, track=0, picture_sha256="",
    )  # fmt: skip
    trouble = DeviceFault(name="CELLS_SILENT", device=HOSTILE, seen=HOSTILE)
    lens = Lens(name="yard.camera", flawed=((HOSTILE, 3),), trouble=trouble, ails=True)
    standing = (Standing(code=301, since_us=0, times=1), Standing(code=999, since_us=0, times=1))
    said.said = replace(
        state,
        inputs=replace(inputs, plates=(read,)),
        outputs=replace(
            outputs,
            lookup=HOSTILE,
            proposal=HOSTILE,
            passage_id=1,
            sign=replace(outputs.sign, plate=HOSTILE),
        ),
        outcome=HOSTILE,
        troubles=(trouble,),
        about=replace(state.about, site=HOSTILE, software=HOSTILE, folder=HOSTILE),
        lenses=(lens,),
        failure=HOSTILE,
        standing=standing,
    )
    said.gave = replace(said.gave, fault=trouble, heard=Heard(frames=1, states=((HOSTILE, 1),)))
    events = [replace(one, text=HOSTILE) for one in said.told.events]
    said.told = Events(events=tuple(events), newest=said.told.newest)


@pytest.mark.parametrize("line", LOOKS)
@pytest.mark.parametrize("screen", [(80, "en"), (80, "zh"), (40, "en"), (21, "zh")])
def test_nothing_from_outside_steers_a_terminal_or_leaves_its_place(
    said: Said, stand: Stand, line: str, screen: tuple[int, str]
) -> None:
    hostile(said)
    ctx = looking(stand.out, said, width=screen[0], language=screen[1])
    ctx.seconds = 0.05
    shown = [row for one in answers(ctx, line) for row in one.text]
    assert shown
    assert [row for row in shown if row != printable(row, 10_000)] == []
    if line not in ("log tail",):
        assert [row for row in shown if places(row) > screen[0] - 1] == []


@pytest.mark.parametrize(
    "line", ["show lane", "show scale", "show io", "monitor weight", "log tail"]
)
def test_without_a_lane_the_words_say_what_to_do(tmp_path: Path, line: str) -> None:
    with pytest.raises(LaneAwayError, match="start it: steelyard run"):
        text(looking(tmp_path), line)


def test_without_a_lane_what_is_known_is_shown_all_the_same(tmp_path: Path) -> None:
    data = answer(looking(tmp_path), "show version").data
    assert data["console"].startswith("steelyard")
    assert "no lane runs" in data["note"]
    fault = answer(looking(tmp_path), "show faults 301").data
    assert (fault["name"], fault["standing"]) == ("CELLS_SILENT", None)
    with pytest.raises(CommandError, match=r"ledger\.sqlite"):
        answer(looking(tmp_path), "show ledger")


def test_a_coprocessor_is_named_with_its_firmware(said: Said, stand: Stand) -> None:
    about = wire.About(
        protocol=wire.PROTOCOL, version=(1, 4, 2), configured=True, reset_cause=0, starts=3,
        cause=0, more=0, config_crc32=0, chip=bytes.fromhex("e6614103"), cause_text="",
    )  # fmt: skip
    links: dict[str, Any] = {
        "/dev/ttyACM0": SimpleNamespace(about=about),
        "/dev/ttyACM1": SimpleNamespace(about=None),
    }
    found = tuple(firmware_of(port, link) for port, link in links.items())
    said.said = replace(said.said, firmware=found)
    data = answer(looking(stand.out, said), "show version").data["firmware"]
    assert data[0] == {"port": "/dev/ttyACM0", "version": "1.4.2", "chip": "e6614103", "starts": 3}
    assert data[1]["version"] == ""
    shown = " ".join(text(looking(stand.out, said), "show version").split())
    assert "/dev/ttyACM0: 1.4.2 e6614103; /dev/ttyACM1: has not said who it is" in shown


def test_a_site_file_that_was_changed_or_cannot_be_read_is_told(said: Said, stand: Stand) -> None:
    said.said = replace(said.said, about=replace(said.said.about, config_sha256="00"))
    assert "has been changed" in answer(looking(stand.out, said), "show scale").data["note"]
    said.said = replace(said.said, about=replace(said.said.about, path="/nowhere/x.toml"))
    data = answer(looking(stand.out, said), "show scale").data
    assert "not read" in data["note"]
    assert data["cells"][0]["counts"] is not None
    assert data["cells"][0]["mass_g"] is None
    assert "driver" in text(looking(stand.out, said), "show io")


@given(words=st.text(max_size=40))
@example(words="\x1b[2J\x9b\u202e\U000e0001\n\t\x7f")
def test_data_for_programs_steers_no_terminal_and_loses_nothing(words: str) -> None:
    shown = json_line({"plate": words, "of": "藏FF0286"})
    assert shown == printable(shown, 10_000)
    assert json.loads(shown) == {"plate": words, "of": "藏FF0286"}
    assert "藏" in shown


def test_every_look_has_help_in_both_languages() -> None:
    mine = [one for one in GRAMMAR.commands if one.words.split()[0] in ("monitor", "log", "trace")]
    assert len(mine) == 5
    for one in mine:
        assert one.help_en.isascii()
        assert not one.help_zh.isascii()


def test_lines_keep_their_width_and_lose_no_word(ctx: Context) -> None:
    ctx.screen.width = 30
    words = "one two three 四五六七八九十四五六七八九十 eleven"
    rows = folded(ctx, "label", words)
    assert all(places(row) <= 29 for row in rows)
    assert "".join(row[12:].replace(" ", "") for row in rows) == words.replace(" ", "")
    assert cut("四五六", 5) == "四五~"
    assert places(cut("四五六", 4)) <= 4
    head, row = table(
        ctx, ("aa", "bbbbbbbbbbbbbbbb", "cccccccc"), [("1", "2", "3")], frozenset(), (1,)
    )
    assert (head, row) == ("aa  cccccccc", "1   3")


def test_numbers_are_said_as_people_say_them() -> None:
    assert [age(us) for us in (-5, 400_000, 200_000_000, 7_500_000_000, 273_600_000_000)] == [
        "0.0 s", "0.4 s", "3 min 20 s", "2 h 05 min", "3 d 4 h",
    ]  # fmt: skip
    assert [kg(g) for g in (12_340_000, -400, None, -1_500)] == ["12 340", "0", "--", "-2"]
    assert spark([0, 5, 10], unicode=False) == "_+#"
    assert spark([1, 1], unicode=True) == "▁▁"
    assert spark([], unicode=True) == ""
