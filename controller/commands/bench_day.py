"""`steelyard bench memory`: one weigher through a whole day, and what it holds meanwhile.

Trucks come evenly over 86 400 s of the samples' clock, at the full rate from seconds before the
truck until it is gone. While the deck waits, one sample a second is fed: an empty deck at the full
rate costs ten minutes of CPU a day and keeps nothing that a slower one would not.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Final

import msgspec
import numpy as np
import typer

from controller.commands.bench_cost import largest, push
from controller.commands.bench_weigh import make_passages
from controller.commands.weigh import TraceError
from hal.recording import Recording
from sensors.calibration import Scale
from sensors.weigher import Weigher
from sensors.weighing import EventKind

DAY_S: Final = 86_400
TRUCKS: Final = 96
WAIT_US: Final = 1_000_000
EMPTY_US: Final = 1_000_000
SCAN_ROWS: Final = 8
MADE: Final = 8
_PAGE_MIB: Final = 4096 / 2**20
_CODE: Final = (type, ModuleType, FunctionType, BuiltinFunctionType)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What is held at one time of the day: MiB resident, where the system tells it, and bytes.

    ``reachable_bytes`` is everything that the weigher refers to, arrays included.
    """

    at_s: int
    trucks: int
    resident_mib: float | None
    reachable_bytes: int


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A simulated day: what was held after the first truck, at noon and at the end."""

    trucks: int
    accepted: int
    rate_hz: float
    cells: int
    samples: int
    cpu_s: float
    held: list[Held]


def run(folder: Path | None, as_json: bool) -> None:
    """Measure and show; raises TraceError where there is nothing to measure with."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            make_passages(Path(made), MADE)
            run(Path(made), as_json)
            return
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        raise TraceError(f"{folder}: no *.csv with *.calib.toml beside it")
    day = live(*largest(paths)[0])
    typer.echo(msgspec.json.encode(day).decode() if as_json else said(day))


def said(day: Day) -> str:
    """The day in words, a line for each time."""
    lines = [
        f"{day.trucks} trucks over {day.held[-1].at_s} s before one weigher of {day.cells} cells, "
        f"{day.accepted} weighed; {day.samples} samples, {day.rate_hz:g} a second at each truck "
        f"and one a second between them; {day.cpu_s:.0f} s of CPU."
    ]
    for held in day.held:
        resident = "" if held.resident_mib is None else f"{held.resident_mib:8.2f} MiB resident, "
        kib = f"{held.reachable_bytes / 1024:8.1f} KiB held by the weigher"
        lines.append(f"{held.at_s:6d} s, truck {held.trucks:4d}: {resident}{kib}")
    return "\n".join(lines)


def live(recording: Recording, scale: Scale, trucks: int = TRUCKS, day_s: int = DAY_S) -> Day:
    """Bring the recorded truck before one weigher all day; raises TraceError of too many."""
    weigher = Weigher(scale)
    began, samples, accepted = time.process_time(), 0, 0
    every_us = day_s * 1_000_000 // trucks
    span_us = int(recording.t_us[-1] - recording.t_us[0])
    if every_us < span_us + WAIT_US:
        raise TraceError(
            f"{trucks} trucks in {day_s} s: each needs {span_us / 1e6:.0f} s; give fewer"
        )
    looks = {1, (trucks + 1) // 2, trucks}
    held = []
    for truck in range(trucks):
        from_us = truck * every_us
        samples += _pass(weigher, recording, from_us)
        accepted += any(
            event.kind == EventKind.ACCEPTED and event.t_us >= from_us
            for event in weigher.snapshot().events
        )
        samples += _wait(weigher, recording, from_us, every_us)
        if truck + 1 in looks:
            held.append(_held(weigher, (truck + 1) * every_us // 1_000_000, truck + 1))
    return Day(
        trucks=trucks,
        accepted=accepted,
        rate_hz=scale.rate_hz,
        cells=len(scale.cells),
        samples=samples,
        cpu_s=round(time.process_time() - began, 1),
        held=held,
    )


def _pass(weigher: Weigher, recording: Recording, from_us: int) -> int:
    later_us = from_us - int(recording.t_us[0])
    for start in range(0, len(recording.t_us), SCAN_ROWS):
        push(weigher, recording, slice(start, start + SCAN_ROWS), later_us)
    return len(recording.t_us)


def _wait(weigher: Weigher, recording: Recording, from_us: int, every_us: int) -> int:
    """The empty deck that the recording begins with, one sample a second, noise and all.

    Cells that give the same count for minutes would be named stuck, and nothing weighed after.
    """
    since_us = from_us + int(recording.t_us[-1] - recording.t_us[0])
    times = np.arange(since_us + WAIT_US, from_us + every_us, WAIT_US)
    # A trace ends with its truck on the deck: the truck is gone with the first empty sample.
    early = recording.counts[: int(np.searchsorted(recording.t_us, recording.t_us[0] + EMPTY_US))]
    clear = np.zeros(1, np.int64)
    beams = (recording.entry_beam, recording.exit_beam)
    entry, leave = (None if beam is None else clear for beam in beams)
    for number, at_us in enumerate(times):
        weigher.push(np.array([at_us]), early[None, number % len(early)], entry, leave)
    return len(times)


def _held(weigher: Weigher, at_s: int, trucks: int) -> Held:
    gc.collect()
    return Held(
        at_s=at_s,
        trucks=trucks,
        resident_mib=_resident_mib(),
        reachable_bytes=reachable_bytes(weigher),
    )


def _resident_mib() -> float | None:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return round(pages * _PAGE_MIB, 2)


def reachable_bytes(root: object, counts: Callable[[object], bool] | None = None) -> int:
    """Bytes of everything that an object refers to, code apart; or of what `counts` picks."""
    return sum(sys.getsizeof(each) for each in _reachable(root) if counts is None or counts(each))


def _reachable(root: object) -> Iterator[object]:
    seen: dict[int, object] = {}
    ahead = [root]
    while ahead:
        each = ahead.pop()
        if id(each) in seen or isinstance(each, _CODE):
            continue
        seen[id(each)] = each
        yield each
        ahead += gc.get_referents(each)
        # An array that is a view keeps the array whose memory it shows.
        if isinstance(each, np.ndarray) and each.base is not None:
            ahead.append(each.base)
