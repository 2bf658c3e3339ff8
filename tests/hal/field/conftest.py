"""A chip in memory with a clock moved by hand, and drivers of either library on its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from field_fakes import Chip, FakeRpi, HandClock, fake_chip

from hal import registry
from hal.bus import Bus
from hal.field.rounds import Rounds


class Box:
    """Drivers of one library on a chip in memory; ``line`` options are ``pin`` for RPi.GPIO."""

    def __init__(self, library: str, folder: Path) -> None:
        self.library = library
        self.clock = HandClock()
        self.bus = Bus()
        self.bus.share("clock", lambda: self.clock)
        self.rounds = Rounds(self.clock, None)
        self.bus.share("field rounds", lambda: self.rounds)
        self._path = str(folder / "gpiochip7")
        self.chip: Chip = fake_chip(self._path, self.clock.now_us)
        self.bus.share("RPi.GPIO", lambda: FakeRpi(self.chip))

    def make(self, driver: str, /, **options: Any) -> Any:
        if self.library == "gpio":
            options["chip"] = self._path
        else:
            options = {name.replace("line", "pin"): value for name, value in options.items()}
        return registry.load(f"{self.library}.{driver}")(self.bus, **options)

    def contact(self, line: int, closed: bool) -> None:
        """A contact to ground closes, or opens, or its cable is cut."""
        self.chip.pull(line, 0 if closed else None)

    def wait(self, seconds: float, each: Callable[[], object] | None = None) -> list[Any]:
        """Rounds of 10 ms; returns what ``each`` says after every one."""
        said = []
        for _ in range(round(seconds * 100)):
            self.clock.us += 10_000
            self.rounds.round()
            said.append(each() if each is not None else None)
        return said

    def out(self, line: int) -> int | None:
        return self.chip.wire(line).out


@pytest.fixture(params=["gpio", "rpi"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    made = Box(request.param, tmp_path)
    yield made
    made.bus.close()
