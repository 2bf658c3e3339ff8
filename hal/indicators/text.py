"""Indicators that send lines of text: ST/GS and its cousins, MT-SICS, and a site's own dialect."""

from __future__ import annotations

from typing import Any, Literal

from hal.bus import Bus
from hal.indicators.belief import Belief, Unit
from hal.indicators.codec import Decoder, named
from hal.indicators.stream import QUIET_US, Asking, StreamIndicator, Wire, terms
from hal.indicators.text_frames import Cutter, Dialect, read_dialect, table
from hal.line import Parity

SICS = "mt-sics"


class TextIndicator(StreamIndicator):
    """An indicator whose frames a regular expression reads.

    Options: the line's as for ``yaohua.indicator``.  ``dialect`` names one of
    ``hal/indicators/dialects.toml`` ("st-gs", "yaohua-a12e", "vishay-vt220", "flintec-ft111d",
    "flintec-ft10"), or the site describes its indicator in ``own``, a table with the same keys.
    ``unit`` is needed where the frames name none and must agree with those that do.
    ``equal_frames`` (the dialect's), ``d``, ``quiet`` and, for dialects that are asked, ``every``
    as there.  ``zero_command = true`` lets the controller send the dialect's ``zero``.

    Raises:
        ValueError: an unknown dialect, one that cannot be used, neither or both stated, or a
            zero command that the dialect does not have.
    """

    def __init__(
        self,
        bus: Bus,
        dialect: str = "",
        own: dict[str, Any] | None = None,
        port: str = "",
        baud: int = 9600,
        bits: int = 8,
        parity: Parity = "none",
        host: str = "",
        tcp_port: int = 0,
        unit: Unit | None = None,
        every_us: int = 200_000,
        equal_frames: int | None = None,
        d_g: int | None = None,
        quiet_us: int = QUIET_US,
        zero_command: bool = False,
    ) -> None:
        if bool(dialect) == (own is not None):
            raise ValueError("state either dialect or own")
        chosen = named("dialect", dialect, table()) if own is None else read_dialect(own, "own")
        if zero_command and not chosen.zero:
            raise ValueError("this dialect has no zero command: remove zero_command")
        asking = Asking(
            start=chosen.start.encode("ascii"),
            ask=chosen.ask.encode("ascii"),
            every_us=every_us,
            zero=chosen.zero.encode("ascii") if zero_command else b"",
        )
        k = chosen.equal_frames if equal_frames is None else equal_frames
        super().__init__(
            bus,
            Wire(port, baud, bits, parity, host, tcp_port),
            Decoder(Cutter(chosen)),
            Belief(terms(bus, unit, d_g, k)),
            asking=asking,
            quiet_us=quiet_us,
        )


class SicsIndicator(StreamIndicator):
    """An indicator that speaks MT-SICS level 0.

    Options: the line's as for ``yaohua.indicator``; ``mode`` "asked" sends SI every ``every``
    ("200 ms"), "repeating" sends SIR once and again whenever nothing comes for ``quiet``.  The
    frames name their unit; ``unit`` must agree if it is stated.  ``equal_frames`` (3) and ``d`` as
    there.  ``zero_command = true`` lets the controller send Z.
    """

    def __init__(
        self,
        bus: Bus,
        port: str = "",
        baud: int = 9600,
        bits: int = 8,
        parity: Parity = "none",
        host: str = "",
        tcp_port: int = 0,
        mode: Literal["asked", "repeating"] = "asked",
        unit: Unit | None = None,
        every_us: int = 200_000,
        equal_frames: int | None = None,
        d_g: int | None = None,
        quiet_us: int = QUIET_US,
        zero_command: bool = False,
    ) -> None:
        sics: Dialect = table()[SICS]
        asking = Asking(
            ask=sics.ask.encode("ascii") if mode == "asked" else b"SIR\r\n",
            every_us=every_us if mode == "asked" else quiet_us,
            zero=sics.zero.encode("ascii") if zero_command else b"",
        )
        k = sics.equal_frames if equal_frames is None else equal_frames
        super().__init__(
            bus,
            Wire(port, baud, bits, parity, host, tcp_port),
            Decoder(Cutter(sics)),
            Belief(terms(bus, unit, d_g, k)),
            asking=asking,
            quiet_us=quiet_us,
        )
