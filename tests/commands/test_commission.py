"""A commissioning in the simulated yard, with a technician who does what he is told, or not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from board.build import build
from board.profile import read_profile
from controller.assembly import LEDGER_FILE
from controller.commands.commission import commission
from controller.commands.sources import Trust, trust
from controller.commands.verify import run as verify
from controller.commands.verify_report import check_report
from controller.commissioning.report import CONTENT_TYPE, page_of
from controller.commissioning.result import Outcome, Report, Result
from controller.commissioning.session import GivenUpError
from controller.lanekey import KEY_FILE, PUBLIC_FILE
from hal.bus import Bus
from protocol.keys import generate, read_private, read_public
from protocol.ledger import Ledger
from protocol.parts import Kind
from protocol.revocation import Revocation
from protocol.statement import content, sign
from sim.cab import Habits
from sim.scenario import read_scenario
from sim.world import Visit, Yard

ALL = re.compile(r"^(?P<test>[a-z -]+): (?P<device>[a-z_.-]+)$")
Act = Callable[["Hands"], None]


class Hands:
    """A technician in the yard: reads what he is told, and acts on the yard with his hands."""

    def __init__(self, yard: Yard, **answers: str) -> None:
        self.yard = yard
        self.device = ""
        self.told: list[str] = []
        self.answers = answers
        self._next: str | None = None
        self._blocked = ""

    def tell(self, text: str) -> None:
        self.told.append(text)
        found = ALL.match(text)
        if found is not None:
            self.device = found["device"]
        if text.startswith("Put "):
            self._block(self.device)
        elif text.startswith("Block one of"):
            end = self.device.split(".")[0]
            self._block(f"{end}.beam_low")
        elif text.startswith("Take it away"):
            self.yard.heal(self._blocked)
        elif text.startswith("Press the emergency"):
            self.yard.estop_pressed = True
        elif text.startswith("Pull it out"):
            self.yard.estop_pressed = False
        else:
            self._next = self._answer(text)

    def _block(self, device: str) -> None:
        if self.yard.fault_of(device) is None:
            self._blocked = device
            self.yard.fault(device, "says blocked")

    def _answer(self, text: str) -> str | None:
        for part, answer in self.answers.items():
            if part.replace("_", " ") in text:
                return answer
        if text.endswith(("Enter.", "it goes up.", "it comes down.", "it closes.")):
            return ""
        if text.endswith("[y/n]"):
            return "y"
        return None

    def answer(self) -> str | None:
        answer, self._next = self._next, None
        if answer == "(gone)":
            raise GivenUpError("the terminal was closed")
        return answer


def empty_yard() -> Yard:
    _, options = read_scenario("morning", 1, 1)
    return Yard(1, (), options)


def commissioned(folder: Path, yard: Yard, hands: Hands, **settings: object) -> Report:
    bus = Bus()
    bus.share("yard", lambda: yard)
    board = build(read_profile("sim", settings), bus)
    return commission(board, folder, "Li Wei", "first commissioning", hands, paced=False)


NO_TRUCK = {"Mass_of": "s no truck today", "where": "s no vehicle here"}


def outcomes(report: Report) -> dict[tuple[str, str], Outcome]:
    return {(r.test, r.device): r.outcome for r in report.results}


def with_truck(yard: Yard) -> Hands:
    """A technician who sends the first truck of the morning over, waved on by hand."""
    visits, _ = read_scenario("morning", 1, 1)
    truck, load_g = visits[0].truck, visits[0].load_g
    waved = Habits(on_red=True, tailgates=True)

    class Waving(Hands):
        def tell(self, text: str) -> None:
            super().tell(text)
            if text.startswith("Have it stand"):
                at_us = self.yard.now_us
                visit = Visit(truck=truck, end=1, arrives_us=at_us, load_g=load_g, habits=waved)
                self.yard.add(visit)

    return Waving(
        yard,
        Mass_of=f"{(truck.tare_g + load_g) / 1000:g} kg",
        Where_is="bridge 2, ticket 17",
        come_on="road",
        does_it_leave="yard",
        where="s no vehicle here",
    )


def test_every_device_of_a_sound_lane_passes_and_is_on_the_report(tmp_path: Path) -> None:
    yard = empty_yard()
    report = commissioned(tmp_path, yard, with_truck(yard))
    assert [r for r in report.results if r.outcome is Outcome.FAILED] == []
    skipped = {r.device for r in report.results if r.outcome is Outcome.SKIPPED}
    assert skipped == {"yard.camera", "road.camera"}
    passed = {pair for pair, outcome in outcomes(report).items() if outcome is Outcome.PASSED}
    for name in ("approach", "arm", "beam_low", "beam_high"):
        assert {("presence", f"yard.{name}"), ("presence", f"road.{name}")} <= passed
    for end in ("yard", "road"):
        assert {("gate", f"{end}.gate"), ("refusal", f"{end}.gate")} <= passed
        assert {("signal", f"{end}.{face}_signal") for face in ("approach", "deck")} <= passed
    assert {("known truck", "scale"), ("emergency stop", "estop"), ("sign", "sign")} <= passed
    assert not report.passed
    assert yard.truth.touches == []
    page = next(tmp_path.glob("commission-*.md")).read_text(encoding="utf-8")
    assert "NOT PASSED" in page
    assert report.config_hash in page
    kept = json.loads(next(tmp_path.glob("commission-*.json")).read_text(encoding="utf-8"))
    assert len(kept["results"]) == len(report.results)


def test_every_move_by_hand_is_on_record_with_who_and_why(tmp_path: Path) -> None:
    yard = empty_yard()
    commissioned(tmp_path, yard, Hands(yard, **NO_TRUCK))
    with Ledger.open(tmp_path / LEDGER_FILE, read_only=True) as ledger:
        moves = [r for r in ledger.records() if r.kind is Kind.MANUAL_MOVE]
    assert len(moves) >= 4
    assert {(m.person.who, m.person.why) for m in moves if m.person} == {
        ("Li Wei", "first commissioning")
    }


@pytest.mark.parametrize(
    ("device", "kind", "test", "seen"),
    [
        ("yard.beam_low", "stuck", "presence", "never read BLOCKED"),
        ("road.arm", "silent", "presence", "reads UNKNOWN with nothing there"),
        ("cells", "silent", "weight source", "no samples"),
        ("cell3", "silent", "cell", "1 different values"),
        ("road.boom", "stuck", "gate", "did not reach its upper limit"),
        ("clock", "unset", "clock", "the wall clock says"),
    ],
)
def test_a_device_that_fails_is_found_and_named(
    tmp_path: Path, device: str, kind: str, test: str, seen: str
) -> None:
    yard = empty_yard()
    hands = Hands(yard, **NO_TRUCK)
    yard.advance(1_000_000)
    yard.presence(0, "beam_low")
    yard.fault(device, kind)
    report = commissioned(tmp_path, yard, hands)
    found = [r for r in report.results if r.outcome is Outcome.FAILED and r.test == test]
    assert any(seen in r.seen for r in found), report.results


def test_a_lamp_that_the_technician_does_not_see_fails(tmp_path: Path) -> None:
    yard = empty_yard()
    hands = Hands(yard, **NO_TRUCK, road_deck_lamp="n")
    report = commissioned(tmp_path, yard, hands)
    assert outcomes(report)["signal", "road.deck_signal"] is Outcome.FAILED
    assert outcomes(report)["signal", "road.approach_signal"] is Outcome.PASSED


def test_who_gives_up_keeps_what_was_found(tmp_path: Path) -> None:
    yard = empty_yard()
    report = commissioned(tmp_path, yard, Hands(yard, sign="(gone)"))
    assert not report.passed
    assert report.results[-1].seen == "given up: the terminal was closed"
    assert outcomes(report)["presence", "yard.arm"] is Outcome.PASSED
    assert next(tmp_path.glob("commission-*.md")).is_file()


def test_the_report_is_signed_with_the_lane_s_key_and_verify_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    yard = empty_yard()
    report = commissioned(tmp_path, yard, Hands(yard, sign="(gone)"))
    (signed,) = tmp_path.glob("commission-*.cose")
    given = trust(tmp_path / PUBLIC_FILE, None, ())
    assert verify(signed, given, json_=False)
    said = capsys.readouterr().out
    assert f"commissioning of lane {report.lane}, {report.site}" in said
    assert "by Li Wei: NOT PASSED" in said
    assert said.endswith(": SOUND\n")
    page = signed.with_suffix(".md").read_text(encoding="utf-8")
    assert f"Signed with the lane's key {read_public(tmp_path / PUBLIC_FILE).fingerprint}" in page
    assert verify(signed, Trust(), json_=False)
    assert "NOT COMPARED" in capsys.readouterr().out
    with Ledger.open(tmp_path / LEDGER_FILE, read_only=True) as ledger:
        assert ledger.key is not None
        assert ledger.key.x.hex() == report.key


def test_an_altered_report_is_found_wherever_it_was_altered(tmp_path: Path) -> None:
    yard = empty_yard()
    commissioned(tmp_path, yard, Hands(yard, sign="(gone)"))
    (signed,) = tmp_path.glob("commission-*.cose")
    good, given = signed.read_bytes(), trust(tmp_path / PUBLIC_FILE, None, ())

    def codes() -> list[str]:
        return [one.code for one in check_report(signed, given).findings]

    assert codes() == []
    page = signed.with_suffix(".md")
    page.write_text(page.read_text("utf-8").replace("NOT PASSED", "PASSED"), "utf-8")
    assert codes() == ["file"]
    page.unlink()
    signed.write_bytes(good.replace(b"Li Wei", b"Li Wie"))
    assert codes() == ["signature"]
    signed.write_bytes(good[:-70])
    assert codes() == ["seal"]
    stranger = generate()
    payload, _ = content(good, CONTENT_TYPE)
    signed.write_bytes(sign(payload, CONTENT_TYPE, stranger))
    assert codes() == ["key"]
    signed.write_bytes(sign(b"{}", CONTENT_TYPE, read_private(tmp_path / KEY_FILE)))
    assert codes() == ["undecodable"]
    signed.write_bytes(sign(payload, "text/plain", read_private(tmp_path / KEY_FILE)))
    assert codes() == ["seal"]


def test_a_report_of_a_revoked_key_does_not_count(tmp_path: Path) -> None:
    yard = empty_yard()
    commissioned(tmp_path, yard, Hands(yard, sign="(gone)"))
    (signed,) = tmp_path.glob("commission-*.cose")
    key = read_public(tmp_path / PUBLIC_FILE)
    for date, found in ((None, ["key"]), (20200101, ["key"]), (20991231, [])):
        gone = Revocation(kid=key.kid, why="stolen", from_date=date)
        given = Trust(anchor=key, revoked=(gone,))
        assert [one.code for one in check_report(signed, given).findings] == found


def test_a_report_with_nothing_tested_has_not_passed() -> None:
    bare = Report(
        site="s", lane=1, scale="x", who="w", why="y", began_ms=0, ended_ms=1, offset_min=480,
        software="steelyard", config_hash="0", results=(),
    )  # fmt: skip
    assert not bare.passed


def test_words_of_devices_cannot_break_out_of_the_page() -> None:
    evil = Result(
        test="sign", device="sign", outcome=Outcome.FAILED, seen="a|b\n# PASSED\x1b[2J", at_ms=0
    )
    bare = Report(
        site="s", lane=1, scale="x", who="w", why="y", began_ms=0, ended_ms=1, offset_min=480,
        software="steelyard", config_hash="0", results=(evil,),
    )  # fmt: skip
    page = page_of(bare)
    assert "\n# PASSED" not in page
    assert "\x1b" not in page
