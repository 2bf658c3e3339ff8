"""The tests done at the scale: a deck that obeys a technician who follows the prompts."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from site_rig import write_recording, write_site
from typer.testing import CliRunner

from board.build import Board, build
from board.profile import read_profile
from controller.cli import app
from controller.commands.metrology import Request, at_scale
from controller.metrology import live
from controller.metrology.guide import Guide
from controller.metrology.live import LiveDeck
from controller.metrology.plans import guided, rising_loads
from hal.ports import CellSamples, Contact, DeviceFault, WallReading
from sensors.metrology.loads import weighing
from sensors.metrology.report import Conditions, Instrument, Reading, Report, SetError

KG = 1000
RATE_HZ = 5
SCALE = """
[site]
name = "Lane 1"
lane = 1
[scale]
serial = "WB-17"
max = "60 t"
e = "20 kg"
platform_length = "16 m"
rate_hz = 5
[devices.clock]
driver = "host.clock"
[devices.cells]
driver = "trace.cells"
files = ["passage.csv"]
[devices.yard.beam_low]
driver = "virtual.presence"
"""
CELLS = [(x, y) for x in (0.15, 8.0, 15.85) for y in (1.4, -1.4)]


class Deck:
    """A deck, its clock and the guard at its edge: a load goes on at once and is noisy."""

    def __init__(self, error_of: Callable[[float], float]) -> None:
        self.now = 0
        self.kg = 0.0
        self.swing_kg = 0.0
        self.silent = False
        self.guard = Contact.CLEAR
        self._error_of = error_of
        self._sent = 0
        self._noise = random.Random(5)

    def now_us(self) -> int:
        return self.now

    def wall(self) -> WallReading:
        return WallReading(ms=1)

    def skip(self, us: int) -> None:
        self.now += us

    def read(self) -> CellSamples | DeviceFault:
        if self.silent:
            return DeviceFault(name="CELLS_SILENT", device="cells", seen="no samples")
        step_us = 1_000_000 // RATE_HZ
        times = list(range(self._sent + step_us, self.now + 1, step_us))
        self._sent = times[-1] if times else self._sent
        counts = [self._counts(t) for t in times]
        return CellSamples(
            t_us=np.array(times, np.int64),
            counts=np.array(counts, np.int64).reshape(len(times), len(CELLS)),
        )

    def _counts(self, t_us: int) -> list[int]:
        swing = self.swing_kg * np.sin(t_us / 1e6 * 4)
        kg = self.kg + (self._error_of(self.kg) if self.kg else 0.0) + swing
        return [
            round(300_000 + 140 * (kg / 6 + self._noise.gauss(0, 0.2))) for _ in range(len(CELLS))
        ]


class Guard:
    def __init__(self, deck: Deck) -> None:
        self._deck = deck

    def read(self) -> Contact:
        return self._deck.guard


Before = Callable[[Deck, str], str | None]


class Technician:
    """Does what is asked, and answers with Enter; ``before`` may do something else first."""

    def __init__(self, deck: Deck, before: Before = lambda deck, text: None) -> None:
        self._deck = deck
        self._before = before
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.heard.append(text)

    def ask(self, text: str, meanwhile: Callable[[], None]) -> str:
        self.heard.append(text)
        other = self._before(self._deck, text)
        if other is not None:
            return other
        mass = re.search(r": ([0-9 ]+(?:\.[0-9]+)?) (kg|g)\. Enter", text)
        if mass:
            self._deck.kg = float(mass[1].replace(" ", "")) / (1 if mass[2] == "kg" else 1000)
        if re.match("Take it off|Empty the deck. Enter", text):
            self._deck.kg = 0.0
        if text.startswith("Put on 28 kg"):
            self._deck.kg += 28
        for _ in range(30):
            self._deck.skip(100_000)
            meanwhile()
        return ""


@pytest.fixture
def board_of(tmp_path: Path) -> Callable[[Deck], Board]:
    (tmp_path / "site.toml").write_text(SCALE + "".join(
        f'[[scale.cells]]\nx = "{x} m"\ny = "{y} m"\ncounts_per_kg = 140.0\n'
        'zero_counts = 300000\ndead_load = "2000 kg"\n' for x, y in CELLS
    ))  # fmt: skip
    write_recording(tmp_path, len(CELLS), beams=False)
    board = build(read_profile(tmp_path / "site.toml"))

    def make(deck: Deck) -> Board:
        yard = dataclasses.replace(board.sides[0], beam_low=Guard(deck))
        return dataclasses.replace(board, clock=deck, cells=deck, sides=(yard, board.sides[1]))

    return make


def do(
    test: str,
    board_of: Callable[[Deck], Board],
    error_of: Callable[[float], float] = lambda kg: kg / 10_000,
    before: Before = lambda deck, text: None,
    prepare: Callable[[Deck], None] = lambda _: None,
) -> tuple[Report, Technician]:
    deck = Deck(error_of)
    prepare(deck)
    talk = Technician(deck, before)
    live_deck = LiveDeck(board_of(deck), test)
    scale = Instrument(serial="WB-17", max_g=60_000 * KG, e_g=20 * KG, d_g=20 * KG, supports=6)
    conditions = Conditions(resolution_g=0.0, source="live")
    guide = Guide(deck=live_deck, talk=talk, scale=scale, conditions=conditions)
    return guided(test, guide), talk


def test_weighing_is_led_up_to_max_and_back(board_of: Any) -> None:
    report, _ = do("weighing", board_of)
    assert report.passed
    loads = [row.reading.load_g / KG for row in report.rows]
    up, down = [400, 10_000, 30_000, 40_000, 60_000], [40_000, 30_000, 10_000, 400, 0]
    assert loads == [0, *up, *down]
    top = next(row for row in report.rows if row.reading.load_g == 60_000 * KG)
    assert top.error_g == pytest.approx(6 * KG, abs=KG)


@pytest.mark.parametrize("divisions", [500, 525, 1_000, 2_000, 2_667, 3_000, 4_000, 5_000, 10_000])
def test_the_suggested_loads_are_a_whole_test_on_every_scale(divisions: int) -> None:
    e_g = 20 * KG
    scale = Instrument(serial="", max_g=divisions * e_g, e_g=e_g, d_g=e_g, supports=6)
    loads = rising_loads(scale)
    up = [Reading(load_g=load_g, indication_g=load_g) for load_g in loads]
    zero = Reading(load_g=0, indication_g=0)
    conditions = Conditions(resolution_g=0.0, source="live")
    assert weighing(scale, conditions, zero, up, [*up[-2::-1], zero]).passed


def test_a_scale_that_errs_fails_at_the_scale_too(board_of: Any) -> None:
    assert not do("weighing", board_of, lambda kg: 25.0 if kg == 40_000 else 0.0)[0].passed


@pytest.mark.parametrize("test", ["repeatability", "eccentricity", "discrimination", "zero"])
def test_the_guided_tests_give_whole_sets(test: str, board_of: Any) -> None:
    report, talk = do(test, board_of)
    assert report.passed, report
    assert report.test == test
    assert len(talk.heard) > 5


def test_another_load_can_be_typed_with_its_unit(board_of: Any) -> None:
    typed: Iterator[str] = iter(["58", "58 t"])

    def before(deck: Deck, text: str) -> str | None:
        return next(typed, None) if "60 000" in text else None

    report, talk = do("repeatability", board_of, lambda kg: 0.0, before)
    assert any("needs its unit" in text for text in talk.heard)
    assert not report.passed, "58 t was stated, and what stood there was not 58 t"


def test_an_unstable_reading_is_waited_for_and_can_be_given_up(board_of: Any) -> None:
    tries: Iterator[float] = iter([45.0, 45.0, 0.0])

    def before(deck: Deck, text: str) -> str | None:
        if "Setting 2" in text or "once more" in text:
            deck.swing_kg = next(tries)
        return None

    report, talk = do("zero", board_of, before=before)
    assert report.passed
    assert sum("moves by more than 20 kg" in text for text in talk.heard) == 2

    def give_up(deck: Deck, text: str) -> str | None:
        deck.swing_kg = 45.0 if "Setting 2" in text else deck.swing_kg
        return "q" if "once more" in text else None

    with pytest.raises(SetError, match="cancelled: the test was stopped"):
        do("zero", board_of, before=give_up)


def test_the_deck_must_be_seen_empty_and_the_cells_must_speak(board_of: Any) -> None:
    with pytest.raises(SetError, match=r"not_empty: yard\.beam_low is blocked"):
        do("zero", board_of, prepare=lambda deck: setattr(deck, "guard", Contact.BLOCKED))
    with pytest.raises(SetError, match="is unknown"):
        do("zero", board_of, prepare=lambda deck: setattr(deck, "guard", Contact.UNKNOWN))
    with pytest.raises(SetError, match="no_samples: cells: no samples"):
        do("zero", board_of, prepare=lambda deck: setattr(deck, "silent", True))
    with pytest.raises(SetError, match="zero could not be set"):
        do("zero", board_of, prepare=lambda deck: setattr(deck, "kg", 5_000.0))


def test_zero_is_not_tracked_while_the_scale_is_tested(board_of: Any) -> None:
    deck = Deck(lambda kg: 0.0)
    tested = LiveDeck(board_of(deck), "zero")
    tested.begin()
    deck.kg = 6.0
    tested.watch(deck.now + 30_000_000)
    assert tested.settle() == pytest.approx(6 * KG, abs=0.5 * KG)
    tested.set_zero()
    assert tested.settle() == pytest.approx(0, abs=0.5 * KG)


def test_only_what_the_test_needs_is_opened(tmp_path: Path) -> None:
    write_recording(tmp_path)
    deck = live.open_deck(write_site(tmp_path), "zero")
    assert isinstance(deck, LiveDeck)


def test_the_report_of_the_site_says_who_and_when(
    board_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = Deck(lambda kg: 0.0)
    talk = Technician(deck, lambda _, text: "王伟" if text == "Who tests?" else None)
    board = board_of(deck)
    monkeypatch.setattr(
        "controller.commands.metrology.open_deck", lambda _, test: LiveDeck(board, test)
    )
    report = at_scale("zero", Request(site=tmp_path / "site.toml", errors="in-service"), talk)
    assert (report.conditions.by, report.conditions.in_service) == ("王伟", True)
    assert report.conditions.at is not None
    assert report.scale.serial == "WB-17"


def test_the_simulated_yard_puts_the_loads_on_itself() -> None:
    """Enter for every question; the yard's cells are as their sheet says."""
    done = CliRunner().invoke(
        app, ["metrology", "eccentricity", "--site", "sim", "--by", "王伟", "--json"], "\n" * 40
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert [row["place"] for row in report["readings"][1:]] == [str(n + 1) for n in range(8)]
    assert report["readings"][8]["load_kg"] == 14_280
    assert report["scale"]["serial"] == "SIM-100"
    assert re.match(r"version 0, sha256 [0-9a-f]{16}$", report["scale"]["calibration"])


def test_zero_can_be_set_after_a_load_that_looked_like_a_failing_cell() -> None:
    deck = live.open_deck(Path("sim"), "eccentricity")
    deck.begin()
    deck.place(14_280 * KG, support=0)
    assert deck.settle() == pytest.approx(14_280 * KG, abs=5 * KG)
    deck.place(0.0)
    deck.settle()
    deck.set_zero()
    assert deck.settle() == pytest.approx(0, abs=2 * KG)


def test_the_end_of_the_input_ends_the_test() -> None:
    done = CliRunner().invoke(app, ["metrology", "zero", "--site", "sim"], "")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "cancelled" in done.stderr
