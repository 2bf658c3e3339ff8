"""The controller on a real clock: one scan every period, for as long as it is wanted."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path

from board.build import Board, build
from board.profile import read_profile
from controller.assembly import assemble
from controller.commissioning.taps import tapped
from controller.console.messages import SOCKET_NAME, About
from controller.console.port import ServicePort
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.faults import load_catalogue
from controller.recognition.process import ProcessReader
from controller.recognition.worker import plate_eyes
from controller.recording.identity import identity_of
from controller.scan import Scan

SCAN_US = 20_000
PLAYED = ("sim.clock", "trace.clock")


class UnstoredError(OSError):
    """The controller ended while the ledger could not take a record; no boom opened for it."""


def run(site: Path, out: Path, seconds: float, as_json: bool) -> None:
    """Run the lane of a site until ``seconds`` are over (0 = until SIGINT or SIGTERM).

    Prints one line for each change of phase, and for each trouble with a camera or the reader.
    The ledger has its own thread, recognition its own process.
    """
    profile = read_profile(site)
    if profile.devices["clock"].driver in PLAYED:
        # A clock that is not the host's own has to keep pace with it when the lane runs in earnest.
        profile = read_profile(site, {"devices.clock.paced": True})
    reader = ProcessReader(plate_eyes)
    board = tapped(build(profile))
    lane = assemble(board, out, reader, threaded=True)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    period_us = profile.timing.get("scan", SCAN_US)
    port = ServicePort(board, out / SOCKET_NAME, _about(board, out), period_us)
    port.health = lambda: lane.cell_health
    try:
        _loop(lane, port, stop, period_us / 1e6, seconds, as_json)
    finally:
        try:
            lane.make_safe()
        finally:
            port.close()
            lane.reading.close()
            unstored = lane.bookkeeper.close()
            if board.watchdog is not None:
                board.watchdog.release()
            board.bus.close()
    if unstored:
        raise UnstoredError(f"{len(unstored)} records not stored: {lane.bookkeeper.failure}")


def _about(board: Board, out: Path) -> About:
    profile = board.profile
    return About(
        site=profile.site.name,
        lane=profile.site.lane,
        path=str(Path(profile.path).resolve()),
        folder=str(out.resolve()),
        config_sha256=profile.sha256,
        software=identity_of(profile).software,
        started_ms=board.clock.wall().ms,
    )


def _loop(
    lane: Scan,
    port: ServicePort,
    stop: threading.Event,
    period_s: float,
    seconds: float,
    as_json: bool,
) -> None:
    began_s = due_s = time.monotonic()
    phase: Phase | None = None
    told: set[tuple[str, str]] = set()
    while not stop.is_set() and (not seconds or due_s - began_s < seconds):
        late_us = round((time.monotonic() - due_s) * 1e6)
        inputs, outputs = lane.once()
        failure = lane.bookkeeper.failure
        port.publish(lane.lane, inputs, outputs, lane.troubles, str(failure or ""), late_us)
        if lane.lane.phase != phase:
            phase = lane.lane.phase
            _say(lane, inputs, outputs, as_json)
        told = _tell(lane, inputs, told, as_json)
        # A late scan is not made up for by a burst: the next one is due a whole period later.
        due_s = max(due_s + period_s, time.monotonic())
        stop.wait(max(0.0, due_s - time.monotonic()))


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
