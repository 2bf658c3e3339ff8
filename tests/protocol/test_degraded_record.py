"""A record without evidence: no weighing, no verdict, no way out but a person's; and services."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol.ledger import Ledger
from protocol.parts import (
    Decision,
    Degraded,
    Kind,
    Outcome,
    Permit,
    Person,
    Result,
    Service,
    Servicing,
    Verdict,
    Verdicts,
    Weighing,
)
from protocol.record import Record, RecordError, decode, encode, to_json

LI = Person(who="维修 李", why="cell 3 has lost its wires")
FOUND = Degraded(cells=(3,), weight_g=40_790_000, u95_g=508_000, method="lean", allowed=LI)
HELD = Decision(outcome=Outcome.HOLD, reasons=("no evidence",))
OUT = Decision(outcome=Outcome.RELEASE)


def degraded(number: int = 1, **more: object) -> Record:
    record = passage(number, weighing=None, verdicts=None, permit=Permit.NONE, decision=HELD)
    return replace(record, degraded=FOUND, **more)


def service(number: int, action: Service = Service.CLEAR_CELLS) -> Record:
    record = degraded(number, kind=Kind.SERVICE, decision=None, plate=None, person=LI)
    return replace(record, degraded=None, service=Servicing(action=action, cells=(3,)))


def test_the_record_says_that_it_is_no_evidence_and_by_whose_word() -> None:
    view = to_json(decode(encode(degraded())))
    assert view["degraded"] == {
        "cells": [3],
        "evidence": "not usable",
        "weight_g": 40_790_000,
        "u95_g": 508_000,
        "method": "lean",
        "allowed": {"who": "维修 李", "why": "cell 3 has lost its wires"},
    }
    assert "weighing" not in view
    assert to_json(degraded(), chinese=True)["降级称重"]["证据效力"] == "not usable"  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (degraded(weighing=Weighing(gross_g=40_790_000)), "leave out 'weighing'"),
        (
            degraded(verdicts=Verdicts(over_limit=Verdict(result=Result.WITHIN))),
            "leave out 'verdicts'",
        ),
        (degraded(decision=OUT), "needs 'person'"),
        (degraded(decision=Decision(outcome=Outcome.RETURN)), "needs 'person'"),
        (degraded(permit=Permit.ROAD), "needs 'person'"),
        (replace(degraded(), degraded=replace(FOUND, weight_g=None)), "reason why"),
        (replace(degraded(), degraded=replace(FOUND, reason="both")), "reason why"),
        (replace(degraded(), degraded=replace(FOUND, cells=())), "cells"),
        (replace(degraded(), degraded=replace(FOUND, evidence="usable")), "usable"),
        (replace(service(1), person=None), "person"),
        (replace(service(1), service=None), "service"),
    ],
)
def test_a_record_that_claims_more_is_refused(broken: Record, said: str) -> None:
    with pytest.raises(RecordError, match=said):
        encode(broken)


def test_a_ledger_with_services_and_degraded_passages_verifies(tmp_path: Path) -> None:
    release = degraded(kind=Kind.RELEASE, part=2, refers_to=2, person=LI, decision=OUT)
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        for record in (
            service(9, Service.ALLOW_DEGRADED),
            degraded(),
            replace(release, permit=Permit.ROAD),
            service(10, Service.FORBID_DEGRADED),
        ):
            ledger.append(record)
        assert ledger.verify() == []
        assert [r.kind for r in ledger.records()][0::3] == [Kind.SERVICE] * 2
        assert ledger.latest_tare("晋A12345") is None
        assert ledger.open_chain("晋A12345") is None


def test_a_weight_without_evidence_is_never_a_tare(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        ledger.append(passage(1, tare=True, gross_g=11_300_000))
        ledger.append(degraded(2))
        tare = ledger.latest_tare("晋A12345")
        assert tare is not None
        assert (tare.tare_g, tare.seq) == (11_300_000, 1)
        assert [r.seq for r in ledger.tare_weighings(10)] == [1]
