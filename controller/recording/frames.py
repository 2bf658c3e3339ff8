"""The indicator's frames of the last minutes, byte for byte as they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from hal.ports import Indication
from protocol.frames import FRAMES_MAX, FramesError, FrameState, RawFrame, pack_frames

KEPT_US = 240_000_000


class FramesRing:
    """Frames in the order of their times; the oldest make room for the newest."""

    def __init__(self, kept_us: int = KEPT_US) -> None:
        self._kept_us = kept_us
        self._frames: deque[Indication] = deque(maxlen=FRAMES_MAX)

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frames: Iterable[Indication]) -> None:
        """Take frames; like the weigher, none that are not later than the last."""
        kept = self._frames
        for frame in frames:
            if not kept or frame.t_us > kept[-1].t_us:
                kept.append(frame)
        while kept and kept[-1].t_us - kept[0].t_us > self._kept_us:
            kept.popleft()

    def packed(self, from_us: int, to_us: int | None = None) -> bytes | None:
        """What is kept of ``from_us`` to ``to_us`` (None: to now), packed; None where nothing is.

        None too for frames that no indicator gives: they are the driver's to refuse.
        """
        chosen: list[RawFrame] = []
        for frame in reversed(self._frames):
            if frame.t_us < from_us:
                break
            if to_us is None or frame.t_us <= to_us:
                chosen.append(raw_of(frame))
        try:
            return pack_frames(chosen[::-1]) if chosen else None
        except FramesError:
            return None


def raw_of(frame: Indication) -> RawFrame:
    """A frame as a record keeps it."""
    return RawFrame(
        t_us=frame.t_us,
        raw=frame.raw,
        gross_g=frame.gross_g,
        state=FrameState(int(frame.state)),
        motion=frame.motion,
        centre_of_zero=frame.centre_of_zero,
        d_g=frame.d_g,
    )
