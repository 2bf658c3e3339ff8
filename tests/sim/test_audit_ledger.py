"""Records are whole, sealed and dated right, and the sign has said what they say (I6, I9, T11)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from audit_rig import DAY, SECOND, Day, held_for_nothing, service
from checker_rig import awake, found, image, loaded_yard
from msgspec.structs import replace

from controller.core.images import OutputImage, Sign
from controller.core.kinds import Message
from protocol import custody, parts
from protocol.keys import PrivateKey
from protocol.record import Record, encode
from protocol.seal import seal
from sim.ledgercheck import of_seals


def sign_differs(day: Day) -> None:
    day.shown = replace(day.shown, gross_g=day.gross_g + 20_000)


def sign_with_another_plate(day: Day) -> None:
    day.shown = replace(day.shown, plate="皖A00000")


def sign_with_another_limit(day: Day) -> None:
    day.shown = replace(day.shown, limit_g=1, over_g=0)


def decided_before_it_was_weighed(day: Day) -> None:
    wall_ms = day.yard.options.wall_start_ms + 29_000
    day.records = [day.record(times=day.times(decided_us=29 * SECOND, wall_ms=wall_ms))]


def dated_tomorrow(day: Day) -> None:
    day.records = [day.record(times=day.times(date=DAY + 1))]


def wall_an_hour_off(day: Day) -> None:
    wall_ms = day.yard.options.wall_start_ms + 3_631_000
    day.records = [day.record(times=day.times(wall_ms=wall_ms))]


@pytest.mark.parametrize(
    ("spoil", "checks"),
    [
        (sign_differs, ["I9"]),
        (sign_with_another_plate, ["I9"]),
        (sign_with_another_limit, ["I9"]),
        (decided_before_it_was_weighed, ["T11"]),
        (dated_tomorrow, ["T11"]),
        (wall_an_hour_off, ["T11"]),
    ],
)
def test_one_thing_wrong_is_found(spoil: Callable[[Day], None], checks: list[str]) -> None:
    day = Day()
    spoil(day)
    assert sorted(day.checks()) == checks


def test_i9_a_plate_on_the_sign_before_its_record_is_on_the_disk() -> None:
    record = Day().record()
    page = Sign(message=Message.WAIT_FOR_OPERATOR, plate="京B99999")
    out = OutputImage(sign=page, passage_id=record.passage_id)
    yard = loaded_yard()
    assert found(awake(yard, disk=lambda _: [record]), (image(), out)) == ["I9"]
    right = replace(out, sign=replace(page, plate=record.plate or ""))
    assert found(awake(yard, disk=lambda _: [record]), (image(), right)) == []
    assert found(awake(yard, disk=lambda _: []), (image(), out)) == []
    over = replace(out, sign=replace(page, message=Message.OVER))
    assert found(awake(yard, disk=lambda _: []), (image(), over)) == ["I9"]


def test_i6_a_gap_and_a_broken_chain() -> None:
    day = Day()
    held_for_nothing(day)
    good = day.sealed()
    assert "I6" not in day.checks(good)
    assert "I6" in day.checks(good[1:])
    assert "I6" in day.checks([good[0], replace(good[1], prev_hash=bytes(32))])


def test_i6_a_day_that_no_manifest_closes_and_one_that_counts_wrong() -> None:
    day = Day()
    wall_ms = day.yard.options.wall_start_ms
    times = day.times(wall_ms=wall_ms + 86_431_000, date=DAY + 1)
    late = service(day)
    day.records.append(replace(late, times=times))
    assert [f.check for f in day.findings() if "closed" in f.seen] == ["I6"]
    manifest = custody.Manifest(first=1, last=1, count=1, root=bytes(32), day=DAY)
    closing = Record(
        kind=parts.Kind.MANIFEST,
        site="SIM001",
        lane="1",
        passage_id=0,
        part=0,
        times=times,
        manifest=manifest,
    )
    day.records.insert(1, closing)
    assert "I6" not in day.checks()
    day.records[1] = replace(closing, manifest=replace(manifest, last=2))
    assert "I6" in day.checks()


def test_i6_a_seal_of_another_key_and_other_bytes() -> None:
    (record,) = Day().sealed()
    key, other = (PrivateKey(bytes([number] * 32)) for number in (1, 2))
    body = seal(encode(record), key)
    kept = {("SIM001", "1", 1): hashlib.sha256(body).digest()}
    assert list(of_seals({1: body}, kept, key.public.x)) == []
    assert [f.check for f in of_seals({1: body}, kept, other.public.x)] == ["I6"]
    assert len(list(of_seals({1: body[:-1] + b"\0"}, kept, key.public.x))) == 2
