"""Records gathered into passages: the first of each, and all that was said later about it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from controller.report.words import Word
from protocol.parts import Kind, Outcome, Purpose, Result, Verdicts
from protocol.record import Record


class Passage(Struct, frozen=True):
    """The first record of a passage and the later ones that refer to it, in ledger order."""

    head: Record
    later: tuple[Record, ...] = ()

    @property
    def records(self) -> tuple[Record, ...]:
        """All of them, first to last."""
        return self.head, *self.later

    @property
    def verdicts(self) -> Verdicts | None:
        """The verdicts that stand now."""
        return next((r.verdicts for r in reversed(self.records) if r.verdicts), None)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What was decided, in order, without repetitions."""
        said = [r.decision.outcome for r in self.records if r.decision]
        return tuple(o for n, o in enumerate(said) if n == 0 or o != said[n - 1])

    @property
    def by_person(self) -> Record | None:
        """The last record in which a person let the vehicle out."""
        out = (r for r in reversed(self.later) if r.kind is Kind.RELEASE and r.person)
        return next(out, None)


def gather(records: Sequence[Record]) -> tuple[Passage, ...]:
    """Group records by passage, in the order of their first records."""
    groups: dict[tuple[str, str, int], list[Record]] = {}
    homes: dict[tuple[str, str, int], tuple[str, str, int]] = {}
    for record in sorted(records, key=lambda r: r.seq):
        key = record.site, record.lane, record.passage_id
        about = (record.site, record.lane, record.refers_to or 0)
        if key not in groups and record.kind is not Kind.PASSAGE:
            key = homes.get(about, key)
        groups.setdefault(key, []).append(record)
        if record.seq:
            homes[record.site, record.lane, record.seq] = key
    return tuple(Passage(head=group[0], later=tuple(group[1:])) for group in groups.values())


def standing(verdicts: Verdicts | None) -> tuple[Result | None, Word]:
    """The verdict in one word: what was exceeded, else what is open, else that all is within."""
    if verdicts is None:
        return None, Word("未判定", "Not judged")
    over = [
        word
        for verdict, word in (
            (verdicts.over_limit, Word("超限", "Over-limit")),
            (verdicts.overload, Word("超载", "Overload")),
            (verdicts.dimensions, Word("外廓超限", "Oversize")),
        )
        if verdict is not None and verdict.result is Result.OVER
    ]
    if over:
        return Result.OVER, Word("、".join(w.zh for w in over), " and ".join(w.en for w in over))
    limit = verdicts.over_limit
    if limit is None or limit.result is Result.UNDETERMINED:
        return Result.UNDETERMINED, Word("超限未定", "Undetermined")
    return Result.WITHIN, Word("未超限", "Within the limit")


def is_tare(record: Record) -> bool:
    """Whether this weighing enters the tare register."""
    return record.weighing is not None and record.weighing.purpose is Purpose.TARE


def duration_us(record: Record) -> int | None:
    """From the approach (else the deck) to the decision, µs; None where an end is not known."""
    times = record.times
    start = times.started_us if times.started_us is not None else times.entered_us
    if start is None or times.decided_us is None or times.decided_us < start:
        return None
    return times.decided_us - start
