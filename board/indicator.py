"""When an indicator's readings are a weight: ``[indicator]`` of a site file, times with units.

Source: facts of the passage 9.3, R 76-1 A.4.12 for the check afterwards.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from hal.schema import Problems, read_table, time
from sensors.indicated_rule import Rule

_AS_SHIPPED = Rule()


class _Table(Struct, frozen=True, kw_only=True):
    """Nothing here may be set looser than R 76 or so short that one gust passes for rest."""

    readings: Annotated[int, Meta(ge=5, le=100)] = _AS_SHIPPED.readings
    window_us: Annotated[int, time("500 ms", "5 s")] = field(
        name="window", default=_AS_SHIPPED.window_us
    )
    settle_us: Annotated[int, time("0 s", "30 s")] = field(
        name="settle", default=_AS_SHIPPED.settle_us
    )
    check_us: Annotated[int, time("5 s", "60 s")] = field(
        name="check", default=_AS_SHIPPED.check_us
    )
    silent_us: Annotated[int, time("300 ms", "5 s")] = field(
        name="silent", default=_AS_SHIPPED.silent_us
    )
    give_up_us: Annotated[int, time("3 s", "60 s")] = field(
        name="give_up", default=_AS_SHIPPED.give_up_us
    )


def read_rule(table: dict[str, Any], problems: Problems, *, fitted: bool) -> Rule:
    """Return the rule of a site file's ``[indicator]``; what it leaves out is as shipped."""
    if table and not fitted:
        problems.add("indicator", "no devices.indicator weighs here; leave this section out")
    stated = read_table(table, _Table, "indicator", problems)
    return _AS_SHIPPED if stated is None else Rule(**msgspec.structs.asdict(stated))
