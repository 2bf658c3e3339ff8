"""Voices: golden frames, each page spoken once, and what is wrong said in words."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sign_rig import OVER, PASS, HandClock

from hal.bus import Bus
from hal.line import Chunk
from hal.ports import SignPage
from hal.voice.clips import ClipVoice, number_words, words_of
from hal.voice.module import VoiceModule
from hal.voice.sentence import sentence_of
from hal.voice.syn import Answer, answers, ask, speak
from sim.emulators.serve import OnPty
from sim.emulators.signs import Syn6288Emulator

PATIENCE_S = 20.0
SPOKEN = "车辆超限，皖A12345，总重 53200公斤，请卸载后复磅"


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()


def hold(voice: Any, page: SignPage, true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end_s, f"it did not come about: {voice.faults()}"
        voice.show(page)
        time.sleep(0.002)


@pytest.mark.parametrize(
    ("text", "parameter", "golden"),
    [
        ("宇音天下", 0, "FD 00 0B 01 00 D3 EE D2 F4 CC EC CF C2 C1"),
        ("请下磅", 1, "FD 00 09 01 01 C7 EB CF C2 B0 F5 90"),
    ],
)
def test_syn6288_frames_are_the_published_ones(text: str, parameter: int, golden: str) -> None:
    assert speak("syn6288", text, parameter) == bytes.fromhex(golden)


def test_xfs5152_frames_have_no_check_sum() -> None:
    assert speak("xfs5152", "磅") == bytes.fromhex("FD 00 04 01 03 78C5")
    assert ask("xfs5152") == bytes.fromhex("FD 00 01 21")
    assert answers(b"\x00\x41\x4a\x4e\x4f\xff") == [
        Answer.TAKEN,
        Answer.STARTED,
        Answer.BUSY,
        Answer.IDLE,
    ]


def test_a_page_becomes_a_sentence_that_fits() -> None:
    assert sentence_of(OVER, 200) == SPOKEN
    short = sentence_of(OVER, 40)
    assert short.startswith("车辆超限")
    assert short.endswith("请卸载后复磅")
    assert len(sentence_of(SignPage(lines=("x" * 500,), colour="red"), 50)) == 50
    assert sentence_of(SignPage(lines=("重\U0001f69a\x00",), colour="red"), 50) == "重"


def test_a_page_is_spoken_once_and_the_next_when_it_is_idle(bus: Bus, tmp_path: Path) -> None:
    emulator = Syn6288Emulator(speaking_us=100_000)
    served = OnPty(emulator, tmp_path / "tty")
    voice = VoiceModule(bus, served.port)
    hold(voice, OVER, lambda: emulator.spoken == [SPOKEN])
    for _ in range(20):
        voice.show(OVER)
    hold(voice, PASS, lambda: len(emulator.spoken) == 2)
    assert "请缓慢驶离" in emulator.spoken[1]
    assert voice.faults() == ()
    served.close()


class _Line:
    """A serial line whose far end a test plays."""

    name, opened, trouble = "hand", 1, None

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.back: list[Any] = []

    def take(self) -> list[Any]:
        back, self.back = self.back, []
        return back

    def send(self, data: bytes) -> bool:
        self.sent.append(data)
        return True


def hand_voice(tmp_path: Path, **options: Any) -> tuple[VoiceModule, _Line, HandClock]:
    bus, clock, line = Bus(), HandClock(), _Line()
    bus.share("clock", lambda: clock)
    place = str(tmp_path / "no-such-tty")
    bus.share(f"line {place}", lambda: line)
    return VoiceModule(bus, place, **options), line, clock


def test_a_page_waits_for_the_voice_but_not_for_ever_and_a_red_one_not_at_all(
    tmp_path: Path,
) -> None:
    voice, line, clock = hand_voice(tmp_path)
    voice.show(OVER)
    assert len(line.sent) == 1
    voice.show(PASS)
    assert len(line.sent) == 1
    clock.us += 6_000_000
    voice.show(PASS)
    assert line.sent[-1] == speak("syn6288", sentence_of(PASS, 200))
    voice.show(OVER)
    assert line.sent[-1] == speak("syn6288", SPOKEN)


def test_a_voice_that_answers_nothing_is_a_fault(tmp_path: Path) -> None:
    voice, line, clock = hand_voice(tmp_path)
    for _ in range(30):
        voice.show(OVER)
        clock.us += 1_000_000
    assert [fault.name for fault in voice.faults()] == ["VOICE_MUTE"]
    line.back = [Chunk(clock.us, bytes([Answer.IDLE]))]
    voice.show(OVER)
    assert voice.faults() == ()
    line.back = [Chunk(clock.us, bytes([Answer.REFUSED]))]
    voice.show(OVER)
    assert [fault.name for fault in voice.faults()] == ["VOICE_FAILED"]


def test_a_page_is_repeated_where_that_is_asked_for(tmp_path: Path) -> None:
    voice, line, clock = hand_voice(tmp_path, repeat_us=20_000_000)
    for _ in range(45):
        voice.show(OVER)
        clock.us += 1_000_000
    assert line.sent.count(speak("syn6288", SPOKEN)) == 3


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("0", "零"),
        ("10", "一十"),
        ("205", "二百零五"),
        ("53200", "五万三千二百"),
        ("50030", "五万零三十"),
        ("100000", "一十万"),
        ("48000.5", "四万八千点五"),
    ],
)
def test_a_number_is_spoken_as_people_say_it(number: str, spoken: str) -> None:
    assert "".join(number_words(number)) == spoken


@given(st.integers(0, 10**12 - 1))
def test_a_spoken_number_can_be_heard_back(number: int) -> None:
    places = {"十": 10, "百": 100, "千": 1000}
    total = group = digit = 0
    for word in number_words(str(number)):
        if word in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(word)
        elif word in places:
            group, digit = group + digit * places[word], 0
        else:
            total += (group + digit) * {"万": 10**4, "亿": 10**8}[word]
            group = digit = 0
    assert total + group + digit == number


def test_a_line_is_cut_into_clips() -> None:
    assert words_of("请缓慢上磅") == ["请缓慢上磅"]
    assert words_of("皖A12345") == list("皖A12345")
    assert words_of("总重 53200 kg") == ["总重", "五", "万", "三", "千", "二", "百", "公斤"]


@given(st.text(max_size=40))
def test_any_line_can_be_cut(line: str) -> None:
    assert all(words_of(line))


def clips(folder: Path, page: SignPage) -> None:
    folder.mkdir()
    for line in page.lines:
        for word in words_of(line):
            (folder / f"{word}.wav").write_bytes(b"RIFF")


def test_clips_are_played_in_order_and_a_missing_one_is_named(bus: Bus, tmp_path: Path) -> None:
    clips(tmp_path / "clips", OVER)
    bus.share("folder", lambda: tmp_path)
    log = tmp_path / "played"
    player = ["sh", "-c", f'for f in "$@"; do basename "$f" .wav; done >> {log}', "player"]
    voice = ClipVoice(bus, "clips", player)
    hold(voice, OVER, log.exists)
    hold(voice, OVER, lambda: log.read_text(encoding="utf-8").endswith("请卸载后复磅\n"))
    wanted = [word for line in OVER.lines for word in words_of(line)]
    assert log.read_text(encoding="utf-8").split() == wanted
    assert voice.faults() == ()
    hold(voice, PASS, lambda: bool(voice.faults()))
    (fault,) = voice.faults()
    assert fault.name == "VOICE_CLIP_MISSING"
    assert "准予通行.wav" in fault.seen
    said = log.read_text(encoding="utf-8").split()
    assert said == [*wanted, *"皖A12345"], "a line of which a clip is missing is left out whole"


@pytest.mark.parametrize(
    ("player", "seen"),
    [(["no-such-player"], "cannot be started"), (["false"], "ended with 1")],
)
def test_a_player_that_does_not_play_is_a_fault(
    bus: Bus, tmp_path: Path, player: list[str], seen: str
) -> None:
    clips(tmp_path / "clips", OVER)
    bus.share("folder", lambda: tmp_path)
    voice = ClipVoice(bus, "clips", player)
    hold(voice, OVER, lambda: bool(voice.faults()))
    (fault,) = voice.faults()
    assert fault.name == "VOICE_FAILED"
    assert seen in fault.seen


def test_a_voice_that_is_speaking_holds_nobody_up(bus: Bus, tmp_path: Path) -> None:
    clips(tmp_path / "clips", OVER)
    bus.share("folder", lambda: tmp_path)
    voice = ClipVoice(bus, "clips", ["true"])
    begun, go_on = threading.Event(), threading.Event()
    played: list[int] = []

    def slow(command: list[str]) -> str:
        played.append(len(command))
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return ""

    voice._run = slow
    voice.show(OVER)
    assert begun.wait(PATIENCE_S)
    for number in range(50):
        voice.show(SignPage(lines=(f"总重 {number} kg",), colour="red"))
    voice.show(OVER)
    go_on.set()
    hold(voice, OVER, lambda: len(played) == 2)


def test_a_folder_that_is_not_there_is_refused(bus: Bus, tmp_path: Path) -> None:
    bus.share("folder", lambda: tmp_path)
    with pytest.raises(ValueError, match="no such folder"):
        ClipVoice(bus, "clips")
