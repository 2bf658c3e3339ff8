"""What journal and replay cost, measured on the records of a data folder."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.commands.replay import checked
from controller.core.images import InputImage, OutputImage
from controller.core.lane import step
from controller.core.passage import Lane
from controller.journal import KIND, SETTINGS_KIND, Journal
from controller.journalread import read_journal, read_settings
from controller.replayrecord import Result
from protocol.ledger import Ledger
from protocol.media import MediaStore
from protocol.parts import Kind
from protocol.record import LEDGER_KINDS, Record

_Scan = tuple[Lane, InputImage, OutputImage]


class JournalCost(Struct, frozen=True, kw_only=True):
    """Bytes on disk a passage, and time in the scan that they take.

    ``observe_us`` is the mean over all scans, ``cut_ms`` and ``cut_ms_max`` are those of the scan
    that asks for the record.
    """

    passages: int
    bytes_median: int
    settings_bytes: int
    scans: int
    observe_us: float
    cut_ms_median: float
    cut_ms_max: float


class ReplayCost(Struct, frozen=True, kw_only=True):
    """Speed of a replay in one process; ``times_real`` is lane time over the time it took."""

    records: int
    identical: int
    scans: int
    records_per_s: float
    scans_per_s: float
    times_real: float


class NothingToMeasureError(ValueError):
    """A data folder without a single journal."""


def measure_journal(folder: Path) -> JournalCost:
    """Write the journals of a data folder again, in memory, and time it.

    Raises NothingToMeasureError, LedgerError and JournalError.
    """
    store = MediaStore(folder / MEDIA_FOLDER)
    sizes: list[int] = []
    cuts_ms: list[float] = []
    scans, took_ns, settings_bytes = 0, 0, 0
    for record in _journaled(folder):
        media = [medium for medium in record.media if medium.kind == KIND]
        shared = next(medium for medium in record.media if medium.kind == SETTINGS_KIND)
        settings = read_settings(store.read(shared.sha256, SETTINGS_KIND))
        seen = [scan for medium in media for scan in _scans(store, medium.sha256)]
        journal = Journal(settings.lane, settings.interlock, record.software or "")
        began = time.perf_counter_ns()
        for lane, inputs, outputs in seen:
            journal.observe(lane, inputs, outputs)
        ended = time.perf_counter_ns()
        journal.cut()
        cuts_ms.append((time.perf_counter_ns() - ended) / 1e6)
        scans, took_ns = scans + len(seen), took_ns + ended - began
        settings_bytes = shared.bytes
        if record.kind is Kind.PASSAGE:
            sizes.append(sum(medium.bytes for medium in media))
    if not sizes or not scans:
        raise NothingToMeasureError(f"{folder}: no record of a passage has a journal")
    return JournalCost(
        passages=len(sizes),
        bytes_median=round(statistics.median(sizes)),
        settings_bytes=settings_bytes,
        scans=scans,
        observe_us=round(took_ns / scans / 1e3, 1),
        cut_ms_median=round(statistics.median(cuts_ms), 2),
        cut_ms_max=round(max(cuts_ms), 2),
    )


def measure_replay(folder: Path) -> ReplayCost:
    """Replay a data folder and time it; ``identical`` counts the records that came out equal."""
    began = time.perf_counter()
    found = [one for one in checked(folder) if one.result is not Result.OWN]
    took_s = time.perf_counter() - began
    scans = sum(one.scans for one in found)
    return ReplayCost(
        records=len(found),
        identical=sum(1 for one in found if one.result is Result.IDENTICAL),
        scans=scans,
        records_per_s=round(len(found) / took_s, 1),
        scans_per_s=round(scans / took_s),
        times_real=round(sum(one.span_us for one in found) / 1e6 / took_s, 1),
    )


def _journaled(folder: Path) -> Iterator[Record]:
    with Ledger.open(folder / LEDGER_FILE, read_only=True) as ledger:
        for record in ledger.records():
            named = any(medium.kind == KIND for medium in record.media)
            if named and record.kind not in LEDGER_KINDS:
                yield record


def _scans(store: MediaStore, digest: bytes) -> Iterator[_Scan]:
    """The scans of a journal with the lane before each; the lane is computed, outside the clock."""
    journal = read_journal(store.read(digest, KIND))
    settings = read_settings(store.read(journal.header.settings, SETTINGS_KIND))
    lane: Lane | None = None
    for entry in journal.entries():
        lane = entry.lane or lane
        if lane is None or entry.outputs is None:
            return
        yield lane, entry.inputs, entry.outputs
        lane, _ = step(lane, entry.inputs, settings.lane)
