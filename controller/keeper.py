"""Who feeds the hardware watchdog while one lane is let go and the next is built."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from board.build import plan
from board.profile import Profile
from hal.bus import Bus
from hal.ports import Clock, Watchdog
from hal.schema import Problems


class Keeper:
    """Feeds the hardware watchdog while no lane does: a change that hangs ends in a new start.

    It feeds between the steps of a change alone, never by a thread.
    """

    def __init__(self, profile: Profile, clock: Clock) -> None:
        self._bus = Bus()
        self._bus.share("clock", lambda: clock)
        self._bus.share("folder", lambda: Path(profile.folder))
        self._plan = plan(
            {role: one for role, one in profile.devices.items() if role == "watchdog"},
            Problems(profile.path),
        ).get("watchdog")
        self._dog: Watchdog | None = None

    def feed(self) -> None:
        """Take the timer over from the lane that was let go, then feed it."""
        if self._dog is None and self._plan is not None:
            with suppress(ValueError, OSError, ImportError):
                self._dog = self._plan.driver(self._bus, **self._plan.options)
        if self._dog is not None:
            self._dog.feed()

    def release(self) -> None:
        """Leave the timer to the next lane, which feeds it in its first scan."""
        if self._dog is not None:
            self._dog.release()
        self._bus.close()
