"""The parts of a record that are about evidence itself: keys, manifests, media, what was lost.

KEY, MANIFEST, RETENTION and RECOVERY records are the ledger's own.  They belong to no passage:
``passage_id`` and ``part`` are 0.  Times and masses as in ``protocol/parts.py``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from protocol.parts import Code, Date, Digest, Seq, Text, Time

Bytes = Annotated[int, Meta(ge=0, le=2**40)]


WEIGHT_WITHDRAWN = "weight_withdrawn"
"""The objection to a weight that was taken back: nothing rests on it."""


class Usability(Struct, frozen=True, kw_only=True):
    """Whether the record may be used as evidence, with the reason of each objection as a code.

    A scale whose certificate has lapsed still weighs, but what it says is not usable as evidence.
    """

    usable: bool
    objections: Annotated[tuple[Code, ...], Meta(max_length=16)] = ()


class Media(Struct, frozen=True, kw_only=True):
    """A file beside the ledger, named by the SHA-256 of its bytes: journal, raw counts, rules."""

    kind: Code
    sha256: Digest
    bytes: Bytes


class Clip(Struct, frozen=True, kw_only=True):
    """A piece of video from ``from_us`` to ``to_us``."""

    name: Code
    sha256: Digest
    from_us: Time
    to_us: Time
    camera: Code | None = None


class KeyAction(StrEnum):
    """``BEGIN`` starts seals in a ledger that had none, ``ROTATE`` hands over to the next key."""

    BEGIN = "begin"
    ROTATE = "rotate"


class KeyChange(Struct, frozen=True, kw_only=True):
    """The key of all later records; a ROTATE is sealed by the key before it, a BEGIN by itself.

    ``x`` is an Ed25519 public key (RFC 8032), ``kid`` its COSE Key Thumbprint (RFC 9679, SHA-256).
    """

    action: KeyAction
    x: Digest
    kid: Digest


class Manifest(Struct, frozen=True, kw_only=True):
    """All records of a day: ``count`` from ``first`` to ``last`` without a gap, under one ``root``.

    ``root`` is the Merkle tree hash of the records' hashes (RFC 9162, 2.1.1).  A manifest takes in
    every record since the one before it, manifests and keys too; ``day`` is the local date of those
    that have one.
    """

    first: Seq
    last: Seq
    count: Seq
    root: Digest
    day: Date | None = None


class Retention(Struct, frozen=True, kw_only=True):
    """Media removed by rule: their digests and kind, and why (``age`` or ``space``)."""

    kind: Code
    why: Code
    sha256: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=1_000)]
    bytes: Bytes = 0


class Recovery(Struct, frozen=True, kw_only=True):
    """What a start found damaged: the records kept run up to ``kept``, the rest is in quarantine.

    ``seen`` is the highest seq that anything in the damaged ledger still named, ``folder`` the name
    of the quarantine, ``sha256`` that of the damaged file as it was found.
    """

    cause: Code
    kept: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    folder: Text
    seen: Seq | None = None
    sha256: Digest | None = None
    detail: Text | None = None


class RuleTable(Struct, frozen=True, kw_only=True):
    """A rule table that the verdict came from: id@version and the digest of its file."""

    id: Code
    sha256: Digest
