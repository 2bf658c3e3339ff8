"""The state of the hash chain over the records that a page shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from protocol.record import Record
from protocol.rows import Hashes


class LaneChain(Struct, frozen=True, kw_only=True):
    """One lane's chain: its ends, and every place where it does not hold."""

    site: str
    lane: str
    first: int
    last: int
    count: int
    last_hash: bytes | None
    faults: tuple[str, ...]


def chains(records: Sequence[Record], hashes: Hashes) -> tuple[LaneChain, ...]:
    """The chain of each lane among these records; a record without a hash is a fault of it."""
    lanes: dict[tuple[str, str], list[Record]] = {}
    for record in sorted(records, key=lambda r: r.seq):
        lanes.setdefault((record.site, record.lane), []).append(record)
    return tuple(_chain(site, lane, found, hashes) for (site, lane), found in lanes.items())


def _chain(site: str, lane: str, records: list[Record], known: Hashes) -> LaneChain:
    hashes = [known.get((site, lane, record.seq)) for record in records]
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
