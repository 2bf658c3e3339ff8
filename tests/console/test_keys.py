"""Bytes to keys, however they are cut and whatever they are; and lines on their way to a screen."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys
from prompt_toolkit.utils import get_cwidth

from controller.console.editor import _together
from controller.console.keys import (
    DAMAGED,
    LINE_MAX,
    PASTE_MAX,
    PASTE_TOO_LONG,
    TOO_LONG,
    KeyDecoder,
)
from controller.console.sheet import cut, folded

PIECES = st.sampled_from(
    [
        b"show lane",
        b"\r",
        b"\n",
        b"\r\n",
        b"\x1b",
        b"\x1b[",
        b"\x1b[A",
        b"\x1bOA",
        b"\x1b[200~",
        b"\x1b[201~",
        b"\x1b]0;t",
        b"\x07",
        b"\x1bP",
        b"\x1b\\",
        b"\x9b",
        b"\xc2\x9b",
        b"\xff",
        b"\xe5\x8d",
        "卡".encode(),
        b"\x03",
        b"\x04",
        b"\x00",
        b"?",
        b'"',
        b"\t",
        b"1;2;3",
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=8), max_size=40).map(b"".join)


def keys(*reads: bytes) -> list[KeyPress]:
    decoder = KeyDecoder()
    return [key for read in reads for key in decoder.feed(read)]


def text(found: list[KeyPress]) -> str:
    return "".join(key.data for key in found)


@settings(max_examples=60)
@given(STREAMS, st.integers(1, 9))
@example(b"\x1b[200~a\r\nb\x1b[201~\r", 1)
def test_where_reads_are_cut_changes_nothing(data: bytes, size: int) -> None:
    cut_up = [data[at : at + size] for at in range(0, len(data), size)]
    assert keys(*cut_up) == keys(data)


@given(STREAMS)
def test_no_key_steers_a_terminal(data: bytes) -> None:
    for key in keys(data):
        if key.key == Keys.BracketedPaste:
            assert all(one == "\n" or one.isprintable() or one == DAMAGED for one in key.data)
        elif not isinstance(key.key, Keys):
            assert key.key.isprintable() or key.key == DAMAGED


@settings(max_examples=20)
@given(st.lists(st.binary(min_size=1, max_size=20), max_size=8))
def test_a_line_of_letters_is_never_longer_than_a_line_may_be(pieces: list[bytes]) -> None:
    run = 0
    for key in keys(*(piece * 200 for piece in pieces)):
        if key.key in (Keys.ControlM, Keys.ControlC, TOO_LONG):
            run = 0
        elif not isinstance(key.key, Keys):
            run += 1
        assert run <= LINE_MAX


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (b"\r\n", [Keys.ControlM]),
        (b"\n", [Keys.ControlM]),
        (b"\r\r\n\n", [Keys.ControlM] * 3),
        (b"\x1b[A\x1bOB", [Keys.Up, Keys.Down]),
        (b"\x1b[3~\x7f\x08", [Keys.Delete, Keys.ControlH, Keys.ControlH]),
        (b"\x1bf", [Keys.Escape, "f"]),
        (b"\x1b[99;99R", []),
        (b"\x1b[<0;3;4M", []),
        (b"\x1b[1;2;3;4;5;6;7;8;9;10;11m", []),
        (b"\x1b]52;c;aGk=\x07a", ["a"]),
        (b"\x1bPq\x1b\\a", ["a"]),
        (b"\x1b[\r", [Keys.ControlM]),
        (b"\x00\x11\x13", []),
        (b"\xe5\x8d\xa1", ["卡"]),
        (b"\xe5\x8da", [DAMAGED, "a"]),
        ("\u202e\u200b\x85".encode(), [DAMAGED] * 3),
    ],
)
def test_what_comes_is_read_as(typed: bytes, expected: list[Keys | str]) -> None:
    assert [key.key for key in keys(typed)] == expected


def test_a_line_that_is_too_long_is_dropped_to_its_end() -> None:
    found = keys(b"x" * (LINE_MAX + 1) + b"\rok\r")
    assert [key.key for key in found[LINE_MAX:]] == [TOO_LONG, "o", "k", Keys.ControlM]
    assert keys(b"x" * LINE_MAX + b"\r")[-1].key == Keys.ControlM


def test_ctrl_c_ends_a_line_that_is_dropped() -> None:
    found = keys(b"x" * (LINE_MAX + 1) + b"\x03ok\r")
    assert [key.key for key in found[LINE_MAX:]] == [Keys.ControlC, "o", "k", Keys.ControlM]


def test_a_paste_is_one_text_of_lines_or_none() -> None:
    (one,) = keys(b"\x1b[200~a\r\nb\rc\td\x1b[201~")
    assert (one.key, one.data) == (Keys.BracketedPaste, "a\nb\nc d")
    (long,) = keys(b"\x1b[200~" + b"x" * (PASTE_MAX + 1) + b"\x1b[201~")
    assert long.key == PASTE_TOO_LONG
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1b[200~jog yard\r") == []
    assert decoder.pasting
    assert [key.key for key in decoder.cut_paste()] == [PASTE_TOO_LONG]
    assert [key.key for key in decoder.feed(b"ok\r")] == ["o", "k", Keys.ControlM]


def test_an_escape_alone_is_a_key_once_nothing_follows() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1b") == []
    assert [key.key for key in decoder.flush()] == [Keys.Escape]
    assert decoder.feed(b"\x1b[1;") == []
    assert decoder.flush() == []
    assert text(decoder.feed(b"a")) == "a"


@pytest.mark.parametrize("begun", [b"\x1b]", b"\x1bP", b"\x1b[200~", b"", b"\x1b["])
def test_half_a_megabyte_of_anything_takes_little_memory(begun: bytes) -> None:
    decoder = KeyDecoder()
    decoder.feed(begun)
    tracemalloc.start()
    for _ in range(128):
        decoder.feed(b"1" * 4_096)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2_000_000


def test_letters_that_come_at_once_are_one_insertion_and_a_question_mark_is_none() -> None:
    found = _together(keys(b"show scale?jog yard now\r"))
    assert [key.key for key in found] == [
        Keys.BracketedPaste,
        "?",
        Keys.BracketedPaste,
        Keys.ControlM,
    ]
    assert text(found) == "show scale?jog yard now\r"


@given(st.text(max_size=200), st.integers(2, 40))
def test_a_folded_line_is_whole_and_no_row_too_wide(line: str, width: int) -> None:
    rows = folded(line, width)
    assert "".join(rows) == line
    for row in rows:
        assert sum(max(0, get_cwidth(letter)) for letter in row) <= width
    assert line.startswith(cut(line, width))
