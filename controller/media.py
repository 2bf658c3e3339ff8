"""Pictures beside the ledger: content-addressed files, on disk before a record names them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from controller.core.images import PlateRead
from controller.core.kinds import End
from protocol.errors import Failure, LedgerError, from_os

CUTOUTS_MAX = 256


class Cutouts:
    """Plate cut-outs of the passage under way, by digest; those a record names go to disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._recent: dict[str, bytes] = {}

    def add(self, png: bytes) -> str:
        """Remember a cut-out for a while and return its SHA-256 in hexadecimal."""
        digest = hashlib.sha256(png).hexdigest()
        self._recent[digest] = png
        while len(self._recent) > CUTOUTS_MAX:
            del self._recent[next(iter(self._recent))]
        return digest

    def keep(self, reads: tuple[PlateRead, ...]) -> tuple[frozenset[str], Failure | None]:
        """Write and sync the best cut-out of each end; return what is on disk, and a failure."""
        kept = set()
        for end in End:
            of_end = [read for read in reads if read.end == end and read.picture_sha256]
            best = max(of_end, key=lambda read: min(read.char_ppm, default=0), default=None)
            if best is None:
                continue
            try:
                if self._on_disk(best.picture_sha256):
                    kept.add(best.picture_sha256)
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
