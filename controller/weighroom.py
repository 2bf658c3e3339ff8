"""From the load cells' driver to the lane's weight fact."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from controller.core.faults import Fault
from controller.core.guards.behind import is_seen_as_drawbar
from controller.core.images import Degraded, EndInputs, Weight
from controller.core.kinds import (
    BLOCKED,
    CLEAR,
    NOT_FITTED,
    UNKNOWN,
    Deck,
    WeighingStatus,
    Withdrawal,
)
from controller.recording.basis import parameters_of
from controller.recording.ring import CountsRing
from controller.samples import Line
from controller.tampering import Tampering
from hal.ports import CellSamples, DeviceFault, LoadCells, Thermometer
from protocol.counts import COUNTS
from protocol.media import Blob
from protocol.parts import RAW_BYTES_MAX
from sensors.calibration import IntArray, Scale
from sensors.cells import CellHealth
from sensors.degraded import DegradedWeight, NoDegradedWeight
from sensors.estimator import TICK_S
from sensors.indication import indicate_g
from sensors.remaining import Remaining
from sensors.resting import Rest
from sensors.reweigh import raw_from_us
from sensors.thermal import Compensation
from sensors.weigher import STALE_US, Weigher
from sensors.weighing import Basis, EventKind, Weighing

CURVE_LEAD_US = 2_000_000
LOOK_US_MAX = 200_000
_DECKS = tuple(Deck)
_STATUSES = tuple(WeighingStatus)
WITHDRAWALS = tuple(Withdrawal)
ALARM_US = 60_000_000
ALARMS = {
    EventKind.TAMPER_STEP: Fault.WEIGHT_STEP,
    EventKind.TAMPER_JUMP: Fault.WEIGHT_STEP,
    EventKind.TAMPER_SYMMETRIC: Fault.WEIGHT_SCALED,
    EventKind.TAMPER_NO_RETURN: Fault.DECK_PROPPED,
    EventKind.ZERO_DRIFTS: Fault.ZERO_DRIFTS,
}
_SILENT = (int(Fault.CELLS_SILENT),)
SPOILT = (
    WeighingStatus.RUNNING,
    WeighingStatus.ACCEPTED,
    WeighingStatus.UNSTABLE,
    WeighingStatus.WITHDRAWN,
)
"""What is no longer said of a load that changed by itself."""


class Looks:
    """The looks at an empty deck in which nothing happens, one every ``every_us``."""

    def __init__(self, rest: Rest, weight: Callable[[float, float], Weight], every_us: int) -> None:
        self._rest = rest
        self._weight = weight
        self.every_us = every_us

    def __len__(self) -> int:
        return len(self._rest.t_us)

    def weight(self, look: int) -> Weight:
        """The scale's word at one of them."""
        return self._weight(float(self._rest.gross_g[look]), self._rest.zero_g[look])


class WeighRoom:
    """Feeds one deck's samples to the weigher and says what stands on the scale."""

    def __init__(
        self, cells: LoadCells, scale: Scale, now_us: int, thermometer: Thermometer | None = None
    ) -> None:
        self._cells = cells
        self._line = Line()
        self._thermometer = thermometer
        self._scale = scale
        self._weigher = Weigher(scale)
        self._weight = Weight(since_us=now_us)
        self._batch = _Batch(max(1, round(TICK_S * scale.rate_hz)))
        self._ring = CountsRing(scale.rate_hz, len(scale.cells))
        self._basis: Basis | None = None
        self._looked_us = now_us
        self._sample_us = int(1e6 / scale.rate_hz)
        self._taken_us = 0
        self._degraded_allowed = False
        self._cleared = 0
        self._cleared_id = 0
        self._ends: tuple[EndInputs, EndInputs] | None = None
        self._beams = (0, 0)
        self._tampering = Tampering()
        self._alarms: tuple[int, ...] = ()
        self._health: tuple[CellHealth, ...] = ()
        self.faults: tuple[int, ...] = ()

    @property
    def health(self) -> tuple[str, ...]:
        """What the watch over the cells says of each, by name; () before the first look."""
        return tuple(one.name for one in self._health)

    def read(self, now_us: int, ends: tuple[EndInputs, EndInputs]) -> Weight:
        """Take the samples that have come in and return the weight as it stands now."""
        if ends is not self._ends:
            self._see(ends)
        samples = self._line.believed(self._cells.read(), now_us)
        if isinstance(samples, DeviceFault):
            self.faults = _SILENT
        else:
            self.faults = self._alarms
            self._batch.add(samples, self._beams)
            if len(samples.t_us):
                self._taken_us = int(samples.t_us[-1])
            self._ring.add(samples.t_us, samples.counts)
        if self._batch.full or now_us - self._looked_us >= LOOK_US_MAX:
            self._look(now_us)
        return self._weight

    @property
    def rests_until_us(self) -> int:
        """When the next look is due, as samples come; 0 where the last one has an alarm to tell."""
        if self.faults != self._alarms:
            # Without samples there is nothing but the next look, which may find them stale.
            return self._looked_us + LOOK_US_MAX if self.faults == _SILENT else 0
        full_us = self._taken_us + self._batch.wanted * self._sample_us
        return min(full_us, self._looked_us + LOOK_US_MAX)

    def rest(self, now_us: int, t_us: IntArray, counts: IntArray) -> Looks | None:
        """Take samples behind ``now_us`` of an empty deck of which there is nothing to tell.

        Only behind a look, where each tick of the weigher is one; else None.  The looks then follow
        their last samples as late as that one did, and the next sample comes behind it.
        """
        batch_us = self._batch.rows * self._sample_us
        late_us = now_us - self._taken_us
        looked = self._batch.empty and self._looked_us == now_us and 0 <= late_us < self._sample_us
        if not looked or batch_us > LOOK_US_MAX or self.faults or self._alarms or any(self._beams):
            return None
        rest = self._weigher.rest(t_us, counts)
        if rest is None:
            return None
        looks = Looks(rest, partial(self._at_rest, self._weight), batch_us)
        done = slice(0, len(rest.t_us) * self._batch.rows)
        samples = CellSamples(t_us=t_us[done], counts=counts[done])
        self._taken_us = int(rest.t_us[-1])
        self._looked_us = self._taken_us + late_us
        self._line.believed(samples, self._looked_us)
        self._ring.add(samples.t_us, samples.counts)
        self._feel(self._looked_us)
        self._weight = looks.weight(len(looks) - 1)
        return looks

    def _at_rest(self, before: Weight, gross_g: float, zero_g: float) -> Weight:
        gross_g = round(self._weigher.corrected_g(gross_g))
        indicated_g = indicate_g(gross_g, self._scale)
        return replace(before, indicated_g=indicated_g, motion=False, zero_offset_g=round(zero_g))

    def request_zero(self) -> None:
        """Ask the scale to set zero; it refuses unless empty, steady and in range."""
        self._weigher.request_zero()

    def allow_degraded(self, allowed: bool) -> None:
        """The lane's word on weighing with a bad cell; without it such a deck is unknown."""
        self._degraded_allowed = allowed

    def clear_cells(self, number: int) -> None:
        """Forget cell faults, once for each record number; 0 is none.

        Whatever stands on the deck then was seen by a bad cell and gets no weight.
        """
        if number != self._cleared:
            self._cleared = number
            self._cleared_id = self._weigher.snapshot().weighing_id
            self._weigher.clear_cells()

    def curve_of(self, since_us: int) -> tuple[tuple[int, int], ...]:
        """The weight curve from shortly before ``since_us`` to now: (t_us, gross_g)."""
        begin = since_us - CURVE_LEAD_US
        return tuple(point for point in self._weigher.curve() if point[0] >= begin)

    def raw_of(self, weight: Weight | None) -> bytes | None:
        """The counts that gave this accepted weight, packed; None where they are not kept.

        They reach back as far as computing it again needs, and no longer than a record takes.
        """
        basis = self._basis
        if weight is None or basis is None or weight.accepted_us != basis.to_us:
            return None
        raw = self._ring.packed(raw_from_us(basis), basis.to_us)
        return raw if raw is not None and len(raw) <= RAW_BYTES_MAX else None

    def tamper_flags(self) -> tuple[str, ...]:
        """What was found that no vehicle does and no record tells of yet, as flags of a record."""
        return self._tampering.flags(self._weigher.findings)

    def counts_of(self, since_us: int) -> tuple[Blob, ...]:
        """The counts from shortly before ``since_us`` to now as a medium, where any are kept."""
        packed = self._ring.packed(since_us - CURVE_LEAD_US)
        return () if packed is None else (Blob(kind=COUNTS, data=packed),)

    def _see(self, ends: tuple[EndInputs, EndInputs]) -> None:
        self._ends = ends
        self._weigher.allow_zero(_lane_empty(ends))
        self._weigher.see_loops(*(here.arm.state != NOT_FITTED for here in ends))
        self._weigher.fit_beams(*(has_beam(here) for here in ends))
        self._weigher.see_drawbars(*(is_seen_as_drawbar(here) for here in ends))
        self._beams = (beams_of(ends[0]), beams_of(ends[1]))

    def _look(self, now_us: int) -> None:
        self._looked_us = now_us
        silent = self._feel(now_us)
        self._batch.empty_into(self._weigher)
        seen = self._weigher.snapshot(now_us)
        self._health = seen.cells
        self._tampering.see(now_us, seen.weighing_id, 1 in self._beams)
        before, self._weight = self._weight, self._fact(seen, now_us)
        left = self._weigher.remaining() if self._degraded_allowed else None
        if left is not None and now_us - seen.t_us <= STALE_US:
            self._weight = self._without_evidence(left, before, now_us)
        if self._weight == before:
            # Whoever looks at it next sees at once that nothing has changed.
            self._weight = before
        # Each finding stands for a minute, so that it is seen and journaled once with its passage.
        recent = (e for e in seen.events if e.kind in ALARMS and e.t_us > seen.t_us - ALARM_US)
        alarms = {int(ALARMS[event.kind]) for event in recent}
        if self._weight.degraded is not None:
            alarms.add(int(Fault.DEGRADED_WEIGHING))
        if silent or seen.compensation == Compensation.NO_TEMPERATURE:
            alarms.add(int(Fault.THERMOMETER_SILENT))
        self._alarms = tuple(sorted(alarms))

    def _feel(self, now_us: int) -> bool:
        """Hand the temperature to the weigher; returns whether a fitted sensor is at fault."""
        word = None if self._thermometer is None else self._thermometer.read()
        silent = isinstance(word, DeviceFault)
        self._weigher.see_temperature(now_us, None if isinstance(word, DeviceFault) else word)
        return silent

    def _fact(self, seen: Weighing, now_us: int) -> Weight:
        deck = _DECKS[seen.deck]
        status = _STATUSES[seen.status]
        if status == WeighingStatus.ACCEPTED and seen.weighing_id == self._cleared_id:
            status = WeighingStatus.UNSTABLE
        if status in SPOILT and self._tampering.spoils(self._weigher.findings):
            status = WeighingStatus.TAMPERED
        accepted_g = seen.weight_g if status == WeighingStatus.ACCEPTED else None
        known = accepted_g is not None
        basis = seen.basis if known else None
        self._basis = basis or self._basis
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
            stable_from_us=basis.stopped_us if basis is not None else None,
            estimator=basis.method if basis is not None else "",
            estimator_version=basis.version if basis is not None else "",
            parameters=parameters_of(basis) if basis is not None else (),
            axles=seen.axles if seen.axles > 0 else None,
            axle_offsets_mm=seen.axle_offsets_mm if seen.axles > 0 else (),
            bad_cells=tuple(cell for cell, health in enumerate(seen.cells) if health),
            withdrawn=WITHDRAWALS[seen.withdrawn or 0],
            far_in=seen.far_in,
        )

    def _without_evidence(self, left: Remaining, before: Weight, now_us: int) -> Weight:
        """The remaining cells' word in place of the whole deck's; it never holds a weight_g."""
        deck = Deck(int(left.deck))
        status = WeighingStatus.IDLE
        if deck == Deck.LOADED:
            blocked = 1 in self._beams and not left.moving
            status = WeighingStatus.NOT_FULLY_ON if blocked else WeighingStatus.RUNNING
        found = Degraded(cells=left.cells)
        if left.weight is not None and status == WeighingStatus.RUNNING:
            status = WeighingStatus.DEGRADED
            found = _found(left.weight, before.degraded, now_us)
        return Weight(
            deck=deck,
            since_us=before.since_us if deck == before.deck else now_us,
            motion=left.moving,
            zero_ok=deck == Deck.EMPTY,
            zero_offset_g=self._weight.zero_offset_g,
            weighing_id=self._weight.weighing_id,
            status=status,
            bad_cells=self._weight.bad_cells,
            degraded=found,
        )


def _found(
    weight: DegradedWeight | NoDegradedWeight, before: Degraded | None, now_us: int
) -> Degraded:
    """The estimate, and since when there is one for the same cells."""
    cells = weight.missing_cells
    same = before is not None and before.cells == cells and before.settled_us is not None
    settled_us = before.settled_us if same and before is not None else now_us
    if isinstance(weight, NoDegradedWeight):
        return Degraded(cells=cells, settled_us=settled_us, reason=weight.reason)
    return Degraded(
        cells=cells,
        settled_us=settled_us,
        weight_g=weight.weight_g,
        u95_g=weight.u95_g,
        method=weight.method,
    )


class _Batch:
    """Samples of one tick of the weigher, which judges no oftener: pushing sooner gains nothing."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._samples: list[CellSamples] = []
        self._yard: list[int] = []
        self._road: list[int] = []

    @property
    def full(self) -> bool:
        return len(self._yard) >= self._rows

    @property
    def wanted(self) -> int:
        return self._rows - len(self._yard)

    @property
    def rows(self) -> int:
        return self._rows

    @property
    def empty(self) -> bool:
        return not self._samples

    def add(self, samples: CellSamples, beams: tuple[int, int]) -> None:
        n = len(samples.t_us)
        if n == 0:
            return
        yard, road = beams
        self._samples.append(samples)
        self._yard += _recorded(samples.entry_beam, yard, n)
        self._road += _recorded(samples.exit_beam, road, n)

    def empty_into(self, weigher: Weigher) -> None:
        if not self._samples:
            return
        t_us = np.concatenate([samples.t_us for samples in self._samples])
        counts = np.concatenate([samples.counts for samples in self._samples])
        weigher.push(t_us, counts, self._yard, self._road)
        self._samples, self._yard, self._road = [], [], []


def _recorded(beam: NDArray[np.int8] | None, state: int, n: int) -> list[int]:
    return [state] * n if beam is None else [int(value) for value in beam]


def beams_of(here: EndInputs) -> int:
    """All that looks across the deck's edge as one contact: 1 blocked, 0 clear, -1 unknown.

    The arm loop counts too: a drawbar passes under both beams while the trailer is still outside.
    """
    states = (here.arm.state, here.beam_low.state, here.beam_high.state)
    if BLOCKED in states:
        return 1
    return -1 if UNKNOWN in states else 0


def has_beam(here: EndInputs) -> bool:
    """Whether a beam looks across this end of the deck."""
    return any(one.state != NOT_FITTED for one in (here.beam_low, here.beam_high))


def _lane_empty(ends: tuple[EndInputs, EndInputs]) -> bool:
    """Empty by every fitted sensor at and over the deck; a queue on an approach loop is outside."""
    return all(
        sensor.state in (CLEAR, NOT_FITTED)
        for here in ends
        for sensor in (here.arm, here.beam_low, here.beam_high)
    )
