"""The chain beyond its vectors: no tampering is missed, and one fault is said once."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.chain import KEYS_MAX, Chain, genesis
from protocol.custody import KeyAction, KeyChange
from protocol.keys import PrivateKey
from protocol.parts import Kind
from protocol.record import decode, encode
from protocol.revocation import Revocation
from protocol.seal import seal, unseal
from protocol.vectors.book import (
    DAY,
    FIRST,
    LANE,
    SECOND,
    SITE,
    STRANGER,
    THIRD,
    Book,
    Row,
)
from protocol.vectors.make import found, vectors

_HAND_OVER = KeyChange(action=KeyAction.ROTATE, x=STRANGER.public.x, kid=STRANGER.public.kid)
CODES = {finding[0] for vector in vectors() for finding in vector.findings}
Found = list[tuple[str, int | None]]


def _chain(*revoked: Revocation) -> Chain:
    return Chain(SITE, LANE, FIRST.public, revoked=revoked)


def _found(rows: list[Row], *revoked: Revocation) -> Found:
    chain = _chain(*revoked)
    return [(finding.code, finding.seq) for row in rows for finding in chain.take(*row)]


def _ledger() -> Book:
    """Three days, three manifests, two rotations."""
    book = Book().passages(6, DAY).change(SECOND).passages(3, DAY).manifest(DAY + 1)
    book.passages(4, DAY + 1).manifest(DAY + 2).passages(2, DAY + 2).change(THIRD)
    return book.passages(3, DAY + 2).manifest(DAY + 3).passages(2, DAY + 3)


BOOK = _ledger()
ROWS = BOOK.rows
KEY_ROWS = (7, 19)


def _unknown_keys(gone: int) -> list[tuple[str, int]]:
    """Without a KEY record nobody has handed over to the keys after it."""
    return [("key", row + 1) for row in KEY_ROWS if gone in KEY_ROWS and row >= gone]


def test_the_ledger_of_these_tests_is_sound() -> None:
    chain = _chain()
    for row in ROWS:
        assert chain.take(*row) == []
        assert chain.sound
    assert (chain.key, chain.hash) == (THIRD.public, BOOK.stamped(BOOK.draft()).prev_hash)


@pytest.mark.parametrize("gone", range(1, len(ROWS)))
def test_one_record_removed_is_said_once(gone: int) -> None:
    rows = [row for row in ROWS if row[0] != gone]
    assert _found(rows) == [("gap", gone), *_unknown_keys(gone)]


@pytest.mark.parametrize("gone", range(1, len(ROWS)))
def test_one_record_removed_and_the_rows_renumbered(gone: int) -> None:
    rows = [(seq - (seq > gone), row) for seq, row in ROWS if seq != gone]
    unknown: Found = [("key", seq - 1) for _, seq in _unknown_keys(gone)]
    assert _found(rows) == (unknown or [("order", gone)])


def test_the_newest_removed_is_not_to_be_seen() -> None:
    """What docs/evidence.md says that seals cannot show."""
    assert _found(ROWS[:-1]) == []


@pytest.mark.parametrize("at", range(1, len(ROWS) + 1))
def test_one_record_of_a_stranger_is_said_once(at: int) -> None:
    forged = seal(encode(replace(BOOK.stamped(BOOK.draft()), seq=at)), STRANGER)
    rows = [(seq, forged if seq == at else row) for seq, row in ROWS]
    assert _found(rows) == [("key", at), *_unknown_keys(at)]


@pytest.mark.parametrize("at", range(1, len(ROWS)))
def test_one_record_written_anew_by_the_owner_shows_at_the_next(at: int) -> None:
    """The owner of the key cannot exchange a record without sealing all later ones anew."""
    key = FIRST if at <= 7 else SECOND if at <= 19 else THIRD
    record = decode(unseal(ROWS[at - 1][1]).payload)
    changed = replace(record, times=replace(record.times, at_us=record.times.at_us + 1))
    rows = [(seq, seal(encode(changed), key) if seq == at else row) for seq, row in ROWS]
    assert _found(rows) == [("chain", at + 1)]


def _flip(rows: list[Row], chance: random.Random) -> list[Row]:
    at = chance.randrange(len(rows))
    seq, row = rows[at]
    changed = bytearray(row)
    changed[chance.randrange(len(row))] ^= 1 << chance.randrange(8)
    return [*rows[:at], (seq, bytes(changed)), *rows[at + 1 :]]


def _remove(rows: list[Row], chance: random.Random) -> list[Row]:
    start = chance.randrange(len(rows) - 1)
    return rows[:start] + rows[chance.randrange(start + 1, len(rows)) :]


def _swap(rows: list[Row], chance: random.Random) -> list[Row]:
    one, two = chance.sample(range(len(rows)), 2)
    changed = list(rows)
    changed[one], changed[two] = (rows[one][0], rows[two][1]), (rows[two][0], rows[one][1])
    return changed


def _repeat(rows: list[Row], chance: random.Random) -> list[Row]:
    at = chance.randrange(len(rows))
    return [*rows[: at + 1], *rows[chance.randrange(at + 1) :]]


def _shuffle(rows: list[Row], chance: random.Random) -> list[Row]:
    changed = list(rows)
    while changed == rows:
        chance.shuffle(changed)
    return changed


def _renumber(rows: list[Row], chance: random.Random) -> list[Row]:
    return [(number, row) for number, (_, row) in enumerate(rows, 1)]


TAMPER: list[Callable[[list[Row], random.Random], list[Row]]] = [
    _flip, _remove, _swap, _repeat, _shuffle,
]  # fmt: skip


@given(
    st.lists(st.sampled_from(TAMPER), min_size=1, max_size=4), st.integers(0, 2**32), st.booleans()
)
def test_no_tampering_is_missed(
    steps: list[Callable[[list[Row], random.Random], list[Row]]], seed: int, renumbered: bool
) -> None:
    """However it was tampered with: a finding, unless what is left is the beginning of the true."""
    chance, rows = random.Random(seed), ROWS
    for step in steps:
        if len(rows) > 2:
            rows = step(rows, chance)
    if renumbered:
        rows = _renumber(rows, chance)
    true_beginning = rows == ROWS[: len(rows)]
    assert bool(_found(rows)) != true_beginning


@given(st.integers(0, 2**32))
def test_a_row_is_sound_only_if_it_is_true(seed: int) -> None:
    """Rows replaced by a stranger's in one long run: said once, and not one of them is sound."""
    chance = random.Random(seed)
    start = chance.randrange(len(ROWS))
    end = chance.randrange(start + 1, len(ROWS) + 1)
    book = Book()
    book.key = STRANGER
    forged = book.passages(len(ROWS)).rows
    rows = [*ROWS[:start], *forged[start:end], *ROWS[end:]]
    chain, sound = _chain(), {}
    for row in rows:
        chain.take(*row)
        sound[row[0]] = chain.sound
    assert not any(sound[seq] for seq, _ in forged[start:end])
    assert all(sound[seq] for seq, _ in ROWS[:start])


def test_memory_is_bounded() -> None:
    """Every row faulty in another way than the one before: the state does not grow."""
    strangers = [PrivateKey(bytes([number]) * 32) for number in range(1, 30)]
    chain, book = _chain(), Book()
    row = seal(encode(book.stamped(book.draft())), FIRST)
    for seq in range(1, 3000):
        forged = seal(b"\x01", strangers[seq % 29])
        chain.take(seq, (row, forged, b"\xa1\x01\x01", b"")[seq % 4])
    assert len(chain._standing) <= 6
    assert len(chain._used) == 1
    assert len(chain._segment._tree._full) <= 12


def test_a_ledger_has_at_most_so_many_keys() -> None:
    book, name = Book(), b"\x00" * 30
    for number in range(KEYS_MAX):
        book.change(PrivateKey(name + number.to_bytes(2, "big")))
    assert _found(book.rows) == [("key", KEYS_MAX)]


def test_a_genesis_names_site_lane_and_key() -> None:
    names = [("a", "1", FIRST), ("a", "2", FIRST), ("b", "1", FIRST), ("a", "1", SECOND)]
    made = {genesis(site, lane, key.public) for site, lane, key in names}
    assert len(made | {genesis("a", "1", None)}) == 5


def test_a_bare_key_or_manifest_record_changes_nothing() -> None:
    """Anyone can write a bare record; it must not hand over the seals, nor close a segment."""
    book = Book(bare=1)
    for kind in (Kind.KEY, Kind.MANIFEST):
        wrong = book.segment.manifest() if kind is Kind.MANIFEST else None
        change = _HAND_OVER if kind is Kind.KEY else None
        record = book.stamped(book.own(kind=kind, key=change, manifest=wrong))
        book.append(encode(record))
    chain = _chain()
    codes = [finding.code for row in book.rows for finding in chain.take(*row)]
    assert (codes, chain.key) == (["unsealed"], FIRST.public)
    assert chain._segment.first == 1


def test_every_vector_is_needed_for_its_finding() -> None:
    """Without its fault it would have none: the sound rows before it give nothing."""
    for vector in vectors():
        if vector.findings and vector.findings[0][0] not in ("unsealed", "gap"):
            first = vector.findings[0][1]
            assert first is not None
            before = tuple(row for row in vector.rows if row[0] < first)
            assert found(replace(vector, rows=before, findings=())) == [], vector.name


SAYS = {
    "removed-middle": "missing: seq 3",
    "removed-two": "missing: seq 2 to 3",
    "key-rotated-away": "counts no more",
    "replaced-stranger": "never had",
    "replaced-own": "not of seq 2 as it stands",
    "genesis-lane": "not of this site, lane and key",
    "manifest-count": "count is 2, 3 is due",
    "manifest-root": "root is 0000000000000000, ",
    "repeated-row": "stands behind row 2",
    "reordered": "seq 3",
    "revoked": "stolen",
    "lane-other": "lane '2'",
    "begin-missing": "bare records",
}


@pytest.mark.parametrize(("name", "words"), SAYS.items())
def test_a_finding_says_what_it_is_about(name: str, words: str) -> None:
    (vector,) = (vector for vector in vectors() if vector.name == name)
    chain = _chain(*vector.revoked)
    said = [finding.message for row in vector.rows for finding in chain.take(*row)]
    assert words in said[0]
    assert len(said[0]) < 300


@pytest.mark.parametrize("start", range(1, len(ROWS) + 1))
def test_rows_that_were_not_asked_for_are_no_gap(start: int) -> None:
    """A part of a ledger begins anywhere; what is in it is checked as always."""
    chain = _chain()
    for row in ROWS[:7]:
        chain.take(*row)
    chain.skip_to(start)
    late = [finding for row in ROWS[max(start - 1, 7) :] for finding in chain.take(*row)]
    # Whoever skips the KEY record 19 has nothing that hands over to the third key.
    unknown = [("key", start)] if start > KEY_ROWS[1] else []
    assert [(finding.code, finding.seq) for finding in late] == unknown


@given(st.integers(0, 2**32), st.booleans(), st.sampled_from([1, 2, 0, -5, 2**70]))
def test_any_payload_is_judged_and_stops_nothing(seed: int, sealed: bool, row: int) -> None:
    """Payloads damaged before they were sealed, and bare ones: findings, never an error."""
    chance = random.Random(seed)
    payload = bytearray(unseal(chance.choice(ROWS)[1]).payload)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(payload))
        payload[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
    damaged = bytes(payload) or b"\0"
    chain = _chain()
    given_row = seal(damaged, FIRST) if sealed else damaged
    found = {finding.code for finding in chain.take(row, given_row)}
    assert found <= CODES
    assert sealed or found & {"unsealed", "seal"}
    assert chain.take(row + 2, b"\0")[-1].code == "seal"
