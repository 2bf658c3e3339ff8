"""From what is known of one vehicle to what the lane does with it: pure, and strict on unknowns."""

from __future__ import annotations

from msgspec import Struct

from controller.core.images import Chain, InputImage, Vehicle, WallTime, Weight
from controller.core.kinds import ClockQuality, Decision, End, PlateStand
from controller.core.passage import Passage
from controller.core.rules import judge, unusable_weight
from controller.core.settings import LaneSettings
from controller.core.verdict import Facts, Judgement, Verdict


class Decided(Struct, frozen=True, kw_only=True):
    """A decision with all that led to it."""

    decision: Decision
    reasons: tuple[str, ...]
    facts: Facts | None = None
    judgement: Judgement | None = None
    tared: Vehicle | None = None
    chain: Chain | None = None


def with_tare(vehicle: Vehicle | None, wall: WallTime, expiry_ms: int) -> Vehicle | None:
    """The vehicle, if it has a stored tare that has not expired and time is known."""
    if vehicle is None or vehicle.tare_g is None or vehicle.tare_taken_ms is None:
        return None
    age_ms = wall.ms - vehicle.tare_taken_ms
    if wall.quality == ClockQuality.UNKNOWN or not 0 <= age_ms <= expiry_ms:
        return None
    return vehicle


def decide(passage: Passage, weight: Weight, inputs: InputImage, settings: LaneSettings) -> Decided:
    """Judge the vehicle and decide: out by rule, back to unload, or held for a person."""
    gross_g = weight.weight_g
    if gross_g is None:
        return Decided(decision=Decision.HOLD, reasons=("no weight",))
    vehicle = passage.vehicle if passage.plate else None
    inbound = passage.entry == End.ROAD
    tared = None if inbound else with_tare(vehicle, inputs.wall, settings.tare_expiry_ms)
    tare_g = tared.tare_g if tared is not None else None
    facts = facts_of(gross_g, tare_g, weight, vehicle, inputs.wall, settings)
    unusable = unusable_weight(facts)
    if unusable:
        return Decided(decision=Decision.HOLD, reasons=(unusable,), facts=facts)
    judgement = judge(facts, settings.book)
    chain = _chain(vehicle)
    decision, reasons = _act(passage, judgement, chain, settings)
    return Decided(
        decision=decision,
        reasons=(*reasons, *_tare_drift(vehicle, gross_g, inbound, settings)),
        facts=facts,
        judgement=judgement,
        tared=tared,
        chain=chain,
    )


def facts_of(
    gross_g: int,
    tare_g: int | None,
    weight: Weight,
    vehicle: Vehicle | None,
    wall: WallTime,
    settings: LaneSettings,
) -> Facts:
    """Facts for the judge; two sources that contradict each other make the fact unknown."""
    papers = vehicle or Vehicle(plate="")
    return Facts(
        axles=_agreed(weight.axles, papers.axles),
        kind=papers.kind,
        single_drive_axle=papers.single_drive_axle,
        single_tyre_axles=papers.single_tyre_axles,
        wide_tyres=papers.wide_tyres,
        air_suspension_drive=papers.air_suspension_drive,
        trailer_tandem_spacing_mm=papers.trailer_tandem_spacing_mm,
        gross_g=gross_g,
        tare_g=tare_g,
        licence_gvm_g=papers.licence_gvm_g,
        licence_payload_g=papers.licence_payload_g,
        height_mm=papers.height_mm,
        width_mm=papers.width_mm,
        length_mm=papers.length_mm,
        posted_limit_g=settings.posted_limit_g,
        on=None if wall.quality == ClockQuality.UNKNOWN else wall.date,
        scale=settings.scale,
    )


def _agreed(counted: int | None, stated: int | None) -> int | None:
    if counted is None or stated is None:
        return counted if stated is None else stated
    return counted if counted == stated else None


def _chain(vehicle: Vehicle | None) -> Chain | None:
    if vehicle is None or vehicle.chain_token is None or vehicle.chain_previous_seq is None:
        return None
    return Chain(
        token=vehicle.chain_token,
        previous_seq=vehicle.chain_previous_seq,
        cycle=vehicle.chain_cycles + 1,
    )


def _act(
    passage: Passage, judgement: Judgement, chain: Chain | None, settings: LaneSettings
) -> tuple[Decision, tuple[str, ...]]:
    if not passage.plate:
        waited = passage.stand == PlateStand.PROPOSED
        why = "plate not confirmed" if waited else "plate not read"
        return Decision.HOLD, (why, *judgement.reasons)
    if chain is not None and chain.cycle > settings.reweigh_cycles_max:
        return Decision.HOLD, ("re-weigh cycles used up", *judgement.reasons)
    if judgement.release:
        return Decision.RELEASE, judgement.reasons
    verdicts = (judgement.over_limit.verdict, judgement.overload.verdict)
    if Verdict.OVER in (*verdicts, judgement.dimensions.verdict):
        return Decision.RETURN, judgement.reasons
    return Decision.HOLD, judgement.reasons


def _tare_drift(
    vehicle: Vehicle | None, gross_g: int, inbound: bool, settings: LaneSettings
) -> tuple[str, ...]:
    if not inbound or vehicle is None or vehicle.tare_g is None:
        return ()
    drift_g = abs(gross_g - vehicle.tare_g)
    beyond = drift_g * 1000 > vehicle.tare_g * settings.tare_drift_permille
    return ("tare differs from the last one",) if beyond else ()
