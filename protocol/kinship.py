"""Which records belong together: a passage, its re-weigh chain, its tare, and what was removed."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.parts import Kind
from protocol.record import LEDGER_KINDS, Record


def passage_of(records: Mapping[int, Record], seq: int) -> tuple[int, ...]:
    """The records about the same vehicle on the scale as ``seq``, in order.

    Those of one passage, and those that refer to one of them; a tare weighing is another passage.
    """
    start = records.get(seq)
    if start is None or start.kind in LEDGER_KINDS:
        return (seq,)
    found = {seq}
    while True:
        passages = {records[n].passage_id for n in found}
        referred = {records[n].refers_to for n in found}
        grown = {
            n
            for n, record in records.items()
            if record.kind not in LEDGER_KINDS
            and (
                n in found
                or n in referred
                or record.refers_to in found
                or record.passage_id in passages
            )
        }
        if grown == found:
            return tuple(sorted(found))
        found = grown


def chain_of(records: Mapping[int, Record], seq: int) -> tuple[int, ...]:
    """The first records of every passage in the re-weigh chain of the passage of ``seq``."""
    token = token_of(records, seq)
    return tuple(
        sorted(
            n
            for n, record in records.items()
            if n == token or (record.reweigh is not None and record.reweigh.first_seq == token)
        )
    )


def token_of(records: Mapping[int, Record], seq: int) -> int:
    """The first record of the re-weigh chain; of a passage that is no re-weigh, its own first."""
    about = passage_of(records, seq)
    links = (records[n].reweigh for n in about if n in records)
    return next((link.first_seq for link in links if link is not None), about[0])


def shown(records: Mapping[int, Record], seq: int) -> frozenset[int]:
    """The records whose files belong to the bundle of ``seq``: its passage and its chain."""
    heads = chain_of(records, seq)
    chain = {n for head in heads for n in passage_of(records, head)}
    return frozenset({*passage_of(records, seq), *chain})


def tare_of(records: Mapping[int, Record], seq: int) -> int | None:
    """The record of the tare that a passage relies on."""
    for n in passage_of(records, seq):
        weighing = records[n].weighing if n in records else None
        if weighing is not None and weighing.tare is not None:
            return weighing.tare.seq
    return None


def removed(records: Mapping[int, Record]) -> dict[bytes, int]:
    """Files that RETENTION records say were removed by rule, with the record that says it."""
    return {
        digest: n
        for n, record in records.items()
        if record.kind is Kind.RETENTION and record.retention is not None
        for digest in record.retention.sha256
    }
