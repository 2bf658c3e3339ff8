"""A lane under commissioning: it goes on scanning while somebody looks, walks and answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from board.build import Board
from controller.commissioning.result import Outcome, Result
from controller.commissioning.taps import AskingHand
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.scan import Scan
from hal.ports import PersonRequest

SCAN_US = 20_000
ANSWER_US_MAX = 600_000_000
SKIP = "s"


class GivenUpError(Exception):
    """The technician ended the commissioning; what was found so far is kept."""


class SkippedError(Exception):
    """The technician skipped a test; the words are the reason."""


class Technician(Protocol):
    """Whoever stands at the lane: is told what to do, and answers in lines of text."""

    def tell(self, text: str) -> None:
        """Show a line."""

    def answer(self) -> str | None:
        """The next line that was entered, None while there is none; never waits.

        Raises:
            GivenUpError: no line will come any more.
        """


@runtime_checkable
class Skips(Protocol):
    """A clock whose time need not be waited for."""

    def skip(self, us: int) -> None:
        """Let time pass at once."""


class Session:
    """Drives the lane of a tapped board; every wait here is so many scans.

    ``inputs`` and ``outputs`` are the newest images.  Without ``paced`` a clock that can skip does.
    """

    def __init__(
        self,
        lane: Scan,
        board: Board,
        technician: Technician,
        who: str,
        why: str,
        *,
        paced: bool = True,
    ) -> None:
        if not isinstance(board.requests, AskingHand):
            raise ValueError("the board of a commissioning has taps: build it with tapped()")
        self.lane = lane
        self.board = board
        self.who, self.why = who, why
        self.results: list[Result] = []
        self._hand = board.requests
        self._technician = technician
        self._paced = paced
        self._due_s = time.monotonic()
        self.inputs: InputImage
        self.outputs: OutputImage
        self.scan()

    def scan(self) -> None:
        """One scan at the lane's pace."""
        self.inputs, self.outputs = self.lane.once()
        clock = self.board.clock
        if not self._paced and isinstance(clock, Skips):
            clock.skip(SCAN_US)
            return
        self._due_s = max(self._due_s + SCAN_US / 1e6, time.monotonic())
        time.sleep(max(0.0, self._due_s - time.monotonic()))

    def until(self, true: Callable[[], bool], us_max: int) -> int | None:
        """Scan until something is true; how long that took, us, or None if it did not come."""
        began_us = self.inputs.now_us
        while not true():
            if self.inputs.now_us - began_us >= us_max:
                return None
            self.scan()
        return self.inputs.now_us - began_us

    def pause(self, us: int) -> None:
        """Let the lane go on for a while."""
        self.until(lambda: False, us)

    def tell(self, text: str) -> None:
        """Say something to the technician."""
        self._technician.tell(text)

    def ask(self, text: str) -> str:
        """Put a question and wait for the line that answers it.

        Raises:
            SkippedError: the answer is "s", with the reason behind it.
            GivenUpError: nobody answers.
        """
        self.tell(text)
        line: str | None = None

        def answered() -> bool:
            nonlocal line
            line = self._technician.answer()
            return line is not None

        if self.until(answered, ANSWER_US_MAX) is None or line is None:
            raise GivenUpError("nobody answered for ten minutes")
        word, _, reason = line.strip().partition(" ")
        if word.lower() == SKIP:
            raise SkippedError(reason.strip() or "no reason given")
        return line.strip()

    def agreed(self, text: str) -> bool:
        """Put a question that is answered with yes or no."""
        while True:
            answer = self.ask(f"{text} [y/n]").lower()
            if answer in ("y", "yes", "n", "no"):
                return answer.startswith("y")

    def request(self, kind: str, *, end: str | None = None) -> None:
        """Ask the lane for something in the technician's name; the next scan takes it."""
        self._hand.ask(PersonRequest(kind=kind, who=self.who, why=self.why, end=end))
        self.scan()

    def take_over(self) -> bool:
        """Have the lane in MANUAL, after an emergency stop as well; whether it is."""
        if self.lane.lane.phase is Phase.EMERGENCY:
            self.request("reset")
            self.until(lambda: self.lane.lane.phase is not Phase.EMERGENCY, 2_000_000)
        if self.lane.lane.phase is not Phase.MANUAL:
            self.request("enter_manual")
        return self.until(lambda: self.lane.lane.phase is Phase.MANUAL, 2_000_000) is not None

    def note(self, test: str, device: str, passed: bool, seen: str) -> None:
        """Keep what a test found, and say it."""
        self.keep(test, device, Outcome.PASSED if passed else Outcome.FAILED, seen)

    def keep(self, test: str, device: str, outcome: Outcome, seen: str) -> None:
        """Keep a result."""
        at_ms = self.inputs.wall.ms
        result = Result(test=test, device=device, outcome=outcome, seen=seen, at_ms=at_ms)
        self.results.append(result)
        self.tell(f"  {outcome.upper():8} {device}: {seen}")
