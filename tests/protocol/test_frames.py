"""Frames of an indicator in a record: nothing is lost, and nothing else is taken for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import protocol.frames
from protocol import cbor, parts
from protocol.counts import COUNTS
from protocol.counts import VERSION as COUNTS_VERSION
from protocol.frames import (
    FRAME_BYTES_MAX,
    FRAMES_MAX,
    FramesError,
    FrameState,
    RawFrame,
    is_frames,
    pack_frames,
    unpack_frames,
)
from protocol.record import Record, RecordError, decode, encode

ONCE = settings(max_examples=100, deadline=None, derandomize=True)
# 18 000 kg in continuous format 0 of the Yaohua family (facts: indicators 3.1).
YAOHUA = bytes.fromhex("022b303138303030303132 03".replace(" ", ""))
TWO = (
    RawFrame(t_us=5_000_000, raw=YAOHUA, gross_g=18_000_000, motion=False, d_g=20_000),
    RawFrame(t_us=5_100_000, raw=b"OL,GS", state=FrameState.OVER, centre_of_zero=False),
)
GOLDEN = (
    "8401666672616d65731a004c4b4082"
    "87004c022b30313830303030313203001a0112a880f4f6194e20"
    "871a000186a0454f4c2c475301f6f6f4f6"
)


@st.composite
def frames(draw: st.DrawFn) -> tuple[RawFrame, ...]:
    t_us, found = draw(st.integers(0, 2**40)), []
    bits = st.sampled_from([None, True, False])
    for _ in range(draw(st.integers(1, 20))):
        found.append(
            RawFrame(
                t_us=t_us,
                raw=draw(st.binary(max_size=FRAME_BYTES_MAX)),
                gross_g=draw(st.none() | st.integers(-(10**9), 10**9)),
                state=draw(st.sampled_from(FrameState)),
                motion=draw(bits),
                centre_of_zero=draw(bits),
                d_g=draw(st.none() | st.integers(1, 10**9)),
            )
        )
        t_us += draw(st.integers(1, 10**7))
    return tuple(found)


def test_the_bytes_are_these() -> None:
    """A conformance vector: two frames, the second over range."""
    assert pack_frames(TWO).hex() == GOLDEN
    assert unpack_frames(bytes.fromhex(GOLDEN)) == TWO


@ONCE
@given(frames())
def test_nothing_is_lost(given_frames: tuple[RawFrame, ...]) -> None:
    packed = pack_frames(given_frames)
    assert unpack_frames(packed) == given_frames
    assert is_frames(packed)


@ONCE
@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(FramesError):
        unpack_frames(data)


@ONCE
@given(st.data())
def test_a_changed_byte_is_refused_or_read_as_what_it_says(data: st.DataObject) -> None:
    packed = bytearray(pack_frames(TWO))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack_frames(bytes(packed))
    except FramesError:
        return
    assert pack_frames(found) == bytes(packed)


_FRAME: list[cbor.Value] = [0, b"=0", 0, 0, None, None, None]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([2, "frames", 0, [_FRAME]], "begins with 1"),
        ([True, "frames", 0, [_FRAME]], "begins with 1"),
        ([COUNTS_VERSION, COUNTS, 0, [_FRAME]], "begins with 1"),
        ([1, "frames", 0], "a time and an array"),
        ([1, "frames", True, [_FRAME]], "a time and an array"),
        ([1, "frames", 0, []], "frames is 0"),
        ([1, "frames", -1, [_FRAME]], "t0_us is -1"),
        ([1, "frames", 0, [[*_FRAME, 1]]], "frame 0: seven values"),
        ([1, "frames", 0, [[1, *_FRAME[1:]]]], "frame 0 step_us is 1"),
        ([1, "frames", 0, [_FRAME, _FRAME]], "frame 1 step_us is 0"),
        ([1, "frames", 0, [[0, "=0", *_FRAME[2:]]]], "frame 0: a time, bytes"),
        ([1, "frames", 0, [[0, b"x" * 257, *_FRAME[2:]]]], "frame 0 bytes is 257"),
        ([1, "frames", 0, [[0, b"", 5, *_FRAME[3:]]]], "frame 0 state is 5"),
        ([1, "frames", 0, [[0, b"", 0, 10**9 + 1, *_FRAME[4:]]]], "gross_g is"),
        ([1, "frames", 0, [[0, b"", 0, True, *_FRAME[4:]]]], "gross_g: a whole number"),
        ([1, "frames", 0, [[0, b"", 0, 0, 1, None, None]]], "motion: true, false or null"),
        ([1, "frames", 0, [[0, b"", 0, 0, None, 0, None]]], "centre_of_zero: true, false"),
        ([1, "frames", 0, [[0, b"", 0, 0, None, None, 0]]], "d_g is 0"),
    ],
)
def test_what_is_wrong_is_said(found: list[cbor.Value], said: str) -> None:
    with pytest.raises(FramesError, match=said):
        unpack_frames(cbor.encode(found))


def test_bounds() -> None:
    many = [RawFrame(t_us=i, raw=b"") for i in range(FRAMES_MAX + 1)]
    assert len(unpack_frames(pack_frames(many[:-1]))) == FRAMES_MAX
    for wrong in (many, [], [many[1], many[0]], [replace(many[0], raw=b"x" * 257)]):
        with pytest.raises(FramesError):
            pack_frames(wrong)
    with pytest.raises(FramesError, match="bytes are too many"):
        unpack_frames(bytes(protocol.frames.BYTES_MAX + 1))


def test_the_schema_stands_beside_it() -> None:
    cddl = (Path(protocol.frames.__file__).parent / "frames.cddl").read_text(encoding="utf-8")
    for word in ("step_us", "raw", "state", "gross_g", "motion", "centre_of_zero", "d_g"):
        assert f"  {word}: " in cddl
    assert f"1*{FRAMES_MAX} Frame" in cddl
    assert f".size (0..{FRAME_BYTES_MAX})" in cddl


def weighed(gross_g: int, raw: bytes) -> Record:
    return Record(
        kind=parts.Kind.PASSAGE,
        site="S",
        lane="1",
        passage_id=1,
        times=parts.Times(at_us=5_100_000),
        decision=parts.Decision(outcome=parts.Outcome.HOLD),
        weighing=parts.Weighing(gross_g=gross_g, indicated_g=gross_g, raw=raw),
    )


def test_a_record_holds_a_weight_that_a_frame_shows_and_no_other() -> None:
    record = weighed(18_000_000, pack_frames(TWO))
    assert decode(encode(record)) == record
    with pytest.raises(RecordError, match="no frame shows gross_g, 18000020 g"):
        encode(weighed(18_000_020, pack_frames(TWO)))
    with pytest.raises(RecordError, match=r"weighing\.raw: "):
        encode(weighed(18_000_000, pack_frames(TWO)[:-1]))
