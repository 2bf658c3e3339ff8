"""Mettler Toledo continuous output, and what Liden, Flintec and many others make of it."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from hal.bus import Bus
from hal.indicators import toledo_frames as frames
from hal.indicators.belief import Belief, Unit
from hal.indicators.codec import Decoder, named
from hal.indicators.stream import QUIET_US, StreamIndicator, Wire, terms
from hal.line import Parity

EQUAL_FRAMES_CHECKED, EQUAL_FRAMES_BARE = 2, 3
"""Its checksum is a sum: like an XOR it does not see two bytes change places."""


class ToledoIndicator(StreamIndicator):
    """An indicator that sends Toledo's continuous output.

    Options: the line's as for ``yaohua.indicator``.  ``variant``: "toledo", "liden" or "flintec",
    as the indicator's manual fills status words A to C; never found out by itself.  ``checksum``
    says whether an 18th byte is sent.  ``unit`` is needed where the variant's frames name none
    (flintec); elsewhere it must agree with them.  ``increments = false`` for a clone that fills the
    bits of the division carelessly: then no frame states one.  ``equal_frames``: 2, without
    checksum 3; ``d`` and ``quiet`` as there.

    A net weight is told as gross, net + tare.  There is no zero command in this protocol.

    Raises:
        ValueError: an unknown variant, or no unit where one is needed.
    """

    def __init__(
        self,
        bus: Bus,
        checksum: bool,
        port: str = "",
        baud: int = 9600,
        bits: int = 8,
        parity: Parity = "none",
        host: str = "",
        tcp_port: int = 0,
        variant: str = "toledo",
        increments: bool = True,
        unit: Unit | None = None,
        equal_frames: int | None = None,
        d_g: int | None = None,
        quiet_us: int = QUIET_US,
    ) -> None:
        chosen = named("variant", variant, frames.VARIANTS)
        chosen = chosen if increments else replace(chosen, states_d=False)
        if not chosen.states_unit and unit is None:
            raise ValueError(f"the frames of variant '{variant}' name no unit: state unit")
        usual = EQUAL_FRAMES_CHECKED if checksum else EQUAL_FRAMES_BARE
        k = usual if equal_frames is None else equal_frames
        super().__init__(
            bus,
            Wire(port, baud, bits, parity, host, tcp_port),
            Decoder(partial(frames.cut, variant=chosen, check=checksum)),
            Belief(terms(bus, unit, d_g, k)),
            quiet_us=quiet_us,
        )
