"""What must hold after a power cut: start, verify, nothing promised is lost, go on, verify."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from crash_states import State
from ledger_rig import passage
from morning import LEDGER, Promise, Station, blobs_of
from volatile_disk import Image

from protocol.ledger import Ledger
from protocol.media import MediaStore

FRESH_PASSAGE = 900


def lay_out(image: Image, folder: Path) -> None:
    """Make the folder as the cut left it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in image.folders():
        (folder / name).mkdir()
    for name, data in image.files().items():
        path = folder / name
        path.write_bytes(data)
        if path.suffix == ".key":
            path.chmod(0o600)


def losses(state: State, promises: Sequence[Promise], folder: Path) -> list[str]:
    """Everything that is wrong after this state; empty is what the requirement asks for."""
    lay_out(state.image, folder)
    try:
        return _go_on(promises[: state.told], folder)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def unfounded(station: Station) -> list[str]:
    """The media that a record names and nobody has, though no rule removed them."""
    named: set[bytes] = set()
    removed: set[bytes] = set()
    for record in station.ledger.records():
        named.update(medium.sha256 for medium in record.media)
        named.update(image.sha256 for image in record.images)
        removed.update(record.retention.sha256 if record.retention else ())
    return [f"unfounded: {d.hex()}" for d in named - removed if not station.media.has(d)]


def _go_on(promised: Sequence[Promise], folder: Path) -> list[str]:
    made: list[Promise] = []
    station = Station(folder, None, made)
    found = [*_verified(folder, station.ledger), *missing(station, promised), *unfounded(station)]
    number = station.ledger.next_passage_id() + FRESH_PASSAGE
    station.keep(passage(number, curve=True), blobs_of(number))
    station.close()
    with Ledger.open(folder / LEDGER, read_only=True) as ledger:
        found += [f"then {wrong}" for wrong in _verified(folder, ledger)]
    station = Station(folder, None, [])
    found += [f"then {wrong}" for wrong in missing(station, [*promised, *made])]
    station.close()
    return found


def missing(station: Station, promised: Sequence[Promise]) -> list[str]:
    """The promised records and media that are not there byte for byte."""
    found = []
    stored = {row.seq: row.body for row in station.ledger.stored()}
    for promise in promised:
        body = stored.get(promise.seq)
        if body is None:
            found.append(f"lost: record {promise.seq}")
        elif sha256(body).digest() != promise.hash:
            found.append(f"lost: record {promise.seq} is another")
        found += _media_missing(station.media, promise)
    return found


def _media_missing(media: MediaStore, promise: Promise) -> list[str]:
    found = []
    for blob in promise.media:
        try:
            media.read(blob.sha256, blob.kind)
        except (OSError, ValueError) as error:
            found.append(f"lost: {blob.kind} of record {promise.seq}: {error}")
    return found


def _verified(folder: Path, ledger: Ledger) -> list[str]:
    return [f"{f.code} at {f.seq}: {f.message}" for f in ledger.verify()]
