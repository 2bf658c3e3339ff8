"""The edges of the GPIO libraries in memory: chips with wires, and a motor gate on the wires."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

from hal.ports import WallReading

LineId = int | str


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.us = 1_000_000

    def now_us(self) -> int:
        return self.us

    def wall(self) -> WallReading:
        return WallReading(ms=0)


class Event(NamedTuple):
    event_type: Any
    timestamp_ns: int


@dataclass
class Wire:
    """One line: what drives it from outside (None floats), its bias, and what it drives itself."""

    outside: int | None = None
    bias: int | None = None
    out: int | None = None
    history: list[int] = field(default_factory=list)
    events: deque[tuple[bool, int]] = field(default_factory=lambda: deque(maxlen=64))
    edge: bool = False

    @property
    def level(self) -> int:
        if self.out is not None:
            return self.out
        return next((n for n in (self.outside, self.bias) if n is not None), 0)


class Chip:
    """A GPIO chip; ``now_us`` is the clock of its edge events."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self.now_us = now_us
        self.wires: dict[LineId, Wire] = {}
        self.consumers: list[str] = []
        self.gone = False
        self.held: set[LineId] = set()

    def wire(self, line: LineId) -> Wire:
        return self.wires.setdefault(line, Wire())

    def pull(self, line: LineId, level: int | None) -> None:
        """Something outside pulls the line to this level, or lets go of it."""
        wire = self.wire(line)
        before = wire.level
        wire.outside = level
        if wire.edge and wire.level != before:
            wire.events.append((wire.level == 1, self.now_us()))

    def put(self, line: LineId, level: int) -> None:
        wire = self.wire(line)
        wire.out = level
        wire.history.append(level)

    def check(self) -> None:
        if self.gone:
            raise OSError(19, "No such device")


class Request:
    """What ``gpiod.request_lines`` gives."""

    def __init__(self, chip: Chip, config: dict[LineId, gpiod.LineSettings]) -> None:
        self._chip = chip
        self._config = config
        for line, settings in config.items():
            if line in chip.held:
                raise OSError(16, "Device or resource busy")
            chip.held.add(line)
            wire = chip.wire(line)
            wire.edge = settings.edge_detection is Edge.BOTH
            wire.bias = {Bias.PULL_UP: 1, Bias.PULL_DOWN: 0}.get(settings.bias)
            if settings.direction is Direction.OUTPUT:
                chip.put(line, self._level(line, settings.output_value))

    def get_value(self, line: LineId) -> Value:
        self._chip.check()
        on = bool(self._chip.wire(line).level) is not self._config[line].active_low
        return Value.ACTIVE if on else Value.INACTIVE

    def set_values(self, values: dict[LineId, Value]) -> None:
        self._chip.check()
        for line, value in values.items():
            self._chip.put(line, self._level(line, value))

    def wait_edge_events(self, timeout: float) -> bool:
        assert timeout == 0, "the rounds must not wait"
        self._chip.check()
        return any(self._chip.wire(line).events for line in self._config)

    def read_edge_events(self, limit: int) -> list[Event]:
        kinds = gpiod.EdgeEvent.Type
        found: list[Event] = []
        for line, settings in self._config.items():
            events = self._chip.wire(line).events
            while events and len(found) < limit:
                high, t_us = events.popleft()
                rising = high is not settings.active_low
                kind = kinds.RISING_EDGE if rising else kinds.FALLING_EDGE
                found.append(Event(kind, t_us * 1000))
        return found

    def release(self) -> None:
        self._chip.held -= set(self._config)

    def _level(self, line: LineId, value: Value) -> int:
        return int((value is Value.ACTIVE) is not self._config[line].active_low)


CHIPS: dict[str, Chip] = {}
_real = gpiod.request_lines


def _request(path: str, config: Any, consumer: str, event_buffer_size: int) -> Any:
    chip = CHIPS.get(path)
    if chip is None:
        return _real(path, config, consumer, event_buffer_size)
    chip.check()
    chip.consumers.append(consumer)
    return Request(chip, config)


def fake_chip(path: str, now_us: Callable[[], int]) -> Chip:
    """A chip in memory at this path; other paths stay the kernel's."""
    setattr(gpiod, "request_lines", _request)  # noqa: B010
    CHIPS[path] = Chip(now_us)
    return CHIPS[path]


class FakeRpi:
    """The RPi.GPIO interface over a chip in memory."""

    BCM, IN, OUT, PUD_OFF, PUD_DOWN, PUD_UP, BOTH = 11, 1, 0, 20, 21, 22, 33

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.released: set[int] = set()

    def setup(
        self, pin: int, direction: int, pull_up_down: int = PUD_OFF, initial: bool | None = None
    ) -> None:
        wire = self.chip.wire(pin)
        if direction == self.OUT:
            assert initial is not None, "an output without a first level moves a boom"
            self.chip.put(pin, int(initial))
        else:
            wire.bias = {self.PUD_UP: 1, self.PUD_DOWN: 0}.get(pull_up_down)

    def add_event_detect(self, pin: int, edge: int) -> None:
        assert edge == self.BOTH
        self.chip.wire(pin).edge = True

    def event_detected(self, pin: int) -> bool:
        self._check()
        events = self.chip.wire(pin).events
        found = bool(events)
        events.clear()
        return found

    def input(self, pin: int) -> int:
        self._check()
        return self.chip.wire(pin).level

    def output(self, pin: int, level: bool) -> None:
        self._check()
        self.chip.put(pin, int(level))

    def remove_event_detect(self, pin: int) -> None:
        self.chip.wire(pin).edge = False

    def cleanup(self, pin: int) -> None:
        self.released.add(pin)

    def _check(self) -> None:
        if self.chip.gone:
            raise RuntimeError("lgpio says that the chip is gone")


class GateStand:
    """A motor gate with its own logic: pulses latch, or levels move it while they are held."""

    def __init__(self, *, latches: bool, travel_us: int = 2_000_000) -> None:
        self.latches = latches
        self.travel_us = travel_us
        self.raised_us = 0
        self._sense = 0

    def step(self, us: int, opening: bool, closing: bool, stopping: bool) -> None:
        """Take what the contacts say for this long."""
        assert opening + closing + stopping <= 1, "contacts of a gate exclude each other"
        if stopping:
            self._sense = 0
        elif opening or closing:
            self._sense = 1 if opening else -1
        elif not self.latches:
            self._sense = 0
        self.raised_us = min(max(self.raised_us + self._sense * us, 0), self.travel_us)

    @property
    def is_closed(self) -> bool:
        return self.raised_us == 0

    @property
    def is_open(self) -> bool:
        return self.raised_us == self.travel_us
