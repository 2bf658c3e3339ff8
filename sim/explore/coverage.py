"""What has been reached: the phase of the lane, the fault present, the people about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from controller.core.kinds import Phase
from sim.driver import Driver
from sim.layout import Layout
from sim.world import Yard

Cell = tuple[str, str, str]
"""Phase, fault, people."""
Table = dict[str, dict[str, list[str]]]

NO_FAULT, NOBODY = "none", "nobody"
RESTARTED = "restarted"
RESTARTED_US = 10_000_000


class Reached:
    """Collects the cells of one run."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._habits = [_manner(driver, yard.layout) for driver in yard.drivers]
        self._restarted_us: int | None = None
        self.cells: set[Cell] = set()

    def restarted(self) -> None:
        """The lane has just been started again."""
        self._restarted_us = self._yard.now_us

    def note(self, phase: Phase) -> None:
        """Note where everything stands now."""
        faults = self._faults() or {NO_FAULT}
        people = self._people() or {NOBODY}
        for fault in faults:
            for person in people:
                self.cells.add((phase.name, fault, person))

    def _faults(self) -> set[str]:
        found = {
            f"{part_of(fault.device)} {fault.kind}"
            for fault in self._yard.options.faults
            if fault.from_us <= self._yard.now_us < (fault.until_us or 1 << 62)
        }
        since_us = self._restarted_us
        if since_us is not None and self._yard.now_us - since_us < RESTARTED_US:
            found.add(RESTARTED)
        return found

    def _people(self) -> set[str]:
        here = zip(self._habits, self._yard.drivers, strict=True)
        found = {manner for manner, driver in here if driver.vehicle.present}
        if any(walker.there(self._yard.now_us) for walker in self._yard.options.walkers):
            found.add("on foot")
        return found


def part_of(device: str) -> str:
    """The kind of a device, whichever end or number it has."""
    name = device.rsplit(".", maxsplit=1)[-1]
    return "cell" if name[:-1] == "cell" and name[-1].isdigit() else name


def _manner(driver: Driver, layout: Layout) -> str:
    habits = driver.habits
    if habits.tailgates:
        return "tailgater"
    if habits.crashes_boom:
        return "crashes the boom"
    if habits.pauses:
        return "pauses"
    room_m = (layout.platform_m - driver.vehicle.truck.length_m) / 2
    if abs(habits.stop_error_m) > room_m:
        return "stops short" if habits.stop_error_m < 0 else "overshoots"
    return "good"


def table_of(cells: Iterable[Cell]) -> Table:
    """The cells as a table: phase, then fault, then the people met there."""
    table: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for phase, fault, person in sorted(cells):
        table[phase][fault].append(person)
    return {phase: dict(faults) for phase, faults in table.items()}


def told(cells: Iterable[Cell]) -> str:
    """The table as text: for each phase and fault the number of kinds of people met."""
    table = table_of(cells)
    phases = [phase.name for phase in Phase if phase.name in table]
    faults = sorted({fault for row in table.values() for fault in row})
    wide = max(map(len, faults), default=0)
    lines = [" " * wide + " " + " ".join(f"{phase[:6]:>6}" for phase in phases)]
    for fault in faults:
        counts = (len(table[phase].get(fault, ())) for phase in phases)
        lines.append(f"{fault:<{wide}} " + " ".join(f"{n or '·':>6}" for n in counts))
    return "\n".join(lines)
