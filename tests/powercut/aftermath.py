"""What must hold after a power cut: start, verify, nothing promised is lost, go on, verify."""

from __future__ import annotations

from collections.abc import Container, Sequence
from hashlib import sha256
from pathlib import Path

from ledger_rig import passage
from morning import Promise, Station, blobs_of

from protocol.ledger import Ledger
from protocol.media import FOLDER, QUARANTINE, Blob, MediaStore, digest_of
from protocol.rows import dropped_by, named_by
from sim.disk.states import State
from sim.disk.volatile import lay_out

FRESH_PASSAGE = 900


def losses(state: State, promises: Sequence[Promise], folder: Path) -> list[str]:
    """Everything that is wrong after this state; empty is what the requirement asks for."""
    lay_out(state.image, folder)
    try:
        return _go_on(promises[: state.told], folder)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def missing(
    station: Station, promised: Sequence[Promise], removed: Container[bytes] = ()
) -> list[str]:
    """The promised records and media that are not there byte for byte; ``removed`` went by rule."""
    found = []
    stored = {row.seq: row.body for row in station.ledger.stored()}
    for promise in promised:
        if station.ledger.acknowledged_to() < promise.acknowledged:
            found.append(f"lost: acknowledged up to {promise.acknowledged}")
        if station.ledger.on_deck().passage_id < promise.on_deck:
            found.append(f"lost: passage {promise.on_deck} is on the deck")
        if promise.seq and sha256(stored.get(promise.seq, b"")).digest() != promise.hash:
            found.append(f"lost: record {promise.seq}")
        for blob in promise.media:
            if blob.sha256 not in removed:
                found += _not_kept(station.media, blob, f"of record {promise.seq}")
    return found


def _not_kept(media: MediaStore, blob: Blob, of: str) -> list[str]:
    try:
        media.read(blob.sha256, blob.kind)
    except (OSError, ValueError) as error:
        return [f"lost: {blob.kind} {of}: {error}"]
    return []


def named_and_removed(ledger: Ledger) -> tuple[set[bytes], set[bytes]]:
    """The digests that records name, and those that RETENTION records say are gone."""
    named: set[bytes] = set()
    removed: set[bytes] = set()
    for record in ledger.records():
        named.update(medium.digest for medium in named_by(record))
        removed.update(dropped_by(record))
    return named, removed


def quarantined(folder: Path, named: Container[bytes]) -> list[str]:
    """What no cut may bring there: anything but media of a record that never came to be."""
    found = [path for path in (folder / QUARANTINE).rglob("*") if path.is_file()]
    return [
        f"in quarantine: {path.name}"
        for path in found
        if path.parent.name != FOLDER or (digest_of(path.name) or b"") in named
    ]


def _go_on(promised: Sequence[Promise], folder: Path) -> list[str]:
    made: list[Promise] = []
    station = Station(folder, None, made)
    named, removed = named_and_removed(station.ledger)
    found = [*_verified(station.ledger), *missing(station, promised, removed)]
    # A record may never name what is not there, promised or not.
    found += [f"unfounded: {d.hex()}" for d in named - removed if not station.media.has(d)]
    number = station.ledger.next_passage_id() + FRESH_PASSAGE
    station.keep(passage(number), blobs_of(number))
    station.close()
    station = Station(folder, None, [])
    found += [f"then {wrong}" for wrong in _verified(station.ledger)]
    found += [f"then {wrong}" for wrong in missing(station, [*promised, *made], removed)]
    station.close()
    return found + quarantined(folder, named)


def _verified(ledger: Ledger) -> list[str]:
    return [f"{f.code} at {f.seq}: {f.message}" for f in ledger.verify()]
