"""A wire sign holds its page: it says what changed, says it again, and reads it back."""

from collections.abc import Callable
from typing import Any

import pytest
from sign_rig import OVER, PASS, SignRig

from hal.ports import DeviceFault, SignPage
from hal.signs.family import Family
from hal.signs.guizhou import Guizhou
from hal.signs.onbon import Onbon
from hal.signs.parking import ParkingBoard
from hal.signs.rowdisplay import RowDisplay
from hal.signs.sichuan import Sichuan
from hal.signs.yunnan import Yunnan
from sim.emulators import signs

PAIRS: dict[str, tuple[Callable[[], Family], Callable[[], Any]]] = {
    "sichuan": (Sichuan, signs.SichuanSignEmulator),
    "yunnan": (Yunnan, signs.YunnanSignEmulator),
    "guizhou": (Guizhou, signs.GuizhouSignEmulator),
    "onbon5": (Onbon, signs.OnbonSignEmulator),
    "onbon6": (lambda: Onbon(6), lambda: signs.OnbonSignEmulator(generation=6)),
    "row": (RowDisplay, signs.RowSignEmulator),
    "parking": (ParkingBoard, signs.ParkingBoardEmulator),
}
ASKED = ("sichuan", "yunnan", "guizhou", "onbon5", "onbon6")
COLOURED = ("yunnan", "guizhou", "onbon5", "onbon6", "parking")


def rig(name: str, **options: Any) -> tuple[SignRig, Any]:
    family, emulator = PAIRS[name]
    sign = emulator()
    return SignRig(family(), sign, **options), sign


@pytest.mark.parametrize("name", PAIRS)
def test_a_sign_shows_its_page_and_then_the_next(name: str) -> None:
    made, sign = rig(name)
    made.hold(OVER, 2)
    assert sign.rows == list(OVER.lines)
    made.hold(PASS, 2)
    assert sign.rows == list(PASS.lines)
    if name in COLOURED:
        assert set(sign.colours) == {"green"}
    assert made.faults == []
    assert sign.refused == 0


@pytest.mark.parametrize("name", PAIRS)
def test_a_page_that_stays_is_not_said_in_every_scan(name: str) -> None:
    made, _ = rig(name)
    made.hold(OVER, 3)
    before = len(made.link.sent)
    made.hold(OVER, 5)
    assert len(made.link.sent) == before


@pytest.mark.parametrize("name", PAIRS)
def test_a_sign_that_lost_its_page_is_told_again(name: str) -> None:
    made, sign = rig(name)
    made.hold(OVER, 3)
    sign.rows = [""] * 4
    made.hold(OVER, 12)
    assert sign.rows == list(OVER.lines)


@pytest.mark.parametrize("name", PAIRS)
def test_a_line_that_was_pulled_is_told_everything(name: str) -> None:
    made, sign = rig(name)
    made.hold(OVER, 2)
    sign.rows = [""] * 4
    made.link.trouble = DeviceFault(name="LINE_DOWN", device="hand", seen="pulled")
    made.hold(OVER, 1)
    assert made.faults == ["LINE_DOWN"]
    assert sign.rows == [""] * 4
    made.link.trouble = None
    made.link.pull()
    made.hold(OVER, 2)
    assert sign.rows == list(OVER.lines)
    assert made.faults == []


@pytest.mark.parametrize("name", ASKED)
def test_a_sign_that_answers_nothing_is_a_fault_until_it_answers(name: str) -> None:
    made, sign = rig(name)
    sign.silent = True
    made.hold(OVER, 3)
    assert made.faults == []
    made.hold(OVER, 5)
    assert made.faults == ["SIGN_MUTE"]
    sign.silent = False
    made.hold(OVER, 5)
    assert made.faults == []


def test_a_row_that_shows_something_else_is_a_fault_and_named() -> None:
    made, sign = rig("sichuan")
    sign.stuck = frozenset({2})
    made.hold(OVER, 10)
    (fault,) = made.sign.faults()
    assert fault.name == "SIGN_DIFFERS"
    assert "row 3 shows '', not '总重 53200 kg'" in fault.seen
    sign.stuck = frozenset()
    made.hold(OVER, 10)
    assert made.faults == []


def test_one_wrong_answer_is_no_fault() -> None:
    made, sign = rig("sichuan")
    made.hold(OVER, 0.6)
    sign.rows[1] = "x"
    made.hold(OVER, 3)
    assert made.faults == []
    assert sign.rows == list(OVER.lines)


def test_the_lane_light_of_the_sign_follows_the_page_and_is_read_back() -> None:
    made, sign = rig("sichuan", lamps="page")
    made.hold(OVER, 2)
    assert (sign.green, sign.flash) == (False, False)
    made.hold(PASS, 2)
    assert (sign.green, sign.flash) == (True, False)
    made.hold(SignPage(lines=("未停到位",), colour="amber"), 2)
    assert (sign.green, sign.flash) == (False, True)
    sign.green = True
    made.hold(SignPage(lines=("未停到位",), colour="amber"), 12)
    assert sign.green is False


def test_a_light_that_hangs_on_green_is_a_fault() -> None:
    class Hangs(signs.SichuanSignEmulator):
        @property
        def green(self) -> bool:
            return True

        @green.setter
        def green(self, value: bool | None) -> None:
            return

    made = SignRig(Sichuan(), Hangs(), lamps="page")
    made.hold(OVER, 8)
    (fault,) = made.sign.faults()
    assert (fault.name, fault.seen) == ("SIGN_DIFFERS", "its light is green, not red")


def test_a_sign_that_says_it_is_not_well_is_a_fault() -> None:
    made, sign = rig("yunnan")
    sign.state = 3
    made.hold(OVER, 4)
    assert [(f.name, f.seen) for f in made.sign.faults()] == [
        ("SIGN_REFUSES", "state 03, 00 is well")
    ]


def test_a_card_of_the_other_generation_refuses() -> None:
    made = SignRig(Onbon(5), signs.OnbonSignEmulator(generation=6))
    made.hold(OVER, 5)
    (fault,) = made.sign.faults()
    assert (fault.name, fault.seen) == (
        "SIGN_REFUSES",
        "answers as a BX-6, is stated as BX-5",
    )


def test_more_text_than_rows_turns_from_screen_to_screen() -> None:
    made, sign = rig("sichuan")
    page = SignPage(lines=("一", "二", "三", "四", "五"), colour="red")
    made.hold(page, 2.5)
    assert sign.rows == ["一", "二", "三", "四"]
    made.hold(page, 2.5)
    assert sign.rows == ["五", "", "", ""]
    made.hold(page, 3)
    assert sign.rows == ["一", "二", "三", "四"]
    assert made.faults == []


def test_a_text_that_fits_nowhere_is_a_fault() -> None:
    made, _ = rig("sichuan")
    made.hold(SignPage(lines=("x" * 500,) * 40, colour="amber"), 1)
    assert made.faults == ["SIGN_TEXT_CUT"]


def test_frames_go_out_no_faster_than_the_gap_and_wait_for_a_full_line() -> None:
    made, sign = rig("sichuan")
    made.link.takes = False
    made.hold(OVER, 1)
    assert made.link.sent == []
    made.link.takes = True
    made.hold(OVER, 0.1)
    assert len(made.link.sent) <= 2
    made.hold(OVER, 1)
    assert sign.rows == list(OVER.lines)


def test_a_board_with_a_voice_speaks_each_page_once() -> None:
    made, sign = rig("parking", speaks=True)
    made.hold(OVER, 25)
    assert sign.spoken == ["车辆超限，皖A12345，总重 53200公斤，请卸载后复磅"]
    made.link.pull()
    made.hold(OVER, 2)
    made.hold(PASS, 2)
    assert len(sign.spoken) == 2
