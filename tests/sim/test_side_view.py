"""How far a vehicle may move until a sensor says something else, against moving it."""

from hypothesis import given
from hypothesis import strategies as st

from sim.profile import merged, overlaps, room

METRES = st.floats(-5.0, 25.0)
PARTS = st.lists(st.tuples(METRES, st.floats(0.01, 6.0)), max_size=5)


@given(PARTS, METRES, st.floats(0.0, 4.0), st.floats(0.0, 1.0), st.booleans())
def test_within_its_room_nothing_changes(
    parts: list[tuple[float, float]], from_m: float, length_m: float, share: float, back: bool
) -> None:
    intervals = merged([(a, a + wide) for a, wide in parts])
    met, down, up = room(intervals, from_m, from_m + length_m)
    assert met == overlaps(intervals, from_m, from_m + length_m)
    by_m = -share * min(down, 50.0) + 1e-9 if back else share * min(up, 50.0) - 1e-9
    if min(down, up) > 1e-8:
        assert overlaps(intervals, from_m + by_m, from_m + by_m + length_m) == met


@given(PARTS, METRES, st.floats(0.0, 4.0))
def test_at_its_end_something_changes(
    parts: list[tuple[float, float]], from_m: float, length_m: float
) -> None:
    intervals = merged([(a, a + wide) for a, wide in parts])
    met, _, up = room(intervals, from_m, from_m + length_m)
    if not met and up < 100.0:
        by_m = up + 1e-9
        assert overlaps(intervals, from_m + by_m, from_m + by_m + length_m)
