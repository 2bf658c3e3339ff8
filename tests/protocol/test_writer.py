"""The writer: never blocks the scan, keeps the order, loses nothing, tells every failure."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from files_rig import BROKEN, FULL, ModelFiles, sound
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol import rows
from protocol.errors import Code, Failure
from protocol.ledger import Ledger, Receipt
from protocol.media import Blob, MediaStore
from protocol.ondeck import OnDeck
from protocol.parts import Weighing
from protocol.record import Record
from protocol.writer import SyncWriter, ThreadWriter, Writer

Result = tuple[int, Receipt | OnDeck | Failure]
PATIENCE_S = 30.0
Kinds = type[SyncWriter[int]] | type[ThreadWriter[int]]
BOTH = pytest.mark.parametrize("make", [SyncWriter, ThreadWriter])


def _poll(writer: Writer[int], count: int) -> list[Result]:
    """Poll until so many results came; a hang fails here and not in the test runner."""
    results: list[Result] = []
    end = time.monotonic() + PATIENCE_S
    while len(results) < count:
        assert time.monotonic() < end, f"only {results} came"
        results += writer.poll()
        time.sleep(0.001)
    return results


def _open(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "l.sqlite", SITE, LANE, key=KEY)


def _heavy(number: int) -> Record:
    """A record of many pages, which no file takes without growing."""
    return passage(number, weighing=Weighing(gross_g=31_000_000, raw=bytes(60_000)))


def _stored(tmp_path: Path) -> list[int]:
    with Ledger.open(tmp_path / "l.sqlite", read_only=True) as ledger:
        assert ledger.verify() == []
        return [record.passage_id for record in ledger.records()]


@BOTH
def test_order_and_receipts(tmp_path: Path, make: Kinds) -> None:
    writer: Writer[int] = make(_open(tmp_path))
    assert writer.poll() == []
    for number in range(1, 31):
        assert writer.submit(number, passage(number))
    results = _poll(writer, 30)
    assert [key for key, _ in results] == list(range(1, 31))
    assert [r.seq for _, r in results if isinstance(r, Receipt)] == list(range(1, 31))
    assert writer.close() == []
    assert _stored(tmp_path) == list(range(1, 31))


@BOTH
def test_a_failure_keeps_the_record_and_all_behind_it(tmp_path: Path, make: Kinds) -> None:
    ledger = _open(tmp_path)
    ledger._db.execute("PRAGMA max_page_count = 1")
    writer: Writer[int] = make(ledger)
    for number in (1, 2, 3):
        assert writer.submit(number, _heavy(number))
    for _ in range(2):
        ((key, failure),) = _poll(writer, 1)
        assert key == 1
        assert isinstance(failure, Failure)
        assert failure.code is Code.DISK_FULL
        assert str(ledger.path) in str(failure)
        assert writer.poll() == []
        assert ledger.last() is None
        writer.retry()
    ((key, failure),) = _poll(writer, 1)
    ledger._db.execute("PRAGMA max_page_count = 4000")
    writer.retry()
    assert [key for key, _ in _poll(writer, 3)] == [1, 2, 3]
    assert writer.close() == []
    assert _stored(tmp_path) == [1, 2, 3]


@BOTH
def test_what_can_never_succeed_does_not_block_the_rest(tmp_path: Path, make: Kinds) -> None:
    writer: Writer[int] = make(_open(tmp_path))
    records = [
        passage(1),
        passage(1, gross_g=30_000_000),
        passage(2, decision=None),
        passage(3, lane="2"),
        passage(4),
    ]
    for key, record in enumerate(records):
        assert writer.submit(key, record)
    results = dict(_poll(writer, 5))
    codes = [r.code for r in results.values() if isinstance(r, Failure)]
    assert codes == [Code.CONFLICT, Code.REFUSED, Code.REFUSED]
    assert isinstance(results[4], Receipt)
    assert results[4].seq == 2
    assert writer.close() == []


@BOTH
def test_the_same_part_twice_gives_the_same_receipt(tmp_path: Path, make: Kinds) -> None:
    writer: Writer[int] = make(_open(tmp_path))
    for key in (1, 2):
        assert writer.submit(key, passage(7))
    (_, first), (_, second) = _poll(writer, 2)
    assert first == second
    assert isinstance(first, Receipt)
    assert writer.close() == []
    assert _stored(tmp_path) == [7]


@BOTH
def test_a_full_queue_refuses(tmp_path: Path, make: Kinds) -> None:
    ledger = _open(tmp_path)
    ledger._db.execute("PRAGMA max_page_count = 1")
    writer: Writer[int] = make(ledger, queue_max=4)
    taken = [writer.submit(number, _heavy(number)) for number in range(1, 9)]
    assert taken.count(True) <= 4
    assert taken[-1] is False
    _poll(writer, 1)
    left = writer.close()
    assert [record.passage_id for _, record in left] == list(range(1, taken.count(True) + 1))
    assert writer.submit(9, passage(9)) is False


@BOTH
def test_close_stores_what_is_queued_and_tells_it(tmp_path: Path, make: Kinds) -> None:
    writer: Writer[int] = make(_open(tmp_path))
    for number in range(1, 21):
        assert writer.submit(number, passage(number, curve=True))
    assert writer.close() == []
    assert writer.close() == []
    assert [key for key, _ in writer.poll()] == list(range(1, 21))
    assert _stored(tmp_path) == list(range(1, 21))


def test_sync_runs_are_repeatable_and_agree_with_the_thread(tmp_path: Path) -> None:
    files = []
    for name, make in (("a", SyncWriter), ("b", SyncWriter), ("c", ThreadWriter)):
        folder = tmp_path / name
        folder.mkdir()
        writer: Writer[int] = make(_open(folder))
        for number in range(1, 20):
            assert writer.submit(number, passage(number, curve=True))
        assert writer.close() == []
        files.append((folder / "l.sqlite").read_bytes())
    assert files[0] == files[1] == files[2]


def test_submit_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    """The disk is held by another hand; submit and poll go on, and the record follows later."""
    ledger = _open(tmp_path)
    writer = ThreadWriter[int](ledger)
    with ledger._mutex:
        assert writer.submit(1, passage(1))
        assert writer.submit(2, passage(2))
        assert writer.poll() == []
    assert [key for key, _ in _poll(writer, 2)] == [1, 2]
    assert writer.close() == []


def test_a_lookup_does_not_wait_while_a_record_comes_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = _open(tmp_path)
    ledger.append(passage(1, tare=True, plate="晋C33333"))
    append, in_commit, go_on = rows.append, threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        in_commit.set()
        go_on.wait(60)
        return append(*arguments)

    monkeypatch.setattr(rows, "append", slow)
    writer: ThreadWriter[int] = ThreadWriter(ledger)
    writer.submit(0, passage(2))
    assert in_commit.wait(60)
    answers: list[object] = []
    for ask in (ledger.latest_tare, ledger.open_chain):
        asking = threading.Thread(target=lambda ask=ask: answers.append(ask("晋C33333")))
        asking.start()
        asking.join(10)
    waited = len(answers) < 2
    go_on.set()
    assert writer.close() == []
    assert not waited
    assert answers[0] is not None


def test_readers_in_another_thread(tmp_path: Path) -> None:
    """The lane looks a plate up while records are being stored through the same ledger."""
    ledger = _open(tmp_path)
    writer = ThreadWriter[int](ledger)
    errors: list[BaseException] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.is_set():
                ledger.open_chain("晋A12345")
                seen = [record.seq for record in ledger.records()]
                assert seen == list(range(1, len(seen) + 1))
        except BaseException as error:
            errors.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(1, 41):
        assert writer.submit(number, passage(number))
    results = _poll(writer, 40)
    done.set()
    reader.join()
    assert errors == []
    assert all(isinstance(result, Receipt) for _, result in results)
    assert writer.close() == []


def test_a_fault_of_the_program_is_raised_not_hidden(tmp_path: Path) -> None:
    writer = ThreadWriter[int](_open(tmp_path))
    assert writer.submit(1, None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="stopped by an error") as raised:
        _poll(writer, 1)
    assert isinstance(raised.value.__cause__, AttributeError)
    assert [key for key, _ in writer.close()] == [1]


def test_many_threads_append_to_one_ledger_without_a_gap(tmp_path: Path) -> None:
    ledger = _open(tmp_path)

    def append(first: int) -> None:
        for number in range(first, first + 10):
            ledger.append(replace(passage(number), flags=(f"thread-{first}",)))

    threads = [threading.Thread(target=append, args=(1 + 10 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.verify() == []
    assert sorted(r.passage_id for r in ledger.records()) == list(range(1, 41))
    ledger.close()


def _blobs(number: int) -> tuple[Blob, ...]:
    shared = Blob(kind="settings", data=b"the same for all")
    return Blob(kind="journal", data=b"journal %d" % number), shared


@BOTH
@pytest.mark.parametrize("cause", [FULL, BROKEN])
def test_a_record_waits_for_its_media_and_keeps_its_place(
    tmp_path: Path, make: Kinds, cause: int
) -> None:
    """Whatever is told as stored has its media on disk; no record overtakes one that waits."""
    files = ModelFiles(lambda number, operation, path: cause if operation == "sync" else 0)
    store = MediaStore(tmp_path / "media", files)
    ledger = _open(tmp_path)
    writer: Writer[int] = make(ledger, media=store)
    for number in (1, 2, 3):
        assert writer.submit(number, passage(number), _blobs(number))
    for _ in range(3):
        ((key, failure),) = _poll(writer, 1)
        assert key == 1
        assert isinstance(failure, Failure)
        assert failure.code.retryable
        assert str(store.folder) in failure.path
        assert ledger.last() is None
        writer.retry()
    _poll(writer, 1)
    files.fails = sound
    writer.retry()
    assert [key for key, _ in _poll(writer, 3)] == [1, 2, 3]
    assert {path.name for path in files.durable} == {
        blob.name for number in (1, 2, 3) for blob in _blobs(number)
    }
    assert writer.close() == []


@BOTH
def test_the_media_of_a_record_lie_beside_its_ledger(tmp_path: Path, make: Kinds) -> None:
    writer: Writer[int] = make(_open(tmp_path))
    assert writer.submit(1, passage(1), _blobs(1))
    _poll(writer, 1)
    assert {path.name for path in (tmp_path / "media").iterdir()} == {
        blob.name for blob in _blobs(1)
    }
    assert writer.close() == []
