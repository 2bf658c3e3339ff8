"""What an idle lane sees while nothing happens: images that nobody makes until they are asked for.

Of a scan in which only the time goes on and the empty scale breathes nothing is kept but the lead
into the next passage.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from controller.core.images import InputImage, Weight


class Rested:
    """The input images of scans at an even pace behind ``last``, the first of them with place 0.

    ``weight`` gives the scale's word at each look, one every ``every`` scans.  The wall clock goes
    on beside the other one, by whole milliseconds of it.
    """

    def __init__(
        self,
        last: InputImage,
        scans: int,
        scan_us: int,
        every: int,
        weight: Callable[[int], Weight],
    ) -> None:
        self._last = last
        self._scans = scans
        self._scan_us = scan_us
        self._every = every
        self._weight = weight

    def __len__(self) -> int:
        return self._scans

    def image(self, place: int) -> InputImage:
        """The image of one scan."""
        last, scans = self._last, place + 1
        now_us, looks = last.now_us + scans * self._scan_us, scans // self._every
        ms = last.wall.ms + now_us // 1000 - last.now_us // 1000
        return replace(
            last,
            scan=last.scan + scans,
            now_us=now_us,
            wall=replace(last.wall, ms=ms),
            weight=self._weight(looks - 1) if looks else last.weight,
        )
