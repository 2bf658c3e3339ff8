"""Which pictures the real lane would not read, told without their pixels.

``vision/quality.py`` names a picture stale, dark or bright; a reader that does without pixels must
not be kinder.  A sensor never gives the same noise twice: the same corners are the same picture.
"""

from __future__ import annotations

from collections import deque

from controller.core.kinds import End, View
from controller.recognition.looks import Shot
from sim.scene import Corners

MEMORY_FRAMES = 16
"""As many as ``vision.quality`` remembers."""
_DARK, _BRIGHT = 45, 250


class Spoiled:
    """Names what is wrong with a picture, held against those of the same camera before it."""

    def __init__(self) -> None:
        self._captured_us: dict[tuple[End, View], int] = {}
        self._seen: dict[tuple[End, View], deque[tuple[Corners, ...]]] = {}

    def flaw(self, shot: Shot) -> str:
        """What is wrong with it, "" where nothing is."""
        frame, lens = shot.frame, (shot.end, shot.view)
        last_us = self._captured_us.get(lens, frame.captured_us - 1)
        seen = self._seen.setdefault(lens, deque(maxlen=MEMORY_FRAMES))
        repeats = bool(frame.regions) and frame.regions in seen
        self._captured_us[lens] = max(last_us, frame.captured_us)
        seen.append(frame.regions)
        if frame.captured_us <= last_us:
            return "stale"
        grey = int(frame.pixels.max())
        if grey < _DARK:
            return "dark"
        if int(frame.pixels.min()) >= _BRIGHT:
            return "bright"
        return "stale" if repeats else ""
