"""The media store: whole files or none, durable before they are named, and mended when spoiled."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from files_rig import BROKEN, FULL, OPERATIONS, ModelFiles
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import Code, LedgerError
from protocol.media import SUFFIXES, Blob, DamagedMediaError, MediaStore, digest_of, file_name

PLATE = Blob(kind="plate", data=b"\x89PNG a plate")
JOURNAL = Blob(kind="journal", data=bytes(range(256)) * 40)


def _store(tmp_path: Path) -> tuple[MediaStore, ModelFiles]:
    files = ModelFiles()
    return MediaStore(tmp_path / "media", files), files


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_was_put_is_there_under_its_digest(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "deep" / "media")
    store.put([PLATE, JOURNAL, PLATE])
    assert _names(store.folder) == {PLATE.name, JOURNAL.name} == set(store.names())
    assert PLATE.name == f"{hashlib.sha256(PLATE.data).hexdigest()}.png"
    for blob in (PLATE, JOURNAL):
        assert store.has(blob.sha256)
        assert store.has(blob.sha256, blob.kind)
        assert store.read(blob.sha256) == store.read(blob.sha256, blob.kind) == blob.data
    assert not store.has(PLATE.sha256, "journal")
    assert not store.has(bytes(32))
    with pytest.raises(FileNotFoundError, match=bytes(32).hex()):
        store.read(bytes(32))


def test_every_file_is_synced_before_its_name_and_the_folder_once(tmp_path: Path) -> None:
    store, files = _store(tmp_path)
    store.put([PLATE, JOURNAL])
    assert [operation for operation, _ in files.log] == [
        "make_folder",
        *("write", "sync", "replace") * 2,
        "sync_folder",
    ]
    assert set(files.durable) == {store.folder / PLATE.name, store.folder / JOURNAL.name}
    files.log.clear()
    store.put([PLATE, JOURNAL])
    store.put([])
    assert files.syncs == 0


def test_a_new_life_syncs_the_names_that_the_old_one_may_not_have(tmp_path: Path) -> None:
    store, files = _store(tmp_path)
    files.fails = lambda number, operation, path: BROKEN if operation == "sync_folder" else 0
    with pytest.raises(LedgerError):
        store.put([PLATE])
    assert files.durable == {}
    again = ModelFiles()
    MediaStore(store.folder, again).put([PLATE])
    assert [operation for operation, _ in again.log] == ["make_folder", "sync_folder"]


@pytest.mark.parametrize("spoil", [b"", b"half", bytes(len(PLATE.data)), PLATE.data + b"!"])
def test_a_spoiled_file_is_set_aside_and_written_anew(tmp_path: Path, spoil: bytes) -> None:
    store, _ = _store(tmp_path)
    store.put([PLATE])
    for _ in range(2):
        (store.folder / PLATE.name).write_bytes(spoil)
        with pytest.raises(DamagedMediaError, match="not those of its name"):
            store.read(PLATE.sha256)
        store.put([PLATE])
        assert store.read(PLATE.sha256) == PLATE.data
    assert store.spoiled == 2
    assert _names(store.quarantine) == {PLATE.name, f"{PLATE.name}.1"}
    assert all((store.quarantine / name).read_bytes() == spoil for name in _names(store.quarantine))


def test_a_start_removes_what_a_power_cut_left_half_written(tmp_path: Path) -> None:
    store, _ = _store(tmp_path)
    assert store.sweep() == 0
    store.put([JOURNAL])
    (store.folder / f"{PLATE.name}.part").write_bytes(b"half")
    assert store.sweep() == 1
    assert _names(store.folder) == {JOURNAL.name}


def test_removed_files_are_gone_durably_and_once(tmp_path: Path) -> None:
    store, files = _store(tmp_path)
    store.remove([PLATE.name])
    store.put([PLATE, JOURNAL])
    store.remove([PLATE.name])
    store.remove([PLATE.name])
    assert set(files.durable) == {store.folder / JOURNAL.name}
    assert not store.has(PLATE.sha256)


@pytest.mark.parametrize("kind", [*SUFFIXES, "weather"])
def test_a_name_gives_its_digest_back(kind: str) -> None:
    name = file_name(kind, PLATE.sha256)
    assert digest_of(name) == PLATE.sha256
    for other in (f"{name}.part", name.upper(), "g" + name[1:], name[1:], f"{name[:64]}.doc"):
        assert digest_of(other) is None


@pytest.mark.parametrize(("cause", "code"), [(FULL, Code.DISK_FULL), (BROKEN, Code.IO)])
@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one != "unlink"])
def test_a_failure_is_told_and_the_next_attempt_goes_on(
    tmp_path: Path, operation: str, cause: int, code: Code
) -> None:
    store, files = _store(tmp_path)
    files.fails = lambda number, done, path: cause if done == operation else 0
    for _ in range(2):
        with pytest.raises(LedgerError) as raised:
            store.put([PLATE, JOURNAL])
        assert raised.value.code is code
        assert str(store.folder) in str(raised.value)
        assert files.durable == {}
    files.fails = lambda number, done, path: 0
    store.put([PLATE, JOURNAL])
    assert set(files.durable) == {store.folder / PLATE.name, store.folder / JOURNAL.name}
    assert _names(store.folder) == {PLATE.name, JOURNAL.name}


def test_half_a_file_does_not_keep_the_room_that_the_next_attempt_needs(tmp_path: Path) -> None:
    store, files = _store(tmp_path)
    files.fails = lambda number, operation, path: FULL if operation == "write" else 0
    with pytest.raises(LedgerError):
        store.put([JOURNAL])
    assert _names(store.folder) == set()


_BLOBS = tuple(
    Blob(kind=kind, data=kind.encode() * n) for kind in ("plate", "journal") for n in (1, 50, 400)
)
_PUTS = st.lists(st.sets(st.sampled_from(range(len(_BLOBS))), min_size=1), min_size=1, max_size=6)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(puts=_PUTS, faults=st.sets(st.integers(0, 40)), cause=st.sampled_from((FULL, BROKEN)))
def test_whatever_fails_nothing_is_said_to_be_stored_that_is_not(
    puts: list[set[int]], faults: set[int], cause: int
) -> None:
    """Each put is tried until it succeeds, as the writer does; the faults come at any operation."""
    with TemporaryDirectory() as folder:
        files = ModelFiles(lambda number, operation, path: cause if number in faults else 0)
        store = MediaStore(Path(folder) / "media", files)
        done: set[int] = set()
        for put in puts:
            for _ in range(len(faults) + 1):
                try:
                    store.put([_BLOBS[one] for one in put])
                except LedgerError:
                    continue
                done |= put
                break
            assert put <= done
            for one in done:
                assert files.durable[store.folder / _BLOBS[one].name] == _BLOBS[one].data
        assert set(store.names()) == {_BLOBS[one].name for one in done}


def test_a_folder_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media")
    store.put([PLATE])
    store.folder.rename(tmp_path / "away")
    with pytest.raises(LedgerError):
        store.put([JOURNAL])
    store.put([PLATE, JOURNAL])
    assert _names(store.folder) == {PLATE.name, JOURNAL.name}
