"""The thread that looks at GPIO inputs and steps what is made of them, a hundred times a second."""

from __future__ import annotations

import threading

from hal.bus import Bus
from hal.field.points import Turn
from hal.ports import Clock
from hal.virtual import board_clock

ROUND_S = 0.01
JOIN_S = 2.0


class Rounds:
    """Gives every part its turn; ``period_s`` None makes no thread, and ``round`` is called."""

    def __init__(self, clock: Clock, period_s: float | None = ROUND_S) -> None:
        self._clock = clock
        self._period_s = period_s
        self._parts: list[Turn] = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="field rounds", daemon=True)
        if period_s is not None:
            self._thread.start()

    def join(self, part: Turn) -> None:
        with self._lock:
            self._parts.append(part)

    def leave(self, part: Turn) -> None:
        with self._lock:
            if part in self._parts:
                self._parts.remove(part)

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def round(self) -> None:
        """One turn for everybody."""
        with self._lock:
            now_us = self._clock.now_us()
            for part in self._parts:
                part.turn(now_us)

    def close(self) -> None:
        """End the thread."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._ending.wait(self._period_s):
            try:
                self.round()
            except BaseException as error:  # told in the scan, which it must end
                self._error = error
                return


def rounds(bus: Bus) -> Rounds:
    """The rounds that all GPIO drivers of a board share."""

    def make() -> Rounds:
        made = Rounds(board_clock(bus))
        bus.at_close(made.close)
        return made

    shared: Rounds = bus.share("field rounds", make)
    return shared
