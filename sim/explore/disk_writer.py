"""The hand that writes in a ride: without a thread, slow as the disk is, and its word is kept.

On a slow disk a record goes there at once and its receipt comes that much later, by the lane's
clock; whoever dies in between leaves any part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from controller.bookkeeper import Key
from protocol.errors import Failure
from protocol.hand import Result, Upkeep
from protocol.ledger import Ledger
from protocol.media import FOLDER, Blob, MediaStore
from protocol.ondeck import OnDeck
from protocol.record import Record
from protocol.rows import Receipt, dropped_by, named_by
from protocol.writer import SyncWriter
from sim.explore.disk import Health


class Told:
    """What somebody was told to be durable in all lives so far."""

    def __init__(self) -> None:
        self._records: dict[int, bytes] = {}
        self._on_deck = 0
        self._asked: list[int] = []
        self.deaf = False
        """Nobody hears what a dead one still says."""

    def knows(self, seq: int) -> bool:
        """Whether somebody was told of this record."""
        return seq in self._records

    def asked(self, found: OnDeck) -> None:
        """A word about the deck is on its way."""
        if self.deaf:
            return
        self._asked.append(found.passage_id)

    def take(self, result: Result) -> None:
        """One word of the writer to the lane."""
        if self.deaf:
            return
        if isinstance(result, Receipt):
            self._records[result.seq] = result.hash
        elif isinstance(result, OnDeck):
            self._on_deck = result.passage_id
            self._asked = self._asked[1 + self._asked.index(result.passage_id) :]

    def lost(self, ledger: Ledger) -> Iterator[str]:
        """What is not there byte for byte in the next life; words on their way may be there."""
        stored = {row.seq: sha256(row.body).digest() for row in ledger.stored()}
        for seq, digest in self._records.items():
            if stored.get(seq) != digest:
                yield f"seq {seq} is {'not the same' if seq in stored else 'gone'}"
        on_deck, allowed = ledger.on_deck().passage_id, {self._on_deck, *self._asked}
        if on_deck not in allowed:
            yield f"passage {on_deck} is kept as on the deck, not one of {sorted(allowed)}"
        self._on_deck, self._asked = on_deck, []


def lost_media(ledger: Ledger, folder: Path) -> Iterator[str]:
    """The media that records name and that are not there byte for byte, but what went by rule."""
    media, gone = MediaStore(folder / FOLDER), set[bytes]()
    records = list(ledger.records())
    for record in records:
        gone.update(dropped_by(record))
    for record in records:
        for medium in named_by(record):
            if medium.digest in gone:
                continue
            try:
                media.read(medium.digest, medium.kind)
            except (OSError, ValueError) as error:
                yield f"a {medium.kind} that seq {record.seq} names: {error}"


class RideWriter(SyncWriter[Key]):
    """A ``SyncWriter`` whose receipts come as late as the disk is slow.

    ``marks`` counts the operations of the disk; ``under_way`` is between which two of them the
    record was written whose receipt is still due.
    """

    def __init__(
        self,
        ledger: Ledger,
        media: MediaStore,
        upkeep: Upkeep,
        *,
        health: Health,
        told: Told,
        marks: Sequence[object] = (),
    ) -> None:
        super().__init__(ledger, media=media, upkeep=upkeep)
        self._health = health
        self._told = told
        self._marks = marks
        self._due_us: int | None = None
        self._held: list[tuple[Key, Result]] = []
        self._span = (0, 0)

    def awaits(self, what: str) -> bool:
        """Whether a *record* is on its way to the disk, or anything (*store*)."""
        queued = (one for one in self._queue if what == "store" or isinstance(one.record, Record))
        return self._due_us is not None or any(queued)

    @property
    def stalled(self) -> bool:
        """Whether something waits that the disk has refused."""
        return bool(self._queue) and self._stalled

    @property
    def under_way(self) -> tuple[int, int] | None:
        """See the class; None where nothing is due."""
        return None if self._due_us is None else self._span

    def submit(self, key: Key, record: Record | OnDeck, blobs: Sequence[Blob] = ()) -> bool:
        """As ``SyncWriter`` does."""
        taken = super().submit(key, record, blobs)
        if taken and isinstance(record, OnDeck):
            self._told.asked(record)
        return taken

    def poll(self) -> list[tuple[Key, Result]]:
        """As ``SyncWriter`` does on a quick disk; on a slow one a record at a time."""
        slow_us = self._health.slow_us
        done = super().poll() if not slow_us and self._due_us is None else self._slowly(slow_us)
        for _, result in done:
            if not isinstance(result, Failure):
                self._told.take(result)
        return done

    def _slowly(self, slow_us: int) -> list[tuple[Key, Result]]:
        now = self._health.now()
        if self._due_us is not None:
            if now < self._due_us:
                return []
            self._due_us = None
            done, self._held = self._held, []
            return done
        if not self._queue or self._stalled:
            return super().poll()
        begun = len(self._marks)
        waiting, self._queue = self._queue, type(self._queue)([self._queue[0]])
        self._store()
        waiting.popleft()
        self._queue.extend(waiting)
        self._held, self._done = self._done, []
        self._span, self._due_us = (begun, len(self._marks)), now + slow_us
        return []
