"""Coverage-guided bytes for every indicator codec: `python tests/fuzz/atheris_indicators.py`.

Options are libFuzzer's, as ``-runs=2000 -seed=1``.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["hal.indicators"]):
    from hal.indicators.codec import FRAME_BYTES_MAX, Decoder
    from hal.indicators.cutters import cutters

CUTTERS = list(cutters().values())


def one(data: bytes) -> None:
    """Raise where a codec raises, keeps too much, or depends on how the bytes were cut up."""
    if not data:
        return
    cut = CUTTERS[data[0] % len(CUTTERS)]
    whole, pieces = Decoder(cut), Decoder(cut)
    found = [a.found for a in whole.feed(data[1:])]
    if whole.held_bytes > FRAME_BYTES_MAX:
        raise AssertionError("the decoder keeps too much")
    if [a.found for b in data[1:] for a in pieces.feed(bytes([b]))] != found:
        raise AssertionError("the frames depend on how the bytes were cut up")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
