"""Takes down a run as it goes: what stands in the yard, and beside it what the lane was told.

Called after every scan.  It reads, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from controller.core.images import InputImage, OutputImage, PlateRead, Weight
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Deck,
    Lamp,
    Message,
    PlateStand,
    Presence,
    WeighingStatus,
)
from controller.core.passage import Passage
from controller.scan import Scan
from hal.ports import Drive
from sim.explore.page.deck import mass_on_deck_g
from sim.explore.page.track import Line, Steps
from sim.explore.page.traffic import Traffic
from sim.run import SCAN_US
from sim.world import ENDS, Yard

KINDS = ("approach", "arm", "beam_low", "beam_high")
SCAN_MS = SCAN_US // 1000
ANGLE_ERROR = 5
"""Tenths of a degree."""

Mark = dict[str, Any]


class Notes:
    """All that a page shows of one run, but for its records and findings."""

    def __init__(self) -> None:
        self.steps: dict[str, Steps] = {}
        self.angles = [Line(ANGLE_ERROR) for _ in ENDS]
        self.traffic = Traffic()
        self.marks: list[Mark] = []
        self.gaps: list[tuple[int, int, str]] = []
        """From when until when nobody looked, ms, and why: dead, or alive without a scan."""
        self.stored: dict[int, int] = {}
        """When the lane was told of each record, ms, by seq."""
        self.alarms: dict[int, list[list[int]]] = {}
        """From when until when each code stood, ms."""
        self.end_ms = 0
        self.yard: Yard | None = None
        self._lane: Scan | None = None
        self._weighed: tuple[int, int | None] | None = None
        self._reads: set[tuple[int, int, str]] = set()
        self._told_off: set[int] = set()

    def __call__(self, yard: Yard, lane: Scan, inputs: InputImage, outputs: OutputImage) -> None:
        """Take down one scan."""
        now_ms = yard.now_us // 1000
        if lane is not self._lane:
            self._born(yard, lane, now_ms)
        elif now_ms - self.end_ms > 2 * SCAN_MS:
            self._gap(now_ms, "no scan")
        self.end_ms = now_ms
        self.traffic.note(yard, now_ms)
        for name, value in _values(yard, lane, inputs, outputs):
            track = self.steps.get(name)
            if track is None:
                track = self.steps[name] = Steps()
            track.put(now_ms, value)
        for angle, boom in zip(self.angles, yard.booms, strict=True):
            angle.put(now_ms, round(boom.angle_deg * 10))
        if inputs.ledger.seq:
            self.stored.setdefault(inputs.ledger.seq, now_ms)
        self._alarms_at(now_ms, {*outputs.alarms, *inputs.faults})
        self._marks_at(now_ms, yard, inputs)

    def _born(self, yard: Yard, lane: Scan, now_ms: int) -> None:
        if self._lane is not None:
            self._gap(now_ms, "dead")
        self._lane, self.yard = lane, yard
        self._weighed = None
        self._reads.clear()

    def _gap(self, now_ms: int, why: str) -> None:
        """What lay between was seen by nobody."""
        self.gaps.append((self.end_ms + SCAN_MS, now_ms, why))
        for angle in self.angles:
            angle.cut()
        self.traffic.cut()

    def _alarms_at(self, now_ms: int, codes: set[int]) -> None:
        until_ms = now_ms + SCAN_MS
        for code in codes:
            spans = self.alarms.setdefault(code, [])
            if spans and spans[-1][1] == now_ms:
                spans[-1][1] = until_ms
            else:
                spans.append([now_ms, until_ms])

    def _marks_at(self, now_ms: int, yard: Yard, inputs: InputImage) -> None:
        self._accepted(now_ms, yard, inputs.weight)
        for asked in inputs.requests:
            where = {} if asked.end is None else {"end": ENDS[asked.end]}
            about = {"who": asked.who, "why": asked.why, "plate": asked.plate} | where
            self._mark(now_ms, "request", kind=asked.kind.name.lower(), **about)
        for read in inputs.plates:
            this = read.end, read.view, read.text
            if this not in self._reads:
                self._reads.add(this)
                self._mark(
                    now_ms,
                    "plate",
                    text=read.text,
                    end=ENDS[read.end],
                    view=read.view.name.lower(),
                )
        if not inputs.plates:
            self._reads.clear()
        for number in sorted(yard.operator.told_off - self._told_off):
            self._mark(now_ms, "told off", vehicle=number)
        self._told_off |= yard.operator.told_off

    def _accepted(self, now_ms: int, yard: Yard, weight: Weight) -> None:
        if weight.status != WeighingStatus.ACCEPTED or weight.weight_g is None:
            self._weighed = None
            return
        this = weight.weighing_id, weight.accepted_us
        if this != self._weighed:
            self._weighed = this
            at_ms = now_ms if weight.accepted_us is None else weight.accepted_us // 1000
            self._mark(
                at_ms,
                "accepted",
                g=weight.weight_g,
                u95_g=weight.u95_g,
                true_g=mass_on_deck_g(yard),
                axles=weight.axles,
            )

    def _mark(self, at_ms: int, what: str, **about: Any) -> None:
        kept = {key: value for key, value in about.items() if value not in (None, "")}
        self.marks.append({"at": at_ms, "what": what} | kept)


def _values(
    yard: Yard, lane: Scan, inputs: InputImage, outputs: OutputImage
) -> Iterator[tuple[str, str | int | None]]:
    """Every value that steps, by the name of its track."""
    yield from _lane_values(lane, inputs, outputs)
    yield from _weight_values(yard, inputs.weight)
    for end, name in enumerate(ENDS):
        yield from _end_values(yard, inputs, outputs, end, name)
    yield "sign", "" if yard.sign is None else "\n".join((yard.sign.colour, *yard.sign.lines))
    yield "sign.wanted", Message(outputs.sign.message).name
    yield "estop", 2 if yard.estop_pressed else 1
    yield "estop.said", int(inputs.estop)
    off_ms = inputs.wall.ms - yard.wall_ms
    # The lane reads whole milliseconds of a clock whose rate may be off; a tenth is enough here.
    yield "wall", round(off_ms / 100) if inputs.wall.ms else None
    yield "wall.quality", inputs.wall.quality.name


def _lane_values(
    lane: Scan, inputs: InputImage, outputs: OutputImage
) -> Iterator[tuple[str, str | int | None]]:
    state = lane.lane
    yield "phase", state.phase.name
    yield "reads", " / ".join(map(_read, inputs.plates))
    yield "outcome", state.outcome
    yield "passage", outputs.passage_id
    yield "ready", int(inputs.ledger.ready)
    permit = inputs.ledger.permit
    if permit is None:
        yield "permit", ""
    else:
        by = " by a person" if permit.by_person else ""
        yield "permit", f"{ENDS[permit.end]} · record {permit.seq}{by}"
    yield from _passage_values(state.passage)


def _read(read: PlateRead) -> str:
    least = min(read.char_ppm, default=0) // 10_000
    return (
        f"{read.text} · {ENDS[read.end]} {read.view.name.lower()} · "
        f"{read.agree} of {read.frames} frames · least certain {least} %"
    )


def _passage_values(passage: Passage | None) -> Iterator[tuple[str, str | int | None]]:
    if passage is None:
        yield from (("plate", ""), ("decision", ""))
        return
    stand = PlateStand(passage.stand)
    shown = passage.plate or passage.proposal
    yield "plate", f"{shown} · {stand.name.lower()}" if shown else ""
    if passage.part or passage.intent is not None:
        why = "; ".join(passage.reasons)
        yield "decision", f"{passage.decision.name.lower()}{': ' if why else ''}{why}"
    else:
        yield "decision", ""


def _weight_values(yard: Yard, weight: Weight) -> Iterator[tuple[str, str | int | None]]:
    yield "true", mass_on_deck_g(yard) // 1000
    yield "reading", None if weight.indicated_g is None else weight.indicated_g // 1000
    yield "deck", Deck(weight.deck).name
    yield "motion", int(weight.motion)
    yield "zero", int(weight.zero_ok)
    bad = f" · bad cells {', '.join(map(str, weight.bad_cells))}" if weight.bad_cells else ""
    yield "weighing", WeighingStatus(weight.status).name + bad


def _end_values(
    yard: Yard, inputs: InputImage, outputs: OutputImage, end: int, name: str
) -> Iterator[tuple[str, str | int | None]]:
    said = inputs.ends[end]
    for kind, sensor in zip(KINDS, said.sensors, strict=True):
        yield f"{name}.{kind}", int(yard.presence(end, kind))
        yield f"{name}.{kind}.said", int(Presence(sensor.state))
    boom = yard.booms[end]
    yield f"{name}.command", BoomCommand(outputs.booms[end]).name
    yield f"{name}.driven", "TORN OFF" if boom.broken else Drive(boom.level).name
    yield f"{name}.position", BoomPosition(said.boom.position).name
    approach, deck = outputs.approach_lamps[end], outputs.deck_lamps[end]
    yield f"{name}.approach_lamp", int(yard.approach_green[end])
    yield f"{name}.approach_lamp.wanted", int(approach == Lamp.GREEN)
    yield f"{name}.deck_lamp", int(yard.deck_green[end])
    yield f"{name}.deck_lamp.wanted", int(deck == Lamp.GREEN)
