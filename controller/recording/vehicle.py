"""Axles, papers and cargo as the rules and the register had them."""

from __future__ import annotations

import itertools

from controller.core import verdict as judged
from controller.core.images import Cargo, RecordIntent
from controller.recording.words import bounded
from protocol import parts

AXLES_MAX = 64
GROUP_MM_MAX = 1_800
"""Axles no further apart than this stand in one group (并装轴; GB 1589, as read in the facts)."""


def axles_of(intent: RecordIntent) -> parts.Axles | None:
    """The configuration that the rules were given, and what the scale measured of it."""
    facts, weight = intent.facts, intent.weight
    if facts is None:
        return None
    offsets_mm = weight.axle_offsets_mm if weight is not None else ()
    counted = weight is not None and weight.axles is not None
    return parts.Axles(
        count=_count(facts.axles),
        source=parts.Source.SENSOR if counted else parts.Source.REGISTER,
        vehicle_kind=facts.kind,
        single_drive_axle=facts.single_drive_axle,
        single_tyre_axles=facts.single_tyre_axles,
        wide_tyres=facts.wide_tyres,
        air_suspension_drive=facts.air_suspension_drive,
        trailer_tandem_spacing_mm=facts.trailer_tandem_spacing_mm,
        offsets_mm=tuple(max(0, at_mm) for at_mm in offsets_mm[:AXLES_MAX]),
        axle_type=_axle_type(facts.axles, offsets_mm),
    )


def _count(stated: int | None) -> int | None:
    """A number of axles that a vehicle can have; a register may state any."""
    return stated if stated is not None and 1 <= stated <= AXLES_MAX else None


def _axle_type(count: int | None, offsets_mm: tuple[int, ...]) -> str | None:
    """The groups of axles in the order in which they came, as ``1+2+3`` (轴型).

    None unless the scale measured every axle that the rules were told of.
    """
    if _count(count) is None or count != len(offsets_mm):
        return None
    groups = [1]
    for before, here in itertools.pairwise(offsets_mm):
        if here - before <= GROUP_MM_MAX:
            groups[-1] += 1
        else:
            groups.append(1)
    return "+".join(str(axles) for axles in groups)[:64]


def vehicle_of(facts: judged.Facts | None) -> parts.Vehicle | None:
    """Licence data and dimensions as the rules were told them."""
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


def cargo_of(cargo: Cargo | None) -> parts.Cargo | None:
    """Goods, ticket, way and permit; of the driver a hash."""
    if cargo is None:
        return None
    driver = cargo.driver_sha256
    return parts.Cargo(
        goods=_text(cargo.goods),
        load_ticket=_code(cargo.load_ticket),
        destination=_text(cargo.destination),
        road_permit=_code(cargo.road_permit),
        owner=_text(cargo.owner),
        driver_sha256=None if driver is None else bytes.fromhex(driver),
    )


def _text(text: str | None) -> str | None:
    return bounded(text) if text else None


def _code(text: str | None) -> str | None:
    return text[:64] if text else None
