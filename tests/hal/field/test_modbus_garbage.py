"""Whatever answers, the library and what is made of it end in bits or in a fault."""

from __future__ import annotations

from typing import Any

from field_fakes import HandClock
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from hal.field.modbus_module import Ask, Ear, Module, RefusedError
from hal.field.modbus_rtu import sealed

FAULTS = {"IO_SILENT", "IO_GARBLED", "IO_WRONG_UNIT", "IO_ADDRESS", "IO_REFUSES"}
ANSWERS = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 1, 2, 247]),
        st.one_of(st.sampled_from([1, 2, 5, 15, 0x81, 0x82, 43]), st.integers(0, 255)),
        st.binary(max_size=12),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
Answer = tuple[int, int, bytes, bool]


class Tcp(ModbusTcpClient):
    """The library's client with a wire that says what it is given."""

    say: list[Answer]
    left = b""

    def connect(self) -> bool:
        return True

    def send(self, request: Any, addr: Any = None) -> int:
        unit, function, data, whole = self.say.pop(0) if self.say else (1, 1, b"", False)
        body = bytes([unit, function]) + data
        head = request[:2] + b"\0\0" + len(body).to_bytes(2, "big")
        self.left = head + body if whole else body
        return len(request)

    def recv(self, size: int | None) -> bytes:
        said, self.left = self.left, b""
        return said


class Rtu(ModbusSerialClient):
    """The same on a serial line, where a whole frame has a right checksum."""

    say: list[Answer]
    left = b""

    def connect(self) -> bool:
        return True

    def send(self, request: Any, addr: Any = None) -> int:
        unit, function, data, whole = self.say.pop(0) if self.say else (1, 1, b"", False)
        body = bytes([unit, function]) + data
        self.left = sealed(body) if whole else body
        return len(request)

    def recv(self, size: int | None) -> bytes:
        said, self.left = self.left, b""
        return said


@settings(max_examples=150)
@given(say=ANSWERS, tcp=st.booleans())
def test_an_answer_is_bits_or_a_fault(say: list[Answer], tcp: bool) -> None:
    ear = Ear(tcp)
    made: Tcp | Rtu
    if tcp:
        made = Tcp("nowhere", timeout=0.001, retries=0, trace_packet=ear.trace)
    else:
        made = Rtu("nowhere", timeout=0.001, retries=0, trace_packet=ear.trace)
    made.say = list(say)
    ask = Ask(made, HandClock(), ear, 1000, str)
    module = Module("line", 1)
    module.want(3)
    module.own(0, False)
    module.own(5, False)
    refused = []
    for step in (module.read, lambda a: module.write(a, 10_000_000)):
        try:
            step(ask)
        except RefusedError as error:
            refused.append(error)
    assert all(error.name in FAULTS and str(error) for error in refused)
    assert module.inputs.keys() <= {3}
    assert module.coils.keys() <= {0, 5}
