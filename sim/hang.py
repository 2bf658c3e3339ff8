"""A host that hangs between two scans: the world goes on without the lane."""

from __future__ import annotations

from hal.ports import Drive
from sim.world import Yard


def hang(yard: Yard, lease_us: int) -> None:
    """Let pass what a host in trouble loses, if it is in trouble.

    The outputs stand for ``lease_us``; then the coprocessor drives nothing and shows red.
    """
    if yard.fault_of("host") != "hangs":
        return
    lost_us = round(yard.troubles["host"].amounts.by)
    yard.advance(min(lost_us, lease_us))
    if lost_us > lease_us:
        for boom in yard.booms:
            boom.level = Drive.HOLD
        yard.approach_green[:] = yard.deck_green[:] = [False, False]
        yard.advance(lost_us - lease_us)
