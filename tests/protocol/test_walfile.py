"""The WAL read without SQLite says what SQLite would, and what SQLite does not say."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import walfile
from protocol.walfile import FRAME_HEADER_BYTES, HEADER_BYTES, checksum, examine

PAGE = 4096
FRAME = FRAME_HEADER_BYTES + PAGE


@pytest.fixture
def wal(tmp_path: Path) -> Path:
    """Ten transactions in a WAL whose writer was killed."""
    path = tmp_path / "a.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA page_size = {PAGE}")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (x INTEGER PRIMARY KEY, y BLOB)")
    for number in range(10):
        db.execute("INSERT INTO t VALUES (?, ?)", (number, bytes([number]) * 6000))
    left = tmp_path / "left-wal"
    left.write_bytes((tmp_path / "a.db-wal").read_bytes())
    db.close()
    return left


def _slowly(data: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    """The loop of the file format's own text."""
    s0, s1 = start
    words = [
        int.from_bytes(data[at : at + 4], "big" if order == ">" else "little")
        for at in range(0, len(data), 4)
    ]
    for first, second in zip(words[::2], words[1::2], strict=True):
        s0 = (s0 + first + s1) & 0xFFFFFFFF
        s1 = (s1 + second + s0) & 0xFFFFFFFF
    return s0, s1


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.binary(min_size=8, max_size=256).map(lambda b: b[: len(b) // 8 * 8]),
    st.sampled_from("<>"),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
)
def test_the_checksum_is_that_of_the_format(
    data: bytes, order: str, start: tuple[int, int]
) -> None:
    assert checksum(data, order, start) == _slowly(data, order, start)


def test_a_whole_wal(wal: Path) -> None:
    found = examine(wal)
    data = wal.read_bytes()
    assert not found.lost
    assert found.page_bytes == PAGE
    assert len(found.pages) == found.database_pages
    newest = max(found.pages.values())
    assert newest == len(data) - PAGE


def test_none_and_empty(tmp_path: Path) -> None:
    assert examine(tmp_path / "none") == walfile.Wal()
    (tmp_path / "empty").touch()
    assert examine(tmp_path / "empty") == walfile.Wal()


def test_a_cut_anywhere_is_no_loss(wal: Path) -> None:
    """It looks like the last transaction of a power cut, whose record nobody was told of."""
    data = wal.read_bytes()
    for size in range(HEADER_BYTES, len(data), 1999):
        wal.write_bytes(data[:size])
        assert not examine(wal).lost


def test_damage_before_a_later_transaction_is_a_loss(wal: Path) -> None:
    data = wal.read_bytes()
    frames = (len(data) - HEADER_BYTES) // FRAME
    lost = []
    for frame in range(frames):
        hurt = bytearray(data)
        hurt[HEADER_BYTES + frame * FRAME + 500] ^= 4
        wal.write_bytes(hurt)
        found = examine(wal)
        assert all(at < HEADER_BYTES + frame * FRAME for at in found.pages.values())
        lost.append(found.lost)
    last = frames - 1 - lost[::-1].index(True)
    assert all(lost[: last + 1])
    # Only the newest transaction can be what a power cut left.
    assert frames - last <= 5


def test_a_damaged_header_before_frames_is_a_loss(wal: Path) -> None:
    data = bytearray(wal.read_bytes())
    data[9] ^= 1
    wal.write_bytes(data)
    assert examine(wal).lost


def test_a_rest_of_the_generation_before_is_none(wal: Path) -> None:
    data = bytearray(wal.read_bytes())
    frames = (len(data) - HEADER_BYTES) // FRAME
    for frame in range(frames // 2, frames):
        at = HEADER_BYTES + frame * FRAME + 8
        data[at : at + 8] = b"\x01\x02\x03\x04\x05\x06\x07\x08"
    wal.write_bytes(data)
    assert not examine(wal).lost
