import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.colour import COLOURS, colour_of, plate_type
from vision.plates import PlateType, classify
from vision.recognise import Float

EXAMPLES = {
    PlateType.BLUE1: "皖A12345",
    PlateType.YELLOW1: "粤B8K7M9",
    PlateType.YELLOW2: "鲁C1234挂",
    PlateType.GREEN8: "京AD12345",
    PlateType.YELLOW_GREEN8: "京A12345D",
    PlateType.WHITE1: "京A1234警",
    PlateType.BLACK1: "粤Z1234港",
}


def sure(colour: str) -> Float:
    shares = np.full(len(COLOURS), 0.02, np.float32)
    shares[COLOURS.index(colour)] = 0.9
    return shares


@pytest.mark.parametrize("ptype", PlateType)
def test_colour_rows_and_text_make_the_type(ptype: PlateType) -> None:
    rows = ptype is PlateType.YELLOW2
    assert plate_type(sure(colour_of(ptype)), EXAMPLES[ptype], two_rows=rows) is ptype


@given(st.sampled_from(list(EXAMPLES.values())), st.sampled_from(COLOURS), st.booleans())
def test_no_type_that_the_text_forbids_is_told(text: str, colour: str, two_rows: bool) -> None:
    told = plate_type(sure(colour), text, two_rows=two_rows)
    form = classify(text)
    assert form is not None
    assert told is None or (told in form.types and (told is PlateType.YELLOW2) == two_rows)


def test_the_detector_is_believed_where_the_text_allows_it() -> None:
    blue = sure("blue")
    assert plate_type(blue, "皖A12345", two_rows=False, wanted=PlateType.YELLOW1) == "yellow1"
    assert plate_type(blue, "皖A12345", two_rows=False, wanted=PlateType.GREEN8) == "blue1"
    assert plate_type(blue, "皖A12345", two_rows=False, wanted=PlateType.YELLOW2) == "blue1"


def test_a_colour_that_the_light_hides_is_not_told() -> None:
    even = np.full(len(COLOURS), 1 / len(COLOURS), np.float32)
    assert plate_type(even, "皖A12345", two_rows=False) is None
    assert plate_type(sure("green"), "皖A12345", two_rows=False) is None
    torn = np.array([0.31, 0.27, 0.0, 0.0, 0.22, 0.2], np.float32)
    assert plate_type(torn, "皖A12345", two_rows=False) is None


def test_an_unreadable_province_leaves_the_colour() -> None:
    assert plate_type(sure("yellow"), "?A1234学", two_rows=False) is PlateType.YELLOW1
    assert plate_type(sure("green"), "?A1234学", two_rows=False) is None
