"""Frames of an indicator as a test states them, and a weigher that is shown them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from protocol.frames import FrameState, RawFrame
from sensors.indicated import IndicatedWeigher
from sensors.indicated_rule import Rule
from sensors.indicated_tamper import Ends
from sensors.weighing import EventKind, Weighing

EVERY_US = 100_000
E_G = 20_000


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """A 60 t bridge with e = d = 20 kg."""

    max_g: int = 60_000_000
    e_g: int = E_G
    d_g: int = E_G


def frame(t_us: int, gross_g: int | None, **said: Any) -> RawFrame:
    """One frame; without a weight it is over range unless it says otherwise."""
    if gross_g is None:
        said.setdefault("state", FrameState.OVER)
    return RawFrame(t_us=t_us, raw=b"%d" % (gross_g or 0), gross_g=gross_g, **said)


class Shown:
    """A weigher and its time; both ends are watched and clear until a test says otherwise."""

    def __init__(self, rule: Rule | None = None, every_us: int = EVERY_US, **bridge: int) -> None:
        self.weigher = IndicatedWeigher(Bridge(**bridge), rule)
        self.t_us = 0
        self.every_us = every_us
        self.ends = Ends(watched=True)
        self.weigher.see_ends(self.ends)

    def edge(self, *, blocked: bool) -> None:
        """Something comes into an end, or leaves it."""
        self.ends = Ends(clear=not blocked, blocked=blocked, watched=True, edge_us=self.t_us)
        self.weigher.see_ends(self.ends)

    def show(self, *grams: int | None, times: int = 1, **said: Any) -> Weighing:
        """Show weights one after the other, each so often; returns what is known then."""
        for gross_g in grams:
            for _ in range(times):
                self.t_us += self.every_us
                self.weigher.push([frame(self.t_us, gross_g, **said)])
        return self.look()

    def wait(self, us: int) -> Weighing:
        """Let time pass without a frame."""
        self.t_us += us
        return self.look()

    def look(self) -> Weighing:
        self.weigher.look(self.t_us)
        return self.weigher.snapshot(self.t_us)

    def board(self, gross_g: int = 18_000_000, **said: Any) -> Weighing:
        """A vehicle comes by a watched end, and is about to be weighed."""
        self.show(0, times=15)
        self.edge(blocked=True)
        steps = [gross_g * part // 20 // E_G * E_G for part in range(1, 20)]
        self.show(*steps, motion=True)
        self.show(gross_g, times=15, motion=True)
        self.edge(blocked=False)
        return self.show(gross_g, times=59, **said)

    def weighed(self, gross_g: int = 18_000_000, **said: Any) -> Weighing:
        """As ``board``, and then stands for another second."""
        self.board(gross_g, **said)
        return self.show(gross_g, times=10, **said)

    def events(self, kind: EventKind) -> list[int]:
        return [event.value for event in self.look().events if event.kind == kind]


def evenly(grams: Iterable[int | None], **said: Any) -> list[RawFrame]:
    """Frames every tenth of a second."""
    return [frame((i + 1) * EVERY_US, g, **said) for i, g in enumerate(grams)]
