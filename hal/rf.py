"""The detector of remote-control devices (防遥控报警仪) on a serial or TCP line."""

from __future__ import annotations

from hal.bus import Bus
from hal.field.rf_frames import QUERY, RESET, RfParser, RfReply
from hal.line import Line, Parity, serial_line, tcp_line
from hal.ports import Contact, DeviceFault
from hal.virtual import board_clock


class RfDetector:
    """Says BLOCKED while a signal is detected and for ``hold_us`` after, UNKNOWN when silent.

    It is asked every ``poll_us`` and is silent after ``stale_us`` without a good reply.  The
    detector keeps its alarm until it is reset, so that each alarm is answered by a reset and the
    next reply tells whether the signal is still there.  A signal that its own list knows is none.
    ``port`` is a serial port, or ``host`` and ``tcp_port`` a converter.
    """

    def __init__(
        self,
        bus: Bus,
        port: str = "",
        host: str = "",
        tcp_port: int = 4001,
        baud: int = 9600,
        parity: Parity = "none",
        poll_us: int = 300_000,
        stale_us: int = 3_000_000,
        hold_us: int = 10_000_000,
    ) -> None:
        if bool(port) == bool(host):
            raise ValueError('the detector is at port = "/dev/…" or at host = "…", one of them')
        if not 0 < poll_us < stale_us:
            raise ValueError("the detector must be asked oftener than its silence is told")
        self._line = _line(bus, port, host, tcp_port, baud, parity)
        self._clock = board_clock(bus)
        self._poll_us = poll_us
        self._stale_us = stale_us
        self._hold_us = hold_us
        self._parser = RfParser()
        self._asked_us: int | None = None
        self._since_us = self._clock.now_us()
        self._heard_us: int | None = None
        self._noise = 0
        self._alarm: tuple[int, int] | None = None

    def read(self) -> Contact:
        now_us = self._clock.now_us()
        self._take()
        if self._asked_us is None or now_us - self._asked_us >= self._poll_us:
            self._asked_us = now_us
            self._line.send(QUERY)
        if self._alarm is not None and now_us - self._alarm[0] <= self._hold_us:
            return Contact.BLOCKED
        fresh = self._heard_us is not None and now_us - self._heard_us <= self._stale_us
        return Contact.CLEAR if fresh else Contact.UNKNOWN

    def faults(self) -> tuple[DeviceFault, ...]:
        now_us = self._clock.now_us()
        found = []
        if self._alarm is not None and now_us - self._alarm[0] <= self._hold_us:
            found.append(self._fault("RF_ALARM", channel_words(self._alarm[1])))
        last_us = self._since_us if self._heard_us is None else self._heard_us
        if self._line.trouble is not None:
            found.append(self._line.trouble)
        elif now_us - last_us > self._stale_us:
            seconds = (now_us - last_us) // 1_000_000
            if self._noise:
                found.append(self._fault("IO_GARBLED", f"{self._noise} bytes without a frame"))
            else:
                found.append(self._fault("IO_SILENT", f"no reply for {seconds} s"))
        return tuple(found)

    def _take(self) -> None:
        for chunk in self._line.take():
            skipped = self._parser.skipped
            for reply in self._parser.feed(chunk.data):
                self._heard(reply, chunk.t_us)
            self._noise += self._parser.skipped - skipped

    def _heard(self, reply: RfReply, t_us: int) -> None:
        self._heard_us = t_us
        self._noise = 0
        if reply.warns and not reply.known:
            self._alarm = (t_us, reply.channel)
            self._line.send(RESET)

    def _fault(self, name: str, seen: str) -> DeviceFault:
        return DeviceFault(name=name, device=f"RF detector at {self._line.name}", seen=seen)


def channel_words(channel: int) -> str:
    """A frequency word as it came, and what it is if it counts 10 kHz."""
    return f"frequency word {channel}, {channel / 100:.2f} MHz if in steps of 10 kHz"


def _line(bus: Bus, port: str, host: str, tcp_port: int, baud: int, parity: Parity) -> Line:
    return serial_line(bus, port, baud, parity=parity) if port else tcp_line(bus, host, tcp_port)
