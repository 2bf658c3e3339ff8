"""The one hand that writes a ledger, so that the scan never waits for a disk.

Records are stored in the order in which they were submitted, each behind the media that it names.
When the disk cannot take one, that is a fact in ``poll``; the record and all behind it stay queued,
and ``retry`` goes on from there.  Only what could never succeed (a conflict, a record that is not
allowed) leaves the queue.  Between records the same hand looks after the disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from protocol.errors import Failure
from protocol.hand import Entry, Hand, Result, Upkeep
from protocol.ledger import Ledger
from protocol.media import Blob, MediaStore
from protocol.ondeck import OnDeck
from protocol.parts import Times
from protocol.record import Record
from protocol.retention import Disk

QUEUE_MAX = 64
QUEUE_BYTES_MAX = 256_000_000

K = TypeVar("K", bound=Hashable)


class Writer(Protocol[K]):
    """What the lane sees of the ledger while it writes."""

    def submit(self, key: K, record: Record | OnDeck, blobs: Sequence[Blob] = ()) -> bool:
        """Queue a record and its media, or a word about the deck, which is kept in its turn.

        False if the queue is full (nothing was taken).
        """

    def poll(self) -> list[tuple[K, Result]]:
        """What was completed or has failed since the last call, in order."""

    def retry(self) -> None:
        """Go on after a failure."""

    def tend(self, now: Times) -> None:
        """Say what time it is: time to look after the disk, behind whatever record waits."""

    @property
    def disk(self) -> Disk:
        """How the disk stood when it was last looked at."""

    def close(self) -> list[tuple[K, Record]]:
        """Store what can be stored, close the ledger, and return what could not be stored."""


class SyncWriter(Generic[K]):
    """A writer without a thread: ``poll`` stores what was submitted, so a run is repeatable."""

    def __init__(
        self,
        ledger: Ledger,
        queue_max: int = QUEUE_MAX,
        *,
        media: MediaStore | None = None,
        upkeep: Upkeep | None = None,
    ) -> None:
        self._hand = Hand(ledger, media, upkeep)
        self._tend: Times | None = None
        self._queue_max = queue_max
        self._queue: deque[Entry[K]] = deque()
        self._done: list[tuple[K, Result]] = []
        self._stalled = False
        self._closed = False

    def submit(self, key: K, record: Record | OnDeck, blobs: Sequence[Blob] = ()) -> bool:
        """Queue a record; False if the queue is full or the writer is closed."""
        if self._closed or len(self._queue) >= self._queue_max or _is_heavy(self._queue):
            return False
        self._queue.append(Entry(key, record, tuple(blobs)))
        return True

    def poll(self) -> list[tuple[K, Result]]:
        """Store the queue up to the first failure that a retry may heal, then tend the disk."""
        self._store()
        now, self._tend = self._tend, None
        while now is not None and not self._closed and self._hand.tend(now):
            self._store()
        done, self._done = self._done, []
        return done

    def retry(self) -> None:
        """Go on after a failure, at the next ``poll``."""
        self._stalled = False

    def tend(self, now: Times) -> None:
        """Look after the disk at the next ``poll``."""
        self._tend = now

    @property
    def disk(self) -> Disk:
        """How the disk stood when it was last looked at."""
        return self._hand.disk

    def close(self) -> list[tuple[K, Record]]:
        """Store what can be stored, close the ledger, and return what could not be stored.

        Results not yet polled can still be polled afterwards.
        """
        self._store()
        self._closed = True
        self._hand.ledger.close()
        return _unstored(self._queue)

    def _store(self) -> None:
        while self._queue and not self._stalled and not self._closed:
            entry = self._queue[0]
            result = self._hand.store(entry)
            self._stalled = _stays_queued(result)
            if not self._stalled:
                self._queue.popleft()
            self._done.append((entry.key, result))


class ThreadWriter(Generic[K]):
    """A writer with one thread of its own; every method returns at once, except ``close``."""

    def __init__(
        self,
        ledger: Ledger,
        queue_max: int = QUEUE_MAX,
        *,
        media: MediaStore | None = None,
        upkeep: Upkeep | None = None,
    ) -> None:
        self._hand = Hand(ledger, media, upkeep)
        self._tend: Times | None = None
        self._queue_max = queue_max
        self._queue: deque[Entry[K]] = deque()
        self._done: deque[tuple[K, Result]] = deque()
        self._stalled = False
        self._closing = False
        self._crash: BaseException | None = None
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def submit(self, key: K, record: Record | OnDeck, blobs: Sequence[Blob] = ()) -> bool:
        """Queue a record; False if the queue is full or the writer is closing."""
        with self._wake:
            # Results that nobody polled count too: neither side may grow without limit.
            waiting = len(self._queue) + len(self._done)
            if self._closing or waiting >= self._queue_max or _is_heavy(self._queue):
                return False
            self._queue.append(Entry(key, record, tuple(blobs)))
            self._wake.notify()
        return True

    def poll(self) -> list[tuple[K, Result]]:
        """What was completed or has failed; raises what stopped the thread, if anything did."""
        with self._wake:
            if self._crash is not None:
                raise RuntimeError("the ledger's thread was stopped by an error") from self._crash
            done = list(self._done)
            self._done.clear()
        return done

    def retry(self) -> None:
        """Go on after a failure."""
        with self._wake:
            self._stalled = False
            self._wake.notify()

    def tend(self, now: Times) -> None:
        """Look after the disk as soon as no record can be stored."""
        with self._wake:
            self._tend = now
            self._wake.notify()

    @property
    def disk(self) -> Disk:
        """How the disk stood when it was last looked at."""
        return self._hand.disk

    def close(self) -> list[tuple[K, Record]]:
        """Store what can be stored, close the ledger, and return what could not be stored.

        Results not yet polled can still be polled afterwards.
        """
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._hand.ledger.close()
        return _unstored(self._queue)

    def _run(self) -> None:
        try:
            while (work := self._next()) is not None:
                if isinstance(work, Times):
                    self._tended(work, self._hand.tend(work))
                else:
                    self._finish(work.key, self._hand.store(work))
        except BaseException as error:
            with self._wake:
                self._crash = error

    def _next(self) -> Entry[K] | Times | None:
        """Wait for the head of the queue, or time to tend; None when nothing is left to do."""
        with self._wake:
            while True:
                if self._queue and not self._stalled:
                    return self._queue[0]
                if self._closing:
                    return None
                if self._tend is not None:
                    now, self._tend = self._tend, None
                    return now
                self._wake.wait()

    def _tended(self, now: Times, more: bool) -> None:
        with self._wake:
            if more and self._tend is None:
                self._tend = now

    def _finish(self, key: K, result: Result) -> None:
        with self._wake:
            self._stalled = _stays_queued(result)
            if not self._stalled:
                self._queue.popleft()
            self._done.append((key, result))


def _is_heavy(queue: Iterable[Entry[K]]) -> bool:
    """Whether the media that wait take as much memory as they may; one record is always taken."""
    return sum(len(b.data) for one in queue for b in one.blobs) >= QUEUE_BYTES_MAX


def _unstored(queue: Iterable[Entry[K]]) -> list[tuple[K, Record]]:
    return [(one.key, one.record) for one in queue if not isinstance(one.record, OnDeck)]


def _stays_queued(result: Result) -> bool:
    return isinstance(result, Failure) and result.code.retryable
