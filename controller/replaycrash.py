"""Running an evidence bundle again: does today's program still end in the same error?"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from controller.blackbox import Cause, Crash, CrashError, read_crash
from controller.journalread import JournalError, read_journal, read_settings
from controller.replay import Divergence, Outcome, Replayer


class Ending(StrEnum):
    """How today's program gets on with the scans of a bundle."""

    SAME_ERROR = "the same error"
    OTHER_ERROR = "another error"
    NO_ERROR = "no error any more"
    OTHER_OUTPUTS = "other outputs before the error"
    OUTSIDE = "the error lies outside the core"


class Rerun(Struct, frozen=True, kw_only=True):
    """A bundle run again: ``recorded`` is its error, ``today`` that of today's core, if any."""

    ending: Ending
    crash: Crash
    recorded: Cause
    today: Cause | None = None
    divergence: Divergence | None = None
    scans: int = 0
    span_us: int = 0


def rerun(folder: Path) -> Rerun:
    """Run the scans of the bundle ``folder`` through today's core.

    Raises CrashError and JournalError for a bundle that cannot be read.
    """
    crash = read_crash(folder)
    if not crash.causes:
        raise CrashError(f"{folder}: the bundle names no error")
    settings_data = _read(folder, crash.settings)
    settings = read_settings(settings_data)
    journals = [read_journal(_read(folder, name)) for name in crash.journals]
    digest = hashlib.sha256(settings_data).digest()
    if any(journal.header.settings != digest for journal in journals):
        raise JournalError(f"{folder}: the settings are not those of the journal")
    entries = (entry for journal in journals for entry in journal.entries())
    outcome = Replayer().run(entries, settings)
    ending = _ending(crash, outcome)
    return Rerun(
        ending=ending,
        crash=crash,
        recorded=crash.causes[-1],
        today=outcome.error,
        divergence=outcome.divergence,
        scans=outcome.scans,
        span_us=outcome.span_us,
    )


def _ending(crash: Crash, outcome: Outcome) -> Ending:
    if outcome.divergence is not None:
        return Ending.OTHER_OUTPUTS if outcome.error is None else Ending.OTHER_ERROR
    if not crash.in_core or outcome.failed is None:
        return Ending.OUTSIDE
    if outcome.error is None:
        return Ending.NO_ERROR
    return Ending.SAME_ERROR if outcome.error == crash.causes[-1] else Ending.OTHER_ERROR


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if path.parent != folder:
        raise CrashError(f"{folder}: names {name!r}, which is no file of the bundle")
    try:
        return path.read_bytes()
    except OSError as error:
        raise CrashError(f"{path}: cannot be read: {error.strerror}") from error
