"""``passage void``: a person says that nothing of a passage stands, and why."""

from __future__ import annotations

from controller.assembly import LEDGER_FILE
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.do_common import REASON, both, newest_seq, no_record, wait_record, whole
from controller.console.grammar import Argument, Command
from controller.console.roles import Role
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.parts import Kind
from protocol.record import Record, RecordError

SEQ_MAX = 999_999_999
ACCOUNTS = (Kind.PASSAGE, Kind.VOID)


def void(ctx: Context, given: dict[str, str]) -> Answer:
    """Have the passage of that record voided; its records stay as they are."""
    seq = whole(given["seq"], "record", 1, SEQ_MAX, "is the number of a record")
    passage = _passage_of(ctx, seq)
    newest = newest_seq(ctx)
    ctx.request("void", given["reason"], passage_id=passage)
    said = wait_record(ctx, newest, (Kind.VOID,))
    if said is None:
        raise CommandError(f"passage {passage} is not voided: {no_record(ctx)}")
    line = both(
        ctx,
        f"passage {passage}: voided by record {said}; what was recorded before stays as it is",
        f"通行 {passage}：已由记录 {said} 作废；原记录保持不变",
    )
    data = {"passage_id": passage, "seq": seq, "void_seq": said}
    return Answer(data=data, text=(line,))


def _passage_of(ctx: Context, seq: int) -> int:
    """The passage that a record tells of, one that can be voided; raises CommandError."""
    path = ctx.folder / LEDGER_FILE
    try:
        with Ledger.open(path, read_only=True) as ledger:
            record = ledger.get(seq)
            if record is None:
                last = ledger.last()
                known = f"1 to {last.seq}" if last is not None else "none"
                raise CommandError(f"there is no record {seq}; records: {known}")
            _check(seq, record)
            first = ledger.find(record.passage_id)
            voids = ledger.of_kind(record.passage_id, Kind.VOID)
    except (LedgerError, RecordError, OSError) as error:
        raise CommandError(f"{path}: {printable(str(error))}") from error
    if first is None or first.kind not in ACCOUNTS:
        raise CommandError(f"record {seq} is of no vehicle on the deck: there is nothing to void")
    by_person = next((one for one in voids if one.person is not None), None)
    if by_person is not None and by_person.person is not None:
        who = printable(by_person.person.who, 40)
        raise CommandError(f"passage {record.passage_id} was voided by {who}: {by_person.seq}")
    return record.passage_id


def _check(seq: int, record: Record) -> None:
    if record.kind not in (*ACCOUNTS, Kind.AMENDMENT, Kind.RELEASE):
        raise CommandError(
            f"record {seq} is of the kind {record.kind.name}: only a passage can be voided"
        )


COMMANDS = (
    Command(
        words="passage void",
        help_en="say that nothing of a passage stands; its records stay as they are",
        help_zh="作废一次通行(原记录保留)",
        run=void,
        role=Role.OPERATOR,
        arguments=(
            Argument(name="seq", help_en="the number of its record", help_zh="记录序号"),
            REASON,
        ),
    ),
)
