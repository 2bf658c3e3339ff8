"""OPEN, CLOSE and STOP: never together, never within the dead time, never without a word."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.field.boom import CLOSE, NONE, OPEN, STOP, BoomDrive, BoomTimes, Coils
from hal.ports import BoomContacts, Contact, Drive

CLOSED = BoomContacts(Contact.BLOCKED, Contact.CLEAR)
RAISED = BoomContacts(Contact.CLEAR, Contact.BLOCKED)
BETWEEN = BoomContacts(Contact.CLEAR, Contact.CLEAR)
UNREAD = BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)
STEP_US = 10_000
MODES = st.sampled_from(["pulse", "level"])
WORDS = st.lists(
    st.tuples(
        st.sampled_from([None, *Drive]),
        st.integers(1, 120),
        st.sampled_from([CLOSED, RAISED, BETWEEN, UNREAD]),
        st.booleans(),
    ),
    max_size=30,
)


@dataclass
class Bench:
    """A drive on a clock of its own, and all that its contacts did."""

    drive: BoomDrive
    now_us: int = 5_000_000
    coils: Coils = NONE
    past: list[tuple[int, Coils]] = field(default_factory=list)

    def hold(
        self, level: Drive | None, steps: int, contacts: BoomContacts, stuck: Coils = NONE
    ) -> list[Coils]:
        """Say a level, or nothing, in each of these steps."""
        for _ in range(steps):
            self.now_us += STEP_US
            if level is not None:
                self.drive.ask(level, self.now_us)
            seen = Coils(*(a or b for a, b in zip(self.coils, stuck, strict=True)))
            self.coils = self.drive.step(self.now_us, contacts, seen)
            self.past.append((self.now_us, self.coils))
        return [coils for _, coils in self.past[-steps:]]


def bench(stop: bool = True, **times: object) -> Bench:
    return Bench(BoomDrive(BoomTimes(**times), stop))  # type: ignore[arg-type]


@settings(max_examples=60)
@given(words=WORDS, mode=MODES, stop=st.booleans())
def test_whatever_is_said_the_contacts_exclude_each_other(
    words: list[tuple[Drive | None, int, BoomContacts, bool]], mode: str, stop: bool
) -> None:
    rig = bench(stop, mode=mode)
    for level, steps, contacts, stuck_close in words:
        seen = rig.hold(level, steps, contacts, CLOSE if stuck_close else NONE)
        assert all(sum(coils) <= 1 for coils in seen)
        assert stop or not any(coils.stop for coils in seen)
        assert not stuck_close or not any(coils.open for coils in seen)
        if level is Drive.HOLD:
            assert not any(coils.open or coils.close for coils in seen)
        if level is Drive.RAISE:
            assert not any(coils.close for coils in seen)
        if level is Drive.LOWER:
            assert not any(coils.open for coils in seen)
    last = {"open": -1_000_000, "close": -1_000_000}
    for now_us, coils in rig.past:
        for on, other in (("open", "close"), ("close", "open")):
            if getattr(coils, on):
                assert now_us - last[other] >= 500_000
                last[on] = now_us


@settings(max_examples=40)
@given(words=WORDS, mode=MODES)
def test_a_lane_that_falls_silent_holds_within_the_lease(
    words: list[tuple[Drive | None, int, BoomContacts, bool]], mode: str
) -> None:
    rig = bench(mode=mode)
    for level, steps, contacts, _ in words:
        rig.hold(level, steps, contacts)
    silent = rig.hold(None, 200, BETWEEN)
    assert not any(coils.open or coils.close for coils in silent[101:])


@settings(max_examples=40)
@given(words=WORDS, mode=MODES)
def test_a_raise_is_given_within_the_dead_time_whatever_was_before(
    words: list[tuple[Drive | None, int, BoomContacts, bool]], mode: str
) -> None:
    rig = bench(mode=mode)
    for level, steps, contacts, _ in words:
        rig.hold(level, steps, contacts)
    rig.hold(Drive.HOLD, 1, BETWEEN)
    assert OPEN in rig.hold(Drive.RAISE, 52, BETWEEN)


def test_nothing_is_given_before_the_lane_says_so() -> None:
    rig = bench()
    assert set(rig.hold(None, 100, BETWEEN)) == {NONE}
    assert set(rig.hold(Drive.HOLD, 100, BETWEEN)) == {NONE}


def test_what_drove_the_gate_before_us_gets_its_dead_time() -> None:
    rig = bench()
    first = rig.hold(Drive.RAISE, 60, CLOSED)
    assert OPEN not in first[:50]
    assert OPEN in first[50:52]


def test_a_pulse_is_as_long_as_the_gate_wants_and_given_once() -> None:
    rig = bench(stop=False, pulse_us=300_000)
    rig.hold(None, 60, CLOSED)
    seen = rig.hold(Drive.RAISE, 500, BETWEEN)
    assert seen.count(OPEN) == 30
    assert seen[:30] == [OPEN] * 30


def test_a_level_is_held_as_long_as_it_is_said() -> None:
    rig = bench(mode="level")
    rig.hold(None, 60, CLOSED)
    assert set(rig.hold(Drive.RAISE, 500, RAISED)) == {OPEN}


def test_a_pulse_whose_limit_does_not_come_is_given_again_after_the_class_time_and_2_s() -> None:
    rig = bench(stop=False, travel_us=4_000_000)
    rig.hold(None, 60, CLOSED)
    seen = rig.hold(Drive.LOWER, 700, BETWEEN)
    starts = [i for i, c in enumerate(seen) if c == CLOSE and seen[i - 1 : i] != [CLOSE]]
    assert starts == [0, 600]


def test_what_nobody_can_see_is_not_pulsed_again() -> None:
    rig = bench(stop=False)
    rig.hold(None, 60, CLOSED)
    rig.hold(Drive.LOWER, 60, BETWEEN)
    assert set(rig.hold(Drive.LOWER, 2000, UNREAD)) == {NONE}


def test_a_closed_boom_is_not_closed_again_and_an_open_one_is_opened() -> None:
    rig = bench()
    rig.hold(None, 60, CLOSED)
    assert set(rig.hold(Drive.LOWER, 100, CLOSED)) == {NONE}
    assert OPEN in rig.hold(Drive.RAISE, 10, RAISED)


def test_raise_lets_go_of_close_at_once_and_stops_through_the_dead_time() -> None:
    rig = bench(mode="level")
    rig.hold(Drive.LOWER, 100, BETWEEN)
    assert rig.coils == CLOSE
    seen = rig.hold(Drive.RAISE, 60, BETWEEN)
    assert seen[:49] == [STOP] * 49
    assert set(seen[51:]) == {OPEN}


def test_hold_stops_a_moving_boom_once_and_none_at_its_limit() -> None:
    rig = bench()
    rig.hold(Drive.LOWER, 100, BETWEEN)
    assert rig.hold(Drive.HOLD, 200, BETWEEN).count(STOP) == 50
    rig.hold(Drive.LOWER, 100, CLOSED)
    assert set(rig.hold(Drive.HOLD, 100, CLOSED)) == {NONE}


def test_a_contact_that_reads_back_on_keeps_its_opposite_off() -> None:
    rig = bench(stop=False, mode="level")
    rig.hold(Drive.LOWER, 100, BETWEEN)
    assert set(rig.hold(Drive.RAISE, 300, BETWEEN, stuck=CLOSE)) == {NONE}
    assert OPEN in rig.hold(Drive.RAISE, 60, BETWEEN)


def test_without_a_dead_time_a_contact_that_reads_back_on_still_keeps_its_opposite_off() -> None:
    rig = bench(stop=False, mode="level", dead_us=0)
    rig.hold(Drive.LOWER, 10, BETWEEN)
    assert set(rig.hold(Drive.RAISE, 50, BETWEEN, stuck=CLOSE)) == {NONE}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pulse_us": 10_000}, "shorter than a relay needs"),
        ({"dead_us": -1}, "not negative"),
        ({"lease_us": 0}, "longer than 0"),
        ({"travel_us": 1_000_000, "pulse_us": 3_000_000}, "still be on"),
    ],
)
def test_times_that_no_gate_can_keep_are_refused(wrong: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BoomTimes(**wrong)  # type: ignore[arg-type]
