"""Feeding a journal through today's core: every output image must come out as it was recorded.

The lane before each run is taken from the journal; from there on ``step`` and ``interlock`` compute
it, and where one journal goes on from another the lane that was computed must be the one recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from controller.blackbox import Cause, cause_of
from controller.core.images import InputImage, OutputImage, RecordIntent
from controller.core.interlock import interlock
from controller.core.kinds import Phase
from controller.core.lane import step
from controller.core.passage import Lane
from controller.deltas import changes
from controller.journalfile import Settings
from controller.journalread import Entry, JournalError

_encode = msgspec.msgpack.encode
_SCAN_US = 20_000


class Difference(Struct, frozen=True, kw_only=True):
    """One field by its path: what is on record, and what today's program makes of it."""

    path: str
    recorded: Any
    today: Any


class Divergence(Struct, frozen=True, kw_only=True):
    """The first scan that came out otherwise; ``of`` says whether its outputs or its lane did."""

    of: str
    scan: int
    now_us: int
    phase: str
    differences: tuple[Difference, ...]


class Outcome(Struct, frozen=True, kw_only=True):
    """What a journal came to.

    ``intent`` is the record that the last scan asked for.  ``failed`` is the scan that the program
    did not get through when it was recorded, ``error`` what today's core raised, if anything.
    """

    scans: int
    span_us: int
    outputs_sha256: str
    intent: RecordIntent | None = None
    divergence: Divergence | None = None
    failed: int | None = None
    error: Cause | None = None


class Replayer:
    """Runs journals one after the other; remembers the lane from one to the next."""

    def __init__(self) -> None:
        self._lane: Lane | None = None
        self._scan = 0
        self._now_us = 0

    def run(self, entries: Iterable[Entry], settings: Settings) -> Outcome:
        """Run one journal up to its end, or to the first scan that differs.

        Raises JournalError where the journal itself cannot be read.
        """
        run = _Run(settings, self._lane, self._scan, self._now_us)
        for entry in entries:
            if not run.feed(entry):
                break
        whole = run.divergence is None and run.error is None
        self._lane = run.lane if whole else None
        self._scan, self._now_us = run.scan, run.now_us
        return run.outcome()


class _Run:
    def __init__(self, settings: Settings, lane: Lane | None, scan: int, now_us: int) -> None:
        self.lane = lane
        self.scan = scan
        self.now_us = now_us
        self.divergence: Divergence | None = None
        self.error: Cause | None = None
        self._settings = settings
        self._failed: int | None = None
        self._scans = 0
        self._span_us = 0
        self._out: OutputImage | None = None
        self._recorded: tuple[OutputImage | None, bytes] = (None, b"")
        self._digest = hashlib.sha256()

    def feed(self, entry: Entry) -> bool:
        """Run one scan; False ends the journal."""
        inputs = entry.inputs
        follows = inputs.scan == self.scan + 1 and self.lane is not None
        if entry.lane is not None:
            if follows and _encode(entry.lane) != _encode(self.lane):
                self._differs("lane before the scan", inputs, entry.lane, self.lane)
                return False
            self.lane = entry.lane
        self._span_us += inputs.now_us - self.now_us if follows else _SCAN_US
        self.scan, self.now_us = inputs.scan, inputs.now_us
        self._scans += 1
        return self._step(entry)

    def outcome(self) -> Outcome:
        """What has come out so far."""
        return Outcome(
            scans=self._scans,
            span_us=max(0, self._span_us),
            outputs_sha256=self._digest.hexdigest(),
            intent=self._out.record if self._out is not None else None,
            divergence=self.divergence,
            failed=self._failed,
            error=self.error,
        )

    def _step(self, entry: Entry) -> bool:
        inputs = entry.inputs
        if self.lane is None:
            raise JournalError(f"scan {inputs.scan}: a journal begins with a lane")
        try:
            self.lane, wanted = step(self.lane, inputs, self._settings.lane)
            out = self._out = interlock(inputs, wanted, self._settings.interlock)
        except Exception as error:
            self.error = cause_of(error)
        if entry.outputs is None:
            self._failed = inputs.scan
            return False
        if self.error is not None:
            self._differs("outputs", inputs, entry.outputs, None)
            return False
        today = _encode(out)
        self._digest.update(today)
        if today != self._bytes_of(entry.outputs):
            self._differs("outputs", inputs, entry.outputs, out)
            return False
        return True

    def _bytes_of(self, recorded: OutputImage) -> bytes:
        """Most scans have the very outputs of the scan before."""
        if self._recorded[0] is not recorded:
            self._recorded = (recorded, _encode(recorded))
        return self._recorded[1]

    def _differs(self, of: str, inputs: InputImage, recorded: Any, today: Any) -> None:
        self.divergence = Divergence(
            of=of,
            scan=inputs.scan,
            now_us=inputs.now_us,
            phase=Phase(self.lane.phase).name if self.lane is not None else "",
            differences=differences(recorded, today),
        )


def differences(recorded: Any, today: Any) -> tuple[Difference, ...]:
    """Every field in which two values differ, by its path."""
    found: dict[str, Any] = {}
    changes(today, recorded, "", found)
    back: dict[str, Any] = {}
    changes(recorded, today, "", back)
    if not found and _encode(recorded) != _encode(today):
        # Equal to Python, as 1 and True are, and yet other bytes.
        return (Difference(path="", recorded=_encode(recorded).hex(), today=_encode(today).hex()),)
    return tuple(
        Difference(path=path, recorded=found.get(path), today=back.get(path))
        for path in sorted({*found, *back})
    )
