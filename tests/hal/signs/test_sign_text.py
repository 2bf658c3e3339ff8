"""What a sign shows is whole: plates, masses and characters are never torn."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.signs.text import (
    COLUMNS_MIN,
    REPLACEMENT,
    SCREENS_MAX,
    gbk,
    lay_out,
    ungbk,
)

TEXT = st.text(max_size=60)


def test_an_over_limit_page_is_whole_on_the_narrowest_sign() -> None:
    lines = ("车辆超限", "晋AD12345", "总重 123456 kg", "限重 49000 kg", "请卸载后复磅")
    shown = lay_out(lines, 4, COLUMNS_MIN)
    rows = [ungbk(row) for screen in shown.screens for row in screen]
    assert shown.cut == ""
    assert "晋AD12345" in rows
    assert "123456 kg" in rows
    assert "".join(rows).replace(" ", "") == "".join(lines).replace(" ", "")


def test_what_does_not_fit_on_one_screen_goes_on_the_next() -> None:
    shown = lay_out(("一", "二", "三"), 2, 24)
    assert [[ungbk(row) for row in screen] for screen in shown.screens] == [
        ["一", "二"],
        ["三", ""],
    ]


def test_what_fits_on_no_screen_is_told_and_the_last_line_kept() -> None:
    shown = lay_out((*["行"] * 20, "请卸载后复磅"), 4, 24)
    assert len(shown.screens) == SCREENS_MAX
    assert ungbk(shown.screens[-1][-1]) == "请卸载后复磅"
    assert "21 rows" in shown.cut


def test_what_gbk_has_not_becomes_the_replacement_and_is_told() -> None:
    assert ungbk(gbk("重\U0001f69a5")) == f"重{REPLACEMENT}5"
    assert "GBK has no" in lay_out(("重\U0001f69a",), 1, 10).cut
    assert gbk("a\x00\x1bb") == b"a  b"


def test_a_sign_too_small_for_a_plate_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot show a plate"):
        lay_out((), 4, COLUMNS_MIN - 1)


@given(st.lists(TEXT, max_size=8).map(tuple), st.integers(1, 8), st.integers(COLUMNS_MIN, 32))
def test_no_row_is_too_wide_and_no_character_torn(
    lines: tuple[str, ...], rows: int, columns: int
) -> None:
    shown = lay_out(lines, rows, columns)
    for screen in shown.screens:
        assert len(screen) == rows
        for row in screen:
            assert len(row) <= columns
            row.decode("gbk")
    whole = "".join(ungbk(row) for screen in shown.screens for row in screen)
    if "rows of text" not in shown.cut:
        said = ungbk(gbk("".join(lines)))
        assert re.sub(" ", "", whole) == re.sub(" ", "", said)


@given(st.binary(max_size=64))
def test_any_bytes_can_be_read_as_text(data: bytes) -> None:
    assert isinstance(ungbk(data), str)
