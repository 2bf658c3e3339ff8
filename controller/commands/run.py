"""The controller on a real clock: one scan every period, for as long as it is wanted."""

from __future__ import annotations

import json
import signal
import threading
from functools import partial
from pathlib import Path

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.faults import load_catalogue
from controller.recognition.process import ProcessReader
from controller.recognition.worker import plate_eyes
from controller.scan import Scan
from controller.supervisor import Supervisor


class UnstoredError(OSError):
    """The controller ended while the ledger could not take a record; no boom opened for it."""


def run(site: Path, out: Path, seconds: float, as_json: bool) -> None:
    """Run the lane of a site until ``seconds`` are over (0 = until SIGINT or SIGTERM).

    Prints one line for each change of phase or of the configuration, and for each trouble with a
    device.  The ledger has its own thread, recognition its own process.
    """
    shown = _Shown(as_json)
    reader = partial(ProcessReader, plate_eyes)
    supervisor = Supervisor(site, out, reader, shown.see, shown.say)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    supervisor.run(stop, seconds)
    if supervisor.unstored:
        failure = supervisor.tenure.lane.bookkeeper.failure
        raise UnstoredError(f"{len(supervisor.unstored)} records not stored: {failure}")


class _Shown:
    """What has been printed of a lane so far."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._phase: Phase | None = None
        self._told: set[tuple[str, str]] = set()

    def see(self, lane: Scan, inputs: InputImage, outputs: OutputImage) -> None:
        """Print what this scan came to, where that is something new."""
        if lane.lane.phase != self._phase:
            self._phase = lane.lane.phase
            _say(lane, inputs, outputs, self._as_json)
        self._told = _tell(lane, inputs, self._told, self._as_json)

    def say(self, text: str) -> None:
        """Print what became of a configuration."""
        line = json.dumps({"config": text}, ensure_ascii=False) if self._as_json else text
        print(line, flush=True)


def _tell(
    lane: Scan, inputs: InputImage, told: set[tuple[str, str]], as_json: bool
) -> set[tuple[str, str]]:
    """Print what is newly wrong with a device, with what was measured."""
    troubles = lane.troubles
    for trouble in troubles:
        if (trouble.name, trouble.device) in told:
            continue
        about = {"t_us": inputs.now_us, "trouble": trouble.name, "device": trouble.device}
        if as_json:
            print(json.dumps({**about, "seen": trouble.seen}, ensure_ascii=False), flush=True)
        else:
            entry = load_catalogue().named(trouble.name)
            at_s = inputs.now_us / 1e6
            print(f"{at_s:10.2f} s  {entry.line} {trouble.device}: {trouble.seen}", flush=True)
    return {(trouble.name, trouble.device) for trouble in troubles}


def _say(lane: Scan, inputs: InputImage, outputs: OutputImage, as_json: bool) -> None:
    about = {
        "t_us": inputs.now_us,
        "phase": lane.lane.phase.name,
        "outcome": lane.lane.outcome,
        "passage": outputs.passage_id,
        "plate": outputs.lookup,
        "alarms": list(outputs.alarms),
    }
    if as_json:
        print(json.dumps(about, ensure_ascii=False), flush=True)
    else:
        print(f"{inputs.now_us / 1e6:10.2f} s  {about['phase']:<12} {about['outcome']}", flush=True)
