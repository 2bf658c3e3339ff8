"""The cargo papers of a register entry as the lane may know them."""

from __future__ import annotations

import hashlib

from controller.core.images import Cargo
from hal.ports import RegisterEntry


def cargo_of(entry: RegisterEntry) -> Cargo | None:
    """Goods, load ticket, destination, permit and owner; None where the papers state none.

    Of the driver only a hash goes on: whoever has the number can show that it is the one.
    """
    driver = entry.driver
    cargo = Cargo(
        goods=entry.goods,
        load_ticket=entry.load_ticket,
        destination=entry.destination,
        road_permit=entry.road_permit,
        owner=entry.owner,
        driver_sha256=None if driver is None else hashlib.sha256(driver.encode()).hexdigest(),
    )
    return None if cargo == Cargo() else cargo
