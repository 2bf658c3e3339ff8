"""What all indicator drivers share: a line, a decoder, a belief, and what to say of silence."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from hal.bus import Bus
from hal.indicators.belief import Belief, Terms
from hal.indicators.codec import Arrival, Aside, Decoder, Shown, Spoiled
from hal.indicators.second import SecondReading
from hal.line import Chunk, Line, Parity, serial_line, tcp_line
from hal.ports import DeviceFault, Indication
from hal.virtual import board_clock

INDICATIONS_MAX = 256
QUIET_US = 2_000_000
QUIET_US_MIN, QUIET_US_MAX = 200_000, 60_000_000
EVERY_US_MIN = 50_000
DIVISIONS_OVER = 9
TAIL_BYTES = 64
"""What is kept to know one's own question by: the longest has fewer bytes than half of this."""


class Wire(NamedTuple):
    """Where an indicator is: a serial port with its settings, or a converter's TCP port."""

    port: str
    baud: int
    bits: int
    parity: Parity
    host: str
    tcp_port: int

    def open(self, bus: Bus) -> Line:
        """The line, shared by name.

        Raises:
            ValueError: neither or both of port and host are stated.
        """
        if bool(self.port) == bool(self.host):
            raise ValueError('state either port = "/dev/…" or host = "…" with tcp_port')
        if self.port:
            return serial_line(bus, self.port, self.baud, self.bits, self.parity)
        if not 1 <= self.tcp_port <= 65_535:
            raise ValueError(f"tcp_port must be 1 to 65535, not {self.tcp_port}")
        return tcp_line(bus, self.host, self.tcp_port)

    def byte_us(self) -> int:
        """How long a byte takes on the wire; 1 us where the converter's own baud is not known."""
        return max(10_000_000 // self.baud, 1) if self.port else 1


class Asking(NamedTuple):
    """What is sent: ``start`` when the line opens, ``ask`` every ``every_us``, ``zero`` on request.

    Empty where the protocol or the site has none.
    """

    start: bytes = b""
    ask: bytes = b""
    every_us: int = 0
    zero: bytes = b""


class StreamIndicator:
    """Takes what has come, asks when it is time, and tells a dead line from a wrong setting.

    Raises:
        ValueError: a time or a setting out of its bounds.
    """

    def __init__(
        self,
        bus: Bus,
        wire: Wire,
        decoder: Decoder,
        belief: Belief,
        *,
        asking: Asking | None = None,
        quiet_us: int = QUIET_US,
        second: SecondReading | None = None,
    ) -> None:
        if not QUIET_US_MIN <= quiet_us <= QUIET_US_MAX:
            raise ValueError("quiet must be 0.2 s to 1 min")
        self._second = second
        self._asking = asking or Asking()
        if self._asking.ask and self._asking.every_us < EVERY_US_MIN:
            raise ValueError("every must be at least 50 ms")
        self._clock = board_clock(bus)
        self._line = wire.open(bus)
        self._byte_us = wire.byte_us()
        self._decoder = decoder
        self._belief = belief
        self._quiet_us = quiet_us
        self._opened = 0
        self._well_us = self._asked_us = self._clock.now_us()
        self._last_us = -1
        self._asks = 0
        self._spoiled = self._refusals = 0
        self._said = ""
        self._told: DeviceFault | None = None
        self._tail = b""

    def read(self) -> tuple[Indication, ...] | DeviceFault:
        now_us = self._clock.now_us()
        fresh: deque[Indication] = deque(maxlen=INDICATIONS_MAX)
        for chunk in self._line.take():
            self._follow_line(now_us)
            self._tail = (self._tail + chunk.data)[-TAIL_BYTES:]
            for arrival in self._decoder.feed(chunk.data):
                self._take(arrival, chunk, fresh)
        self._follow_line(now_us)
        self._ask(now_us)
        told = tuple(fresh) if self._second is None else self._second.judge(fresh)
        if told:
            self._well(now_us)
            return told
        self._told = self._trouble(now_us)
        return self._told or ()

    def request_zero(self) -> bool:
        return bool(self._asking.zero) and self._line.send(self._asking.zero)

    def faults(self) -> tuple[DeviceFault, ...]:
        """The fault of the last read, and those of a second reading."""
        second = () if self._second is None else self._second.faults()
        return ((self._told,) if self._told else ()) + second

    def _take(self, arrival: Arrival, chunk: Chunk, fresh: deque[Indication]) -> None:
        found = arrival.found
        if isinstance(found, Spoiled):
            self._spoiled += 1
            self._said = found.why
        elif isinstance(found, Aside):
            self._refusals += bool(found.refusal)
            self._said = found.refusal or self._said
        elif isinstance(found, Shown):
            # A converter hands over many frames at once; each came a byte's time before the next.
            came_us = chunk.t_us - arrival.after_bytes * self._byte_us
            came_us = max(came_us, self._last_us + 1)
            indication = self._belief.take(found, came_us)
            if indication is not None:
                self._last_us = came_us
                fresh.append(indication)

    def _well(self, now_us: int) -> None:
        self._well_us = now_us
        self._spoiled = self._refusals = self._asks = 0
        self._said = ""
        self._told = None
        self._decoder.recount()

    def _follow_line(self, now_us: int) -> None:
        if self._line.opened == self._opened:
            return
        self._opened = self._line.opened
        self._decoder.reset()
        self._belief.reset()
        self._well(now_us)
        self._asked_us = now_us - self._asking.every_us
        if self._asking.start:
            self._line.send(self._asking.start)

    def _ask(self, now_us: int) -> None:
        due = now_us - self._asked_us >= self._asking.every_us
        if self._asking.ask and due and self._line.send(self._asking.ask):
            self._asked_us = now_us
            self._asks += 1

    def _trouble(self, now_us: int) -> DeviceFault | None:
        doubt = self._belief.fault
        if self._line.trouble is not None:
            return self._line.trouble
        if doubt is not None:
            return self._fault(doubt.name, doubt.seen)
        quiet_us = now_us - self._well_us
        return self._why_quiet(quiet_us) if quiet_us > self._quiet_us else None

    def _why_quiet(self, quiet_us: int) -> DeviceFault:
        """What the bytes that came say of the frames that did not."""
        seen, framed = self._decoder.bytes_seen, self._decoder.bytes_framed
        waited = f"for {quiet_us / 1e6:.1f} s"
        if seen == 0:
            asked = f", {self._asks} questions sent" if self._asking.ask else ""
            return self._fault("INDICATOR_SILENT", f"no byte {waited}{asked}: dead line or device?")
        ask = self._asking.ask
        if ask and ask in self._tail and seen <= (self._asks + 1) * len(ask):
            echo = f"only its own questions come back {waited}: the converter echoes, who answers?"
            return self._fault("INDICATOR_SILENT", echo)
        if self._belief.doubt is not None:
            return self._fault(self._belief.doubt.name, self._belief.doubt.seen)
        if self._refusals:
            times = f"{self._refusals} times {waited}"
            return self._fault("INDICATOR_REFUSED", f"it refuses, {times}: {self._said}")
        if self._spoiled:
            many = f"{self._spoiled} frames {waited}, none with a right checksum"
            return self._fault("INDICATOR_CHECKSUM", f"{many}; last: {self._said}")
        what = f"bytes come, {framed} of {seen} in frames {waited}: wrong baud rate or format?"
        return self._fault("INDICATOR_GARBLED", what)

    def _fault(self, name: str, seen: str) -> DeviceFault:
        return DeviceFault(name=name, device=self._line.name, seen=seen)


def terms(bus: Bus, unit: str | None, d_g: int | None, equal_frames: int) -> Terms:
    """What the site says of its indicator, with Max, e and d of the board's scale where it has one.

    Raises:
        ValueError: equal_frames or the division out of bounds.
    """
    if not 1 <= equal_frames <= 20:
        raise ValueError(f"equal_frames must be 1 to 20, not {equal_frames}")
    if d_g is not None and d_g < 0:
        raise ValueError("d must not be negative; 0 kg switches the test of the division off")
    site: Any = bus.share("scale", lambda: None)
    scale = site.scale if site is not None else None
    stated_d = 0 if unit == "lb" or scale is None else scale.d_g
    return Terms(
        unit=unit or "",
        max_g=0 if scale is None else scale.max_g + DIVISIONS_OVER * scale.e_g,
        d_g=stated_d if d_g is None else d_g,
        equal_frames=equal_frames,
    )
