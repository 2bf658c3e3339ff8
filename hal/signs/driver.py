"""The one driver of all wire signs: holds a page, says what changed, and reads it back.

``show`` is called in every scan and never waits.  It sends a frame every ``gap_us`` at most, says
everything anew after the line was opened again and every ``refresh_us``, and asks the sign what it
shows once a face has stood for ``SETTLE_US``.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from hal.bus import Bus
from hal.ports import Clock, DeviceFault, SignPage
from hal.signs.family import Colour, Face, Family, Told
from hal.signs.link import Link
from hal.signs.text import Screens, gbk, lay_out, ungbk
from hal.virtual import board_clock
from hal.voice.sentence import sentence_of

SETTLE_US = 300_000
ANSWER_US = 1_500_000
ROUND_US = 2_500_000
SILENT_MAX = 3
DIFFERS_MAX = 2
"""How many checks in a row must fail before it is a fault: one answer may be lost in noise."""
FRAMES_MAX = 64
SPOKEN_BYTES_MAX = 200

Lamps = Literal["page", "none"]
_COLOURS: dict[str, Colour] = {"red": "red", "green": "green", "amber": "amber"}


class Pace(Struct, frozen=True, kw_only=True):
    """How fast a sign is talked to, in us."""

    refresh_us: int = 10_000_000
    turn_us: int = 3_000_000
    gap_us: int = 60_000

    def __post_init__(self) -> None:
        if min(self.refresh_us, self.turn_us) < ROUND_US or self.gap_us < 1:
            raise ValueError(
                f"refresh and turn are at least {ROUND_US / 1e6:g} s, so that the sign can be "
                "asked what it shows in between, and the gap is longer than 0"
            )


class WireSign:
    """A sign of any family on a line.

    ``lamps = "page"`` lets the sign's own lane light follow the page: green on a green page, else
    red, flashing on an amber one; "none" leaves the light alone.  ``speaks`` is for a sign with a
    voice: each new page is spoken once.
    """

    def __init__(
        self,
        bus: Bus,
        link: Link,
        family: Family,
        pace: Pace | None = None,
        lamps: Lamps = "none",
        speaks: bool = False,
    ) -> None:
        lay_out((), family.rows, family.columns)
        self._clock: Clock = board_clock(bus)
        self._link = link
        self._family = family
        self._pace = pace or Pace()
        self._lamps = lamps
        self._speaks = speaks
        self._page: SignPage | None = None
        self._screens = Screens(((b"",) * family.rows,))
        self._spoken = b""
        self._shown: Face | None = None
        self._queue: deque[bytes] = deque()
        self._opened = 0
        self._page_us = self._sent_us = self._said_us = 0
        self._check = _Check(family, link.name)

    def show(self, page: SignPage) -> None:
        """Hold this page."""
        now_us = self._clock.now_us()
        if page is not self._page and page != self._page:
            self._page, self._page_us = page, now_us
            self._screens = lay_out(page.lines, self._family.rows, self._family.columns)
            self._spoken = _spoken(page) if self._speaks else b""
        self._hear(now_us)
        if self._link.trouble is None and self._page is not None:
            self._hold(self._page, now_us)

    def faults(self) -> tuple[DeviceFault, ...]:
        """The line down, no answer, something else shown, a refusal, a text that does not fit."""
        found = [] if self._link.trouble is None else [self._link.trouble]
        if not found and self._check.fault is not None:
            found.append(self._check.fault)
        if self._screens.cut:
            found.append(self._check.as_fault("SIGN_TEXT_CUT", self._screens.cut))
        return tuple(found)

    def _hear(self, now_us: int) -> None:
        chunks = self._link.take()
        if self._link.opened != self._opened:
            self._opened = self._link.opened
            self._forget()
        for chunk in chunks:
            self._check.hear(chunk.data)
            for told in self._family.feed(chunk.data):
                self._check.note(told)
        if self._check.ended(now_us):
            self._forget()

    def _forget(self) -> None:
        """Nothing is known of what the sign shows: it is told everything again."""
        self._family.reset()
        self._queue.clear()
        self._shown = None
        self._check.drop()

    def _hold(self, page: SignPage, now_us: int) -> None:
        screens = self._screens.screens
        turn = (now_us - self._page_us) // self._pace.turn_us % len(screens)
        face = _face(page, screens[turn], self._lamps)
        if now_us - self._said_us >= self._pace.refresh_us:
            self._shown = None
        if face != self._shown:
            self._say(face, now_us)
        elif not self._queue and self._check.due and now_us - self._sent_us >= SETTLE_US:
            self._queue.extend(self._check.begin(face, now_us))
        if self._queue and now_us - self._sent_us >= self._pace.gap_us:
            if self._link.send(self._queue[0]):
                self._queue.popleft()
            self._sent_us = now_us

    def _say(self, face: Face, now_us: int) -> None:
        """Put the frames that make this face into the queue, in place of what has not gone."""
        before = None if self._queue else self._shown
        if before is None:
            self._said_us = now_us
        self._queue.clear()
        frames = self._family.frames(replace(face, spoken=self._spoken), before)
        self._queue.extend(frames[:FRAMES_MAX])
        self._spoken = b""
        self._shown = face
        self._check.drop()


class _Check:
    """One round of questions: what was asked for, what has been told, and what to think of it."""

    def __init__(self, family: Family, device: str) -> None:
        self.fault: DeviceFault | None = None
        self.due = True
        self._family = family
        self._device = f"{family.name} on {device}"
        self._face: Face | None = None
        self._until_us = 0
        self._asked = self._heard = b""
        self._told: list[Told] = []
        self._silent = self._differs = 0

    def begin(self, face: Face, now_us: int) -> list[bytes]:
        """The questions; a family without any is believed."""
        self.due = False
        asked = self._family.questions()
        if asked:
            self._face, self._told = face, []
            self._asked, self._heard = b"".join(asked), b""
            self._until_us = now_us + ANSWER_US
        return asked

    def drop(self) -> None:
        """Give this round up: the face has changed, and is to be asked about again."""
        self._face, self.due = None, True

    def hear(self, data: bytes) -> None:
        """Keep as much of a round's bytes as tells an echo from an answer."""
        self._heard = (self._heard + data)[: len(self._asked) + 1]

    def note(self, told: Told) -> None:
        """Keep an answer of this round."""
        if self._face is not None and len(self._told) < FRAMES_MAX:
            self._told.append(told)

    def ended(self, now_us: int) -> bool:
        """Whether this round has just ended with a sign that shows something else."""
        face = self._face
        if face is None or now_us < self._until_us:
            return False
        self._face = None
        echoed = bool(self._asked) and self._heard == self._asked
        if not self._told or echoed:
            self._silent += 1
            self.due = True
            if self._silent >= SILENT_MAX:
                only = ", only they themselves come back: the converter echoes" if echoed else ""
                seen = f"{self._silent} questions unanswered{only}"
                self.fault = self.as_fault("SIGN_MUTE", seen)
            return False
        self._silent = 0
        name, seen = _judged(face, self._told)
        self._differs = self._differs + 1 if seen else 0
        if not seen:
            self.fault = None
        elif name == "SIGN_REFUSES" or self._differs >= DIFFERS_MAX:
            self.fault = self.as_fault(name, seen)
        return bool(seen)

    def as_fault(self, name: str, seen: str) -> DeviceFault:
        """A fault of this sign."""
        return DeviceFault(name=name, device=self._device, seen=seen)


def _judged(face: Face, told: list[Told]) -> tuple[str, str]:
    """The fault's name and what was seen, or two empty strings."""
    for one in told:
        if one.refusal:
            return "SIGN_REFUSES", one.refusal
    for one in told:
        seen = _difference(face, one)
        if seen:
            return "SIGN_DIFFERS", seen
    return "", ""


def _difference(face: Face, told: Told) -> str:
    for row, data in told.rows:
        wanted = face.rows[row] if row < len(face.rows) else b""
        if ungbk(data) != ungbk(wanted):
            return f"row {row + 1} shows '{ungbk(data)}', not '{ungbk(wanted)}'"
    if None not in (told.green, face.green) and told.green != face.green:
        return f"its light is {_light(told.green)}, not {_light(face.green)}"
    if None not in (told.flash, face.flash) and told.flash != face.flash:
        return f"its flash is {'on' if told.flash else 'off'}, not as told"
    return ""


def _light(green: bool | None) -> str:
    return "green" if green else "red"


def _face(page: SignPage, rows: tuple[bytes, ...], lamps: Lamps) -> Face:
    colour = _COLOURS.get(page.colour, "red")
    if lamps == "none":
        return Face(rows=rows, colour=colour)
    return Face(rows=rows, colour=colour, green=colour == "green", flash=colour == "amber")


def _spoken(page: SignPage) -> bytes:
    return gbk(sentence_of(page, SPOKEN_BYTES_MAX))
