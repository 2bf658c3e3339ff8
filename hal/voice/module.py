"""A voice module on a serial line: speaks each new page once.

A red page cuts what is being spoken, as the modules do by themselves when a new text comes; any
other waits for the module to be idle, but never longer than ``WAIT_US_MAX``.
"""

from __future__ import annotations

from hal.bus import Bus
from hal.line import serial_line
from hal.ports import DeviceFault, SignPage
from hal.virtual import board_clock
from hal.voice.sentence import sentence_of
from hal.voice.syn import TEXT_BYTES_MAX, Answer, Module, answers, ask, speak

ASK_US = 5_000_000
ANSWER_US = 1_000_000
SILENT_MAX = 3
WAIT_US_MAX = 5_000_000
SPEAKING_US_MAX = 30_000_000
"""200 bytes take 25 s to speak at the slowest; after that the module is taken for idle."""


class VoiceModule:
    """SYN6288 or XFS5152 (``module``) at ``port``, 9600 baud as it is delivered.

    ``repeat`` speaks a page again that long after it began, "0 s" never.  ``parameter`` is the
    SYN6288's: 1 is GBK without music.  Only the newest page waits; one that was not begun before
    the next came is not spoken.
    """

    def __init__(
        self,
        bus: Bus,
        port: str,
        baud: int = 9600,
        module: Module = "syn6288",
        repeat_us: int = 0,
        parameter: int = 1,
    ) -> None:
        if repeat_us < 0 or not 0 <= parameter <= 255:
            raise ValueError("repeat is not negative, and parameter is 0 to 255")
        self._clock = board_clock(bus)
        self._line = serial_line(bus, port, baud)
        self._module: Module = module
        self._repeat_us = repeat_us
        self._parameter = parameter
        self._page: SignPage | None = None
        self._waiting = ""
        self._waiting_us = 0
        self._refused = False
        self._spoken_us = 0
        self._busy_until_us = 0
        self._asked_us = 0
        self._open_question = False
        self._silent = 0

    def show(self, page: SignPage) -> None:
        """Speak this page, once."""
        now_us = self._clock.now_us()
        self._hear(now_us)
        if page is not self._page and page != self._page:
            self._page, self._waiting_us = page, now_us
            self._waiting = sentence_of(page, TEXT_BYTES_MAX)
        elif self._repeat_us and now_us - self._spoken_us >= self._repeat_us and not self._waiting:
            self._waiting, self._waiting_us = sentence_of(page, TEXT_BYTES_MAX), now_us
        if self._waiting and self._may_speak(page, now_us):
            self._speak(now_us)
        elif now_us - self._asked_us >= ASK_US:
            self._ask(now_us)

    def faults(self) -> tuple[DeviceFault, ...]:
        """The line down, a module that answers nothing, or one that refused the last text."""
        if self._line.trouble is not None:
            return (self._line.trouble,)
        device = f"{self._module} on {self._line.name}"
        if self._silent >= SILENT_MAX:
            seen = f"{self._silent} frames unanswered"
            return (DeviceFault(name="VOICE_MUTE", device=device, seen=seen),)
        if self._refused:
            return (DeviceFault(name="VOICE_FAILED", device=device, seen="the text was refused"),)
        return ()

    def _may_speak(self, page: SignPage, now_us: int) -> bool:
        waited = now_us - self._waiting_us >= WAIT_US_MAX
        return page.colour == "red" or waited or now_us >= self._busy_until_us

    def _speak(self, now_us: int) -> None:
        if self._line.send(speak(self._module, self._waiting, self._parameter)):
            self._waiting = ""
            self._spoken_us = self._asked_us = now_us
            self._busy_until_us = now_us + SPEAKING_US_MAX
            self._open_question = True

    def _ask(self, now_us: int) -> None:
        if self._line.send(ask(self._module)):
            self._open_question = True
        self._asked_us = now_us

    def _hear(self, now_us: int) -> None:
        for chunk in self._line.take():
            for answer in answers(chunk.data):
                self._silent, self._open_question = 0, False
                if answer is Answer.BUSY:
                    self._busy_until_us = max(self._busy_until_us, now_us + ASK_US)
                elif answer in (Answer.IDLE, Answer.REFUSED):
                    self._busy_until_us = now_us
                if answer in (Answer.TAKEN, Answer.REFUSED):
                    self._refused = answer is Answer.REFUSED
        if self._open_question and now_us - self._asked_us >= ANSWER_US:
            self._open_question = False
            self._silent += 1
            self._busy_until_us = now_us
