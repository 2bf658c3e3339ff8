"""The sealed record of a change of the configuration: on disk before the change is made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from controller.assembly import LEDGER_FILE
from controller.console.answer import CommandError
from controller.console.candidate import Difference, shown
from controller.console.context import Context
from controller.console.do_record import detail_of
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.record import Record

RECORD_S = 10.0
LOOK_S = 0.1


def record_change(
    ctx: Context, why: str, before: str, after: str, differences: Sequence[Difference]
) -> list[int]:
    """The seqs of the records of a change: one for each key that the law has a say in, one for all
    others together.

    Raises:
        CommandError: one of them did not come on disk; nothing may then be changed.
    """
    return [
        recorded(ctx, why, detail_of(before, after, [(one.key, _line(one)) for one in group]))
        for group in _groups(differences)
    ]


def recorded(ctx: Context, why: str, detail: str) -> int:
    """Have the lane record this, and wait until the ledger has it; raises CommandError."""
    first = _newest(ctx) + 1
    ctx.request("configure", why, detail=detail)
    until_s = time.monotonic() + RECORD_S
    while time.monotonic() < until_s:
        ctx.pause(LOOK_S)
        for record in _since(ctx, first):
            if _tells(record, ctx.account.name, detail):
                return record.seq
            first = record.seq + 1
    raise CommandError(
        f"no record came on disk in {RECORD_S:g} s, so nothing was changed; 'show ledger' and "
        "'show faults' may tell why"
    )


def _tells(record: Record, who: str, detail: str) -> bool:
    service, person = record.service, record.person
    told = service is not None and service.detail == detail
    return told and person is not None and person.who == who


def _line(one: Difference) -> str:
    return f"{shown(one.after)} (was {shown(one.before)})"


def _groups(differences: Sequence[Difference]) -> Iterator[list[Difference]]:
    for one in differences:
        if one.legal:
            yield [one]
    others = [one for one in differences if not one.legal]
    if others or not differences:
        yield others


def _newest(ctx: Context) -> int:
    newest = ctx.link.state().inputs.ledger.seq
    for record in _since(ctx, max(1, newest)):
        newest = max(newest, record.seq)
    return newest


def _since(ctx: Context, first: int) -> list[Record]:
    path = ctx.folder / LEDGER_FILE
    try:
        with Ledger.open(path, read_only=True) as ledger:
            return list(ledger.records(first))
    except (LedgerError, ValueError) as error:
        raise CommandError(f"{path}: cannot be read: {error}") from error
