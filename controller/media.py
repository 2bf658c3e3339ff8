"""Pictures beside the ledger: content-addressed files, on disk before a record names them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from controller.core.images import PlateRead
from protocol.errors import Failure, LedgerError, from_os

CUTOUTS_MAX = 256
KEPT_MAX = 3


class Cutouts:
    """Plate cut-outs of the passage under way, by digest; those a record names go to disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._recent: dict[str, bytes] = {}

    def add(self, png: bytes) -> str:
        """Remember a cut-out for a while and return its SHA-256 in hexadecimal."""
        digest = hashlib.sha256(png).hexdigest()
        self._recent.pop(digest, None)
        self._recent[digest] = png
        while len(self._recent) > CUTOUTS_MAX:
            del self._recent[next(iter(self._recent))]
        return digest

    def touch(self, digest: str) -> None:
        """Remember a cut-out as if it had come in now: a vote still shows it."""
        if digest in self._recent:
            self._recent[digest] = self._recent.pop(digest)

    def keep(self, reads: tuple[PlateRead, ...]) -> tuple[frozenset[str], Failure | None]:
        """Write and sync the best cut-outs; return which are on disk, and a failure.

        No more than ``KEPT_MAX``, for each of them is an fsync before the record.
        """
        kept = set()
        shown = [read for read in reads if read.picture_sha256]
        shown.sort(key=lambda read: (read.valid, min(read.char_ppm, default=0)), reverse=True)
        for read in shown[:KEPT_MAX]:
            try:
                if self._on_disk(read.picture_sha256):
                    kept.add(read.picture_sha256)
            except OSError as error:
                found: LedgerError = from_os(error, self._folder)
                return frozenset(kept), found.failure
        return frozenset(kept), None

    def _on_disk(self, digest: str) -> bool:
        path = self._folder / f"{digest}.png"
        if path.exists():
            return True
        png = self._recent.get(digest)
        if png is None:
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(png)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return True
