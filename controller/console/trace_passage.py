"""``trace passage``: the story of one vehicle, out of its records and their journals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Argument, Command
from controller.console.lines import folded, kg, said, wall
from controller.console.look_evidence import SEARCHED_MAX, journals_of, reading
from controller.console.trace_rows import Row, journal_rows, record_rows
from controller.report import words
from controller.report.passages import Passage, standing
from controller.summary import notes
from protocol.ledger import Ledger
from protocol.parts import Kind, Verdict
from protocol.record import LEDGER_KINDS, Record

PARTS_MAX = 64
ROWS_MAX = 2_000
_VERDICTS = {
    "over_limit": ("over-limit", "超限"),
    "overload": ("overload", "超载"),
    "dimensions": ("dimensions", "外廓尺寸"),
}


def trace_passage(ctx: Context, arguments: dict[str, str]) -> Answer:
    """What happened to a vehicle, from the approach to the departure, as far as it is on disk."""
    with reading(ctx) as ledger:
        records = _found(ledger, arguments.get("which", "last"))
        after = ledger.get(records[-1].seq + 1)
    passage = Passage(head=records[0], later=tuple(records[1:]))
    zero_us = _zero_us(records[0])
    rows, wrong = record_rows(ctx, records), list[str]()
    # The departure is in the journal of whatever was recorded next.
    for record in (*records, *([after] if after is not None else [])):
        for path in journals_of(ctx, record):
            found, problem = journal_rows(path, records[0].passage_id)
            rows += found
            wrong += [f"{path.name}: {problem}"] if problem else []
    rows = sorted(dict.fromkeys(rows), key=lambda row: row.t_us)[:ROWS_MAX]
    data = _data(passage, rows, zero_us, wrong) | {"whole": after is not None}
    lines = list(_text(ctx, passage, rows, zero_us, wrong))
    if after is None:
        later = said(
            ctx,
            "what came after this record will be in the journal of the next one",
            "此后的过程将在下一条记录的日志中",
        )
        lines += folded(ctx, said(ctx, "then", "其后"), later)
    return Answer(data=data, text=tuple(lines))


def _found(ledger: Ledger, which: str) -> list[Record]:
    """All records of the passage that is meant, in order of their parts."""
    head = _named(ledger, which)
    if head.kind in LEDGER_KINDS:
        raise CommandError(
            f"record {head.seq} is the ledger's own ({head.kind.name}): it is about no vehicle"
        )
    parts = min(ledger.told_of(head.passage_id).parts, PARTS_MAX)
    found = [ledger.find(head.passage_id, part) for part in range(1, parts + 1)]
    return [record for record in found if record is not None] or [head]


def _named(ledger: Ledger, which: str) -> Record:
    digits = which[1:] if which[:1] in ("p", "P") else which
    if which.lower() == "last":
        return _last(ledger)
    if not digits.isdecimal() or len(digits) > 18:
        raise CommandError(
            f"'{printable(which, 20)}' names no passage: a record's seq, p and a passage's "
            "number (p12), or last"
        )
    number = int(digits)
    found = ledger.find(number) if digits != which else ledger.get(number)
    if found is not None:
        return found
    last = ledger.last()
    newest = f"the newest record is {last.seq}" if last is not None else "the ledger is empty"
    raise CommandError(
        f"there is no {'passage' if digits != which else 'record'} {number}; {newest}"
    )


def _last(ledger: Ledger) -> Record:
    """The newest record that accounts for a vehicle, among the SEARCHED_MAX newest."""
    last = ledger.last()
    first = max(1, last.seq - SEARCHED_MAX + 1) if last is not None else 1
    about = [one for one in ledger.records(first) if one.kind in (Kind.PASSAGE, Kind.VOID)]
    if not about:
        raise CommandError(
            "the ledger has no passage among its newest records; name one by its seq"
        )
    return about[-1]


def _zero_us(head: Record) -> int:
    times = head.times
    known = [times.started_us, times.entered_us, *(at for _, at in head.phases[:1]), times.at_us]
    return next(at for at in known if at is not None)


def _verdicts(passage: Passage) -> dict[str, Verdict | None]:
    found = passage.verdicts
    if found is None:
        return {}
    return {
        "over_limit": found.over_limit,
        "overload": found.overload,
        "dimensions": found.dimensions,
    }


def _data(
    passage: Passage, rows: Sequence[Row], zero_us: int, wrong: Sequence[str]
) -> dict[str, Any]:
    head = passage.head
    weighing = next((r.weighing for r in passage.records if r.weighing is not None), None)
    plates = [record.plate for record in passage.records if record.plate is not None]
    return {
        "passage_id": head.passage_id,
        "seqs": [record.seq for record in passage.records],
        "kinds": [record.kind.name for record in passage.records],
        "wall_ms": head.times.wall_ms,
        "plate": plates[-1] if plates else None,
        "gross_g": weighing.gross_g if weighing is not None else None,
        "u95_g": weighing.u95_g if weighing is not None else None,
        "verdicts": {
            name: {
                "result": verdict.result.value,
                "limit_g": verdict.limit_g,
                "over_g": verdict.over_g,
                "rule": verdict.rule,
                "clause": verdict.clause,
                "version": verdict.version,
            }
            for name, verdict in _verdicts(passage).items()
            if verdict is not None
        },
        "outcomes": [outcome.value for outcome in passage.outcomes],
        "reasons": [r for one in passage.records if one.decision for r in one.decision.reasons],
        "flags": list(head.flags),
        "zero_us": zero_us,
        "rows": [
            {"t_us": row.t_us, "from": row.source, "kind": row.kind, "text": row.text}
            for row in rows
        ],
        "unreadable": list(wrong),
    }


def _text(
    ctx: Context, passage: Passage, rows: Sequence[Row], zero_us: int, wrong: Sequence[str]
) -> Iterator[str]:
    yield from _summary(ctx, passage)
    for row in rows:
        at = f"{(row.t_us - zero_us) / 1e6:+9.2f} s"
        yield from folded(ctx, at, f"{row.kind:<7} {printable(row.text)}")
    if not any(row.source == "journal" for row in rows):
        none = said(
            ctx,
            "the journal of this passage is not kept here any more",
            "本次过车的日志已不在本机",
        )
        yield from folded(ctx, said(ctx, "journal", "日志"), none)
    for problem in wrong:
        yield from folded(ctx, said(ctx, "unreadable", "无法读取"), printable(problem))


def _summary(ctx: Context, passage: Passage) -> Iterator[str]:
    head, records = passage.head, passage.records
    seqs = ", ".join(str(record.seq) for record in records)
    when = wall(head.times.wall_ms, head.times.offset_min or 480)
    about = said(ctx, f"{head.passage_id}, records {seqs}", f"{head.passage_id}，记录 {seqs}")
    yield from folded(ctx, said(ctx, "passage", "过车"), f"{about}  {when}")
    plates = [record.plate for record in records if record.plate is not None]
    result = standing(passage.verdicts)[1]
    yield from folded(
        ctx,
        said(ctx, "plate", "车牌"),
        printable(plates[-1], 20) if plates else said(ctx, "none", "无"),
    )
    weighing = next((r.weighing for r in records if r.weighing is not None), None)
    if weighing is not None:
        sure = f" +/- {kg(weighing.u95_g)}" if weighing.u95_g is not None else ""
        text = f"{kg(weighing.gross_g)}{sure} kg  {said(ctx, result.en, result.zh)}"
        yield from folded(ctx, said(ctx, "gross", "总重"), text)
    for name, verdict in _verdicts(passage).items():
        if verdict is not None:
            yield from folded(ctx, said(ctx, *_VERDICTS[name]), _judged(ctx, verdict))
    said_all = [said(ctx, words.OUTCOMES[o].en, words.OUTCOMES[o].zh) for o in passage.outcomes]
    yield from folded(
        ctx, said(ctx, "decision", "处置"), " -> ".join(said_all) or said(ctx, "none", "无")
    )
    for note in notes(passage):
        yield from folded(ctx, said(ctx, "note", "说明"), printable(note))


def _judged(ctx: Context, verdict: Verdict) -> str:
    word = words.RESULTS[verdict.result]
    text = said(ctx, word.en, word.zh)
    if verdict.limit_g is not None:
        text += f", {said(ctx, 'limit', '限重')} {kg(verdict.limit_g)} kg"
    if verdict.over_g:
        text += f", {said(ctx, 'over by', '超出')} {kg(verdict.over_g)} kg"
    rule = " ".join(str(one) for one in (verdict.rule, verdict.version, verdict.clause) if one)
    return printable(f"{text}  ({rule})" if rule else text)


COMMANDS = (
    Command(
        words="trace passage",
        help_en="The story of a vehicle: phases, weight, plates, decision, booms.",
        help_zh="一次过车的全过程：阶段、重量、车牌、判定、道闸",
        run=trace_passage,
        arguments=(
            Argument(
                name="which",
                help_en="a record's seq, p and a passage's number (p12), or last",
                help_zh="记录号、p加过车号（p12）或 last",
                choices=lambda ctx: ("last",),
                optional=True,
            ),
        ),
    ),
)
