"""The tables of a ledger file, as migrations that are only ever added to.

Guards stand in the file itself, for whoever opens it with another program: no update, no delete,
and an insert only as the next number of the sequence (which also stops INSERT OR REPLACE).
They keep honest hands from slipping; verification finds the dishonest ones.
"""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x53544C59
PAGE_BYTES = 4096

# The body comes last: rows are looked up by the columns before it without reading its pages.
_TABLES = (
    """CREATE TABLE identity (
        site TEXT NOT NULL, lane TEXT NOT NULL, genesis BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE record (
        seq INTEGER PRIMARY KEY CHECK (seq >= 1),
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        passage_id INTEGER NOT NULL,
        part INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        subject INTEGER NOT NULL,
        plate TEXT,
        outcome TEXT,
        over INTEGER NOT NULL,
        tare_g INTEGER,
        tare_ms INTEGER,
        tare_clock TEXT,
        chain INTEGER,
        cycle INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
    "CREATE UNIQUE INDEX record_by_part ON record (passage_id, part)",
    "CREATE INDEX record_by_subject ON record (subject, seq)",
    """CREATE INDEX record_by_plate ON record (plate, outcome, subject)
        WHERE plate IS NOT NULL""",
    """CREATE INDEX record_by_tare ON record (plate, subject) WHERE tare_g IS NOT NULL""",
    "CREATE INDEX record_by_chain ON record (chain, outcome) WHERE chain IS NOT NULL",
)

_GUARDS = (
    """CREATE TRIGGER record_insert BEFORE INSERT ON record
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM record)
          OR EXISTS (
            SELECT 1 FROM record WHERE passage_id = NEW.passage_id AND part = NEW.part)
        BEGIN SELECT RAISE(ABORT, 'records are only appended, each once and in sequence'); END""",
    """CREATE TRIGGER record_update BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'a record is never altered; append an amendment'); END""",
    """CREATE TRIGGER record_delete BEFORE DELETE ON record
        BEGIN SELECT RAISE(ABORT, 'a record is never deleted; append a void'); END""",
    """CREATE TRIGGER identity_insert BEFORE INSERT ON identity
        WHEN EXISTS (SELECT 1 FROM identity)
        BEGIN SELECT RAISE(ABORT, 'a ledger belongs to one lane'); END""",
    """CREATE TRIGGER identity_update BEFORE UPDATE ON identity
        BEGIN SELECT RAISE(ABORT, 'a ledger belongs to one lane'); END""",
    """CREATE TRIGGER identity_delete BEFORE DELETE ON identity
        BEGIN SELECT RAISE(ABORT, 'a ledger belongs to one lane'); END""",
)

# Version 2: seals, records of the ledger's own (passage_id 0), and three tables beside the records.
# ``media`` and ``dropped`` are derived from the records; ``acknowledged`` is what the uplink heard.
_SEALS = (
    "ALTER TABLE identity ADD COLUMN key BLOB",
    "DROP TRIGGER identity_update",
    """CREATE TRIGGER identity_update BEFORE UPDATE ON identity WHEN OLD.key IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'a ledger belongs to one lane'); END""",
    "DROP INDEX record_by_part",
    """CREATE UNIQUE INDEX record_by_part ON record (passage_id, part)
        WHERE passage_id > 0""",
    "CREATE INDEX record_by_kind ON record (kind, seq) WHERE passage_id = 0",
    "DROP TRIGGER record_insert",
    """CREATE TRIGGER record_insert BEFORE INSERT ON record
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM record)
          OR NEW.passage_id > 0 AND EXISTS (
            SELECT 1 FROM record WHERE passage_id = NEW.passage_id AND part = NEW.part
              AND passage_id > 0)
        BEGIN SELECT RAISE(ABORT, 'records are only appended, each once and in sequence'); END""",
    "CREATE TABLE acknowledged (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT",
    """CREATE TABLE media (
        seq INTEGER NOT NULL, digest BLOB NOT NULL, kind TEXT NOT NULL, bytes INTEGER,
        wall_ms INTEGER
    ) STRICT""",
    "CREATE UNIQUE INDEX media_by_digest ON media (digest, seq)",
    """CREATE TABLE dropped (
        digest BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (digest, seq)
    ) STRICT, WITHOUT ROWID""",
    # The on-deck interval that runs, for a restart (protocol/ondeck.py): one row, and no evidence.
    """CREATE TABLE on_deck (
        one INTEGER PRIMARY KEY CHECK (one = 1), passage_id INTEGER NOT NULL, entry TEXT
    ) STRICT""",
)

_SIDE_KEYS = {
    "acknowledged": "seq = NEW.seq",
    "media": "seq = NEW.seq AND digest = NEW.digest",
    "dropped": "seq = NEW.seq AND digest = NEW.digest",
}
_SIDE_GUARDS = tuple(
    statement
    for table, key in _SIDE_KEYS.items()
    for statement in (
        f"""CREATE TRIGGER {table}_insert BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE {key})
          OR NOT EXISTS (SELECT 1 FROM record WHERE seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, '{table}: each row once, and for a record that is there'); END""",
        f"""CREATE TRIGGER {table}_update BEFORE UPDATE ON {table}
        BEGIN SELECT RAISE(ABORT, '{table}: a row is never altered'); END""",
        f"""CREATE TRIGGER {table}_delete BEFORE DELETE ON {table}
        BEGIN SELECT RAISE(ABORT, '{table}: a row is never deleted'); END""",
    )
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (*_TABLES, *_GUARDS),
    (*_SEALS, *_SIDE_GUARDS),
)


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring a file from ``version`` to the newest; the caller holds the transaction."""
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in statements:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def objects(db: sqlite3.Connection) -> dict[str, str]:
    """Name and SQL of every table, index and trigger in the file."""
    return dict(db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def expected_objects() -> dict[str, str]:
    """What ``objects`` gives for an untouched file."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(db, 0)
        return objects(db)
    finally:
        db.close()
