"""How old what a coprocessor told may be: each input by its own limit, never beyond the lease."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from line_fakes import MemoryLine
from sign_rig import HandClock

from hal.bus import Bus
from hal.coprocessor import CoprocessorInput
from hal.coprocessor.link import BAUD, CoprocessorLink, link_of
from hal.ports import Contact
from protocol import coprocessor as wire

PORT = "/dev/chip"
BOTH_CLEAR = 0b0101


class Nobody:
    """The far end of a line that says nothing by itself."""

    def answer(self, data: bytes, now_us: int) -> bytes:
        return b""

    def due(self, now_us: int) -> bytes:
        return b""


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def bus(clock: HandClock) -> Iterator[Bus]:
    made = Bus()
    made.share("clock", lambda: clock)
    made.share(f"line {PORT}", lambda: MemoryLine(made, Nobody(), PORT))
    yield made
    made.close()


def told(link: CoprocessorLink, clock: HandClock) -> None:
    """A sample in which both inputs say clear."""
    link.poll()
    link._hear(wire.Answer(wire.TAKEN, ""), clock.us)
    link._heard_us = clock.us
    link._hear(wire.Sample(1, 0, BOTH_CLEAR, (), ()), clock.us)


def test_a_stop_may_be_older_than_a_beam_and_neither_older_than_its_limit(
    bus: Bus, clock: HandClock
) -> None:
    stop = CoprocessorInput(bus, PORT, 5, "estop", stale_us=800_000)
    beam = CoprocessorInput(bus, PORT, 6, "beam_low", "yard")
    link = link_of(bus, PORT, BAUD)
    told(link, clock)
    clock.us += 300_000
    assert (stop.read(), beam.read()) == (Contact.CLEAR, Contact.CLEAR)
    clock.us += 1
    assert (stop.read(), beam.read()) == (Contact.CLEAR, Contact.UNKNOWN)
    assert link.ready
    clock.us += 499_999
    assert stop.read() is Contact.CLEAR
    clock.us += 1
    assert stop.read() is Contact.UNKNOWN
    assert not link.ready


def test_without_a_word_all_that_is_older_than_a_third_of_a_second_is_unknown(
    bus: Bus, clock: HandClock
) -> None:
    stop = CoprocessorInput(bus, PORT, 5, "estop")
    link = link_of(bus, PORT, BAUD)
    told(link, clock)
    clock.us += 300_001
    assert stop.read() is Contact.UNKNOWN
    assert not link.ready


@pytest.mark.parametrize("stale_us", [0, -1, 900_001])
def test_no_reading_may_outlive_the_lease(bus: Bus, stale_us: int) -> None:
    with pytest.raises(ValueError, match="at most 900 ms"):
        CoprocessorInput(bus, PORT, 5, "estop", stale_us=stale_us)
