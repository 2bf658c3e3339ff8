"""The known vehicles of the ledger as test weights: what a visit says of the vehicle or the scale.

Fed with the lane's own records in their order, so that a start can fill it from the ledger again.
"""

from __future__ import annotations

from collections.abc import Iterable

from controller.core.faults import Fault
from protocol.parts import Kind, Purpose
from protocol.record import Record
from sensors.visits import Visit, VisitFinding, VisitKind, VisitLimits, VisitRegister

REFILL_MAX = 1_000
ALARM_US = 60_000_000
WITHDRAWN = "weight withdrawn"
FLAG_MAX = 64

_FAULTS = {
    VisitKind.SCALE_GAIN: Fault.SCALE_GAIN,
    VisitKind.VEHICLE_TARE: Fault.TARE_DEVIATES,
    VisitKind.OTHER_AXLES: Fault.AXLES_DIFFER,
}


class VisitBook:
    """Compares each tare weighing with the vehicle's history; at most one visit a passage.

    Of a vehicle that was weighed again the newest weight counts.
    """

    def __init__(self, limits: VisitLimits | None = None) -> None:
        self._register = VisitRegister(limits)
        self._last: tuple[int, Visit] | None = None
        self._weighed_us: int | None = None
        self._asked: tuple[int, int] = (0, 0)
        self._said: tuple[VisitFinding, ...] = ()
        self._until_us: dict[int, int] = {}

    def fill(self, records: Iterable[Record]) -> None:
        """Take records of an earlier run, oldest first; what they say was said then."""
        for record in records:
            self._see(record)

    def flags(self, record: Record, now_us: int) -> tuple[str, ...]:
        """What the visit of this record says, as the record's flags; the same when asked again."""
        key, before = (record.passage_id, record.part), self._last
        found = self._see(record)
        if self._last is not before:
            self._asked, self._said = key, found
            for finding in found:
                self._until_us[int(_FAULTS[finding.kind])] = now_us + ALARM_US
        return tuple(flag_of(finding) for finding in self._said) if key == self._asked else ()

    def faults(self, now_us: int) -> tuple[int, ...]:
        """Codes of what was found within the last minute."""
        return tuple(code for code, until_us in self._until_us.items() if now_us < until_us)

    def until_us(self, now_us: int) -> tuple[int, ...]:
        """Until when each of them is told."""
        return tuple(until_us for until_us in self._until_us.values() if now_us < until_us)

    def visits(self) -> tuple[Visit, ...]:
        """All that is kept, oldest first."""
        return self._register.visits()

    def _see(self, record: Record) -> tuple[VisitFinding, ...]:
        last, weighing = self._last, record.weighing
        same = last is not None and last[0] == record.passage_id
        if last is not None and same and _withdrawn(record):
            self._register.take_back(last[1])
            return ()
        weighed_us = None if weighing is None else weighing.stable_to_us
        visit = None if same and weighed_us == self._weighed_us else visit_of(record)
        if visit is None:
            return ()
        self._last, self._weighed_us = (record.passage_id, visit), weighed_us
        return self._register.add(visit)


def _withdrawn(record: Record) -> bool:
    return record.decision is not None and WITHDRAWN in record.decision.reasons


def visit_of(record: Record) -> Visit | None:
    """The visit that a record tells of: a tare weighing with plate, date and counted axles."""
    weighing, axles = record.weighing, record.axles
    if record.kind is Kind.VOID or weighing is None or weighing.purpose is not Purpose.TARE:
        return None
    if not record.plate or record.times.wall_ms is None or weighing.u95_g is None:
        return None
    if axles is None or not axles.offsets_mm or weighing.gross_g <= 0:
        return None
    return Visit(
        vehicle=record.plate,
        at_us=1_000 * record.times.wall_ms,
        tare_g=weighing.gross_g,
        u95_g=weighing.u95_g,
        offsets_mm=axles.offsets_mm,
    )


def flag_of(finding: VisitFinding) -> str:
    """A finding with its measured quantity, in at most the 64 characters of a flag."""
    fault = _FAULTS[finding.kind]
    head = f"{fault.value} {fault.name}"
    if finding.kind is VisitKind.OTHER_AXLES:
        return head
    ratio = f"{finding.ratio_ppm / 1e4:+.2f} % ± {finding.u95_ppm / 1e4:.2f} %"
    if finding.kind is VisitKind.SCALE_GAIN:
        return f"{head} {ratio}, {finding.vehicles} vehicles"[:FLAG_MAX]
    return f"{head} {finding.value_g / 1e3:+.0f} kg, {ratio}"[:FLAG_MAX]
