"""Incidents at a gate that a record tells of, against what happened at that gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocol.record import Record
from sim.finding import Finding, of_record
from sim.world import Fault, Yard

BOOM_MOVED = "boom moved by hand"
"""The VOID of an incident at a gate, which needs no vehicle."""
AFTER_US = 10_000_000
"""So long after trouble of a gate or of the host a boom may still be off its limit for it."""


def of_incidents(records: Sequence[Record], yard: Yard, died: bool) -> Iterator[Finding]:
    """Every boom that is said to have been moved by hand, and that nothing has moved.

    A hand did, or its drive or its switches made it seem so; one that was torn off, and one that
    hung in the air when the lane died, may look the same.
    """
    if died or yard.mischief is not None or any(boom.broken for boom in yard.booms):
        return
    for record in records:
        at_us = record.times.at_us
        if record.void == BOOM_MOVED and not any(_moves(f, at_us) for f in yard.options.faults):
            seen = f"seq {record.seq}: {BOOM_MOVED}, and nobody and nothing moved one"
            yield of_record("T16", record, seen)


def _moves(fault: Fault, at_us: int) -> bool:
    device = fault.device
    over_us = None if fault.until_us is None else fault.until_us + AFTER_US
    there = fault.from_us <= at_us and (over_us is None or at_us <= over_us)
    return there and (device.endswith(".boom") or device == "host")
