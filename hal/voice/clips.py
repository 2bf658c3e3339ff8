"""A voice made of clips: each word is a WAV file, a player process says them one after another.

The clips lie in one folder and are named by what they say: ``请缓慢上磅.wav`` for a whole line,
``总重.wav``, ``皖.wav``, ``A.wav``, ``五.wav``, ``万.wav``, ``公斤.wav`` for the words of a line
with a plate or a number.  The same page always needs the same files.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from hal.bus import Bus
from hal.ports import DeviceFault, SignPage
from hal.virtual import board_clock

CLIPS_MAX = 64
PLAYING_S_MAX = 30.0
JOIN_S = 5.0
KG = "公斤"

_PARTS = re.compile(
    r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?kg(?![A-Za-z])|([\u4e00-\u9fff]+)|([A-Za-z]+)|([0-9])|."
)
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][A-Z0-9]{4,6}[挂学警港澳领使]?")
_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿")


def words_of(line: str) -> list[str]:
    """The clips that say one line: a line of words is one clip, a plate one for each character."""
    text = line.strip()
    if _PLATE.fullmatch(text):
        return list(text)
    if not any(one.isdigit() for one in text):
        return [text] if text else []
    words: list[str] = []
    for mass, chinese, latin, digit in _PARTS.findall(text):
        if mass:
            words += [*number_words(mass), KG]
        elif chinese or latin:
            words.append(chinese or latin)
        elif digit:
            words.append(_DIGITS[int(digit)])
    return words


def number_words(number: str) -> list[str]:
    """A decimal number below 10^12 as it is spoken: 53200 is 五 万 三 千 二 百."""
    whole, _, fraction = number.partition(".")
    value = int(whole) % 10**12
    words: list[str] = []
    for group in (2, 1, 0):
        part = value // 10 ** (4 * group) % 10_000
        if part:
            if words and part < 1000:
                words.append(_DIGITS[0])
            words += [*_group_words(part), *_GROUPS[group]]
    words = words or [_DIGITS[0]]
    return words + (["点", *(_DIGITS[int(one)] for one in fraction)] if fraction else [])


def _group_words(part: int) -> list[str]:
    words: list[str] = []
    gap = False
    for place in (3, 2, 1, 0):
        digit = part // 10**place % 10
        if not digit:
            gap = bool(words)
            continue
        words += [_DIGITS[0]] if gap else []
        words += [_DIGITS[digit], *_PLACES[place]]
        gap = False
    return words


class Wanted(Struct, frozen=True):
    """The clips of one page, line by line."""

    lines: tuple[tuple[str, ...], ...]


def _play(command: list[str]) -> str:
    """Run the player to its end; in words what went wrong, empty where nothing did."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PLAYING_S_MAX,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{command[0]} was still playing after {PLAYING_S_MAX:g} s and was ended"
    except OSError as error:
        return f"{command[0]} cannot be started: {error.strerror or error}"
    if done.returncode == 0:
        return ""
    told = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"{command[0]} ended with {done.returncode}: {told[-1][:160] if told else 'no words'}"


class ClipVoice:
    """WAV clips of ``folder``, said by ``player`` (a command that takes file names).

    ``repeat`` says a page again that long after it came, "0 s" never.  A line of which a clip is
    missing is left out whole, so that no number is said in part, and is a fault.  Only the newest
    page waits for the one that is being said.
    """

    def __init__(
        self,
        bus: Bus,
        folder: str,
        player: list[str] | None = None,
        repeat_us: int = 0,
    ) -> None:
        base: Path = bus.share("folder", Path)
        self._folder = base / folder
        if not self._folder.is_dir():
            raise ValueError(f"{self._folder}: no such folder; put the WAV clips there")
        if repeat_us < 0 or player == []:
            raise ValueError("repeat is not negative, and player is a command")
        self._player = player or ["aplay", "-q"]
        self._repeat_us = repeat_us
        self._clock = board_clock(bus)
        self._page: SignPage | None = None
        self._said_us = 0
        self._faults: tuple[DeviceFault, ...] = ()
        self._next: Wanted | None = None
        self._ending = False
        self._changed = threading.Condition()
        self._run: Callable[[list[str]], str] = _play
        self._thread = threading.Thread(target=self._work, name="voice clips", daemon=True)
        self._thread.start()
        bus.at_close(self.close)

    def show(self, page: SignPage) -> None:
        """Say this page, once."""
        new = page is not self._page and page != self._page
        now_us = self._clock.now_us() if new or self._repeat_us else 0
        if not new and not (self._repeat_us and now_us - self._said_us >= self._repeat_us):
            return
        self._page, self._said_us = page, now_us
        with self._changed:
            self._next = Wanted(tuple(tuple(words_of(line)) for line in page.lines))
            self._changed.notify()

    def faults(self) -> tuple[DeviceFault, ...]:
        """Clips that the last page lacked, and a player that did not play."""
        return self._faults

    def close(self) -> None:
        """End the thread; what is being said is said to its end, within ``JOIN_S``."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(JOIN_S)

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._next is None and not self._ending:
                    self._changed.wait()
                if self._ending or self._next is None:
                    return
                wanted, self._next = self._next, None
            self._faults = tuple(self._say(wanted))

    def _say(self, wanted: Wanted) -> list[DeviceFault]:
        files, missing = self._files(wanted)
        seen = self._run([*self._player, *files]) if files else ""
        faults = [self._fault("VOICE_FAILED", seen)] if seen else []
        if missing:
            faults.append(self._fault("VOICE_CLIP_MISSING", ", ".join(sorted(missing)[:8])))
        return faults

    def _files(self, wanted: Wanted) -> tuple[list[str], set[str]]:
        files: list[str] = []
        missing: set[str] = set()
        for line in wanted.lines:
            places = [self._folder / f"{word}.wav" for word in line]
            lacking = {place.name for place in places if not _is_file(place)}
            missing |= lacking
            if not lacking:
                files += [str(place) for place in places]
        return files[:CLIPS_MAX], missing

    def _fault(self, name: str, seen: str) -> DeviceFault:
        return DeviceFault(name=name, device=f"clips in {self._folder.name}", seen=seen)


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except (OSError, ValueError):  # a name that no file system takes
        return False
