"""Every golden frame of the sources is read as its source says."""

from functools import partial

import pytest
from msgspec.structs import replace

from hal.indicators import modbus_frames, toledo_frames, yaohua_frames
from hal.indicators.codec import (
    FRAME_BYTES_MAX,
    NEEDS_MORE,
    Aside,
    Decoder,
    Found,
    Shown,
    Spoiled,
)
from hal.indicators.text_frames import Cutter, table
from hal.indicators.yaohua import FORMATS
from hal.ports import IndicationState


def only(decoder: Decoder, text: str) -> Found:
    """What the frame, in hexadecimal, is; half frames and garbage around it change nothing."""
    frame = bytes.fromhex(text)
    (arrival,) = decoder.feed(frame)
    assert arrival.after_bytes == 0
    assert decoder.held_bytes == 0
    for i in range(len(frame)):
        decoder.feed(frame[:i])
        assert [a.found for a in decoder.feed(frame[i:])] == [arrival.found]
    return arrival.found


def shown(decoder: Decoder, text: str) -> Shown:
    found = only(decoder, text)
    assert isinstance(found, Shown)
    assert found.raw == bytes.fromhex(text)
    return found


@pytest.mark.parametrize(
    ("text", "digits", "decimals"),
    [
        ("02 2B 30 30 30 30 30 30 30 31 42 03", 0, 0),
        ("02 2B 30 30 31 35 36 30 30 31 39 03", 1560, 0),
        ("02 2B 30 30 31 36 35 30 30 31 39 03", 1650, 0),
        ("02 2B 30 31 38 30 30 30 30 31 32 03", 18_000, 0),
        ("02 2B 30 34 36 30 30 30 30 31 39 03", 46_000, 0),
        ("02 2B 30 34 39 30 30 30 30 31 36 03", 49_000, 0),
        ("02 2B 30 35 34 33 32 30 30 31 42 03", 54_320, 0),
        ("02 2D 30 34 39 39 38 30 30 31 31 03", -49_980, 0),
        ("02 2B 30 30 32 30 30 30 32 31 42 03", 2_000, 2),
    ],
)
def test_yaohua_format_0(text: str, digits: int, decimals: int) -> None:
    found = shown(Decoder(yaohua_frames.cut_continuous), text)
    assert (found.digits, found.decimals) == (digits, decimals)
    assert found.motion is None
    assert found.unit == ""
    assert yaohua_frames.continuous(digits, decimals) == bytes.fromhex(text)


def test_yaohua_s_other_way_to_write_a_nibble_is_taken() -> None:
    plain = "02 2B 30 35 34 33 32 30 30 31 3B 03"
    assert shown(Decoder(yaohua_frames.cut_continuous), plain).digits == 54_320
    assert yaohua_frames.continuous(54_320, plain=True) == bytes.fromhex(plain)


def test_a_yaohua_frame_with_another_checksum_is_spoiled() -> None:
    wrong = bytes.fromhex("02 2B 30 35 34 33 32 30 30 31 43 03")
    (found,) = (a.found for a in Decoder(yaohua_frames.cut_continuous).feed(wrong))
    assert isinstance(found, Spoiled)
    assert found.why == "checksum b'1C' where b'1B' belongs"


@pytest.mark.parametrize(
    ("frame", "backwards", "digits", "decimals"),
    [
        (b"=000.3000", True, 3000, 3),
        (b"=00.1000-", True, -100, 2),
        (b"=0003.000", False, 3000, 3),
        (b"=-0001.00", False, -100, 2),
    ],
)
def test_yaohua_formats_1_and_2(frame: bytes, backwards: bool, digits: int, decimals: int) -> None:
    cut = yaohua_frames.cut_last_first if backwards else yaohua_frames.cut_first_last
    found = shown(Decoder(cut), frame.hex())
    assert (found.digits, found.decimals) == (digits, decimals)


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (b"A", "02 41 41 30 30 03"),
        (b"B", "02 41 42 30 33 03"),
        (b"C", "02 41 43 30 32 03"),
        (b"D", "02 41 44 30 35 03"),
        (b"E", "02 41 45 30 34 03"),
        (b"F", "02 41 46 30 37 03"),
        (b"0", "02 41 30 37 31 03"),
    ],
)
def test_yaohua_commands(ask: bytes, text: str) -> None:
    assert yaohua_frames.command("A", ask) == bytes.fromhex(text)


def test_yaohua_answers() -> None:
    text = "02 41 42 2B 30 34 39 30 30 30 30 31 35 03"
    cut = partial(yaohua_frames.cut_answer, address="A")
    assert shown(Decoder(cut), text).digits == 49_000
    assert yaohua_frames.answer("A", b"B", 49_000) == bytes.fromhex(text)
    assert isinstance(only(Decoder(cut), "02 41 41 30 30 03"), Aside)
    net = yaohua_frames.answer("A", b"D", 29_000).hex()
    assert isinstance(only(Decoder(cut), net), Aside)


def test_the_answer_of_another_address_is_not_taken() -> None:
    cut = partial(yaohua_frames.cut_answer, address="A")
    assert Decoder(cut).feed(yaohua_frames.answer("B", b"B", 49_000)) == []


OK, OVER = IndicationState.OK, IndicationState.OVER


@pytest.mark.parametrize(
    ("text", "digits", "tare", "net", "motion", "state", "d"),
    [
        ("02 2A 30 20 20 35 34 33 32 30 20 20 20 20 20 30 0D 09", 54_320, 0, 0, 0, OK, 1),
        ("02 2A 38 20 20 35 34 33 32 30 20 20 20 20 20 30 0D 01", 54_320, 0, 0, 1, OK, 1),
        ("02 2A 34 20 39 39 39 39 39 39 20 20 20 20 20 30 0D 4D", None, 0, 0, 0, OVER, 1),
        ("02 2A 32 20 20 20 20 20 34 30 20 20 20 20 20 30 0D 41", -40, 0, 0, 0, OK, 1),
        ("02 2A 31 20 20 33 34 33 32 30 20 32 30 30 30 30 0D 48", 34_320, 20_000, 1, 0, OK, 1),
        ("02 31 30 20 20 20 35 34 33 32 20 20 20 20 20 30 0D 12", 54_320, 0, 0, 0, OK, 20),
        ("02 31 30 20 20 20 20 32 30 30 20 20 20 20 30 30 0D 1E", 2_000, 0, 0, 0, OK, 20),
    ],
)
def test_toledo(
    text: str,
    digits: int | None,
    tare: int,
    net: int,
    motion: int,
    state: IndicationState,
    d: int,
) -> None:
    cut = partial(toledo_frames.cut, variant=toledo_frames.VARIANTS["toledo"], check=True)
    found = shown(Decoder(cut), text)
    assert (found.digits, found.tare_digits, found.net) == (digits, tare, bool(net))
    assert (found.motion, found.state, found.unit) == (bool(motion), state, "kg")
    assert found.d_digits == d
    bare = partial(toledo_frames.cut, variant=toledo_frames.VARIANTS["toledo"], check=False)
    assert shown(Decoder(bare), text[:-3]).digits == digits


def toledo(a: int, b: int, c: int, digits: bytes = b"  5432", variant: str = "toledo") -> Shown:
    frame = toledo_frames.frame_of(a, b, c, digits, b"     0", check=True)
    cut = partial(toledo_frames.cut, variant=toledo_frames.VARIANTS[variant], check=True)
    return shown(Decoder(cut), frame.hex())


def test_toledo_s_decimal_places_and_increments() -> None:
    scalings = [toledo(0x20 | step << 3 | point, 0x30, 0x20) for point, step in enumerate([1] * 8)]
    assert [f.digits for f in scalings] == [543_200, 54_320, *[5_432] * 6]
    assert [f.decimals for f in scalings] == [0, 0, 0, 1, 2, 3, 4, 5]
    assert [toledo(0x22 | i << 3, 0x30, 0x20).d_digits for i in range(4)] == [None, 1, 2, 5]
    assert toledo(0x38, 0x30, 0x20).d_digits == 500


def test_toledo_s_units_and_states() -> None:
    assert toledo(0x2A, 0x20, 0x20).unit == "lb"
    assert [toledo(0x2A, 0x30, 0x20 | c).unit for c in (0, 1, 2)] == ["kg", "g", "t"]
    assert toledo(0x2A, 0x36, 0x20).state == IndicationState.UNDER
    assert toledo(0x2A, 0x70, 0x20).state == IndicationState.WARMING_UP
    assert toledo(0x2A, 0x30, 0x30).state == IndicationState.ERROR
    assert toledo(0x2A, 0x30, 0x20, b"  ERR ").state == IndicationState.ERROR


def test_liden_and_flintec_fill_the_status_words_their_own_way() -> None:
    liden = toledo(0x52, 0x30, 0x30, variant="liden")
    assert (liden.digits, liden.unit, liden.d_digits) == (5_432, "kg", None)
    assert toledo(0x52, 0x38, 0x31, variant="liden").unit == "lb"
    # The manual's own example, without its line feed: 0750 and 250 with 7D = XXX.XXX, 5.
    flintec = toledo(0x7D, 0x31, 0x30, b"  0750", variant="flintec")
    assert (flintec.digits, flintec.decimals, flintec.d_digits) == (750, 3, 5)
    assert (flintec.net, flintec.unit, flintec.state) == (True, "", OK)
    assert toledo(0x7D, 0x70, 0x30, variant="flintec").state == OK


def test_one_variant_s_frames_are_not_read_as_another_s() -> None:
    frame = toledo_frames.frame_of(0x52, 0x30, 0x30, b"  5432", b"     0", check=True)
    cut = partial(toledo_frames.cut, variant=toledo_frames.VARIANTS["toledo"], check=True)
    assert Decoder(cut).feed(frame) == []


def text(dialect: str, line: bytes) -> Shown:
    return shown(Decoder(Cutter(table()[dialect])), line.hex())


def test_the_text_family() -> None:
    st = text("st-gs", b"ST,GS,+0012450kg\r\n")
    assert (st.digits, st.unit, st.motion, st.net) == (12_450, "kg", False, False)
    us = text("st-gs", b"US,NT,-   3.40 t\r\n")
    assert (us.digits, us.decimals, us.unit, us.motion, us.net) == (-340, 2, "t", True, True)
    assert text("st-gs", b"OL,__,_._____kg\r\n").state == OVER
    tare = only(Decoder(Cutter(table()["st-gs"])), b"ST,TR,+0012450kg\r\n".hex())
    assert isinstance(tare, Aside)
    a12e = text("yaohua-a12e", b"ww0003.17kg\r\n")
    assert (a12e.digits, a12e.decimals, a12e.unit, a12e.motion) == (317, 2, "kg", None)
    assert text("yaohua-a12e", b"wn0003.17kg\r\n").net
    assert text("yaohua-a12e", b"ww-015.000kg\r\n").digits == -15_000


def test_vishay_flintec_and_sics() -> None:
    still, moving = text("vishay-vt220", b"P+031790"), text("vishay-vt220", b"@+031790")
    assert [(f.digits, f.motion) for f in (still, moving)] == [(31_790, False), (31_790, True)]
    moving = text("flintec-ft111d", b"i80 16360     0\r\n")
    still = text("flintec-ft111d", b"i00 16370     0\r\n")
    assert [(f.digits, f.motion) for f in (still, moving)] == [(16_370, False), (16_360, True)]
    assert text("flintec-ft111d", b"i7F 16370     0\r\n").motion is False
    assert text("flintec-ft111d", b"i00 16370    20\r\n").net
    ft10 = text("flintec-ft10", b"01BS+000123.4\r")
    assert (ft10.digits, ft10.decimals, ft10.motion) == (1_234, 1, False)
    assert text("flintec-ft10", b"01BO\r").state == OVER
    sics = text("mt-sics", b"S S    12345 kg\r\n")
    assert (sics.digits, sics.unit, sics.motion) == (12_345, "kg", False)
    assert text("mt-sics", b"S D     12.5 t\r\n").motion
    assert text("mt-sics", b"S +\r\n").state == OVER
    assert text("mt-sics", b"S -\r\n").state == IndicationState.UNDER
    refused = only(Decoder(Cutter(table()["mt-sics"])), b"S I\r\n".hex())
    assert isinstance(refused, Aside)
    assert refused.refusal == "S I"


LAUMAS = modbus_frames.Reading(
    unit=1,
    registers=modbus_frames.MAPS["laumas"],
    word_order="high first",
    sign="twos complement",
    bits=modbus_frames.StatusBits(stable=(11,)),
)


def test_modbus() -> None:
    assert modbus_frames.crc16(b"123456789") == bytes.fromhex("37 4B")
    assert modbus_frames.read_request(1, 6, 5) == bytes.fromhex("01 03 00 06 00 05 65 C8")
    registers = LAUMAS.registers
    assert (registers.first, registers.words) == (6, 5)
    cut = partial(modbus_frames.cut, reading=LAUMAS)
    found = shown(Decoder(cut), "01 03 0A 00 00 00 00 D4 30 00 00 86 10 15 0A")
    assert (found.digits, found.tare_digits, found.motion) == (54_320, 20_000, True)
    body = bytes.fromhex("01 83 02")
    refused = only(Decoder(cut), (body + modbus_frames.crc16(body)).hex())
    assert isinstance(refused, Aside)
    assert refused.refusal == "exception 2, illegal register address"


def test_modbus_words_and_signs() -> None:
    pair = (0xFFFF, 0xFFD8)
    assert modbus_frames.combine(pair, "high first", signed=True) == -40
    assert modbus_frames.combine(pair, "high first", signed=False) == 4_294_967_256
    assert modbus_frames.combine((0xD430, 0), "low first", signed=True) == 54_320


def modbus(status: int, gross: int, **stated: object) -> Shown:
    reading = replace(LAUMAS, **stated)
    data = status.to_bytes(2, "big") + (gross & 0xFFFFFFFF).to_bytes(4, "big") * 2
    body = bytes([1, 3, len(data)]) + data
    cut = partial(modbus_frames.cut, reading=reading)
    return shown(Decoder(cut), (body + modbus_frames.crc16(body)).hex())


def test_modbus_status_bits_say_what_the_site_says_of_them() -> None:
    bits = modbus_frames.StatusBits(
        stable=(11,), zero=(12,), over=(2, 3), under=(4,), error=(0,), negative=(7,)
    )
    assert modbus(1 << 11, 40, bits=bits).motion is False
    assert modbus(0, 40, bits=bits).motion is True
    assert modbus(1 << 12, 0, bits=bits).centre_of_zero is True
    assert modbus(0, 0, bits=bits).centre_of_zero is False
    for bit, state in ((2, "OVER"), (3, "OVER"), (4, "UNDER"), (0, "ERROR")):
        found = modbus(1 << bit, 40, bits=bits)
        assert (found.digits, found.state.name) == (None, state)
    assert modbus(1 << 7, 40, bits=bits, sign="status bit").digits == -40
    assert modbus(0, 40, bits=bits, sign="status bit").digits == 40
    assert modbus(1 << 7, 40, bits=bits).digits == 40
    moving = modbus_frames.StatusBits(moving=(5,))
    assert [modbus(s, 40, bits=moving).motion for s in (0, 1 << 5)] == [False, True]
    none = modbus(0xFFFF, 40, bits=modbus_frames.StatusBits())
    assert (none.motion, none.centre_of_zero, none.digits) == (None, None, 40)


def test_status_words_without_their_constant_bits_are_no_toledo_frame() -> None:
    for at in (1, 2, 3):
        a, b, c = (w & ~0x20 if at == i else w for i, w in enumerate((0x2A, 0x30, 0x20), 1))
        frame = toledo_frames.frame_of(a, b, c, b"  5432", b"     0", check=True)
        cut = partial(toledo_frames.cut, variant=toledo_frames.VARIANTS["toledo"], check=True)
        assert Decoder(cut).feed(frame) == []


def test_what_is_no_weight_is_set_aside() -> None:
    for line in (b"Z A\r\n", b"ZI S\r\n"):
        aside = only(Decoder(Cutter(table()["mt-sics"])), line.hex())
        assert aside == Aside(raw=line)
    assert Decoder(Cutter(table()["mt-sics"])).feed(b"Z B\r\n") == []


def test_the_weaker_the_check_the_more_frames_must_be_equal() -> None:
    assert {name: kind.equal_frames for name, kind in FORMATS.items()} == {
        "0": 2,
        "1": 3,
        "2": 3,
        "polled": 2,
    }
    assert {dialect.equal_frames for dialect in table().values()} == {3}


def test_a_dialect_that_never_has_enough_is_fed_up_with_garbage() -> None:
    decoder = Decoder(lambda _: NEEDS_MORE)
    for _ in range(30):
        assert decoder.feed(b"x" * 33) == []
        assert decoder.held_bytes < FRAME_BYTES_MAX
    assert decoder.bytes_seen == 990
    assert decoder.bytes_framed == 0
