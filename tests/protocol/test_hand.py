"""Upkeep in the writer's hands: behind every record, in its own thread, and never in their way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from files_rig import FULL, ModelFiles, sound
from ledger_rig import KEY, LANE, SITE, WALL_MS, passage

from protocol import writer as writers
from protocol.custody import Media
from protocol.errors import Code, Failure
from protocol.files import Space
from protocol.hand import Result
from protocol.ledger import Ledger, Receipt
from protocol.media import Blob, MediaStore
from protocol.parts import ClockQuality, Kind, Times
from protocol.record import Record
from protocol.retention import Disk, Policy, Upkeep
from protocol.writer import SyncWriter, ThreadWriter, Writer

NOW = Times(at_us=1, wall_ms=WALL_MS, clock=ClockQuality.SYNCHRONISED, date=20251122)
PATIENCE_S = 30.0
Kinds = type[SyncWriter[int]] | type[ThreadWriter[int]]
BOTH = pytest.mark.parametrize("make", [SyncWriter, ThreadWriter])
ROOT = Path(__file__).resolve().parents[2]


def _poll(writer: Writer[int], count: int) -> list[tuple[int, Result]]:
    results: list[tuple[int, Result]] = []
    end = time.monotonic() + PATIENCE_S
    while len(results) < count:
        assert time.monotonic() < end, f"only {results} came"
        results += writer.poll()
        time.sleep(0.001)
    return results


def _until(writer: Writer[int], wanted: Disk) -> None:
    end = time.monotonic() + PATIENCE_S
    while writer.disk != wanted:
        assert time.monotonic() < end, f"the disk stands at {writer.disk}"
        writer.poll()
        time.sleep(0.001)


def blob(number: int) -> Blob:
    return Blob(kind="journal", data=b"journal %d" % number)


def record(number: int) -> Record:
    one = blob(number)
    medium = Media(kind=one.kind, sha256=one.sha256, bytes=len(one.data))
    return passage(number, media=(medium,))


class Rig:
    def __init__(self, folder: Path, make: Kinds) -> None:
        self.files = ModelFiles()
        self.ledger = Ledger.open(folder / "l.sqlite", SITE, LANE, key=KEY)
        self.store = MediaStore(folder / "media", self.files)
        upkeep = Upkeep(self.ledger, self.store, Policy())
        self.writer: Writer[int] = make(self.ledger, media=self.store, upkeep=upkeep)

    def submit(self, number: int) -> bool:
        return self.writer.submit(number, record(number), [blob(number)])


@BOTH
def test_the_disk_is_looked_at_when_the_time_is_told(tmp_path: Path, make: Kinds) -> None:
    rig = Rig(tmp_path, make)
    rig.files.free = Space(1_000_000_000, 100_000_000)
    rig.writer.poll()
    assert rig.writer.disk == Disk()
    rig.writer.tend(NOW)
    _until(rig.writer, Disk(filling=True))
    assert rig.writer.close() == []


@BOTH
def test_a_full_disk_is_made_room_on_and_the_record_stored(tmp_path: Path, make: Kinds) -> None:
    """What the platform has goes, and the record that found no room is tried again at once."""
    rig = Rig(tmp_path, make)
    rig.writer.tend(NOW)
    rig.writer.poll()
    assert rig.submit(1)
    _poll(rig.writer, 1)
    rig.ledger.acknowledge([1], 0)

    def full(number: int, operation: str, path: Path) -> int:
        return FULL if operation == "write" and rig.store.has(blob(1).sha256) else 0

    rig.files.fails = full
    assert rig.submit(2)
    ((_, stored),) = _poll(rig.writer, 1)
    assert isinstance(stored, Receipt)
    assert not rig.store.has(blob(1).sha256)
    assert rig.store.has(blob(2).sha256)
    assert rig.writer.disk.freed == 1
    assert rig.writer.close() == []
    with Ledger.open(tmp_path / "l.sqlite", read_only=True) as ledger:
        kinds = [found.kind for found in ledger.records()]
        assert kinds == [Kind.PASSAGE, Kind.RETENTION, Kind.PASSAGE]


@BOTH
def test_nothing_unacknowledged_makes_room(tmp_path: Path, make: Kinds) -> None:
    rig = Rig(tmp_path, make)
    rig.writer.tend(NOW)
    rig.writer.poll()
    assert rig.submit(1)
    _poll(rig.writer, 1)
    rig.files.fails = lambda number, operation, path: FULL if operation == "write" else 0
    assert rig.submit(2)
    ((_, failure),) = _poll(rig.writer, 1)
    assert isinstance(failure, Failure)
    assert failure.code is Code.DISK_FULL
    assert rig.store.has(blob(1).sha256)
    rig.files.fails = sound
    rig.writer.retry()
    assert isinstance(_poll(rig.writer, 1)[0][1], Receipt)
    assert rig.writer.close() == []


class Endless:
    """An upkeep that always has more to do, and says in which thread it was asked."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.threads: set[int] = set()
        self.steps = 0

    def step(self, now: Times) -> bool:
        self.threads.add(threading.get_ident())
        self.steps += 1
        return True

    def make_room(self, now: Times) -> bool:
        return False


def test_records_overtake_an_upkeep_that_does_not_end(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY)
    endless = Endless()
    writer = ThreadWriter[int](ledger, upkeep=endless)
    writer.tend(NOW)
    for number in range(1, 6):
        assert writer.submit(number, record(number), [blob(number)])
    assert [key for key, _ in _poll(writer, 5)] == [1, 2, 3, 4, 5]
    assert writer.close() == []
    assert endless.steps > 0
    assert threading.get_ident() not in endless.threads


@BOTH
def test_the_media_that_wait_have_a_limit_too(
    tmp_path: Path, make: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "QUEUE_BYTES_MAX", 100)
    rig = Rig(tmp_path, make)
    rig.files.fails = lambda number, operation, path: FULL if operation == "write" else 0
    large = Blob(kind="journal", data=bytes(101))
    assert rig.writer.submit(1, passage(1), [large])
    assert not rig.writer.submit(2, passage(2))
    _poll(rig.writer, 1)
    assert not rig.writer.submit(2, passage(2))
    rig.files.fails = sound
    rig.writer.retry()
    _poll(rig.writer, 1)
    assert rig.writer.submit(2, passage(2))
    assert rig.writer.close() == []


SCRIPT = """
import subprocess, sys, time
from pathlib import Path
from ledger_rig import KEY, LANE, SITE, WALL_MS, passage
from protocol.custody import Media
from protocol.errors import Failure
from protocol.ledger import Ledger, Receipt
from protocol.media import Blob, MediaStore
from protocol.parts import ClockQuality, Kind, Times
from protocol.retention import Policy, Upkeep
from protocol.writer import ThreadWriter

disk = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(disk)], check=True)
ledger = Ledger.open(disk / "l.sqlite", SITE, LANE, key=KEY)
store = MediaStore(disk / "media")
policy = Policy(filling_ppm=970_000, critical_ppm=999_000, room_bytes=0)
writer = ThreadWriter(ledger, media=store, upkeep=Upkeep(ledger, store, policy))
now = Times(at_us=1, wall_ms=WALL_MS, clock=ClockQuality.SYNCHRONISED, date=20251122)
writer.tend(now)

def blob(number):
    return Blob(kind="journal", data=number.to_bytes(4, "big") * 50_000)

def store_one(number):
    one = blob(number)
    medium = Media(kind=one.kind, sha256=one.sha256, bytes=len(one.data))
    assert writer.submit(number, passage(number, media=(medium,)), [one])
    while not (done := writer.poll()):
        time.sleep(0.001)
    return done[0][1]

count = 0
while isinstance(result := store_one(count + 1), Receipt):
    count += 1
assert isinstance(result, Failure) and result.code == "disk_full", result
assert all(store.read(blob(number).sha256) for number in range(1, count + 1))
assert all(record.kind is Kind.PASSAGE for record in ledger.records())
print("full after", count)
ledger.acknowledge(range(1, 21), 0)
writer.retry()
while not (done := writer.poll()):
    time.sleep(0.001)
assert isinstance(done[0][1], Receipt), done
count += 1
kept = [number for number in range(1, count + 1) if store.has(blob(number).sha256)]
assert kept == list(range(21, count + 1)), kept
while isinstance(result := store_one(count + 1), Receipt):
    count += 1
    assert count < 200
print("full again after", count)
ledger.acknowledge(range(21, 31), 0)
for _ in range(2):
    writer.retry()
    while not (done := writer.poll()):
        time.sleep(0.001)
    if isinstance(done[0][1], Receipt):
        break
assert isinstance(done[0][1], Receipt), done
assert writer.close() == []
with Ledger.open(disk / "l.sqlite", SITE, LANE, key=KEY) as ledger:
    assert ledger.verify() == []
    notes = [r.retention for r in ledger.records() if r.kind is Kind.RETENTION]
    assert sum(len(note.sha256) for note in notes) >= 20
    passages = [r.passage_id for r in ledger.records() if r.kind is Kind.PASSAGE]
    assert passages == list(range(1, count + 2)), passages
"""


def test_a_real_full_disk_goes_on_when_the_platform_has_taken_something(tmp_path: Path) -> None:
    """A file system of 12 MiB, filled to the last page; all that was acknowledged stays."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare to mount a small disk")
    probe = ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk here")
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", textwrap.dedent(SCRIPT), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests' / 'support'}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "full again after" in done.stdout
