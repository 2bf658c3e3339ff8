"""One lane on one configuration, from building its board to letting all of it go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from board.build import Board, build
from board.profile import profile_path
from controller.assembly import assemble
from controller.commissioning.taps import AskingHand, tapped
from controller.console.messages import SOCKET_NAME, About
from controller.console.port import ServicePort
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import EMPTY, HOLD, Phase
from controller.recognition.looks import Reader
from controller.recording.identity import identity_of
from controller.sitetext import read_site
from hal.ports import PersonRequest

SCAN_US = 20_000
_AT_REST = (Phase.IDLE, Phase.MANUAL)
# A configuration that keeps the lane from starting could not be left otherwise.
_NOWHERE = (Phase.STARTING, Phase.FAULTED, Phase.EMERGENCY)

Step = Callable[[], None]


class Tenure:
    """A lane that scans, with its service port; ``alive`` is called between the steps of a start.

    Raises what ``read_profile``, ``build`` and ``assemble`` raise; nothing is then left open.
    """

    def __init__(self, site: Path, text: bytes, out: Path, reader: Reader, alive: Step) -> None:
        self.text = text
        self.profile = read_site(site, text)
        alive()
        self.board = tapped(build(self.profile))
        try:
            alive()
            self.lane = assemble(self.board, out, reader, threaded=True)
            self.period_us = self.profile.timing.get("scan", SCAN_US)
            try:
                about = _about(self.board, profile_path(site), out)
                self.port = ServicePort(self.board, out / SOCKET_NAME, about, self.period_us)
            except BaseException:
                self._let_go()
                raise
        except BaseException:
            self.board.bus.close()
            raise
        self.port.health = lambda: self.lane.cell_health
        self._inputs: InputImage | None = None
        self._closed = False

    def once(self, late_us: int) -> tuple[InputImage, OutputImage]:
        """One scan, told to the service port."""
        inputs, outputs = self.lane.once()
        failure = str(self.lane.bookkeeper.failure or "")
        self.port.publish(self.lane.lane, inputs, outputs, self.lane.troubles, failure, late_us)
        self._inputs = inputs
        return inputs, outputs

    def rests(self, *, going_back: bool) -> bool:
        """Whether it can be given up: nobody on it or on the way, nothing owed, nothing driven.

        ``going_back`` from a configuration that was not confirmed is also done where the lane
        does not come up, or stands still with a fault or an emergency stop.
        """
        lane, inputs, outputs = self.lane.lane, self._inputs, self.lane.outputs
        if inputs is None or self.lane.bookkeeper.owes or outputs.record is not None:
            return False
        if lane.service is not None or lane.notes or inputs.requests:
            return False
        if set(outputs.booms) != {HOLD}:
            return False
        if going_back and lane.phase in _NOWHERE:
            return True
        return lane.phase in _AT_REST and lane.passage is None and inputs.weight.deck == EMPTY

    def ask(self, request: PersonRequest) -> None:
        """Put a request of the program itself before the lane."""
        if isinstance(self.board.requests, AskingHand):
            self.board.requests.ask(request)

    def close(self) -> list[object]:
        """Make it safe and let everything go, once; returns records that could not be stored."""
        if self._closed:
            return []
        self._closed = True
        try:
            self.lane.make_safe()
        finally:
            self.port.close()
            unstored = self._let_go()
        return unstored

    def _let_go(self) -> list[object]:
        try:
            self.lane.reading.close()
            return list(self.lane.bookkeeper.close())
        finally:
            if self.board.watchdog is not None:
                self.board.watchdog.release()
            self.board.bus.close()


def _about(board: Board, site: Path, out: Path) -> About:
    profile = board.profile
    return About(
        site=profile.site.name,
        lane=profile.site.lane,
        path=str(site.resolve()),
        folder=str(out.resolve()),
        config_sha256=profile.sha256,
        software=identity_of(profile).software,
        started_ms=board.clock.wall().ms,
    )
