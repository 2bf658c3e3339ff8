"""``steelyard commission``: every device of a lane exercised at its place, with a dated report."""

from __future__ import annotations

import queue
import sys
import threading
from importlib.metadata import version
from pathlib import Path

from board.build import Board, build
from board.profile import read_profile
from controller.assembly import LEDGER_FILE, assemble
from controller.commissioning import steps
from controller.commissioning.report import write_report
from controller.commissioning.result import Outcome, Report
from controller.commissioning.session import GivenUpError, Session, Technician
from controller.commissioning.taps import tapped
from controller.lanekey import lane_key
from controller.scan import Scan
from controller.sitetext import PLAYED
from controller.summary import plain
from protocol.keys import PublicKey

START_US_MAX = 60_000_000


class Terminal:
    """The technician at this terminal; lines are read by a thread, so that the lane goes on."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(maxsize=100)
        threading.Thread(target=self._read, name="terminal", daemon=True).start()

    def tell(self, text: str) -> None:
        sys.stdout.write(plain(text, 2000) + "\n")
        sys.stdout.flush()

    def answer(self) -> str | None:
        try:
            line = self._lines.get_nowait()
        except queue.Empty:
            return None
        if line is None:
            raise GivenUpError("the terminal was closed")
        return line

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)


def run(site: Path, out: Path, who: str, why: str) -> bool:
    """Commission the lane of a site at this terminal; whether all tests were made and passed.

    Raises:
        ProfileError, LedgerError: the site or its ledger cannot be used.
        ValueError: nobody is named, or no reason.
    """
    if not who.strip() or not why.strip():
        raise ValueError("--who and --why are needed: who commissions, and on what occasion")
    profile = read_profile(site)
    if profile.devices["clock"].driver in PLAYED:
        profile = read_profile(site, {"devices.clock.paced": True})
    return commission(build(profile), out, who.strip(), why.strip(), Terminal()).passed


def commission(
    board: Board, out: Path, who: str, why: str, technician: Technician, *, paced: bool = True
) -> Report:
    """Make all tests on a board, give it up, and write the report into ``out``.

    Moves by hand are on record in the ledger of ``out``, the folder that ``run`` uses.  The report
    is written also where somebody gives up half way.
    """
    board = tapped(board)
    key = lane_key(board.profile, out / LEDGER_FILE)
    lane = assemble(board, out, None, key=key)
    try:
        session = Session(lane, board, technician, who, why, paced=paced)
        technician.tell("Answer with Enter, y, n, or s and a reason to skip a test.")
        began_ms = session.inputs.wall.ms
        session.until(lambda: not session.inputs.weight.motion, START_US_MAX)
        # Nobody is let in while the lane is tried out.
        session.take_over()
        try:
            steps.make(session)
        except (GivenUpError, KeyboardInterrupt) as error:
            session.keep("end", "commissioning", Outcome.FAILED, f"given up: {error or 'Ctrl-C'}")
        report = _report(session, began_ms, key.public)
        technician.tell(f"{'PASSED' if report.passed else 'NOT PASSED'}: {_tally(report)}")
        technician.tell(f"report: {write_report(report, out, key)}")
        session.request("leave_manual")
    finally:
        _give_up(lane, board)
    return report


def _give_up(lane: Scan, board: Board) -> None:
    try:
        lane.make_safe()
    finally:
        lane.reading.close()
        lane.bookkeeper.close()
        if board.watchdog is not None:
            board.watchdog.release()
        board.bus.close()


def _report(session: Session, began_ms: int, key: PublicKey) -> Report:
    profile, wall = session.board.profile, session.inputs.wall
    return Report(
        site=profile.site.name,
        lane=profile.site.lane,
        scale=profile.scale.serial,
        who=session.who,
        why=session.why,
        began_ms=began_ms,
        ended_ms=wall.ms,
        offset_min=wall.offset_min,
        software=f"steelyard {version('steelyard')}",
        config_hash=profile.sha256,
        results=tuple(session.results),
        key=key.x.hex(),
    )


def _tally(report: Report) -> str:
    counts = {o: sum(r.outcome is o for r in report.results) for o in Outcome}
    return ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items())
