"""From a weighing indicator's driver to the lane's weight fact."""

from __future__ import annotations

from collections.abc import Sequence

from controller.core.faults import Fault
from controller.core.images import EndInputs, Weight
from controller.core.kinds import CLEAR, NOT_FITTED, Deck, WeighingStatus
from controller.recording.basis import parameters_of
from controller.recording.frames import FramesRing
from controller.tampering import Tampering
from controller.weighroom import (
    ALARM_US,
    ALARMS,
    CURVE_LEAD_US,
    LOOK_US_MAX,
    SPOILT,
    WITHDRAWALS,
    beams_of,
    has_beam,
)
from hal.ports import DeviceFault, Indication, Indicator
from protocol.frames import FRAMES
from protocol.media import Blob
from protocol.parts import RAW_BYTES_MAX
from sensors.calibration import IntArray
from sensors.indicated import IndicatedWeigher
from sensors.indicated_rule import Rule
from sensors.indicated_tamper import Ends
from sensors.indication import Capacity
from sensors.weigher import STALE_US
from sensors.weighing import Basis, Weighing

_DECKS = tuple(Deck)
_STATUSES = tuple(WeighingStatus)


class IndicatorRoom:
    """Feeds an indicator's frames to the weigher and says what stands on the scale.

    There are no cells here: nothing is ever weighed without evidence, and none can be cleared.
    """

    def __init__(self, indicator: Indicator, capacity: Capacity, rule: Rule, now_us: int) -> None:
        self._indicator = indicator
        self._weigher = IndicatedWeigher(capacity, rule)
        self._weight = Weight(since_us=now_us)
        self._ring = FramesRing()
        self._basis: Basis | None = None
        self._now_us = self._looked_us = self._began_us = now_us
        self._silent_us = rule.silent_us
        self._guards: tuple[tuple[int, int], ...] = ()
        self._ends: tuple[EndInputs, EndInputs] | None = None
        self._blocked = False
        self._tampering = Tampering()
        self._alarms: tuple[int, ...] = ()
        self.faults: tuple[int, ...] = ()
        self.health: tuple[str, ...] = ()

    def read(self, now_us: int, ends: tuple[EndInputs, EndInputs]) -> Weight:
        """Take the frames that have come in and return the weight as it stands now."""
        self._now_us = now_us
        if ends is not self._ends:
            self._see(ends)
        got = self._indicator.read()
        frames = () if isinstance(got, DeviceFault) else _timely(got, now_us)
        self._weigher.push(frames)
        self._ring.add(frames)
        if frames or now_us - self._looked_us >= LOOK_US_MAX:
            self._look(now_us)
        found = {*self._alarms, *self._troubles(got, now_us)}
        self.faults = tuple(sorted(found)) if found else ()
        return self._weight

    def _troubles(self, got: Sequence[Indication] | DeviceFault, now_us: int) -> tuple[int, ...]:
        """What is wrong with the indicator: by its driver's word, by its silence, by its frames."""
        if isinstance(got, DeviceFault):
            known = Fault.__members__.get(got.name, Fault.INDICATOR_SILENT)
            return (int(known),)
        frames = self._weigher.frames
        if now_us - max(frames.last_us or 0, self._began_us) > self._silent_us:
            return (int(Fault.INDICATOR_SILENT),)
        if frames.other_division:
            return (int(Fault.INDICATOR_SCALING),)
        if frames.says_error:
            return (int(Fault.INDICATOR_REFUSED),)
        return (int(Fault.INDICATOR_LOSES_FRAMES),) if frames.loses else ()

    @property
    def rests_until_us(self) -> int:
        """When the next frame is due, as they come; 0 where there is something to tell."""
        frames = self._weigher.frames
        if self.faults or frames.interval_us is None or frames.last_us is None:
            return 0
        return min(frames.last_us + frames.interval_us, self._looked_us + LOOK_US_MAX)

    def rest(self, now_us: int, t_us: IntArray, counts: IntArray) -> None:
        """Nothing at once: an indicator gives frames, not samples, and few of them."""

    def request_zero(self) -> None:
        """Have the indicator set its zero, where it can; refused unless the lane is empty (I10)."""
        if self._weigher.may_zero(self._now_us):
            self._weigher.zero_asked(self._now_us, self._indicator.request_zero())

    def allow_degraded(self, allowed: bool) -> None:
        """Nothing: of an indicator's weight no part can be left out."""

    def clear_cells(self, number: int) -> None:
        """Nothing: no cell is known here, so none is named bad."""

    def curve_of(self, since_us: int) -> tuple[tuple[int, int], ...]:
        """The weight curve from shortly before ``since_us`` to now: (t_us, gross_g)."""
        begin = since_us - CURVE_LEAD_US
        return tuple(point for point in self._weigher.curve() if point[0] >= begin)

    def raw_of(self, weight: Weight | None) -> bytes | None:
        """The frames of the window that gave this accepted weight, byte for byte (I5)."""
        basis = self._basis
        if weight is None or basis is None or weight.accepted_us != basis.to_us:
            return None
        raw = self._ring.packed(basis.from_us, basis.to_us)
        return raw if raw is not None and len(raw) <= RAW_BYTES_MAX else None

    def tamper_flags(self) -> tuple[str, ...]:
        """What was found that no vehicle does and no record tells of yet, as flags of a record."""
        return self._tampering.flags(self._weigher.findings)

    def counts_of(self, since_us: int) -> tuple[Blob, ...]:
        """The frames from shortly before ``since_us`` to now as a medium, where any are kept."""
        packed = self._ring.packed(since_us - CURVE_LEAD_US)
        return () if packed is None else (Blob(kind=FRAMES, data=packed),)

    def _see(self, ends: tuple[EndInputs, EndInputs]) -> None:
        """Hand on what the sensors at the edges say, if any of them has changed."""
        self._ends = ends
        guards = [s for here in ends for s in (here.arm, here.beam_low, here.beam_high)]
        seen = tuple((int(guard.state), guard.since_us) for guard in guards)
        if seen == self._guards:
            return
        self._guards = seen
        self._blocked = any(beams_of(here) == 1 for here in ends)
        fitted = [guard for guard in guards if guard.state != NOT_FITTED]
        edges_us = [guard.since_us for guard in fitted]
        self._weigher.see_ends(
            Ends(
                clear=all(guard.state == CLEAR for guard in fitted),
                blocked=self._blocked,
                watched=all(has_beam(here) for here in ends),
                edge_us=max(edges_us, default=Ends().edge_us),
            )
        )

    def _look(self, now_us: int) -> None:
        self._looked_us = now_us
        self._weigher.look(now_us)
        seen = self._weigher.snapshot(now_us)
        self._tampering.see(now_us, seen.weighing_id, self._blocked)
        before, self._weight = self._weight, self._fact(seen, now_us)
        if self._weight == before:
            # Whoever looks at it next sees at once that nothing has changed.
            self._weight = before
        # Each finding stands for a minute, so that it is seen and journaled once with its passage.
        recent = (e for e in seen.events if e.kind in ALARMS and e.t_us > seen.t_us - ALARM_US)
        self._alarms = tuple(sorted({int(ALARMS[event.kind]) for event in recent}))

    def _fact(self, seen: Weighing, now_us: int) -> Weight:
        deck, status = _DECKS[seen.deck], _STATUSES[seen.status]
        if status in SPOILT and self._tampering.spoils(self._weigher.findings):
            status = WeighingStatus.TAMPERED
        known = status == WeighingStatus.ACCEPTED
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
            weight_g=seen.weight_g if known else None,
            estimate_g=seen.weight_g if known else None,
            u95_g=seen.u95_g if known else None,
            accepted_us=seen.accepted_us if known else None,
            stable_from_us=basis.stopped_us if basis is not None else None,
            estimator=basis.method if basis is not None else "",
            estimator_version=basis.version if basis is not None else "",
            parameters=parameters_of(basis) if basis is not None else (),
            withdrawn=WITHDRAWALS[seen.withdrawn or 0],
        )


def _timely(frames: Sequence[Indication], now_us: int) -> tuple[Indication, ...]:
    """Those not from the future: one such would shut out all that come until its time."""
    return tuple(frame for frame in frames if frame.t_us <= now_us + STALE_US)
