"""Golden frames of the sign families, byte for byte (facts/displays.md)."""

import pytest

from hal.signs import guizhou, onbon, parking, rowdisplay, sichuan, yunnan
from hal.signs.checks import ARC, crc16
from hal.signs.family import Face
from hal.signs.raw import RawSign

OVER = "超限".encode("gbk")
WELCOME = "欢迎光临"


def test_the_check_sums_are_the_published_ones() -> None:
    assert crc16(b"123456789") == 0x4B37
    assert crc16(b"123456789", ARC) == 0xBB3D


@pytest.mark.parametrize(
    ("command", "data", "golden"),
    [
        (sichuan.ROW_1, OVER, "FF 0A 81 00 B3 AC CF DE 7A FF"),
        (sichuan.LIGHT, b"\x00", "FF 07 99 00 00 61 FF"),
        (sichuan.LIGHT, b"\x01", "FF 07 99 00 01 60 FF"),
        (sichuan.CLEAR, b"\x00", "FF 07 94 00 00 6C FF"),
    ],
)
def test_sichuan(command: int, data: bytes, golden: str) -> None:
    assert sichuan.frame(command, data) == bytes.fromhex(golden)


@pytest.mark.parametrize(
    ("command", "parameters", "golden"),
    [
        (yunnan.QUERY, b"", "7B 31 00 7D"),
        (yunnan.QUERY, b"\x00", "7B 31 01 00 7D"),
        (yunnan.ROW, b"\x001" + OVER, "7B 33 06 00 31 B3 AC CF DE 7D"),
        (yunnan.LAMPS, bytes([yunnan.GREEN_LAMP]), "7B 41 01 01 7D"),
        (yunnan.CLEAR, b"", "7B 35 00 7D"),
    ],
)
def test_yunnan(command: bytes, parameters: bytes, golden: str) -> None:
    assert yunnan.frame(command, parameters) == bytes.fromhex(golden)


def test_guizhou_is_17_bytes_and_the_payload() -> None:
    assert guizhou.frame(1, guizhou.CLEAR) == bytes.fromhex(
        "54 43 4C 59 01 00 00 00 11 00 00 00 30 00 00 00 00"
    )
    shown = guizhou.text_at((0, 24, 144, 24), 24, Face(rows=(OVER,)), 0)
    assert shown == bytes.fromhex("0000 1800 9000 1800 CBCECCE5 1818 FF0000") + OVER
    assert len(guizhou.frame(2, guizhou.DISPLAY, shown)) == 17 + len(shown)


def test_onbon_frames_have_the_check_sum_of_a_public_program_s_ping() -> None:
    ping = b"\xa2\x00\x01\x00\x00"
    sent = onbon.frame(onbon.header(5, ping, 0xFE, address=1), ping)
    assert sent == bytes.fromhex(
        "A5A5A5A5A5A5A5A5 0100 0080 000000 00 00 00 FE 02 0500 A200010000 68F8 5A"
    )


def test_onbon_stuffs_what_would_end_a_frame() -> None:
    body = bytes.fromhex("A5 A6 5A 5B 00")
    sent = onbon.frame(b"", body)
    assert bytes.fromhex("A602 A601 5B02 5B01 00") in sent
    assert onbon.unstuffed(sent) == body
    unchecked = sent[:-3] + b"\xff\xff" + sent[-1:]
    assert onbon.unstuffed(unchecked) == body


def test_onbon_areas_have_the_fields_of_the_published_analyser_in_order() -> None:
    face = Face(rows=(b"AB",), colour="green")
    place = (0, 16, 96, 16)
    # Length; kind, x, y, w, h in pixels; number, line space, run mode, timeout, voice, extension;
    # alignment, single line, wrap, stunt, exit, speed, stay; text.
    five = "2000 00 0080 1080 6080 1080 00 00 00 0000 00 00 0A 01 01 01 00 00 00 05000000"
    assert onbon.area_5(0, face, place) == bytes.fromhex(five) + b"\\C2AB"
    # Length; number, run mode, timeout, relation, programmes, cover, reserved; kind, x, y, w, h,
    # border, reserved; layout, line space, alignment, space, reserved; single, wrap, stunt, exit,
    # speed, stay, voice; text.
    six = (
        "38000000 00 00 0000 01 0000 01 00000000 00 0000 1000 6000 1000 00 0000000000000000"
        "00 00 0A 00 000000000000 01 01 01 00 00 00 00 05000000"
    )
    assert onbon.area_6(0, face, place) == bytes.fromhex(six) + b"\\C2AB"


def test_the_row_display() -> None:
    golden = bytes.fromhex("A0 90 01 50 00 08 6B 22 8F CE 51 49 4E 34 33")
    assert rowdisplay.frame(1, WELCOME) == golden


def test_the_parking_board_speaks() -> None:
    golden = bytes.fromhex("00 64 FF FF 30 09 01 BB B6 D3 AD B9 E2 C1 D9 32 58")
    assert parking.play(WELCOME.encode("gbk")) == golden


def test_the_parking_board_shows_and_speaks_in_one_packet() -> None:
    sent = parking.lines(Face(rows=(b"AB", b"C"), colour="green", spoken=b"D"))
    lines = "00 02 | 00 00000000 00FF0000 02 4142 0D | 01 00000000 00FF0000 01 43 00 | 0A 01 44 00"
    data = bytes.fromhex(lines.replace("|", ""))
    assert sent[:6] == bytes.fromhex("00 64 FF FF 6E") + bytes([len(data)])
    assert sent[6:-2] == data
    assert crc16(sent) == 0


@pytest.mark.parametrize(
    ("check", "at", "end"),
    [("none", 0, ""), ("xor", 1, "34"), ("sum8", 0, "0A"), ("crc16-modbus", 0, "")],
)
def test_a_template_is_filled(check: str, at: int, end: str) -> None:
    words = "02 {length} {line1} {colour}" + (" {check}" if check != "none" else "")
    sign = RawSign(words, 10, check, at, colours={"red": "31"})  # type: ignore[arg-type]
    sent = sign.frame(Face(rows=(OVER,)))
    body = bytes.fromhex("02 0B") + OVER + b" " * 6 + b"1"
    assert sent[: len(body)] == body
    if end:
        assert sent[len(body) :] == bytes.fromhex(end)
    if check == "crc16-modbus":
        assert crc16(sent) == 0


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("02 {line2}", "needs {line1}"),
        ("zz {line1}", "neither hexadecimal bytes nor a field"),
        ("{line1} {check}", "{check} must stand once"),
        ("{line99}", "counted from 1"),
    ],
)
def test_a_template_that_cannot_be_is_refused(template: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RawSign(template)
