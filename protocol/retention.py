"""Which media may go, and when: by rule, by want of room, never without a record that says so.

Records never go.  A medium goes because its kind has reached its age, or because the disk is full
and the platform has it; what the platform has not acknowledged stays, unless the site lets its kind
go without.  The RETENTION record is durable before the first of its files is unlinked, so that a
verifier tells a rule from a theft; a power cut between the two leaves files that the next start
removes.  Everything is done in slices, between records, by the hand that writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from protocol.custody import Retention
from protocol.dates import Calendar
from protocol.errors import Code, Failure, LedgerError, from_os
from protocol.media import MediaStore, digest_of, file_name
from protocol.parts import Kind, Times
from protocol.record import Record, RecordError

SLICE = 256
TIDY = 64
BALLAST = "ballast"
BALLAST_BYTES = 1_000_000
HYSTERESIS_PPM = 20_000


class Rule(Struct, frozen=True, kw_only=True):
    """How long a kind of media is kept; without ``acknowledged`` also what nobody else has."""

    kind: str
    keep_ms: int
    acknowledged: bool = True


class Policy(Struct, frozen=True, kw_only=True):
    """A site's rules; a kind without one is kept for ever.  Shares in millionths, room in bytes.

    Alarms come at ``filling_ppm`` and ``critical_ppm`` and go again 2 % below; from
    ``critical_ppm`` on the oldest media go that the platform has.  With less than ``room_bytes``
    free the lane takes no vehicle.
    """

    rules: tuple[Rule, ...] = ()
    filling_ppm: int = 800_000
    critical_ppm: int = 950_000
    room_bytes: int = 64_000_000


class Held(Protocol):
    """A medium that is still kept: ``seq`` is the newest record that names it."""

    @property
    def digest(self) -> bytes: ...
    @property
    def kind(self) -> str: ...
    @property
    def seq(self) -> int: ...


class Shelf(Protocol):
    """What a ledger knows of its media."""

    @property
    def site(self) -> str: ...
    @property
    def lane(self) -> str: ...
    def media_older_than(self, kind: str, before_ms: int, limit: int) -> Sequence[Held]: ...
    def media_oldest_acknowledged(self, limit: int) -> Sequence[Held]: ...
    def media_is_kept(self, digest: bytes) -> bool | None: ...
    def acknowledged_to(self) -> int: ...
    def last(self) -> Record | None: ...
    def note(self, record: Record) -> object: ...


class Disk(Struct, frozen=True, kw_only=True):
    """How the disk stands: three levels, and what went wrong.

    ``freed`` counts the media removed for want of room, ``spoiled`` those found with other bytes.
    """

    filling: bool = False
    critical: bool = False
    full: bool = False
    freed: int = 0
    spoiled: int = 0
    failure: Failure | None = None


class Upkeep:
    """Looks after one media folder; ``step`` does one slice of what is due.

    ``disk`` is how things stand.  It raises nothing of the disk's: what fails is told there and
    tried again at the next call.
    """

    def __init__(self, ledger: Shelf, media: MediaStore, policy: Policy | None = None) -> None:
        self._ledger = ledger
        self._media = media
        self._files = media.files
        self._folder = media.folder.parent
        self._policy = policy or Policy()
        newest = ledger.last()
        self._calendar = Calendar(newest.times.wall_ms if newest is not None else None)
        self._strays: Iterator[str] | None = None
        self._tidy_left = True
        self._missed = False
        self._date: int | None = None
        self._due: list[Rule] = []
        self.disk = Disk()

    def step(self, now: Times) -> bool:
        """Look at the disk and do one slice; True while more is to be done now."""
        trusted = self._calendar.trusts(now)
        return self._guarded(lambda: self._step(now, trusted))

    def make_room(self, now: Times) -> bool:
        """The disk has refused something: free one slice of what may go; True if any went."""
        return self._guarded(lambda: self._free(now))

    def _guarded(self, work: Callable[[], bool]) -> bool:
        try:
            done, failure = work(), None
        except OSError as error:
            found = error if isinstance(error, LedgerError) else from_os(error, self._folder)
            done, failure = False, found.failure
        except RecordError as error:
            done, failure = False, _of_the_program(error, self._folder)
        self.disk = replace(self.disk, failure=failure)
        return done

    def _step(self, now: Times, trusted: bool) -> bool:
        self._look()
        if self.disk.critical and self._free(now):
            self._look()
            return self.disk.critical
        if trusted and now.date != self._date:
            self._date, self._due = now.date, list(self._policy.rules)
        if trusted and self._age(now):
            return True
        return self._tidy_left and self._tidy()

    def _tidy(self) -> bool:
        """Once a life: remove what was left half written or let go, set aside what nobody names.

        A file that no record names is of a record that never came to be, or was lost.
        """
        if self._strays is None:
            self._strays, self._missed = self._media.strays(), False
        names = list(islice(self._strays, TIDY))
        try:
            if len(names) < TIDY:
                self._media.sweep()
            self._tidy_some(names)
        except OSError:
            self._missed = True
            raise
        finally:
            if len(names) < TIDY:
                self._strays, self._tidy_left = None, self._missed
                self._media.forget_new()
        return self._tidy_left and not self._missed

    def _tidy_some(self, names: list[str]) -> None:
        let_go = [name for name in names if self._kept(name) is False]
        if let_go:
            self._media.remove(let_go)
        for name in names:
            if self._kept(name) is None and self._media.is_old(name):
                self._media.set_aside(name)

    def _kept(self, name: str) -> bool | None:
        digest = digest_of(name)
        assert digest is not None
        return self._ledger.media_is_kept(digest)

    def _look(self) -> None:
        space, disk, policy = self._files.space(self._folder), self.disk, self._policy
        margin = policy.room_bytes // 4 if disk.full else 0
        self.disk = replace(
            disk,
            filling=_above(space.used_ppm, policy.filling_ppm, disk.filling),
            critical=_above(space.used_ppm, policy.critical_ppm, disk.critical),
            full=space.free < policy.room_bytes + margin,
            spoiled=self._media.spoiled,
        )
        ballast = self._folder / BALLAST
        if not self.disk.critical and self._files.size(ballast) != BALLAST_BYTES:
            self._files.write_new(ballast, bytes(BALLAST_BYTES))

    def _age(self, now: Times) -> bool:
        """One slice of what has reached its age."""
        assert now.wall_ms is not None
        while self._due:
            rule = self._due[0]
            before_ms = max(0, now.wall_ms - rule.keep_ms)
            held = self._ledger.media_older_than(rule.kind, before_ms, SLICE)
            if rule.acknowledged and held:
                known = self._ledger.acknowledged_to()
                held = [medium for medium in held if medium.seq <= known]
            if held:
                self._remove(held, "age", now)
                return True
            del self._due[0]
        return False

    def _free(self, now: Times) -> bool:
        """One slice of the oldest media that the platform has; True if any went."""
        held = self._ledger.media_oldest_acknowledged(SLICE)
        if not held:
            return False
        count = self._remove(held, "space", now)
        self.disk = replace(self.disk, freed=self.disk.freed + count)
        return True

    def _remove(self, held: Sequence[Held], why: str, now: Times) -> int:
        """Say what goes, and only then let it go; one kind at a time, as the record has it."""
        kind = held[0].kind
        digests = tuple(medium.digest for medium in held if medium.kind == kind)
        names = tuple(file_name(kind, digest) for digest in digests)
        sizes = (self._files.size(self._media.folder / name) or 0 for name in names)
        self._note(
            Record(
                kind=Kind.RETENTION,
                site=self._ledger.site,
                lane=self._ledger.lane,
                passage_id=0,
                part=0,
                times=now,
                retention=Retention(kind=kind, why=why, sha256=digests, bytes=sum(sizes)),
            )
        )
        try:
            self._media.remove(names)
        except LedgerError:
            # Found again by tidying, unless a later record names the same bytes by then.
            self._tidy_left = self._missed = True
            raise
        return len(names)

    def _note(self, record: Record) -> None:
        """Store what is going to be removed; on a full disk, in the room kept for that."""
        try:
            self._ledger.note(record)
        except LedgerError as error:
            ballast = self._folder / BALLAST
            if error.code is not Code.DISK_FULL or self._files.size(ballast) is None:
                raise
            self._files.unlink(ballast)
            self._ledger.note(record)


def _of_the_program(error: RecordError, folder: Path) -> Failure:
    return Failure(
        code=Code.REFUSED,
        path=str(folder),
        message=f"what is to be removed makes no record: {error}",
        remedy="nothing was removed; this is a fault of the program, report it",
    )


def _above(used_ppm: int, limit_ppm: int, was: bool) -> bool:
    """A level with hysteresis, so that an alarm does not come and go with every file."""
    return used_ppm >= limit_ppm - (HYSTERESIS_PPM if was else 0)
