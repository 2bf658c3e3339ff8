"""The state of the hash chain over the records that a page shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from msgspec import Struct

from protocol.record import Record, RecordError, encode


class LaneChain(Struct, frozen=True, kw_only=True):
    """One lane's chain: its ends, and every place where it does not hold."""

    site: str
    lane: str
    first: int
    last: int
    count: int
    last_hash: bytes | None
    faults: tuple[str, ...]


def chains(records: Sequence[Record]) -> tuple[LaneChain, ...]:
    """The chain of each lane among these records, computed anew from the records themselves."""
    lanes: dict[tuple[str, str], list[Record]] = {}
    for record in sorted(records, key=lambda r: r.seq):
        lanes.setdefault((record.site, record.lane), []).append(record)
    return tuple(_chain(site, lane, found) for (site, lane), found in lanes.items())


def _chain(site: str, lane: str, records: list[Record]) -> LaneChain:
    hashes = [_hash(record) for record in records]
    return LaneChain(
        site=site,
        lane=lane,
        first=records[0].seq,
        last=records[-1].seq,
        count=len(records),
        last_hash=hashes[-1],
        faults=tuple(_faults(records, hashes)),
    )


def _faults(records: list[Record], hashes: list[bytes | None]) -> Iterable[str]:
    if records[0].seq == 0:
        yield "a record is not from a ledger: it has no seq"
    for before, digest, after in zip(records, hashes, records[1:], strict=False):
        if after.seq == before.seq:
            yield f"seq {after.seq} stands here twice"
        elif after.seq != before.seq + 1:
            yield f"seq {before.seq + 1} to {after.seq - 1} are missing"
        elif digest != after.prev_hash:
            yield f"seq {after.seq} does not continue seq {before.seq}"


def _hash(record: Record) -> bytes | None:
    try:
        return hashlib.sha256(encode(record)).digest()
    except RecordError:
        return None
