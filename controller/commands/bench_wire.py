"""How fast the codecs of the wire are, as a multiple of the line that feeds them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from hal.field.samples import BYTES_PER_S as FIELD_BYTES_PER_S
from hal.field.samples import SAMPLES as FIELD_SAMPLES
from hal.indicators.codec import Decoder
from hal.indicators.cutters import SAMPLES, cutters
from hal.signs.samples import FASTEST_SIGN_BYTES_PER_S
from hal.signs.samples import SAMPLES as SIGN_SAMPLES
from protocol.framing import Decoder as CoprocessorDecoder
from protocol.framing import encode

COPROCESSOR_BYTES_PER_S = 46_080
COPROCESSOR_SAMPLE = b"".join(encode(0x84, seq, bytes(range(37))) for seq in range(50))
GOAL_RATIO = 20.0
SAMPLE_BYTES_MIN = 60_000
READ_BYTES = 256
ROUNDS = 3
FASTEST_INDICATOR_BYTES_PER_S = 11_520


class Wire(NamedTuple):
    """A codec's feed, a sample of good frames, and the bytes per second of its fastest line."""

    feed: Callable[[bytes], object]
    sample: bytes
    bytes_per_s: float


WIRES: dict[str, Wire] = {
    name: Wire(Decoder(cut).feed, SAMPLES[name], FASTEST_INDICATOR_BYTES_PER_S)
    for name, cut in cutters().items()
} | {
    name: Wire(made().feed, sample, FASTEST_SIGN_BYTES_PER_S)
    for name, (made, sample) in SIGN_SAMPLES.items()
}

WIRES["coprocessor"] = Wire(CoprocessorDecoder().feed, COPROCESSOR_SAMPLE, COPROCESSOR_BYTES_PER_S)

WIRES |= {
    name: Wire(feed, sample, FIELD_BYTES_PER_S[name])
    for name, (feed, sample) in FIELD_SAMPLES.items()
}


def throughput(name: str) -> float:
    """How many lines at full speed one core could follow: the best of ``ROUNDS``, process time."""
    wire = WIRES[name]
    data = wire.sample * (SAMPLE_BYTES_MIN // len(wire.sample) + 1)
    reads = [data[i : i + READ_BYTES] for i in range(0, len(data), READ_BYTES)]
    return max(_once(wire.feed, reads) for _ in range(ROUNDS)) / wire.bytes_per_s


def _once(feed: Callable[[bytes], object], reads: list[bytes]) -> float:
    """Bytes per second of process time."""
    began_s = time.process_time()
    for data in reads:
        feed(data)
    return sum(map(len, reads)) / max(time.process_time() - began_s, 1e-9)
