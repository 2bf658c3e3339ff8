"""Both ends of the wire: the same golden bytes, each other's frames, and garbage."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from firmware_rig import firmware
from hypothesis import given
from hypothesis import strategies as st

from protocol import framing
from protocol.vectors.make import FOLDER

VECTORS = tomllib.loads((FOLDER / "coprocessor.toml").read_text(encoding="utf-8"))
PAYLOADS = st.binary(max_size=framing.PAYLOAD_MAX)
KINDS, SEQS = st.integers(0, 255), st.integers(0, 0xFFFF)


def chip_encode(kind: int, seq: int, payload: bytes) -> bytes:
    encoder = firmware("framing").Encoder()
    encoder._seq = seq
    encoder.body[3 : 3 + len(payload)] = payload
    return bytes(encoder.wire[: encoder.seal(kind, len(payload))])


def chip_decode(data: bytes, decoder: Any = None) -> list[framing.Frame]:
    decoder = decoder or firmware("framing").Decoder()
    return [
        framing.Frame(decoder.kind, decoder.seq, bytes(decoder.body[3 : 3 + decoder.length]))
        for value in data
        if decoder.feed(value)
    ]


@pytest.mark.parametrize("vector", VECTORS["frame"], ids=lambda vector: vector["name"])
def test_golden_frames_at_both_ends(vector: dict[str, Any]) -> None:
    payload, wire = bytes.fromhex(vector["payload"]), bytes.fromhex(vector["wire"])
    frame = framing.Frame(vector["kind"], vector["seq"], payload)
    assert framing.encode(*frame) == wire
    assert chip_encode(*frame) == wire
    assert framing.Decoder().feed(wire) == [frame]
    assert chip_decode(wire) == [frame]


@pytest.mark.parametrize("vector", VECTORS["spoilt"], ids=lambda vector: vector["name"])
def test_of_spoilt_bytes_no_end_makes_a_frame(vector: dict[str, Any]) -> None:
    wire = bytes.fromhex(vector["wire"])
    assert framing.Decoder().feed(wire) == []
    assert chip_decode(wire) == []


def test_the_crc_is_the_one_the_document_names() -> None:
    assert framing.crc16(b"123456789") == 0x29B1
    assert firmware("framing").crc16(b"123456789", 9) == 0x29B1


def test_a_payload_that_fits_in_no_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="201 bytes"):
        framing.encode(1, 0, bytes(201))


@given(KINDS, SEQS, PAYLOADS)
def test_each_end_reads_what_the_other_writes(kind: int, seq: int, payload: bytes) -> None:
    frame = framing.Frame(kind, seq, payload)
    assert framing.encode(*frame) == chip_encode(*frame)
    assert chip_decode(framing.encode(*frame)) == [frame]
    assert framing.Decoder().feed(chip_encode(*frame)) == [frame]


@given(st.lists(st.binary(max_size=600), max_size=6), PAYLOADS)
def test_garbage_costs_bounded_memory_and_one_frame_at_most(
    pieces: list[bytes], payload: bytes
) -> None:
    host, chip = framing.Decoder(), firmware("framing").Decoder()
    for piece in pieces:
        assert host.feed(piece) == chip_decode(piece, chip)
        assert len(host._kept) <= framing._WIRE_MAX + 1
    assert host.corrupt == chip.corrupt
    good = framing.encode(7, 9, payload) * 2
    wanted = framing.Frame(7, 9, payload)
    assert wanted in host.feed(good)[-1:]
    assert wanted in chip_decode(good, chip)[-1:]


@given(st.lists(PAYLOADS, min_size=1, max_size=5), st.integers(1, 40))
def test_cutting_a_stream_changes_nothing(payloads: list[bytes], size: int) -> None:
    wire = b"".join(framing.encode(1, seq, p) for seq, p in enumerate(payloads))
    decoder = framing.Decoder()
    found = [f for at in range(0, len(wire), size) for f in decoder.feed(wire[at : at + size])]
    assert found == framing.Decoder().feed(wire)
    assert [frame.payload for frame in found] == payloads
    assert (decoder.corrupt, decoder.missed) == (0, 0)


def test_lost_frames_are_counted_over_the_end_of_the_numbers() -> None:
    host, chip = framing.Decoder(), firmware("framing").Decoder()
    for seq in (65_533, 65_535, 2):
        wire = framing.encode(1, seq, b"")
        host.feed(wire)
        chip_decode(wire, chip)
    assert (host.missed, chip.missed) == (3, 3)


def test_a_sender_that_begins_anew_has_lost_nothing() -> None:
    decoder = framing.Decoder()
    for seq in (40_000, 0, 1):
        decoder.feed(framing.encode(1, seq, b""))
    assert decoder.missed == 0
    decoder.drop()
    decoder.feed(framing.encode(1, 700, b""))
    assert decoder.missed == 0
