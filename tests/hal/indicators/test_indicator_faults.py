"""A dead line, a wrong baud rate, a wrong format: each is told by its own name, with numbers."""

from typing import Any

import pytest
from indicator_rig import LAUMAS, PORT, Bench, Range

from hal.indicators import modbus_frames, toledo_frames, yaohua_frames
from hal.ports import DeviceFault, Indication
from hal.registry import load


def frames(said: tuple[Indication, ...] | DeviceFault) -> list[int | None]:
    assert isinstance(said, tuple)
    return [i.gross_g for i in said]


def test_a_line_that_is_down_says_so_itself() -> None:
    bench = Bench("yaohua.indicator", unit="kg")
    bench.line.trouble = DeviceFault(name="LINE_DOWN", device=PORT, seen="no such file")
    assert bench.read() == bench.line.trouble
    assert bench.driver.faults() == (bench.line.trouble,)


def test_no_byte_is_a_dead_line_or_device() -> None:
    bench = Bench("yaohua.indicator", unit="kg")
    assert bench.read() == ()
    fault = bench.fault_after(3.0)
    assert fault.name == "INDICATOR_SILENT"
    assert fault.device == PORT
    assert "no byte for 3.0 s" in fault.seen
    assert frames(bench.say(yaohua_frames.continuous(54_320))) == [54_320_000]
    assert bench.driver.faults() == ()


def test_bytes_without_frames_are_a_wrong_baud_rate_or_format() -> None:
    bench = Bench("yaohua.indicator", unit="kg")
    bench.say(yaohua_frames.continuous(0))
    fault = bench.fault_after(2.02, bytes.fromhex("E0 1C 00"))
    assert fault.name == "INDICATOR_GARBLED"
    assert "bytes come, 0 of 303 in frames for 2.0 s: wrong baud rate or format?" in fault.seen


def test_spoiled_frames_are_told_with_the_checksum() -> None:
    bench = Bench("toledo.indicator", checksum=True)
    bare = toledo_frames.frame_of(0x2A, 0x30, 0x20, b" 54320", b"     0", check=False)
    fault = bench.fault_after(3.0, bare)
    assert fault.name == "INDICATOR_CHECKSUM"
    assert fault.seen.endswith("this indicator sends no checksum")
    wrong = Bench("yaohua.indicator", unit="kg")
    fault = wrong.fault_after(3.0, b"\x02+0543200\x31\x43\x03")
    assert fault.seen.endswith("checksum b'1C' where b'1B' belongs")


def test_an_indicator_that_refuses_is_quoted() -> None:
    bench = Bench("sics.indicator")
    fault = bench.fault_after(3.0, b"ES\r\n")
    assert fault.name == "INDICATOR_REFUSED"
    assert fault.seen.endswith("ES")


def answer(gross: int, *, status: int = 1 << 11) -> bytes:
    data = status.to_bytes(2, "big") + (gross & 0xFFFFFFFF).to_bytes(4, "big") * 2
    body = bytes([1, 3, len(data)]) + data
    return body + modbus_frames.crc16(body)


@pytest.mark.parametrize(
    ("stated", "gross", "seen"),
    [
        (
            {"word_order": "low first"},
            54_320,
            'reads -735051776 kg; with word_order = "high first" it would be 54320 kg',
        ),
        (
            {"sign": "none"},
            -40,
            'reads 4294967256 kg; with sign = "twos complement" it would be -40 kg',
        ),
        (
            {"word_order": "low first", "sign": "none"},
            20,
            'reads 1310720 kg; with word_order = "high first" it would be 20 kg',
        ),
    ],
)
def test_swapped_words_and_a_wrong_sign_are_told_with_their_cure(
    stated: dict[str, str], gross: int, seen: str
) -> None:
    bench = Bench("modbus.indicator", scale=Range(), **{**LAUMAS, **stated})
    assert frames(bench.say(answer(0))) == [0]
    fault = bench.fault_after(0.1, answer(gross))
    assert (fault.name, fault.seen) == ("INDICATOR_WORD_ORDER", seen)


def test_a_weight_that_no_order_explains_is_a_wrong_decimal() -> None:
    bench = Bench("modbus.indicator", scale=Range(), **LAUMAS)
    fault = bench.fault_after(0.1, answer(5_432_000))
    assert (fault.name, fault.seen) == (
        "INDICATOR_SCALING",
        "shows 5432000 kg, Max + 9 e is 100180 kg",
    )
    tenth = Bench("modbus.indicator", scale=Range(), **LAUMAS)
    assert tenth.fault_after(0.1, answer(5_432)).seen == "shows 5432 kg, no multiple of d = 20 kg"


def test_an_exception_of_a_slave_is_told_by_name() -> None:
    bench = Bench("modbus.indicator", **LAUMAS)
    body = bytes([1, 0x83, 2])
    fault = bench.fault_after(3.0, body + modbus_frames.crc16(body))
    assert fault.name == "INDICATOR_REFUSED"
    assert fault.seen.endswith("exception 2, illegal register address")


def test_polled_indicators_are_asked_at_their_pace_and_at_once_when_the_line_opens() -> None:
    bench = Bench("yaohua.indicator", unit="kg", format="polled", every_us=200_000)
    for _ in range(50):
        bench.read()
    assert bench.line.sent == [bytes.fromhex("02 41 42 30 33 03")] * 5
    bench.line.opened = 2
    bench.read()
    assert len(bench.line.sent) == 6
    fault = bench.fault_after(3.0)
    assert fault.name == "INDICATOR_SILENT"
    assert "questions sent" in fault.seen


def test_half_a_frame_is_forgotten_when_the_line_was_opened_anew() -> None:
    bench = Bench("yaohua.indicator", unit="kg")
    frame = yaohua_frames.continuous(54_320)
    bench.say(frame[:6])
    bench.line.opened = 2
    assert bench.say(frame[6:]) == ()
    assert frames(bench.say(frame)) == [54_320_000]


def test_frames_of_one_chunk_have_the_times_at_which_their_bytes_came() -> None:
    bench = Bench("yaohua.indicator", unit="kg", baud=1200)
    said = bench.say(yaohua_frames.continuous(20) + yaohua_frames.continuous(40) + b"\x02+0")
    assert isinstance(said, tuple)
    byte_us = 10_000_000 // 1200
    came_us = bench.clock.us - 20_000
    assert [i.t_us for i in said] == [came_us - 15 * byte_us, came_us - 3 * byte_us]
    same = bench.say(yaohua_frames.continuous(40) * 3)
    assert isinstance(same, tuple)
    times = [i.t_us for i in (*said, *same)]
    assert times == sorted(set(times))


def test_zero_is_sent_only_where_the_site_allows_it() -> None:
    assert not Bench("yaohua.indicator", unit="kg", format="polled").driver.request_zero()
    assert not Bench("toledo.indicator", checksum=True).driver.request_zero()
    yaohua = Bench("yaohua.indicator", unit="kg", format="polled", zero_command=True)
    assert yaohua.driver.request_zero()
    assert yaohua.line.sent == [bytes.fromhex("02 41 30 37 31 03")]
    laumas = Bench("modbus.indicator", **LAUMAS, zero_command=8)
    assert laumas.driver.request_zero()
    assert laumas.line.sent == [modbus_frames.write_request(1, 5, 8)]
    laumas.line.trouble = DeviceFault(name="LINE_DOWN", device=PORT, seen="out")
    assert not laumas.driver.request_zero()


@pytest.mark.parametrize("command", [99, 100, 101, 0])
def test_commands_that_calibrate_are_refused(command: int) -> None:
    with pytest.raises(ValueError, match="it is never sent"):
        Bench("modbus.indicator", **LAUMAS, zero_command=command)


@pytest.mark.parametrize(
    ("driver", "options", "words"),
    [
        ("yaohua.indicator", {"unit": "kg", "format": "pulled"}, "did you mean 'polled'?"),
        ("yaohua.indicator", {"unit": "kg", "address": "a"}, "one letter from A to Z"),
        ("yaohua.indicator", {"unit": "kg", "zero_command": True}, "needs format = 'polled'"),
        ("toledo.indicator", {"checksum": True, "variant": "lidem"}, "did you mean 'liden'?"),
        ("toledo.indicator", {"checksum": True, "variant": "flintec"}, "state unit"),
        ("text.indicator", {"dialect": "stgs"}, "did you mean 'st-gs'?"),
        ("text.indicator", {}, "state either dialect or own"),
        ("text.indicator", {"dialect": "st-gs", "zero_command": True}, "no zero command"),
        ("modbus.indicator", LAUMAS | {"device": "lauma"}, "did you mean 'laumas'?"),
        ("modbus.indicator", LAUMAS | {"address": 248}, "1 to 247"),
        ("modbus.indicator", LAUMAS | {"decimals": 7}, "0 to 6"),
        ("modbus.indicator", LAUMAS | {"status": {"stabel": [1]}}, "did you mean 'stable'?"),
        ("modbus.indicator", LAUMAS | {"status": {"stable": [16]}}, "0 to 15"),
        ("modbus.indicator", LAUMAS | {"sign": "status bit"}, "negative"),
        ("yaohua.indicator", {"unit": "kg", "equal_frames": 0}, "1 to 20"),
        ("yaohua.indicator", {"unit": "kg", "quiet_us": 1}, "0.2 s to 1 min"),
        ("sics.indicator", {"every_us": 1}, "at least 50 ms"),
    ],
)
def test_wrong_options_are_refused_with_what_to_do(
    driver: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        Bench(driver, **options)


def test_a_line_is_a_port_or_a_host() -> None:
    for options in ({}, {"port": "/dev/x", "host": "h", "tcp_port": 1}, {"host": "h"}):
        bench = Bench("toledo.indicator", checksum=True)
        with pytest.raises(ValueError, match="port"):
            load("toledo.indicator")(bench.bus, checksum=True, **options)


OWN = {"ends": "\n", "frame": "W(?P<weight>[0-9]{6})(?P<status>[SM])", "stable": ["S"]}


def test_a_site_s_own_dialect_is_read() -> None:
    bench = Bench("text.indicator", own=OWN | {"equal_frames": 1}, unit="kg")
    said = bench.say(b"W054320S\r\nW054320M\r\n")
    assert isinstance(said, tuple)
    assert [(i.gross_g, i.motion) for i in said] == [(54_320_000, False), (54_320_000, True)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"frame": "W[0-9]{6}"}, "no group"),
        ({"frame": "(?P<weight>[0-9]"}, "no regular expression"),
        ({"frame": "(?P<weight>([0-9]+)+)"}, "a repeated group"),
        ({"frame": "(?P<weight>.*).*.*.*.*"}, "ways; the limit is"),
        ({"frame": "(?P<weight>[0-9]{6})(?P<what>x)"}, "the group 'what'"),
        ({"frame": "(?P<weight>[0-9]{6})" + "x" * 400}, "characters; the limit is"),
        ({"frame": "(?P<weight>[0-9]{1,9})" + ".?" * 17}, "up to 1179648 ways"),
        ({"ends": "ü"}, "an ASCII byte"),
        ({"stabel": ["S"]}, "did you mean 'stable'"),
        ({"length": 8}, "either ends"),
        ({"ends": ""}, "either ends"),
        ({"equal_frames": 99}, "1 to 20"),
    ],
)
def test_a_dialect_that_cannot_be_used_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Bench("text.indicator", own=OWN | change, unit="kg")
