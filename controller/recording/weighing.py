"""The weight with all that it came from; or, without evidence, what the remaining cells said."""

from __future__ import annotations

from controller.core.images import RecordIntent
from controller.core.kinds import ClockQuality, End, RecordKind
from controller.core.mpe import LOAD_E_MAX, mpe_in_service_g
from controller.recording.words import bounded
from protocol import parts

PARAMETERS_MAX = 64


def weighing_of(
    intent: RecordIntent, e_g: int, tare_expiry_ms: int, raw: bytes | None
) -> parts.Weighing | None:
    """The accepted weight; its raw counts stand in the first record that tells of it."""
    weight = intent.weight
    if weight is None or weight.weight_g is None:
        return None
    gross_g = weight.weight_g
    inbound = intent.entry == End.ROAD
    return parts.Weighing(
        gross_g=gross_g,
        indicated_g=gross_g,
        purpose=parts.Purpose.TARE if inbound else parts.Purpose.GROSS,
        u95_g=weight.u95_g,
        mpe_g=mpe_in_service_g(gross_g, e_g) if 0 <= gross_g <= LOAD_E_MAX * e_g else None,
        tare=_tare(intent, tare_expiry_ms),
        net_g=gross_g - intent.tare_g if intent.tare_g is not None else None,
        stable_from_us=weight.stable_from_us,
        stable_to_us=weight.accepted_us,
        estimator=weight.estimator or None,
        estimator_version=weight.estimator_version or None,
        parameters=weight.parameters[:PARAMETERS_MAX],
        estimate_g=weight.estimate_g,
        zero_offset_g=weight.zero_offset_g,
        raw=raw if tells_of_the_stay(intent) else None,
    )


def _tare(intent: RecordIntent, tare_expiry_ms: int) -> parts.Tare | None:
    if intent.tare_g is None or intent.tare_seq is None:
        return None
    taken_ms = intent.tare_taken_ms
    return parts.Tare(
        tare_g=intent.tare_g,
        seq=intent.tare_seq,
        taken_ms=taken_ms,
        clock=parts.ClockQuality(ClockQuality(intent.tare_clock).name.lower()),
        expires_ms=None if taken_ms is None else taken_ms + tare_expiry_ms,
    )


def tells_of_the_stay(intent: RecordIntent) -> bool:
    """Whether curve and counts belong here: the first of a stay, or of another weight of it."""
    first = intent.part == 1 and intent.kind != RecordKind.SERVICE
    return first or intent.weighed_again


def curve_of(intent: RecordIntent, points: tuple[tuple[int, int], ...]) -> parts.Curve | None:
    """The weight curve, where there is one and it belongs here."""
    if not points or not tells_of_the_stay(intent):
        return None
    times, masses = zip(*points, strict=True)
    return parts.Curve.of(times, masses)


def degraded_of(intent: RecordIntent) -> parts.Degraded | None:
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
        reason=None if known else bounded(found.reason or "the remaining cells give no weight"),
        allowed=parts.Person(who=bounded(mode.who), why=bounded(mode.why)),
    )
