"""Frames read in the scan itself, for a virtual clock: the same glances at the same lane time."""

from __future__ import annotations

from collections import deque

from msgspec.structs import replace

from controller.recognition.looks import Counts, Eyes, Glance, Shot
from hal.ports import DeviceFault

DELAY_US = 100_000
WAITING_MAX = 32


class InlineReader:
    """Reads each frame when it is given and hands the glance out ``delay_us`` of lane time later.

    A virtual clock does not feel how long reading takes, so that the delay stands for it.
    """

    def __init__(self, eyes: Eyes | None, delay_us: int = DELAY_US) -> None:
        self._eyes = eyes
        self._delay_us = delay_us
        self._waiting: deque[tuple[int, Glance]] = deque()
        self.counts = Counts()
        self.trouble: DeviceFault | None = None

    def give(self, shot: Shot) -> None:
        """Read a frame now; without eyes it is dropped."""
        self.counts = replace(self.counts, given=self.counts.given + 1)
        if self._eyes is None:
            self.counts = replace(self.counts, dropped=self.counts.dropped + 1)
            return
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.popleft()
            self.counts = replace(self.counts, dropped=self.counts.dropped + 1)
        glance = Glance(
            end=shot.end,
            view=shot.view,
            passage_id=shot.passage_id,
            track=shot.frame.track,
            captured_us=shot.frame.captured_us,
            sighted=self._eyes.look(shot),
        )
        self._waiting.append((shot.given_us + self._delay_us, glance))

    def take(self, now_us: int) -> tuple[Glance, ...]:
        """The glances that are due by now."""
        if not self._waiting:
            return ()
        due: list[Glance] = []
        while self._waiting and self._waiting[0][0] <= now_us:
            due.append(self._waiting.popleft()[1])
        self.counts = replace(self.counts, looked=self.counts.looked + len(due))
        return tuple(due)

    @property
    def due_us(self) -> int | None:
        """When the next glance is due; None while none is on its way."""
        return self._waiting[0][0] if self._waiting else None

    def forget(self) -> None:
        """Drop what waits."""
        dropped = self.counts.dropped + len(self._waiting)
        self.counts = replace(self.counts, dropped=dropped)
        self._waiting.clear()

    def close(self) -> None:
        """Nothing was started."""
