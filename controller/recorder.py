"""From what the lane wants recorded to a record of the ledger: words, units and identities.

``to_record`` is pure: the same intent, identity and evidence give the same record.  What each part
comes from stands in ``controller/recording/``.
"""

from __future__ import annotations

from msgspec import Struct

from controller.core.images import RecordIntent
from controller.core.kinds import End, Phase
from controller.recording.deeds import (
    amendment_of,
    decision_of,
    move_of,
    permit_of,
    person_of,
    reweigh_of,
    service_of,
    void_of,
)
from controller.recording.identity import Identity
from controller.recording.plates import Picture, identification_of, images_of, plates_of
from controller.recording.times import code_of, times_of
from controller.recording.usability import usability_of
from controller.recording.vehicle import axles_of, cargo_of, vehicle_of
from controller.recording.verdicts import verdicts_of
from controller.recording.weighing import curve_of, degraded_of, weighing_of
from protocol import parts
from protocol.record import Record


class Evidence(Struct, frozen=True, kw_only=True):
    """What the box adds to an intent: the weight curve, the raw counts, the cut-outs kept."""

    curve: tuple[tuple[int, int], ...] = ()
    raw: bytes | None = None
    pictures: tuple[Picture, ...] = ()


def evidence_in(record: Record) -> Evidence:
    """The evidence that a record was made with, so that it can be made again."""
    curve, weighing = record.curve, record.weighing
    return Evidence(
        curve=tuple(zip(curve.t_us, curve.g, strict=True)) if curve is not None else (),
        raw=weighing.raw if weighing is not None else None,
        pictures=tuple(
            Picture(sha256=image.sha256, width_px=image.width_px, height_px=image.height_px)
            for image in record.images
        ),
    )


def to_record(intent: RecordIntent, identity: Identity, evidence: Evidence) -> Record:
    """Return the record of an intent; its flags and its media are the bookkeeper's to add."""
    scale, times = identity.scale, times_of(intent)
    weighing = weighing_of(intent, scale.e_g, identity.tare_expiry_ms, evidence.raw)
    degraded, verdicts = degraded_of(intent), verdicts_of(intent, identity)
    return Record(
        kind=parts.Kind(int(intent.kind)),
        site=identity.site,
        lane=identity.lane,
        passage_id=intent.passage_id,
        part=intent.part,
        refers_to=intent.refers_to,
        direction=_direction(intent.entry),
        times=times,
        plate=intent.plate or None,
        plates=plates_of(intent, evidence.pictures),
        axles=axles_of(intent),
        vehicle=vehicle_of(intent.facts),
        weighing=weighing,
        verdicts=verdicts,
        decision=decision_of(intent),
        permit=permit_of(intent),
        reweigh=reweigh_of(intent),
        person=person_of(intent),
        amendment=amendment_of(intent),
        identification=identification_of(intent, identity.plate_rule),
        degraded=degraded,
        service=service_of(intent),
        void=void_of(intent),
        move=move_of(intent),
        scale=scale,
        curve=curve_of(intent, evidence.curve),
        images=images_of(intent, evidence.pictures),
        phases=tuple((Phase(phase).name, at_us) for phase, at_us in intent.timeline),
        software=identity.software,
        config_hash=identity.config_hash,
        unit_code=identity.unit_code,
        device_sn=identity.device_sn,
        code=code_of(identity.site, identity.lane, intent),
        usability=usability_of(weighing, degraded, scale, times, intent.taken_back),
        cargo=cargo_of(intent.cargo),
        tables=identity.tables_of(verdicts),
    )


def _direction(entry: End | None) -> parts.Direction | None:
    if entry is None:
        return None
    return parts.Direction.OUT if entry == End.YARD else parts.Direction.IN
