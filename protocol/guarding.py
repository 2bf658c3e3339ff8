"""What may go wrong around a ledger, in the words that its callers know."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from protocol import errors, store
from protocol.errors import Code, LedgerError
from protocol.startcheck import DamagedError


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Every error of an opening as a LedgerError."""
    try:
        yield
    except DamagedError as error:
        raise LedgerError(
            Code.CORRUPT,
            path,
            f"the ledger is damaged ({error})",
            "start the lane, which recovers what can be read; or have the file examined",
        ) from error
    except sqlite3.Error as error:
        raise errors.from_sqlite(error, path) from error
    except OSError as error:
        if isinstance(error, LedgerError):
            raise
        raise errors.from_os(error, path) from error


@contextmanager
def as_damage(path: Path) -> Iterator[None]:
    """What says that a ledger's own file is damaged, as a DamagedError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not errors.is_damage(error) or not store.was_ledger(path):
            raise
        raise DamagedError("page", str(error)) from error
    except LedgerError as error:
        if error.code is not Code.CORRUPT:
            raise
        raise DamagedError("identity", error.failure.message) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException:
        # A COMMIT that failed may have ended the transaction already.
        if db.in_transaction:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
        raise
