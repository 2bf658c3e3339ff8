"""A coverage-guided fuzzer's target: Modbus answers, the emulated module, the RF detector.

Run by tests/fuzz/test_field_fuzz.py, or by hand for longer:
``.venv/bin/python tests/fuzz/atheris_field.py -runs=1000000``.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["hal.field.modbus_rtu", "hal.field.rf_frames", "sim"]):
    from hal.field.modbus_rtu import answers, units_heard
    from hal.field.rf_frames import BYTES_MAX, RfParser
    from sim.emulators.modbus_io import ModbusIo
    from sim.emulators.rf_detector import RfDetectorEmulator

CHUNK_BYTES = 37
MODULE_KEPT_MAX = 512


def one(data: bytes) -> None:
    """Feed the same bytes to all in chunks; only a bound or an exception can fail."""
    parser, detector = RfParser(), RfDetectorEmulator()
    modules = (ModbusIo(unit=1), ModbusIo(unit=1, tcp=True))
    answers(data)
    units_heard(data, tcp=True)
    for at in range(0, len(data), CHUNK_BYTES):
        chunk = data[at : at + CHUNK_BYTES]
        parser.feed(chunk)
        detector.answer(chunk, at)
        for module in modules:
            module.answer(chunk, at)
    if len(parser._kept) > BYTES_MAX or any(len(m._kept) > MODULE_KEPT_MAX for m in modules):
        raise AssertionError("more kept than is allowed")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
