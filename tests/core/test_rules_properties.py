"""What must hold for any facts: no exception, no float, no leniency bought by not knowing."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.core.rules import Facts, Judgement, Scale, Verdict, judge
from controller.rulebook import load_rulebook

BOOK = load_rulebook()
LENIENCY = {Verdict.OVER: 0, Verdict.UNDETERMINED: 1, Verdict.WITHIN: 2}

masses = st.none() | st.integers(0, 120_000).map(lambda kg: kg * 1_000)
# Weights close to a limit are where rules go wrong, so they are drawn as often as any other.
near_limits = st.builds(
    lambda tonnes, off_g: tonnes * 1_000_000 + off_g,
    st.sampled_from([18, 25, 26, 27, 31, 32, 34, 36, 37, 40, 43, 46, 49]),
    st.sampled_from([-20_000, -1, 0, 1, 20_000]),
)
flags = st.sampled_from([None, False, True])
scales = st.sampled_from(
    [None, Scale(max_g=100_000_000, e_g=20_000), Scale(max_g=60_000_000, e_g=20_000)]
)
any_facts = st.builds(
    Facts,
    axles=st.none() | st.integers(1, 9),
    kind=st.sampled_from([None, "truck", "train"]),
    single_drive_axle=flags,
    single_tyre_axles=st.none() | st.integers(0, 4),
    wide_tyres=flags,
    air_suspension_drive=flags,
    trailer_tandem_spacing_mm=st.none() | st.integers(900, 2_500),
    gross_g=near_limits | masses,
    tare_g=masses,
    licence_gvm_g=near_limits | masses,
    licence_payload_g=masses,
    height_mm=st.none() | st.integers(3_990, 4_010),
    width_mm=st.none() | st.integers(2_540, 2_560),
    length_mm=st.none() | st.integers(18_090, 18_110),
    posted_limit_g=near_limits | masses,
    on=st.sampled_from([None, 20150101, 20160920, 20160921, 20261122]),
    scale=scales,
)


def leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part)
    else:
        yield value


# A core that raises stops the lane, so not even nonsense may make it raise.
integers = st.none() | st.integers(-(2**63), 2**63)
nonsense = st.builds(
    Facts,
    axles=integers,
    kind=st.sampled_from([None, "truck", "train", "", "lorry"]),
    single_drive_axle=flags,
    single_tyre_axles=integers,
    trailer_tandem_spacing_mm=integers,
    air_suspension_drive=flags,
    gross_g=integers,
    tare_g=integers,
    licence_gvm_g=integers,
    licence_payload_g=integers,
    height_mm=integers,
    posted_limit_g=integers,
    on=integers,
    scale=st.none() | st.builds(Scale, max_g=st.integers(-5, 10**9), e_g=st.integers(-5, 10**5)),
)


@given(nonsense)
def test_not_even_nonsense_makes_judging_raise(facts: Facts) -> None:
    assert judge(facts, BOOK).over_limit.readings


@given(any_facts)
def test_judging_never_raises_and_knows_no_floats(facts: Facts) -> None:
    found = judge(facts, BOOK)
    assert not any(isinstance(leaf, float) for leaf in leaves(msgspec.to_builtins(found)))
    assert found.over_limit.readings
    assert all(reason for reason in found.reasons)
    assert judge(facts, BOOK) == found


@given(any_facts)
def test_release_needs_a_limit_that_is_kept(facts: Facts) -> None:
    found = judge(facts, BOOK)
    refused = Verdict.OVER in (found.overload.verdict, found.dimensions.verdict)
    assert found.release is (found.over_limit.verdict is Verdict.WITHIN and not refused)


@given(any_facts)
def test_the_verdict_is_what_all_readings_agree_on(facts: Facts) -> None:
    over_limit = judge(facts, BOOK).over_limit
    verdicts = {reading.verdict for reading in over_limit.readings}
    expected = verdicts.pop() if len(verdicts) == 1 else Verdict.UNDETERMINED
    assert over_limit.verdict is expected
    limits = [r.limit_g for r in over_limit.readings if r.limit_g is not None]
    assert over_limit.limit_g == (max(limits) if limits else None)


@given(any_facts, st.integers(1, 50_000_000))
def test_a_heavier_vehicle_never_fares_better(facts: Facts, more_g: int) -> None:
    lighter = replace(facts, scale=None, gross_g=facts.gross_g or 0)
    heavier = replace(lighter, gross_g=(facts.gross_g or 0) + more_g)
    first, second = judge(lighter, BOOK), judge(heavier, BOOK)
    assert LENIENCY[second.over_limit.verdict] <= LENIENCY[first.over_limit.verdict]
    # A tare above the gross compares nothing, so a heavier gross may begin to be comparable.
    if facts.tare_g is None or facts.tare_g <= (facts.gross_g or 0):
        assert LENIENCY[second.overload.verdict] <= LENIENCY[first.overload.verdict]


CONCRETE: dict[str, st.SearchStrategy[object]] = {
    "axles": st.integers(1, 9),
    "kind": st.sampled_from(["truck", "train"]),
    "single_drive_axle": st.booleans(),
    "trailer_tandem_spacing_mm": st.integers(0, 3_000),
    "licence_gvm_g": st.integers(1, 60_000_000),
    "on": st.sampled_from([20150101, 20160921, 20261122]),
}


def agrees_or_is_open(unknown: Judgement, known: Judgement) -> bool:
    verdict = unknown.over_limit.verdict
    return verdict is Verdict.UNDETERMINED or verdict is known.over_limit.verdict


@given(any_facts, st.sampled_from(sorted(CONCRETE)), st.data())
def test_not_knowing_never_claims_what_some_value_would_deny(
    facts: Facts, missing: str, data: st.DataObject
) -> None:
    unknown = replace(facts, **{missing: None})
    known = replace(facts, **{missing: data.draw(CONCRETE[missing], label=missing)})
    assert agrees_or_is_open(judge(unknown, BOOK), judge(known, BOOK))


@given(any_facts, near_limits)
def test_a_posted_limit_never_raises_a_limit(facts: Facts, posted_g: int) -> None:
    free = judge(replace(facts, posted_limit_g=None), BOOK).over_limit
    posted = judge(replace(facts, posted_limit_g=posted_g), BOOK).over_limit
    assert LENIENCY[posted.verdict] <= LENIENCY[free.verdict]
    assert (posted.limit_g is None) == (free.limit_g is None)
    assert (posted.limit_g or 0) <= min(free.limit_g or 0, posted_g)


@given(any_facts)
def test_the_uncertainty_of_the_scale_changes_no_verdict(facts: Facts) -> None:
    weighed = replace(facts, gross_g=max(400_000, min(facts.gross_g or 0, 60_000_000)))
    verdicts = {
        judge(replace(weighed, scale=scale), BOOK).over_limit.verdict
        for scale in (None, Scale(max_g=60_000_000, e_g=20_000))
    }
    assert len(verdicts) == 1
