"""The records as a ledger: numbers, links, seals, days, passages and their parts.

Hashes and seals are computed here anew, by the standard's words and not by the program's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol.parts import Kind, Outcome, Permit
from protocol.record import Record
from protocol.rows import Hashes
from sim.finding import Finding, of_record

_ACCOUNTS = (Kind.PASSAGE, Kind.VOID)


def of_ledger(records: Sequence[Record], hashes: Hashes) -> Iterator[Finding]:
    """Every break of number, link, day, passage or part."""
    yield from _sequence(records, hashes)
    yield from _days(records)
    passages: dict[int, list[Record]] = {}
    for record in records:
        if record.passage_id:
            passages.setdefault(record.passage_id, []).append(record)
    for parts in passages.values():
        yield from _passage(parts)


def of_seals(bodies: Mapping[int, bytes], hashes: Hashes, key: bytes) -> Iterator[Finding]:
    """Every sealed record whose signature does not hold under ``key`` (RFC 9052, 4.4)."""
    kept = {seq: digest for (_, _, seq), digest in hashes.items()}
    for seq, body in bodies.items():
        if hashlib.sha256(body).digest() != kept.get(seq):
            yield _of_file(f"seq {seq}: its hash is not that of its sealed bytes")
        try:
            protected, _, payload, signature = cbor2.loads(body).value
            signed = cbor2.dumps(["Signature1", protected, b"", payload])
            Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
        except (InvalidSignature, ValueError, TypeError, AttributeError) as error:
            yield _of_file(f"seq {seq}: its seal does not hold ({type(error).__name__})")


def _sequence(records: Sequence[Record], hashes: Hashes) -> Iterator[Finding]:
    before: Record | None = None
    for expected, record in enumerate(records, start=1):
        if record.seq != expected:
            yield of_record("I6", record, f"seq {record.seq} where {expected} is due")
            return
        if before is not None and record.prev_hash != _hash(before, hashes):
            yield of_record("I6", record, f"seq {record.seq} does not carry its forerunner's hash")
        before = record


def _days(records: Sequence[Record]) -> Iterator[Finding]:
    """Between records of two dates stands a manifest of the earlier one, that counts right."""
    first, day = 1, None
    closed: set[int] = set()
    for record in records:
        manifest = record.manifest
        if record.kind is Kind.MANIFEST and manifest is not None:
            stated = (manifest.first, manifest.last, manifest.count, manifest.day)
            due = (first, record.seq - 1, record.seq - first, day)
            if stated != due:
                yield of_record("I6", record, f"a manifest says {stated}, {due} is due")
            first, day = record.seq, None
            closed |= {manifest.day} if manifest.day is not None else set()
            continue
        date = record.times.date
        if None not in (date, day) and date != day and date not in closed:
            yield of_record("I6", record, f"seq {record.seq} of {date}: {day} was not closed")
            return
        day = date if day is None else day


def _passage(parts: list[Record]) -> Iterator[Finding]:
    """Parts are numbered from 1, refer to the first, and account for the vehicle once."""
    first = parts[0]
    yield from _voids(parts)
    if [record.part for record in parts] != list(range(1, len(parts) + 1)):
        numbers = ", ".join(str(record.part) for record in parts)
        yield of_record("I4", first, f"passage {first.passage_id} has the parts {numbers}")
    words = set(map(id, annulments(parts)))
    accounts = [one for one in parts if one.kind in _ACCOUNTS and id(one) not in words]
    if len(accounts) > 1:
        names = ", ".join(f"seq {record.seq} {record.kind.name}" for record in accounts)
        yield of_record("I4", accounts[1], f"passage {first.passage_id} is told of by {names}")
    for record in parts[1:]:
        if record.refers_to != first.seq:
            seen = (
                f"seq {record.seq} refers to {record.refers_to}, its passage began in {first.seq}"
            )
            yield of_record("I4", record, seen)


def annulments(records: Sequence[Record]) -> list[Record]:
    """Each VOID by which a person takes back a passage that had its account before."""
    told: set[int] = set()
    found = []
    for record in records:
        if record.kind is Kind.VOID and record.person is not None and record.passage_id in told:
            found.append(record)
        if record.kind in _ACCOUNTS:
            told.add(record.passage_id)
    return found


def releases(record: Record) -> bool:
    """Whether this record lets its vehicle go."""
    return record.decision is not None and record.decision.outcome is Outcome.RELEASE


def _voids(parts: list[Record]) -> Iterator[Finding]:
    """What a person has voided is voided once, with its weight left as it was, and no rule lets it
    go any more."""
    void: Record | None = None
    for record in parts:
        by_person = record.person is not None
        if record.kind is Kind.VOID and by_person:
            if void is not None:
                yield of_record("I16", record, f"seq {record.seq}: seq {void.seq} voided it before")
            if record.permit is not Permit.NONE:
                yield of_record("I16", record, f"seq {record.seq} voids and permits a boom")
            void = record
        elif void is not None:
            decision = record.decision
            goes = decision is not None and decision.outcome is not Outcome.HOLD
            if (goes or record.permit is not Permit.NONE) and not by_person:
                seen = f"seq {record.seq} lets a vehicle go by rule that seq {void.seq} voided"
                yield of_record("I16", record, seen)
            if record.weighing is not None or record.verdicts is not None:
                seen = f"seq {record.seq} has a weight of what seq {void.seq} voided"
                yield of_record("I16", record, seen)


def _hash(record: Record, hashes: Hashes) -> bytes | None:
    return hashes.get((record.site, record.lane, record.seq))


def _of_file(seen: str) -> Finding:
    return Finding(check="I6", at_us=0, seen=seen)
