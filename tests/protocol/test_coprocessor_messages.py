"""What a coprocessor may say: each message by its bytes, and no bytes that raise."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from protocol import coprocessor as wire
from protocol.framing import PAYLOAD_MAX, Frame


def test_a_sample_has_signed_counts_of_24_bits_and_a_flag_for_each_cell() -> None:
    payload = struct.pack("<HIIHB", 5, 123_456, 0x1555, 0b0100, 2)
    payload += (-77).to_bytes(3, "little", signed=True) + b"\x00\x00\x80"
    sample = wire.read(Frame(wire.SAMPLE, 0, payload))
    assert isinstance(sample, wire.Sample)
    assert (sample.number, sample.ticks_us, sample.contacts) == (5, 123_456, 0x1555)
    assert (sample.flags, sample.counts) == ((0, wire.MISSED), (-77, wire.NO_VALUE))


def test_a_state_tells_levels_and_reasons_apart() -> None:
    payload = struct.pack("<IHB2B2BBIHHHBB", 9, 258, 1, 2, 0, 16 + 3, 0, 64, 5, 1, 2, 3, 4, 6)
    state = wire.read(Frame(wire.STATE, 0, payload))
    assert isinstance(state, wire.State)
    assert (state.wanted, state.booms, state.lamps) == ((2, 0), ((1, 3), (0, 0)), (4, 0))
    assert (state.corrupt, state.missed, state.late, state.losses) == (1, 2, 3, 4)
    assert state.round_max_ms == 6


def test_about_carries_the_first_cause() -> None:
    payload = struct.pack("<B3BBBHBBI8s", 1, 1, 2, 3, 1, 3, 700, 2, 1, 0xDEADBEEF, b"CHIPCHIP")
    about = wire.read(Frame(wire.ABOUT, 0, payload + b"der Grund"))
    assert isinstance(about, wire.About)
    assert (about.version, about.configured, about.starts) == ((1, 2, 3), True, 700)
    assert (about.cause, about.more, about.cause_text) == (2, 1, "der Grund")


def test_contacts_come_two_bits_each() -> None:
    assert [wire.contact(0b11_10_01_00, index) for index in range(4)] == [0, 1, 2, 3]


@given(st.text(max_size=3000))
def test_a_configuration_is_cut_into_payloads_and_whole_again(text: str) -> None:
    parts = wire.config_parts(text)
    assert b"".join(part[2:] for part in parts) == text.encode()
    assert all(len(part) <= PAYLOAD_MAX for part in parts)
    assert [tuple(part[:2]) for part in parts] == [(i, len(parts)) for i in range(len(parts))]


@given(st.integers(0, 255), st.binary(max_size=PAYLOAD_MAX))
def test_no_payload_raises(kind: int, payload: bytes) -> None:
    message = wire.read(Frame(kind, 0, payload))
    assert message is None or kind in wire._READERS


@given(st.sampled_from(sorted(wire._READERS)), st.binary(max_size=60))
def test_what_is_read_is_inside_its_bounds(kind: int, payload: bytes) -> None:
    message = wire.read(Frame(kind, 0, payload))
    if isinstance(message, wire.Sample):
        assert len(message.counts) == len(message.flags) <= 8
        assert all(-0x800000 <= count <= 0x7FFFFF for count in message.counts)
    if isinstance(message, wire.Edge):
        assert message.input < wire.INPUTS_MAX
    if isinstance(message, wire.Sample | wire.Edge | wire.State):
        assert 0 <= message.ticks_us < wire.TICKS
