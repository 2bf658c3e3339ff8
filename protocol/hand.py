"""What one hand does to a ledger's folder: store a record behind its media, look after the disk."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from protocol.errors import Code, Failure, LedgerError
from protocol.ledger import Ledger, Receipt
from protocol.media import FOLDER, Blob, MediaStore
from protocol.ondeck import OnDeck
from protocol.parts import Times
from protocol.record import Record, RecordError
from protocol.retention import Disk

K = TypeVar("K", bound=Hashable)

Result: TypeAlias = Receipt | OnDeck | Failure
"""What became of one entry; what was kept of the deck is given back as it is."""


class Entry(Struct, Generic[K], frozen=True):
    """One record that waits, under its submitter's key, with the media that must be there first.

    In its place may stand a word about the deck.
    """

    key: K
    record: Record | OnDeck
    blobs: tuple[Blob, ...] = ()


class Upkeep(Protocol):
    """What is done for the disk where nobody waits (``protocol/retention.py``)."""

    @property
    def disk(self) -> Disk: ...
    def step(self, now: Times) -> bool: ...
    def make_room(self, now: Times) -> bool: ...


class Hand:
    """What both writers do: store one entry, look after the disk."""

    def __init__(self, ledger: Ledger, media: MediaStore | None, upkeep: Upkeep | None) -> None:
        self.ledger = ledger
        self._media = media or MediaStore(ledger.path.parent / FOLDER)
        self._upkeep = upkeep
        self._now: Times | None = None
        self.disk = Disk()

    def store(self, entry: Entry[K]) -> Result:
        """Store the media, then the record that names them; a full disk is made room on, once."""
        result = self._attempt(entry)
        full = isinstance(result, Failure) and result.code is Code.DISK_FULL
        if full and self._upkeep is not None and self._now is not None:
            if self._upkeep.make_room(self._now):
                result = self._attempt(entry)
            self.disk = self._upkeep.disk
        return result

    def tend(self, now: Times) -> bool:
        """Do one slice of the upkeep; True while there is more to do now."""
        self._now = now
        if self._upkeep is None:
            return False
        more = self._upkeep.step(now)
        self.disk = self._upkeep.disk
        return more

    def _attempt(self, entry: Entry[K]) -> Result:
        record = entry.record
        try:
            if isinstance(record, OnDeck):
                self.ledger.keep_on_deck(record)
                return record
            self._media.put(entry.blobs)
            return self.ledger.append(record)
        except LedgerError as error:
            return error.failure
        except RecordError as error:
            assert not isinstance(record, OnDeck)
            return Failure(
                code=Code.REFUSED,
                path=str(self.ledger.path),
                message=f"passage {record.passage_id} part {record.part} is not a record: {error}",
                remedy="this is a fault of the program; keep its evidence bundle and report it",
            )
