"""The sign's words: complete in both languages, true to the record, and legible on a small sign."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.images import Sign
from controller.core.kinds import Message
from controller.words import (
    LINE_BYTES_MAX,
    LINES_MAX,
    WORDS_FILE,
    Language,
    WordsError,
    kilograms,
    load_words,
    page_for,
)
from sim.signwords import Word, gist

LANGUAGES: tuple[Language, Language] = ("zh", "en")
TOLD: dict[Message, Word] = {
    Message.FORWARD: Word.FORWARD,
    Message.BACK: Word.BACK,
    Message.SECOND_VEHICLE: Word.SECOND_VEHICLE,
    Message.STAND_STILL: Word.STAND_STILL,
    Message.WEIGHING: Word.STAND_STILL,
    Message.PASS: Word.PASS,
    Message.OVER: Word.OVER,
    Message.WAIT_FOR_OPERATOR: Word.WAIT,
    Message.NO_RECORDS: Word.WAIT,
    Message.BACK_OUT: Word.BACK_OUT,
    Message.EMERGENCY: Word.STAND_STILL,
}


def over(message: Message = Message.OVER) -> Sign:
    return Sign(
        message=message,
        plate="晋A12345",
        gross_g=54_320_000,
        limit_g=49_000_000,
        over_g=5_320_000,
    )


def test_an_overloaded_driver_reads_weight_limit_excess_and_what_to_do() -> None:
    page = page_for(over(Message.BACK_OUT))
    assert page.colour == "red"
    assert page.lines == (
        "请倒车退出",
        "晋A12345",
        "总重 54320 kg",
        "限重 49000 kg",
        "超出 5320 kg",
        "请卸载后复磅",
    )


def test_a_released_driver_reads_no_excess() -> None:
    sign = Sign(
        message=Message.PASS, plate="晋A12345", gross_g=48_000_000, limit_g=49_000_000, over_g=0
    )
    page = page_for(sign, "en")
    assert page.colour == "green"
    assert page.lines == (
        "Pass",
        "晋A12345",
        "Gross 48000 kg",
        "Limit 49000 kg",
        "Drive off slowly",
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", list(Message))
def test_every_message_has_words_with_and_without_numbers(
    message: Message, language: Language
) -> None:
    for sign in (Sign(message=message), over(message)):
        page = page_for(sign, language)
        assert 1 <= len(page.lines) <= LINES_MAX
        assert page.colour in ("red", "green", "amber")
        for line in page.lines:
            assert line.strip() == line != ""
            assert "{" not in line
            assert len(line.encode("gbk")) <= LINE_BYTES_MAX


@pytest.mark.parametrize("message", list(Message))
def test_chinese_pages_are_chinese_and_english_ones_are_not(message: Message) -> None:
    text = load_words()[message]
    for line in text.en:
        assert line.isascii()
    assert not any(line.isascii() for line in text.zh if line != "{plate}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", TOLD)
def test_a_driver_takes_from_the_sign_what_the_lane_means(
    message: Message, language: Language
) -> None:
    assert gist(page_for(over(message), language)) is TOLD[message]
    if message is not Message.OVER:
        assert gist(page_for(Sign(message=message), language)) is TOLD[message]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", [Message.CLOSED, Message.WELCOME, Message.DRIVE_ON])
def test_other_pages_move_nobody(message: Message, language: Language) -> None:
    assert gist(page_for(over(message), language)) is Word.NOTHING


def test_colours_stop_and_pass() -> None:
    words = load_words()
    green = {message for message in Message if words[message].colour == "green"}
    assert green == {Message.WELCOME, Message.DRIVE_ON, Message.PASS}
    for message in (Message.OVER, Message.BACK_OUT, Message.CLOSED, Message.EMERGENCY):
        assert words[message].colour == "red"


@given(st.integers(-(10**9), 10**9))
def test_a_mass_on_the_sign_is_the_mass_to_the_gram(mass_g: int) -> None:
    number, unit = kilograms(mass_g).split(" ")
    whole, _, fraction = number.partition(".")
    grams = abs(int(whole)) * 1000 + int(fraction.ljust(3, "0") or 0)
    assert (unit, -grams if number.startswith("-") else grams) == ("kg", mass_g)


def test_masses_read_as_people_write_them() -> None:
    assert [kilograms(g) for g in (0, 20_000, 12_500, -400, 100_020_000)] == [
        "0 kg",
        "20 kg",
        "12.5 kg",
        "-0.4 kg",
        "100020 kg",
    ]


Change = Callable[[str], str]
BROKEN: dict[str, tuple[Change, str]] = {
    "an unknown field": (
        lambda s: s.replace('"{plate}"', '"{palte}"', 1),
        r"DRIVE_ON\.zh\[1\].*did you mean plate",
    ),
    "a number first": (
        lambda s: s.replace('zh = ["准予通行"', 'zh = ["{gross}"'),
        r"PASS\.zh\[0\].*first line",
    ),
    "too wide": (
        lambda s: s.replace("请驶近道闸", "请驶近道闸并在停止线前等候信号"),
        r"WELCOME\.zh\[1\].*30 bytes",
    ),
    "too wide when filled": (
        lambda s: s.replace('"Limit {limit}", "Drive', '"Limit by the law {limit}", "Drive'),
        r"PASS\.en\[3\].*a sign shows 24",
    ),
    "not GBK": (lambda s: s.replace("欢迎光临", "欢迎🚚"), r"WELCOME\.zh\[0\].*GBK"),
    "an open brace": (lambda s: s.replace("请驶近道闸", "请驶近{道闸"), r"WELCOME\.zh\[1\]"),
    "a positional field": (lambda s: s.replace('"{plate}"', '"{}"', 1), r"DRIVE_ON\.zh\[1\]"),
    "no colour": (lambda s: s.replace('colour = "green"\n', "", 1), "WELCOME.*colour"),
    "a colour no sign has": (lambda s: s.replace('"amber"', '"blue"', 1), "FORWARD.*blue"),
    "no English": (lambda s: s.replace('en = ["Emergency', '# ["Emergency'), "EMERGENCY.*en"),
    "no message": (lambda s: s[: s.index("[EMERGENCY]")], "no words for EMERGENCY"),
    "a message nobody sends": (
        lambda s: s.replace("[PASS]", "[PAST]"),
        "PAST: no such message; did you mean PASS",
    ),
    "too many lines": (
        lambda s: s.replace('"请稍候"]', '"请", "稍", "候", "一", "会", "儿"]'),
        "zh",
    ),
    "not TOML": (lambda s: s + "[", "not valid TOML"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_words_are_refused_with_file_and_key(name: str, tmp_path: Path) -> None:
    change, message = BROKEN[name]
    text = WORDS_FILE.read_text(encoding="utf-8")
    broken = change(text)
    assert broken != text
    path = tmp_path / "words.toml"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(WordsError, match=message) as caught:
        load_words(path)
    assert str(path) in str(caught.value)


def test_missing_words_are_named(tmp_path: Path) -> None:
    with pytest.raises(WordsError, match=r"nothing\.toml: cannot be read"):
        load_words(tmp_path / "nothing.toml")
