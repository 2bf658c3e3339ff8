"""Devices: unknown roles, wiring conflicts, and a boom that cannot see."""

from pathlib import Path

import pytest
from site_rig import write_site

from board.profile import ProfileError, read_profile


def problems_of(path: Path) -> str:
    with pytest.raises(ProfileError) as caught:
        read_profile(path)
    return str(caught.value)


def two_inputs(arm: str, low: str) -> str:
    return (
        f'\n[devices.road.arm]\ndriver = "gpio.input"\n{arm}\n'
        f'\n[devices.road.beam_low]\ndriver = "gpio.input"\n{low}\n'
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[devices.estop]", "[devices.estopp]", "devices.estopp = {…}: … did you mean 'estop'?"),
        ("[devices.yard.arm]", "[devices.yrad.arm]", "devices.yrad = {…}: … did you mean 'yard'?"),
        (
            "[devices.yard.arm]",
            "[devices.yard.armm]",
            "devices.yard.armm = {…}: … did you mean 'arm'?",
        ),
        (
            "[devices.clock]",
            "[devices.register]",
            'devices.clock: missing; every lane needs it: add driver = "…"',
        ),
        ('driver = "virtual.sign"', "", "devices.sign.driver: missing; name the driver"),
        ('driver = "virtual.sign"', "driver = 7", "devices.sign.driver: missing; name the driver"),
        (
            "[devices.clock]\ndriver",
            "[devices]\nclock",
            'devices.clock = "host.clock": a table with driver',
        ),
    ],
)
def test_a_wrong_device_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    said = problems_of(write_site(tmp_path, old, new))
    assert all(part in said for part in says.split(" … "))


def test_a_boom_that_sees_nothing_is_refused_for_safety(tmp_path: Path) -> None:
    more = '\n[devices.road.gate]\ndriver = "virtual.gate"\nend = "road"\n'
    said = problems_of(write_site(tmp_path, more=more))
    assert "devices.road.gate: this boom would come down without seeing" in said
    assert "strike a person or a vehicle" in said
    assert "devices.road.arm, devices.road.beam_low, devices.road.beam_high" in said
    for guard in ("arm", "beam_low", "beam_high"):
        fitted = f'{more}\n[devices.road.{guard}]\ndriver = "virtual.presence"\n'
        assert "road.gate" in read_profile(write_site(tmp_path, more=fitted)).devices


@pytest.mark.parametrize(
    ("arm", "low"),
    [
        ("pin = 17", "pin = 17"),
        ("pin = 17", "line = 17"),
        ("pin = 17", 'chip = "/dev/gpiochip0"\npin = 17'),
        ("chip = 1\nline = 4", 'chip = "gpiochip1"\nline = 4'),
        (
            'port = "/dev/ttyUSB0"\naddress = 1\ninput = 3',
            'port = "/dev/ttyUSB0"\naddress = 1\ninput = 3',
        ),
        ("clear_pin = 5\nblocked_pin = 6", "pins = [7, 5]"),
        (
            'port = "/dev/ttyUSB0"\nunit = 1\ninput = 3',
            'port = "/dev/ttyUSB0"\nunit = 2\nlimit_unit = 1\nopen_limit_input = 3',
        ),
    ],
)
def test_two_devices_on_one_line_are_named_with_both_places(
    tmp_path: Path, arm: str, low: str
) -> None:
    said = problems_of(write_site(tmp_path, more=two_inputs(arm, low)))
    assert "devices.road.beam_low." in said
    assert "already wired to devices.road.arm." in said


@pytest.mark.parametrize(
    ("arm", "low"),
    [
        ("pin = 17", "pin = 18"),
        ("pin = 17", "chip = 1\npin = 17"),
        (
            'port = "/dev/ttyUSB0"\naddress = 1\ninput = 3',
            'port = "/dev/ttyUSB0"\naddress = 2\ninput = 3',
        ),
        (
            'port = "/dev/ttyUSB0"\nunit = 1\ninput = 3',
            'port = "/dev/ttyUSB0"\nunit = 1\nlimit_unit = 2\nopen_limit_input = 3',
        ),
        ('port = "/dev/ttyUSB0"\ncoil = 3', 'port = "/dev/ttyUSB0"\ninput = 3'),
    ],
)
def test_lines_of_their_own_are_no_conflict(tmp_path: Path, arm: str, low: str) -> None:
    assert "road.arm" in read_profile(write_site(tmp_path, more=two_inputs(arm, low))).devices


def test_one_device_on_the_same_line_twice_is_named(tmp_path: Path) -> None:
    more = '\n[devices.road.arm]\ndriver = "gpio.input"\npins = [5, 5]\n'
    said = problems_of(write_site(tmp_path, more=more))
    assert "devices.road.arm.pins[1] = 5: already wired to devices.road.arm.pins[0]" in said


def test_one_device_described_twice_is_named(tmp_path: Path) -> None:
    same = 'end = "road"\nkind = "arm"'
    said = problems_of(write_site(tmp_path, more=two_inputs(same, same)))
    assert "devices.road.beam_low: the same driver and options as devices.road.arm" in said
