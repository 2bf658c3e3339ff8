"""What the camera of an end has before its lens."""

from __future__ import annotations

from sim.layout import Layout
from sim.scene import Light, Sight, Sky
from sim.vehicle import Vehicle


def front_of(vehicle: Vehicle, end: int, layout: Layout, light: Light, sky: Sky) -> Sight | None:
    """The front of one vehicle, by the lens that looks out or by the one that looks in."""
    if vehicle.end == end:
        distance = -vehicle.s_m
        near, far = 2.9, 11.0
    else:
        distance = layout.platform_m - vehicle.s_m + 4.0
        near, far = 4.0, 11.0
    if not near <= distance <= far:
        return None
    return Sight(
        vehicle=vehicle.number,
        plate=vehicle.truck.plate,
        dirt=vehicle.truck.plate_dirt,
        distance_m=distance,
        lateral_m=vehicle.truck.lateral_m,
        speed_mps=abs(vehicle.v_mps),
        light=light,
        sky=sky,
    )


def stands_beside(vehicle: Vehicle, other: Vehicle) -> bool:
    """Whether it has gone aside, for the other has come from the same way and is just there."""
    return vehicle.end == other.end and other.rear_s_m < vehicle.s_m < other.s_m
