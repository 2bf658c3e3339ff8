import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.decode import NO_PLATE, Float, decode
from vision.plates import ALPHABET, TEMPLATES, UNREADABLE, classify, printed, written


def spell(columns: list[dict[str, float]]) -> Float:
    """Return logits in which every column holds the given shares and the blank the rest."""
    shares = np.full((len(columns), len(ALPHABET) + 1), 1e-7, np.float32)
    for row, column in zip(shares, columns, strict=True):
        row[0] = max(1 - sum(column.values()), 1e-6)
        for char, share in column.items():
            row[ALPHABET.index(char) + 1] = share
    return np.log(shares)


def spread(text: str, share: float = 0.98) -> list[dict[str, float]]:
    return [column for char in printed(text) for column in ({char: share}, {})]


@given(st.sampled_from(TEMPLATES).flatmap(lambda t: st.tuples(*map(st.sampled_from, t.places))))
def test_a_clear_plate_is_read_as_it_stands(places: tuple[str, ...]) -> None:
    text = written("".join(places))
    assert decode(spell(spread(text))).text == text


def test_grammar_settles_a_doubtful_place() -> None:
    columns = spread("皖A12345")
    columns[2] = {"4": 0.55, "A": 0.43}
    read = decode(spell(columns))
    assert read.text == "皖A12345"
    assert read.probabilities[1] == pytest.approx(0.43, abs=0.01)


def test_equal_neighbours_need_a_gap() -> None:
    assert decode(spell(spread("皖A11111"))).text == "皖A11111"
    joined = spread("皖A11234")
    joined[5] = {"1": 0.97}
    read = decode(spell(joined))
    assert read.text == "皖A11234"
    assert min(read.probabilities) == pytest.approx(0.03 / 0.97, rel=0.05)


def test_a_covered_province_stays_unreadable() -> None:
    read = decode(spell([{}, {}, *spread("A12345")]))
    assert read.text == "?A12345"
    assert read.probabilities[0] == 0.0


def test_a_doubtful_province_stays_unreadable() -> None:
    columns = spread("皖A12345")
    columns[0] = {"皖": 0.41, "浙": 0.39}
    read = decode(spell(columns))
    assert read.text[0] == UNREADABLE
    assert read.probabilities[0] == pytest.approx(0.41, abs=0.01)


def test_blank_columns_are_no_plate() -> None:
    assert decode(spell([{}] * 48)) == NO_PLATE


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 12))
def test_any_output_gives_a_plate_an_unreadable_one_or_none(seed: int, gain: float) -> None:
    logits = np.random.default_rng(seed).normal(0, gain, (48, len(ALPHABET) + 1))
    read = decode(logits.astype(np.float32))
    assert len(read.text) == len(read.probabilities)
    assert all(0 <= p <= 1 for p in read.probabilities)
    whole = read.text.replace(UNREADABLE, "皖", 1)
    # Only a province fills the first place of the few forms that begin with 粤 alone.
    assert not read.text or classify(whole) or classify("粤" + read.text[1:])
