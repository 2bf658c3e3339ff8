"""Types of the firmware for whoever checks it: MicroPython has no typing, so the chip gets none."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

# A configuration as the host sends it: JSON, of which ``config.problems`` says whether it is sound.
Json = Any
Row = dict[str, Any]
Bounds = dict[str, tuple[int, int] | None]

class Input(Protocol):
    def value(self) -> int: ...

class Output(Protocol):
    def value(self, made: int, /) -> object: ...

class Uart(Protocol):
    def any(self) -> int: ...
    def readinto(self, into: bytearray, /) -> int | None: ...
    def write(self, data: bytearray, length: int, /) -> object: ...

Inputs = Sequence[Input]
Pairs = Sequence[Input | None]
Irq = Callable[..., Any]
