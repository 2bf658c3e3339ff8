"""Ledgers in which nothing is to be found, the largest values among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from protocol.custody import (
    KeyAction,
    KeyChange,
    Manifest,
    Media,
    Recovery,
    Retention,
    RuleTable,
    Usability,
)
from protocol.parts import (
    Amendable,
    Amendment,
    Curve,
    Decision,
    Kind,
    Outcome,
    Permit,
    Person,
    Result,
    Service,
    Servicing,
    Verdict,
    Verdicts,
)
from protocol.revocation import Revocation
from protocol.vectors.book import DAY, FIRST, SECOND, STRANGER, THIRD, Book, Vector

_X = SECOND.public.x
_GUARD = Person(who="L. Chen", why="permit for an indivisible load shown")


def sound() -> Iterator[Vector]:
    """Every vector without a finding."""
    yield Book().passages(1).done("sound-one", "one record")
    yield Book().passages(3).done("sound-three", "three records")
    yield Book().done("sound-none", "a ledger without any record yet")
    yield _parts()
    yield _maximal()
    yield _own_kinds()
    yield _words()
    yield from _keys()
    yield from _manifests()
    yield from _revocations()


def _parts() -> Vector:
    book = Book()
    over = Verdicts(over_limit=Verdict(result=Result.OVER, limit_g=49_000_000, over_g=2_000_000))
    book.add(book.draft(verdicts=over, decision=Decision(outcome=Outcome.HOLD), permit=Permit.NONE))
    further: dict[str, Any] = {
        "passage_id": 1,
        "plate": None,
        "weighing": None,
        "verdicts": None,
        "decision": None,
        "permit": Permit.NONE,
        "refers_to": 1,
    }
    book.add(
        book.draft(
            **further
            | {"kind": Kind.RELEASE, "part": 2, "person": _GUARD, "permit": Permit.ROAD}
            | {"decision": Decision(outcome=Outcome.RELEASE)}
        )
    )
    amendment = Amendment(field=Amendable.PLATE, was="晋A12345", now="晋A12346")
    book.add(
        book.draft(
            **further
            | {"kind": Kind.AMENDMENT, "part": 3, "person": _GUARD, "amendment": amendment}
        )
    )
    book.add(
        book.draft(**further | {"kind": Kind.VOID, "part": 4, "void": "driven over a second time"})
    )
    return book.done(
        "sound-parts", "a passage, then a release, an amendment and a void that refer to it"
    )


def _maximal() -> Vector:
    book = Book()
    book.add()
    large = 2**63 - 1
    book.add(
        book.draft(
            passage_id=large,
            part=1_000_000,
            refers_to=1,
            times=replace(book.times(99_991_231), at_us=large, wall_ms=large),
            plate="界" * 64,
            person=Person(who="界" * 64, why="界" * 500),
            curve=Curve.of(tuple(range(0, 4096, 16)), (10**9, -(10**9)) * 128),
            phases=(("settle", large),) * 24,
            media=(Media(kind="journal", sha256=b"\xff" * 32, bytes=2**40),) * 64,
            tables=(RuleTable(id="GB1589-2016@1", sha256=b"\x00" * 32),) * 16,
            usability=Usability(usable=False, objections=("certificate_lapsed", "no_clock")),
        )
    )
    return book.done("sound-maximal", "the largest numbers, the longest text, lists and a curve")


def _own_kinds() -> Vector:
    book = Book().passages(1)
    gone = Retention(kind="raw", why="age", sha256=(b"\x11" * 32, b"\x22" * 32), bytes=70_000)
    book.add(book.own(kind=Kind.RETENTION, retention=gone))
    found = Recovery(cause="corrupt_page", kept=2, folder="0001", seen=5)
    book.add(book.own(kind=Kind.RECOVERY, recovery=found))
    return book.done("sound-own-kinds", "what the ledger notes itself: media removed, a recovery")


def _words() -> Vector:
    book = Book()
    bare: dict[str, Any] = {"plate": None, "weighing": None, "decision": None}
    bare |= {"permit": Permit.NONE, "person": _GUARD}
    detail = f"before={'00' * 32} after={'11' * 32}\ntiming.jog_max = 5 s\nscale.e = 20 kg"
    for service in (
        Servicing(action=Service.ZERO, zero_offset_g=-37_000),
        Servicing(action=Service.TEST_LAMP, detail="road approach"),
        Servicing(action=Service.CONFIGURE, detail=detail),
        Servicing(action=Service.CALIBRATE, cells=(3,), detail="界" * 2_000),
    ):
        book.add(book.draft(**bare | {"kind": Kind.SERVICE, "service": service}))
    book.add(book.draft(**bare | {"kind": Kind.VOID, "void": "a test truck"}))
    return book.done("sound-words", "a person's words about the lane, each with its record")


def _keys() -> Iterator[Vector]:
    yield (
        Book()
        .passages(2)
        .change(SECOND)
        .passages(2)
        .done("sound-rotation", "the second key takes over by a record sealed with the first")
    )
    book = Book().change(SECOND).change(THIRD).passages(1)
    yield book.done("sound-rotations", "two rotations, one after the other, from record 1 on")


def _manifests() -> Iterator[Vector]:
    book = Book().passages(3, DAY).manifest(DAY + 1)
    yield book.done("sound-manifest", "three records of a day under their manifest")
    book.passages(5, DAY + 1).manifest(DAY + 2).passages(1, DAY + 2)
    yield book.done("sound-manifests", "two manifests; the second takes in the first")
    book = Book().passages(2, DAY).manifest(DAY + 1).passages(1, DAY + 2).passages(1, DAY)
    yield book.manifest(DAY + 3).done(
        "sound-manifest-clock-back",
        "the day is that of the first passage, whatever the manifest and a clock set back say",
    )
    book = Book().passages(1)
    book.add(book.draft(key=KeyChange(action=KeyAction.ROTATE, x=_X, kid=SECOND.public.kid)))
    book.add(book.draft(manifest=Manifest(first=1, last=1, count=1, root=bytes(32))))
    yield book.manifest().done("sound-fields", "a passage with a key or a manifest in it is none")
    book = Book().passages(2).change(SECOND).passages(2).manifest()
    yield book.done("sound-manifest-undated", "no date is known, and a key changes under it")


def _revocations() -> Iterator[Vector]:
    book = Book().passages(2).change(SECOND).passages(2)
    later = Revocation(kid=FIRST.public.kid, from_seq=4, why="sold with the old box")
    yield book.done(
        "sound-revoked-later", "the first key is revoked from where it had ended", revoked=(later,)
    )
    other = Revocation(kid=STRANGER.public.kid, why="never ours")
    yield book.done("sound-revoked-other", "a key is revoked that is not used", revoked=(other,))
    dated = Revocation(kid=FIRST.public.kid, from_date=DAY + 1, why="stolen")
    yield (
        Book()
        .passages(2, DAY)
        .passages(1)
        .done("sound-revoked-date", "the date of revocation is not reached", revoked=(dated,))
    )
