"""Every way in which a device of the yard misbehaves does what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest
from day_rig import lane_in

from controller.core.faults import Fault
from controller.core.images import OutputImage, WallTime
from hal.bus import Bus
from hal.ports import BoomContacts, CellSamples, Contact, Drive, Signal, SignPage
from sim.devices import SLOW_US, SimCells, SimClock, SimGate, SimPresence, SimSign, SimSignal
from sim.faults import AT_AN_END, BOOT_US, CYCLE_US, TABLE, Amounts, table
from sim.hang import hang
from sim.people import Walker
from sim.scenario import deal
from sim.steady import FLAP_US
from sim.units import ScenarioError
from sim.world import Options, Yard

PERSON = Walker(end=0, from_us=1_000_000, until_us=60_000_000)
BEAM = "yard.beam_high"


def yard_and_bus() -> tuple[Yard, Bus]:
    yard, bus = Yard(1, (), Options(walkers=(PERSON,))), Bus()
    bus.share("yard", lambda: yard)
    return yard, bus


def beam(bus: Bus) -> SimPresence:
    return SimPresence(bus, kind="beam_high", end="yard")


def test_a_flapping_sensor_is_gone_and_back_by_turns() -> None:
    yard, bus = yard_and_bus()
    sensor = beam(bus)
    yard.fault(BEAM, "flapping")
    said = []
    for _ in range(4):
        said.append(sensor.read())
        yard.advance(FLAP_US)
    assert said == [Contact.CLEAR, Contact.UNKNOWN, Contact.CLEAR, Contact.UNKNOWN]


def test_a_slow_sensor_says_late_what_is_so() -> None:
    yard, bus = yard_and_bus()
    sensor = beam(bus)
    assert sensor.read() is Contact.CLEAR
    yard.fault(BEAM, "slow")
    blocked_us = None
    while blocked_us is None:
        yard.advance(20_000)
        if sensor.read() is Contact.BLOCKED:
            blocked_us = yard.now_us
    assert blocked_us - PERSON.from_us == SLOW_US
    yard.heal(BEAM)
    assert sensor.read() is Contact.BLOCKED


def test_a_stuck_sensor_says_to_the_next_controller_what_it_said_to_the_last() -> None:
    yard, bus = yard_and_bus()
    assert beam(bus).read() is Contact.CLEAR
    yard.fault(BEAM, "stuck")
    yard.advance(2_000_000)
    assert beam(bus).read() is Contact.CLEAR
    yard.heal(BEAM)
    assert beam(bus).read() is Contact.BLOCKED


def test_the_switches_of_a_slow_boom_come_late() -> None:
    yard, bus = yard_and_bus()
    gate = SimGate(bus, end="road")
    closed = BoomContacts(Contact.BLOCKED, Contact.CLEAR)
    assert gate.read() == closed
    yard.fault("road.boom", "slow")
    gate.drive(Drive.RAISE)
    left_us = None
    while gate.read() == closed:
        yard.advance(20_000)
        if left_us is None and yard.booms[1].contacts() != closed:
            left_us = yard.now_us
    assert left_us is not None
    assert yard.now_us - left_us == SLOW_US


def test_a_slow_converter_gives_every_sample_in_lumps() -> None:
    yard, bus = yard_and_bus()
    cells = SimCells(bus)
    yard.fault("cells", "slow")
    lumps = []
    for _ in range(100):
        yard.advance(20_000)
        samples = cells.read()
        assert isinstance(samples, CellSamples)
        lumps.append(len(samples.t_us))
    sizes = [n for n in lumps if n]
    assert len(sizes) == 100 * 20_000 // SLOW_US
    assert set(sizes) == {SLOW_US * 80 // 1_000_000}


def test_a_pressed_stop_is_pressed_until_it_is_let_go() -> None:
    yard, bus = yard_and_bus()
    stop = SimPresence(bus, kind="estop")
    yard.fault("estop", "pressed")
    assert stop.read() is Contact.BLOCKED
    yard.heal("estop")
    assert stop.read() is Contact.CLEAR


def test_a_chattering_sensor_gives_short_false_pulses_at_its_rate() -> None:
    yard, bus = yard_and_bus()
    sensor = beam(bus)
    yard.fault("yard.beam_high", "chatters", Amounts(rate=0.2))
    said = []
    while yard.now_us < PERSON.from_us:
        said.append(sensor.read() is Contact.BLOCKED)
        assert (sensor.read() is Contact.BLOCKED) is said[-1]
        yard.advance(2_000)
    assert 0.1 < sum(said) / len(said) < 0.35
    yard.advance(1_000_000)
    said = []
    for _ in range(500):
        yard.advance(2_000)
        said.append(sensor.read() is Contact.CLEAR)
    assert 0.1 < sum(said) / len(said) < 0.35


@pytest.mark.parametrize("kind", ["says clear", "says blocked"])
def test_a_liar_says_one_thing_whatever_is_there(kind: str) -> None:
    yard, bus = yard_and_bus()
    sensor = beam(bus)
    yard.fault(BEAM, kind)
    said = set()
    for _ in range(100):
        yard.advance(20_000)
        said.add(sensor.read())
    assert said == {Contact.CLEAR if kind == "says clear" else Contact.BLOCKED}


def test_a_beam_that_starts_anew_says_blocked_meanwhile() -> None:
    yard, bus = yard_and_bus()
    sensor = SimPresence(bus, kind="beam_low", end="road")
    yard.fault("road.beam_low", "restarts")
    said = []
    for _ in range(2 * CYCLE_US // 20_000):
        said.append(sensor.read() is Contact.BLOCKED)
        yard.advance(20_000)
    assert sum(said) == 2 * BOOT_US // 20_000
    assert said[0]
    assert said[CYCLE_US // 20_000]


def test_a_loop_tunes_away_what_stands_on_it_when_it_starts() -> None:
    yard, bus = yard_and_bus()
    sensor = SimPresence(bus, kind="arm", end="yard")
    there = {"now": Contact.BLOCKED}
    yard.presence = lambda end, kind: there["now"]  # type: ignore[method-assign]
    yard.fault("yard.arm", "restarts")
    assert sensor.read() is Contact.UNKNOWN
    yard.advance(BOOT_US)
    assert sensor.read() is Contact.CLEAR
    there["now"] = Contact.CLEAR
    assert sensor.read() is Contact.CLEAR
    there["now"] = Contact.BLOCKED
    assert sensor.read() is Contact.BLOCKED


@pytest.mark.parametrize(
    ("kind", "contacts"),
    [
        ("says closed", BoomContacts(Contact.BLOCKED, Contact.CLEAR)),
        ("says open", BoomContacts(Contact.CLEAR, Contact.BLOCKED)),
        ("both limits made", BoomContacts(Contact.BLOCKED, Contact.BLOCKED)),
        ("no limit made", BoomContacts(Contact.CLEAR, Contact.CLEAR)),
    ],
)
def test_limit_switches_that_lie_say_one_thing(kind: str, contacts: BoomContacts) -> None:
    yard, bus = yard_and_bus()
    gate = SimGate(bus, end="road")
    yard.fault("road.boom", kind)
    assert raised(yard, gate, 6.0) == 90.0
    assert gate.read() == contacts


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("stops half way", 20, 70), ("drives slowly", 15, 60)]
)
def test_a_drive_in_trouble_comes_less_far(kind: str, low: float, high: float) -> None:
    yard, bus = yard_and_bus()
    gate = SimGate(bus, end="road")
    yard.fault("road.boom", kind)
    assert low < raised(yard, gate, 2.0) < high
    yard.heal("road.boom")
    assert raised(yard, gate, 3.0) == 90.0


def test_a_boom_that_opens_by_itself_opens_under_any_level() -> None:
    yard, bus = yard_and_bus()
    gate = SimGate(bus, end="road")
    yard.fault("road.boom", "opens by itself")
    for _ in range(200):
        gate.drive(Drive.LOWER)
        yard.advance(20_000)
    assert yard.booms[1].angle_deg == 90.0


def test_a_boom_that_starts_anew_is_unknown_and_stands_still() -> None:
    yard, bus = yard_and_bus()
    gate = SimGate(bus, end="road")
    yard.fault("road.boom", "restarts")
    assert raised(yard, gate, BOOT_US / 1e6) == 0.0
    assert gate.read() != BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)
    assert raised(yard, gate, 4.0) == 90.0


def raised(yard: Yard, gate: SimGate, seconds: float) -> float:
    """The angle after raising for so long."""
    for _ in range(round(seconds * 50)):
        gate.drive(Drive.RAISE)
        yard.advance(20_000)
    return yard.booms[1].angle_deg


def test_a_welded_lamp_stays_green_and_a_dark_sign_shows_nothing() -> None:
    yard, bus = yard_and_bus()
    lamp, sign = SimSignal(bus, end="yard", face="deck"), SimSign(bus)
    page = SignPage(lines=("x",), colour="red")
    yard.fault("yard.deck_lamp", "stays green")
    yard.fault("sign", "dark")
    lamp.show(Signal.RED)
    sign.show(page)
    assert (yard.deck_green, yard.sign) == ([True, False], None)
    yard.heal("yard.deck_lamp")
    yard.fault("sign", "slow")
    lamp.show(Signal.RED)
    for _ in range(SLOW_US // 20_000):
        sign.show(page)
        assert yard.sign is None
        yard.advance(20_000)
    sign.show(page)
    assert (yard.deck_green, yard.sign) == ([False, False], page)


@pytest.mark.parametrize(
    ("kind", "by", "ms", "synchronised"),
    [
        ("ahead", 5_000_000.0, 15_000, True),
        ("behind", 5_000_000.0, 5_000, True),
        ("drifts", 0.5, 15_000, False),
        ("stuck", 0.0, 0, False),
        ("unknown", 0.0, 10_000, False),
    ],
)
def test_the_wall_clock_is_off_and_the_rising_one_is_not(
    kind: str, by: float, ms: int, synchronised: bool
) -> None:
    yard, bus = yard_and_bus()
    clock = SimClock(bus)
    start_ms = clock.wall().ms
    yard.fault("clock", kind, Amounts(by=by))
    yard.advance(10_000_000)
    wall = clock.wall()
    assert (wall.ms - start_ms, wall.synchronised, wall.offset_min) == (ms, synchronised, 480)
    assert clock.now_us() == 10_000_000


@pytest.mark.parametrize(
    ("kind", "ms"), [("lost", 10_000), ("unset", 0), ("nonsense", 1 << 60), ("wrong zone", None)]
)
def test_a_clock_without_a_date_says_so_or_nonsense(kind: str, ms: int | None) -> None:
    yard, bus = yard_and_bus()
    yard.fault("clock", kind)
    yard.advance(10_000_000)
    wall = SimClock(bus).wall()
    assert wall.ms == (yard.wall_ms if ms is None else ms)
    assert (wall.offset_min == 480) is (kind != "wrong zone")


@pytest.mark.parametrize("kind", ["unset", "nonsense", "lost", "behind"])
def test_the_lane_takes_a_wall_time_that_cannot_be_for_none(tmp_path: Path, kind: str) -> None:
    """No calendar has it, or it is from before there was such a lane."""
    yard = Yard(1, (), Options())
    lane = lane_in(yard, tmp_path)
    yard.fault("clock", kind, Amounts(by=2 * 365 * 86_400e6))
    inputs, _ = lane.once()
    lane.bookkeeper.close()
    assert inputs.wall == WallTime()
    assert Fault.CLOCK_UNSET in inputs.faults


def test_an_answer_for_another_plate_gives_no_papers(tmp_path: Path) -> None:
    trucks = [{"configuration": c, "papers": "known"} for c in ("2-axle truck", "3-axle truck")]
    yard = Yard(3, *deal({"truck": trucks}, 3))
    books = lane_in(yard, tmp_path).bookkeeper
    plate = next(iter(yard.register))
    known = []
    for kind in ("answers for another", ""):
        if kind:
            yard.fault("register", kind)
        else:
            yard.heal("register")
        books.take(OutputImage(lookup=plate), 5, WallTime())
        assert books.vehicle is not None
        known.append((books.vehicle.plate, books.vehicle.axles))
        books.take(OutputImage(), 5, WallTime())
    books.close()
    assert known == [(plate, None), (plate, 2)]


def test_a_host_that_hangs_lets_the_coprocessor_drop_its_levels() -> None:
    yard, _ = yard_and_bus()
    yard.booms[0].level = Drive.RAISE
    yard.deck_green[0] = True
    yard.fault("host", "hangs", Amounts(by=500_000.0))
    hang(yard, 1_000_000)
    assert (yard.now_us, yard.booms[0].level, yard.deck_green[0]) == (500_000, Drive.RAISE, True)
    yard.fault("host", "hangs", Amounts(by=1_500_000.0))
    hang(yard, 1_000_000)
    assert (yard.now_us, yard.booms[0].level, yard.deck_green[0]) == (2_000_000, Drive.HOLD, False)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"device": "cells", "kind": "pressed"}, "cells"),
        ({"device": "sign", "kind": "chatters"}, "sign"),
        ({"device": "yard.beam_low", "kind": "stuck", "rate": "5 %"}, "no 'rate'"),
        ({"device": "cells", "kind": "jitters", "by": "5 %"}, "by"),
        ({"device": "yard.cells", "kind": "silent"}, "device"),
    ],
)
def test_a_fault_that_a_device_cannot_have_is_refused(fault: dict[str, str], named: str) -> None:
    with pytest.raises(ScenarioError, match=named):
        deal({"fault": [{**fault, "from": "1 s", "until": "2 s"}]}, 1)


@pytest.mark.parametrize("part", TABLE)
def test_every_kind_of_the_table_can_be_stated(part: str) -> None:
    for kind in TABLE[part].values():
        device = f"road.{part}" if part in AT_AN_END else part.replace("cell", "cell2", 1)
        device = "cells" if part == "cells" else device
        for rate in kind.rates or ("",):
            for by in kind.amounts or ("",):
                stated = {key: v for key, v in (("rate", rate), ("by", by)) if v}
                _, options = deal({"fault": [_fault(device, kind.name, stated)]}, 1)
                assert options.faults[0].amounts is not None
        assert bool(kind.rate) == bool(kind.rates)
        assert bool(kind.by) == bool(kind.amounts) == bool(kind.unit)


def _fault(device: str, kind: str, stated: dict[str, str]) -> dict[str, str]:
    return {"device": device, "kind": kind, "from": "1 s", "until": "2 s"} | stated


def test_the_documentation_has_the_table_of_today() -> None:
    printed = Path(__file__).parents[2] / "docs" / "device-faults.md"
    assert printed.read_text(encoding="utf-8") == f"{table()}\n", "python -m sim.faults > it"
