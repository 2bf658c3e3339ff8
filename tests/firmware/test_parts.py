"""The firmware's parts one by one, on pins that remember."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from firmware_rig import firmware
from hypothesis import given
from hypothesis import strategies as st
from interlock_table import BLOCKED, CLEAR, HOLD, LOWER, RAISE, UNKNOWN

CONFIG: dict[str, Any] = {
    "rate_hz": 50,
    "lease_ms": 1000,
    "exclusive": 0,
    "estop": "estop",
    "cells": {"chip": "hx711", "sck": 2, "dout": [3, 4], "gain": 128},
    "inputs": [
        {"name": "estop", "pin": 5, "clear": 0, "settle_ms": 20},
        {"name": "yard.arm", "pin": 6, "clear": 0, "settle_ms": 20, "pair": 7},
        {"name": "yard.closed", "pin": 8, "clear": 1, "settle_ms": 20},
        {"name": "yard.open", "pin": 9, "clear": 1, "settle_ms": 20},
    ],
    "booms": [
        {
            "name": "yard",
            "raise": 16,
            "lower": 17,
            "stop": 18,
            "on": 1,
            "pulse_ms": 500,
            "rise_dead_ms": 50,
            "fall_dead_ms": 500,
            "settle_ms": 1500,
            "travel_ms": 6000,
            "guards": ["yard.arm"],
            "closed": "yard.closed",
            "open": "yard.open",
        }
    ],
    "heads": [{"name": "yard.deck", "red": 19, "green": 20, "on": 1}],
}


class Pin:
    """A pin that remembers its level."""

    def __init__(self, level: int = 0) -> None:
        self.level = level

    def value(self, level: int | None = None) -> int:
        self.level = self.level if level is None else level
        return self.level


class Relays:
    """A boom's three relays and what they did, ms by ms."""

    def __init__(self, pulse_ms: int, rise_dead_ms: int = 50, fall_dead_ms: int = 500) -> None:
        self.pins = {"raise": Pin(), "lower": Pin(), "stop": Pin()}
        dead_ms = (rise_dead_ms, fall_dead_ms)
        self.boom = firmware("booms").Boom(*self.pins.values(), pulse_ms, *dead_ms)
        self.now_ms = 1_000

    def drive(self, level: int, for_ms: int) -> list[str]:
        """The relays made in each ms, one name or none."""
        seen = []
        for _ in range(for_ms):
            self.boom.drive(level, self.now_ms)
            made = [name for name, pin in self.pins.items() if pin.level]
            assert len(made) <= 1, "the relays exclude each other"
            seen.append(made[0] if made else "")
            self.now_ms += 1
        return seen


def test_a_level_boom_holds_its_relay_and_keeps_dead_times() -> None:
    relays = Relays(pulse_ms=0)
    assert set(relays.drive(HOLD, 1000)) == {""}
    assert set(relays.drive(RAISE, 1000)) == {"raise"}
    falling = relays.drive(LOWER, 1000)
    assert falling[:500] == [""] * 500
    assert set(falling[500:]) == {"lower"}
    rising = relays.drive(RAISE, 100)
    assert rising[:50] == [""] * 50
    assert set(rising[50:]) == {"raise"}
    assert set(relays.drive(HOLD, 100)) == {"stop"}


def test_a_pulsed_boom_gets_one_pulse_for_each_change() -> None:
    relays = Relays(pulse_ms=500)
    assert set(relays.drive(HOLD, 2000)) == {""}
    rising = relays.drive(RAISE, 2000)
    assert rising == ["raise"] * 500 + [""] * 1500
    assert relays.drive(HOLD, 2000) == ["stop"] * 500 + [""] * 1500
    assert relays.drive(LOWER, 200) == ["lower"] * 200
    reversing = relays.drive(RAISE, 700)
    assert reversing == [""] * 50 + ["raise"] * 500 + [""] * 150


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 700)), max_size=8), st.booleans())
def test_relays_never_overlap_and_directions_keep_apart(
    steps: list[tuple[int, int]], pulsed: bool
) -> None:
    relays = Relays(pulse_ms=100 if pulsed else 0)
    seen = [name for level, for_ms in steps for name in relays.drive(level, for_ms)]
    last, last_ms = "", -10_000
    for at_ms, name in enumerate(seen):
        if name == "lower" and last == "raise":
            assert at_ms - last_ms > 500
        if name == "raise" and last == "lower":
            assert at_ms - last_ms > 50
        if name in ("raise", "lower"):
            last, last_ms = name, at_ms


@given(st.lists(st.integers(0, 15), max_size=20))
def test_of_each_head_one_lamp_burns_and_never_both(told: list[int]) -> None:
    pairs = [(Pin(), Pin()) for _ in range(4)]
    lights = firmware("lights").Lights(pairs)
    for greens in (0, *told):
        lights.show(greens)
        assert [(r.level, g.level) for r, g in pairs] == [
            (0, 1) if greens >> head & 1 else (1, 0) for head in range(4)
        ]


def test_a_contact_is_blocked_at_once_and_clear_after_its_time() -> None:
    pin, limit = Pin(1), Pin(0)
    contacts = firmware("contacts").Contacts([pin, limit], [None, None], [0, 1], [20, 0])
    assert contacts.look(5, 5_000) == 0b11
    assert list(contacts.states) == [BLOCKED, BLOCKED]
    pin.level = 0
    assert [contacts.look(ms, 1000 * ms) for ms in (10, 29)] == [0, 0]
    assert contacts.look(30, 30_000) == 0b01
    assert (contacts.states[0], contacts.edges_us[0]) == (CLEAR, 10_000)
    assert contacts.packed == CLEAR | BLOCKED << 2
    pin.level = 1
    assert contacts.look(31, 31_000) == 0b01
    assert contacts.edges_us[0] == 31_000


def test_a_contact_says_nothing_before_it_has_settled() -> None:
    contacts = firmware("contacts").Contacts([Pin(0)], [None], [0], [20])
    contacts.look(0, 0)
    assert contacts.states[0] == UNKNOWN


def test_a_pair_that_contradicts_itself_is_unknown() -> None:
    pin, pair = Pin(0), Pin(1)
    contacts = firmware("contacts").Contacts([pin], [pair], [0], [0])
    contacts.look(0, 0)
    assert contacts.states[0] == CLEAR
    pair.level = 0
    contacts.look(1, 0)
    assert contacts.states[0] == UNKNOWN


def test_the_lease_runs_out_and_takes_a_new_epoch() -> None:
    lease = firmware("lease").Lease(3, 1000)
    first = lease.epoch
    assert not lease.fresh(0)
    assert not lease.renew(first + 1, 0)
    assert not lease.held
    assert lease.renew(first, 0)
    assert lease.fresh(1000)
    assert not lease.fresh(1001)
    assert lease.epoch != first
    assert not lease.renew(first, 1002)
    assert lease.losses == 1


def test_the_lease_holds_over_the_end_of_the_ticks() -> None:
    lease = firmware("lease").Lease(3, 1000)
    assert lease.renew(lease.epoch, (1 << 30) - 10)
    assert lease.fresh(900)
    assert not lease.fresh(1000)


@given(st.integers(1, 0xFFFF))
def test_starts_that_follow_each_other_have_other_epochs(starts: int) -> None:
    begin = firmware("lease").begin
    assert begin(starts) != begin(starts % 0xFFFF + 1)
    assert 1 <= begin(starts) <= 0xFFFF


def judge(**changes: Any) -> Any:
    settings: dict[str, Any] = {
        "guards": [[0]],
        "limits": [(1, 2)],
        "settles_ms": [1500],
        "travels_ms": [6000],
        "estop": 255,
        "heads": 2,
        "exclusive": False,
    }
    return firmware("judge").Judge(**{**settings, **changes})


def test_guards_must_have_settled_before_a_boom_falls() -> None:
    one = judge()
    one.wanted[0] = LOWER
    states = bytearray([CLEAR, CLEAR, BLOCKED])
    levels = []
    for ms in (0, 1499, 1500):
        one.judge(states, True, ms)
        levels.append(one.level(0))
    assert levels == [HOLD, HOLD, LOWER]
    one.judge(states, True, (1 << 30) + 100)
    assert one.level(0) == LOWER, "what has settled stays so when the ticks begin anew"


def test_a_falling_boom_goes_up_again_until_it_is_open() -> None:
    one = judge(settles_ms=[0])
    one.wanted[0] = LOWER
    between = bytearray([CLEAR, CLEAR, CLEAR])
    one.judge(between, True, 0)
    assert one.level(0) == LOWER
    between[0] = BLOCKED
    for ms, wanted in ((1, LOWER), (2, HOLD), (5000, LOWER)):
        one.wanted[0] = wanted
        one.judge(between, True, ms)
        assert one.level(0) == RAISE
    one.judge(bytearray([BLOCKED, CLEAR, BLOCKED]), True, 5001)
    assert one.level(0) == HOLD


def test_a_reversal_without_limit_switches_ends_after_the_travel_time() -> None:
    one = judge(settles_ms=[0], limits=[(255, 255)])
    one.wanted[0] = LOWER
    one.judge(bytearray([CLEAR]), True, 0)
    levels = []
    for ms in (1, 6000, 6001, 6002):
        one.judge(bytearray([UNKNOWN]), True, ms)
        levels.append(one.level(0))
    assert levels == [RAISE, RAISE, RAISE, HOLD]


def test_two_booms_never_go_up_together() -> None:
    one = judge(
        guards=[[0], [0]],
        limits=[(1, 2), (1, 2)],
        settles_ms=[0, 0],
        travels_ms=[6000, 6000],
        exclusive=True,
    )
    one.wanted[0] = one.wanted[1] = RAISE
    one.judge(bytearray([CLEAR, BLOCKED, CLEAR]), True, 0)
    assert (one.level(0), one.level(1)) == (RAISE, HOLD)
    one.wanted[0] = HOLD
    one.judge(bytearray([CLEAR, BLOCKED, CLEAR]), True, 1)
    assert (one.level(0), one.level(1)) == (HOLD, RAISE)


class Chips:
    """Converters on one clock: ready by a low data pin, then 24 bits, then high."""

    def __init__(self, raws: list[int | str]) -> None:
        self.raws, self.bit = raws, -1
        self.level = 0

    def value(self, level: int | None = None) -> int:
        if level and not self.level:
            self.bit += 1
        self.level = self.level if level is None else level
        return self.level

    def data(self, channel: int) -> Any:
        chips = self

        class Data:
            def value(self) -> int:
                raw = chips.raws[channel]
                if raw == "silent":
                    return 1
                if raw == "low":
                    return 0
                assert isinstance(raw, int)
                if chips.bit < 0:
                    return 0
                return raw >> (23 - chips.bit) & 1 if chips.bit < 24 else 1

        return Data()


def cells_of(raws: list[int | str], clocks: int = 25) -> Any:
    chips = Chips(raws)
    cells = firmware("adc").Cells(
        chips, [chips.data(i) for i in range(len(raws))], clocks, lambda: 0, lambda state: None
    )
    cells.read()
    assert chips.bit == clocks - 1
    return cells


def test_counts_are_signed_and_what_is_no_conversion_has_no_value() -> None:
    raws: list[int | str] = [402_118, 0xFFFFB3, 0x7FFFFF, 0x800000, 0xFFFFFF, "silent", "low", 1]
    cells = cells_of(raws)
    none = -0x800000
    assert list(cells.counts) == [402_118, -77, none, none, none, none, none, 1]
    assert list(cells.flags) == [0, 0, 2, 2, 3, 1, 3, 0]


@given(st.lists(st.integers(-0x7FFFFF, 0x7FFFFE), min_size=1, max_size=8))
def test_any_count_comes_through(counts: list[int]) -> None:
    wanted = [(count, 0) if count != -1 else (-0x800000, 3) for count in counts]
    cells = cells_of([count & 0xFFFFFF for count in counts])
    assert list(zip(cells.counts, cells.flags, strict=True)) == wanted


@pytest.mark.parametrize(("gain", "clocks"), [(128, 25), (32, 26), (64, 27)])
def test_the_gain_of_an_hx711_is_its_number_of_clocks(gain: int, clocks: int) -> None:
    assert firmware("adc").CLOCKS["hx711"][gain] == clocks
    cells_of([7], clocks)


def test_the_sound_configuration_has_no_problems() -> None:
    assert firmware("config").problems(CONFIG) == []


BROKEN: list[tuple[list[Any], Any, str]] = [
    (["inputs", 0, "pin"], 16, "GP16 is both estop.pin and yard.raise"),
    (["inputs", 0, "pin"], 0, "GP0 is not free"),
    (["inputs", 0, "pin"], "5", "must be a whole number"),
    (["inputs", 1, "name"], "estop", "inputs has estop twice"),
    (["inputs", 0, "clear"], 2, "estop.clear is 2, not 0 to 1"),
    (["inputs", 0, "colour"], "red", "estop.colour is not known"),
    (["booms", 0, "guards"], [], "come down unseen"),
    (["booms", 0, "guards"], ["road.arm"], "road.arm, which is no input"),
    (["booms", 0, "guards"], ["yard.arm", "yard.open"], "names one input twice"),
    (["booms", 0, "stop"], None, "stop is needed"),
    (["booms", 0, "closed"], None, "go together"),
    (["cells", "dout"], [3, 3], "GP3 is both cells.dout[0] and cells.dout[1]"),
    (["cells", "dout"], list(range(9)), "1 to 8 pins"),
    (["cells", "chip"], "hx712", "cells.chip must be one of ads1232, ads1234, hx711"),
    (["cells", "gain"], 100, "cells.gain 100"),
    (["rate_hz"], 100, "more than a hx711 gives"),
    (["rate_hz"], 30, "does not divide a second"),
    (["lease_ms"], 5000, "lease_ms is 5000, not 100 to 1000"),
    (["estop"], "stop", "estop names stop"),
    (["heads"], [{"name": f"h{i}", "red": 1, "green": 1, "on": 1} for i in range(5)], "at most 4"),
    (["inputs"], "many", "list of tables"),
]


@pytest.mark.parametrize(("path", "value", "words"), BROKEN, ids=[row[2] for row in BROKEN])
def test_what_conflicts_is_refused(path: list[Any], value: Any, words: str) -> None:
    config: Any = json.loads(json.dumps(CONFIG))
    place = config
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert words in "; ".join(firmware("config").problems(config))


def test_booms_that_exclude_each_other_need_limit_switches() -> None:
    config: Any = json.loads(json.dumps({**CONFIG, "exclusive": 1}))
    del config["booms"][0]["closed"], config["booms"][0]["open"]
    assert "where booms exclude each other" in "; ".join(firmware("config").problems(config))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.sampled_from([path for path, _, _ in BROKEN]), JSON)
def test_no_configuration_raises(path: list[Any], value: Any) -> None:
    config: Any = json.loads(json.dumps(CONFIG))
    place = config
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert isinstance(firmware("config").problems(config), list)
    assert isinstance(firmware("config").problems(value), list)


def test_the_first_cause_is_kept_over_starts_until_it_is_forgotten(tmp_path: Path) -> None:
    memory = firmware("memory")
    folder = f"{tmp_path}/"
    first = memory.Memory(folder)
    first.keep(memory.EXCEPTION, "x" * 500)
    first.keep(memory.WATCHDOG, "later")
    second = memory.Memory(folder)
    assert (second.starts, second.cause, second.more) == (2, memory.EXCEPTION, 1)
    assert second.text == "x" * memory.TEXT_MAX
    second.forget()
    assert memory.Memory(folder).cause == memory.NONE


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"starts":"x","cause":null}', b"\xff\xfe"])
def test_a_spoilt_memory_is_begun_anew(tmp_path: Path, spoilt: bytes) -> None:
    (tmp_path / "memory.json").write_bytes(spoilt)
    memory = firmware("memory").Memory(f"{tmp_path}/")
    assert (memory.starts, memory.cause) == (1, 0)


def test_a_flash_that_cannot_be_written_costs_the_memory_only(tmp_path: Path) -> None:
    memory = firmware("memory").Memory(f"{tmp_path}/nowhere/")
    assert memory.damaged
    memory.keep(1, "text")
    assert memory.cause == 1
