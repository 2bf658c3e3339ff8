"""A table of passages for the terminal: what was weighed, what was decided, what was unusual."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from controller.report import words
from controller.report.figures import NONE, wall
from controller.report.passages import Passage, duration_us, gather, is_tare, standing
from protocol.parts import Kind, Outcome, Result
from protocol.record import Record

STYLES = {Result.OVER: "bold red", Result.WITHIN: "green", Result.UNDETERMINED: "yellow"}
OUTCOME_STYLES = {Outcome.RELEASE: "green", Outcome.RETURN: "red", Outcome.HOLD: "yellow"}

_NOTE_MAX = 120


def passage_table(records: Sequence[Record], *, title: str | None = None) -> Table:
    """A row per passage, in ledger order; masses in tonnes, time from approach to decision in s."""
    table = Table(title=title, header_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("No.", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("way", "plate"):
        table.add_column(name, no_wrap=True)
    for name in ("axles", "gross t", "limit t"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", max_width=15)
    table.add_column("decision", max_width=9)
    table.add_column("took s", justify="right", no_wrap=True)
    table.add_column("notes", overflow="fold")
    for passage in gather(records):
        table.add_row(*_row(passage))
    return table


def plain(value: str, limit: int = _NOTE_MAX) -> str:
    """A text from outside as one line: nothing in it may steer a terminal."""
    shown = "".join(" " if unicodedata.category(c).startswith("C") else c for c in value)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def decision_text(passage: Passage) -> Text:
    """What was decided, in order, the last in its colour."""
    said = [words.OUTCOMES[o].en for o in passage.outcomes]
    if not said:
        return Text(words.KINDS[passage.head.kind].en)
    return Text(" → ".join(said), OUTCOME_STYLES[passage.outcomes[-1]])


def notes(passage: Passage) -> tuple[str, ...]:
    """What a reader of the row should know besides: chain, tare, people, voids, flags."""
    head = passage.head
    found = list(dict.fromkeys(note for record in passage.records for note in _notes(record)))
    if head.flags:
        found.append("flags: " + ", ".join(head.flags))
    if Outcome.HOLD in passage.outcomes and head.decision and head.kind is Kind.PASSAGE:
        found.insert(0, "held: " + next(iter(head.decision.reasons), "no reason recorded"))
    return tuple(plain(note) for note in found)


def _row(passage: Passage) -> tuple[Text, ...]:
    head = passage.head
    weighing = head.weighing
    over = passage.verdicts.over_limit if passage.verdicts else None
    result, word = standing(passage.verdicts)
    plate = next((r.plate for r in reversed(passage.records) if r.plate is not None), NONE)
    axles = head.axles.count if head.axles else None
    took = duration_us(head)
    return (
        Text(str(head.seq or NONE)),
        Text(wall(head.times)[-8:] if head.times.wall_ms is not None else NONE),
        Text(words.DIRECTIONS[head.direction].en if head.direction else NONE),
        Text(plain(plate, 16)),
        Text(NONE if axles is None else str(axles)),
        Text(tonnes(weighing.gross_g if weighing else None)),
        Text(tonnes(over.limit_g if over else None)),
        Text(f"{word.zh} {_short(result, word.en)}", STYLES[result] if result else "dim"),
        decision_text(passage),
        Text(NONE if took is None else f"{took / 1e6:.1f}"),
        Text("; ".join(notes(passage)), "dim"),
    )


def _short(result: Result | None, english: str) -> str:
    return "within" if result is Result.WITHIN else english.lower().replace(" and ", ", ")


def tonnes(mass_g: int | None) -> str:
    """Tonnes to 10 kg without the unit, which the column's head carries."""
    return NONE if mass_g is None else f"{mass_g / 1e6:.2f}"


def _notes(record: Record) -> Iterator[str]:
    if record.reweigh is not None:
        yield f"re-weigh {record.reweigh.cycle} of chain {record.reweigh.first_seq}"
    if is_tare(record) and record.kind is Kind.PASSAGE:
        yield "tare"
    if record.weighing is not None and record.weighing.tare is not None:
        tare = record.weighing.tare
        yield f"tare {tonnes(tare.tare_g)} t of record {tare.seq}"
    if record.void is not None:
        yield f"void: {record.void}"
    if record.degraded is not None and record.kind is Kind.PASSAGE:
        about = f"about {tonnes(record.degraded.weight_g)} t" if record.degraded.weight_g else ""
        cells = ", ".join(str(cell) for cell in record.degraded.cells)
        yield f"no evidence: weighed without cell {cells} {about}".rstrip()
    if record.usability is not None and not record.usability.usable:
        yield " ".join(words.not_usable(record.usability))
    if record.service is not None:
        yield words.SERVICES[record.service.action].en
        if record.service.zero_offset_g is not None:
            yield f"zero was {record.service.zero_offset_g} g off"
        if record.service.detail is not None:
            yield " · ".join(record.service.detail.splitlines())
    if record.move is not None:
        yield f"{record.move.end} boom {words.MOTIONS[record.move.motion].en} by hand"
    if record.amendment is not None:
        change = record.amendment
        yield f"{change.field} corrected: {change.was or 'none'} → {change.now or 'none'}"
    if record.person is not None:
        deed = _deed(record)
        second = f" with {record.person.second}" if record.person.second else ""
        yield f"{deed} {record.person.who}{second}: {record.person.why}"


def _deed(record: Record) -> str:
    if record.kind is Kind.RELEASE:
        return "released by"
    outcome = record.decision.outcome if record.decision else None
    return "sent back by" if outcome is Outcome.RETURN and not record.amendment else "by"
