"""The detector of remote-control devices: frames, alarm, silence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from field_fakes import HandClock
from hypothesis import given
from hypothesis import strategies as st

from hal.bus import Bus
from hal.field.rf_frames import BYTES_MAX, QUERY, RESET, RfParser, RfReply, frame
from hal.ports import Contact
from hal.rf import RfDetector
from sim.emulators.rf_detector import RfDetectorEmulator
from sim.emulators.serve import OnPty

PATIENCE_S = 20.0
ALARM = frame(0x81, bytes([1, 0, 4339 >> 8, 4339 & 0xFF, 2]))
QUIET = frame(0x81, bytes(5))


def test_the_golden_frames() -> None:
    assert frame(1) == QUERY == bytes.fromhex("3A 04 01 05")
    assert frame(2) == RESET == bytes.fromhex("3A 04 02 06")
    assert bytes.fromhex("3A 09 81 01 00 10 F3 02 68") == ALARM
    assert RfParser().feed(ALARM) == [RfReply(True, False, 43392)]


def test_a_reply_in_pieces_comes_once_and_a_spoilt_one_never() -> None:
    parser = RfParser()
    assert [parser.feed(ALARM[i : i + 1]) for i in range(8)] == [[]] * 8
    assert len(parser.feed(ALARM[8:])) == 1
    for place in range(1, len(ALARM)):
        spoilt = bytearray(ALARM)
        spoilt[place] ^= 0x10
        assert RfReply(True, False, 43392) not in RfParser().feed(bytes(spoilt))


@given(garbage=st.binary(max_size=80))
def test_after_garbage_the_second_reply_at_the_latest_is_heard(garbage: bytes) -> None:
    parser = RfParser()
    parser.feed(garbage)
    heard = [reply for _ in range(6) for reply in parser.feed(ALARM)]
    assert len(heard) >= 2
    assert heard[-1] == RfReply(True, False, 43392)


@given(pieces=st.lists(st.binary(max_size=200), max_size=10))
def test_whatever_comes_little_is_kept_and_nothing_is_raised(pieces: list[bytes]) -> None:
    parser = RfParser()
    for piece in pieces:
        parser.feed(piece)
        assert len(parser._kept) <= BYTES_MAX


@given(pieces=st.lists(st.binary(max_size=60), max_size=10))
def test_the_emulator_takes_whatever_comes(pieces: list[bytes]) -> None:
    emulator = RfDetectorEmulator()
    for piece in pieces:
        emulator.answer(piece, 0)
    assert len(emulator._kept) <= 32


class Bench:
    """A detector on a pty whose driver's clock is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.bus = Bus()
        self.bus.share("clock", lambda: self.clock)
        self.emulator = RfDetectorEmulator()
        self.served = OnPty(self.emulator, folder / "tty")
        self.driver = RfDetector(self.bus, port=self.served.port)

    def until(self, true: Callable[[], object], step_us: int = 20_000) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end_s, "it did not come"
            self.clock.us += step_us
            time.sleep(0.005)

    def says(self, contact: Contact) -> Callable[[], bool]:
        return lambda: self.driver.read() is contact

    @property
    def faults(self) -> list[str]:
        return [fault.name for fault in self.driver.faults()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.bus.close()
    made.served.close()


def test_a_signal_is_told_with_its_frequency_reset_and_forgotten_after_a_while(
    bench: Bench,
) -> None:
    assert bench.driver.read() is Contact.UNKNOWN
    bench.until(bench.says(Contact.CLEAR))
    bench.emulator.signal = True
    bench.until(bench.says(Contact.BLOCKED))
    assert bench.faults == ["RF_ALARM"]
    assert "433.92 MHz" in bench.driver.faults()[0].seen
    bench.until(lambda: (bench.driver.read(), bench.emulator.resets > 1)[1])
    bench.emulator.signal = False
    bench.until(bench.says(Contact.CLEAR))
    assert bench.faults == []


def test_a_signal_that_the_detector_knows_is_none(bench: Bench) -> None:
    bench.emulator.signal = bench.emulator.known = True
    bench.until(bench.says(Contact.CLEAR))
    assert bench.faults == []


def test_a_silent_detector_is_unknown_and_a_garbled_one_says_so(bench: Bench) -> None:
    bench.until(bench.says(Contact.CLEAR))
    bench.emulator.silent = True
    bench.until(bench.says(Contact.UNKNOWN))
    bench.until(lambda: (bench.driver.read(), bench.faults == ["IO_SILENT"])[1])
    bench.emulator.silent, bench.emulator.garbled = False, True
    bench.until(lambda: (bench.driver.read(), bench.faults == ["IO_GARBLED"])[1])
    bench.emulator.garbled = False
    bench.until(bench.says(Contact.CLEAR))


def test_a_line_pulled_out_is_down(bench: Bench) -> None:
    bench.until(bench.says(Contact.CLEAR))
    bench.served.unplug()
    bench.until(lambda: (bench.driver.read(), bench.faults[:1] == ["LINE_DOWN"])[1])
    bench.served.plug()
    bench.until(bench.says(Contact.CLEAR))


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValueError, match="one of them"):
        RfDetector(Bus())
    with pytest.raises(ValueError, match="oftener"):
        RfDetector(Bus(), port="/dev/null", poll_us=5_000_000)
