"""One passage taken from a ledger or a bundle, with its check: what concerns it, and what not."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from controller.commands.outcome import Outcome
from controller.commands.sources import Source, SourceError, Trust
from controller.commands.verify import of_bundle, of_ledger
from protocol import kinship
from protocol.bundle import Bundle, read_bundle
from protocol.bundlecheck import check_bundle
from protocol.chain import Finding
from protocol.gather import belonging, gather, with_media
from protocol.media import MediaStore, folders_of
from protocol.verify import FINDINGS_MAX

_OF_EVERY_RECORD = frozenset({"identity", "key", "lane"})
"""Findings about a ledger as a whole that leave no record of it proven."""


class Inspection(Struct, frozen=True, kw_only=True):
    """A passage and what its check found; ``asked`` is the seq that was asked for.

    ``key`` is the fingerprint of the key that sealed the passage, ``anchored`` says that one from
    outside vouches for it.  ``concerning`` leaves the passage unproven; with ``elsewhere`` alone
    its seals hold, but the ledger around it is not whole.
    """

    asked: int
    bundle: Bundle
    outcome: Outcome
    key: str
    anchored: bool
    concerning: tuple[Finding, ...]
    elsewhere: tuple[Finding, ...]


def inspect(source: Source, seq: int | None, given: Trust, *, chain: bool) -> Inspection:
    """Check the whole source, and take the passage of ``seq`` out of it.

    Raises SourceError, BundleError or LedgerError for what cannot be read.
    """
    if source.bundle:
        return _of_bundle(source, seq, given)
    if seq is None:
        raise SourceError(f"{source.path}: a ledger holds many records; name one by its number")
    own, *others = folders_of(source.path)
    media = MediaStore(own, others=others)
    bundle, missing = with_media(gather(source.path, seq, chain=chain), media)
    outcome = of_ledger(source, given)
    alone = check_bundle(bundle, anchor=given.anchor, revoked=given.revoked)
    mine = kinship.shown(bundle.records, bundle.seq) | bundle.bodies.keys()
    moved = {f.seq for f in outcome.findings if f.code == "columns" and f.seq is not None} - mine
    mine |= belonging(source.path, bundle, moved)
    # A key that came later vouches for what it sealed, though not for the whole ledger.
    outside = outcome.findings if not alone.anchored else _but_the_key(outcome.findings)
    concerning = [*alone.findings, *missing, *(f for f in outside if _concerns(f, mine))]
    if len(outcome.findings) >= FINDINGS_MAX:
        said = f"the ledger has {FINDINGS_MAX} findings or more; not all of them are listed"
        concerning.append(Finding(code="damaged", seq=None, message=said))
    elsewhere = [f for f in outcome.findings if f not in concerning]
    return Inspection(
        asked=seq,
        bundle=bundle,
        outcome=outcome,
        key=alone.key.fingerprint if alone.key is not None else "",
        anchored=alone.anchored,
        concerning=_each_once(concerning),
        elsewhere=_each_once(elsewhere),
    )


def _of_bundle(source: Source, seq: int | None, given: Trust) -> Inspection:
    opened = read_bundle(source.path)
    bundle = opened.bundle
    about = kinship.passage_of(bundle.records, bundle.seq)
    if seq is not None and seq not in about:
        held = ", ".join(str(n) for n in about)
        raise SourceError(f"{source.path}: this bundle is about record {held}, not {seq}")
    outcome = of_bundle(opened, str(source.path), given)
    elsewhere = (
        Finding(code=fault.code, seq=fault.record, message=fault.message)
        for fault in bundle.elsewhere
    )
    return Inspection(
        asked=bundle.seq if seq is None else seq,
        bundle=bundle,
        outcome=outcome,
        key=outcome.fingerprint,
        anchored=outcome.anchored,
        concerning=outcome.findings,
        elsewhere=tuple(elsewhere),
    )


def _concerns(finding: Finding, mine: frozenset[int]) -> bool:
    if finding.seq is None:
        return finding.code in _OF_EVERY_RECORD
    return finding.seq in mine


def _but_the_key(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if (f.code, f.seq) != ("key", None))


def _each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each place and kind: two checks look at the same records."""
    found: dict[tuple[str, int | None], Finding] = {}
    for finding in findings:
        found.setdefault((finding.code, finding.seq), finding)
    return tuple(found.values())
