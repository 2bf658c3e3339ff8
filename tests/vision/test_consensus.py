import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.consensus import Caps, Read, aligned, combine, fits, likeness, pool
from vision.plates import ALPHABET, validate

CAPS = Caps(frame_p_max=0.999, voted_p_max=0.9999, province_frames_min=2, province_share_min=1 / 3)
texts = st.text(ALPHABET + "?", max_size=9)
chances = st.floats(0.0, 1.0)


def read(text: str, *p: float) -> Read:
    return Read(text=text, probabilities=p if len(p) == len(text) else p * len(text))


@st.composite
def many_reads(draw: st.DrawFn) -> list[Read]:
    some = draw(st.lists(st.text(ALPHABET + "?", min_size=1, max_size=9), min_size=1, max_size=6))
    return [Read(text=text, probabilities=tuple(draw(chances) for _ in text)) for text in some]


def test_one_read_keeps_its_text_and_its_probabilities() -> None:
    voted = combine([read("晋A12345", 0.9, 0.8, 0.7, 0.9, 0.9, 0.9, 0.6)], 1.0, CAPS)
    assert voted.text == "晋A12345"
    assert voted.probabilities == pytest.approx((0.9, 0.8, 0.7, 0.9, 0.9, 0.9, 0.6))
    assert voted.agree == 1


def test_frames_that_each_miss_another_character_give_the_plate_that_none_read() -> None:
    reads = [
        read("晋A12345", 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9),
        read("晋A1Z345", 0.9, 0.9, 0.9, 0.5, 0.9, 0.9, 0.9),
        read("晋A12B45", 0.9, 0.9, 0.9, 0.9, 0.5, 0.9, 0.9),
        read("晋A123S5", 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.9),
    ]
    voted = combine(reads[1:], 2.0, CAPS)
    assert voted.text == "晋A12345"
    assert voted.agree == 0
    assert combine(reads, 2.0, CAPS).agree == 1


@pytest.mark.parametrize(
    ("short", "whole"),
    [("晋AD1234", "晋AD12345"), ("晋A12345", "晋AD12345"), ("A12345", "晋A12345")],
)
def test_reads_of_other_length_are_aligned(short: str, whole: str) -> None:
    voted = combine([read(whole, 0.9), read(short, 0.9), read(whole, 0.9)], 2.0, CAPS)
    assert voted.text == whole
    assert sorted(voted.support) == [2, *[3] * (len(whole) - 1)]
    assert min(voted.probabilities) < 0.9 < max(voted.probabilities)


def test_a_character_that_may_be_none_makes_the_whole_text_doubtful() -> None:
    voted = combine([read("晋A12345", 0.9), read("晋A123456", 0.9)], 2.0, CAPS)
    assert len(voted.text) == 7
    assert max(voted.probabilities) < 0.5


def test_the_grammar_keeps_a_mixture_from_standing() -> None:
    # By characters alone the last place would be 警 from one read behind 港 of the other.
    lawful, mixed = "粤Z1234港", "粤Z123警港"
    voted = combine([read(mixed, 0.9), read(lawful, 0.8)], 1.0, CAPS)
    assert voted.text == lawful
    assert min(voted.probabilities) < 0.5


def test_an_unreadable_province_stays_so_unless_enough_frames_agree() -> None:
    blind, seen = read("?A12345", 0.0, *[0.9] * 6), read("晋A12345", 0.9)
    assert combine([blind, blind, seen], 2.0, CAPS).text == "?A12345"
    assert combine([blind, blind, seen, seen], 2.0, CAPS).text == "晋A12345"
    assert combine([*[blind] * 5, seen, seen], 2.0, CAPS).text == "?A12345"
    assert combine([blind, blind], 1.5, CAPS).probabilities[0] == 0.0
    torn = [read("晋A12345", 0.9), read("晋A12345", 0.9), read("冀A12345", 0.9),
            read("冀A12345", 0.9)]  # fmt: skip
    assert combine(torn, 2.0, CAPS).text == "?A12345"


@given(chances, st.integers(2, 24))
@settings(derandomize=True)
def test_frames_of_one_blur_never_become_certainty(p: float, frames: int) -> None:
    one = pool([("A", p)], 1.0, CAPS)["A"]
    same = pool([("A", p)] * frames, 1.0 / frames, CAPS)["A"]
    double = pool([("A", p)] * frames, 2.0 / frames, CAPS)["A"]
    assert same == pytest.approx(min(one, CAPS.voted_p_max))
    assert double <= CAPS.voted_p_max
    if p >= 0.5:
        assert double >= one - 1e-12
        assert 1 - double >= 0.9 * min((1 - min(p, CAPS.frame_p_max)) ** 2, 1) * 0.5
    else:
        assert double <= one + 1e-12


@given(many_reads(), st.floats(0, 1))
@settings(derandomize=True)
def test_a_vote_is_always_a_text_with_a_chance_for_each_character(
    reads: list[Read], share: float
) -> None:
    worth = 1 + share * (len(reads) - 1)
    voted = combine(reads, worth, CAPS)
    assert len(voted.text) == len(voted.probabilities) == len(voted.support)
    assert all(0 <= p <= CAPS.voted_p_max for p in voted.probabilities)
    assert all(p == 0 for p, c in zip(voted.probabilities, voted.text, strict=True) if c == "?")
    assert 0 <= voted.agree <= len(reads)
    if any(validate(one.text) for one in reads):
        whole = voted.text.removeprefix("?")
        assert any(validate(province + whole) for province in ("粤", "晋", ""))


@given(many_reads())
@settings(derandomize=True)
def test_the_order_of_equal_frames_does_not_matter(reads: list[Read]) -> None:
    alike = [Read(text=reads[0].text, probabilities=r.probabilities[:1] * len(reads[0].text))
             for r in reads]  # fmt: skip
    one, other = combine(alike, 1.0, CAPS), combine(alike[::-1], 1.0, CAPS)
    assert one.text == other.text
    assert one.probabilities == pytest.approx(other.probabilities)


@given(texts, texts)
@settings(derandomize=True)
def test_an_alignment_holds_both_texts_in_order(one: str, other: str) -> None:
    pairs = aligned(one, other)
    assert "".join(a for a, _ in pairs) == one
    assert "".join(b for _, b in pairs) == other
    assert ("", "") not in pairs
    assert likeness(one, one) == 1.0
    assert likeness(one, other) == pytest.approx(likeness(other, one))


def test_a_voted_question_mark_fits_any_character_and_a_read_one_none() -> None:
    assert fits("晋A12345", "?A12345")
    assert not fits("?A12345", "晋A12345")
    assert not fits("晋A1234", "?A12345")
    assert combine([], 1.0, CAPS).text == ""
