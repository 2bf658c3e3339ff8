"""One coprocessor's line: handshake, lease, clock, and what it said last.

All runs in the scan's thread; the line's own thread waits.  Whatever is older than ``STALE_US``
is no longer known, but for an input that may be older (``allow``).  Levels renew the lease only as
a scan says them: a scan that stops lets the lease run out.
"""

from __future__ import annotations

from binascii import crc32
from collections import deque
from typing import NamedTuple

from hal.bus import Bus
from hal.coprocessor.ticks import TickMap
from hal.coprocessor.troubles import Troubles
from hal.coprocessor.wiring import Wiring
from hal.line import Chunk, serial_line
from hal.ports import DeviceFault
from hal.virtual import board_clock
from protocol import coprocessor as wire
from protocol.framing import Decoder, encode

BAUD = 460_800
STALE_US = 300_000
STALE_US_MAX = 900_000
"""The lease: who has heard nothing for longer must not believe that the chip still obeys."""
ASK_US = 500_000
REFUSED_ASK_US = 5_000_000
GAP_US = 18_000
"""Levels go out at most this often: once for each scan of 20 ms."""
LOOK_US = 10_000
SAMPLES_MAX = 2_000


class Taken(NamedTuple):
    """A sample with the lane time of its ticks."""

    t_us: int
    sample: wire.Sample


class CoprocessorLink:
    """Shared by all drivers of one coprocessor; ``poll`` may be called any number of times."""

    def __init__(self, bus: Bus, port: str, baud: int) -> None:
        self.port = port
        self.baud = baud
        self.wiring = Wiring()
        self.troubles = Troubles(port)
        self.samples: deque[Taken] = deque(maxlen=SAMPLES_MAX)
        self.ticks = TickMap()
        self.decoder = Decoder()
        self.state: wire.State | None = None
        self.about: wire.About | None = None
        self.ready = False
        self.edges = 0
        self.gaps = 0
        self._clock = board_clock(bus)
        self._line = serial_line(bus, port, baud)
        self._silent_us = STALE_US
        self._opened = 0
        self._seq = 0
        self._asked_us = -(1 << 62)
        self._wait_us = ASK_US
        self._heard_us = self._clock.now_us()
        self._strays = 0
        self._contacts = 0
        self._contacts_us = -(1 << 62)
        self._number: int | None = None
        self._said: dict[tuple[str, int], int] = {}
        self._sent_us = -(1 << 62)
        self._looked_us = -(1 << 62)

    def poll(self) -> None:
        """Take what has come; ask, where nobody is known at the other end; send what is due."""
        chunks = self._line.take()
        for chunk in chunks:
            self._take(chunk)
        now_us = self._clock.now_us()
        if self._line.opened != self._opened:
            self._opened = self._line.opened
            self.decoder.drop()
            self._lose(now_us)
        if self.ready and now_us - self._heard_us > self._silent_us:
            self._lose(now_us)
        if not self.ready and now_us - self._asked_us >= self._wait_us:
            self._ask(now_us)
        if len(self._said) == self._outputs:
            self._send_levels(now_us)
        if chunks or now_us - self._looked_us >= LOOK_US:
            self._looked_us = now_us
            self.troubles.look(
                now_us, self._heard_us, self._line.trouble, self.decoder, self._strays
            )

    def allow(self, stale_us: int) -> None:
        """Keep to what was heard for as long as an input may be old; raises ValueError."""
        if not 0 < stale_us <= STALE_US_MAX:
            raise ValueError(f"stale is above 0 and at most {STALE_US_MAX // 1000} ms")
        self._silent_us = max(self._silent_us, stale_us)

    def contact(self, index: int, stale_us: int = STALE_US) -> int:
        """A contact as last told, 0 (unknown) where that is too long ago."""
        known = self.ready and self._clock.now_us() - self._contacts_us <= stale_us
        return wire.contact(self._contacts, index) if known else 0

    def hold(self, kind: str, index: int, level: int) -> None:
        """Take one output's level of this scan.

        The lease is renewed as soon as all are said.  One that is said again before the others
        were begins a new scan: what the old one did not say is not held.
        """
        self.poll()
        if (kind, index) in self._said:
            self._send_levels(self._clock.now_us())
        self._said[kind, index] = level
        if len(self._said) == self._outputs:
            self._send_levels(self._clock.now_us())

    def faults(self) -> tuple[DeviceFault, ...]:
        """All that is wrong with the coprocessor now."""
        self.poll()
        found = self.troubles.found
        if self.about is not None and self.about.cause and found:
            self._send(wire.FORGET, b"")
            self.about = self.about._replace(cause=0)
        return found

    @property
    def _outputs(self) -> int:
        return len(self.wiring.booms) + len(self.wiring.heads)

    def _take(self, chunk: Chunk) -> None:
        self._strays += len(chunk.data)
        for frame in self.decoder.feed(chunk.data):
            message = wire.read(frame)
            if message is not None:
                self._heard_us = chunk.t_us
                self._strays = 0
                self._hear(message, chunk.t_us)

    def _hear(self, message: wire.Message, t_us: int) -> None:
        if isinstance(message, wire.Sample):
            at_us = self.ticks.hear(message.ticks_us, t_us)
            self._note_contacts(message.contacts, t_us)
            self._note_sample(Taken(at_us, message))
        elif isinstance(message, wire.State):
            self.ticks.hear(message.ticks_us, t_us)
            self._note_contacts(message.contacts, t_us)
            self._note_state(message, t_us)
        elif isinstance(message, wire.Edge):
            self.edges += 1
            shift = 2 * message.input
            contacts = self._contacts & ~(3 << shift) | message.contact << shift
            self._note_contacts(contacts, self._contacts_us)
        elif isinstance(message, wire.About):
            self._meet(message, t_us)
        elif isinstance(message, wire.Answer):
            self._note_answer(message)

    def _note_contacts(self, contacts: int, t_us: int) -> None:
        self._contacts = contacts
        self._contacts_us = t_us

    def _note_sample(self, taken: Taken) -> None:
        number = taken.sample.number
        if self._number is not None:
            self.gaps += (number - self._number - 1) % 0x10000
        self._number = number
        self.troubles.cells(taken.sample.flags)
        if not self.samples or taken.t_us > self.samples[-1].t_us:
            self.samples.append(taken)
        else:
            # Its stamp was estimated a little early; samples stand in the order of their numbers.
            self.samples.append(Taken(self.samples[-1].t_us + 1, taken.sample))

    def _note_state(self, state: wire.State, t_us: int) -> None:
        if self.state is None or state.epoch != self.state.epoch:
            # What was said before this was heard of is not to move anything.
            self._said.clear()
            if self.state is not None and self.ready and not state.leased:
                self.troubles.lease_lost(t_us)
        self.state = state
        if self.ready:
            self.troubles.verdicts(state, t_us)

    def _meet(self, about: wire.About, t_us: int) -> None:
        """Somebody is at the other end, perhaps anew: tell it its wiring unless it has it."""
        before, self.about = self.about, about
        self.troubles.met(about, before, t_us)
        if before is not None and before.starts != about.starts:
            self._forget()
        if about.protocol != wire.PROTOCOL:
            self.ready = False
            self._wait_us = REFUSED_ASK_US
            return
        text = self.wiring.text
        if about.configured and about.config_crc32 == crc32(text.encode()):
            self.ready = True
            return
        self.ready = False
        self._asked_us = t_us
        for payload in wire.config_parts(text):
            self._send(wire.CONFIG, payload)

    def _note_answer(self, answer: wire.Answer) -> None:
        refused = answer.answer == wire.REFUSED
        self.troubles.refused_wiring = answer.reasons if refused else ""
        self.ready = answer.answer == wire.TAKEN
        self._wait_us = REFUSED_ASK_US if refused else ASK_US

    def _lose(self, now_us: int) -> None:
        self.ready = False
        self._asked_us = now_us - self._wait_us
        self._forget()

    def _forget(self) -> None:
        self.state = None
        self._contacts_us = -(1 << 62)
        self._number = None
        self._said.clear()
        self.ticks.forget()
        self.troubles.forget()

    def _ask(self, now_us: int) -> None:
        self._asked_us = now_us
        self._send(wire.HELLO, bytes((wire.PROTOCOL,)))

    def _send_levels(self, now_us: int) -> None:
        if not self.ready or self.state is None or now_us - self._sent_us < GAP_US:
            return
        booms = (self._said.get(("boom", 0), 0), self._said.get(("boom", 1), 0))
        greens = sum(self._said.get(("head", i), 0) << i for i in range(len(self.wiring.heads)))
        self._said.clear()
        self._sent_us = now_us
        self._send(wire.LEVELS, wire.levels(self.state.epoch, booms, greens))

    def _send(self, kind: int, payload: bytes) -> None:
        if self._line.send(encode(kind, self._seq, payload)):
            self._seq = (self._seq + 1) % 0x10000


def link_of(bus: Bus, port: str, baud: int) -> CoprocessorLink:
    """The link of this port; raises ValueError where another driver names another baud rate."""
    kept: dict[str, CoprocessorLink] = bus.share("coprocessors", dict)
    if port not in kept:
        kept[port] = CoprocessorLink(bus, port, baud)
    if kept[port].baud != baud:
        raise ValueError(f"{port} is asked for at {baud} baud here and {kept[port].baud} elsewhere")
    return kept[port]
