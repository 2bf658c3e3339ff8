"""A second look at a ledger that is being written, for whoever may not wait for the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from protocol import store
from protocol.contents import Contents


class Aside(Contents):
    """Answers from what is committed, over a connection of its own.

    A commit holds the writer's connection for as long as the disk takes to sync; in WAL mode a
    reader of its own never waits for that (https://www.sqlite.org/wal.html, section 1).
    ``met_damage`` is called when SQLite says that the file is damaged.
    """

    def __init__(self, path: Path, met_damage: Callable[[], None]) -> None:
        db = store.connect_reader(path)
        try:
            super().__init__(path, db)
        except BaseException:
            db.close()
            raise
        self._told = met_damage

    def close(self) -> None:
        """Let go of the file; twice is allowed."""
        with self._mutex:
            self._db.close()

    def _met_damage(self) -> None:
        self._told()
