import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.plates import (
    ALPHABET,
    PROVINCES,
    TEMPLATES,
    PlateType,
    classify,
    printed,
    validate,
    written,
)

# The two patterns of GA 36 as public sources write them.
SEVEN = re.compile(f"^[{PROVINCES}][A-Z][A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳使领]$")
EIGHT = re.compile(f"^[{PROVINCES}][A-Z](?:[0-9]{{5}}[DF]|[DF][A-HJ-NP-Z0-9][0-9]{{4}})$")


def test_the_alphabet_has_each_glyph_once() -> None:
    assert len(PROVINCES) == 31
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert not set("IO") & set(ALPHABET)


@pytest.mark.parametrize(
    ("text", "ptype"),
    [
        ("皖A12345", PlateType.BLUE1),
        ("粤B8K7M9", PlateType.YELLOW1),
        ("鲁C1234挂", PlateType.YELLOW2),
        ("渝B3587学", PlateType.YELLOW1),
        ("京AD12345", PlateType.GREEN8),
        ("京A12345F", PlateType.YELLOW_GREEN8),
        ("粤O9112警", PlateType.WHITE1),
        ("粤Z1234港", PlateType.BLACK1),
    ],
)
def test_real_forms_are_known(text: str, ptype: PlateType) -> None:
    assert validate(text, ptype)


@pytest.mark.parametrize(
    "text",
    ["", "皖A1234", "皖A1234I", "皖A123O5", "AA12345", "皖112345", "皖A12345挂", "京AL12345",
     "?A12345", "皖A挂1234", "皖A123456"],
)  # fmt: skip
def test_what_is_no_plate_is_refused(text: str) -> None:
    assert classify(text) is None


def test_a_trailer_is_never_blue() -> None:
    assert validate("鲁C1234挂", PlateType.YELLOW2)
    assert not validate("鲁C1234挂", PlateType.BLUE1)


def test_the_issuing_office_o_is_painted_as_zero() -> None:
    assert printed("粤OA9112") == "粤0A9112"
    assert written("粤0A9112") == "粤OA9112"


@given(st.sampled_from(TEMPLATES).flatmap(lambda t: st.tuples(*map(st.sampled_from, t.places))))
def test_every_text_of_a_template_is_a_plate(places: tuple[str, ...]) -> None:
    text = written("".join(places))
    assert classify(text) is not None


@given(st.from_regex(EIGHT, fullmatch=True).filter(lambda s: s[1] not in "IO"))
def test_the_public_pattern_for_new_energy_is_covered(text: str) -> None:
    assert validate(text, PlateType.GREEN8)


@given(st.from_regex(SEVEN, fullmatch=True).filter(lambda s: s[1] != "I" and s[-1] not in "港澳"))
def test_the_public_pattern_for_seven_is_covered(text: str) -> None:
    assert classify(text) is not None or (text[1] == "O" and text[-1] in "挂学使领")
