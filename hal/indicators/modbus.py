"""Weight transmitters that answer Modbus RTU: Laumas TLB and its namesakes, and a site's own."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from hal.bus import Bus
from hal.indicators import modbus_frames as frames
from hal.indicators.belief import Belief, Doubt, Unit, kilograms
from hal.indicators.codec import Decoder, Shown, named
from hal.indicators.modbus_frames import MAPS, Reading, RegisterMap, Sign, StatusBits, WordOrder
from hal.indicators.stream import QUIET_US, Asking, StreamIndicator, Wire, terms
from hal.line import Parity
from hal.schema import Problems, read_table

T = TypeVar("T", bound=Struct)

UNIT_MAX = 247
REGISTER_MAX = 0xFFFF
DECIMALS_MAX = 6


class ModbusIndicator(StreamIndicator):
    """A weight transmitter that is asked for its registers.

    Options: the line's as for ``yaohua.indicator``; a serial server must pass RTU on unchanged.
    ``device`` names one of the register maps ("laumas"), or the site describes its own in ``own``:
    ``{gross = 7, net = 9, status = 6, zero = 5}``, protocol addresses (40007 is 6).  Makers differ
    in the rest, so it must be stated: ``word_order`` "high first" or "low first"; ``sign`` "twos
    complement", "status bit" or "none"; ``status``, the bits of the status word, as ``{stable =
    [11], zero = [12], over = [2, 3]}`` of stable, moving, zero, over, under, error, negative, or
    ``{}``; ``decimals`` of the registers' numbers; ``unit``.  ``address`` is the slave's,
    ``every`` ("200 ms") how often it is asked, ``d`` and ``quiet`` as there.  ``zero_command = 8``
    lets the controller write this number to the command register; 99 to 101, which save or
    calibrate, are refused.

    Raises:
        ValueError: an unknown map, a bit or number out of bounds, a command that is refused.
    """

    def __init__(
        self,
        bus: Bus,
        unit: Unit,
        decimals: int,
        word_order: WordOrder,
        sign: Sign,
        status: dict[str, Any],
        device: str = "",
        own: dict[str, Any] | None = None,
        port: str = "",
        baud: int = 9600,
        bits: int = 8,
        parity: Parity = "none",
        host: str = "",
        tcp_port: int = 0,
        address: int = 1,
        every_us: int = 200_000,
        equal_frames: int = 1,
        d_g: int | None = None,
        quiet_us: int = QUIET_US,
        zero_command: int | None = None,
    ) -> None:
        if bool(device) == (own is not None):
            raise ValueError("state either device or own")
        if own is None:
            registers = named("device", device, MAPS)
        else:
            registers = _table(own, RegisterMap, "own")
        reading = Reading(
            unit=address,
            registers=registers,
            word_order=word_order,
            sign=sign,
            bits=_table(status, StatusBits, "status"),
            decimals=decimals,
        )
        _check(reading)
        asking = Asking(
            ask=frames.read_request(address, registers.first, registers.words),
            every_us=every_us,
            zero=_zero(reading, zero_command),
        )
        stated = terms(bus, unit, d_g, equal_frames)
        super().__init__(
            bus,
            Wire(port, baud, bits, parity, host, tcp_port),
            Decoder(partial(frames.cut, reading=reading)),
            Belief(stated, partial(_explain, reading=reading, max_g=stated.max_g, unit=unit)),
            asking=asking,
            quiet_us=quiet_us,
        )


def _explain(shown: Shown, *, reading: Reading, max_g: int, unit: Unit) -> Doubt | None:
    """Whether the weight would be in range with its words swapped or its sign read otherwise."""
    factor = {"g": 1, "kg": 1_000, "t": 1_000_000, "lb": 454}[unit] / 10**reading.decimals
    got, _ = frames.weights(shown.raw, reading, reading.word_order, reading.sign)
    swapped: WordOrder = "low first" if reading.word_order == "high first" else "high first"
    others: tuple[tuple[WordOrder, Sign, str], ...] = (
        (reading.word_order, "twos complement", 'with sign = "twos complement"'),
        (swapped, reading.sign, f'with word_order = "{swapped}"'),
        (swapped, "twos complement", f'with word_order = "{swapped}" and that sign'),
    )
    for order, sign, how in others:
        other, _ = frames.weights(shown.raw, reading, order, sign)
        if abs(other * factor) <= max_g:
            seen = f"reads {kilograms(round(got * factor))}; {how} it would be "
            return Doubt("INDICATOR_WORD_ORDER", seen + kilograms(round(other * factor)))
    return None


def _zero(reading: Reading, command: int | None) -> bytes:
    if command is None:
        return b""
    if reading.registers.zero is None:
        raise ValueError("this device has no command register: remove zero_command")
    if command in frames.SAVES_OR_CALIBRATES or not 1 <= command <= REGISTER_MAX:
        raise ValueError(f"zero_command {command} saves, calibrates or is none; it is never sent")
    return frames.write_request(reading.unit, reading.registers.zero, command)


def _check(reading: Reading) -> None:
    if not 1 <= reading.unit <= UNIT_MAX:
        raise ValueError(f"address must be 1 to {UNIT_MAX}, not {reading.unit}")
    if not 0 <= reading.decimals <= DECIMALS_MAX:
        raise ValueError(f"decimals must be 0 to {DECIMALS_MAX}, not {reading.decimals}")
    registers = reading.registers
    stated = (registers.gross, registers.net, registers.status, registers.zero)
    for address in stated:
        if address is not None and not 0 <= address < REGISTER_MAX:
            raise ValueError(f"register {address} is out of 0 to {REGISTER_MAX - 1}")
    if registers.words > frames.WORDS_MAX:
        raise ValueError(f"{registers.words} registers in one read; at most {frames.WORDS_MAX}")
    bits = [bit for name in StatusBits.__struct_fields__ for bit in getattr(reading.bits, name)]
    if any(not 0 <= bit <= 15 for bit in bits):
        raise ValueError("a status bit is 0 to 15")
    if bits and registers.status is None:
        raise ValueError("status bits are stated, but own has no status register")
    if reading.sign == "status bit" and not reading.bits.negative:
        raise ValueError('sign = "status bit" needs status = { negative = […] }')


def _table(values: dict[str, Any], kind: type[T], where: str) -> T:
    problems = Problems(where)
    found = read_table(values, kind, "", problems)
    if found is None:
        raise ValueError("; ".join(problems.found))
    return found
