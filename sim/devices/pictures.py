"""What becomes of the pictures of a camera that is in trouble."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec.structs import replace

from hal.ports import Frame
from sim.faults import Trouble

FRAME_US = 200_000
UNPAINTED = np.full((1, 1, 3), 128, np.uint8)
WHITE = 255


class Pictures:
    """Remembers the last picture that was as it should be, and spoils the next ones."""

    def __init__(self) -> None:
        self._last: Frame | None = None
        self._held: Frame | None = None

    def took(self, frame: Frame | None) -> None:
        """Remember a picture as it should be."""
        self._last = frame or self._last

    def spoilt(
        self, fault: str, frame: Frame | None, exposed_us: int, trouble: Trouble
    ) -> Frame | None:
        """The picture that comes of this one; a trouble without a way passes it on."""
        if fault in ("stuck", "old pictures"):
            self._last = self._last or frame
            if self._last is None or fault == "stuck":
                return self._last
            return replace(self._last, captured_us=exposed_us)
        way = _WAYS.get(fault)
        found = frame if way is None or frame is None else way(self, frame, trouble)
        self.took(frame)
        return found

    def _loses(self, frame: Frame, trouble: Trouble) -> Frame | None:
        return None if _hit(trouble) else frame

    def _repeats(self, frame: Frame, trouble: Trouble) -> Frame | None:
        return self._last if self._last is not None and _hit(trouble) else frame

    def _shuffles(self, frame: Frame, trouble: Trouble) -> Frame | None:
        """Hold a picture back until one that came later has gone out."""
        held = self._held
        if held is None:
            self._held = frame if _hit(trouble) else None
            return frame if self._held is None else None
        if self._last is held:
            return frame
        self._held = None
        return held

    def _torn(self, frame: Frame, trouble: Trouble) -> Frame | None:
        before = self._last
        if before is None or not _hit(trouble):
            return frame
        half = len(frame.pixels) // 2
        pixels = frame.pixels.copy()
        pixels[half:] = before.pixels[half:]
        torn = (*frame.regions[0][:2], *before.regions[0][2:]) if before.regions else ()
        return replace(frame, pixels=pixels, regions=(torn,) if torn else ())

    def _black(self, frame: Frame, trouble: Trouble) -> Frame | None:
        return replace(frame, pixels=np.zeros_like(frame.pixels), regions=())

    def _white(self, frame: Frame, trouble: Trouble) -> Frame | None:
        return replace(frame, pixels=np.full_like(frame.pixels, WHITE), regions=())

    def _ahead(self, frame: Frame, trouble: Trouble) -> Frame | None:
        return replace(frame, captured_us=frame.captured_us + round(trouble.amounts.by))

    def _behind(self, frame: Frame, trouble: Trouble) -> Frame | None:
        return replace(frame, captured_us=frame.captured_us - round(trouble.amounts.by))


def _hit(trouble: Trouble) -> bool:
    return trouble.rng.random() < trouble.amounts.rate


_WAYS: dict[str, Callable[[Pictures, Frame, Trouble], Frame | None]] = {
    "loses pictures": Pictures._loses,
    "repeats pictures": Pictures._repeats,
    "shuffles pictures": Pictures._shuffles,
    "torn pictures": Pictures._torn,
    "black": Pictures._black,
    "overexposed": Pictures._white,
    "clock ahead": Pictures._ahead,
    "clock behind": Pictures._behind,
}
