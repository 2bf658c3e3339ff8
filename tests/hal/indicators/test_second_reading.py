"""A weight counts only while the indicator's other output says the same."""

from __future__ import annotations

import pytest
from indicator_rig import Bench, HandLine

from hal.bus import Bus
from hal.indicators import yaohua_frames as frames
from hal.indicators.yaohua import YaohuaIndicator
from hal.ports import DeviceFault, Indication

SECOND = "/dev/second"


class Pair(Bench):
    """A Yaohua indicator with both outputs on hand-held lines."""

    def __init__(self) -> None:
        super().__init__("yaohua.indicator", unit="kg", d_g=20_000)
        self.second = HandLine(self.clock)
        self.second.name = SECOND
        self.bus = Bus()
        self.bus.share("clock", lambda: self.clock)
        self.bus.share("line /dev/first", lambda: self.line)
        self.bus.share(f"line {SECOND}", lambda: self.second)
        self.driver = YaohuaIndicator(
            self.bus, "kg", port="/dev/first", d_g=20_000, second_port=SECOND, second_format="2"
        )

    def both(self, first_kg: int, second_kg: int | None, times: int = 6) -> list[Indication]:
        """What is read while the outputs say these, every 100 ms."""
        read: list[Indication] = []
        for _ in range(times):
            if second_kg is not None:
                self.second.come(f"={second_kg:08d}".encode())
            said = self.say(frames.continuous(first_kg))
            self.clock.us += 80_000
            assert isinstance(said, tuple)
            read += said
        return read


def faults(pair: Pair) -> list[str]:
    return [fault.name for fault in pair.driver.faults()]


def test_a_weight_that_both_say_is_taken() -> None:
    pair = Pair()
    *_, last = pair.both(54_320, 54_320)
    assert (last.gross_g, bool(last.motion)) == (54_320_000, False)
    assert faults(pair) == []
    *_, last = pair.both(54_320, 54_340)
    assert not last.motion, "a load between two divisions flickers"


def test_a_digit_swap_that_the_checksum_passes_is_not_taken_and_told() -> None:
    assert frames.continuous(1560)[-3:] == frames.continuous(1650)[-3:]
    pair = Pair()
    pair.both(1_560, 1_560)
    read = pair.both(1_660, 1_560, times=29)
    assert all(one.motion for one in read)
    assert faults(pair) == []
    pair.both(1_660, 1_560, times=9)
    (fault,) = pair.driver.faults()
    assert fault.name == "INDICATOR_DISAGREES"
    assert fault.seen == "one output reads 1660 kg, the other 1560 kg"
    *_, last = pair.both(1_560, 1_560)
    assert not last.motion
    assert faults(pair) == []


def test_without_the_second_nothing_is_a_weight_and_its_silence_is_told() -> None:
    pair = Pair()
    pair.both(1_560, 1_560)
    read = pair.both(1_560, None, times=40)
    assert not read[5].motion
    assert all(one.motion for one in read[12:])
    assert faults(pair) == ["INDICATOR_SILENT"]
    assert pair.driver.faults()[0].device == SECOND


def test_a_load_that_moves_is_no_disagreement() -> None:
    pair = Pair()
    for step in range(60):
        pair.both(1_000 + 100 * step, 800 + 100 * step, times=1)
    assert faults(pair) == []


def test_an_unknown_format_and_the_same_line_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="second_format"):
        YaohuaIndicator(Bus(), "kg", port="/dev/a", second_port="/dev/b", second_format="9")
    bus = Bus()
    bus.share("line /dev/a", lambda: DeviceFault)
    with pytest.raises(ValueError, match="has this line already"):
        YaohuaIndicator(bus, "kg", port="/dev/a", second_port="/dev/a")
