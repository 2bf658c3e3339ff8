"""From the load cells' driver to the lane's weight fact."""

from __future__ import annotations

from controller.core.faults import Fault
from controller.core.images import EndInputs, Weight
from controller.core.kinds import Deck, Presence, WeighingStatus
from hal.ports import CellSamples, DeviceFault, LoadCells
from sensors.calibration import Scale
from sensors.indication import indicate_g
from sensors.weigher import Weigher
from sensors.weighing import Weighing

CURVE_LEAD_US = 2_000_000


class WeighRoom:
    """Feeds one deck's samples to the weigher and says what stands on the scale."""

    def __init__(self, cells: LoadCells, scale: Scale, now_us: int) -> None:
        self._cells = cells
        self._scale = scale
        self._weigher = Weigher(scale)
        self._weight = Weight(since_us=now_us)
        self.faults: tuple[int, ...] = ()
        self.curve: tuple[tuple[int, int], ...] = ()

    def read(self, now_us: int, ends: tuple[EndInputs, EndInputs]) -> Weight:
        """Take the samples that have come in and return the weight as it stands now."""
        self._weigher.allow_zero(_lane_empty(ends))
        samples = self._cells.read()
        if isinstance(samples, DeviceFault):
            self.faults = (int(Fault.CELLS_SILENT),)
        else:
            self.faults = ()
            self._push(samples, ends)
        self._weight = self._fact(self._weigher.snapshot(now_us), now_us)
        return self._weight

    def request_zero(self) -> None:
        """Ask the scale to set zero; it refuses unless empty, steady and in range."""
        self._weigher.request_zero()

    def curve_of(self, since_us: int) -> tuple[tuple[int, int], ...]:
        """The weight curve from shortly before ``since_us`` to now: (t_us, gross_g)."""
        begin = since_us - CURVE_LEAD_US
        return tuple(point for point in self._weigher.curve() if point[0] >= begin)

    def _push(self, samples: CellSamples, ends: tuple[EndInputs, EndInputs]) -> None:
        n = len(samples.t_us)
        if n == 0:
            return
        yard, road = (beams_of(here) for here in ends)
        entry = samples.entry_beam if samples.entry_beam is not None else [yard] * n
        leave = samples.exit_beam if samples.exit_beam is not None else [road] * n
        self._weigher.push(samples.t_us, samples.counts, entry, leave)

    def _fact(self, seen: Weighing, now_us: int) -> Weight:
        deck = Deck(int(seen.deck))
        status = WeighingStatus(int(seen.status))
        accepted_g = seen.weight_g if status == WeighingStatus.ACCEPTED else None
        known = accepted_g is not None
        return Weight(
            deck=deck,
            since_us=self._weight.since_us if deck == self._weight.deck else now_us,
            indicated_g=seen.indicated_g,
            motion=seen.motion,
            zero_ok=seen.zero_ok,
            zero_offset_g=seen.zero_offset_g,
            weighing_id=seen.weighing_id,
            status=status,
            weight_g=None if accepted_g is None else indicate_g(accepted_g, self._scale),
            estimate_g=accepted_g,
            u95_g=seen.u95_g if known else None,
            accepted_us=seen.accepted_us if known else None,
            axles=seen.axles if seen.axles > 0 else None,
        )


def beams_of(here: EndInputs) -> int:
    """Both beams of an end as one contact of the weigher: 1 blocked, 0 clear, -1 unknown."""
    states = (here.beam_low.state, here.beam_high.state)
    if Presence.BLOCKED in states:
        return 1
    return -1 if Presence.UNKNOWN in states else 0


def _lane_empty(ends: tuple[EndInputs, EndInputs]) -> bool:
    """Empty by every fitted sensor at and over the deck; a queue on an approach loop is outside."""
    return all(
        sensor.state in (Presence.CLEAR, Presence.NOT_FITTED)
        for here in ends
        for sensor in (here.arm, here.beam_low, here.beam_high)
    )
