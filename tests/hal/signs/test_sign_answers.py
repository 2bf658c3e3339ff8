"""Parsers of answers: nothing leaves them but frames, and garbage costs at most one frame."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.signs import guizhou, onbon, parking, rowdisplay, sichuan, yunnan
from hal.signs.family import Family
from hal.signs.frames import Splitter
from hal.voice.syn import answers

FAMILIES: dict[str, Callable[[], Family]] = {
    "sichuan": sichuan.Sichuan,
    "yunnan": yunnan.Yunnan,
    "guizhou": guizhou.Guizhou,
    "onbon5": onbon.Onbon,
    "onbon6": lambda: onbon.Onbon(6),
    "parking": parking.ParkingBoard,
}
SPLITTERS: dict[str, tuple[Callable[[], Splitter], bytes]] = {
    "sichuan": (sichuan.splitter, sichuan.frame(sichuan.ASK_LIGHT, b"\x01")),
    "yunnan": (yunnan.splitter, yunnan.frame(yunnan.QUERY, b"\x00")),
    "guizhou": (guizhou.splitter, guizhou.frame(7, guizhou.FAULTS, b"\x00")),
    "onbon": (onbon.splitter, onbon.frame(bytes(16), onbon.ACKNOWLEDGED)),
    "row": (rowdisplay.splitter, rowdisplay.frame(2, "磅")),
    "parking": (parking.splitter, parking.frame(parking.PLAY, b"\x00")),
}
BUFFER_MAX = 4096
WEAK = ("yunnan", "guizhou", "sichuan")


@pytest.mark.parametrize("name", FAMILIES)
@given(data=st.lists(st.binary(max_size=80), max_size=6))
def test_no_bytes_raise(name: str, data: list[bytes]) -> None:
    family = FAMILIES[name]()
    for chunk in data:
        for told in family.feed(chunk):
            assert all(row >= 0 for row, _ in told.rows)
    family.reset()


@pytest.mark.parametrize("name", SPLITTERS)
@given(garbage=st.binary(max_size=300))
def test_two_frames_after_garbage_at_least_one_is_found(name: str, garbage: bytes) -> None:
    make, frame = SPLITTERS[name]
    found = make().feed(garbage + frame + frame)
    if name in WEAK and frame not in found:
        # Garbage and the beginning of a frame may look like one frame where little is checked.
        found = make().feed(garbage + frame * 40)
    assert frame in found


@pytest.mark.parametrize("name", SPLITTERS)
def test_a_frame_is_found_byte_by_byte_and_half_of_one_is_bounded(name: str) -> None:
    make, frame = SPLITTERS[name]
    splitter = make()
    found = [one for byte in frame * 3 for one in splitter.feed(bytes([byte]))]
    assert found == [frame] * 3
    splitter.feed(frame[:-1] * 3000)
    assert splitter.kept_bytes <= BUFFER_MAX
    splitter.reset()
    assert splitter.feed(frame) == [frame]


@pytest.mark.parametrize("name", SPLITTERS)
def test_half_a_frame_behind_a_whole_one_is_kept(name: str) -> None:
    make, frame = SPLITTERS[name]
    splitter = make()
    assert splitter.feed(frame + frame[:3]) == [frame]
    assert splitter.feed(frame[3:]) == [frame]


@pytest.mark.parametrize("name", SPLITTERS)
def test_a_frame_without_an_end_is_kept_only_so_far(name: str) -> None:
    make, frame = SPLITTERS[name]
    splitter = make()
    splitter.feed(frame[:9])
    for _ in range(20):
        splitter.feed(bytes(1000))
        assert splitter.kept_bytes <= BUFFER_MAX


@pytest.mark.parametrize("name", ["sichuan", "onbon", "row", "parking"])
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_frame_with_a_flipped_bit_is_no_frame(name: str, at: int, bit: int) -> None:
    make, frame = SPLITTERS[name]
    spoiled = bytearray(frame)
    place = at % len(frame)
    spoiled[place] ^= 1 << bit
    if name == "onbon" and place < 8:
        return  # fewer leading A5 are allowed
    assert bytes(spoiled) not in make().feed(bytes(spoiled) + bytes(300))


@given(st.binary(max_size=200))
def test_a_voice_s_answers_are_single_bytes(data: bytes) -> None:
    assert len(answers(data)) <= len(data)
