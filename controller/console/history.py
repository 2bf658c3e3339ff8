"""The lines that a person typed before, kept for their next session: bounded, and theirs alone."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prompt_toolkit.history import History

from controller.console import office
from controller.console.keys import LINE_MAX

FOLDER = "history"
LINES_MAX = 300


class KeptHistory(History):
    """Lines of one account in ``console/history/NAME``; a password is never part of a line."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self._path = folder / FOLDER / name
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._lines = self._read()

    def load_history_strings(self) -> Iterable[str]:
        yield from reversed(self._lines)

    def store_string(self, string: str) -> None:
        """Keep a line; a disk that cannot take it costs the history, not the command."""
        if "\n" in string or not string.isprintable() or self._lines[-1:] == [string]:
            return
        self._lines = [*self._lines, string[:LINE_MAX]][-LINES_MAX:]
        with suppress(office.OfficeError):
            office.write(self._path, ("\n".join(self._lines) + "\n").encode())

    def _read(self) -> list[str]:
        try:
            data = office.read(self._path) or b""
        except office.OfficeError:
            return []
        lines = data.decode("utf-8", "replace").split("\n")
        return [line for line in lines if line and line.isprintable()][-LINES_MAX:]
