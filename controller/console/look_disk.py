"""How full the lane's disk is, and how much of it are media: in bounded time."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from msgspec import Struct

MEDIA_S_MAX = 1.0


class DiskUse(Struct, frozen=True, kw_only=True):
    """The file system of a folder."""

    total_bytes: int
    free_bytes: int
    used_percent: float


class MediaUse(Struct, frozen=True, kw_only=True):
    """The files of a folder; ``whole`` is False where there were too many to look at all."""

    files: int
    bytes: int
    whole: bool


def use_of(folder: Path) -> DiskUse | None:
    """The disk of a folder, None where it cannot be asked."""
    try:
        found = shutil.disk_usage(folder)
    except OSError:
        return None
    share = 100 * (found.total - found.free) / found.total if found.total else 0.0
    return DiskUse(total_bytes=found.total, free_bytes=found.free, used_percent=round(share, 1))


def media_of(folder: Path, seconds: float = MEDIA_S_MAX) -> MediaUse:
    """What lies in a folder, looked at for so long and no longer."""
    files = size = 0
    until_s = time.monotonic() + seconds
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if time.monotonic() > until_s:
                    return MediaUse(files=files, bytes=size, whole=False)
                try:
                    size += entry.stat(follow_symlinks=False).st_size
                except OSError:
                    continue
                files += 1
    except OSError:
        return MediaUse(files=files, bytes=size, whole=not files)
    return MediaUse(files=files, bytes=size, whole=True)
