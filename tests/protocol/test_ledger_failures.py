"""Full, read-only, foreign, damaged, locked, killed: a clear error, nothing lost, nothing half."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
from ledger_rig import KEY, LANE, SITE, passage

from protocol import schema
from protocol.errors import Code, LedgerError
from protocol.ledger import Ledger, Receipt
from protocol.sidefiles import sum_of

ROOT = Path(__file__).resolve().parents[2]
PATHS = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support")))
PRELUDE = """
import os, resource, subprocess, sys
from pathlib import Path
from ledger_rig import KEY, LANE, SITE, passage
from protocol.errors import Code, LedgerError
from protocol.ledger import Ledger
path = Path(sys.argv[1])
"""


def _script(body: str, path: Path, *before: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-c", PRELUDE + textwrap.dedent(body), str(path)],
        env={**os.environ, "PYTHONPATH": PATHS},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _own_mounts() -> tuple[str, ...]:
    """A command prefix that gives a process file systems of its own, gone when it ends."""
    prefix = ("unshare", "-m")
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare to mount a small disk")
    probe = "mount -t tmpfs -o size=64k none /mnt"
    if subprocess.run([*prefix, "sh", "-c", probe], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk here")
    return prefix


def _sound(path: Path, count: int) -> None:
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        assert ledger.verify() == []
        assert [r.passage_id for r in ledger.records()] == list(range(1, count + 1))


def _fill(ledger: Ledger) -> None:
    for number in range(1, 10_000):
        assert ledger.append(passage(number, curve=True)).seq == number


def test_full_by_page_count(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        ledger._db.execute("PRAGMA max_page_count = 40")
        with pytest.raises(LedgerError) as raised:
            _fill(ledger)
        count = ledger.next_passage_id() - 1
        assert raised.value.code is Code.DISK_FULL
        assert str(path) in str(raised.value)
        assert "free space" in raised.value.remedy
        ledger._db.execute("PRAGMA max_page_count = 4000")
        assert ledger.append(passage(count + 1, curve=True)).seq == count + 1
    assert count > 3
    _sound(path, count + 1)


def test_full_disk(tmp_path: Path) -> None:
    """A real file system of 1 MiB: every record acknowledged before is there after it was freed."""
    body = """
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(path)], check=True)
    ballast = path / "ballast"
    ballast.write_bytes(bytes(300_000))
    ledger = Ledger.open(path / "l.sqlite", SITE, LANE, key=KEY)
    count = 0
    try:
        while True:
            ledger.append(passage(count + 1, curve=True))
            count += 1
    except LedgerError as error:
        assert error.code is Code.DISK_FULL, error
        print(error)
    full = count
    try:
        ledger.append(passage(count + 1, curve=True))
        raise SystemExit("a full disk took a record")
    except LedgerError as error:
        assert error.code is Code.DISK_FULL, error
    ballast.unlink()
    for _ in range(5):
        assert ledger.append(passage(count + 1, curve=True)).seq == count + 1
        count += 1
    ledger.close()
    with Ledger.open(path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        assert ledger.verify() == []
        assert [r.passage_id for r in ledger.records()] == list(range(1, count + 1))
    assert full > 20, full
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    done = _script(body, disk, *_own_mounts())
    assert done.returncode == 0, done.stderr
    assert "the disk is full" in done.stdout


def test_beginning_a_ledger_on_a_full_disk(tmp_path: Path) -> None:
    body = """
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(path)], check=True)
    (path / "ballast").write_bytes(bytes(500_000))
    for _ in range(2):
        try:
            Ledger.open(path / "l.sqlite", SITE, LANE, key=KEY)
            raise SystemExit("began on a full disk")
        except LedgerError as error:
            assert error.code is Code.DISK_FULL, error
    (path / "ballast").unlink()
    with Ledger.open(path / "l.sqlite", SITE, LANE, key=KEY) as ledger:
        assert ledger.append(passage(1)).seq == 1
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    done = _script(body, disk, *_own_mounts())
    assert done.returncode == 0, done.stderr


def test_file_size_limit(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes the kernel refuse a write in the middle of a commit."""
    body = """
    ledger = Ledger.open(path, SITE, LANE, key=KEY)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    count = 0
    try:
        while True:
            ledger.append(passage(count + 1, curve=True))
            count += 1
    except LedgerError as error:
        assert error.code in (Code.IO, Code.DISK_FULL), error
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert ledger.append(passage(count + 1, curve=True)).seq == count + 1
    ledger.close()
    print(count + 1)
    """
    path = tmp_path / "l.sqlite"
    done = _script(body, path)
    assert done.returncode == 0, done.stderr
    _sound(path, int(done.stdout))


def test_read_only_disk(tmp_path: Path) -> None:
    body = """
    def remount(how):
        subprocess.run(["mount", "-o", f"remount,{how}", str(path)], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(path)], check=True)
    file = path / "l.sqlite"
    with Ledger.open(file, SITE, LANE, key=KEY) as ledger:
        for number in (1, 2, 3):
            ledger.append(passage(number))
    remount("ro")
    for name in ("l.sqlite", "new.sqlite"):
        try:
            Ledger.open(path / name, SITE, LANE, key=KEY)
            raise SystemExit("opened for writing on a read-only disk")
        except LedgerError as error:
            assert error.code is Code.READ_ONLY, error
            print(error)
    with Ledger.open(file, read_only=True) as ledger:
        assert ledger.verify() == []
        assert len(list(ledger.records())) == 3
    remount("rw")
    with Ledger.open(file, SITE, LANE, key=KEY) as ledger:
        assert ledger.append(passage(4)).seq == 4
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    done = _script(body, disk, *_own_mounts())
    assert done.returncode == 0, done.stderr
    assert "make the file and its folder writable" in done.stdout


def test_file_without_write_permission() -> None:
    """As an ordinary user: root may write what it likes, so it becomes nobody first."""
    body = """
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        Ledger.open(path, SITE, LANE, key=KEY)
        raise SystemExit("opened a file that may not be written")
    except LedgerError as error:
        assert error.code is Code.READ_ONLY, error
    with Ledger.open(path, read_only=True) as ledger:
        assert len(list(ledger.records())) == 1
    """
    # The folder of tmp_path is closed to other users.
    folder = Path(tempfile.mkdtemp())
    path = folder / "l.sqlite"
    try:
        with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
            ledger.append(passage(1))
        (folder / "l.sqlite.lock").chmod(0o666)
        path.chmod(0o444)
        folder.chmod(0o777)
        done = _script(body, path)
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("content", [b"hello", b"x" * 5000, b"SQLite format 4\0" + bytes(4080)])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(LedgerError, match=r"notes\.txt: not a ledger") as raised:
            Ledger.open(path, SITE, LANE, key=KEY, read_only=read_only)
        assert raised.value.code is Code.FOREIGN
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "browser.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE record (seq INTEGER PRIMARY KEY)")
    db.commit()
    db.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(LedgerError, match="another program") as raised:
            Ledger.open(path, SITE, LANE, key=KEY, read_only=read_only)
        assert raised.value.code is Code.FOREIGN
    assert path.read_bytes() == before


def test_wrong_places(tmp_path: Path) -> None:
    cases = [
        (tmp_path, False, Code.FOREIGN),
        (tmp_path / "no" / "l.sqlite", False, Code.MISSING),
        (tmp_path / "l.sqlite", True, Code.MISSING),
    ]
    for path, read_only, code in cases:
        with pytest.raises(LedgerError) as raised:
            Ledger.open(path, SITE, LANE, key=KEY, read_only=read_only)
        assert raised.value.code is code
        assert str(path) in str(raised.value)
        assert raised.value.remedy in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_another_lane_and_a_newer_program(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    Ledger.open(path, SITE, LANE, key=KEY).close()
    for site, lane in ((SITE, "2"), ("other", LANE)):
        with pytest.raises(LedgerError, match="own file") as raised:
            Ledger.open(path, site, lane, key=KEY)
        assert raised.value.code is Code.OTHER_LANE
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    db.close()
    sum_of(path).unlink()
    for read_only in (False, True):
        with pytest.raises(LedgerError, match="newer") as raised:
            Ledger.open(path, SITE, LANE, key=KEY, read_only=read_only)
        assert raised.value.code is Code.NEWER


def test_a_begun_but_empty_file_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    path.touch()
    with pytest.raises(LedgerError):
        Ledger.open(path, read_only=True)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    with pytest.raises(LedgerError, match="empty"):
        Ledger.open(path, read_only=True)
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        assert ledger.append(passage(1)).seq == 1


def test_writing_needs_a_lane(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="site, lane and key"):
        Ledger.open(tmp_path / "l.sqlite", SITE, LANE)
    Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY).close()


def test_a_second_writer_is_refused_and_readers_are_not(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as first:
        first.append(passage(1))
        with pytest.raises(LedgerError, match="another process") as raised:
            Ledger.open(path, SITE, LANE, key=KEY)
        assert raised.value.code is Code.LOCKED
        done = _script("Ledger.open(path, SITE, LANE, key=KEY)", path)
        assert done.returncode == 1
        assert "another process writes this ledger" in done.stderr
        with Ledger.open(path, read_only=True) as reader:
            first.append(passage(2))
            assert [r.seq for r in reader.records()] == [1, 2]
            with pytest.raises(LedgerError) as refused:
                reader.append(passage(3))
            assert refused.value.code is Code.READ_ONLY
    with Ledger.open(path, SITE, LANE, key=KEY) as second:
        assert second.append(passage(3)).seq == 3


def test_held_by_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocol.store.BUSY_MS", 20)
    path = tmp_path / "l.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError) as raised:
            ledger.append(passage(1))
        assert raised.value.code is Code.LOCKED
        other.execute("ROLLBACK")
        other.close()
        assert ledger.append(passage(1)).seq == 1


def test_a_closed_ledger_says_so(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY)
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match="closed") as raised:
        ledger.append(passage(1))
    assert raised.value.code is Code.CLOSED


def test_kill_keeps_every_acknowledged_record(tmp_path: Path) -> None:
    """SIGKILL at random instants; each acknowledged seq is there with the hash it was given."""
    body = """
    ledger = Ledger.open(path, SITE, LANE, key=KEY)
    while True:
        receipt = ledger.append(passage(ledger.next_passage_id(), curve=True))
        os.write(1, f"{receipt.seq} {receipt.hash.hex()}\\n".encode())
    """
    path = tmp_path / "l.sqlite"
    chance = random.Random(11)
    acknowledged: dict[int, bytes] = {}
    for _ in range(5):
        acknowledged.update(_killed(body, path, chance.uniform(0.0, 0.3)))
        with Ledger.open(path, read_only=True) as ledger:
            assert ledger.verify() == []
            kept = {stored.seq: stored.hash for stored in ledger.stored()}
        assert acknowledged.items() <= kept.items()
        # At most the one record whose answer had not been read when the process died.
        assert len(kept) <= max(acknowledged) + 1
        acknowledged.update(kept)
    assert len(acknowledged) > 5


def _killed(body: str, path: Path, after_s: float) -> dict[int, bytes]:
    command = [sys.executable, "-c", PRELUDE + textwrap.dedent(body), str(path)]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": PATHS}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        lines = [first, *process.stdout.readlines()]
    whole = (line.split() for line in lines if line.endswith(b"\n"))
    return {int(seq): bytes.fromhex(digest.decode()) for seq, digest in whole}


def test_a_commit_that_fails_leaves_no_half_record(tmp_path: Path) -> None:
    """The transaction dies after every number of steps: all of the record is there or none."""
    path = tmp_path / "l.sqlite"
    with Ledger.open(path, SITE, LANE, key=KEY) as ledger:
        ledger.append(passage(1))
        interrupted = 0
        while _interrupted(ledger, interrupted):
            interrupted += 1
            assert ledger.verify() == []
            if ledger.next_passage_id() == 3:
                break
            assert [r.seq for r in ledger.records()] == [1]
        assert interrupted > 20
        assert ledger.append(passage(2)) == Receipt(2, _hash_of(ledger, 2))
        assert ledger.verify() == []


def _interrupted(ledger: Ledger, steps: int) -> bool:
    """Append, and be interrupted after so many steps of SQLite; False if it got through."""
    left = [steps]

    def handler() -> int:
        left[0] -= 1
        return int(left[0] < 0)

    ledger._db.set_progress_handler(handler, 1)
    try:
        ledger.append(passage(2))
    except LedgerError:
        return True
    finally:
        ledger._db.set_progress_handler(None, 1)
    return False


def _hash_of(ledger: Ledger, seq: int) -> bytes:
    return next(ledger.stored(seq)).hash
