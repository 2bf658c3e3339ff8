"""Holding one stored record against its journal: the same outputs, and the same bytes.

The record is made again from what the core asked for.  What no input image holds is taken from the
stored record and therefore not proven here: who the box is, the weight curve and raw counts, the
digests of files, flags.  The seals and digests of those are what ``steelyard verify`` checks.  Of
an indicator's weight the frames lie in the record, and are held to it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from controller.core.images import RecordIntent
from controller.journal import KIND, SETTINGS_KIND
from controller.journalfile import Settings
from controller.journalread import JournalError, JournalFile, read_journal, read_settings
from controller.recorder import evidence_in, to_record
from controller.recording.identity import RULES, identity_in
from controller.recording.reweighing import weight_of_frames
from controller.replay import Difference, Divergence, Replayer, differences
from controller.rulebook import ruleset
from controller.rulefile import RuleFile, parse_rules
from protocol.record import LEDGER_KINDS, Record, RecordError, decode, encode
from sensors.indicated_rule import METHOD

OF_THE_BOX = ("schema", "seq", "prev_hash", "flags", "media", "clips")
"""Fields that are taken from the stored record as they are."""


class Result(StrEnum):
    """What a replay says of one record."""

    IDENTICAL = "identical"
    DIFFERENT = "different"
    NOT_REPLAYABLE = "not replayable"
    OWN = "the ledger's own"
    DAMAGED = "damaged"


class Checked(Struct, frozen=True, kw_only=True):
    """One record replayed; ``fields`` are those of the record that came out otherwise."""

    seq: int
    result: Result
    kind: str = ""
    passage_id: int = 0
    part: int = 0
    why: str = ""
    divergence: Divergence | None = None
    fields: tuple[Difference, ...] = ()
    scans: int = 0
    span_us: int = 0
    outputs_sha256: str = ""


ReadMedia = Callable[[bytes, str], bytes]
"""The bytes of a digest and kind; FileNotFoundError, ValueError or OSError where there are none."""


class Checker:
    """Replays records in the order of their seq; settings that many of them share are read once.

    ``dropped`` says whether the ledger has a record by which a file was removed.
    """

    def __init__(self, read: ReadMedia, dropped: Callable[[bytes], bool]) -> None:
        self._read = read
        self._dropped = dropped
        self._replayer = Replayer()
        self._settings: dict[bytes, Settings] = {}
        self._tables: dict[bytes, RuleFile] = {}

    def check(self, seq: int, payload: bytes) -> Checked:
        """Replay the record of these bytes."""
        try:
            record = decode(payload)
        except RecordError as error:
            return Checked(seq=seq, result=Result.DAMAGED, why=f"the record: {error}")
        about = Checked(
            seq=seq,
            result=Result.NOT_REPLAYABLE,
            kind=record.kind.name,
            passage_id=record.passage_id,
            part=record.part,
        )
        if record.kind in LEDGER_KINDS:
            return replace(about, result=Result.OWN)
        named = [medium for medium in record.media if medium.kind == KIND]
        if not named:
            return replace(about, why="no journal was kept with it")
        gone = [medium.sha256 for medium in named if self._dropped(medium.sha256)]
        if gone:
            return replace(about, why=f"its journal {gone[0].hex()} was removed by retention")
        try:
            journals = [read_journal(self._read(medium.sha256, KIND)) for medium in named]
            return self._replayed(about, record, payload, journals)
        except (OSError, ValueError) as error:
            self._replayer = Replayer()
            return replace(about, result=Result.DAMAGED, why=str(error))

    def _replayed(
        self, about: Checked, record: Record, payload: bytes, journals: list[JournalFile]
    ) -> Checked:
        unproven = _frames_differ(record)
        if unproven:
            return replace(about, result=Result.DIFFERENT, why=unproven)
        settings = self._settings_of(record, journals[0])
        rival = self._rival_table(record, settings)
        if rival:
            why = f"the settings judge by another book than the rule tables on record: {rival}"
            return replace(about, result=Result.DIFFERENT, why=why)
        entries = (entry for journal in journals for entry in journal.entries())
        outcome = self._replayer.run(entries, settings)
        about = replace(
            about,
            scans=outcome.scans,
            span_us=outcome.span_us,
            outputs_sha256=outcome.outputs_sha256,
            divergence=outcome.divergence,
        )
        if outcome.divergence is not None:
            raised = outcome.error
            why = f"today's core raises {raised.type}: {raised.text}" if raised else ""
            return replace(about, result=Result.DIFFERENT, why=why)
        intent = outcome.intent
        if intent is None or (intent.passage_id, intent.part) != (record.passage_id, record.part):
            return replace(
                about, result=Result.DIFFERENT, why="the journal does not end in this record"
            )
        return _compared(about, record, payload, rebuilt(intent, record, settings))

    def _rival_table(self, record: Record, settings: Settings) -> str:
        """The tables that the settings quote and do not follow; empty if none, or none is kept.

        The book in the settings is what judged; the tables are what the record says did.
        """
        names = record.verdicts.rules if record.verdicts is not None else ()
        digests = {table.id: table.sha256 for table in record.tables}
        kept = {medium.sha256 for medium in record.media if medium.kind == RULES}
        if not names or any(digests.get(name) not in kept for name in names):
            return ""
        files = [self._table(name, digests[name]) for name in names]
        for period in settings.lane.book.periods:
            if period.versions == names and period != ruleset(period.effective, files):
                return ", ".join(names)
        return ""

    def _table(self, name: str, digest: bytes) -> RuleFile:
        if digest not in self._tables:
            self._tables[digest] = parse_rules(self._read(digest, RULES), Path(name))
        return self._tables[digest]

    def _settings_of(self, record: Record, journal: JournalFile) -> Settings:
        digest = journal.header.settings
        if digest not in {medium.sha256 for medium in record.media if medium.kind == SETTINGS_KIND}:
            raise JournalError(f"the record does not name the journal's settings {digest.hex()}")
        if digest not in self._settings:
            self._settings = {digest: read_settings(self._read(digest, SETTINGS_KIND))}
        return self._settings[digest]


def _frames_differ(record: Record) -> str:
    """What an indicator's frames say otherwise than the record that holds them; "" if nothing."""
    weighing = record.weighing
    if weighing is None or weighing.raw is None or weighing.estimator != METHOD:
        return ""
    try:
        weight_g = weight_of_frames(weighing)
    except ValueError as error:
        return str(error)
    if weight_g == weighing.gross_g:
        return ""
    return f"its frames are {weight_g} g by the rule it states, not {weighing.gross_g} g"


def _compared(about: Checked, record: Record, payload: bytes, today: Record) -> Checked:
    try:
        same = encode(today) == payload
    except RecordError as error:
        return replace(about, result=Result.DIFFERENT, why=f"today it is not a record: {error}")
    if same:
        return replace(about, result=Result.IDENTICAL)
    fields = differences(record, today)
    return replace(about, result=Result.DIFFERENT, why="the record differs", fields=fields)


def rebuilt(intent: RecordIntent, stored: Record, settings: Settings) -> Record:
    """The record that today's program makes of an intent, with the box's part of ``stored``."""
    identity = identity_in(stored, settings.lane.tare_expiry_ms)
    record = to_record(intent, identity, evidence_in(stored))
    return replace(record, **{name: getattr(stored, name) for name in OF_THE_BOX})
