"""What of the converter's samples is handed to the weigher: the lane holds every driver to this.

A stamp of the future is not taken: it would shut out all samples that come until its time, and the
weight would stand meanwhile and never be stale.  A converter that was silent has most likely been
started anew, and says anything while its filter fills: it is believed again ``SETTLE_US`` later.
"""

from __future__ import annotations

from controller.core.faults import Fault
from hal.ports import CellSamples, DeviceFault
from sensors.weigher import STALE_US

SETTLE_US = 500_000
_SILENT = Fault.CELLS_SILENT.name


class Line:
    """The samples of one converter, and when it may be believed."""

    def __init__(self) -> None:
        self._last_us: int | None = None
        self._settled_us = 0

    def believed(self, got: CellSamples | DeviceFault, now_us: int) -> CellSamples | DeviceFault:
        """The rows that are neither of the future nor of a converter that starts."""
        if isinstance(got, DeviceFault):
            return got
        times = got.t_us.tolist()
        if not times:
            return got
        limit_us = now_us + STALE_US
        last_us = self._last_us
        if last_us is not None and times[0] <= limit_us and times[0] - last_us > STALE_US:
            self._settled_us = times[0] + SETTLE_US
        newest_us = max(times)
        if newest_us <= limit_us and min(times) >= self._settled_us:
            self._last_us = newest_us if last_us is None else max(last_us, newest_us)
            return got
        return self._without(got, limit_us)

    def _without(self, got: CellSamples, limit_us: int) -> CellSamples | DeviceFault:
        timely = got.t_us <= limit_us
        if not timely.any():
            seen = f"samples stamped more than {STALE_US} us ahead of the lane's clock"
            return DeviceFault(name=_SILENT, device="cells", seen=seen)
        newest_us = int(got.t_us[timely].max())
        self._last_us = newest_us if self._last_us is None else max(self._last_us, newest_us)
        good = timely & (got.t_us >= self._settled_us)
        return CellSamples(
            t_us=got.t_us[good],
            counts=got.counts[good],
            entry_beam=None if got.entry_beam is None else got.entry_beam[good],
            exit_beam=None if got.exit_beam is None else got.exit_beam[good],
        )
