"""A plan and a record in words, for whoever opens the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from controller.report import words
from protocol.parts import Permit, Verdict
from protocol.record import LEDGER_KINDS, Record
from sim.explore.page.bars import NOT_TROUBLE, short
from sim.explore.plan import Table


def told_plan(table: Table) -> list[str]:
    """The shift in a few sentences."""
    return [part for part in (*_day(table), *_traffic(table), *_others(table)) if part]


def _day(table: Table) -> Iterator[str]:
    day = table.get("day", {})
    said = [f"{key} {value}" for key, value in day.items() if key not in ("title", "begins")]
    yield f"Begins {day.get('begins', '2026-11-22 08:00')}; {', '.join(said) or 'a usual day'}."


def _traffic(table: Table) -> Iterator[str]:
    trucks = table.get("truck", [])
    yield f"{_count(len(trucks), 'truck')}: {'; '.join(_each(Counter(map(_truck, trucks))))}."


def _truck(truck: Table) -> str:
    usual = {"driver": "good", "plate_state": "clean", "papers": "known"}
    said = [str(truck.get("weighs", "legal"))]
    if "comes_from" in truck:
        said.append(f"from the {truck['comes_from']}")
    for key, value in truck.items():
        if key not in ("weighs", "comes_from", "at") and usual.get(key) != value:
            said.append(f"{key.replace('_', ' ')} {value}")
    return ", ".join(said)


def _others(table: Table) -> Iterator[str]:
    """Everything else that the plan has, a sentence for each list."""
    for key, entries in table.items():
        if key in NOT_TROUBLE or not isinstance(entries, list) or not entries:
            continue
        each = Counter(short(key, entry) for entry in entries)
        yield f"{_count(len(entries), key)}: {', '.join(_each(each))}."
    asked = Counter(str(entry.get("kind", "")) for entry in table.get("request", []))
    if asked:
        yield f"{_count(asked.total(), 'request')}: {', '.join(_each(asked))}."


def _each(found: Counter[str]) -> Iterator[str]:
    return (f"{what} ({n})" if n > 1 else what for what, n in found.items())


def _count(n: int, name: str) -> str:
    plural = {"person": "people on foot"}.get(name, f"{name}s")
    one = {"person": "person on foot", "kill": "death of the process"}.get(name, name)
    many = {"kill": "deaths of the process"}.get(name, plural)
    return f"{n} {one if n == 1 else many}"


def told_record(record: Record, stored_ms: int | None, end_ms: int) -> dict[str, Any]:
    """A record as a mark: when the lane was told of it, else the instant that it is about."""
    own = record.kind in LEDGER_KINDS
    # The ledger's own records have a time of the box, which is not the yard's.
    instant_ms = None if own else record.times.at_us // 1000
    at_ms = stored_ms if stored_ms is not None else instant_ms
    kind = words.KINDS.get(record.kind, words.Word("账本", record.kind.name.lower()))
    found: dict[str, Any] = {
        "seq": record.seq,
        "at": end_ms if at_ms is None else at_ms,
        "instant": instant_ms,
        "told": stored_ms is not None,
        "kind": record.kind.name,
        "kind_zh": kind.zh,
        "kind_en": kind.en,
        "passage": record.passage_id,
        "part": record.part,
        "plate": record.plate,
        "void": record.void,
        "flags": ", ".join(record.flags),
        **_weights(record),
        **_ruling(record),
    }
    return {key: value for key, value in found.items() if value not in (None, "")}


def _weights(record: Record) -> dict[str, Any]:
    weighing = record.weighing
    if weighing is None:
        return {}
    return {"gross_g": weighing.gross_g, "u95_g": weighing.u95_g, "mpe_g": weighing.mpe_g}


def _ruling(record: Record) -> dict[str, Any]:
    verdicts, decision, person = record.verdicts, record.decision, record.person
    move = record.move
    limit = verdicts.over_limit if verdicts is not None else None
    return {
        "over_limit": _result(limit),
        "overload": _result(verdicts.overload if verdicts is not None else None),
        "limit_g": None if limit is None else limit.limit_g,
        "outcome": None if decision is None else decision.outcome.value,
        "reasons": "; ".join(decision.reasons) if decision is not None else "",
        "permit": "" if record.permit is Permit.NONE else record.permit.value,
        "who": "" if person is None else person.who,
        "why": "" if person is None else person.why,
        "move": "" if move is None else f"{move.end.value} {move.motion.value}",
        "service": "" if record.service is None else record.service.action.value,
        "amendment": "" if record.amendment is None else str(record.amendment.field),
    }


def _result(verdict: Verdict | None) -> str | None:
    return None if verdict is None else verdict.result.value
