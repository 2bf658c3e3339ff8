"""The yard's devices are ordinary drivers: they satisfy the ports, and fail as real ones fail."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest
from yard_rig import STEP_US, drive_on, let_in, yard_with

from hal import ports, registry
from hal.bus import Bus
from hal.ports import BoomContacts, Contact, DeviceFault, Drive, PersonRequest, Signal, SignPage
from sensors.calibration import scale_from_dict
from sim.devices import RAIL_COUNTS
from sim.scale import BACKLOG_TICKS_MAX
from sim.truck import build_truck
from sim.units import ScenarioError
from sim.world import Visit, Yard

DEVICES: list[tuple[str, type, dict[str, Any]]] = [
    ("sim.clock", ports.Clock, {}),
    ("sim.cells", ports.LoadCells, {}),
    ("sim.presence", ports.PresenceSensor, {"end": "yard", "kind": "approach"}),
    ("sim.presence", ports.PresenceSensor, {"kind": "estop"}),
    ("sim.gate", ports.Gate, {"end": "road"}),
    ("sim.signal", ports.LaneSignal, {"end": "yard", "face": "deck"}),
    ("sim.sign", ports.Sign, {}),
    ("sim.camera", ports.Camera, {"end": "yard"}),
    ("sim.requests", ports.RequestSource, {}),
    ("sim.register", ports.VehicleRegister, {}),
]


def bus_of(yard: Yard) -> Bus:
    bus = Bus()
    bus.share("yard", lambda: yard)
    return bus


def device(yard: Yard, name: str, **options: Any) -> Any:
    return registry.load(name)(bus_of(yard), **options)


@pytest.mark.parametrize(("name", "port", "options"), DEVICES)
def test_every_device_satisfies_its_port(name: str, port: type, options: dict[str, Any]) -> None:
    assert isinstance(device(Yard(1), name, **options), port)


def test_a_bare_bus_gets_the_default_yard_and_all_devices_share_it() -> None:
    bus = Bus()
    clock = registry.load("sim.clock")(bus)
    bus.share("yard", Yard.default).advance(40_000)
    assert clock.now_us() == 40_000


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("sim.presence", {"kind": "beam", "end": "yard"}, "beam_low"),
        ("sim.presence", {"kind": "arm", "end": "left"}, "'yard' or 'road'"),
        ("sim.gate", {"end": ""}, "'yard' or 'road'"),
        ("sim.signal", {"end": "yard", "face": "up"}, "'approach' or 'deck'"),
    ],
)
def test_a_wrong_option_is_named(name: str, options: dict[str, Any], word: str) -> None:
    with pytest.raises(ScenarioError, match=word):
        device(Yard(1), name, **options)


def test_the_cells_deliver_every_sample_once_in_order() -> None:
    yard = Yard(1)
    cells = device(yard, "sim.cells")
    times = []
    for _ in range(100):
        yard.advance(STEP_US)
        times += list(cells.read().t_us)
    assert times == list(range(12_500, 2_000_001, 12_500))


def test_samples_that_nobody_reads_are_bounded() -> None:
    yard = Yard(1)
    yard.advance(2 * BACKLOG_TICKS_MAX * 12_500)
    samples = device(yard, "sim.cells").read()
    assert len(samples.t_us) <= BACKLOG_TICKS_MAX
    assert samples.t_us[-1] == 2 * BACKLOG_TICKS_MAX * 12_500
    assert yard.converter.lost == 2 * BACKLOG_TICKS_MAX - len(samples.t_us)


def test_the_calibration_is_what_the_weighing_reads() -> None:
    scale = scale_from_dict(Yard(1).cells.calibration())
    assert scale.max_g == 100_000_000
    assert len(scale.cells) == 8
    assert Yard(2).cells.calibration() == Yard(1).cells.calibration()


def test_silent_cells_are_a_fault_and_stuck_cells_repeat_themselves() -> None:
    yard = Yard(1)
    cells = device(yard, "sim.cells")
    yard.advance(100_000)
    last = cells.read().counts[-1]
    yard.fault("cells", "stuck")
    yard.advance(100_000)
    assert (cells.read().counts == last).all()
    yard.fault("cells", "silent")
    assert isinstance(cells.read(), DeviceFault)
    yard.heal("cells")
    yard.advance(100_000)
    assert len(cells.read().t_us) == 8


@pytest.mark.parametrize(("kind", "counts"), [("silent", 0), ("unknown", RAIL_COUNTS)])
def test_one_cell_can_fail_alone(kind: str, counts: int) -> None:
    yard, sound = Yard(1), Yard(1)
    cells, others = (device(one, "sim.cells") for one in (yard, sound))
    for one in (yard, sound):
        one.advance(500_000)
    last = cells.read().counts[-1, 5]
    others.read()
    yard.fault("cell3", kind)
    yard.fault("cell5", "stuck")
    for one in (yard, sound):
        one.advance(500_000)
    seen, truth = cells.read().counts, others.read().counts
    assert (seen[:, 3] == counts).all()
    assert (seen[:, 5] == last).all()
    kept = [0, 1, 2, 4, 6, 7]
    assert (seen[:, kept] == truth[:, kept]).all()


def test_a_sensor_can_be_blocked_unknown_and_stuck() -> None:
    yard = yard_with("3-axle truck")
    loop = device(yard, "sim.presence", end="yard", kind="approach")
    assert loop.read() is Contact.CLEAR
    yard.advance(20_000_000)
    assert loop.read() is Contact.BLOCKED
    yard.fault("yard.approach", "unknown")
    assert loop.read() is Contact.UNKNOWN
    yard.fault("yard.approach", "stuck")
    assert loop.read() is Contact.BLOCKED
    assert device(yard, "sim.presence", end="road", kind="approach").read() is Contact.CLEAR


def test_the_emergency_stop_is_read() -> None:
    yard = Yard(1)
    stop = device(yard, "sim.presence", kind="estop")
    assert stop.read() is Contact.CLEAR
    yard.estop_pressed = True
    assert stop.read() is Contact.BLOCKED


def test_a_boom_travels_with_its_limit_switches_and_stands_on_hold() -> None:
    yard = Yard(1)
    gate = device(yard, "sim.gate", end="yard")
    assert gate.read() == BoomContacts(Contact.BLOCKED, Contact.CLEAR)
    gate.drive(Drive.RAISE)
    yard.advance(700_000)
    gate.drive(Drive.HOLD)
    yard.advance(1_000_000)
    between = yard.booms[0].angle_deg
    assert gate.read() == BoomContacts(Contact.CLEAR, Contact.CLEAR)
    yard.advance(5_000_000)
    assert yard.booms[0].angle_deg == between
    gate.drive(Drive.RAISE)
    yard.advance(3_500_000)
    assert gate.read() == BoomContacts(Contact.CLEAR, Contact.BLOCKED)
    assert yard.booms[1].angle_deg == 0.0


def test_a_silent_drive_moves_no_boom() -> None:
    yard = Yard(1)
    yard.fault("yard.boom", "silent")
    gate = device(yard, "sim.gate", end="yard")
    gate.drive(Drive.RAISE)
    yard.advance(4_000_000)
    assert yard.booms[0].angle_deg == 0.0
    assert gate.read() == BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)


def test_travel_times_lie_where_the_standard_puts_class_o() -> None:
    for seed in range(10):
        yard = Yard(seed)
        yard.booms[0].level = Drive.RAISE
        start = 0
        while yard.booms[0].contacts().open is not Contact.BLOCKED:
            yard.advance(STEP_US)
            start += STEP_US
        assert 1_300_000 < start < 3_200_000


def test_lamps_and_sign_reach_the_driver() -> None:
    yard = Yard(1)
    lamp = device(yard, "sim.signal", end="road", face="approach")
    lamp.show(Signal.GREEN)
    assert yard.approach_is_green(1)
    assert not yard.approach_is_green(0)
    yard.fault("road.approach_lamp", "silent")
    lamp.show(Signal.GREEN)
    assert not yard.approach_is_green(1)
    page = SignPage(lines=("准予通行",), colour="green")
    device(yard, "sim.sign").show(page)
    assert yard.sign == page


def test_requests_are_handed_out_once() -> None:
    yard = Yard(1)
    requests = device(yard, "sim.requests")
    yard.operator.request(PersonRequest(kind="RESET", who="operator", why="test"))
    assert [r.kind for r in requests.poll()] == ["RESET"]
    assert requests.poll() == ()


def test_the_register_knows_the_registered_only() -> None:
    known = build_truck(Random(1), "3-axle truck")
    unknown = build_truck(Random(2), "3-axle truck", registered=False)
    yard = Yard(1, [Visit(truck=t, end=0, arrives_us=0, load_g=0) for t in (known, unknown)])
    register = device(yard, "sim.register")
    entry = register.lookup(known.plate.text)
    assert entry is not None
    assert entry.axles == 3
    assert entry.licence_gvm_g == known.limit_g
    assert register.lookup(unknown.plate.text) is None
    yard.fault("register", "silent")
    assert register.lookup(known.plate.text) is None


def test_a_camera_gives_five_pictures_a_second_of_a_front_in_view_and_none_unasked() -> None:
    yard = yard_with("3-axle truck")
    yard.paint = False
    camera = device(yard, "sim.camera", end="yard")
    taken = []
    for _ in range(1_000):
        yard.advance(STEP_US)
        frame = camera.capture(wanted=True)
        if isinstance(frame, ports.Frame):
            taken.append(frame.captured_us)
    assert taken
    assert min(b - a for a, b in itertools.pairwise(taken)) == 200_000
    assert camera.capture(wanted=False) is None
    yard.fault("yard.camera", "silent")
    yard.advance(400_000)
    assert isinstance(camera.capture(wanted=True), DeviceFault)


def test_a_turned_camera_does_not_see_who_has_gone_aside_for_another() -> None:
    train, small = (build_truck(Random(1), name) for name in ("6-axle train", "2-axle truck"))
    visits = [Visit(truck=one, end=0, arrives_us=0, load_g=0) for one in (train, small)]
    yard = Yard(1, visits)
    ahead, aside = (driver.vehicle for driver in yard.drivers)
    for vehicle, s_m in ((ahead, -5.0), (aside, -9.0)):
        vehicle.present, vehicle.s_m = True, s_m
    assert yard.sight(0, behind=True) == yard.sight(0)
    ahead.s_m += ahead.truck.length_m
    sight = yard.sight(0, behind=True)
    assert sight is not None
    assert sight.vehicle == aside.number


def test_the_far_camera_sees_the_front_of_a_truck_that_stands_on_the_deck() -> None:
    yard = yard_with("6-axle train")
    driver, _ = drive_on(yard)
    sight = yard.sight(1)
    assert sight is not None
    assert sight.plate == driver.vehicle.truck.plate
    assert yard.sight(0) is None
    let_in(yard)
