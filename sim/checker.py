"""The judge: knows the truth, sees every image, and names each moment at which the lane failed.

Call ``observe`` once a scan and ``finish`` with the ledger's records when the run is over.  The
checker shares no code with the lane: what it expects is written here again, from the outside.
"""

from __future__ import annotations

from collections.abc import Sequence

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    End,
    Lamp,
    Message,
    Presence,
    WeighingStatus,
)
from protocol.record import Record
from protocol.rows import Hashes
from sim.audit import Audit, PassShown
from sim.cheatjudge import Seen, judged, records_of
from sim.finding import FINDINGS_MAX, Finding
from sim.world import Yard

IDLE_BOUND_US = 60_000_000
ZERO_RANGE_G = 4_000_000
_NAMES = ("yard", "road")


class Checker:
    """Holds one run of one lane to the invariants; findings come out in the order of time."""

    def __init__(self, yard: Yard, *, idle_bound_us: int = IDLE_BOUND_US) -> None:
        self._yard = yard
        self._idle_bound_us = idle_bound_us
        self._findings: list[Finding] = []
        self._standing: set[str] = set()
        self._accepted: set[tuple[int, int]] = set()
        self._shown: dict[tuple[int, int | None], PassShown] = {}
        self._quiet_since_us: int | None = None
        self._disturbed = bool(yard.options.faults)
        self._last_us = 0
        self._cheated = Seen() if yard.options.cheat is not None else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What has been found so far."""
        return tuple(self._findings)

    def observe(self, inputs: InputImage, outputs: OutputImage) -> None:
        """Look at one scan."""
        self._last_us = inputs.now_us
        for end in End:
            self._boom(inputs, outputs, end)
        self._lamps(outputs)
        self._zero(inputs, outputs)
        self._liveness(inputs, outputs)
        self._remember(inputs, outputs)
        self._disturbed = self._disturbed or bool(inputs.faults)
        if self._cheated is not None:
            self._cheated.observe(outputs)

    def finish(self, records: Sequence[Record], hashes: Hashes) -> tuple[Finding, ...]:
        """Look at the whole run with its records and their hashes; return every finding."""
        for touch in self._yard.truth.touches:
            if touch.by_boom:
                seen = f"{_NAMES[touch.end]} boom came down on {touch.what}"
                self._add(Finding(check="T1", at_us=touch.at_us, seen=seen))
        audit = Audit(
            self._yard,
            tuple(records),
            hashes,
            accepted=self._accepted,
            shown=tuple(self._shown.values()),
            disturbed=self._disturbed,
            until_us=self._last_us,
        )
        for finding in audit.findings():
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

    def _boom(self, inputs: InputImage, outputs: OutputImage, end: End) -> None:
        command = outputs.booms[end]
        name = _NAMES[end]
        self._hold(
            f"I1 {name}",
            command == BoomCommand.RAISE and not self._may_raise(inputs, outputs, end),
            f"{name} boom raised from closed without a permit (passage {outputs.passage_id})",
        )
        lower = command == BoomCommand.LOWER
        here = inputs.ends[end]
        sensors = (here.arm, here.beam_low, here.beam_high) if lower else ()
        bad = [s.state.name for s in sensors if s.state in (Presence.BLOCKED, Presence.UNKNOWN)]
        self._hold(f"I2 {name}", bool(bad), f"{name} boom lowered on {', '.join(bad)}")
        under = lower and self._vehicle_under(end)
        self._hold(f"I2 {name} truth", under, f"{name} boom lowered on a vehicle under it")

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
        line = self._yard.layout.boom_m
        return not self._blinded(end) and any(
            driver.vehicle.spans(end, line) for driver in self._yard.drivers
        )

    def _blinded(self, end: End) -> bool:
        """Whether the sensors that guard this boom are broken: then the lane cannot know."""
        return any(
            self._yard.fault_of(f"{_NAMES[end]}.{kind}") is not None
            for kind in ("arm", "beam_low", "beam_high")
        )

    def _lamps(self, outputs: OutputImage) -> None:
        greens = (*outputs.approach_lamps, *outputs.deck_lamps).count(Lamp.GREEN)
        self._hold("I3", greens > 1, f"{greens} greens at once")

    def _zero(self, inputs: InputImage, outputs: OutputImage) -> None:
        if not outputs.zero:
            self._standing.discard("I10")
            return
        loaded = any(d.vehicle.axles_on_deck() for d in self._yard.drivers)
        far = abs(inputs.weight.zero_offset_g) > ZERO_RANGE_G
        why = "with a vehicle on the deck" if loaded else "outside 4 % of Max"
        self._hold("I10", loaded or far, f"zero asked {why}")

    def _liveness(self, inputs: InputImage, outputs: OutputImage) -> None:
        torn_off = any(boom.broken for boom in self._yard.booms)
        in_order = not (torn_off or inputs.faults) and inputs.estop == Presence.CLEAR
        calm = self._yard.empty and in_order
        if not calm or outputs.sign.message == Message.WELCOME:
            self._quiet_since_us = None
            self._standing.discard("T7")
            return
        if self._quiet_since_us is None:
            self._quiet_since_us = inputs.now_us
        waited_us = inputs.now_us - self._quiet_since_us
        seen = f"empty for {waited_us / 1e6:.0f} s and still {outputs.sign.message.name}"
        self._hold("T7", waited_us > self._idle_bound_us, seen)

    def _remember(self, inputs: InputImage, outputs: OutputImage) -> None:
        weight = inputs.weight
        if weight.status == WeighingStatus.ACCEPTED and weight.accepted_us is not None:
            self._accepted.add((weight.accepted_us, weight.weight_g or 0))
            if weight.estimate_g is not None:
                self._accepted.add((weight.accepted_us, weight.estimate_g))
        if outputs.sign.message == Message.PASS:
            shown = PassShown(
                at_us=inputs.now_us, passage_id=outputs.passage_id, gross_g=outputs.sign.gross_g
            )
            self._shown.setdefault((shown.passage_id, shown.gross_g), shown)

    def _hold(self, key: str, violated: bool, seen: str) -> None:
        """Note a violation once, when it begins."""
        if not violated:
            self._standing.discard(key)
        elif key not in self._standing:
            self._standing.add(key)
            self._add(Finding(check=key.split(maxsplit=1)[0], at_us=self._last_us, seen=seen))

    def _add(self, finding: Finding) -> None:
        if len(self._findings) < FINDINGS_MAX and finding not in self._findings:
            self._findings.append(finding)
