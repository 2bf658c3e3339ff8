"""Coverage-guided bytes for the coprocessor's line: ``python tests/fuzz/atheris_coprocessor.py``.

Both ends decode the same bytes and must find the same frames; options are libFuzzer's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "board" / "firmware"))
with atheris.instrument_imports(include=["protocol.framing", "protocol.coprocessor", "framing"]):
    import framing as chip  # type: ignore[import-not-found]

    from protocol import coprocessor, framing

KEPT_BYTES_MAX = 256


def one(data: bytes) -> None:
    """Raise where an end raises, keeps too much, or finds what the other does not."""
    host, there = framing.Decoder(), chip.Decoder()
    frames = host.feed(data)
    if len(host._kept) > KEPT_BYTES_MAX:
        raise AssertionError("the decoder keeps too much")
    found = [(there.kind, there.seq, there.length) for value in data if there.feed(value)]
    if found != [(frame.kind, frame.seq, len(frame.payload)) for frame in frames]:
        raise AssertionError("the two ends find different frames")
    for kind in (0x81, 0x82, 0x83, 0x84, 0x85, 0x86):
        coprocessor.read(framing.Frame(kind, 0, data[: framing.PAYLOAD_MAX]))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
