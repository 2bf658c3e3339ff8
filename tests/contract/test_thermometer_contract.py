"""Contract of ``Thermometer``: a temperature, a fault, or nothing yet; never an invented one."""

import time

from contract_rig import Rig

from hal.ports import DeviceFault, Thermometer


def test_a_thermometer_says_degrees_or_that_it_cannot(rig: Rig) -> None:
    for thermometer in rig.drivers("thermometer"):
        assert isinstance(thermometer, Thermometer)
        for _ in range(50):
            rig.advance(100_000)
            word = thermometer.read()
            assert word is None or isinstance(word, float | DeviceFault)
            if isinstance(word, float):
                assert -55 <= word <= 125
            elif isinstance(word, DeviceFault):
                assert word.name == "THERMOMETER_SILENT"
                assert word.device
                assert word.seen
                return
            if word is None:
                time.sleep(0.01)
