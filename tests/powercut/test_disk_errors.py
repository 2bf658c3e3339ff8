"""A full disk or an I/O error at any write, sync, truncate or change of a name of a morning.

The failure is a fact with a code, the next try goes on, nothing is lost, nothing is found wrong;
and a power cut behind the error loses no more than one without it.
"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from aftermath import losses, missing, named_and_removed
from exhaust import ALL, Recording, record_morning, scratch
from morning import PARTS, TRIES, Promise, Station
from msgspec import Struct

from protocol.errors import Code, Failure, LedgerError
from protocol.keys import KeyFileError
from sim.disk.calls import recording
from sim.disk.recorder import Recorder
from sim.disk.states import states
from sim.disk.volatile import Operation, SyncFile, SyncFolder, Told, Truncate

SHARDS = 4
EVERY = 1 if ALL else 5
LASTING = 2
"""An error that stands for two operations: also what follows the first one fails."""


OF_THE_DISK = {Code.DISK_FULL, Code.READ_ONLY, Code.IO}


class Fault:
    """Makes ``times`` operations from the n-th on fail; then the disk is well again."""

    def __init__(self, at: int, code: int, times: int) -> None:
        self._left = at
        self._code = code
        self._times = times
        self.done = 0

    def __call__(self, operation: Operation) -> None:
        if isinstance(operation, Told):
            return
        self._left -= 1
        if self._left < 0 and self.done < self._times:
            self.done += 1
            raise OSError(self._code, "ordered")


class Outcome(Struct, frozen=True):
    """A morning on a disk that failed once: what it did, promised, and was told of the failure."""

    recorded: Recording
    failures: list[Failure]
    refusals: list[Exception]
    left: list[str]


def morning_with(fault: Fault) -> Outcome:
    """The morning, every step tried again as the controller does."""
    promises: list[Promise] = []
    failures: list[Failure] = []
    refusals: list[Exception] = []
    with scratch() as folder:
        recorder = Recorder(folder, fault)
        with recording(folder, recorder):
            for part in PARTS:
                station = _opened(folder, recorder, promises, refusals)
                part(station)
                failures += station.failures
                refusals += station.errors
                station.close()
        station = Station(folder, None, [])
        _, removed = named_and_removed(station.ledger)
        left = [*missing(station, promises, removed), *(str(f) for f in station.ledger.verify())]
        station.close()
    return Outcome(Recording(recorder.log, promises), failures, refusals, left)


def _opened(
    folder: Path, recorder: Recorder, promises: list[Promise], refusals: list[Exception]
) -> Station:
    for _ in range(TRIES):
        try:
            return Station(folder, recorder, promises)
        except (OSError, KeyFileError) as error:
            refusals.append(error)
    raise refusals[-1]


@pytest.fixture(scope="module")
def recorded() -> Recording:
    """The morning on a sound disk, which says how many operations there are to fail."""
    return record_morning()


def _may_be_full(operation: Operation) -> bool:
    return not isinstance(operation, Truncate | SyncFile | SyncFolder)


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_an_error_of_the_disk_at_any_operation_loses_nothing(
    recorded: Recording, code: int, shard: int
) -> None:
    operations = [op for op in recorded.log if not isinstance(op, Told)]
    for at in range(shard, len(operations), SHARDS * EVERY):
        if code == errno.EIO or _may_be_full(operations[at]):
            fault = Fault(at, code, 1 + at // 8 % LASTING)
            outcome = morning_with(fault)
            where = f"operation {at}, {operations[at]}"
            assert fault.done, where
            assert outcome.left == [], where
            assert len(outcome.recorded.promises) == len(recorded.promises), where
            told = {e.code for e in outcome.refusals if isinstance(e, LedgerError)}
            assert told | {f.code for f in outcome.failures} <= OF_THE_DISK, where
            assert _lost_behind(outcome.recorded, at) == [], where


def _lost_behind(recorded: Recording, at: int) -> list[str]:
    """What a cut loses behind the first promise after the error, and at the end."""
    told = [n + 1 for n, op in enumerate(recorded.log) if isinstance(op, Told) and n >= at]
    found = []
    with scratch() as folder:
        for boundary in (*told[:1], len(recorded.log)):
            state = next(states(recorded.log, 0, boundary, boundary + 1))
            found += losses(state, recorded.promises, folder / "after")
    return found
