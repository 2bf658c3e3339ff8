"""A deck under test: the site's own cells through a weigher, polled while the technician works.

Only the clock, the cells and what looks across the deck are opened; no gate, lamp or camera.
Zero tracking is off from the first zero on, as R 76 asks of its tests.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from board.build import Board, build
from board.devices import ENDS
from board.profile import read_profile
from controller.calibrating.reader import GUARDS, NEEDED, PlacesLoads, Skips
from controller.metrology.recorded import weigher_for
from controller.sitetext import PLAYED
from hal.ports import Contact, DeviceFault, PresenceSensor
from sensors.metrology.look import Look, is_still, look_at
from sensors.metrology.report import SetError, show_g

POLL_S = 0.1
SETTLE_US = 3_000_000
SETTLE_US_MAX = 30_000_000
SETTLE_LOOKS_MIN = 10
LOOKS_MAX = 400_000
_SILENT = "the cells send nothing"


class Talk(Protocol):
    """How the technician is spoken to."""

    def say(self, text: str) -> None:
        """Tell one line."""

    def ask(self, text: str, meanwhile: Callable[[], None]) -> str:
        """Return one typed line; ``meanwhile`` is called ten times a second until it comes."""


class Terminal:
    """Prompts on standard error, answers from standard input."""

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def ask(self, text: str, meanwhile: Callable[[], None]) -> str:
        print(f"{text} > ", end="", file=sys.stderr, flush=True)
        typed: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=lambda: typed.put(sys.stdin.readline()), daemon=True).start()
        while True:
            try:
                line = typed.get(timeout=POLL_S)
            except queue.Empty:
                meanwhile()
                continue
            if not line:
                raise SetError("cancelled", "the input has ended", "do the test at a terminal")
            return line.strip()


class LiveDeck:
    """One deck whose readings are taken when it stands still."""

    def __init__(self, board: Board, test: str) -> None:
        self._board = board
        self._scale = board.profile.scale.scale
        self._weigher = weigher_for(test, self._scale)
        self.looks: list[Look] = []

    def poll(self) -> None:
        """Take what the cells have measured; raises SetError when they are silent or too long."""
        cells = self._board.cells
        if cells is None:
            raise SetError(
                "no_cells",
                "devices.indicator weighs here, and shows no more than its division",
                "test the indicator by its own display (JJG 539)",
            )
        samples = cells.read()
        if isinstance(samples, DeviceFault):
            raise SetError("no_samples", f"{samples.device}: {samples.seen}", "mend it first")
        if not len(samples.t_us):
            return
        self._weigher.push(samples.t_us, samples.counts)
        look = look_at(self._weigher.snapshot(), self._scale)
        if not self.looks or look.t_us > self.looks[-1].t_us:
            self.looks.append(look)
        if len(self.looks) > LOOKS_MAX:
            raise SetError("cancelled", "the test has taken most of a day", "begin again")

    def forget(self) -> None:
        """Drop what was seen so far."""
        del self.looks[:]

    def until(self, done: Callable[[], bool], us_max: int, what: str) -> None:
        """Poll until something is so; raises SetError with ``what`` after ``us_max``."""
        end_us = self._board.clock.now_us() + us_max
        while not done():
            if self._board.clock.now_us() > end_us:
                raise SetError("no_stable_reading", what, "find what moves it, and repeat it")
            self._rest()
            self.poll()

    def place(self, load_g: float, support: int | None = None) -> None:
        """Stand a load on the deck where the board can do that by itself, as the yard can."""
        cells, scale = self._board.cells, self._scale
        if isinstance(cells, PlacesLoads):
            spot = (scale.platform_mm / 2000, 0.0)
            if support is not None:
                spot = (scale.cells[support].x_m, scale.cells[support].y_m)
            cells.place(round(load_g), *spot)

    def _rest(self) -> None:
        clock = self._board.clock
        if isinstance(clock, Skips):
            clock.skip(round(POLL_S * 1e6))
        else:
            time.sleep(POLL_S)

    def watch(self, until_us: int) -> None:
        """Poll until the samples have reached a time."""
        wait_us = until_us - self._board.clock.now_us() + SETTLE_US_MAX
        self.until(lambda: bool(self.looks) and self.looks[-1].t_us >= until_us, wait_us, _SILENT)

    def begin(self) -> None:
        """Wait for the first zero of an empty deck; raises SetError where a sensor is not clear.

        From here on zero stays where it is until ``set_zero``.
        """
        seen = [
            f"{end}.{name} is {state.name.lower()}"
            for end, side in zip(ENDS, self._board.sides, strict=True)
            for name in GUARDS
            if (state := _state(getattr(side, name))) not in (Contact.CLEAR, Contact.NOT_FITTED)
        ]
        if seen:
            raise SetError("not_empty", ", ".join(seen), "clear the deck and its ends")
        what = "zero could not be set: the deck is not empty and still, or a cell fails"
        self.until(lambda: self._last_zero() is not None, SETTLE_US_MAX, what)
        self._weigher.allow_zero(False)

    def set_zero(self) -> None:
        """Set zero as the lane does; raises SetError where the weigher refuses.

        Cells that were named under weights on one support are given another chance.
        """
        self._weigher.allow_zero(True)
        self._weigher.clear_cells()
        accepted = self._weigher.request_zero()
        self._weigher.allow_zero(False)
        if not accepted:
            raise SetError("no_stable_reading", "zero was refused", "clear the deck, and repeat it")

    def settle(self) -> float:
        """Wait for three seconds within e and return their mean, grams, unrounded."""
        from_us = self._board.clock.now_us()
        what = f"the reading moves by more than {show_g(self._scale.e_g)} for half a minute"
        self.until(lambda: self.is_settled(from_us), SETTLE_US_MAX, what)
        window = self._window()
        return sum(look.gross_g for look in window) / len(window)

    def _last_zero(self) -> int | None:
        return self.looks[-1].zero_set_us if self.looks else None

    def _window(self) -> list[Look]:
        last_us = self.looks[-1].t_us if self.looks else 0
        start = len(self.looks)
        while start and self.looks[start - 1].t_us > last_us - SETTLE_US:
            start -= 1
        return self.looks[start:]

    def is_settled(self, from_us: int) -> bool:
        """Three seconds that all lie after the question, of a deck that is known."""
        if self._board.clock.now_us() < from_us + SETTLE_US:
            return False
        window = self._window()
        return len(window) >= SETTLE_LOOKS_MIN and is_still(window, self._scale.e_g)


def _state(sensor: PresenceSensor | None) -> Contact:
    """A sensor that cannot tell is not clear (I10); one that is not fitted says nothing."""
    return Contact.NOT_FITTED if sensor is None else sensor.read()


def open_deck(site: Path, test: str) -> LiveDeck:
    """The deck of a site for one test; raises ProfileError."""
    profile = read_profile(site)
    devices = {
        role: device for role, device in profile.devices.items() if role.split(".")[-1] in NEEDED
    }
    if devices["clock"].driver in PLAYED:
        # A clock that is not the host's own has to keep pace with the technician.
        clock = devices["clock"]
        devices["clock"] = msgspec.structs.replace(clock, options={**clock.options, "paced": True})
    return LiveDeck(build(msgspec.structs.replace(profile, devices=devices)), test)
