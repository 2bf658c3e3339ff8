"""Raw frames of a weighing indicator, byte for byte, with what each of them was read as.

The bytes are one deterministic CBOR array (``frames.cddl``): ``[1, "frames", t0_us, frames]``.  A
frame is ``[step_us, raw, state, gross_g, motion, centre_of_zero, d_g]``: the time since the frame
before (0 for the first), its bytes as they came, its word on itself, and the mass, the bits of
motion and of the centre of zero, and the division that it states; null where it states none.  So
whoever has the indicator's manual can hold what was read to what was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

from protocol import cbor

VERSION = 1
FRAMES = "frames"
FRAMES_MAX = 16_384
FRAME_BYTES_MAX = 256
BYTES_MAX = 2 * 1024 * 1024
MASS_MAX_G = 10**9
_T_MAX_US = 2**62


class FramesError(ValueError):
    """Frames that cannot be packed, or bytes that are not packed frames."""


class FrameState(IntEnum):
    """What a frame says of itself; the numbers are those on the wire."""

    OK = 0
    OVER = 1
    UNDER = 2
    ERROR = 3
    WARMING_UP = 4


class RawFrame(Struct, frozen=True, kw_only=True):
    """One frame: when its last byte came, its bytes, and what it was read as (grams, or None)."""

    t_us: int
    raw: bytes
    gross_g: int | None = None
    state: FrameState = FrameState.OK
    motion: bool | None = None
    centre_of_zero: bool | None = None
    d_g: int | None = None


def pack_frames(frames: Sequence[RawFrame]) -> bytes:
    """Pack frames; raises FramesError for too many of them, or times that do not rise."""
    if not frames:
        raise FramesError("no frames: nothing to pack")
    before_us = frames[0].t_us
    rows: list[cbor.Value] = []
    for frame in frames:
        rows.append([frame.t_us - before_us, *_said(frame)])
        before_us = frame.t_us
    packed = cbor.encode([VERSION, FRAMES, frames[0].t_us, rows])
    # What was written is read back at once: nothing may enter a record that cannot be read again.
    if unpack_frames(packed) != tuple(frames):
        raise FramesError("the frames do not read back as they were written")
    return packed


def _said(frame: RawFrame) -> tuple[cbor.Value, ...]:
    bits = frame.motion, frame.centre_of_zero
    return frame.raw, int(frame.state), frame.gross_g, *bits, frame.d_g


def unpack_frames(data: bytes) -> tuple[RawFrame, ...]:
    """Unpack frames; raises FramesError for anything that ``pack_frames`` never gave."""
    if len(data) > BYTES_MAX:
        raise FramesError(f"{len(data)} bytes are too many; at most {BYTES_MAX} are allowed")
    try:
        found = cbor.decode(data)
    except cbor.CborError as error:
        raise FramesError(f"not packed frames: {error}") from error
    if not isinstance(found, list) or found[:2] != [VERSION, FRAMES] or type(found[0]) is not int:
        raise FramesError(f'not packed frames: an array that begins with {VERSION}, "{FRAMES}"')
    if len(found) != 4 or type(found[2]) is not int or not isinstance(found[3], list):
        raise FramesError("not packed frames: a time and an array of frames are expected")
    t_us, rows = found[2], found[3]
    _within("t0_us", t_us, 0, _T_MAX_US)
    _within("frames", len(rows), 1, FRAMES_MAX)
    frames: list[RawFrame] = []
    for number, row in enumerate(rows):
        frame = _frame(row, number, t_us)
        t_us = frame.t_us
        frames.append(frame)
    return tuple(frames)


def is_frames(data: bytes) -> bool:
    """Whether these are packed frames, by their first bytes alone."""
    return data[:9] == _HEAD


_HEAD = cbor.encode([VERSION, FRAMES, 0, []])[:9]


def _frame(row: cbor.Value, number: int, before_us: int) -> RawFrame:
    where = f"frame {number}"
    if not isinstance(row, list) or len(row) != 7:
        raise FramesError(f"{where}: seven values are expected")
    step_us, raw, state, gross_g, motion, centre, d_g = row
    if type(step_us) is not int or type(state) is not int or not isinstance(raw, bytes):
        raise FramesError(f"{where}: a time, bytes and a state are expected first")
    _within(f"{where} step_us", step_us, 1 if number else 0, _T_MAX_US if number else 0)
    _within(f"{where} bytes", len(raw), 0, FRAME_BYTES_MAX)
    _within(f"{where} state", state, 0, max(FrameState))
    return RawFrame(
        t_us=before_us + step_us,
        raw=raw,
        gross_g=_mass(gross_g, f"{where} gross_g", -MASS_MAX_G),
        state=FrameState(state),
        motion=_bit(motion, f"{where} motion"),
        centre_of_zero=_bit(centre, f"{where} centre_of_zero"),
        d_g=_mass(d_g, f"{where} d_g", 1),
    )


def _bit(value: cbor.Value, name: str) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise FramesError(f"{name}: true, false or null is expected")
    return value


def _mass(value: cbor.Value, name: str, low: int) -> int | None:
    if value is None:
        return None
    if type(value) is not int:
        raise FramesError(f"{name}: a whole number of grams or null is expected")
    _within(name, value, low, MASS_MAX_G)
    return value


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise FramesError(f"{name} is {value}; {low} to {high} are allowed")
