"""Eyes for the reading process that a test can steer by the first pixel, and a lane time for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from controller.core.kinds import End
from controller.recognition.looks import Glance, Reader, Seen, Shot, Sighted
from hal.ports import Frame

DIES, HANGS, BIG = 13, 66, 99
STEP_US = 5_000
STEPS_MAX = 6_000
QUAD = ((0.0, 0.0), (9.0, 0.0), (9.0, 3.0), (0.0, 3.0))


class SteeredEyes:
    """Reads the number of the first pixel; some numbers end the process or never end."""

    def look(self, shot: Shot) -> Sighted:
        number = int(shot.frame.pixels[0, 0, 0])
        if number == DIES:
            os._exit(3)
        while number == HANGS:
            time.sleep(1)
        png = b"x" * (2 << 20) if number == BIG else b"x"
        return Sighted(seen=(Seen(text=str(number), chars=(1.0,), quad=QUAD, png=png),))


class BlindEyes:
    """Eyes that never open."""

    def __init__(self) -> None:
        os._exit(4)

    def look(self, shot: Shot) -> Sighted:
        raise AssertionError("never")


def shot(number: int, given_us: int, shape: tuple[int, int] = (2, 4)) -> Shot:
    """A picture whose every pixel is the number."""
    pixels = np.full((*shape, 3), number, np.uint8)
    frame = Frame(pixels=pixels, captured_us=number, track=number)
    return Shot(end=End.ROAD, passage_id=7, given_us=given_us, frame=frame)


@dataclass
class Desk:
    """Calls a reader as the scan does, at a lane time that hardly moves while it waits."""

    reader: Reader
    now_us: int = 0

    def until(self, done: Callable[[], bool]) -> list[Glance]:
        """Take until ``done``; the number of calls is bounded, not the time."""
        taken: list[Glance] = []
        for _ in range(STEPS_MAX):
            taken += self.reader.take(self.now_us)
            if done():
                return taken
            self.now_us += STEP_US
            time.sleep(0.005)
        raise AssertionError(f"still not after {STEPS_MAX} calls: {self.reader.trouble}")

    def read(self, number: int) -> Glance:
        """Hand a frame in and wait for what is seen in it."""
        self.reader.give(shot(number, self.now_us))
        wanted = self.reader.counts.looked + 1
        taken = self.until(lambda: self.reader.counts.looked >= wanted)
        return taken[-1]


def texts(glances: list[Glance]) -> list[str]:
    return [seen.text for glance in glances for seen in glance.sighted.seen]
