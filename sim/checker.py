"""The judge: knows the truth, sees every image, and names each moment at which the lane failed.

Call ``observe`` once a scan, ``restarted`` where a new life of the lane begins, and ``finish`` with
the ledger's records when the run is over.  The checker shares no code with the lane: what it
expects is written here again, from the outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controller.core.images import InputImage, OutputImage, RecordIntent
from controller.core.kinds import (
    BoomCommand,
    Deck,
    End,
    Lamp,
    Message,
    Presence,
    RequestKind,
)
from protocol.parts import Service
from protocol.record import Record
from protocol.rows import Hashes
from sim.audit import Audit
from sim.boomjudge import SCAN_US, BoomJudge, Disk
from sim.cheatjudge import Seen, judged, records_of
from sim.faults import part_of
from sim.finding import Finding
from sim.followcheck import STOPPED, Followers
from sim.jogcheck import ByHand
from sim.lampcheck import bidden_by_a_trial, is_shut
from sim.ledgercheck import of_seals
from sim.nobody import SHORT_US
from sim.notes import Notes
from sim.secondcheck import SecondOnDeck
from sim.senses import Waking, made_up
from sim.signcheck import Pages
from sim.weightjudge import WeightJudge
from sim.world import Yard

IDLE_BOUND_US = 60_000_000
ZERO_RANGE_G = 4_000_000
UNKNOWN_US = 3_000_000
TEST_US = 5_000_000
"""So long after its record counts what a person tries out or asks of the scale by hand."""
OWES_US = 120_000_000
"""No trouble of a disk lasts as long, nor what waits for it: a record is asked for no longer."""
FAR_US = 1 << 62
_NAMES = ("yard", "road")
# An enumeration's attribute costs ten times a name, and every scan asks.
_CLEAR = Presence.CLEAR
_WELCOME, _TEST = Message.WELCOME, Message.TEST
_REST = (BoomCommand.HOLD, BoomCommand.HOLD)
_RED = (Lamp.RED, Lamp.RED)
_LOOKED_AT = ("approach", "arm", "beam_low", "beam_high", "boom", "cell", "cells", "estop")


class Checker:
    """Holds one run of one lane to the invariants; findings come out in the order of time."""

    def __init__(
        self, yard: Yard, *, idle_bound_us: int = IDLE_BOUND_US, disk: Disk | None = None
    ) -> None:
        self._yard = yard
        self._idle_bound_us = idle_bound_us
        self._disk = disk
        self._quiet_since_us: int | None = None
        options = yard.options
        self._disturbed = any((options.faults, options.loads, options.devices, options.hands))
        self._died = False
        self._mute: list[tuple[int, int]] = []
        self._mute_from_us: int | None = None
        self._boarded: dict[int, int] = {}
        self._unbidden: set[int] = set()
        self._shut = False
        self._on_deck = 0
        self._ended_us: int | None = None
        self._owed: RecordIntent | None = None
        self._owed_us = 0
        self._waking = Waking()
        self._pressed = False
        self._moved = False
        self._cheated = Seen() if yard.options.cheat is not None else None
        self._notes = Notes()
        self._booms = BoomJudge(yard, self._notes, disk)
        cheated = self._cheated is not None
        self._weights = WeightJudge(yard, self._notes, self._booms, cheated=cheated)
        self._served: dict[Service, int] = {}
        self._record = (0, 0)
        self._by_hand = ByHand()
        self._followers = Followers(yard)
        self._second = SecondOnDeck(yard, self._notes)
        self._pages = Pages(self._notes, disk)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What has been found so far."""
        return tuple(self._notes.findings)

    def died(self, refused_since_us: int | None) -> None:
        """The lane dies; its disk had taken nothing since then, None for one that was well."""
        self._mute_from_us = self._now_us() if refused_since_us is None else refused_since_us
        self._ended_us = self._now_us() if self._ended_us is None else self._ended_us

    def restarted(self) -> None:
        """The lane begins a new life; what its last one was told by hand is forgotten with it."""
        self._second.restarted()
        if self._mute_from_us is not None:
            self._mute.append((self._mute_from_us, self._now_us() + SHORT_US))
            self._mute_from_us = None
        self._waking = Waking()
        self._pressed = False
        self._pages.restarted()
        self._booms.restarted()
        self._died = True
        self._served.clear()
        self._record = (0, 0)
        self._by_hand = ByHand()
        self._followers.restarted(self._now_us())

    def _now_us(self) -> int:
        return max(self._notes.now_us, self._yard.now_us)

    def observe(self, inputs: InputImage, outputs: OutputImage) -> None:
        """Look at one scan."""
        self._notes.now_us = inputs.now_us
        self._booms.look(inputs)
        moves = outputs.booms != _REST
        green = outputs.approach_lamps != _RED or outputs.deck_lamps != _RED
        if moves or self._moved:
            self._moved = moves
            for end in End:
                self._booms.judge(inputs, outputs, end)
        if green or "I3" in self._notes.standing:
            self._lamps(inputs, outputs)
        self._stopped(inputs, moves or green)
        if not self._waking.over:
            self._waking.look(inputs)
            early = not self._waking.over and (moves or green)
            self._notes.hold("I7", early, "booms move or a green shows as the lane starts")
        if self._yard.troubles:
            for device, said in made_up(self._yard, inputs):
                self._notes.hold(
                    f"I14 {device}", True, f"{device} says nothing, the lane takes {said}"
                )
        self._second.look(inputs, outputs)
        self._stops(inputs, outputs)
        self._followers.look(inputs, outputs)
        if outputs.zero or "I10" in self._notes.standing:
            self._zero(inputs, outputs)
        self._by_word(inputs, outputs)
        self._liveness(inputs, outputs)
        self._weights.look(inputs.weight)
        if outputs.on_deck != self._on_deck:
            # What a life has on the deck from its first scan on boarded as the last one died.
            self._boarded[outputs.on_deck] = self._ended_us or inputs.now_us
            if self._shut or outputs.sign.message in STOPPED:
                self._unbidden.add(outputs.on_deck)
            self._on_deck = outputs.on_deck
        self._shut = outputs.sign.message in STOPPED
        self._ended_us = None
        self._pages.look(outputs)
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
                self._notes.add(Finding(check="T1", at_us=touch.at_us, seen=seen))
        audit = Audit(
            self._yard,
            tuple(records),
            hashes,
            accepted=self._weights.accepted,
            doubts=self._weights.doubts,
            disturbed=self._disturbed,
            died=self._died,
            mute=self._mute,
            boarded=self._boarded,
            unbidden=self._unbidden,
            owes=self._owed is not None and self._notes.now_us - self._owed_us < OWES_US,
        )
        told = (*self._followers.findings(records), *self._pages.findings(records))
        for finding in (*audit.findings(), *told):
            self._notes.add(finding)
        if bodies is not None and key is not None:
            for finding in of_seals(bodies, hashes, key):
                self._notes.add(finding)
        self._cheat(records)
        return tuple(sorted(self._notes.findings, key=lambda f: (f.at_us, f.check, f.seen)))

    def _cheat(self, records: Sequence[Record]) -> None:
        """A cheat is judged by what a scenario says must be seen of it."""
        cheat = self._yard.options.cheat
        if cheat is None or self._cheated is None:
            return
        meant = records_of(cheat, records, self._yard.truth)
        wrong = judged(cheat, self._cheated, meant)
        if wrong is not None:
            self._notes.add(Finding(check="C1", at_us=self._notes.now_us, seen=wrong))

    def _lamps(self, inputs: InputImage, outputs: OutputImage) -> None:
        greens = (*outputs.approach_lamps, *outputs.deck_lamps).count(Lamp.GREEN)
        self._notes.hold("I3", greens > 1, f"{greens} greens at once")
        coming = Lamp.GREEN in outputs.approach_lamps
        loaded = coming and inputs.weight.deck != Deck.EMPTY
        seen = f"green towards the deck, which is {inputs.weight.deck.name}"
        self._notes.hold("I3 deck", loaded, seen)
        for end, boom in enumerate(self._yard.booms):
            green = Lamp.GREEN in (outputs.approach_lamps[end], outputs.deck_lamps[end])
            shut = (
                green and not boom.is_open and not boom.broken and not self._booms.lies(end, "boom")
            )
            seen = f"green beside the {_NAMES[end]} boom, which stands at {boom.angle_deg:.0f}°"
            self._notes.hold(f"I3 {_NAMES[end]}", shut, seen)
        bidden = bidden_by_a_trial(inputs, outputs)
        self._notes.hold("I17", bool(bidden), bidden)
        unknown = greens > 0 and not is_shut(outputs) and self._unknown(inputs)
        self._notes.hold("I8", unknown, "green while a sensor has said nothing for seconds")

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
            self._notes.standing.discard("I11")
            return
        if inputs.estop == Presence.BLOCKED:
            self._pressed = True
        if clear and any(
            asked.kind == RequestKind.RESET and asked.who and asked.why for asked in inputs.requests
        ):
            self._pressed = False
        seen = f"the lane is at work with its emergency stop {inputs.estop.name}"
        self._notes.hold("I11", active and (self._pressed or not clear), seen)

    def _zero(self, inputs: InputImage, outputs: OutputImage) -> None:
        if not outputs.zero:
            self._notes.hold("I10", False)
            return
        loaded = any(d.vehicle.axles_on_deck() for d in self._yard.drivers)
        far = abs(inputs.weight.zero_offset_g) > ZERO_RANGE_G
        why = "with a vehicle on the deck" if loaded else "outside 4 % of Max"
        self._notes.hold("I10", loaded or far, f"zero asked {why}")

    def _stops(self, inputs: InputImage, outputs: OutputImage) -> None:
        if outputs.record is not self._owed:
            self._owed, self._owed_us = outputs.record, inputs.now_us
        if inputs.requests or self._moved or "I19" in self._notes.standing:
            driven = self._by_hand.look(inputs, outputs)
            self._notes.hold("I19", bool(driven), driven)

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
            if happens or self._notes.standing:
                served_us = self._served.get(action, -FAR_US)
                late = inputs.now_us - served_us > TEST_US + SCAN_US
                self._notes.hold(f"I16 {action}", happens and late, f"{what} without its record")

    def _liveness(self, inputs: InputImage, outputs: OutputImage) -> None:
        calm = outputs.sign.message != _WELCOME and not inputs.faults and inputs.estop == _CLEAR
        empty = self._yard.empty and not any(w.there(self._yard.now_us) for w in self._yard.walkers)
        if not calm or not empty or not self._in_order():
            self._quiet_since_us = None
            self._notes.standing.discard("T7")
            return
        if self._quiet_since_us is None:
            self._quiet_since_us = inputs.now_us
        waited_us = inputs.now_us - self._quiet_since_us
        if waited_us > self._idle_bound_us:
            seen = f"empty for {waited_us / 1e6:.0f} s and still {outputs.sign.message.name}"
            self._notes.hold("T7", True, seen)

    def _in_order(self) -> bool:
        """Whether all that a lane looks at before it is clear says what is, and both booms obey."""
        broken = any(boom.broken for boom in self._yard.booms)
        return not broken and not any(part_of(one) in _LOOKED_AT for one in self._yard.troubles)
