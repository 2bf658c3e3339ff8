"""Contract of ``PresenceSensor``: one of four states, and UNKNOWN where it cannot be told."""

import pytest
from contract_rig import FAULTY, Rig

from hal.ports import Contact, PresenceSensor


@pytest.mark.parametrize(
    "role", ["approach", "arm", "beam_low", "beam_high", "estop", "rf_detector"]
)
def test_a_presence_is_always_a_contact(rig: Rig, board_name: str, role: str) -> None:
    for sensor in rig.drivers(role):
        assert isinstance(sensor, PresenceSensor)
        for _ in range(50):
            rig.advance(20_000)
            state = sensor.read()
            assert isinstance(state, Contact)
            assert state is Contact.UNKNOWN or board_name not in FAULTY


def test_looking_does_not_change_what_is_seen(rig: Rig) -> None:
    rig.advance(1_000_000)
    for role in ("approach", "arm", "beam_low", "beam_high", "estop", "rf_detector"):
        for sensor in rig.drivers(role):
            assert len({sensor.read() for _ in range(5)}) == 1
