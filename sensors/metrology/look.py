"""What a weigher said at one tick, as far as the tests need it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sensors.calibration import Scale
from sensors.indication import indicate_g
from sensors.metrology.report import Report
from sensors.weighing import DeckState, EventKind, Status, Weighing


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What the weigher said at one tick; ``absolute_g`` is above the calibrated zero.

    ``estimated_g`` is the running estimate rounded to d, where there is one.  ``stored_g`` is the
    accepted weight rounded to d, ``zero_set_us`` when zero was last set, ``named`` the cells that
    the weigher's watch has named.
    """

    t_us: int
    gross_g: int
    absolute_g: int
    indicated_g: int | None
    estimated_g: int | None
    deck: DeckState
    status: Status
    stored_g: int | None
    accepted_us: int | None
    zero_set_us: int | None
    named: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of looks in order, and what it is called in the report."""

    name: str
    looks: tuple[Look, ...]


def look_at(seen: Weighing, scale: Scale) -> Look:
    """What of a weighing the tests need."""
    zero_set = [event.t_us for event in seen.events if event.kind == EventKind.ZERO_SET]
    estimate_g, weight_g = seen.estimate_g, seen.weight_g
    return Look(
        t_us=seen.t_us,
        gross_g=seen.gross_g,
        absolute_g=seen.gross_g + seen.zero_offset_g,
        indicated_g=seen.indicated_g,
        estimated_g=None if estimate_g is None else indicate_g(estimate_g, scale),
        deck=seen.deck,
        status=seen.status,
        stored_g=None if weight_g is None else indicate_g(weight_g, scale),
        accepted_us=seen.accepted_us,
        zero_set_us=zero_set[-1] if zero_set else None,
        named=tuple(f"cell{i} {c.name.lower()}" for i, c in enumerate(seen.cells) if c),
    )


def is_still(looks: Sequence[Look], e_g: int) -> bool:
    """Whether all readings of a deck with a zero lie within e; none are not still.

    Test weights on one support look like a failing cell to a watch that expects axles; the load
    is known here, so a cell that is named does not stop the test: it is reported.
    """
    known = bool(looks) and all(k.deck != DeckState.UNKNOWN or k.named for k in looks)
    grams = [look.gross_g for look in looks]
    return known and max(grams) - min(grams) <= e_g


def with_named(report: Report, looks: Sequence[Look]) -> Report:
    """The report with a note of the cells that were named in these looks."""
    named = sorted({name for look in looks for name in look.named})
    if not named:
        return report
    note = ("cells_named", ", ".join(named))
    return msgspec.structs.replace(report, notes=(*report.notes, note))
