"""Good frames of the field's parsers, for measuring how fast these are."""

from __future__ import annotations

from collections.abc import Callable

from hal.field.modbus_rtu import answers, sealed
from hal.field.rf_frames import REPLY, RfParser, frame

BYTES_PER_S = {"modbus-rtu": 11_520.0, "rf-detector": 960.0}
"""Of the fastest line that each is used on: 115200 and 9600 baud."""
SAMPLES: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "modbus-rtu": (answers, sealed(bytes([1, 2, 1, 0x55])) + sealed(bytes([1, 1, 2, 3, 0]))),
    "rf-detector": (RfParser().feed, frame(REPLY, bytes([1, 0, 16, 243, 2]))),
}
