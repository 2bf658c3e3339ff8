"""Pictures that are at hand already, by the names of their files; each is still checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from controller.report.pictures import FILE_BYTES_MAX, Pictures


class HeldPictures(Pictures):
    """The files of a bundle, or of one passage of a ledger."""

    def __init__(self, held: Mapping[str, bytes]) -> None:
        super().__init__(Path())
        self._held = held

    def _load(self, name: str) -> bytes | str:
        data = self._held.get(name)
        if data is None:
            return "the file was removed by rule, or is not there"
        return data if len(data) <= FILE_BYTES_MAX else f"{len(data)} bytes are too many for a page"
