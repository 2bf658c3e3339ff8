"""RTU frames: the facts' golden bytes, and whatever else may come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.field.modbus_rtu import answer_size, answers, crc16, sealed, units_heard
from sim.emulators.modbus_io import ModbusIo

GOLDEN = (
    "01 05 00 00 FF 00 8C 3A",
    "01 05 00 00 00 00 CD CA",
    "01 05 00 01 FF 00 DD FA",
    "01 01 00 00 00 08 3D CC",
    "01 02 00 00 00 08 79 CC",
    "01 03 00 06 00 05 65 C8",
)


def test_the_checksum_of_the_check_string() -> None:
    assert crc16(b"123456789") == 0x4B37


@pytest.mark.parametrize("text", GOLDEN)
def test_the_golden_frames_are_sealed_as_they_stand(text: str) -> None:
    frame = bytes.fromhex(text)
    assert sealed(frame[:-2]) == frame


def test_the_emulated_module_switches_and_answers_as_the_golden_frames_say() -> None:
    module = ModbusIo()
    on, off, second, coils, inputs = (bytes.fromhex(text) for text in GOLDEN[:5])
    assert module.answer(on, 0) == on
    assert module.answer(second, 0) == second
    assert module.coils[:3] == [True, True, False]
    assert module.answer(coils, 0) == sealed(bytes([1, 1, 1, 0b11]))
    assert module.answer(off, 0) == off
    assert module.answer(coils, 0) == sealed(bytes([1, 1, 1, 0b10]))
    module.inputs = [False, True, True, False, False, False, False, True]
    assert module.answer(inputs, 0) == sealed(bytes([1, 2, 1, 0b10000110]))


def test_a_request_in_pieces_is_answered_once_it_is_whole() -> None:
    module = ModbusIo()
    frame = bytes.fromhex(GOLDEN[0])
    assert b"".join(module.answer(frame[i : i + 1], 0) for i in range(7)) == b""
    assert module.answer(frame[7:], 0) == frame


@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        (b"\x05\x00\x08\xff\x00", 2),
        (b"\x05\x00\x00\x12\x34", 3),
        (b"\x01\x00\x00\x00\x09", 2),
        (b"\x01\x00\x00\x00\x00", 3),
        (b"\x03\x00\x00\x00\x01", 1),
        (b"\x0f\x00\x07\x00\x02\x01\x03", 2),
    ],
)
def test_what_a_module_has_not_it_refuses_by_the_exception_for_it(pdu: bytes, code: int) -> None:
    answer = ModbusIo().answer(sealed(b"\x01" + pdu), 0)
    assert answer == sealed(bytes([1, pdu[0] | 0x80, code]))


@given(garbage=st.binary(max_size=60))
def test_garbage_before_a_question_costs_at_most_that_question(garbage: bytes) -> None:
    module = ModbusIo(unit=1)
    frame = bytes.fromhex(GOLDEN[0])
    module.answer(garbage, 0)
    module.answer(b"\x00" * 300, 0)
    heard = module.answer(frame, 0) + module.answer(frame, 0)
    assert frame in heard


@given(data=st.binary(max_size=600), tcp=st.booleans())
def test_whatever_is_heard_ends_in_units_and_no_error(data: bytes, tcp: bool) -> None:
    assert all(0 <= unit <= 255 for unit in units_heard(data, tcp))
    size = answer_size(data)
    assert size is None or 0 <= size <= 256


@given(data=st.lists(st.binary(max_size=80), max_size=12), tcp=st.booleans())
def test_whatever_a_module_hears_it_keeps_little_and_raises_nothing(
    data: list[bytes], tcp: bool
) -> None:
    module = ModbusIo(tcp=tcp)
    for piece in data:
        module.answer(piece, 0)
    assert len(module._kept) <= 512


@given(before=st.binary(max_size=30), after=st.binary(max_size=30))
def test_an_answer_is_found_between_garbage(before: bytes, after: bytes) -> None:
    frame = sealed(bytes([7, 2, 1, 0x55]))
    found = answers(before + frame + after)
    # Garbage may by chance begin like an answer that swallows this one; its checksum forbids that.
    assert frame in found


def test_a_unit_is_heard_over_tcp() -> None:
    frame = bytes.fromhex("0001 0000 0004 07 02 01 55")
    assert units_heard(frame, True) == [7]
    assert units_heard(frame[:9], True) == []
