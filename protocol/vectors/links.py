"""Records removed, moved, repeated, replaced, or of another lane."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from protocol.chain import genesis
from protocol.record import encode
from protocol.seal import seal
from protocol.vectors.book import (
    FIRST,
    LANE,
    SITE,
    STRANGER,
    Book,
    Expected,
    Row,
    Vector,
)


def links() -> Iterator[Vector]:
    """Every vector whose fault lies between the records."""
    yield from _removed()
    yield from _moved()
    yield from _replaced()
    yield from _owners()


def _rows(name: str, title: str, rows: list[Row], *findings: Expected) -> Vector:
    return Vector(name=name, title=title, rows=tuple(rows), findings=findings)


def _renumbered(rows: list[Row]) -> list[Row]:
    return [(number, row) for number, (_, row) in enumerate(rows, 1)]


def _removed() -> Iterator[Vector]:
    rows = Book().passages(5).rows
    yield _rows("removed-first", "record 1 is removed", rows[1:], ("gap", 1))
    yield _rows("removed-middle", "record 3 is removed", rows[:2] + rows[3:], ("gap", 3))
    yield _rows("removed-two", "records 2 and 3 are removed", rows[:1] + rows[3:], ("gap", 2))
    hidden = _renumbered(rows[:2] + rows[3:])
    yield _rows(
        "removed-renumbered", "record 3 is removed, the rows are renumbered", hidden, ("order", 3)
    )
    hidden = _renumbered(rows[1:])
    yield _rows("removed-first-renumbered", "the same with record 1", hidden, ("order", 1))


def _moved() -> Iterator[Vector]:
    rows = Book().passages(5).rows
    swapped = _renumbered([rows[0], rows[2], rows[1], *rows[3:]])
    yield _rows(
        "reordered",
        "records 2 and 3 stand in each other's rows",
        swapped,
        ("order", 2),
        ("order", 3),
    )
    yield _rows(
        "reordered-rows",
        "rows 2 and 3 are given in the other order",
        [rows[0], rows[2], rows[1], *rows[3:]],
        ("gap", 2),
        ("order", 2),
    )
    yield _rows("repeated-row", "row 2 is given twice", [*rows[:2], *rows[1:]], ("order", 2))
    both = [*rows[:3], *rows[1:]]
    yield _rows("repeated-rows", "rows 2 and 3 are given twice", both, ("order", 2))
    skipped = [*rows[:2], *((seq + 1, row) for seq, row in rows[2:])]
    yield _rows("row-left-out", "no row is numbered 3", skipped, ("gap", 3), ("order", 4))
    apart = [rows[0], (2, rows[0][1]), rows[2], (4, rows[2][1]), rows[4]]
    yield _rows(
        "repeated-apart", "rows 2 and 4 repeat the one before", apart, ("order", 2), ("order", 4)
    )
    twice = _renumbered([*rows[:2], *rows[1:]])
    yield _rows("repeated-record", "record 2 stands in rows 2 and 3", twice, ("order", 3))
    book = Book().passages(2)
    again = replace(book.stamped(book.draft()), seq=2)
    book.append(seal(encode(again), FIRST))
    book.passages(2)
    yield book.done("repeated-seq", "record 3 says that it is 2", ("order", 3))
    book = Book().passages(2)
    unnumbered = replace(book.draft(), seq=0, prev_hash=b"")
    book.append(seal(encode(unnumbered), FIRST))
    book.passages(2)
    yield book.done("unnumbered", "record 3 has neither number nor link", ("undecodable", 3))


def _replaced() -> Iterator[Vector]:
    def altered(key: str) -> list[Row]:
        book, other = Book().passages(4), Book().passages(1)
        by = {"own": FIRST, "stranger": STRANGER}[key]
        other.add(other.draft(plate="晋B54321"), key=by)
        return [*book.rows[:1], *other.rows[1:], *book.rows[2:]]

    yield _rows(
        "replaced-stranger",
        "record 2 is replaced by one of an unknown key",
        altered("stranger"),
        ("key", 2),
    )
    yield _rows(
        "replaced-own",
        "record 2 is replaced by another of the lane's own key",
        altered("own"),
        ("chain", 3),
    )
    book = Book().passages(2)
    book.append(seal(encode(replace(book.stamped(book.draft()), prev_hash=bytes(32))), FIRST))
    book.passages(1)
    yield book.done("link-wrong", "record 3 is linked to no record", ("chain", 3))
    one, two = Book().passages(4), Book()
    two.add(two.draft(plate="晋B54321"))
    two.passages(3)
    yield _rows(
        "spliced",
        "from record 3 on the rows of another ledger of this key",
        one.rows[:2] + two.rows[2:],
        ("chain", 3),
    )
    rows, forged = _strangers()
    apart = [rows[0], forged[1], rows[2], forged[3], rows[4]]
    yield _rows(
        "replaced-apart", "an unknown key sealed records 2 and 4", apart, ("key", 2), ("key", 4)
    )
    run = [rows[0], *forged[1:4], rows[4]]
    yield _rows("replaced-run", "an unknown key sealed records 2 to 4", run, ("key", 2))
    yield _rows(
        "two-faults",
        "record 2 is removed, and record 4 replaced by one of an unknown key",
        _two_faults(),
        ("gap", 2),
        ("key", 4),
    )


def _strangers() -> tuple[list[Row], list[Row]]:
    book = Book()
    book.key = STRANGER
    return Book().passages(5).rows, book.passages(5).rows


def _two_faults() -> list[Row]:
    book, other = Book().passages(6), Book().passages(3)
    other.add(key=STRANGER)
    return [book.rows[0], book.rows[2], other.rows[3], *book.rows[4:]]


def _owners() -> Iterator[Vector]:
    book = Book()
    foreign = genesis(SITE, "2", FIRST.public)
    book.append(seal(encode(replace(book.stamped(book.draft()), prev_hash=foreign)), FIRST))
    book.passages(2)
    yield book.done("genesis-lane", "record 1 is linked to the genesis of lane 2", ("chain", 1))
    book = Book()
    record = replace(book.stamped(book.draft()), prev_hash=genesis(SITE, LANE, STRANGER.public))
    book.append(seal(encode(record), FIRST))
    yield book.done("genesis-key", "the genesis names another first key", ("chain", 1))
    book = Book()
    record = replace(book.stamped(book.draft()), prev_hash=genesis(SITE, LANE, None))
    book.append(seal(encode(record), FIRST))
    yield book.done("genesis-bare", "the genesis is that of an unsealed ledger", ("chain", 1))
    book = Book().passages(1)
    book.add(book.draft(lane="2"))
    book.passages(1)
    yield book.done("lane-other", "record 2 is of lane 2", ("lane", 2))
    book = Book().passages(1)
    book.add(book.draft(site="SX-0351-02"))
    book.passages(1)
    yield book.done("site-other", "record 2 is of another site", ("lane", 2))
    book = Book().passages(1)
    book.add(book.draft(lane="2"))
    book.passages(1)
    book.add(book.draft(lane="2"))
    yield book.done("lane-other-apart", "records 2 and 4 are of lane 2", ("lane", 2), ("lane", 4))
    book = Book().passages(1)
    book.append(encode(book.stamped(book.draft(lane="2"))))
    yield book.passages(1).done(
        "unsealed-unread", "record 2 has no seal; what it says is not read", ("unsealed", 2)
    )
    book = Book(lane="2").passages(3)
    yield book.done("ledger-of-lane-2", "the whole ledger of lane 2", ("lane", 1), ("chain", 1))
    book = Book()
    book.key = STRANGER
    yield book.passages(3).done("ledger-of-stranger", "all by an unknown key", ("key", 1))
    book = Book().passages(1)
    book.append(encode(book.stamped(book.draft())))
    yield book.passages(1).done("unsealed", "record 2 has no seal", ("unsealed", 2))
