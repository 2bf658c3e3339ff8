"""Between the lane and the ledger: intents go down, what is durable comes back up as a fact."""

from __future__ import annotations

import sqlite3
from typing import Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from controller.cargo import cargo_of
from controller.clockwatch import ClockWatch
from controller.core.faults import Fault
from controller.core.images import (
    LedgerFact,
    OutputImage,
    Permit,
    RecordIntent,
    Vehicle,
    WallTime,
)
from controller.core.kinds import ClockQuality, End, RecordKind, RequestKind
from controller.diskwatch import TEND_US, due, faults_of, times_at
from controller.media import PLATE, Cutouts
from controller.recorder import Evidence, to_record
from controller.recording.identity import Identity
from controller.recording.plates import picture_of
from controller.recording.weighing import tells_of_the_stay
from controller.restart import fact_at_start, recalled
from controller.rooms import ScaleRoom
from controller.signbook import SignBook
from controller.visitbook import REFILL_MAX, VisitBook
from hal.ports import RegisterEntry, VehicleRegister
from protocol import custody, parts
from protocol.errors import Code, Failure, LedgerError
from protocol.ledger import Ledger, Receipt
from protocol.media import Blob
from protocol.ondeck import OnDeck
from protocol.record import Record
from protocol.writer import Writer

RETRY_US = 1_000_000
FLAGS_MAX = 32
DONE_MAX = 32

Key: TypeAlias = tuple[int, int]

_MOVED = int(Fault.BOOM_MOVED)
_BY_PERSON = (RecordKind.RELEASE, RecordKind.MANUAL_MOVE)

_FAULTS = {
    Code.DISK_FULL: Fault.DISK_FULL,
    Code.READ_ONLY: Fault.LEDGER_READ_ONLY,
    Code.LOCKED: Fault.LEDGER_BUSY,
    Code.IO: Fault.DISK_ERROR,
}


class JournalSource(Protocol):
    """What kept the scans since the last record; ``cut`` hands them over, once."""

    def cut(self) -> tuple[Blob, ...]: ...


class StillSource(Protocol):
    """What keeps stills of the passage; ``cut`` hands over what there is, and what is wrong."""

    def cut(self) -> tuple[tuple[Blob, ...], tuple[str, ...]]: ...


class NoStills:
    """The stills of a lane without cameras for them."""

    def cut(self) -> tuple[tuple[Blob, ...], tuple[str, ...]]:
        """Nothing, and nothing wrong."""
        return (), ()


class NoJournal:
    """The journal of a lane that keeps none."""

    def cut(self) -> tuple[Blob, ...]:
        """Nothing."""
        return ()


class Draft(Struct, frozen=True):
    """A record made from an intent, with the blobs that it names; the writer may not take it yet.

    It is made once: the journal of its scans cannot be cut again.
    """

    intent: RecordIntent
    record: Record
    blobs: tuple[Blob, ...]

    @property
    def key(self) -> Key:
        """The passage and its part."""
        return self.intent.passage_id, self.intent.part


class Bookkeeper:
    """Submits each intent once, keeps asking after a failure, and tells the lane what stands.

    ``faults`` are the ledger's and the media's, as codes; ``failure`` is the first one in words;
    ``findings`` are codes of what known vehicles and the clocks told within the last minute.
    """

    def __init__(
        self,
        ledger: Ledger,
        writer: Writer[Key],
        identity: Identity,
        weigh_room: ScaleRoom,
        cutouts: Cutouts,
        register: VehicleRegister | None,
        journal: JournalSource | None = None,
        stills: StillSource | None = None,
    ) -> None:
        self.ledger = ledger
        self._writer = writer
        self._identity = identity
        self._weigh_room = weigh_room
        self._cutouts = cutouts
        self._register = register
        self._journal = journal or NoJournal()
        self._stills = stills or NoStills()
        self._draft: Draft | None = None
        self._pending: dict[Key, RecordIntent] = {}
        self._refused: set[Key] = set()
        self._done: dict[Key, tuple[RecordIntent, int]] = {}
        self._vehicle: Vehicle | None = None
        self._asked: str | None = ""
        self._failed_us: int | None = None
        self._failing = False
        self._fault: Fault | None = None
        self._failure: Failure | None = None
        self._tended_us: int | None = None
        self.findings: tuple[int, ...] = ()
        self.visits = VisitBook()
        self._signs = SignBook()
        self._clocks = ClockWatch()
        self._boom_moved = False
        self.visits.fill(ledger.tare_weighings(REFILL_MAX))
        self.fact = fact_at_start(ledger)
        self._on_deck = self.fact.on_deck

    @property
    def vehicle(self) -> Vehicle | None:
        """The register's answer to the plate last asked for."""
        return self._vehicle

    @property
    def owes(self) -> bool:
        """Whether a record is made and not yet on disk."""
        return bool(self._draft or self._pending)

    @property
    def faults(self) -> tuple[int, ...]:
        """What keeps records from being stored, then what the disk says of itself."""
        disk = faults_of(self._writer.disk)
        if self._fault is None and not self.ledger.recovered:
            return disk
        found = {self._fault, Fault.LEDGER_RECOVERED if self.ledger.recovered else None}
        return (*sorted(int(one) for one in found - {None, *disk} if one is not None), *disk)

    @property
    def failure(self) -> Failure | None:
        """The first failure that has not passed, in words."""
        return self._failure or self._writer.disk.failure

    def poll(self) -> LedgerFact:
        """Take what the writer has finished since the last scan."""
        for key, result in self._writer.poll():
            if isinstance(result, Failure):
                self._failed(key, result)
            elif isinstance(result, OnDeck):
                self._kept(result)
            else:
                self._stored(key, result)
        ready = not (self._failing or self._writer.disk.full)
        if ready != self.fact.ready:
            self.fact = replace(self.fact, ready=ready)
        return self.fact

    def take(self, outputs: OutputImage, now_us: int, wall: WallTime) -> None:
        """Submit a new intent, tell the writer the time, answer a question about a vehicle."""
        if due(now_us, self._tended_us):
            self._tended_us = now_us
            self._writer.tend(times_at(now_us, wall))
        self._retry(now_us)
        self._clocks.see(now_us, wall)
        self._boom_moved = self._boom_moved or _MOVED in outputs.alarms
        intent = outputs.record
        if self._draft is None and intent is not None and self._is_new(intent):
            self._draft = self._drafted(intent, now_us)
        elif intent is not None:
            self._tell_again(intent)
        self._submit()
        self._keep_on_deck(outputs)
        self.findings = (*self.visits.faults(now_us), *self._clocks.faults(now_us))
        if outputs.lookup != self._asked:
            self._asked = outputs.lookup
            self._vehicle = self._look_up(outputs.lookup) if outputs.lookup else None
        self._recall(outputs.recall)

    def rests_until_us(self, now_us: int) -> int:
        """Until when ``poll`` and ``take`` need not be called by a lane that wants nothing new.

        0 while anything is on its way to the disk; ``now_us`` is the last scan.  What is told of
        the disk and the vehicles stands as it is until then.
        """
        stored = not (self._draft or self._pending or self._failing)
        silent = self.fact.on_deck == self._on_deck and self.fact.recalled is None
        tended_us = self._tended_us
        if not (stored and silent) or tended_us is None or tended_us == now_us:
            return 0
        told_us = (*self.visits.until_us(now_us), *self._clocks.until_us(now_us))
        return min((tended_us + TEND_US, *told_us))

    def close(self) -> list[tuple[Key, object]]:
        """Store what can be stored and close the ledger; return what could not be stored."""
        return list(self._writer.close())

    def _is_new(self, intent: RecordIntent) -> bool:
        key = (intent.passage_id, intent.part)
        done = (self.fact.passage_id, self.fact.part)
        stored = self._done.get(key, (None, 0))[0] == intent
        return not (stored or key in self._pending or key in self._refused or key == done)

    def _tell_again(self, intent: RecordIntent) -> None:
        """Another record came to the disk with this one, and the lane was told of that alone."""
        key = (intent.passage_id, intent.part)
        stored, seq = self._done.get(key, (None, 0))
        if stored == intent and key != (self.fact.passage_id, self.fact.part):
            self.fact = replace(self.fact, passage_id=key[0], part=key[1], seq=seq)

    def _submit(self) -> None:
        draft = self._draft
        if draft is not None and self._writer.submit(draft.key, draft.record, draft.blobs):
            self._pending[draft.key] = draft.intent
            self._draft = None

    def _keep_on_deck(self, outputs: OutputImage) -> None:
        """Have the disk know whose interval runs, so that a restart takes nobody for another."""
        running = outputs.on_deck
        if running == self._on_deck:
            return
        entry = None if outputs.entry is None or not running else parts.End[outputs.entry.name]
        if self._writer.submit((running, 0), OnDeck(running, entry)):
            self._on_deck = running

    def _kept(self, found: OnDeck) -> None:
        self._failing, self._fault, self._failure = False, None, None
        self.fact = replace(self.fact, on_deck=found.passage_id, stay=None)

    def _drafted(self, intent: RecordIntent, now_us: int) -> Draft:
        """The record and, in one place, every blob that it names: what is named is handed over."""
        cutouts = self._cutouts.best(intent.reads)
        since = intent.decided_us if intent.boarded_us is None else intent.boarded_us
        evidence = Evidence(
            curve=self._weigh_room.curve_of(since),
            raw=self._weigh_room.raw_of(intent.weight),
            pictures=tuple(picture_of(blob) for blob in cutouts),
        )
        record = to_record(intent, self._identity, evidence)
        told = (*self._weigh_room.tamper_flags(), *self._clocks.flags(), *self._gate_flags())
        stills, unseen = self._stills.cut()
        flags = (*told, *unseen, *self.visits.flags(record, now_us), *self._signs.flags(record))
        stay = tells_of_the_stay(intent) and intent.boarded_us is not None
        counts = self._weigh_room.counts_of(since) if stay else ()
        named = self._identity.media_of(record)
        blobs = (*cutouts, *stills, *counts, *self._journal.cut(), *named)
        record = replace(record, flags=flags[:FLAGS_MAX], media=_named(blobs))
        return Draft(intent, record, blobs)

    def _gate_flags(self) -> tuple[str, ...]:
        """That a boom stood off its lower limit unasked, in the next record."""
        moved, self._boom_moved = self._boom_moved, False
        return (f"{Fault.BOOM_MOVED.value} {Fault.BOOM_MOVED.name}",) if moved else ()

    def _stored(self, key: Key, receipt: Receipt) -> None:
        intent = self._pending.pop(key)
        self._done[key] = intent, receipt.seq
        while len(self._done) > DONE_MAX:
            del self._done[next(iter(self._done))]
        self._failing, self._fault, self._failure = False, None, None
        if intent.service == RequestKind.VOID:
            self._asked = None  # the tare or the chain of the vehicle on its way may be void now
        # A word about no passage under way lets nobody out, and takes no permit back.
        permit = self.fact.permit if intent.service is not None else None
        if intent.permit is not None:
            permit = Permit(
                seq=receipt.seq,
                passage_id=intent.passage_id,
                end=End(intent.permit),
                by_person=intent.kind in _BY_PERSON,
            )
        self.fact = replace(
            self.fact,
            passage_id=intent.passage_id,
            part=intent.part,
            seq=receipt.seq,
            permit=permit,
            next_passage_id=max(self.fact.next_passage_id, intent.passage_id + 1),
        )

    def _failed(self, key: Key, failure: Failure) -> None:
        self._failing = True
        self._fault = _FAULTS.get(failure.code, Fault.LEDGER_DAMAGED)
        self._failure = self._failure or failure
        self._failed_us = None
        if not failure.code.retryable:
            self._pending.pop(key, None)
            self._refused.add(key)

    def _retry(self, now_us: int) -> None:
        """Try again by the clock: a host that hangs may have few scans in a minute."""
        if not self._failing:
            return
        if self._failed_us is None:
            self._failed_us = now_us
        elif now_us - self._failed_us >= RETRY_US:
            self._failed_us = None
            self._writer.retry()

    def _recall(self, passage_id: int) -> None:
        """Say what the ledger has of a passage, once none of its records is on the way there."""
        known = self.fact.recalled
        if passage_id == (0 if known is None else known.passage_id):
            return
        draft = self._draft
        if any(one == passage_id for one, _ in (*self._pending, *((draft.key,) if draft else ()))):
            return
        found = recalled(self.ledger, passage_id) if passage_id else None
        self.fact = replace(self.fact, recalled=found)

    def _look_up(self, plate: str) -> Vehicle:
        entry = self._register.lookup(plate) if self._register is not None else None
        vehicle = _papers(plate, entry)
        try:
            tare, chain = self.ledger.latest_tare(plate), self.ledger.open_chain(plate)
        except (LedgerError, sqlite3.Error):
            return vehicle
        if tare is not None:
            vehicle = replace(
                vehicle,
                tare_g=tare.tare_g,
                tare_taken_ms=tare.taken_ms,
                tare_seq=tare.seq,
                tare_clock=ClockQuality[tare.clock.name],
            )
        if chain is not None:
            vehicle = replace(
                vehicle,
                chain_token=chain.token,
                chain_previous_seq=chain.previous_seq,
                chain_cycles=chain.cycles,
            )
        return vehicle


def _named(blobs: tuple[Blob, ...]) -> tuple[custody.Media, ...]:
    """Plates stand among the images of a record, everything else among its media."""
    return tuple(
        custody.Media(kind=blob.kind, sha256=blob.sha256, bytes=len(blob.data))
        for blob in blobs
        if blob.kind != PLATE
    )


def _papers(plate: str, entry: RegisterEntry | None) -> Vehicle:
    # A register that mixes up its answers must not give a vehicle the limits of another.
    if entry is None or entry.plate != plate:
        return Vehicle(plate=plate)
    return Vehicle(
        plate=plate,
        axles=entry.axles,
        kind=entry.kind,
        single_drive_axle=entry.single_drive_axle,
        single_tyre_axles=entry.single_tyre_axles,
        wide_tyres=entry.wide_tyres,
        air_suspension_drive=entry.air_suspension_drive,
        trailer_tandem_spacing_mm=entry.trailer_tandem_spacing_mm,
        licence_gvm_g=entry.licence_gvm_g,
        licence_payload_g=entry.licence_payload_g,
        height_mm=entry.height_mm,
        width_mm=entry.width_mm,
        length_mm=entry.length_mm,
        cargo=cargo_of(entry),
    )
