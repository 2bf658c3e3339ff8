"""From what the lane wants recorded to a record of the ledger: words, units and identities."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from controller.core import verdict as judged
from controller.core.images import PlateRead, RecordIntent, WallTime
from controller.core.kinds import (
    ClockQuality,
    Decision,
    End,
    Phase,
    PlateStand,
    RecordKind,
    View,
)
from controller.core.mpe import LOAD_E_MAX, mpe_in_service_g
from protocol import parts
from protocol.record import Record

TEXT_MAX = 500
READS_MAX = 16


class Identity(Struct, frozen=True, kw_only=True):
    """What every record of this box says of itself, of its scale, and of when it believes a plate.

    ``plate_rule`` is blank but for the site's thresholds.
    """

    site: str
    lane: str
    scale: parts.Scale
    software: str
    config_hash: bytes
    estimator: str
    plate_rule: parts.Identification
    unit_code: str | None = None


class Evidence(Struct, frozen=True, kw_only=True):
    """What the box adds to an intent: the weight curve, and the cut-outs kept, by their digest."""

    curve: tuple[tuple[int, int], ...] = ()
    pictures: frozenset[str] = frozenset()


def to_record(intent: RecordIntent, identity: Identity, evidence: Evidence) -> Record:
    """Return the record of an intent, ready for the ledger."""
    weighing = _weighing(intent, identity)
    return Record(
        kind=parts.Kind(int(intent.kind)),
        site=identity.site,
        lane=identity.lane,
        passage_id=intent.passage_id,
        part=intent.part,
        refers_to=intent.refers_to,
        direction=_direction(intent.entry),
        times=_times(intent),
        plate=intent.plate or None,
        plates=tuple(_plate(read, evidence) for read in intent.reads[:READS_MAX]),
        axles=_axles(intent),
        vehicle=_vehicle(intent.facts),
        weighing=weighing,
        verdicts=_verdicts(intent),
        decision=_decision(intent),
        permit=parts.Permit.NONE if intent.permit is None else parts.Permit(_end(intent.permit)),
        reweigh=_reweigh(intent),
        person=_person(intent),
        amendment=_amendment(intent),
        identification=_identification(intent, identity.plate_rule),
        degraded=_degraded(intent),
        service=_service(intent),
        void=_text(intent.reasons[0]) if intent.kind == RecordKind.VOID else None,
        move=_move(intent),
        scale=identity.scale,
        curve=_curve(evidence) if _has_curve(intent) else None,
        images=_images(intent, evidence),
        phases=tuple((Phase(phase).name, at_us) for phase, at_us in intent.timeline),
        software=identity.software,
        config_hash=identity.config_hash,
        unit_code=identity.unit_code,
    )


def _end(end: End) -> parts.End:
    return parts.End(end.name.lower())


def _direction(entry: End | None) -> parts.Direction | None:
    if entry is None:
        return None
    return parts.Direction.OUT if entry == End.YARD else parts.Direction.IN


def _text(text: str) -> str:
    return text[:TEXT_MAX]


def _clock(wall: WallTime) -> parts.ClockQuality:
    return parts.ClockQuality(ClockQuality(wall.quality).name.lower())


def _times(intent: RecordIntent) -> parts.Times:
    weight = intent.weight
    accepted_us = weight.accepted_us if weight is not None else None
    known = intent.wall.quality != ClockQuality.UNKNOWN
    return parts.Times(
        at_us=intent.decided_us if accepted_us is None else accepted_us,
        wall_ms=intent.wall.ms if known else None,
        clock=_clock(intent.wall),
        started_us=intent.started_us,
        entered_us=intent.boarded_us,
        decided_us=intent.decided_us,
    )


def _plate(read: PlateRead, evidence: Evidence) -> parts.Plate:
    kept = read.picture_sha256 in evidence.pictures
    return parts.Plate(
        text=read.text or "?",
        conf_ppm=read.char_ppm[:16],
        end=_end(read.end),
        image_sha256=bytes.fromhex(read.picture_sha256) if kept else None,
        captured_us=read.captured_us,
        track=read.track,
        valid=read.valid,
        ptype=read.ptype or None,
        ptype_ppm=read.ptype_ppm if read.ptype else None,
        view=_view(read.view),
        frames=read.frames,
        agree=read.agree,
        first_us=read.first_us,
        last_us=read.last_us,
        hints=read.hints,
    )


def _view(view: View) -> parts.View:
    return parts.View(View(view).name.lower())


def _identification(
    intent: RecordIntent, rule: parts.Identification
) -> parts.Identification | None:
    """How the plate came about, where this record is about a vehicle that could have one."""
    if intent.kind in (RecordKind.MANUAL_MOVE, RecordKind.SERVICE):
        return None
    return replace(
        rule,
        stand=parts.Stand(PlateStand(intent.stand).name.lower()),
        read=intent.proposal or None,
        frames=tuple(
            parts.PlateFrames(
                end=_end(counts.end),
                view=_view(counts.view),
                taken=counts.taken,
                read=counts.read,
                late=counts.late,
                flawed=counts.flawed,
            )
            for counts in intent.frames
        ),
    )


def _axles(intent: RecordIntent) -> parts.Axles | None:
    facts, weight = intent.facts, intent.weight
    if facts is None:
        return None
    offsets_mm = weight.axle_offsets_mm if weight is not None else ()
    counted = weight is not None and weight.axles is not None
    return parts.Axles(
        count=facts.axles,
        source=parts.Source.SENSOR if counted else parts.Source.REGISTER,
        vehicle_kind=facts.kind,
        single_drive_axle=facts.single_drive_axle,
        single_tyre_axles=facts.single_tyre_axles,
        wide_tyres=facts.wide_tyres,
        air_suspension_drive=facts.air_suspension_drive,
        trailer_tandem_spacing_mm=facts.trailer_tandem_spacing_mm,
        offsets_mm=tuple(max(0, at_mm) for at_mm in offsets_mm[:64]),
    )


def _vehicle(facts: judged.Facts | None) -> parts.Vehicle | None:
    if facts is None:
        return None
    return parts.Vehicle(
        licence_gvm_g=facts.licence_gvm_g,
        licence_payload_g=facts.licence_payload_g,
        height_mm=facts.height_mm,
        width_mm=facts.width_mm,
        length_mm=facts.length_mm,
        posted_limit_g=facts.posted_limit_g,
    )


def _weighing(intent: RecordIntent, identity: Identity) -> parts.Weighing | None:
    weight = intent.weight
    if weight is None or weight.weight_g is None:
        return None
    gross_g, e_g = weight.weight_g, identity.scale.e_g
    inbound = intent.entry == End.ROAD
    tare = None
    if intent.tare_g is not None and intent.tare_seq is not None:
        tare = parts.Tare(tare_g=intent.tare_g, seq=intent.tare_seq)
    return parts.Weighing(
        gross_g=gross_g,
        indicated_g=gross_g,
        purpose=parts.Purpose.TARE if inbound else parts.Purpose.GROSS,
        u95_g=weight.u95_g,
        mpe_g=mpe_in_service_g(gross_g, e_g) if 0 <= gross_g <= LOAD_E_MAX * e_g else None,
        tare=tare,
        net_g=gross_g - intent.tare_g if intent.tare_g is not None else None,
        stable_to_us=weight.accepted_us,
        estimator=f"{identity.estimator}: {weight.estimate_g} g before rounding to d",
        zero_offset_g=weight.zero_offset_g,
    )


def _verdicts(intent: RecordIntent) -> parts.Verdicts | None:
    judgement = intent.judgement
    if judgement is None:
        return None
    return parts.Verdicts(
        over_limit=_over_limit(judgement.over_limit),
        overload=_overload(judgement.overload),
        dimensions=parts.Verdict(
            result=parts.Result(judgement.dimensions.verdict.value),
            clause=judgement.dimensions.clause,
            exceeded=judgement.dimensions.over,
        ),
        rules=judgement.rules,
        reasons=tuple(_text(reason) for reason in judgement.reasons),
        on=intent.facts.on if intent.facts is not None else None,
    )


def _over_limit(over: judged.OverLimit) -> parts.Verdict:
    return parts.Verdict(
        result=parts.Result(over.verdict.value),
        limit_g=over.limit_g,
        over_g=over.over_g,
        rate_e4=over.rate_e4,
        rule=over.rule,
        clause=over.clause,
        within_mpe=over.within_mpe,
        readings=tuple(_reading(reading) for reading in over.readings),
    )


def _reading(reading: judged.Reading) -> parts.Reading:
    return parts.Reading(
        result=parts.Result(reading.verdict.value),
        limit_g=reading.limit_g,
        over_g=reading.over_g,
        rate_e4=reading.rate_e4,
        rule=reading.rule,
        clause=reading.clause,
        note=reading.note,
        assumed=tuple(parts.Assumed(fact=a.fact, value=a.value) for a in reading.assumed),
    )


def _overload(load: judged.Overload) -> parts.Verdict:
    return parts.Verdict(
        result=parts.Result(load.verdict.value),
        limit_g=load.limit_g,
        over_g=load.over_g,
        rate_e4=load.rate_e4,
        clause=load.clause,
        basis=load.basis,
        rate_of=load.rate_of,
    )


def _decision(intent: RecordIntent) -> parts.Decision | None:
    if intent.kind in (RecordKind.VOID, RecordKind.MANUAL_MOVE, RecordKind.SERVICE):
        return None
    return parts.Decision(
        outcome=parts.Outcome(Decision(intent.decision).name.lower()),
        reasons=tuple(_text(reason) for reason in intent.reasons),
    )


def _reweigh(intent: RecordIntent) -> parts.Reweigh | None:
    chain = intent.chain
    if chain is None:
        return None
    return parts.Reweigh(first_seq=chain.token, previous_seq=chain.previous_seq, cycle=chain.cycle)


def _person(intent: RecordIntent) -> parts.Person | None:
    if not intent.who or not intent.why:
        return None
    return parts.Person(who=_text(intent.who), why=_text(intent.why))


def _amendment(intent: RecordIntent) -> parts.Amendment | None:
    if intent.kind != RecordKind.AMENDMENT or not intent.plate_by:
        return None
    best = max(intent.reads, key=lambda read: min(read.char_ppm, default=0), default=None)
    was = intent.proposal or (best.text if best is not None else "")
    return parts.Amendment(field=parts.Amendable.PLATE, was=was or None, now=intent.plate)


def _move(intent: RecordIntent) -> parts.Move | None:
    if intent.kind != RecordKind.MANUAL_MOVE or intent.move is None:
        return None
    motion = parts.Motion.LOWER if intent.permit is None else parts.Motion.RAISE
    return parts.Move(end=_end(intent.move), motion=motion)


def _degraded(intent: RecordIntent) -> parts.Degraded | None:
    """What the remaining cells said, and by whose word; a void or a service takes no weight."""
    mode, weight = intent.mode, intent.weight
    found = weight.degraded if weight is not None else None
    if mode is None or found is None:
        return None
    known = found.weight_g is not None
    return parts.Degraded(
        cells=found.cells,
        weight_g=found.weight_g,
        u95_g=found.u95_g if known else None,
        method=found.method or None,
        reason=None if known else _text(found.reason or "the remaining cells give no weight"),
        allowed=parts.Person(who=_text(mode.who), why=_text(mode.why)),
    )


def _service(intent: RecordIntent) -> parts.Servicing | None:
    if intent.service is None:
        return None
    bad = intent.weight.bad_cells if intent.weight is not None else ()
    return parts.Servicing(action=parts.Service(intent.service.name.lower()), cells=bad)


def _has_curve(intent: RecordIntent) -> bool:
    return intent.part == 1 and intent.kind != RecordKind.SERVICE


def _curve(evidence: Evidence) -> parts.Curve | None:
    if not evidence.curve:
        return None
    times, masses = zip(*evidence.curve, strict=True)
    return parts.Curve.of(times, masses)


def _images(intent: RecordIntent, evidence: Evidence) -> tuple[parts.Image, ...]:
    return tuple(
        parts.Image(
            name="plate",
            sha256=bytes.fromhex(read.picture_sha256),
            camera=_end(read.end),
            t_us=read.captured_us,
        )
        for read in intent.reads
        if read.picture_sha256 in evidence.pictures
    )
