"""Rig for ledger tests: a plain passage, and records drawn from the types themselves."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import msgspec
from hypothesis import strategies as st
from msgspec import inspect
from msgspec.structs import replace

from protocol.keys import PrivateKey
from protocol.parts import (
    ClockQuality,
    Curve,
    Decision,
    Kind,
    Outcome,
    Permit,
    Purpose,
    Result,
    Times,
    Verdict,
    Verdicts,
    Weighing,
)
from protocol.record import LEDGER_KINDS, Record, encode
from protocol.seal import seal

SITE, LANE = "SX-0351-01", "1"
KEY = PrivateKey(bytes(range(32)))
"""The key of every ledger of the tests; the same seals in every run."""
WALL_MS = 1_763_800_000_000
FREE_SEQ = 6


def passage(
    passage_id: int,
    *,
    plate: str | None = "晋A12345",
    gross_g: int = 31_000_000,
    over: bool = False,
    tare: bool = False,
    curve: bool = False,
    **more: Any,
) -> Record:
    """A passage as the lane leaves it: released when within the limit, sent back when over."""
    outcome = Outcome.RETURN if over else Outcome.RELEASE
    record = Record(
        kind=Kind.PASSAGE,
        site=SITE,
        lane=LANE,
        passage_id=passage_id,
        times=Times(
            at_us=passage_id * 30_000_000,
            wall_ms=WALL_MS + passage_id * 30_000,
            clock=ClockQuality.SYNCHRONISED,
        ),
        plate=plate,
        weighing=Weighing(
            gross_g=gross_g,
            indicated_g=gross_g,
            purpose=Purpose.TARE if tare else Purpose.GROSS,
        ),
        verdicts=Verdicts(over_limit=Verdict(result=Result.OVER if over else Result.WITHIN)),
        decision=Decision(outcome=outcome),
        permit=Permit.YARD if over else Permit.ROAD,
        curve=_curve(passage_id) if curve else None,
    )
    return replace(record, **more)


def hash_of(record: Record) -> bytes:
    """The hash that the ledger of the tests keeps for this record."""
    return hashlib.sha256(seal(encode(record), KEY)).digest()


def _curve(seed: int) -> Curve:
    times = tuple(range(0, 20_000_000, 100_000))
    return Curve.of(times, tuple((t // 7 + seed) % 31_000_000 for t in times))


def _integers(info: inspect.IntType) -> st.SearchStrategy[Any]:
    low = -(2**63) if info.ge is None else info.ge
    high = 2**63 - 1 if info.le is None else info.le
    return st.integers(low, high)


def _text(info: inspect.StrType) -> st.SearchStrategy[Any]:
    if info.pattern is not None:
        return st.from_regex(info.pattern.rstrip("$") + r"\Z", fullmatch=True, alphabet=_ASCII)
    return st.text(_LETTERS, min_size=info.min_length or 0, max_size=12)


_ASCII = st.characters(max_codepoint=127)
_LETTERS = st.characters(exclude_categories=["Cs"])


def _lists(info: inspect.VarTupleType) -> st.SearchStrategy[Any]:
    items = st.lists(strategy(info.item_type), min_size=info.min_length or 0, max_size=3)
    return items.map(tuple)


def strategy(info: inspect.Type) -> st.SearchStrategy[Any]:
    """Values of a msgspec type, within its bounds."""
    makers: dict[type, Any] = {
        inspect.IntType: _integers,
        inspect.StrType: _text,
        inspect.BytesType: lambda i: st.binary(min_size=i.min_length or 0, max_size=32),
        inspect.BoolType: lambda i: st.booleans(),
        inspect.NoneType: lambda i: st.none(),
        inspect.EnumType: lambda i: st.sampled_from(list(i.cls)),
        inspect.UnionType: lambda i: st.one_of([strategy(t) for t in i.types]),
        inspect.VarTupleType: _lists,
        inspect.TupleType: lambda i: st.tuples(*(strategy(t) for t in i.item_types)),
        inspect.StructType: lambda i: st.builds(
            i.cls, **{f.name: strategy(f.type) for f in i.fields}
        ),
        inspect.Metadata: lambda i: strategy(i.type),
    }
    return cast(st.SearchStrategy[Any], makers[type(info)](info))


def _lawful(record: Record) -> Record:
    """Mend what the types alone cannot say, so that the record may be written."""
    curve = record.curve
    if curve is not None:
        size = min(len(curve.t_us), len(curve.g))
        curve = Curve.of(curve.t_us[:size], curve.g[:size])
    weighing = record.weighing
    if weighing is not None and weighing.indicated_g is None:
        weighing = replace(weighing, purpose=Purpose.GROSS)
    record = replace(record, seq=0, prev_hash=b"", schema=1, curve=curve, weighing=weighing)
    if record.reweigh is not None:
        record = replace(record, reweigh=replace(record.reweigh, first_seq=1, previous_seq=2))
    if record.refers_to is not None:
        record = replace(record, refers_to=1 + record.refers_to % (FREE_SEQ - 1))
    if record.usability is not None:
        usable = not record.usability.objections
        record = replace(record, usability=replace(record.usability, usable=usable))
    record = replace(record, passage_id=max(1, record.passage_id))
    needed = ("decision", "person", "void", "move", "refers_to", "service")
    unfit = any(getattr(record, name) is None for name in needed)
    if unfit or record.kind in LEDGER_KINDS:
        record = replace(record, kind=Kind.PASSAGE, decision=Decision(outcome=Outcome.HOLD))
    return _without_evidence(record) if record.degraded is not None else record


def _without_evidence(record: Record) -> Record:
    found = record.degraded
    assert found is not None
    found = replace(found, reason="no pair is whole" if found.weight_g is None else None)
    record = replace(record, degraded=found, weighing=None, verdicts=None)
    if record.person is None:
        held = Decision(outcome=Outcome.HOLD)
        record = replace(record, decision=record.decision and held, permit=Permit.NONE)
    return record


def records() -> st.SearchStrategy[Record]:
    """Any record that may be written as seq FREE_SEQ or later."""
    drawn: st.SearchStrategy[Record] = strategy(inspect.type_info(Record))
    return drawn.map(_lawful)


def as_json(value: object) -> bytes:
    """Any struct as text, to compare two of them in one look."""
    return msgspec.json.encode(value)
