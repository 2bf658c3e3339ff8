"""The chip's own parts: pins with their polarity, the link's UART, and what wires them together."""

import time

import adc
import machine
from booms import Boom
from config import limits
from contacts import Contacts
from judge import NO_INPUT, Judge
from lights import Lights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Row

LINK_UART = 0
LINK_TX = 0
LINK_RX = 1
LINK_BAUD = 460800
WATCHDOG_MS = 2000


class Relay:
    """An output that is off from its first moment; ``on`` is the level that makes it."""

    def __init__(self, pin: int, on: int) -> None:
        self._on = on
        self._pin = machine.Pin(pin, machine.Pin.OUT, value=1 - on)

    def value(self, made: int) -> None:
        """Make the relay or let it go."""
        self._pin.value(self._on if made else 1 - self._on)


def open_uart() -> machine.UART:
    """The link to the host, with buffers for 20 ms of each way."""
    return machine.UART(
        LINK_UART,
        baudrate=LINK_BAUD,
        tx=machine.Pin(LINK_TX),
        rx=machine.Pin(LINK_RX),
        txbuf=2048,
        rxbuf=1024,
        timeout=0,
    )


class Parts:
    """Everything that a checked configuration wires: outputs first, so that they are safe."""

    def __init__(self, config: "Row") -> None:
        self.names = [row["name"] for row in config["inputs"]]
        self.booms = [_boom(row) for row in config["booms"]]
        self.lights = Lights(
            [(Relay(r["red"], r["on"]), Relay(r["green"], r["on"])) for r in config["heads"]]
        )
        self.contacts = _contacts(config)
        self.judge = self._judge(config)
        self.cells = _cells(config.get("cells"))
        self.period_us = 1000000 // config["rate_hz"]

    def make_safe(self, now_ms: int) -> None:
        """Hold every boom and show red, now."""
        for boom in self.booms:
            boom.drive(0, now_ms)
        self.lights.show(0)

    def _judge(self, config: "Row") -> Judge:
        rows = config["booms"]
        return Judge(
            [[self._input(name) for name in row["guards"]] for row in rows],
            [(self._input(row.get("closed")), self._input(row.get("open"))) for row in rows],
            [row["settle_ms"] for row in rows],
            [row["travel_ms"] for row in rows],
            self._input(config.get("estop")),
            len(config["heads"]),
            config["exclusive"] == 1,
        )

    def _input(self, name: str | None) -> int:
        return self.names.index(name) if name else NO_INPUT


def _boom(row: "Row") -> Boom:
    stop = Relay(row["stop"], row["on"]) if row.get("stop") is not None else None
    return Boom(
        Relay(row["raise"], row["on"]),
        Relay(row["lower"], row["on"]),
        stop,
        row["pulse_ms"],
        row["rise_dead_ms"],
        row["fall_dead_ms"],
    )


def _contacts(config: "Row") -> Contacts:
    """A cut wire reads BLOCKED at a guard and "not made" at a limit switch."""
    switches = limits(config)
    pins, pairs = [], []
    for row in config["inputs"]:
        open_circuit = row["clear"] if row["name"] in switches else 1 - row["clear"]
        pull = machine.Pin.PULL_UP if open_circuit else machine.Pin.PULL_DOWN
        pins.append(machine.Pin(row["pin"], machine.Pin.IN, pull))
        pair = row.get("pair")
        pairs.append(None if pair is None else machine.Pin(pair, machine.Pin.IN, pull))
    clears = [row["clear"] for row in config["inputs"]]
    return Contacts(pins, pairs, clears, [row["settle_ms"] for row in config["inputs"]])


def _cells(row: "Row | None") -> adc.Cells | None:
    if not row:
        return None
    if row.get("pdwn") is not None:
        _wake(machine.Pin(row["pdwn"], machine.Pin.OUT, value=1))
    douts = [machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP) for pin in row["dout"]]
    sck = machine.Pin(row["sck"], machine.Pin.OUT, value=0)
    clocks = adc.CLOCKS[row["chip"]][row["gain"]]
    return adc.Cells(sck, douts, clocks, machine.disable_irq, machine.enable_irq)


def _wake(pdwn: machine.Pin) -> None:
    """The power-up sequence of an ADS123x: high 10 us, low 26 us, high; longer does no harm."""
    for level in (1, 0, 1):
        pdwn.value(level)
        time.sleep_us(50)
