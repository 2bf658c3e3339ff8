"""The judge: knows the truth, sees every image, and names each moment at which the lane failed.

Call ``observe`` once a scan, ``restarted`` where a new life of the lane begins, and ``finish`` with
the ledger's records when the run is over.  The checker shares no code with the lane: what it
expects is written here again, from the outside.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from controller.core.images import EndInputs, InputImage, OutputImage, RecordIntent, Weight
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Deck,
    End,
    Lamp,
    Message,
    Presence,
    RequestKind,
    WeighingStatus,
)
from protocol.parts import Kind, Outcome, Permit, Service
from protocol.record import Record
from protocol.rows import Hashes
from sim.audit import Audit, Shown
from sim.cheatjudge import Seen, judged, records_of
from sim.finding import FINDINGS_MAX, Finding
from sim.jogcheck import ByHand
from sim.lampcheck import bidden_by_a_trial
from sim.ledgercheck import of_seals
from sim.senses import Waking, made_up
from sim.vehicle import Vehicle
from sim.world import Yard

IDLE_BOUND_US = 60_000_000
ZERO_RANGE_G = 4_000_000
SETTLE_US = 1_500_000
DWELL_US = 500_000
SCAN_US = 20_000
UNKNOWN_US = 3_000_000
DOWN_DEG = 10.0
ROLLS_MPS = 0.6
"""Nobody creeps as fast; a vehicle that has just set off has had its weight while it stood."""
BRAKES_MPS = 0.1
STOOD_US = 300_000
"""So long before its weight is taken a vehicle has stopped."""
HEARD_US = 5_000_000
ROLLS_ON_MPS = 0.3
ROLLS_ON_US = 2_500_000
"""Who rolls on for so long while the weight just taken is still listened to takes it back."""
FOLLOWED_US = 3_000_000
TEST_US = 5_000_000
"""So long after its record counts what a person tries out or asks of the scale by hand."""
OWES_US = 120_000_000
"""No trouble of a disk lasts as long, nor what waits for it: a record is asked for no longer."""
SPEEDS_MAX = 400
FAR_US = 1 << 62
_NAMES = ("yard", "road")
_GUARDS = ("arm", "beam_low", "beam_high")
# An enumeration's attribute costs ten times a name, and every scan asks.
_CLEAR = Presence.CLEAR
_ALL_CLEAR = (_CLEAR, _CLEAR, _CLEAR)
_WELCOME, _TEST = Message.WELCOME, Message.TEST
_BAD = (Presence.BLOCKED, Presence.UNKNOWN)
_REST = (BoomCommand.HOLD, BoomCommand.HOLD)
_RED = (Lamp.RED, Lamp.RED)
_HINTS = (Message.FORWARD, Message.BACK, Message.STAND_STILL)
_BY_PERSON = (Kind.RELEASE, Kind.MANUAL_MOVE)
_TAKEN_BACK = (WeighingStatus.WITHDRAWN, WeighingStatus.CELL_FAULT, WeighingStatus.TAMPERED)

Disk = Callable[[int], Sequence[Record]]
"""The records of a passage that another process would read from the disk at this instant."""


class Checker:
    """Holds one run of one lane to the invariants; findings come out in the order of time."""

    def __init__(
        self, yard: Yard, *, idle_bound_us: int = IDLE_BOUND_US, disk: Disk | None = None
    ) -> None:
        self._yard = yard
        self._idle_bound_us = idle_bound_us
        self._disk = disk
        self._findings: list[Finding] = []
        self._standing: set[str] = set()
        self._accepted: set[tuple[int, int]] = set()
        self._accepted_us: int | None = None
        self._doubts: dict[int, str] = {}
        self._shown: dict[Shown, int] = {}
        self._sign: object = None
        self._quiet_since_us: int | None = None
        options = yard.options
        self._disturbed = any((options.faults, options.loads, options.devices, options.hands))
        self._died = False
        self._owed: RecordIntent | None = None
        self._owed_us = 0
        self._last_us = 0
        self._waking = Waking()
        self._speeds: deque[tuple[int, float]] = deque(maxlen=SPEEDS_MAX)
        self._heard_until_us = 0
        self._rolls_since_us: int | None = None
        self._followed_us: int | None = None
        self._pressed = False
        self._ends: list[EndInputs | None] = [None, None]
        self._bad: list[tuple[str, ...]] = [(), ()]
        self._bad_us = [-SETTLE_US, -SETTLE_US]
        self._commands = [BoomCommand.HOLD, BoomCommand.HOLD]
        self._moved = False
        self._seen_weight: Weight | None = None
        self._raised_us = [-DWELL_US, -DWELL_US]
        self._taken_back_scans = 0
        self._cheated = Seen() if yard.options.cheat is not None else None
        self._served: dict[Service, int] = {}
        self._record = (0, 0)
        self._by_hand = ByHand()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What has been found so far."""
        return tuple(self._findings)

    def restarted(self) -> None:
        """The lane begins a new life; what its last one was told by hand is forgotten with it."""
        self._waking = Waking()
        self._pressed = False
        self._sign = None
        self._commands = [BoomCommand.HOLD, BoomCommand.HOLD]
        self._died = True
        self._served.clear()
        self._record = (0, 0)
        self._by_hand = ByHand()

    def observe(self, inputs: InputImage, outputs: OutputImage) -> None:
        """Look at one scan."""
        self._last_us = inputs.now_us
        self._guards(inputs)
        moves = outputs.booms != _REST
        green = outputs.approach_lamps != _RED or outputs.deck_lamps != _RED
        if moves or self._moved:
            self._moved = moves
            for end in End:
                self._boom(inputs, outputs, end)
        if green or "I3" in self._standing:
            self._lamps(inputs, outputs)
        self._stopped(inputs, moves or green)
        if not self._waking.over:
            self._waking.look(inputs)
            early = not self._waking.over and (moves or green)
            self._hold("I7", early, "booms move or a green shows as the lane starts")
        if self._yard.troubles:
            for device, said in made_up(self._yard, inputs):
                self._hold(f"I14 {device}", True, f"{device} says nothing, the lane takes {said}")
        self._told_of_another(inputs, outputs)
        self._stops(inputs, outputs)
        if outputs.zero or "I10" in self._standing:
            self._zero(inputs, outputs)
        self._by_word(inputs, outputs)
        self._liveness(inputs, outputs)
        if inputs.weight is not self._seen_weight:
            self._seen_weight = inputs.weight
            self._weight(inputs.weight)
        if inputs.now_us < self._heard_until_us:
            self._rolls_on(inputs.weight)
        if outputs.sign is not self._sign:
            self._show(outputs)
        if inputs.faults:
            self._disturbed = True
        if self._cheated is not None:
            self._cheated.observe(outputs)

    def finish(
        self,
        records: Sequence[Record],
        hashes: Hashes,
        bodies: Mapping[int, bytes] | None = None,
        key: bytes | None = None,
    ) -> tuple[Finding, ...]:
        """Look at the whole run with its records and their hashes; return every finding.

        With ``bodies``, the sealed bytes by seq, and the public ``key`` the seals are checked, too.
        """
        for touch in self._yard.truth.touches:
            if touch.by_boom:
                seen = f"{_NAMES[touch.end]} boom came down on {touch.what}"
                self._add(Finding(check="T1", at_us=touch.at_us, seen=seen))
        audit = Audit(
            self._yard,
            tuple(records),
            hashes,
            accepted=self._accepted,
            doubts=self._doubts,
            shown=self._shown,
            disturbed=self._disturbed,
            died=self._died,
            owes=self._owed is not None and self._last_us - self._owed_us < OWES_US,
        )
        for finding in audit.findings():
            self._add(finding)
        if bodies is not None and key is not None:
            for finding in of_seals(bodies, hashes, key):
                self._add(finding)
        self._cheat(records)
        return tuple(sorted(self._findings, key=lambda f: (f.at_us, f.check, f.seen)))

    def _cheat(self, records: Sequence[Record]) -> None:
        """A cheat is judged by what a scenario says must be seen of it."""
        cheat = self._yard.options.cheat
        if cheat is None or self._cheated is None:
            return
        meant = records_of(cheat, records, self._yard.truth)
        wrong = judged(cheat, self._cheated, meant)
        if wrong is not None:
            self._add(Finding(check="C1", at_us=self._last_us, seen=wrong))

    def _guards(self, inputs: InputImage) -> None:
        """Note what stands at each boom, and when anything last did."""
        for end, here in enumerate(inputs.ends):
            if here is not self._ends[end]:
                self._ends[end] = here
                states = (here.arm.state, here.beam_low.state, here.beam_high.state)
                bad = states != _ALL_CLEAR
                self._bad[end] = tuple(s.name for s in states if s in _BAD) if bad else ()
            if self._bad[end]:
                self._bad_us[end] = inputs.now_us

    def _boom(self, inputs: InputImage, outputs: OutputImage, end: End) -> None:
        command, before = outputs.booms[end], self._commands[end]
        self._commands[end] = command
        name = _NAMES[end]
        if command == BoomCommand.RAISE:
            self._raising(inputs, outputs, end, begins=before != command)
            self._raised_us[end] = inputs.now_us
            return
        self._hold(f"I1 {name}", False)
        if command != BoomCommand.LOWER:
            self._hold(f"I2 {name}", False)
            self._hold(f"I2 {name} truth", False)
            return
        bad = self._bad[end]
        self._hold(f"I2 {name}", bool(bad), f"{name} boom lowered on {', '.join(bad)}")
        under = self._vehicle_under(end)
        self._hold(f"I2 {name} truth", under, f"{name} boom lowered on a vehicle under it")
        if before == command:
            return
        clear_us = inputs.now_us - self._bad_us[end]
        early = not bad and clear_us < SETTLE_US - SCAN_US
        self._once("I2", early, f"{name} boom lowered {clear_us / 1e6:.2f} s after it was clear")
        since_us = inputs.now_us - self._raised_us[end]
        seen = f"{name} boom lowered {since_us / 1e6:.2f} s after it was raised"
        self._once("I2", since_us < DWELL_US - SCAN_US, seen)

    def _raising(self, inputs: InputImage, outputs: OutputImage, end: End, *, begins: bool) -> None:
        name, passage_id = _NAMES[end], outputs.passage_id
        self._hold(
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
        both = other.angle_deg > DOWN_DEG and not other.broken and not self._lies(1 - end, "boom")
        # A boom whose limit switch says that it hangs is lifted to spare whoever may be under it.
        both = both and not self._lies(end, "boom")
        by_hand = permit is not None and permitted and permit.by_person
        if self._disk is not None and by_hand:
            found = self._disk(passage_id)
            by_hand = bool(found) and found[-1].kind in _BY_PERSON
        seen = (
            f"{name} boom raised while the {_NAMES[1 - end]} one stands at {other.angle_deg:.0f}°"
        )
        self._once("I1", both and not by_hand, seen)

    def _withdrawn(self, inputs: InputImage, end: End, passage_id: int) -> None:
        """Until the boom is up a weight that does not stand any more holds the vehicle."""
        standing = inputs.ends[end].boom.position != BoomPosition.OPEN
        taken_back = standing and inputs.weight.status in _TAKEN_BACK
        self._taken_back_scans = self._taken_back_scans + 1 if taken_back else 0
        seen = f"{_NAMES[end]} boom raised on a weight that is {inputs.weight.status.name}"
        violated = self._taken_back_scans > 2 and not self._is_by_person(passage_id)
        self._hold("I12", violated, seen)

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
        self._once("I13", not permits, seen + told)

    def _may_raise(self, inputs: InputImage, outputs: OutputImage, end: End) -> bool:
        """Sparing someone under a boom that is not down is always right; opening needs a cause."""
        if inputs.ends[end].boom.position in (BoomPosition.BETWEEN, BoomPosition.OPEN):
            return True
        permit = inputs.ledger.permit
        if permit is not None and (permit.end, permit.passage_id) == (end, outputs.passage_id):
            return True
        occupied = any(d.vehicle.axles_on_deck() for d in self._yard.drivers if d.vehicle.present)
        return outputs.entry == end and not occupied

    def _vehicle_under(self, end: End) -> bool:
        """Whether a vehicle is there that a guard sees: none sees a high drawbar."""
        return not self._blinded(end) and any(
            self._seen_under(end, driver.vehicle) for driver in self._yard.drivers
        )

    def _seen_under(self, end: End, vehicle: Vehicle) -> bool:
        layout, side = self._yard.layout, vehicle.truck.profile
        return vehicle.spans(end, layout.boom_m) and (
            vehicle.covers(end, layout.beam_m, side.low)
            or vehicle.covers(end, layout.beam_m, side.high)
            or vehicle.overlaps(end, layout.arm_loop_m, side.loop)
        )

    def _blinded(self, end: int) -> bool:
        """Whether the sensors that guard this boom are broken: then the lane cannot know."""
        return any(self._yard.fault_of(f"{_NAMES[end]}.{kind}") is not None for kind in _GUARDS)

    def _lies(self, end: int, part: str) -> bool:
        """Whether a device at this end misbehaves now, or did until a moment ago."""
        device, now = f"{_NAMES[end]}.{part}", self._last_us
        return self._yard.fault_of(device) is not None or any(
            fault.device == device
            and fault.from_us <= now
            and (fault.until_us is None or now <= fault.until_us + SETTLE_US)
            for fault in self._yard.options.faults
        )

    def _lamps(self, inputs: InputImage, outputs: OutputImage) -> None:
        greens = (*outputs.approach_lamps, *outputs.deck_lamps).count(Lamp.GREEN)
        self._hold("I3", greens > 1, f"{greens} greens at once")
        coming = Lamp.GREEN in outputs.approach_lamps
        loaded = coming and inputs.weight.deck != Deck.EMPTY
        seen = f"green towards the deck, which is {inputs.weight.deck.name}"
        self._hold("I3 deck", loaded, seen)
        for end, boom in enumerate(self._yard.booms):
            green = Lamp.GREEN in (outputs.approach_lamps[end], outputs.deck_lamps[end])
            shut = green and not boom.is_open and not boom.broken and not self._lies(end, "boom")
            seen = f"green beside the {_NAMES[end]} boom, which stands at {boom.angle_deg:.0f}°"
            self._hold(f"I3 {_NAMES[end]}", shut, seen)
        bidden = bidden_by_a_trial(inputs, outputs)
        self._hold("I17", bool(bidden), bidden)
        unknown = greens > 0 and self._unknown(inputs)
        self._hold("I8", unknown, "green while a sensor has said nothing for seconds")

    def _unknown(self, inputs: InputImage) -> bool:
        now_us = inputs.now_us
        return any(
            sensor.state == Presence.UNKNOWN and now_us - sensor.since_us > UNKNOWN_US
            for here in inputs.ends
            for sensor in here.sensors
        )

    def _stopped(self, inputs: InputImage, active: bool) -> None:
        """A pressed stop holds until it is let go and somebody who says why resets the lane."""
        clear = inputs.estop == _CLEAR
        if clear and not self._pressed:
            self._standing.discard("I11")
            return
        if inputs.estop == Presence.BLOCKED:
            self._pressed = True
        if clear and any(
            asked.kind == RequestKind.RESET and asked.who and asked.why for asked in inputs.requests
        ):
            self._pressed = False
        seen = f"the lane is at work with its emergency stop {inputs.estop.name}"
        self._hold("I11", active and (self._pressed or not clear), seen)

    def _zero(self, inputs: InputImage, outputs: OutputImage) -> None:
        if not outputs.zero:
            self._hold("I10", False)
            return
        loaded = any(d.vehicle.axles_on_deck() for d in self._yard.drivers)
        far = abs(inputs.weight.zero_offset_g) > ZERO_RANGE_G
        why = "with a vehicle on the deck" if loaded else "outside 4 % of Max"
        self._hold("I10", loaded or far, f"zero asked {why}")

    def _stops(self, inputs: InputImage, outputs: OutputImage) -> None:
        if outputs.record is not self._owed:
            self._owed, self._owed_us = outputs.record, inputs.now_us
        if inputs.requests or self._moved or "I19" in self._standing:
            driven = self._by_hand.look(inputs, outputs)
            self._hold("I19", bool(driven), driven)

    def _by_word(self, inputs: InputImage, outputs: OutputImage) -> None:
        """A test page, and a zero of a scale that stands on zero, come of a record just before."""
        if self._disk is None:
            return
        record = (inputs.ledger.passage_id, inputs.ledger.part)
        if record != self._record:
            self._record = record
            newest = self._disk(record[0])[-1:]
            self._served |= {
                one.service.action: inputs.now_us for one in newest if one.service is not None
            }
        wanted = (
            (Service.TEST_SIGN, outputs.sign.message == _TEST, "the test page shows"),
            (Service.ZERO, outputs.zero and inputs.weight.zero_ok, "a zero is asked by hand"),
        )
        for action, happens, what in wanted:
            if happens or self._standing:
                served_us = self._served.get(action, -FAR_US)
                late = inputs.now_us - served_us > TEST_US + SCAN_US
                self._hold(f"I16 {action}", happens and late, f"{what} without its record")

    def _liveness(self, inputs: InputImage, outputs: OutputImage) -> None:
        calm = outputs.sign.message != _WELCOME and not inputs.faults and inputs.estop == _CLEAR
        if not calm or not self._yard.empty or not all(map(self._boom_obeys, End)):
            self._quiet_since_us = None
            self._standing.discard("T7")
            return
        if self._quiet_since_us is None:
            self._quiet_since_us = inputs.now_us
        waited_us = inputs.now_us - self._quiet_since_us
        if waited_us > self._idle_bound_us:
            seen = f"empty for {waited_us / 1e6:.0f} s and still {outputs.sign.message.name}"
            self._hold("T7", True, seen)

    def _boom_obeys(self, end: End) -> bool:
        """Whether a boom goes where it is driven and says so: no lane is clear before that."""
        return not self._yard.booms[end].broken and not self._lies(end, "boom")

    def _weight(self, weight: Weight) -> None:
        """Remember each accepted weight, and what the yard has against it at that instant."""
        accepted_us = weight.accepted_us
        if weight.deck != Deck.EMPTY:
            self._speeds.append((self._last_us, self._speed_mps()))
        if weight.status != WeighingStatus.ACCEPTED or accepted_us is None:
            return
        bad = ", ".join(map(str, weight.bad_cells))
        self._hold("I5", bool(bad), f"a weight is accepted with the bad cells {bad}")
        self._accepted.add((accepted_us, weight.weight_g or 0))
        if weight.estimate_g is not None:
            self._accepted.add((accepted_us, weight.estimate_g))
        if accepted_us == self._accepted_us:
            return
        self._accepted_us = accepted_us
        self._heard_until_us, self._rolls_since_us = accepted_us + HEARD_US, None
        doubt = self._doubt() or self._moved_meanwhile(weight)
        if doubt:
            self._doubts[accepted_us] = f"{doubt} as its weight was accepted"

    def _doubt(self) -> str:
        """Why what stands on the deck now is not one whole vehicle at rest; "" where it is."""
        if self._cheated is not None or any(self._blinded(end) for end in End):
            return ""
        there = [d.vehicle for d in self._yard.drivers if d.vehicle.axles_on_deck()]
        if len(there) != 1:
            return f"{len(there)} vehicles were on the deck"
        (vehicle,) = there
        if not vehicle.wholly_on_deck():
            return f"vehicle {vehicle.number} stood there with {vehicle.axles_on_deck()} axles"
        # Who rocks may begin to roll as a weight seen at rest is taken; T3 holds that to truth.
        rocks = self._yard.drivers[vehicle.number].habits.rocks
        rolls = abs(vehicle.v_mps) > ROLLS_MPS and not rocks
        return f"vehicle {vehicle.number} rolled at {vehicle.v_mps:.2f} m/s" if rolls else ""

    def _speed_mps(self) -> float:
        """The speed of the fastest vehicle that has an axle on the deck now."""
        there = (d.vehicle for d in self._yard.drivers if d.vehicle.axles_on_deck())
        return max((abs(vehicle.v_mps) for vehicle in there), default=0.0)

    def _moved_meanwhile(self, weight: Weight) -> str:
        """Whether a vehicle still rolled just before its weight was taken, or "" where it stood.

        Who has set off since then, to rock or to go on, is not known to roll yet.
        """
        if self._cheated is not None or weight.accepted_us is None:
            return ""
        since_us = weight.accepted_us - STOOD_US
        mps = next((mps for at_us, mps in self._speeds if at_us >= since_us), 0.0)
        return f"a vehicle rolled at {mps:.2f} m/s" if mps > BRAKES_MPS else ""

    def _rolls_on(self, weight: Weight) -> None:
        """Hold it against a weight that its vehicle rolls, and that it stands all the same."""
        stands = weight.status == WeighingStatus.ACCEPTED and not self._yard.troubles
        if self._cheated is not None or not stands or self._speed_mps() < ROLLS_ON_MPS:
            self._rolls_since_us = None
        elif self._rolls_since_us is None:
            self._rolls_since_us = self._last_us
        elif self._last_us - self._rolls_since_us > ROLLS_ON_US and weight.accepted_us is not None:
            self._heard_until_us = 0
            self._doubts[weight.accepted_us] = "a vehicle rolled on, and its weight still stood"

    def _told_of_another(self, inputs: InputImage, outputs: OutputImage) -> None:
        """Onto whose deck another has climbed as he stood, that one is told before how to stand."""
        there = [d.vehicle for d in self._yard.drivers if d.vehicle.axles_on_deck()]
        if len(there) < 2 or self._yard.troubles:
            self._followed_us = None
        elif self._followed_us is None:
            stood = max(there, key=lambda v: v.s_m).v_mps == 0.0
            self._followed_us = inputs.now_us if stood else FAR_US
        hint = outputs.sign.message in _HINTS
        late = self._followed_us is not None and inputs.now_us - self._followed_us > FOLLOWED_US
        seen = f"{outputs.sign.message.name} shown with two vehicles on the deck"
        self._hold("I15", hint and late, seen)

    def _show(self, outputs: OutputImage) -> None:
        """Remember each new page of the sign; PASS is said of what is on the disk already."""
        self._sign = outputs.sign
        shown = Shown(passage_id=outputs.passage_id, sign=outputs.sign)
        if shown in self._shown:
            return
        self._shown[shown] = self._last_us
        if outputs.sign.message == Message.PASS and self._disk is not None:
            found = [r for r in self._disk(outputs.passage_id) if r.decision is not None]
            last = found[-1].decision if found else None
            right = last is not None and last.outcome is Outcome.RELEASE
            seen = f"PASS shown for passage {outputs.passage_id}; on disk: {last or 'nothing'}"
            self._once("I13", not right, seen)

    def _once(self, check: str, violated: bool, seen: str) -> None:
        if violated:
            self._add(Finding(check=check, at_us=self._last_us, seen=seen))

    def _hold(self, key: str, violated: bool, seen: str = "") -> None:
        """Note a violation once, when it begins."""
        if not violated:
            self._standing.discard(key)
        elif key not in self._standing:
            self._standing.add(key)
            self._add(Finding(check=key.split(maxsplit=1)[0], at_us=self._last_us, seen=seen))

    def _add(self, finding: Finding) -> None:
        if len(self._findings) < FINDINGS_MAX and finding not in self._findings:
            self._findings.append(finding)
