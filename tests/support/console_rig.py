"""A lane of the simulated board that scans on a thread, and its service socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from board.build import build
from board.profile import read_profile
from controller.assembly import assemble
from controller.commissioning.taps import tapped
from controller.console.link import LaneAwayError, LaneLink
from controller.console.messages import SOCKET_NAME, About
from controller.console.port import ServicePort
from hal.bus import Bus


class Running:
    """A lane of the simulated board that scans on a thread as fast as it may."""

    def __init__(self, out: Path, site: str | Path = "sim", yard: object = None) -> None:
        self.folder = out
        profile, bus = read_profile(site), Bus()
        if yard is not None:
            bus.share("yard", lambda: yard)
        self.board = tapped(build(profile, bus))
        self.lane = assemble(self.board, out, None)
        about = About(
            site="Yard", lane=1, path=str(site), folder=str(out), config_sha256=profile.sha256,
            software="0", started_ms=0,
        )  # fmt: skip
        self.port = ServicePort(self.board, out / SOCKET_NAME, about, 20_000)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.0005):
            self.board.clock.skip(20_000)  # type: ignore[attr-defined]
            inputs, outputs = self.lane.once()
            self.port.publish(self.lane.lane, inputs, outputs, self.lane.troubles, "", 10)

    def close(self) -> None:
        self.port.close()
        self._stop.set()
        self._thread.join(5)
        self.lane.bookkeeper.close()
        self.board.bus.close()


def until(true: Callable[[], object]) -> None:
    """Wait until something is true, for no longer than anything here may take."""
    end_s = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end_s, "it did not come"
        time.sleep(0.005)


def answers(link: LaneLink) -> bool:
    try:
        link.state()
    except LaneAwayError as error:
        if "has not scanned yet" not in str(error):
            raise
        return False
    return True
