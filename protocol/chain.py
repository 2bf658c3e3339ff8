"""The chain of a lane's sealed records, checked record by record in bounded memory.

A record is asked in this order: the row it stands in, its seal, its key, its signature; only what
is proven is read.  Then: revocation, its number, the lane, the link to the record before, and what
a KEY or MANIFEST record says.  One fault gives one finding; what merely follows from it is not
reported again, but makes ``sound`` False.  The table of findings stands in ``docs/evidence.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from protocol import cbor
from protocol.custody import KeyAction, KeyChange, Manifest
from protocol.keys import PublicKey, readable, thumbprint
from protocol.merkle import Tree
from protocol.parts import Kind
from protocol.record import Record, RecordError, decode
from protocol.revocation import Revocation
from protocol.seal import Sealed, SealError, unseal

KEYS_MAX = 1000


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong; ``seq`` is None where it is about the file as a whole."""

    code: str
    seq: int | None
    message: str


def genesis(site: str, lane: str, first: PublicKey | None) -> bytes:
    """The ``prev_hash`` of record 1; ``first`` is None where record 1 stands unsealed."""
    name: list[cbor.Value] = ["steelyard ledger", 1, site, lane]
    if first is not None:
        name = ["steelyard ledger", 2, site, lane, first.kid]
    return hashlib.sha256(cbor.encode(name)).digest()


class Segment:
    """The records since the last MANIFEST, that one with them: what the next one has to state.

    ``day`` is the local date of the first that has one, the manifest's own left aside; ``whole`` is
    False once one of them could not be linked to the one before.
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self.whole = True
        self.day: int | None = None
        self._tree = Tree()

    def add(self, digest: bytes, record: Record | None) -> None:
        """Take in the next record by the hash of its sealed bytes; None if it cannot be read."""
        self._tree.add(digest)
        if self.day is None and record is not None and record.kind is not Kind.MANIFEST:
            self.day = record.times.date

    def manifest(self) -> Manifest:
        """The manifest that closes this segment."""
        count = self._tree.count
        return Manifest(
            first=self.first,
            last=self.first + count - 1,
            count=count,
            root=self._tree.root(),
            day=self.day,
        )

    def faults(self, stated: Manifest, seq: int) -> str:
        """What is wrong with the manifest in record ``seq``; empty if nothing is."""
        if not self.whole:
            right = 1 <= stated.first <= stated.last == seq - 1
            counted = stated.count == stated.last - stated.first + 1
            return "" if right and counted else "first, last and count do not fit its own number"
        due = self.manifest()
        return "; ".join(
            f"{name} is {_shown(getattr(stated, name))}, {_shown(getattr(due, name))} is due"
            for name in ("first", "last", "count", "root", "day")
            if getattr(stated, name) != getattr(due, name)
        )


class Chain:
    """The check of one ledger from its first record on; give it every row in order.

    ``first_key`` is the key that the ledger began its seals with.  ``key`` is the one that counts
    now, ``hash`` that of the newest row's bytes, ``record`` what stands in it, None if that is not
    proven or cannot be read, ``sound`` whether it is proven, readable and in its place.
    """

    def __init__(
        self, site: str, lane: str, first_key: PublicKey, *, revoked: Iterable[Revocation] = ()
    ) -> None:
        self.site, self.lane = site, lane
        self.key = self._first_key = first_key
        self.hash = b""
        self.record: Record | None = None
        self.sound = True
        self._revoked = {entry.kid: entry for entry in revoked}
        self._reached: set[bytes] = set()
        self._used = {first_key.kid}
        self._next_row = 1
        self._own: int | None = 0
        self._bare = False
        self._begun = False
        self._segment = Segment(1)
        self._standing: dict[str, object] = {}
        self._found: list[Finding] = []

    def take(self, seq: int, sealed: bytes) -> list[Finding]:
        """Check the row numbered ``seq``; return what is wrong with it, empty if nothing is."""
        self._found, self.sound = [], True
        forward = self._row(seq)
        digest = hashlib.sha256(sealed).digest()
        record = self._opened(seq, sealed)
        if record is not None:
            self._read(record, seq, forward)
        self._own = record.seq if record is not None else None
        self._begun |= "unsealed" not in self._standing
        self._segment.add(digest, record)
        self.hash, self.record = digest, record
        return self._found

    def skip_to(self, seq: int) -> None:
        """Go on at row ``seq``; those before it are not at hand, and were not asked for."""
        self._next_row = max(self._next_row, seq)

    def _row(self, seq: int) -> bool:
        """Whether the row stands behind all those before it."""
        due, self._next_row = self._next_row, max(self._next_row, seq + 1)
        if seq < due:
            self._say("order", seq, f"stands behind row {due - 1}", "row")
        elif seq > due:
            self._say("gap", due, "missing: " + _span(due, seq - 1))
        return seq >= due

    def _opened(self, seq: int, sealed: bytes) -> Record | None:
        """The record in the envelope, once it is proven; None if it is not, or cannot be read."""
        try:
            parts = unseal(sealed)
        except SealError as fault:
            if fault.code == "unsealed":
                return self._unsealed(seq, sealed)
            self._right("unsealed")
            self._say("seal", seq, str(fault))
            return None
        self._right("unsealed")
        return self._decoded(seq, parts.payload) if self._proven(seq, parts) else None

    def _proven(self, seq: int, parts: Sealed) -> bool:
        if parts.kid != self.key.kid:
            self._say("key", seq, self._foreign(parts.kid), parts.kid)
            return False
        self._right("key")
        if not self.key.verify(parts.signature, parts.signed):
            self._say("signature", seq, "the signature does not belong to these bytes")
            return False
        return True

    def _foreign(self, kid: bytes) -> str:
        known = "that counts no more" if kid in self._used else "that this ledger never had"
        return (
            f"from here on sealed with a key {known} ({readable(kid)}); {self.key.fingerprint} "
            "is the one that counts here"
        )

    def _unsealed(self, seq: int, body: bytes) -> Record | None:
        self._say("unsealed", seq, "from here on bare records; anyone could have written them", "")
        if self._begun:
            return None
        self._bare = True
        return self._decoded(seq, body)

    def _decoded(self, seq: int, payload: bytes) -> Record | None:
        try:
            record = decode(payload)
            if record.seq == 0:
                raise RecordError("a draft: it was never given a number and a link")
        except RecordError as error:
            self._say("undecodable", seq, str(error))
            return None
        return record

    def _read(self, record: Record, seq: int, forward: bool) -> None:
        if forward:
            self._number(record, seq)
        if (record.site, record.lane) == (self.site, self.lane):
            self._right("lane")
        else:
            where = f"{record.site!r} lane {record.lane!r}"
            self._say("lane", seq, f"from here on of site {where}", where)
        bare = "unsealed" in self._standing
        self._link(record, seq, None if bare else self._first_key)
        # An unsealed record is read as what it says of itself; it may change nothing.
        if not bare:
            self._act(record, seq)

    def _number(self, record: Record, seq: int) -> None:
        shift = record.seq - seq
        if shift == 0:
            self._right("order")
        else:
            self._say("order", seq, f"the record says of itself that it is seq {record.seq}", shift)

    def _link(self, record: Record, seq: int, first_key: PublicKey | None) -> None:
        """Only what follows by its own number is linked; for all else a finding stands already."""
        if self._own is None or record.seq != self._own + 1:
            self._segment.whole = False
            return
        before = self.hash if self._own else genesis(self.site, self.lane, first_key)
        if record.prev_hash != before:
            self._segment.whole = False
            what = f"seq {self._own} as it stands" if self._own else "this site, lane and key"
            self._say("chain", seq, f"prev_hash is not of {what}; one of the two was replaced")

    def _act(self, record: Record, seq: int) -> None:
        """What a record does to those after it."""
        revoked = self._is_revoked(record)
        if revoked is not None:
            self._say("revoked", seq, f"from here on by a revoked key: {revoked}", self.key.kid)
        # Other kinds may have these fields as well; there they have no effect.
        change = record.key if record.kind is Kind.KEY else None
        manifest = record.manifest if record.kind is Kind.MANIFEST else None
        begins = change is not None and change.action is KeyAction.BEGIN
        if self._bare and not self._begun and not begins:
            self._say("key", seq, "seals begin here without a KEY record that says so")
        if change is not None:
            self._change_key(change, record.seq, seq, revoked is None)
        if manifest is not None:
            self._close(manifest, record.seq, seq)

    def _close(self, manifest: Manifest, own: int, seq: int) -> None:
        wrong = self._segment.faults(manifest, own)
        if wrong:
            self._say("manifest", seq, wrong)
        self._segment = Segment(own)

    def _is_revoked(self, record: Record) -> str | None:
        """Why the key that counts is revoked at this record; once reached, the point stays so."""
        entry = self._revoked.get(self.key.kid)
        if entry is None:
            return None
        date = record.times.date
        if entry.from_seq is not None:
            reached = record.seq >= entry.from_seq
        elif entry.from_date is not None:
            reached = date is not None and date >= entry.from_date
        else:
            reached = True
        if reached:
            self._reached.add(entry.kid)
        return entry.why if entry.kid in self._reached else None

    def _change_key(self, change: KeyChange, own: int, seq: int, counts: bool) -> None:
        """Hand over to the next key; a revoked key hands over to nobody."""
        wrong = self._key_fault(change, own)
        if wrong:
            # What is sealed with that key follows from this fault.
            self._say("key", seq, wrong, thumbprint(change.x))
        elif counts:
            self.key = PublicKey(change.x)
            self._used.add(self.key.kid)

    def _key_fault(self, change: KeyChange, own: int) -> str:
        try:
            key = PublicKey(change.x)
        except ValueError as error:
            return str(error)
        if change.kid != key.kid:
            return "kid is not the thumbprint of x"
        if change.action is KeyAction.BEGIN:
            begins = not self._begun and own > 1
            same = key == self._first_key
            return "" if begins and same else "a BEGIN where seals began already, or of another key"
        if key.kid in self._used:
            return "hands over to a key that this ledger had before"
        return "" if len(self._used) < KEYS_MAX else f"more than {KEYS_MAX} keys"

    def _say(self, code: str, seq: int, message: str, run: object = None) -> None:
        """Report a fault, but one that goes on as the same ``run`` only where it begins."""
        self.sound = False
        if run is None or self._standing.get(code) != run:
            self._found.append(Finding(code=code, seq=seq, message=message))
        self._standing[code] = run

    def _right(self, code: str) -> None:
        self._standing.pop(code, None)


def _span(first: int, last: int) -> str:
    return f"seq {first}" if first == last else f"seq {first} to {last}"


def _shown(value: object) -> str:
    return value.hex()[:16] if isinstance(value, bytes) else str(value)
