"""Pictures of the passage under way, in memory until a record names them."""

from __future__ import annotations

import hashlib

from controller.core.images import PlateRead
from protocol.media import Blob

CUTOUTS_MAX = 256
KEPT_MAX = 3
PLATE = "plate"


class Cutouts:
    """Plate cut-outs of the passage under way, by digest; the best go beside its record."""

    def __init__(self) -> None:
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

    def best(self, reads: tuple[PlateRead, ...]) -> tuple[Blob, ...]:
        """The best cut-outs of these reads that are remembered, the best first.

        No more than ``KEPT_MAX``, for each of them is an fsync before the record.
        """
        shown = [read for read in reads if read.picture_sha256 in self._recent]
        shown.sort(key=lambda read: (read.valid, min(read.char_ppm, default=0)), reverse=True)
        digests = dict.fromkeys(read.picture_sha256 for read in shown[:KEPT_MAX])
        return tuple(Blob(kind=PLATE, data=self._recent[digest]) for digest in digests)
