"""Records: one encoding each, every field named in the table and in the CDDL."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from ledger_rig import FREE_SEQ, passage, records
from msgspec.structs import fields, replace

import protocol.record
from protocol import cbor, custody, parts
from protocol.fields import FIELDS
from protocol.parts import (
    Amendment,
    Curve,
    Kind,
    Move,
    Person,
    Purpose,
    Reweigh,
    Weighing,
)
from protocol.record import SCHEMA, Record, RecordError, decode, encode, to_json

CDDL = Path(protocol.record.__file__).with_name("record.cddl")
# A record has a hundred fields: shrinking one would take minutes and tell little more.
SLOW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@SLOW
@given(records())
def test_round_trip(record: Record) -> None:
    body = encode(record)
    assert decode(body) == record
    assert encode(decode(body)) == body


@SLOW
@given(records())
def test_readable_view_keeps_every_field(record: Record) -> None:
    english, chinese = to_json(record), to_json(record, chinese=True)
    present = {f.name for f in fields(record) if getattr(record, f.name) not in (None, ())}
    assert set(english) == present
    assert len(chinese) == len(english)
    assert msgspec.json.decode(msgspec.json.encode(english)) == english


def test_readable_view_reads_like_the_ticket() -> None:
    view = to_json(passage(7, over=True), chinese=True)
    assert view["车牌"] == "晋A12345"
    assert view["记录类型"] == "passage"
    assert view["判定"] == {"超限": {"结果": "over"}}
    assert view["称重"] == {"总重": 31_000_000, "示值": 31_000_000, "称重用途": "gross"}


def _structs() -> dict[str, type]:
    found = (*vars(parts).values(), *vars(custody).values(), Record)
    return {t.__name__: t for t in found if isinstance(t, type)}


def test_table_covers_every_struct_field_once() -> None:
    structs = _structs()
    for name, table in FIELDS.items():
        assert [f.name for f in table] == [f.name for f in table], name
        assert {f.name for f in table} == {f.name for f in fields(structs[name])}, name
        assert len({f.key for f in table}) == len(table), name
        assert len({f.chinese for f in table}) == len(table), name
        assert all(f.of == "" or f.of in FIELDS for f in table), name


def test_nested_maps_of_the_table_are_those_of_the_types() -> None:
    structs = _structs()
    for name, table in FIELDS.items():
        info = msgspec.inspect.type_info(structs[name])
        assert isinstance(info, msgspec.inspect.StructType)
        nested = {f.name: _struct_in(f.type) for f in info.fields}
        assert {f.name: f.of for f in table} == nested


def _struct_in(info: msgspec.inspect.Type) -> str:
    if isinstance(info, msgspec.inspect.StructType):
        return info.cls.__name__
    for inner in (*getattr(info, "types", ()), getattr(info, "item_type", None)):
        if inner is not None and (name := _struct_in(inner)):
            return name
    return ""


def test_cddl_names_every_key_and_no_other() -> None:
    maps: dict[str, dict[int, tuple[str, str, bool]]] = {}
    current = ""
    for line in CDDL.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"^(\w+) = \{", line):
            current = match[1]
            maps[current] = {}
        elif match := re.match(r"^  (\? )?(\d+) => .*; (\S+) (\S+)$", line):
            maps[current][int(match[2])] = (match[3], match[4], match[1] is not None)
        else:
            assert "=>" not in line, f"unreadable line: {line}"
    table = {name: {f.key: (f.name, f.chinese) for f in table} for name, table in FIELDS.items()}
    assert {n: {k: v[:2] for k, v in keys.items()} for n, keys in maps.items()} == table
    _check_optional({n: {v[0]: v[2] for v in keys.values()} for n, keys in maps.items()})


def _check_optional(optional: dict[str, dict[str, bool]]) -> None:
    """A key is optional in the CDDL exactly where the type has None or an empty list for absent."""
    structs = _structs()
    for name, keys in optional.items():
        for field in fields(structs[name]):
            absent = field.default in (None, ()) and not field.required
            assert keys[field.name] == absent, f"{name}.{field.name}"


@SLOW
@given(records())
def test_cddl_tool_accepts_every_record(record: Record) -> None:
    pycddl = pytest.importorskip("pycddl", reason="pycddl checks the CDDL; it is not installed")
    schema = pycddl.Schema(CDDL.read_text(encoding="utf-8"))
    schema.validate_cbor(encode(replace(record, seq=FREE_SEQ, prev_hash=b"\x01" * 32)))


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (passage(1, decision=None), "decision"),
        (passage(1, kind=Kind.RELEASE), "person"),
        (passage(1, kind=Kind.AMENDMENT), "refers_to"),
        (passage(1, kind=Kind.VOID), "void"),
        (passage(1, kind=Kind.MANUAL_MOVE), "move"),
        (passage(1, seq=3), "prev_hash"),
        (passage(1, prev_hash=b"x" * 32), "prev_hash"),
        (passage(1, seq=3, prev_hash=b"x" * 32, refers_to=3), "refers_to 3"),
        (
            passage(
                1, seq=3, prev_hash=b"x" * 32, reweigh=Reweigh(first_seq=2, previous_seq=1, cycle=1)
            ),
            "reweigh",
        ),
        (passage(1, weighing=Weighing(gross_g=1, purpose=Purpose.TARE)), "indicated_g"),
        (replace(passage(1), curve=Curve(t_us=(1, 2), g=(1,), sha256=b"x" * 32)), "2 times and 1"),
        (replace(passage(1), curve=Curve(t_us=(1,), g=(1,), sha256=b"x" * 32)), "sha256"),
        (passage(1, weighing=Weighing(gross_g=1.5)), "float"),  # type: ignore[arg-type]
        (passage(1, gross_g=True), "gross_g"),
        (passage(0), "passage_id"),
        (passage(1, plate=""), "plate"),
        (passage(1, flags=("x",) * 65), "flags"),
        (passage(1, config_hash=b"short"), "config_hash"),
        (passage(1, permit="road gate"), "permit"),
    ],
)
def test_refused_records_say_what_is_wrong(broken: Record, said: str) -> None:
    with pytest.raises(RecordError, match=said):
        encode(broken)


def _with(record: Record, key: int, value: cbor.Value) -> bytes:
    wire = cbor.decode(encode(record))
    assert isinstance(wire, dict)
    return cbor.encode({**wire, key: value})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (99, 1, "no key 99"),
        (1, SCHEMA + 1, "newer"),
        (1, "1", "schema version"),
        (9, None, "absent"),
        (13, [], "absent"),
        (17, 3, "a map is expected"),
        (11, {1: 5, 3: "unknown", 77: 1}, "Times has no key 77"),
        (11, {3: "unknown"}, "at_us"),
        (2, 99, "kind"),
    ],
)
def test_refused_bytes(key: int, value: cbor.Value, said: str) -> None:
    with pytest.raises(RecordError, match=said):
        decode(_with(passage(1), key, value))


@pytest.mark.parametrize("body", [b"", b"\x01", b"\xa0", b"\x80", b"SQLite format 3\x00"])
def test_not_a_record(body: bytes) -> None:
    with pytest.raises(RecordError):
        decode(body)


def test_every_kind_can_be_written() -> None:
    plain = passage(1, decision=None, verdicts=None, weighing=None)
    person = Person(who="王五", why="冷链", second="赵六")
    decided = passage(1).decision
    for record in (
        passage(1, curve=True),
        replace(plain, kind=Kind.RELEASE, person=person, decision=decided, refers_to=1),
        replace(
            plain,
            kind=Kind.AMENDMENT,
            person=person,
            refers_to=1,
            amendment=Amendment(field=parts.Amendable.PLATE, was=None, now="晋B00001"),
        ),
        replace(plain, kind=Kind.VOID, void="backed out before weighing"),
        replace(
            plain, kind=Kind.MANUAL_MOVE, move=Move(end=parts.End.ROAD, motion=parts.Motion.RAISE)
        ),
    ):
        assert decode(encode(record)) == record
