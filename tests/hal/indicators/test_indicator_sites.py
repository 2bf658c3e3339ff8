"""Every kind of indicator as a site file states it, on the board that is built from it."""

from pathlib import Path
from typing import Any

import pytest
from indicator_rig import KINDS, until

from board.build import build, plan
from board.profile import ProfileError, read_profile
from hal.indicators.yaohua import YaohuaIndicator
from hal.ports import DeviceFault
from hal.schema import Problems
from sim.emulators.indicators import YaohuaEmulator
from sim.emulators.serve import OnPty

LINE = {"port": "/dev/ttyUSB0", "baud": 1200, "parity": "even", "bits": 7, "quiet": "3 s"}


def stated(driver: str, options: dict[str, Any]) -> dict[str, Any]:
    """The overrides that put this indicator into the site file."""
    written = {"driver": driver, **options}
    return {f"devices.indicator.{key}": value for key, value in written.items()}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_be_stated_in_a_site_file(kind: str) -> None:
    driver, _, options = KINDS[kind]
    profile = read_profile("sim-indicator", stated(driver, {**LINE, "d": "20 kg", **options}))
    problems = Problems("site")
    made = plan({"indicator": profile.devices["indicator"]}, problems)
    assert problems.found == []
    wanted = {**options, "quiet_us": 3_000_000, "d_g": 20_000, "baud": 1200}
    assert made["indicator"].options.items() >= wanted.items()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"unit": "kg", "formt": "0"}, "did you mean 'format'"),
        ({"unit": "kg", "quiet": 3}, "needs its unit"),
        ({"unit": "pound"}, "Invalid enum value 'pound'"),
        ({}, "missing; the driver 'yaohua.indicator' needs it"),
        ({"unit": "kg", "format": "polld"}, "did you mean 'polled'"),
        ({"unit": "kg", "port": ""}, "state either port"),
    ],
)
def test_a_wrong_option_is_named_with_its_key(options: dict[str, Any], words: str) -> None:
    overrides = stated("yaohua.indicator", {"port": "/dev/ttyUSB0", **options})
    with pytest.raises(ProfileError) as error:
        build(read_profile("sim-indicator", overrides))
    assert any("devices.indicator" in p and words in p for p in error.value.problems)


def test_the_scale_of_the_site_file_bounds_what_is_believed(tmp_path: Path) -> None:
    emulator = YaohuaEmulator(weight_g=54_320_000, max_g=10**9, every_us=30_000)
    wire = OnPty(emulator, tmp_path / "tty")
    until((tmp_path / "tty").exists)
    options = {"port": wire.port, "unit": "kg"}
    board = build(read_profile("sim-indicator", stated("yaohua.indicator", options)))
    try:
        indicator = board.indicator
        assert indicator is not None
        (checking,) = (c for c in board.checking if isinstance(c, YaohuaIndicator))
        until(lambda: bool(indicator.read()) and not checking.faults())
        emulator.weight_g = 120_000_000
        until(lambda: isinstance(indicator.read(), DeviceFault))
        fault = indicator.read()
        assert isinstance(fault, DeviceFault)
        assert fault.name == "INDICATOR_SCALING"
        assert fault.seen == "shows 120000 kg, Max + 9 e is 100180 kg"
    finally:
        board.bus.close()
        wire.close()
