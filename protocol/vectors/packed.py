"""Packed frames of an indicator: what they hold, and bytes that only look like them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from protocol import cbor
from protocol.frames import FRAMES, VERSION, FrameState, RawFrame, pack_frames

# Golden frames of the field (facts: indicators 3.1 and 3.2).
YAOHUA_18000 = bytes.fromhex("022b30313830303030313203")
TOLEDO_MOTION = bytes.fromhex("022a3820203534333230202020202030" + "0d01")
TOLEDO_OVER = bytes.fromhex("022a3420393939393939202020202030" + "0d4d")
_FIRST: list[cbor.Value] = [0, YAOHUA_18000, 0, 18_000_000, None, None, None]


class Packed(Struct, frozen=True, kw_only=True):
    """Bytes, and the frames in them; None where they are to be refused."""

    name: str
    title: str
    data: bytes
    frames: tuple[RawFrame, ...] | None = None

    def view(self) -> dict[str, Any]:
        """As the file has it."""
        frames = None if self.frames is None else [_shown(one) for one in self.frames]
        return {
            "name": self.name,
            "title": self.title,
            "cbor": self.data.hex(),
            "refused": self.frames is None,
            "frames": frames or [],
        }


def _shown(frame: RawFrame) -> dict[str, Any]:
    return {
        "t_us": frame.t_us,
        "raw": frame.raw.hex(),
        "state": int(frame.state),
        "gross_g": frame.gross_g,
        "motion": frame.motion,
        "centre_of_zero": frame.centre_of_zero,
        "d_g": frame.d_g,
    }


def packed() -> Iterator[Packed]:
    """Every vector, the sound ones first."""
    for name, title, frames in _sound():
        yield Packed(name=name, title=title, data=pack_frames(frames), frames=frames)
    for name, title, value in _refused():
        yield Packed(name=name, title=title, data=cbor.encode(value))
    whole = cbor.encode([VERSION, FRAMES, 0, [_FIRST]])
    yield Packed(name="cut", title="the last byte is missing", data=whole[:-1])
    yield Packed(name="more-after", title="a byte follows", data=whole + b"\x00")
    long = whole.replace(b"\x00\x4c", b"\x18\x00\x4c", 1)
    yield Packed(name="not-shortest", title="a number in more bytes than it needs", data=long)


def _sound() -> Iterator[tuple[str, str, tuple[RawFrame, ...]]]:
    yaohua = RawFrame(t_us=5_000_000, raw=YAOHUA_18000, gross_g=18_000_000, d_g=20_000)
    moving = RawFrame(t_us=5_050_000, raw=TOLEDO_MOTION, gross_g=54_320_000, motion=True)
    over = RawFrame(t_us=5_100_000, raw=TOLEDO_OVER, state=FrameState.OVER, motion=False)
    yield "one", "one frame of a Yaohua indicator at rest", (yaohua,)
    yield "moving", "a frame that says motion, and one beyond the range", (moving, over)
    starting = RawFrame(t_us=0, raw=b"", state=FrameState.WARMING_UP)
    yield "empty-frame", "no bytes, no weight, at the first microsecond", (starting,)
    below = RawFrame(t_us=2**40, raw=b"S S -40 kg\r\n", gross_g=-40_000, centre_of_zero=False)
    yield "below-zero", "a negative weight, eleven days after power-up", (below,)


def _refused() -> Iterator[tuple[str, str, cbor.Value]]:
    def first(at: int, value: cbor.Value) -> list[cbor.Value]:
        return [*_FIRST[:at], value, *_FIRST[at + 1 :]]

    yield "version", "a version that does not exist yet", [2, FRAMES, 0, [_FIRST]]
    yield "kind", "another kind", [VERSION, "counts", 0, [_FIRST]]
    yield "no-frames", "an empty array", [VERSION, FRAMES, 0, []]
    yield "first-step", "the first frame after its own time", [VERSION, FRAMES, 0, [first(0, 1)]]
    yield "no-step", "two frames at one time", [VERSION, FRAMES, 0, [_FIRST, _FIRST]]
    yield "raw-text", "bytes as text", [VERSION, FRAMES, 0, [first(1, "=0")]]
    yield "raw-long", "257 bytes", [VERSION, FRAMES, 0, [first(1, bytes(257))]]
    yield "state", "a state that does not exist", [VERSION, FRAMES, 0, [first(2, 5)]]
    yield "mass-bool", "true for a mass", [VERSION, FRAMES, 0, [first(3, True)]]
    yield "motion-number", "1 for a bit", [VERSION, FRAMES, 0, [first(4, 1)]]
    yield "division-zero", "a division of nothing", [VERSION, FRAMES, 0, [first(6, 0)]]
    yield "short", "a frame of six values", [VERSION, FRAMES, 0, [_FIRST[:6]]]
