"""What a terminal showed, as a text file that a player shows again: asciicast, version 2.

The first line is a header, each other ``[seconds, "o", "text"]``.  Keys are not recorded, and what
a terminal shows while a password is typed neither; a file ends at ``BYTES_MAX``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.console.office import OfficeError

FOLDER = "recordings"
SUFFIX = ".cast"
BYTES_MAX = 4 << 20
FILES_MAX = 20


class Recorder:
    """Writes one file, new and of its owner alone.

    Raises:
        OfficeError: the file is there already, there are ``FILES_MAX``, or the disk refuses.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        width: int,
        height: int,
        *,
        now_s: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.path = _free(folder / FOLDER, name)
        self.ended = ""
        self._now_s = now_s
        self._began_s = now_s()
        self._muted = 0
        self._size = 0
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._fd = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise OfficeError(f"{self.path}: cannot be written: {error.strerror}") from error
        self._line({"version": 2, "width": width, "height": height, "timestamp": int(wall_s())})

    def shown(self, text: str) -> None:
        """Something was shown; a file that is full or a disk that refuses ends the recording."""
        if not self.ended and not self._muted:
            self._line([round(self._now_s() - self._began_s, 3), "o", text])

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Nothing of what is shown meanwhile is recorded."""
        self._muted += 1
        try:
            yield
        finally:
            self._muted -= 1

    def close(self) -> None:
        """End the file; says in ``ended`` why it ended before, if it did."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self.ended = self.ended or "stopped"

    def _line(self, what: object) -> None:
        data = json.dumps(what, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        if self._size + len(data) > BYTES_MAX:
            self.ended = f"full at {BYTES_MAX} bytes"
            return
        try:
            os.write(self._fd, data)
            self._size += len(data)
        except OSError as error:
            self.ended = f"{self.path}: {error.strerror}"


def _free(folder: Path, name: str) -> Path:
    plain = name.removesuffix(SUFFIX)
    if not plain.replace("-", "").replace("_", "").isalnum() or not plain.isascii():
        raise OfficeError(f"{name!r:.40}: a name of letters, figures, - and _, no folder")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        held = sum(one.name.endswith(SUFFIX) for one in folder.iterdir())
    except OSError as error:
        raise OfficeError(f"{folder}: cannot be made: {error.strerror}") from error
    if held >= FILES_MAX:
        raise OfficeError(f"{folder}: {FILES_MAX} recordings are there; fetch and remove some")
    path = folder / f"{plain[:60]}{SUFFIX}"
    if path.exists():
        raise OfficeError(f"{path.name}: a recording of that name is there; take another")
    return path
