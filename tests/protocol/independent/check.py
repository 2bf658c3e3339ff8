"""Check the conformance vectors without any part of the program that made them.

Written from docs/evidence.md and record.cddl alone.  COSE by pycose, CBOR by cbor2, the form of a
record by pycddl, and every signature a second time by the pure Python of ecdsa.

    python check.py RECORD.cddl FOLDER    prints {name: [[code, seq], …]} as JSON
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import cbor2
import pycddl  # type: ignore[import-untyped, import-not-found, unused-ignore]
from ecdsa import Ed25519, VerifyingKey
from pycose.algorithms import EdDSA
from pycose.headers import KID, Algorithm, ContentType
from pycose.keys import OKPKey
from pycose.messages import Sign1Message

CONTENT_TYPE = "application/vnd.steelyard.record+cbor"
PAYLOAD_MAX = 4 * 1024 * 1024
KEYS_MAX = 1000
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
SCHEMA, KIND, SEQ, PREV, SITE, LANE, PASSAGE, PART, REFERS = range(1, 10)
TIMES, DECISION, REWEIGH, PERSON, CURVE, KEY, MANIFEST = 11, 18, 20, 21, 26, 43, 44
NEEDS = {
    1: [DECISION],
    2: [DECISION, PERSON],
    3: [REFERS],
    4: [23],
    5: [24],
    6: [35, PERSON],
    7: [KEY],
    8: [MANIFEST],
    9: [45],
    10: [46],
}


class RefusedError(Exception):
    """A row that is not read; the argument is its code."""


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def kid_of(x: bytes) -> bytes:
    return sha256(bytes.fromhex("a3010120062158 20") + x)


def tree(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it is defined there: by halves."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + tree(leaves[:half]) + tree(leaves[half:]))


def usable(x: bytes) -> bool:
    """Whether x is a reduced y, and the point eightfold is not the neutral one."""
    y = int.from_bytes(x, "little") & (2**255 - 1)
    if y >= P:
        return False
    for _ in range(3):
        # Doubling needs only y, for the curve gives x² = (y²-1)/(dy²+1).
        square = y * y % P
        x_square = (square - 1) * pow(D * square + 1, P - 2, P) % P
        y = (square + x_square) * pow(2 + x_square - square, P - 2, P) % P
    return y != 1


def opened(row: bytes) -> tuple[bytes, bytes, Sign1Message]:
    """Payload, kid and message of an envelope; raises RefusedError('seal')."""
    try:
        message = Sign1Message.decode(row)
        header = message.phdr
        kid, payload = header[KID], message.payload
        right = (
            set(header) == {Algorithm, ContentType, KID}
            and header[Algorithm] is EdDSA
            and header[ContentType] == CONTENT_TYPE
            and len(kid) == 32
            and message.uhdr == {}
            and 0 < len(payload) <= PAYLOAD_MAX
            and len(message.signature) == 64
        )
    except Exception as error:
        raise RefusedError("seal") from error
    protected = cbor2.dumps({1: -8, 3: CONTENT_TYPE, 4: kid}, canonical=True)
    parts = [protected, {}, payload, message.signature]
    if not right or cbor2.dumps(cbor2.CBORTag(18, parts), canonical=True) != row:
        raise RefusedError("seal")
    return payload, kid, message


def signed(message: Sign1Message, x: bytes, payload: bytes) -> bool:
    """The verdict of pycose and that of ecdsa, which have to be the same."""
    message.key = OKPKey(crv="ED25519", x=x)
    first = bool(message.verify_signature())
    header = cbor2.dumps({1: -8, 3: CONTENT_TYPE, 4: kid_of(x)}, canonical=True)
    try:
        data = cbor2.dumps(["Signature1", header, b"", payload])
        second = bool(VerifyingKey.from_string(x, curve=Ed25519).verify(message.signature, data))
    except Exception:
        second = False
    if first != second:
        raise AssertionError("pycose and ecdsa judge one signature differently")
    return first


class Reader:
    """Reads a payload as a record: a dict by the numbers of record.cddl."""

    def __init__(self, cddl: str) -> None:
        self.schema = pycddl.Schema(cddl)

    def record(self, payload: bytes) -> dict[int, Any]:
        try:
            record: dict[int, Any] = cbor2.loads(payload)
            if cbor2.dumps(record, canonical=True) != payload:
                raise ValueError("not deterministic")
            self.schema.validate_cbor(payload)
            self.contents(record)
        except Exception as error:
            raise RefusedError("undecodable") from error
        return record

    def contents(self, record: dict[int, Any]) -> None:
        seq, kind = record[SEQ], record[KIND]
        own = kind >= 7
        chain = record.get(REWEIGH)
        curve = record.get(CURVE)
        right = [
            all(key in record for key in NEEDS[kind]),
            (record[PASSAGE] == 0) == own and (record[PART] == 0 or not own),
            1 <= seq < 2**63,
            record.get(REFERS, 0) < seq,
            chain is None or chain[1] <= chain[2] < seq,
            curve is None or len(curve[1]) == len(curve[2]),
            curve is None or curve[3] == sha256(cbor2.dumps([curve[1], curve[2]])),
            38 not in record or record[38][1] == (2 not in record[38]),
            34 not in record or not (16 in record or 17 in record),
        ]
        if not all(right):
            raise ValueError("not a record")


class Ledger:
    """The state of docs/evidence.md, "How a ledger is checked"."""

    def __init__(self, vector: dict[str, Any], reader: Reader) -> None:
        self.reader = reader
        self.owner = (vector["site"], vector["lane"])
        self.x = self.first = bytes.fromhex(vector["key"])
        self.had = {kid_of(self.x)}
        self.revoked = {bytes.fromhex(entry["kid"]): entry for entry in vector["revoked"]}
        self.reached: set[bytes] = set()
        self.due, self.last = 1, b""
        self.before: int | None = 0
        self.begun = self.bare = False
        self.open(1)
        self.runs: dict[str, Any] = {}
        self.findings: list[list[Any]] = []

    def open(self, first: int) -> None:
        self.segment: list[bytes] = []
        self.segment_first, self.whole = first, True
        self.day: int | None = None

    def find(self, code: str, row: int) -> None:
        self.findings.append([code, row])

    def run(self, code: str, row: int, value: Any) -> None:
        """A fault that goes on is reported where it begins."""
        if self.runs.get(code) != value:
            self.find(code, row)
        self.runs[code] = value

    def row(self, row: int, data: bytes) -> None:
        placed = self.place(row)
        record: dict[int, Any] | None = None
        bare = data[:1] != b"" and 0xA0 <= data[0] <= 0xBF
        try:
            payload = self.unwrapped(row, data, bare)
            record = self.reader.record(payload)
        except RefusedError as refused:
            if refused.args[0] in ("seal", "signature", "undecodable"):
                self.find(refused.args[0], row)
        if record is not None:
            self.read(record, row, placed, bare)
        self.begun |= not bare
        self.segment.append(sha256(data))
        if record is not None and record[KIND] != 8 and self.day is None:
            self.day = record[TIMES].get(8)
        self.before = record[SEQ] if record else None
        self.last = sha256(data)

    def place(self, row: int) -> bool:
        due, self.due = self.due, max(self.due, row + 1)
        if row > due:
            self.find("gap", due)
        elif row < due:
            self.run("order", row, "backwards")
        return row >= due

    def unwrapped(self, row: int, data: bytes, bare: bool) -> bytes:
        if bare:
            self.run("unsealed", row, True)
            if self.begun:
                raise RefusedError("unsealed")
            self.bare = True
            return data
        self.runs.pop("unsealed", None)
        payload, kid, message = opened(data)
        if kid != kid_of(self.x):
            self.run("key", row, kid)
            raise RefusedError("key")
        self.runs.pop("key", None)
        if not signed(message, self.x, payload):
            raise RefusedError("signature")
        return payload

    def read(self, record: dict[int, Any], row: int, placed: bool, bare: bool) -> None:
        shift = record[SEQ] - row
        if placed and shift:
            self.run("order", row, shift)
        elif placed:
            self.runs.pop("order", None)
        owner = (record[SITE], record[LANE])
        if owner != self.owner:
            self.run("lane", row, owner)
        else:
            self.runs.pop("lane", None)
        if self.before is None or record[SEQ] != self.before + 1:
            self.whole = False
        elif record[PREV] != (self.last if self.before else self.genesis(bare)):
            self.whole = False
            self.find("chain", row)
        if not bare:
            self.act(record, row)

    def genesis(self, bare: bool) -> bytes:
        name = ["steelyard ledger", 1 if bare else 2, *self.owner]
        return sha256(cbor2.dumps(name if bare else [*name, kid_of(self.first)]))

    def act(self, record: dict[int, Any], row: int) -> None:
        kid = kid_of(self.x)
        revoked = self.is_revoked(kid, record)
        if revoked:
            self.run("revoked", row, kid)
        else:
            self.runs.pop("revoked", None)
        change = record[KEY] if record[KIND] == 7 else None
        if self.bare and not self.begun and (change is None or change[1] != "begin"):
            self.find("key", row)
        if change is not None:
            self.change(change, record[SEQ], row, revoked)
        if record[KIND] == 8:
            if not self.fits(record[MANIFEST], record[SEQ]):
                self.find("manifest", row)
            self.open(record[SEQ])

    def is_revoked(self, kid: bytes, record: dict[int, Any]) -> bool:
        entry = self.revoked.get(kid)
        if entry is None:
            return False
        if "from_seq" in entry:
            reached = record[SEQ] >= entry["from_seq"]
        else:
            reached = record[TIMES].get(8, 0) >= entry.get("from_date", 0)
        if reached:
            self.reached.add(kid)
        return kid in self.reached

    def change(self, change: dict[int, Any], seq: int, row: int, revoked: bool) -> None:
        action, x, kid = change[1], change[2], change[3]
        right = usable(x) and kid == kid_of(x)
        if action == "begin":
            right = right and not self.begun and seq > 1 and x == self.first
        else:
            right = right and kid not in self.had and len(self.had) < KEYS_MAX
        if not right:
            self.run("key", row, kid_of(x))
        elif action == "rotate" and not revoked:
            self.x = x
            self.had.add(kid)

    def fits(self, stated: dict[int, Any], seq: int) -> bool:
        first, last, count = stated[1], stated[2], stated[3]
        if not self.whole:
            return bool(1 <= first <= last == seq - 1 and count == last - first + 1)
        size = len(self.segment)
        due = (self.segment_first, self.segment_first + size - 1, size, tree(self.segment))
        return bool((first, last, count, stated[4]) == due and stated.get(5) == self.day)


def main() -> None:
    reader = Reader(Path(sys.argv[1]).read_text())
    found = {}
    for path in sorted(Path(sys.argv[2]).glob("*.json")):
        vector = json.loads(path.read_text())
        ledger = Ledger(vector, reader)
        for row in vector["rows"]:
            ledger.row(row["seq"], bytes.fromhex(row["sealed"]))
        found[vector["name"]] = ledger.findings
    print(json.dumps(found))


if __name__ == "__main__":
    main()
