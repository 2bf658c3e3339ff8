"""Lamps, sign, voice, decisions, voids, pictures and looks at inputs, on a running lane."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from console_rig import until
from do_rig import GRAMMAR, Console, console

from controller.assembly import LEDGER_FILE
from controller.commissioning.taps import CameraTap
from controller.console import port
from controller.console.answer import CommandError
from controller.console.diag_io import point_verdict
from controller.console.do_common import mass_g, newest_seq, wait_record
from controller.console.graphics import kitty, sixel
from controller.console.messages import Point
from controller.console.roles import Role
from controller.console.seat import Seat
from controller.core.kinds import Phase
from hal.ports import DeviceFault, Frame, PersonRequest
from protocol.ledger import Ledger
from protocol.parts import Kind
from sim.cab import Habits
from sim.scenario import read_scenario
from sim.world import Visit


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cameras of an empty yard send nothing, however long one waits."""
    monkeypatch.setattr(port, "SNAP_S", 0.3)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path, Role.MAINTAINER) as made:
        yield made


def yard_of(at: Console) -> Any:
    return at.running.board.bus.share("yard", lambda: None)


def records(at: Console, kind: Kind) -> list[Any]:
    with Ledger.open(at.ctx.folder / LEDGER_FILE, read_only=True) as ledger:
        return [one for one in ledger.records() if one.kind is kind]


def test_a_lamp_is_green_only_beside_its_open_boom_and_for_a_short_time(at: Console) -> None:
    at.by_hand()
    with pytest.raises(CommandError, match=r"yard deck lamp stays red: .*CLOSED"):
        at.do("lamp test yard deck")
    at.do("gate raise yard x")
    said = at.do("lamp test yard deck bulb changed")
    assert 3.0 <= said.data["asked_s"] <= 7.0
    assert any("only eyes" in line for line in said.text)
    (record,) = records(at, Kind.SERVICE)
    assert record.person.why == "bulb changed"
    with pytest.raises(CommandError, match="no face 'left'"):
        at.do("lamp test yard left")


def test_sign_and_voice_show_the_test_and_what_is_not_fitted_is_said(at: Console) -> None:
    at.by_hand()
    assert at.do("sign test").data["device"] == "sign"
    with pytest.raises(CommandError, match="this lane has no voice"):
        at.do("voice test")


def test_lights_need_manual_and_arm(at: Console) -> None:
    for line in ("lamp test yard deck", "sign test", "voice test"):
        with pytest.raises(CommandError, match="by hand only"):
            at.do(line)
    at.do("manual enter x")
    with pytest.raises(CommandError, match="not armed"):
        at.do("sign test")


def send(at: Console) -> None:
    """A truck whose plate no camera gives: it comes on, is weighed, and is held."""
    visit = read_scenario("morning", 1, 1)[0][0]
    yard = yard_of(at)
    yard.add(
        Visit(
            truck=visit.truck, end=visit.end, arrives_us=yard.now_us, load_g=visit.load_g,
            habits=Habits(),
        )
    )  # fmt: skip
    until(lambda: at.ctx.link.state().phase is Phase.HOLDING)
    until(lambda: at.ctx.link.state().inputs.ledger.seq > 0)


def test_a_vehicle_that_is_held_is_sent_back_on_a_persons_word(tmp_path: Path) -> None:
    with console(tmp_path, Role.OPERATOR) as at:
        for line in ("release x", "send-back x"):
            with pytest.raises(CommandError, match="no vehicle waits for a person's word"):
                at.do(line)
        with pytest.raises(CommandError, match="no vehicle is under way"):
            at.do("plate confirm 皖A12345")
        send(at)
        said = at.do("send-back no papers")
        assert said.data["phase"] in ("RETURNING", "DEPARTING")
        with Ledger.open(tmp_path / LEDGER_FILE, read_only=True) as ledger:
            record = ledger.get(said.data["seq"])
        assert record is not None
        assert record.person is not None
        assert (record.person.who, record.person.why) == ("li.wei", "no papers")


def test_a_passage_is_voided_once_and_only_where_there_is_one(tmp_path: Path) -> None:
    with console(tmp_path, Role.OPERATOR) as at:
        with pytest.raises(CommandError, match="there is no record 1; records: none"):
            at.do("passage void 1 x")
        with pytest.raises(CommandError, match="is the number of a record"):
            at.do("passage void one x")
        send(at)
        first = at.ctx.link.state().inputs.ledger.seq
        said = at.do(f"passage void {first} a person stood on the deck")
        (void,) = records(at, Kind.VOID)
        assert said.data["void_seq"] == void.seq
        assert void.void == "a person stood on the deck"
        with pytest.raises(CommandError, match=f"was voided by li.wei: {void.seq}"):
            at.do(f"passage void {first} again")
        at.do("send-back it is void")


def picture(at: Console, pixels: np.ndarray[Any, Any] | DeviceFault) -> None:
    """What the yard's camera gives from now on."""

    class Still:
        def capture(self, wanted: bool) -> Frame | DeviceFault | None:
            if isinstance(pixels, DeviceFault):
                return pixels
            now_us = at.running.board.clock.now_us()
            return Frame(pixels=pixels, captured_us=now_us) if wanted else None

    tap = at.running.board.sides[0].camera
    assert isinstance(tap, CameraTap)
    tap._camera = Still()


def scene() -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)
    return np.kron(blocks, np.ones((8, 8, 1), np.uint8))


@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("sharp", "ok", "good"),
        ("soft", "blurred", "focus"),
        ("dark", "dark", "cap"),
        ("wall", "blocked", "covers the lens"),
    ],
)
def test_a_snap_is_judged_and_kept_as_a_png(
    at: Console, name: str, verdict: str, words: str
) -> None:
    made = {
        "sharp": scene(),
        "soft": cv2.GaussianBlur(scene(), (0, 0), 6),
        "dark": (scene() // 20).astype(np.uint8),
        "wall": np.full((240, 320, 3), 120, np.uint8),
    }[name]
    picture(at, made)
    said = at.do(f"camera snap yard.camera {name}")
    assert said.data["verdict"] == verdict
    assert words in "\n".join(said.text)
    path = at.ctx.folder / "console" / f"snap-{name}.png"
    assert said.data["file"] == str(path)
    assert path.stat().st_mode & 0o777 == 0o600
    kept = cv2.imread(str(path))
    assert kept is not None
    assert np.array_equal(kept, made)
    with pytest.raises(CommandError, match="is there already"):
        at.do(f"camera snap yard.camera {name}.png")


def test_a_camera_without_a_picture_and_a_name_that_leads_elsewhere(at: Console) -> None:
    picture(at, DeviceFault(name="CAMERA_SILENT", device="yard.camera", seen="no\x1b[2J answer"))
    with pytest.raises(CommandError, match=r"CAMERA_SILENT: no\?\[2J answer"):
        at.do("camera snap yard.camera")
    for file in ("../ledger", "/etc/passwd", ".hidden", "a/b"):
        with pytest.raises(CommandError, match="FILE: a name of letters"):
            at.do(f"camera snap yard.camera {file}")
    assert list((at.ctx.folder / "console").glob("snap-*")) == []
    assert at.do("terminal graphics sixel").data == {"graphics": "sixel"}
    with pytest.raises(CommandError, match="no kind 'gif'"):
        at.do("terminal graphics gif")


class Paper:
    """A terminal on which everything that is written stays."""

    def __init__(self) -> None:
        self.recorder: object | None = None
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)


@pytest.mark.parametrize(("kind", "begins"), [("sixel", "\x1bPq"), ("kitty", "\x1b_G")])
def test_a_terminal_that_can_draws_it_and_a_recording_shows_no_picture(
    at: Console, kind: str, begins: str
) -> None:
    seat = object.__new__(Seat)
    paper = Paper()
    seat.terminal = paper  # type: ignore[assignment]
    at.ctx.kept["seat"] = seat
    picture(at, scene())
    at.do("camera snap yard.camera plain")
    assert paper.written == []
    at.do(f"terminal graphics {kind}")
    at.do("camera snap yard.camera drawn")
    (drawn,) = paper.written
    assert drawn.startswith(begins)
    paper.recorder = object()
    said = at.do("camera snap yard.camera recorded")
    assert paper.written == [drawn]
    assert any("recorded" in line for line in said.text)


def test_kitty_gets_the_png_in_pieces_that_join_again() -> None:
    png = bytes(range(256)) * 40
    sent = kitty(png, 60)
    pieces = re.findall(r"\x1b_G([^;]*);([A-Za-z0-9+/=]*)\x1b\\", sent)
    assert "".join(f"\x1b_G{a};{b}\x1b\\" for a, b in pieces) + "\r\n" == sent
    assert pieces[0][0] == "a=T,f=100,q=2,c=60,m=1"
    assert [head for head, _ in pieces[1:]] == ["m=1"] * (len(pieces) - 2) + ["m=0"]
    assert max(len(piece) for _, piece in pieces) == 4_096
    assert base64.b64decode("".join(piece for _, piece in pieces)) == png


def test_sixel_of_two_colours_byte_by_byte() -> None:
    pixels = np.zeros((7, 5, 3), np.uint8)
    pixels[0:3, :, 2] = 255
    assert sixel(pixels) == (
        '\x1bPq"1;1;5;7#0;2;0;0;0#180;2;100;0;0#0!5w$#180!5F$-#0!5@$-\x1b\\\r\n'
    )


def test_a_large_picture_is_made_smaller_and_its_letters_are_plain() -> None:
    sent = sixel(np.full((1200, 1920, 3), 77, np.uint8))
    assert sent.startswith('\x1bPq"1;1;640;400')
    assert sent[1:-4].isascii()
    assert sent[1:-4].isprintable()


def test_looking_at_inputs_names_what_is_unknown_and_what_flaps(at: Console) -> None:
    good = at.do("diag io 2")
    assert good.data["ok"], good.text
    yard_of(at).fault("road.arm", "silent")
    until(lambda: at.ctx.link.state().inputs.ends[1].arm.state.name == "UNKNOWN")
    bad = at.do("diag io 2")
    assert not bad.data["ok"]
    wrong = {row["name"]: row["verdict"] for row in bad.data["points"] if row["verdict"] != "ok"}
    assert wrong == {"road.arm": "UNKNOWN"}
    assert any(line.startswith("road.arm: no voltage") for line in bad.text)


@pytest.mark.parametrize(
    ("name", "state", "flips", "verdict"),
    [
        ("yard.beam_low", "CLEAR", 3, "ok"),
        ("yard.beam_low", "CLEAR", 11, "FLAPS"),
        ("yard.boom", "UNKNOWN", 0, "UNKNOWN"),
        ("yard.boom", "BETWEEN", 0, "BETWEEN"),
        ("estop", "BLOCKED", 0, "PRESSED"),
        ("estop", "UNKNOWN", 0, "UNKNOWN"),
        ("yard.arm", "NOT_FITTED", 0, "ok"),
    ],
)
def test_what_is_wrong_with_a_point(name: str, state: str, flips: int, verdict: str) -> None:
    point = Point(name=name, way="in", state=state, since_us=0, changes=flips)
    found, remedy = point_verdict(point, flips, 10.0)
    assert found == verdict
    assert bool(remedy) == (verdict != "ok")


def test_the_selftest_passes_fails_and_skips_with_what_was_seen(at: Console) -> None:
    at.do("selftest")
    lines = {line[6:28].strip(): line[:4] for line in at.said if line[4:6] == "  "}
    assert lines["ledger reads"] == "PASS"
    assert lines["cell 0"] == "PASS"
    assert lines["site file"] == "PASS"
    assert lines["booms"] == "SKIP"
    yard_of(at).fault("road.beam_low", "silent")
    yard_of(at).fault("cell2", "silent")
    until(lambda: at.ctx.link.state().inputs.ends[1].beam_low.state.name == "UNKNOWN")
    last = at.do("selftest")
    assert not last.data["ok"]
    assert {"road.beam_low", "cell 2"} <= set(last.data["failed"])
    assert at.ctx.link.state().outputs.booms == (0, 0)


@pytest.mark.parametrize(
    ("text", "grams"), [("30000", 30_000_000), ("48.25t", 48_250_000), ("0.5 kg", 500)]
)
def test_a_bare_mass_is_kilograms(text: str, grams: int) -> None:
    assert mass_g(text, 1, 10**9) == grams


def test_what_moves_needs_a_maintainer_by_hand_and_armed() -> None:
    by_words = {one.words: one for one in GRAMMAR.commands}
    for words in ("gate raise", "gate lower", "lamp test", "sign test", "voice test", "zero"):
        one = by_words[words]
        assert (one.role, one.manual, one.armed) == (Role.MAINTAINER, True, True), words
    for words in ("release", "send-back", "plate confirm", "passage void"):
        assert by_words[words].role is Role.OPERATOR
    assert by_words["calibrate"].role is Role.ADMIN
    assert all(one.help_en and one.help_zh for one in GRAMMAR.commands)
    assert not any(one.help_zh.isascii() for one in GRAMMAR.commands)


def test_a_record_that_another_led_to_is_not_taken_for_ones_own(at: Console) -> None:
    newest = newest_seq(at.ctx)
    for who in ("zhang", "li.wei"):
        asked = PersonRequest(kind="calibrate", who=who, why="x", detail="a = 1")
        assert at.ctx.link.request(asked) == ""
    until(lambda: at.ctx.link.state().inputs.ledger.seq == newest + 2)
    assert wait_record(at.ctx, newest, (Kind.SERVICE,)) == newest + 2
    assert wait_record(at.ctx, newest, (Kind.VOID,), 0.5) is None
    assert wait_record(at.ctx, newest + 2, (Kind.SERVICE,), 0.5) is None
