"""Samples stand in the order of their numbers, whatever their stamps were estimated as."""

from __future__ import annotations

from pathlib import Path

from hal.bus import Bus
from hal.coprocessor.link import BAUD, SAMPLES_MAX, Taken, link_of
from protocol.coprocessor import Sample


def test_a_stamp_that_is_not_later_is_put_behind_the_one_before(tmp_path: Path) -> None:
    bus = Bus()
    link = link_of(bus, str(tmp_path / "nobody"), BAUD)
    for number, t_us in ((1, 1_000), (2, 900), (5, 2_000)):
        link._note_sample(Taken(t_us, Sample(number, 0, 0, (0,), (7,))))
    assert [taken.t_us for taken in link.samples] == [1_000, 1_001, 2_000]
    assert link.gaps == 2
    for number in range(6, 6 + 2 * SAMPLES_MAX):
        link._note_sample(Taken(number * 1000, Sample(number % 0x10000, 0, 0, (0,), (7,))))
    assert len(link.samples) == SAMPLES_MAX
    bus.close()
