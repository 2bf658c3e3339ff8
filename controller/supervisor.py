"""Goes on in one process over changes of the configuration: one lane after the other, never two.

A change waits until nobody is on the lane or on the way and nothing is owed; then the lane is made
safe and let go, and another is built.  One that cannot be built leaves the one before in force.
What was to be confirmed and was not goes back by itself, and at once after a crash or a power cut,
when no clock tells how long the box was away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from board.profile import profile_path
from controller import configfiles
from controller.configfiles import ConfigFileError, Pending, Running
from controller.console.messages import AskReload
from controller.core.images import InputImage, OutputImage
from controller.keeper import Keeper
from controller.recognition.looks import Reader
from controller.scan import Scan
from controller.sitetext import checked, with_unsaved
from controller.tenure import Tenure
from hal.ports import PersonRequest
from hal.schema import load_bytes

WAIT_S_MAX = 600.0
REVERT_S_MIN, REVERT_S_MAX = 60, 86_400
PROGRAM = "steelyard"
UNCONFIRMED = "the commit was not confirmed in time"
UNCONFIRMED_RESTART = "the controller was started anew before the commit was confirmed"

_Left = TypeVar("_Left", Pending, Running)
See = Callable[[Scan, InputImage, OutputImage], None]


class _Wanted(Struct, frozen=True, kw_only=True):
    """A configuration to take up: the text, until when to wait, and when to go back from it."""

    text: bytes
    sha256: str
    revert_s: int = 0
    until_s: float = float("inf")
    back_because: str = ""


class Supervisor:
    """Runs a site's lane in a folder; ``see`` is called behind every scan, ``say`` with events.

    ``reader`` makes what reads plates, anew for every lane.

    Raises:
        ProfileError, LedgerError, KeyFileError, RulesError: as ``build`` and ``assemble``, where no
            configuration can be built.
    """

    def __init__(
        self,
        site: Path,
        out: Path,
        reader: Callable[[], Reader],
        see: See,
        say: Callable[[str], None],
    ) -> None:
        self._site = site
        self._out = out
        self._reader = reader
        self._see = see
        self._say = say
        self._asking = threading.Lock()
        self._lock = threading.Lock()
        self._wanted: _Wanted | None = None
        self._back: _Wanted | None = None
        self._back_at_s = float("inf")
        self._told: list[str] = []
        self.unstored: list[object] = []
        self.tenure = self._first()

    def run(self, stop: threading.Event, seconds: float) -> None:
        """Scan until ``seconds`` are over (0: never) or ``stop`` is set, then let the lane go."""
        began_s = due_s = time.monotonic()
        try:
            while not stop.is_set() and (not seconds or due_s - began_s < seconds):
                self._scan(due_s)
                if (wanted := self._due()) is not None:
                    self._change(wanted)
                # A late scan is not made up for by a burst: the next is due a whole period later.
                due_s = max(due_s + self.tenure.period_us / 1e6, time.monotonic())
                stop.wait(max(0.0, due_s - time.monotonic()))
        finally:
            self.unstored += self.tenure.close()

    def reload(self, asked: AskReload) -> str:
        """Note a configuration to be taken up, or that the running one is confirmed; why not.

        Called by threads of the service port.
        """
        with self._asking:
            if not asked.site:
                return self._confirm()
            try:
                return self._note(self._wanted_of(asked))
            except ValueError as error:
                return str(error)

    def _wanted_of(self, asked: AskReload) -> _Wanted:
        """What is asked for, read and examined; raises ValueError."""
        after_s, path = asked.revert_s, Path(asked.site)
        if after_s and not REVERT_S_MIN <= after_s <= REVERT_S_MAX:
            raise ValueError(f"to go back after {after_s} s: {REVERT_S_MIN} to {REVERT_S_MAX} s")
        known = (self._out / configfiles.FOLDER / configfiles.NEXT, profile_path(self._site))
        if path.resolve() not in [one.resolve() for one in known]:
            raise ValueError(f"{path}: this lane takes up {' and '.join(map(str, known))} alone")
        text = load_bytes(path)
        if path.resolve() == known[1].resolve():
            text = with_unsaved(text, self.tenure.text)
        return _Wanted(
            text=text,
            sha256=checked(self._site, text).sha256,
            revert_s=after_s,
            until_s=time.monotonic() + WAIT_S_MAX,
        )

    def _note(self, wanted: _Wanted) -> str:
        with self._lock:
            if self._wanted is not None:
                return "another configuration waits to be taken up"
            if self._back is not None:
                return "the running configuration is not confirmed: confirm it first, or wait"
            self._wanted = wanted
        return ""

    def _confirm(self) -> str:
        with self._lock:
            if self._back is None:
                return "nothing waits to be confirmed"
            self._back, self._back_at_s = None, float("inf")
        try:
            configfiles.remove(self._out, configfiles.PENDING)
        except ConfigFileError as error:
            return f"confirmed while it runs, but a start anew would go back: {error}"
        self._tell("confirmed")
        return ""

    def _first(self) -> Tenure:
        """The lane of the site file; that of the text to go back to, where a commit was left."""
        site = str(profile_path(self._site).resolve())
        pending = self._left(configfiles.PENDING, Pending)
        running = self._left(configfiles.RUNNING, Running)
        if pending is not None and pending.site == site:
            with suppress(ValueError, OSError, ImportError):
                tenure = self._start(pending.back)
                from_sha256 = running.sha256 if running is not None else "unknown"
                self._gone_back(tenure, from_sha256, UNCONFIRMED_RESTART)
                return tenure
            self._tell("what was to be gone back to cannot be built; the site file runs")
        text = load_bytes(profile_path(self._site))
        tenure = self._start(text)
        if (
            running is not None
            and running.site == site
            and with_unsaved(text, running.text) != text
        ):
            self._tell("settings that ran before and were not saved are not in force any more")
        if pending is not None:
            self._forget_pending()
        return tenure

    def _left(self, name: str, kind: type[_Left]) -> _Left | None:
        """What the lane before this one left in its folder."""
        try:
            return configfiles.read(self._out, name, kind)
        except ConfigFileError as error:
            self._tell(str(error))
            return None

    def _start(self, text: bytes, alive: Callable[[], None] = lambda: None) -> Tenure:
        tenure = Tenure(self._site, text, self._out, self._reader(), alive)
        tenure.port.reload = self.reload
        self._note_running(tenure)
        return tenure

    def _note_running(self, tenure: Tenure) -> None:
        site = str(profile_path(self._site).resolve())
        running = Running(site=site, text=tenure.text, sha256=tenure.profile.sha256)
        try:
            configfiles.write(self._out, configfiles.RUNNING, running)
        except ConfigFileError as error:
            self._tell(str(error))

    def _scan(self, due_s: float) -> None:
        tenure = self.tenure
        inputs, outputs = tenure.once(round((time.monotonic() - due_s) * 1e6))
        while self._told:
            tenure.port.tell("config", self._told.pop(0), inputs)
        self._see(tenure.lane, inputs, outputs)

    def _due(self) -> _Wanted | None:
        """What is to be taken up now, since the lane rests."""
        if self._wanted is None and self._back is None:
            return None
        now_s = time.monotonic()
        with self._lock:
            back = self._back if now_s >= self._back_at_s else None
            wanted = back or self._wanted
            if wanted is None:
                return None
            if now_s >= wanted.until_s:
                self._wanted = None
                self._tell(f"not taken up: the lane was not at rest for {WAIT_S_MAX:g} s")
                return None
            if not self.tenure.rests(going_back=back is not None):
                return None
            self._wanted = self._back = None
            self._back_at_s = float("inf")
            return wanted

    def _change(self, wanted: _Wanted) -> None:
        """Let the lane go and build the next; the one before again where that cannot be."""
        before, began_s = self.tenure, time.monotonic()
        try:
            self._prepare(before, wanted)
        except ConfigFileError as error:
            return self._tell(f"not taken up: {error}")
        keeper = Keeper(before.profile, before.board.clock)
        self.unstored += before.close()
        keeper.feed()
        try:
            after, failure = self._start(wanted.text, keeper.feed), None
        except (ValueError, OSError, ImportError) as error:
            after, failure = self._start(before.text, keeper.feed), error
        keeper.release()
        after.port.follow(before.port)
        self.tenure = after
        took = f"no scan for {time.monotonic() - began_s:.2f} s"
        if failure is not None:
            self._fell_back(wanted, failure, took)
        elif wanted.back_because:
            self._gone_back(after, before.profile.sha256, wanted.back_because)
        else:
            self._taken_up(before, wanted, took)
        return None

    def _prepare(self, before: Tenure, wanted: _Wanted) -> None:
        """Have the disk know what to go back to before anything is given up."""
        if not wanted.revert_s:
            return
        pending = Pending(
            site=str(profile_path(self._site).resolve()),
            back=before.text,
            back_sha256=before.profile.sha256,
            deadline_ms=time.time_ns() // 1_000_000 + wanted.revert_s * 1_000,
        )
        configfiles.write(self._out, configfiles.PENDING, pending)

    def _taken_up(self, before: Tenure, wanted: _Wanted, took: str) -> None:
        until = ""
        if wanted.revert_s:
            with self._lock:
                self._back = _Wanted(
                    text=before.text, sha256=before.profile.sha256, back_because=UNCONFIRMED
                )
                self._back_at_s = time.monotonic() + wanted.revert_s
            until = f"; goes back in {wanted.revert_s} s unless confirmed"
        self._tell(f"taken up {wanted.sha256[:12]} ({took}){until}")

    def _fell_back(self, wanted: _Wanted, failure: Exception, took: str) -> None:
        self._forget_pending()
        self._record(wanted.sha256, self.tenure.profile.sha256, "it cannot be built")
        self._tell(f"not taken up {wanted.sha256[:12]}, the one before runs on ({took}): {failure}")

    def _gone_back(self, tenure: Tenure, from_sha256: str, because: str) -> None:
        self._forget_pending()
        self._record(from_sha256, tenure.profile.sha256, because, tenure)
        self._tell(f"gone back to {tenure.profile.sha256[:12]}: {because}")

    def _record(self, before: str, after: str, why: str, tenure: Tenure | None = None) -> None:
        """Ask for the record of a change that no person has made."""
        detail = f"before={before} after={after}\ngone back"
        request = PersonRequest(kind="configure", who=PROGRAM, why=why, detail=detail)
        (tenure or self.tenure).ask(request)

    def _forget_pending(self) -> None:
        try:
            configfiles.remove(self._out, configfiles.PENDING)
        except ConfigFileError as error:
            self._tell(str(error))

    def _tell(self, text: str) -> None:
        self._told.append(text)
        self._say(text)
