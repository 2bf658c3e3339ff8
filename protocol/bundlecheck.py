"""The check of an evidence bundle by itself: seals, keys, links, files, and the path to a manifest.

The codes of its findings are those of a ledger (``docs/evidence.md``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from msgspec import Struct

from protocol import kinship, merkle, rows
from protocol.bundle import Bundle, Proof
from protocol.chain import Chain, Finding
from protocol.envelope import is_sealed
from protocol.keys import PublicKey
from protocol.media import digest_of, file_name
from protocol.parts import Kind
from protocol.record import Record
from protocol.revocation import Revocation

WHOLE = "a bundle cannot show that no other record was left out; that takes the ledger"


class BundleReport(Struct, frozen=True, kw_only=True):
    """What the check of a bundle found; ``key`` sealed the passage, None where nothing did.

    ``anchored`` says that the keys were compared with one from outside, and that it vouches for
    them.  ``manifests`` counts the records that lie under a sealed manifest.
    """

    seq: int
    records: int
    sealed: int
    media: int
    manifests: int
    key: PublicKey | None
    anchored: bool
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def check_bundle(
    bundle: Bundle,
    *,
    anchor: PublicKey | None = None,
    revoked: Iterable[Revocation] = (),
) -> BundleReport:
    """Check everything that a bundle can show of itself; no findings means that it holds."""
    findings, reigns = _chain(bundle, tuple(revoked))
    records = bundle.records
    proven = {proof.record for proof in bundle.proofs if _holds(proof, bundle, records)}
    key = _key_at(reigns, bundle.seq) if is_sealed(bundle.bodies[bundle.seq]) else None
    unvouched = list(_unvouched(anchor, reigns, bundle, records)) if anchor is not None else []
    shown = kinship.shown(records, bundle.seq)
    findings += unvouched
    findings += _owner(bundle, records)
    findings += _proofs(bundle, proven)
    findings += _media(bundle, records, shown)
    findings += _known(bundle)
    notes = [*_notes(bundle, records, shown, proven), WHOLE]
    if key is not None and key != bundle.first_key:
        notes.insert(
            0, f"its key was handed over to, beginning with {bundle.first_key.fingerprint}"
        )
    return BundleReport(
        seq=bundle.seq,
        records=len(bundle.bodies),
        sealed=sum(is_sealed(body) for body in bundle.bodies.values()),
        media=len(bundle.media),
        manifests=len(proven),
        key=key,
        anchored=anchor is not None and not unvouched,
        findings=tuple(findings),
        notes=tuple(notes),
    )


Reigns = list[tuple[int, PublicKey]]


def _chain(bundle: Bundle, revoked: tuple[Revocation, ...]) -> tuple[list[Finding], Reigns]:
    """The ledger's own check over the records that are here, and from where on each key counts."""
    chain = Chain(bundle.site, bundle.lane, bundle.first_key, revoked=revoked)
    reigns = [(1, bundle.first_key)]
    found: list[Finding] = []
    for seq, body in sorted(bundle.bodies.items()):
        chain.skip_to(seq)
        fresh = chain.take(seq, body)
        if not chain.sound and not fresh:
            # A ledger names where a fault begins; here every record is to be named.
            fresh = [Finding(code="chain", seq=seq, message="stands behind the fault named before")]
        found += fresh
        if chain.key != reigns[-1][1]:
            reigns.append((seq + 1, chain.key))
    return found, reigns


def _key_at(reigns: Reigns, seq: int) -> PublicKey:
    return [key for start, key in reigns if start <= seq][-1]


def _unvouched(
    anchor: PublicKey, reigns: Reigns, bundle: Bundle, records: Mapping[int, Record]
) -> Iterator[Finding]:
    """A key vouches for what it sealed, and for those it handed over to; for nothing before.

    A KEY record that stands before only leads to the key.
    """
    since = next((start for start, key in reigns if key == anchor), None)
    # Where the key is in none of the records, one finding says it of all.
    for seq in sorted(bundle.bodies) if since is not None else (bundle.seq,):
        record = records.get(seq)
        leads = record is not None and record.kind is Kind.KEY and seq != bundle.seq
        if leads or (since is not None and since <= seq):
            continue
        sealer = _key_at(reigns, seq).fingerprint
        said = f"the key from outside ({anchor.fingerprint}) does not vouch for {sealer}"
        yield Finding(code="key", seq=seq, message=f"{said}, which sealed this record")


def _owner(bundle: Bundle, records: Mapping[int, Record]) -> Iterator[Finding]:
    """The bundle is about the passage that it says, and begins with its first record."""
    about = kinship.passage_of(records, bundle.seq)
    if bundle.seq in records and about[0] != bundle.seq:
        said = f"record.cose is not the first of its passage, which is record {about[0]}"
        yield Finding(code="file", seq=bundle.seq, message=said)


def _holds(proof: Proof, bundle: Bundle, records: Mapping[int, Record]) -> bool:
    """Whether the path leads from the record to the root that the manifest states."""
    manifest = records.get(proof.manifest)
    stated = manifest.manifest if manifest is not None else None
    body = bundle.bodies.get(proof.record)
    if stated is None or body is None or manifest is None or manifest.kind is not Kind.MANIFEST:
        return False
    try:
        path = [bytes.fromhex(node) for node in proof.path]
    except ValueError:
        return False
    placed = (proof.index, proof.count) == (proof.record - stated.first, stated.count)
    digest = sha256(body).digest()
    return placed and merkle.included(digest, proof.index, proof.count, path, stated.root)


def _proofs(bundle: Bundle, proven: set[int]) -> Iterator[Finding]:
    for proof in bundle.proofs:
        if proof.record not in proven:
            said = f"the path does not lead to the root in record {proof.manifest}"
            yield Finding(code="manifest", seq=proof.record, message=said)


def _media(
    bundle: Bundle, records: Mapping[int, Record], shown: frozenset[int]
) -> Iterator[Finding]:
    """Every file is the one that a sealed record names, and none that it names is missing."""
    gone = kinship.removed(records)
    named: dict[str, int] = {}
    for seq in sorted(shown & records.keys()):
        for file in rows.named_by(records[seq]):
            name = file_name(file.kind, file.digest)
            if name not in named and name not in bundle.media and file.digest not in gone:
                yield Finding(code="media_missing", seq=seq, message=f"{name} is not there")
            named.setdefault(name, seq)
    for name, data in sorted(bundle.media.items()):
        owner = named.get(name)
        if digest_of(name) != sha256(data).digest():
            said = f"{name} has other bytes than its name promises"
            yield Finding(code="media_damaged", seq=owner, message=said)
        elif owner is None:
            yield Finding(code="file", seq=None, message=f"{name} is named by no record")


def _known(bundle: Bundle) -> Iterator[Finding]:
    """What the ledger's check had found when the bundle was made all the same."""
    for fault in bundle.faults:
        said = f"known when the bundle was made: {fault.message}"
        yield Finding(code=fault.code, seq=fault.record, message=said)


def _notes(
    bundle: Bundle, records: Mapping[int, Record], shown: frozenset[int], proven: set[int]
) -> Iterator[str]:
    for fault in bundle.elsewhere:
        where = f"record {fault.record}" if fault.record is not None else "the ledger"
        yield f"in the ledger it came from: {fault.code}, {where}: {fault.message}"
    bare = sorted(shown - proven)
    if bare:
        said = ", ".join(str(seq) for seq in bare)
        yield f"under no manifest yet (its day was still open): record {said}"
    for digest, seq in sorted(kinship.removed(records).items()):
        yield f"{digest.hex()[:16]}… was removed by rule, says record {seq}"
