"""The judge's eye on booms: when one may rise, when it may fall, and what stands under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from controller.core.images import EndInputs, InputImage, OutputImage
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    End,
    Presence,
    WeighingStatus,
)
from protocol.parts import Kind, Permit
from protocol.record import Record
from sim.notes import Notes
from sim.vehicle import Vehicle
from sim.world import Yard

SETTLE_US = 1_500_000
DWELL_US = 500_000
SCAN_US = 20_000
DOWN_DEG = 10.0
_NAMES = ("yard", "road")
_GUARDS = ("arm", "beam_low", "beam_high")
# An enumeration's attribute costs ten times a name, and every scan asks.
_CLEAR = Presence.CLEAR
_ALL_CLEAR = (_CLEAR, _CLEAR, _CLEAR)
_BAD = (Presence.BLOCKED, Presence.UNKNOWN)
_BY_PERSON = (Kind.RELEASE, Kind.MANUAL_MOVE)
_TAKEN_BACK = (WeighingStatus.WITHDRAWN, WeighingStatus.CELL_FAULT, WeighingStatus.TAMPERED)

Disk = Callable[[int], Sequence[Record]]
"""The records of a passage that another process would read from the disk at this instant."""


class BoomJudge:
    """Holds both booms to I1, I2, I12 and I13; ``look`` sees every scan, ``judge`` moving ones."""

    def __init__(self, yard: Yard, notes: Notes, disk: Disk | None) -> None:
        self._yard = yard
        self._notes = notes
        self._disk = disk
        self._ends: list[EndInputs | None] = [None, None]
        self._bad: list[tuple[str, ...]] = [(), ()]
        self._bad_us = [-SETTLE_US, -SETTLE_US]
        self._commands = [BoomCommand.HOLD, BoomCommand.HOLD]
        self._raised_us = [-DWELL_US, -DWELL_US]
        self._taken_back_scans = 0

    def restarted(self) -> None:
        """The lane begins a new life."""
        self._commands = [BoomCommand.HOLD, BoomCommand.HOLD]

    def look(self, inputs: InputImage) -> None:
        """Note what stands at each boom, and when anything last did."""
        for end, here in enumerate(inputs.ends):
            if here is not self._ends[end]:
                self._ends[end] = here
                states = (here.arm.state, here.beam_low.state, here.beam_high.state)
                bad = states != _ALL_CLEAR
                self._bad[end] = tuple(s.name for s in states if s in _BAD) if bad else ()
            if self._bad[end]:
                self._bad_us[end] = inputs.now_us

    def judge(self, inputs: InputImage, outputs: OutputImage, end: End) -> None:
        """Look at what is wanted of one boom."""
        command, before = outputs.booms[end], self._commands[end]
        self._commands[end] = command
        name = _NAMES[end]
        if command == BoomCommand.RAISE:
            self._raising(inputs, outputs, end, begins=before != command)
            self._raised_us[end] = inputs.now_us
            return
        self._notes.hold(f"I1 {name}", False)
        if command != BoomCommand.LOWER:
            self._notes.hold(f"I2 {name}", False)
            self._notes.hold(f"I2 {name} truth", False)
            return
        bad = self._bad[end]
        self._notes.hold(f"I2 {name}", bool(bad), f"{name} boom lowered on {', '.join(bad)}")
        under = self._vehicle_under(end)
        self._notes.hold(f"I2 {name} truth", under, f"{name} boom lowered on a vehicle under it")
        if before == command:
            return
        clear_us = inputs.now_us - self._bad_us[end]
        early = not bad and clear_us < SETTLE_US - SCAN_US
        self._notes.once(
            "I2", early, f"{name} boom lowered {clear_us / 1e6:.2f} s after it was clear"
        )
        since_us = inputs.now_us - self._raised_us[end]
        seen = f"{name} boom lowered {since_us / 1e6:.2f} s after it was raised"
        self._notes.once("I2", since_us < DWELL_US - SCAN_US, seen)

    def _raising(self, inputs: InputImage, outputs: OutputImage, end: End, *, begins: bool) -> None:
        name, passage_id = _NAMES[end], outputs.passage_id
        self._notes.hold(
            f"I1 {name}",
            not self._may_raise(inputs, outputs, end),
            f"{name} boom raised from closed without a permit (passage {passage_id})",
        )
        permit = inputs.ledger.permit
        permitted = permit is not None and (permit.end, permit.passage_id) == (end, passage_id)
        by_rule = permit is not None and permitted and not permit.by_person
        # A load that changed by itself is held; back by its entry it goes on a person's word alone.
        told = end == outputs.entry and inputs.weight.status == WeighingStatus.TAMPERED
        if by_rule and not told:
            self._withdrawn(inputs, end, passage_id)
        if not begins or self._yard.booms[end].angle_deg > DOWN_DEG:
            return
        if permitted:
            self._durable(inputs, end, passage_id)
        other = self._yard.booms[1 - end]
        both = other.angle_deg > DOWN_DEG and not other.broken and not self.lies(1 - end, "boom")
        # A boom whose limit switch says that it hangs is lifted to spare whoever may be under it.
        both = both and not self.lies(end, "boom")
        by_hand = permit is not None and permitted and permit.by_person
        if self._disk is not None and by_hand:
            found = self._disk(passage_id)
            by_hand = bool(found) and found[-1].kind in _BY_PERSON
        seen = (
            f"{name} boom raised while the {_NAMES[1 - end]} one stands at {other.angle_deg:.0f}°"
        )
        self._notes.once("I1", both and not by_hand, seen)

    def _withdrawn(self, inputs: InputImage, end: End, passage_id: int) -> None:
        """Until the boom is up a weight that does not stand any more holds the vehicle."""
        standing = inputs.ends[end].boom.position != BoomPosition.OPEN
        taken_back = standing and inputs.weight.status in _TAKEN_BACK
        self._taken_back_scans = self._taken_back_scans + 1 if taken_back else 0
        seen = f"{_NAMES[end]} boom raised on a weight that is {inputs.weight.status.name}"
        violated = self._taken_back_scans > 2 and not self._is_by_person(passage_id)
        self._notes.hold("I12", violated, seen)

    def _is_by_person(self, passage_id: int) -> bool:
        """Whether the newest word on a passage is a person's, who may send back as well."""
        found = self._disk(passage_id) if self._disk is not None else ()
        return bool(found) and found[-1].person is not None

    def _durable(self, inputs: InputImage, end: End, passage_id: int) -> None:
        """What lets the vehicle out is on the disk now, not only in the lane's memory."""
        if self._disk is None:
            return
        found = [record for record in self._disk(passage_id) if record.part]
        permits = bool(found) and found[-1].permit is Permit(_NAMES[end])
        seen = f"{_NAMES[end]} boom raised for passage {passage_id}; on disk: "
        told = ", ".join(f"part {r.part} permits {r.permit.value}" for r in found) or "nothing"
        self._notes.once("I13", not permits, seen + told)

    def _may_raise(self, inputs: InputImage, outputs: OutputImage, end: End) -> bool:
        """Sparing someone under a boom that is not down is always right; opening needs a cause."""
        up = self._yard.booms[end].angle_deg > DOWN_DEG
        if up or inputs.ends[end].boom.position in (BoomPosition.BETWEEN, BoomPosition.OPEN):
            return True
        permit = inputs.ledger.permit
        if permit is not None and (permit.end, permit.passage_id) == (end, outputs.passage_id):
            return True
        occupied = any(d.vehicle.axles_on_deck() for d in self._yard.drivers if d.vehicle.present)
        return outputs.entry == end and not occupied

    def _vehicle_under(self, end: End) -> bool:
        """Whether a vehicle is there that a guard sees: none sees a high drawbar."""
        return not self.blinded(end) and any(
            self._seen_under(end, driver.vehicle) for driver in self._yard.drivers
        )

    def _seen_under(self, end: End, vehicle: Vehicle) -> bool:
        layout, side = self._yard.layout, vehicle.truck.profile
        return vehicle.spans(end, layout.boom_m) and (
            vehicle.covers(end, layout.beam_m, side.low)
            or vehicle.covers(end, layout.beam_m, side.high)
            or vehicle.overlaps(end, layout.arm_loop_m, side.loop)
        )

    def blinded(self, end: int) -> bool:
        """Whether the sensors that guard this boom are broken: then the lane cannot know."""
        return any(self._yard.fault_of(f"{_NAMES[end]}.{kind}") is not None for kind in _GUARDS)

    def lies(self, end: int, part: str) -> bool:
        """Whether a device at this end misbehaves now, or did until a moment ago."""
        device, now = f"{_NAMES[end]}.{part}", self._notes.now_us
        return self._yard.fault_of(device) is not None or any(
            fault.device == device
            and fault.from_us <= now
            and (fault.until_us is None or now <= fault.until_us + SETTLE_US)
            for fault in self._yard.options.faults
        )
