"""The few file operations: synced in the right order, never half in place, and nothing leaked."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from protocol.files import Files, Space


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were really given to fsync, in order."""
    names: list[str] = []
    fsync = os.fsync

    def noted(fd: int) -> None:
        names.append(Path(os.readlink(f"/proc/self/fd/{fd}")).name)
        fsync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    return names


def test_a_file_is_written_whole_synced_and_with_its_mode(
    tmp_path: Path, synced: list[str]
) -> None:
    path, data = tmp_path / "a", bytes(range(256)) * 5000
    path.write_bytes(b"a half file of an earlier attempt")
    Files().write_new(path, data, mode=0o600)
    assert path.read_bytes() == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert synced == ["a"]


def test_a_short_write_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system takes only in part is written to its end, or the error is told."""
    path = tmp_path / "a"
    monkeypatch.setattr(os, "fdopen", lambda fd, *_, **__: _Stingy(fd))
    Files().write_new(path, b"0123456789")
    assert path.read_bytes() == b"0123456789"


class _Stingy:
    """A file that takes three bytes at a time."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __enter__(self) -> _Stingy:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def write(self, data: memoryview) -> int:
        return os.write(self._fd, data[:3])

    def fileno(self) -> int:
        return self._fd


def test_a_file_in_place_is_whole_and_its_name_durable(tmp_path: Path, synced: list[str]) -> None:
    path = tmp_path / "manifest.cose"
    Files().write_whole(path, b"one")
    Files().write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert synced == ["manifest.cose.part", tmp_path.name] * 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["manifest.cose"]


def test_every_folder_that_is_made_is_named_durably(tmp_path: Path, synced: list[str]) -> None:
    Files().make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path.name, "a"]
    Files().make_folder(tmp_path / "a" / "b")
    assert synced[2:] == ["a"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        Files().make_folder(tmp_path / "file")


def test_what_is_not_there_is_no_error_to_ask_for(tmp_path: Path) -> None:
    files, path = Files(), tmp_path / "none"
    files.unlink(path)
    assert files.size(path) is None
    assert list(files.names(path)) == []
    path.write_bytes(b"four")
    assert files.size(path) == 4
    assert list(files.names(tmp_path)) == ["none"]
    files.unlink(path)
    assert not path.exists()


def test_no_descriptor_stays_open_when_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(OSError, match="Input/output"):
            Files().write_new(tmp_path / "a", b"x")
        with pytest.raises(OSError, match="Input/output"):
            Files().sync_folder(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_space_is_what_this_user_may_write(tmp_path: Path) -> None:
    space, found = Files().space(tmp_path), os.statvfs(tmp_path)
    assert space.total == found.f_blocks * found.f_frsize
    assert 0 <= space.free <= space.total
    assert abs(space.free - found.f_bavail * found.f_frsize) < space.total // 100


@pytest.mark.parametrize(
    ("total", "free", "used_ppm"),
    [(1000, 1000, 0), (1000, 200, 800_000), (1000, 0, 1_000_000), (0, 0, 1_000_000)],
)
def test_the_share_in_use(total: int, free: int, used_ppm: int) -> None:
    assert Space(total, free).used_ppm == used_ppm
