"""What a record claims of its own making: waits that were waited, a plate that was sure, a journal.

The limits are those of the field (facts of passage: a minute to stand right or to come to rest, two
to drive off, three on the deck in all; two reads alike, 95 % in each character), written once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocol.parts import Kind, Plate, Stand, View
from protocol.record import Record
from sim.finding import Finding, of_record

SECOND_US = 1_000_000
WAITS_US = {
    "not positioned": 60 * SECOND_US,
    "weight not steady": 60 * SECOND_US,
    "boarding not finished": 90 * SECOND_US,
    "did not leave": 120 * SECOND_US,
    "did not clear": 120 * SECOND_US,
    "too long on the deck": 180 * SECOND_US,
}
SURE_PPM = 950_000
ALIKE = 2
JOURNAL = "journal"


def of_claims(records: Sequence[Record]) -> Iterator[Finding]:
    """Every claim of these records that their own words do not bear out."""
    kept: dict[bytes, int] = {}
    for record in records:
        if record.passage_id:
            yield from _wait(record)
            yield from _plate(record)
        yield from _journal(record, kept)


def _wait(record: Record) -> Iterator[Finding]:
    """Nobody is held for a wait that was not waited out since he came on the deck."""
    times = record.times
    said = {record.void or "", *(record.decision.reasons if record.decision else ())}
    if times.entered_us is None or times.decided_us is None or record.person is not None:
        return
    waited_us = times.decided_us - times.entered_us
    for reason in sorted(said):
        if waited_us < WAITS_US.get(reason, 0):
            seen = f"seq {record.seq}: {reason} after {waited_us / SECOND_US:.1f} s on the deck"
            yield of_record("T14", record, seen)


def _plate(record: Record) -> Iterator[Finding]:
    """A plate that nobody confirmed was read surely and alike, and no other was as sure."""
    how = record.identification
    by_itself = record.kind is Kind.PASSAGE and how is not None and how.stand is Stand.AUTO
    if not by_itself or record.plate is None:
        return
    sure = {plate.text for plate in record.plates if _is_sure(plate)}
    if sure != {record.plate}:
        told = ", ".join(sorted(sure)) or "none"
        seen = f"seq {record.seq} takes {record.plate} for sure; surely read: {told}"
        yield of_record("T15", record, seen)


def _is_sure(plate: Plate) -> bool:
    read = plate.view is not View.REAR and plate.valid is not False
    return read and min(plate.conf_ppm, default=0) >= SURE_PPM and (plate.agree or 0) >= ALIKE


def _journal(record: Record, kept: dict[bytes, int]) -> Iterator[Finding]:
    """A journal tells what came since the record before, so that no two name the same."""
    for medium in record.media:
        if medium.kind != JOURNAL:
            continue
        first = kept.setdefault(medium.sha256, record.seq)
        if first != record.seq:
            seen = f"seq {record.seq} names the journal of seq {first} again"
            yield of_record("T12", record, seen)
