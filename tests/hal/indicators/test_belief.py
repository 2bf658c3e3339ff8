"""What of a frame is believed, and under which name it is doubted."""

import pytest
from indicator_rig import Bench, Range

from hal.indicators.belief import Belief, Terms, kilograms
from hal.indicators.codec import Shown
from hal.indicators.yaohua_frames import continuous
from hal.ports import DeviceFault, IndicationState


def frame(digits: int | None = 54_320, **rest: object) -> Shown:
    return Shown(raw=b"frame", digits=digits, **rest)  # type: ignore[arg-type]


def told(shown: Shown, **terms: object) -> tuple[int | None, int | None] | str:
    """Gross and tare in grams, or what the doubt is called."""
    belief = Belief(Terms(**{"unit": "kg", **terms}))  # type: ignore[arg-type]
    said = belief.take(shown, 1)
    if said is None:
        assert belief.doubt is not None
        assert belief.doubt.seen
        return belief.doubt.name
    assert (said.t_us, said.raw) == (1, b"frame")
    return said.gross_g, said.tare_g


def test_units_and_decimals_become_whole_grams() -> None:
    assert told(frame(5_432, decimals=2, unit="t"), unit="") == (54_320_000, None)
    assert told(frame(5_432_000, decimals=2, unit="g"), unit="g") == (54_320, None)
    assert told(frame(-40)) == (-40_000, None)
    assert told(frame(317, decimals=2)) == (3_170, None)
    assert told(frame(1_234_567, decimals=4)) == "INDICATOR_SCALING"


def test_a_pound_is_refused_unless_the_site_means_it() -> None:
    assert told(frame(unit="lb"), unit="") == "INDICATOR_UNIT"
    assert told(frame(unit="lb")) == "INDICATOR_UNIT"
    assert told(frame(100, unit="lb"), unit="lb") == (45_359, None)
    assert told(frame(unit="t")) == "INDICATOR_UNIT"
    assert told(frame(unit="dwt"), unit="") == "INDICATOR_UNIT"
    assert told(frame(), unit="") == "INDICATOR_UNIT"


def test_a_net_weight_needs_its_tare() -> None:
    assert told(frame(34_320, net=True, tare_digits=20_000)) == (54_320_000, 20_000_000)
    assert told(frame(34_320, tare_digits=20_000)) == (34_320_000, 20_000_000)
    assert told(frame(34_320, net=True)) == "INDICATOR_NET"


def test_what_cannot_be_on_this_scale_is_doubted() -> None:
    assert told(frame(100_180), max_g=100_180_000) == (100_180_000, None)
    assert told(frame(100_200), max_g=100_180_000) == "INDICATOR_SCALING"
    assert told(frame(-100_200), max_g=100_180_000) == "INDICATOR_SCALING"
    assert told(frame(54_320), d_g=20_000) == (54_320_000, None)
    assert told(frame(5_432), d_g=20_000) == "INDICATOR_SCALING"


def test_without_a_weight_the_state_is_told() -> None:
    belief = Belief(Terms(max_g=1))
    said = belief.take(frame(None, state=IndicationState.OVER), 7)
    assert said is not None
    assert (said.gross_g, said.state) == (None, IndicationState.OVER)


def test_a_frame_counts_when_so_many_are_equal_and_till_then_it_moves() -> None:
    belief = Belief(Terms(unit="kg", equal_frames=3, d_g=20_000))

    def motion(kg: int, **rest: object) -> bool | None:
        said = belief.take(frame(kg, **rest), 1)
        assert said is not None
        return said.motion

    assert [motion(kg) for kg in (100, 100, 100, 100)] == [True, True, None, None]
    # Digits that changed places pass the XOR of format 0; the next frame tells them.
    assert [motion(kg) for kg in (1_000, 100, 100, 100)] == [True, True, True, None]
    # A load between two divisions flickers; a value shown once may still be a spoiled frame.
    flicker = [motion(kg) for kg in (120, 100, 120, 100, 120, 100)]
    assert flicker == [True, None, True, None, None, None]
    # A creeping load agrees with the frame before and with nothing else.
    assert [motion(kg) for kg in (120, 140, 160, 180, 200)] == [None, True, True, True, True]
    assert [motion(kg) for kg in (160, 160, 160)] == [True, True, None]
    assert motion(160, state=IndicationState.OK, tare_digits=20) is True
    assert [motion(160, motion=False) for _ in range(3)] == [True, True, False]
    belief.reset()
    assert motion(160, motion=False) is True


def test_one_wrong_frame_is_dropped_and_three_are_a_fault() -> None:
    bench = Bench("yaohua.indicator", scale=Range(), unit="kg", equal_frames=1)
    good, wrong = continuous(54_320), continuous(543_200)
    for _ in range(5):
        assert bench.say(wrong * 2) == ()
        said = bench.say(good)
        assert isinstance(said, tuple)
        assert [i.gross_g for i in said] == [54_320_000]
    fault = bench.say(wrong * 3)
    assert isinstance(fault, DeviceFault)
    assert fault.name == "INDICATOR_SCALING"
    assert fault.seen == "shows 543200 kg, Max + 9 e is 100180 kg"
    assert bench.driver.faults() == (fault,)
    assert isinstance(bench.say(good), tuple)
    assert bench.driver.faults() == ()


@pytest.mark.parametrize(
    ("grams", "text"), [(54_320_000, "54320 kg"), (-500, "-0.5 kg"), (0, "0 kg"), (1, "0.001 kg")]
)
def test_masses_are_told_in_kilograms(grams: int, text: str) -> None:
    assert kilograms(grams) == text
