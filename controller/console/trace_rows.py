"""The moments of a passage, from its records and from the scans in their journals."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from controller.console.context import Context
from controller.console.lines import kg, said
from controller.console.watch import Watch
from controller.core.passage import Lane
from controller.journalread import JournalError, read_journal
from protocol.parts import Plate
from protocol.record import Record

JOURNAL_BYTES_MAX = 4 * 1024 * 1024
JOURNAL_S_MAX = 5.0
JOURNAL_ROWS_MAX = 1_000
AFTERWARDS_US = 10_000_000
_NOT_THERE = Lane(since_us=0)


class Row(NamedTuple):
    """One moment: microseconds on the lane's clock, where it stands, of what kind, in words."""

    t_us: int
    source: str
    kind: str
    text: str


def record_rows(ctx: Context, records: Sequence[Record]) -> list[Row]:
    """What the records themselves tell: phases, plates, weight, decision, people, booms."""
    fullest = max(records, key=lambda one: (len(one.phases), one.seq))
    rows = [Row(at_us, "record", "phase", name) for name, at_us in fullest.phases]
    for record in records:
        rows += _of_record(ctx, record)
    return rows


def journal_rows(path: Path, passage_id: int) -> tuple[list[Row], str]:
    """What the inputs and outputs did while a passage was under way; and what went wrong."""
    rows = list[Row]()
    try:
        if path.stat().st_size > JOURNAL_BYTES_MAX:
            return [], f"larger than {JOURNAL_BYTES_MAX} bytes"
        # What comes before a damage is told all the same.
        rows.extend(_of_journal(path.read_bytes(), passage_id))
    except (OSError, JournalError) as error:
        return rows, str(error)
    return rows, ""


def _of_journal(data: bytes, passage_id: int) -> Iterator[Row]:
    watch, rows, there_us = Watch(), 0, None
    until_s = time.monotonic() + JOURNAL_S_MAX
    for entry in read_journal(data).entries():
        if entry.outputs is None:
            return
        now, now_us = entry.outputs.passage_id, entry.inputs.now_us
        # What moves after that, or for another passage, is the next vehicle.
        if there_us is not None and (
            now not in (0, passage_id) or now_us - there_us > AFTERWARDS_US
        ):
            return
        there_us = now_us if now == passage_id else there_us
        for kind, text in watch.see(_NOT_THERE, entry.inputs, entry.outputs, ()):
            if there_us is not None and kind not in ("phase", "record") and rows < JOURNAL_ROWS_MAX:
                rows += 1
                yield Row(now_us, "journal", kind, text)
        if time.monotonic() > until_s:
            raise JournalError(f"not read to its end in {JOURNAL_S_MAX:g} s")


def _of_record(ctx: Context, record: Record) -> Iterator[Row]:
    times, at_us = record.times, record.times.at_us
    if times.entered_us is not None:
        yield Row(times.entered_us, "record", "deck", said(ctx, "on the deck", "上秤"))
    if times.left_us is not None:
        yield Row(times.left_us, "record", "deck", said(ctx, "off the deck", "离秤"))
    for plate in record.plates:
        seen_us = next((t for t in (plate.last_us, plate.captured_us) if t is not None), at_us)
        yield Row(seen_us, "record", "plate", _plate(plate))
    if record.weighing is not None:
        weighing = record.weighing
        steady = weighing.stable_from_us
        if steady is not None:
            yield Row(steady, "record", "weight", said(ctx, "stands still", "停稳"))
        sure = f" +/- {kg(weighing.u95_g)}" if weighing.u95_g is not None else ""
        text = f"{kg(weighing.gross_g)}{sure} kg {weighing.purpose.value}"
        yield Row(weighing.stable_to_us or at_us, "record", "weight", text)
    decided_us = times.decided_us if times.decided_us is not None else at_us
    if record.decision is not None:
        reasons = "; ".join(record.decision.reasons)
        text = f"{record.decision.outcome.value}: {reasons}" if reasons else record.decision.outcome
        yield Row(decided_us, "record", "decided", str(text))
    if record.person is not None:
        yield Row(decided_us, "record", "person", f"{record.person.who}: {record.person.why}")
    if record.move is not None:
        text = f"{record.move.end} boom {record.move.motion} by hand"
        yield Row(decided_us, "record", "boom", text)
    if record.void is not None:
        yield Row(decided_us, "record", "void", record.void)
    permit = said(ctx, f"boom permitted: {record.permit}", f"允许开闸：{record.permit}")
    text = f"seq {record.seq} {record.kind.name}, {permit}"
    yield Row(decided_us, "record", "record", text)


def _plate(plate: Plate) -> str:
    where = " ".join(str(one) for one in (plate.end, plate.view) if one is not None)
    votes = f"{plate.agree}/{plate.frames}" if plate.agree is not None else "-"
    sure = f"{min(plate.conf_ppm, default=0) / 10_000:.0f} %"
    hints = f" [{', '.join(plate.hints)}]" if plate.hints else ""
    return f"{plate.text} {where} {votes} frames, least {sure}{hints}"
