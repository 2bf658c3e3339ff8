"""Keys handed over wrongly, bare records, revoked keys, and manifests that do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from protocol.custody import KeyAction
from protocol.keys import thumbprint
from protocol.record import encode
from protocol.revocation import Revocation
from protocol.vectors.book import DAY, FIRST, SECOND, STRANGER, THIRD, Book, Row, Vector

_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7


def custody() -> Iterator[Vector]:
    """Every vector about keys, revocation, bare records and manifests."""
    yield from _rotations()
    yield from _begins()
    yield from _revoked()
    yield from _manifests()


def _rotations() -> Iterator[Vector]:
    book = Book().passages(1).change(SECOND)
    book.add(key=FIRST)
    yield book.passages(1).done(
        "key-rotated-away", "record 3 is sealed with the key that was handed over", ("key", 3)
    )
    yield (
        Book()
        .passages(1)
        .change(SECOND, key=SECOND)
        .passages(2)
        .done("rotation-by-new-key", "the new key names itself", ("key", 2))
    )
    book = Book().passages(1).change(SECOND).passages(3)
    rows: list[Row] = [book.rows[0], *book.rows[2:]]
    yield Vector(
        name="rotation-removed",
        title="the record that hands over is removed",
        rows=tuple(rows),
        findings=(("gap", 2), ("key", 3)),
    )
    wrong: dict[str, Any] = {"kid": THIRD.public.kid}
    yield (
        Book()
        .passages(1)
        .change(SECOND, **wrong)
        .passages(2)
        .done("rotation-kid-wrong", "the key's name is not its thumbprint", ("key", 2))
    )
    yield (
        Book()
        .change(SECOND)
        .passages(1)
        .change(FIRST)
        .passages(1)
        .done("rotation-back", "it goes back to a key that was handed over", ("key", 3))
    )
    yield (
        Book()
        .change(SECOND)
        .change(THIRD)
        .change(SECOND)
        .passages(1)
        .done("rotation-back-second", "it goes back to the second of three keys", ("key", 3))
    )
    book = Book().passages(1).change(None)
    yield book.passages(1).done("rotation-same", "the key hands over to itself", ("key", 2))
    for name, title, y in (
        ("order-4", "it hands over to a point of order 4", 0),
        ("neutral", "it hands over to the neutral point, for which anything is signed", 1),
        ("order-8", "it hands over to a point of order 8", _ORDER_8),
        ("not-reduced", "it hands over to a y that is not reduced", 2**255 - 16),
    ):
        x = y.to_bytes(32, "little")
        book = Book().passages(1).change(None, x=x, kid=thumbprint(x)).passages(1)
        yield book.done(f"rotation-{name}", title, ("key", 2))


def _begins() -> Iterator[Vector]:
    begin = KeyAction.BEGIN
    yield (
        Book(bare=3)
        .change(None, action=begin)
        .passages(2)
        .manifest()
        .done("begin", "three bare records of schema 1, then seals begin", ("unsealed", 1))
    )
    yield (Book(bare=3).done("bare", "a ledger of schema 1 that was never sealed", ("unsealed", 1)))
    yield (
        Book(bare=2)
        .passages(2)
        .done("begin-missing", "seals begin without a KEY record", ("unsealed", 1), ("key", 3))
    )
    yield (
        Book(bare=2)
        .change(SECOND)
        .passages(1)
        .done("begin-rotates", "seals begin with a rotation", ("unsealed", 1), ("key", 3))
    )
    book = Book(bare=2)
    book.append(b"\x00")
    bare = book.stamped(book.draft())
    book.append(encode(bare), bare)
    yield book.done(
        "begin-damaged",
        "bare records, damage, and bare again",
        ("unsealed", 1),
        ("seal", 3),
        ("unsealed", 4),
    )
    book, other = Book(bare=3), Book(bare=1)
    book.change(None, action=begin).passages(1)
    bare = other.stamped(other.draft(plate="晋B54321"))
    other.append(encode(bare), bare)
    yield Vector(
        name="begin-bare-replaced",
        title="bare record 2 is replaced",
        rows=(book.rows[0], other.rows[1], *book.rows[2:]),
        findings=(("unsealed", 1), ("chain", 3)),
    )
    yield Vector(
        name="begin-bare-replaced-last",
        title="the last bare record is replaced",
        rows=(*_replaced_last(book), *book.rows[3:]),
        findings=(("unsealed", 1), ("chain", 4)),
    )
    yield (
        Book()
        .passages(1)
        .change(None, action=begin)
        .passages(1)
        .done("begin-again", "seals begin where they had begun", ("key", 2))
    )
    yield (
        Book()
        .change(None, action=begin)
        .passages(1)
        .done("begin-first", "a BEGIN with nothing bare before it", ("key", 1))
    )
    yield (
        Book(bare=1)
        .change(SECOND, action=begin, key=FIRST)
        .done("begin-other-key", "the BEGIN names another key", ("unsealed", 1), ("key", 2))
    )
    book = Book(bare=2).change(None, action=begin).passages(1)
    bare = book.stamped(book.draft())
    book.append(encode(bare), bare)
    yield book.passages(1).done(
        "begin-bare-after", "a bare record behind the seals", ("unsealed", 1), ("unsealed", 5)
    )


def _replaced_last(book: Book) -> list[Row]:
    other = Book(bare=2)
    bare = other.stamped(other.draft(plate="晋B54321"))
    other.append(encode(bare), bare)
    return other.rows


def _revoked() -> Iterator[Vector]:
    def since(kid: bytes, **point: int) -> tuple[Revocation, ...]:
        return (Revocation(kid=kid, why="stolen", **point),)

    first = FIRST.public.kid
    book = Book().passages(4)
    yield book.done("revoked", "the key never counted", ("revoked", 1), revoked=since(first))
    yield book.done(
        "revoked-seq", "revoked from record 3 on", ("revoked", 3), revoked=since(first, from_seq=3)
    )
    dated = Book().passages(2, DAY).passages(1).passages(1, DAY + 1).passages(1).passages(1, DAY)
    yield dated.done(
        "revoked-date",
        "revoked from a date on, which no clock set back takes back",
        ("revoked", 4),
        revoked=since(first, from_date=DAY + 1),
    )
    book = Book().passages(2).change(SECOND).passages(2)
    yield book.done(
        "revoked-hands-over",
        "a revoked key hands over to another",
        ("revoked", 3),
        ("key", 4),
        revoked=since(first, from_seq=3),
    )
    yield book.done(
        "revoked-second",
        "the second key is revoked",
        ("revoked", 5),
        revoked=since(SECOND.public.kid, from_seq=5),
    )
    other = Book().passages(1)
    other.add(other.draft(plate="晋B54321"))
    yield Vector(
        name="revoked-replaced",
        title="a thief of the revoked key replaced record 2",
        rows=(*other.rows, *Book().passages(3).rows[2:]),
        findings=(("revoked", 2), ("chain", 3)),
        revoked=since(first, from_seq=2),
    )


def _manifests() -> Iterator[Vector]:
    for name, title, altered in (
        ("count", "the count is one too low", {"count": 2}),
        ("first", "it begins with record 2", {"first": 2}),
        ("last", "it ends with record 2", {"last": 2}),
        ("short", "it leaves out the last record, consistently", {"last": 2, "count": 2}),
        ("root", "another root", {"root": bytes(32)}),
        ("day", "another day", {"day": DAY - 1}),
        ("day-missing", "no day, though the records have one", {"day": None}),
    ):
        book = Book().passages(3, DAY).manifest(DAY + 1, **altered).passages(1, DAY + 1)
        yield book.done(f"manifest-{name}", f"a manifest: {title}", ("manifest", 4))
    book = Book().passages(2, DAY).manifest(DAY + 1).passages(2, DAY + 1)
    yield book.manifest(DAY + 2, first=4, count=2).done(
        "manifest-between", "the second manifest leaves out the first", ("manifest", 6)
    )
    book = Book().passages(4).manifest().passages(1)
    yield Vector(
        name="manifest-over-gap",
        title="a record under the manifest is removed: said once",
        rows=(*book.rows[:1], *book.rows[2:]),
        findings=(("gap", 2),),
    )
    other = Book().passages(1)
    other.add(key=STRANGER)
    yield Vector(
        name="manifest-over-stranger",
        title="a record under the manifest is replaced by one of an unknown key: said once",
        rows=(*other.rows, *book.rows[2:]),
        findings=(("key", 2),),
    )
    other = Book().passages(1)
    other.add(other.draft(plate="晋B54321"))
    yield Vector(
        name="manifest-over-replaced",
        title="a record under the manifest is replaced by the owner of the key: said once",
        rows=(*other.rows, *book.rows[2:]),
        findings=(("chain", 3),),
    )
    book = Book().passages(1).manifest().passages(1)
    yield Vector(
        name="manifest-over-gap-alone",
        title="the only record under the manifest is removed",
        rows=tuple(book.rows[1:]),
        findings=(("gap", 1),),
    )
    book = Book().passages(4).manifest(last=3, count=3)
    yield Vector(
        name="manifest-over-gap-short",
        title="a record is removed, and the manifest ends too early",
        rows=(*book.rows[:1], *book.rows[2:]),
        findings=(("gap", 2), ("manifest", 5)),
    )
    hidden = Book().passages(3).manifest().passages(2).manifest(count=3, root=bytes(32)).rows
    yield Vector(
        name="manifest-renumbered",
        title="record 2 is removed, the rows renumbered; the second manifest is still checked",
        rows=(hidden[0], *((seq - 1, row) for seq, row in hidden[2:])),
        findings=(("order", 2), ("manifest", 6)),
    )
    book = Book().passages(4).manifest(count=3)
    yield Vector(
        name="manifest-over-gap-false",
        title="a record is removed, and the manifest contradicts itself",
        rows=(*book.rows[:1], *book.rows[2:]),
        findings=(("gap", 2), ("manifest", 5)),
    )
    yield (
        Book()
        .manifest(first=1, last=1, count=1)
        .passages(1)
        .done("manifest-of-nothing", "a manifest as record 1", ("manifest", 1))
    )
