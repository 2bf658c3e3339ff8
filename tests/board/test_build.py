"""From a profile to drivers: by name, without fallback, every problem at once."""

from pathlib import Path

import pytest
from site_rig import write_recording, write_site

from board.build import build
from board.profile import ProfileError, read_profile
from hal import registry
from hal.bus import Bus
from hal.host import HostClock
from hal.trace import TraceCells
from hal.virtual import VirtualGate


def build_problems(path: Path) -> str:
    with pytest.raises(ProfileError) as caught:
        build(read_profile(path))
    return str(caught.value)


def test_every_named_device_is_built_and_the_others_are_absent(tmp_path: Path) -> None:
    write_recording(tmp_path)
    bus = Bus()
    board = build(read_profile(write_site(tmp_path)), bus)
    yard, road = board.sides
    assert isinstance(board.clock, HostClock)
    assert isinstance(board.cells, TraceCells)
    assert isinstance(yard.gate, VirtualGate)
    assert (board.register, board.requests) == (None, None)
    assert (road.gate, road.arm, road.camera, yard.beam_high) == (None, None, None, None)
    assert bus.share("clock", lambda: None) is board.clock
    assert bus.share("scale", lambda: None) is board.profile.scale


def test_an_option_with_a_unit_reaches_the_driver_in_base_units(tmp_path: Path) -> None:
    write_recording(tmp_path)
    given: dict[str, object] = {}

    class Gate(VirtualGate):
        def __init__(self, bus: Bus, end: str = "yard", travel_us: int = 1) -> None:
            given.update(end=end, travel_us=travel_us)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hal.virtual.VirtualGate", Gate)
        build(read_profile(write_site(tmp_path, 'travel = "2 s"', 'travel = "1500 ms"')))
    assert given == {"end": "yard", "travel_us": 1_500_000}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            '"virtual.gate"',
            '"virtual.gaet"',
            "gate.driver = \"virtual.gaet\": unknown driver … did you mean 'virtual.gate'?",
        ),
        (
            '"virtual.gate"',
            '"virtual.sign"',
            "yard.gate.driver … this driver is no Gate: it lacks drive, read",
        ),
        (
            'travel = "2 s"',
            'travle = "2 s"',
            "devices.yard.gate.travle = \"2 s\": … did you mean 'travel'?",
        ),
        (
            'travel = "2 s"',
            "travel = 2",
            'devices.yard.gate.travel = 2: a time needs its unit: write "2 s"',
        ),
        (
            'travel = "2 s"',
            "travel_us = 2",
            "devices.yard.gate.travel_us = 2: … did you mean 'travel'?",
        ),
        (
            'travel = "2 s"',
            'travel = "0 s"',
            "devices.yard.gate: … cannot start: travel must be longer than 0",
        ),
        (
            'end = "yard"',
            'end = "garden"',
            "devices.yard.gate.end = \"garden\": Invalid enum value 'garden'",
        ),
        (
            'files = ["passage.csv"]\n',
            "",
            "devices.cells.files: missing; the driver 'trace.cells' needs it",
        ),
        (
            'files = ["passage.csv"]',
            'files = "passage.csv"',
            'devices.cells.files = "passage.csv": Expected `array`',
        ),
        (
            'driver = "virtual.sign"',
            'driver = "virtual.sign"\nbaud = 9600',
            "devices.sign.baud = 9600: nothing reads this key",
        ),
    ],
)
def test_a_wrong_driver_or_option_stops_the_start(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    write_recording(tmp_path)
    path = write_site(tmp_path, old, new)
    said = build_problems(path)
    assert all(part in said for part in says.split(" … "))
    assert said.startswith(str(path))


def test_a_missing_library_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.DRIVERS, "virtual.gate", "no_such_library:Gate")
    said = build_problems(write_site(tmp_path))
    assert "devices.yard.gate.driver" in said
    assert "needs the library 'no_such_library', which is not installed" in said


def test_a_driver_that_cannot_open_its_device_is_named(tmp_path: Path) -> None:
    said = build_problems(write_site(tmp_path))
    assert "devices.cells: driver 'trace.cells' cannot start:" in said
    assert "passage.csv: cannot be read: No such file" in said
    write_recording(tmp_path, cells=3)
    assert "3 cell columns, but the scale has 2 cells" in build_problems(write_site(tmp_path))


def test_nothing_is_built_when_one_option_is_wrong(tmp_path: Path) -> None:
    built: list[str] = []

    class Clock(HostClock):
        def __init__(self, bus: Bus, offset_min: int = 480, synchronised: bool = False) -> None:
            built.append("clock")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hal.host.HostClock", Clock)
        build_problems(write_site(tmp_path, 'travel = "2 s"', "travel = 2"))
    assert built == []


def test_the_simulated_board_weighs_on_the_scale_of_its_profile() -> None:
    scenarios = pytest.importorskip("sim.world", reason="needs the simulated yard")
    calibration = pytest.importorskip("sensors.calibration")
    profile = read_profile("sim")
    folder = Path(scenarios.__file__).parent / "scenarios"
    names = sorted(path.stem for path in folder.glob("*.toml"))
    assert names
    for name in names:
        yard = scenarios.Yard.from_scenario(name, seed=1)
        sheet = calibration.scale_from_dict(yard.cells.calibration())
        assert sheet == profile.scale.scale, f"scenario {name}"
