"""Yaohua 耀华 XK3190 indicators (A9, A12E, A23p, A26, D9, DS3, DS8) on a serial line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from hal.bus import Bus
from hal.indicators import yaohua_frames as frames
from hal.indicators.belief import Belief, Unit
from hal.indicators.codec import Cut, Decoder, named
from hal.indicators.second import SecondReading
from hal.indicators.stream import QUIET_US, Asking, StreamIndicator, Wire, terms
from hal.line import Parity

ZERO_KEY = b"0"
AGREE_G = 1_000


class Format(NamedTuple):
    """How a format is cut and how many equal frames it needs: the weaker its check, the more."""

    cut: Callable[..., Cut]
    equal_frames: int
    polled: bool = False


FORMATS: dict[str, Format] = {
    "0": Format(frames.cut_continuous, 2),
    "1": Format(frames.cut_last_first, 3),
    "2": Format(frames.cut_first_last, 3),
    "polled": Format(frames.cut_answer, 2, polled=True),
}


class YaohuaIndicator(StreamIndicator):
    """A Yaohua indicator in one of its output formats.

    Options: ``port`` ("/dev/ttyUSB0") with ``baud`` (the indicator's own setting; 1200 to 9600 are
    seen), ``bits``, ``parity``; or ``host`` and ``tcp_port`` of a serial server.  ``unit`` is
    needed, no format names one.  ``format``: "0", "1", "2" as the indicator's menu says tF, or
    "polled" with ``address`` "A" to "Z", asked every ``every`` ("200 ms").  ``equal_frames`` in a
    row make a weight (2, in formats 1 and 2 three); ``d`` is the division of every weight, the
    scale's where it is not stated, "0 kg" to test none; ``quiet`` ("2 s") is how long no frame may
    come.  ``zero_command = true`` lets the controller set the indicator's zero (A22; polled only).

    ``second_port`` (or ``second_host``, ``second_tcp_port``) with ``second_baud`` and
    ``second_format`` is the indicator's other output: a weight counts only while both say the same
    within one division (1 kg where none is known).

    No format says whether the weight is net or moving: set the indicator to send gross.

    Raises:
        ValueError: an unknown format, an address that is none, or times out of bounds.
    """

    def __init__(
        self,
        bus: Bus,
        unit: Unit,
        format: str = "0",
        port: str = "",
        baud: int = 9600,
        bits: int = 8,
        parity: Parity = "none",
        host: str = "",
        tcp_port: int = 0,
        address: str = "A",
        every_us: int = 200_000,
        equal_frames: int | None = None,
        d_g: int | None = None,
        quiet_us: int = QUIET_US,
        zero_command: bool = False,
        second_port: str = "",
        second_baud: int = 9600,
        second_format: str = "0",
        second_host: str = "",
        second_tcp_port: int = 0,
    ) -> None:
        chosen = named("format", format, FORMATS)
        if len(address) != 1 or not "A" <= address <= "Z":
            raise ValueError(f"address must be one letter from A to Z, not '{address}'")
        if zero_command and not chosen.polled:
            raise ValueError(f"format {format} only sends; a zero command needs format = 'polled'")
        asking = _asking(chosen, address, every_us)
        if zero_command:
            asking = asking._replace(zero=frames.command(address, ZERO_KEY))
        k = chosen.equal_frames if equal_frames is None else equal_frames
        stated = terms(bus, unit, d_g, k)
        second = None
        if second_port or second_host:
            other = named("second_format", second_format, FORMATS)
            wire = Wire(second_port, second_baud, bits, parity, second_host, second_tcp_port)
            reading = StreamIndicator(
                bus,
                wire,
                _decoder(other, address),
                Belief(replace(stated, equal_frames=other.equal_frames)),
                asking=_asking(other, address, every_us),
                quiet_us=quiet_us,
            )
            name = second_port or f"{second_host}:{second_tcp_port}"
            second = SecondReading(reading, name, stated.d_g or AGREE_G)
        super().__init__(
            bus,
            Wire(port, baud, bits, parity, host, tcp_port),
            _decoder(chosen, address),
            Belief(stated),
            asking=asking,
            quiet_us=quiet_us,
            second=second,
        )


def _decoder(chosen: Format, address: str) -> Decoder:
    return Decoder(partial(chosen.cut, address=address) if chosen.polled else chosen.cut)


def _asking(chosen: Format, address: str, every_us: int) -> Asking:
    ask = frames.command(address, frames.ASK_GROSS) if chosen.polled else b""
    return Asking(ask=ask, every_us=every_us)
