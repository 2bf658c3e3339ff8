"""No weight is taken while the detector of remote-control devices has found something.

A signal that can change what the cells or the indicator say spoils the weighing of whatever stands
on the deck, even where the weight looks right (facts: cheat K4).  A detector that says nothing for
``SILENT_US`` may have been silenced, and counts the same.
"""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.faults import Fault
from controller.core.images import EndInputs, Weight
from controller.core.kinds import Deck, WeighingStatus
from controller.rooms import QuietLooks, ScaleRoom
from hal.ports import Contact, PresenceSensor
from protocol.media import Blob
from sensors.calibration import IntArray

SILENT_US = 5_000_000
_CODE = int(Fault.RF_ALARM)
_SPOILT = (
    WeighingStatus.RUNNING,
    WeighingStatus.ACCEPTED,
    WeighingStatus.UNSTABLE,
    WeighingStatus.WITHDRAWN,
    WeighingStatus.DEGRADED,
)


class RfWatchedRoom:
    """A scale whose word is not taken while, or after, a signal was there during this weighing."""

    def __init__(self, room: ScaleRoom, detector: PresenceSensor, now_us: int) -> None:
        self._room = room
        self._detector = detector
        self._heard_us = now_us
        self._alarm = ""
        self._spoilt_id: int | None = None
        self._untold = ""

    @property
    def faults(self) -> tuple[int, ...]:
        """The scale's own, and RF_ALARM while there is one, or one spoilt the present weighing."""
        found = self._room.faults
        alarmed = self._alarm or self._spoilt_id is not None
        return tuple(sorted({*found, _CODE})) if alarmed else found

    @property
    def health(self) -> tuple[str, ...]:
        """As the scale's."""
        return self._room.health

    @property
    def rests_until_us(self) -> int:
        """As the scale's; 0 while there is an alarm to tell."""
        return 0 if self._alarm else self._room.rests_until_us

    def read(self, now_us: int, ends: tuple[EndInputs, EndInputs]) -> Weight:
        """The scale's word; TAMPERED, without a weight, where a signal was there meanwhile."""
        weight = self._room.read(now_us, ends)
        self._listen(now_us)
        if weight.deck == Deck.EMPTY or self._spoilt_id != weight.weighing_id:
            self._spoilt_id = None
        if self._alarm and self._spoilt_id is None and weight.deck != Deck.EMPTY:
            self._spoilt_id = weight.weighing_id
            self._untold = self._alarm
        if self._spoilt_id is None or weight.status not in _SPOILT:
            return weight
        return _without_weight(weight)

    def _listen(self, now_us: int) -> None:
        word = self._detector.read()
        if word in (Contact.CLEAR, Contact.BLOCKED):
            self._heard_us = now_us
        if word is Contact.BLOCKED:
            self._alarm = f"{_CODE} {Fault.RF_ALARM.name}"
        elif now_us - self._heard_us > SILENT_US:
            self._alarm = f"{_CODE} {Fault.RF_ALARM.name} detector silent"
        elif word is Contact.CLEAR:
            self._alarm = ""

    def rest(self, now_us: int, t_us: IntArray, counts: IntArray) -> QuietLooks | None:
        """As the scale's own."""
        return self._room.rest(now_us, t_us, counts)

    def request_zero(self) -> None:
        """Ask the scale to set zero."""
        self._room.request_zero()

    def allow_degraded(self, allowed: bool) -> None:
        """The lane's word on weighing with a bad cell."""
        self._room.allow_degraded(allowed)

    def clear_cells(self, number: int) -> None:
        """Forget cell faults, once for each record number."""
        self._room.clear_cells(number)

    def curve_of(self, since_us: int) -> tuple[tuple[int, int], ...]:
        """The scale's weight curve."""
        return self._room.curve_of(since_us)

    def raw_of(self, weight: Weight | None) -> bytes | None:
        """What gave this accepted weight."""
        return self._room.raw_of(weight)

    def tamper_flags(self) -> tuple[str, ...]:
        """What the scale has found, and a signal that no record tells of yet."""
        told, self._untold = self._untold, ""
        flags = self._room.tamper_flags()
        return (told, *flags) if told else flags

    def counts_of(self, since_us: int) -> tuple[Blob, ...]:
        """What the scale said, as media."""
        return self._room.counts_of(since_us)


def _without_weight(weight: Weight) -> Weight:
    return replace(
        weight,
        status=WeighingStatus.TAMPERED,
        weight_g=None,
        estimate_g=None,
        u95_g=None,
        accepted_us=None,
        stable_from_us=None,
        estimator="",
        estimator_version="",
        parameters=(),
        degraded=None,
    )
