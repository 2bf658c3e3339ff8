"""Retention and room: by rule, on record first, only what may go, and never on a doubtful date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from files_rig import BROKEN, FULL, Fails, ModelFiles, sound
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_rig import KEY, LANE, SITE, WALL_MS, passage
from msgspec.structs import replace

from protocol.custody import Media
from protocol.dates import DAY_MS, Calendar
from protocol.errors import Code, LedgerError
from protocol.files import Space
from protocol.ledger import Ledger
from protocol.media import Blob, MediaStore
from protocol.parts import ClockQuality, Kind, Times
from protocol.record import Record
from protocol.retention import BALLAST, Policy, Rule, Upkeep

HOUR_MS = 3_600_000
DAY_ONE = datetime(2025, 11, 22)
NINETY = Policy(rules=(Rule(kind="journal", keep_ms=90 * DAY_MS),))
AMPLE, TIGHT, NEARLY, NONE = (
    Space(10_000_000_000, free) for free in (9_000_000_000, 1_900_000_000, 490_000_000, 1_000)
)


def at(days: float, *, hours: float = 0, clock: ClockQuality = ClockQuality.SYNCHRONISED) -> Times:
    """The time so many days after the first record; the monotonic clock runs along."""
    passed_ms = int(days * DAY_MS + hours * HOUR_MS)
    day = DAY_ONE + timedelta(milliseconds=passed_ms)
    date = day.year * 10_000 + day.month * 100 + day.day
    return Times(at_us=passed_ms * 1000, wall_ms=WALL_MS + passed_ms, clock=clock, date=date)


class Rig:
    """A ledger with media of some days, on a disk that a test fills and breaks."""

    def __init__(self, folder: Path, fails: Fails = sound) -> None:
        self.files = ModelFiles(fails)
        self.files.free = AMPLE
        self.store = MediaStore(folder / "media", self.files)
        self.ledger = Ledger.open(folder / "l.sqlite", SITE, LANE, key=KEY)
        self.named: dict[int, Blob] = {}
        self.seqs: dict[int, int] = {}

    def passage(self, number: int, day: float, kind: str = "journal") -> Blob:
        blob = Blob(kind=kind, data=b"%s %d" % (kind.encode(), number))
        self.store.put([blob])
        self.seqs[number] = self.ledger.append(with_media(number, day, blob)).seq
        self.named[number] = blob
        return blob

    def acknowledge(self, numbers: Iterable[int]) -> None:
        """The platform has these passages, and all that the ledger wrote by itself."""
        own = {record.seq for record in self.ledger.records()} - set(self.seqs.values())
        self.ledger.acknowledge({self.seqs[number] for number in numbers} | own, 0)

    def upkeep(self, policy: Policy = NINETY) -> Upkeep:
        return Upkeep(self.ledger, self.store, policy)

    def run(self, upkeep: Upkeep, now: Times) -> None:
        for _ in range(100):
            if not upkeep.step(now):
                return
        raise AssertionError("the upkeep does not come to an end")

    def steadily(self, upkeep: Upkeep, days: float) -> None:
        """Let the clock run so far in hours, as a lane does."""
        for hour in range(round(days * 24)):
            self.run(upkeep, at(0, hours=hour))

    @property
    def kept(self) -> set[int]:
        return {number for number, blob in self.named.items() if self.store.has(blob.sha256)}

    @property
    def notes(self) -> list[Record]:
        return [record for record in self.ledger.records() if record.kind is Kind.RETENTION]


def with_media(number: int, day: float, *blobs: Blob) -> Record:
    media = tuple(Media(kind=b.kind, sha256=b.sha256, bytes=len(b.data)) for b in blobs)
    return passage(number, times=at(day), media=media)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.ledger.close()


def test_what_has_reached_its_age_goes_and_the_record_says_so(rig: Rig) -> None:
    for number in range(1, 6):
        rig.passage(number, day=number)
    rig.passage(6, day=1, kind="video")
    rig.acknowledge(rig.named)
    upkeep = rig.upkeep()
    rig.run(upkeep, at(0))
    assert rig.notes == []
    rig.steadily(upkeep, 94.4)
    assert rig.kept == {4, 5, 6}
    assert [note.retention.why for note in rig.notes if note.retention] == ["age"] * 3
    said = [digest for note in rig.notes if note.retention for digest in note.retention.sha256]
    assert said == [rig.named[number].sha256 for number in (1, 2, 3)]
    first = rig.notes[0].retention
    assert first is not None
    assert (first.kind, first.bytes) == ("journal", len(rig.named[1].data))
    assert rig.ledger.verify() == []


def test_records_never_go_and_a_kind_without_a_rule_neither(rig: Rig) -> None:
    for number, kind in enumerate(("journal", "counts", "plate"), start=1):
        rig.passage(number, day=0, kind=kind)
    rig.acknowledge(rig.named)
    rig.run(rig.upkeep(Policy()), at(6.9))
    rig.run(rig.upkeep(Policy(rules=(Rule(kind="video", keep_ms=0),))), at(6.9))
    assert rig.kept == {1, 2, 3}
    assert rig.notes == []


def test_what_the_platform_has_not_acknowledged_stays_unless_its_kind_may_go(rig: Rig) -> None:
    for number in (1, 2, 3, 4):
        rig.passage(number, day=0)
    rig.acknowledge([1, 2, 4])
    rule = Rule(kind="journal", keep_ms=DAY_MS)
    rig.run(rig.upkeep(Policy(rules=(rule,))), at(6))
    assert rig.kept == {3, 4}, "from the first unacknowledged record on everything stays"
    rig.run(rig.upkeep(Policy(rules=(replace(rule, acknowledged=False),))), at(6))
    assert rig.kept == set()


def test_a_medium_that_a_young_record_names_again_stays(rig: Rig) -> None:
    shared = rig.passage(1, day=0)
    rig.ledger.append(with_media(2, 5, shared))
    rig.acknowledge(rig.named)
    policy = Policy(rules=(Rule(kind="journal", keep_ms=3 * DAY_MS),))
    upkeep = rig.upkeep(policy)
    rig.run(upkeep, at(6))
    assert rig.kept == {1}
    rig.run(upkeep, at(8.5))
    assert rig.kept == set()
    assert len(rig.notes) == 1


def test_the_record_is_durable_before_the_first_file_goes(rig: Rig) -> None:
    rig.passage(1, day=0)
    rig.acknowledge([1])
    rig.files.fails = lambda number, operation, path: BROKEN if operation == "unlink" else 0
    upkeep = rig.upkeep(Policy(rules=(Rule(kind="journal", keep_ms=DAY_MS),)))
    rig.run(upkeep, at(6))
    assert rig.kept == {1}
    assert len(rig.notes) == 1
    assert upkeep.disk.failure is not None
    assert upkeep.disk.failure.code is Code.IO
    rig.files.fails = sound
    rig.run(upkeep, at(6))
    assert rig.kept == set()
    assert len(rig.notes) == 1, "said once"
    assert upkeep.disk.failure is None


def test_nothing_goes_while_the_record_of_it_cannot_be_stored(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(record: Record) -> object:
        raise LedgerError(Code.IO, rig.ledger.path, "the disk reports an error", "check the disk")

    rig.passage(1, day=0)
    rig.acknowledge([1])
    monkeypatch.setattr(rig.ledger, "note", refuse)
    upkeep = rig.upkeep(Policy(rules=(Rule(kind="journal", keep_ms=0),)))
    for _ in range(3):
        rig.run(upkeep, at(6))
        assert rig.kept == {1}
        assert upkeep.disk.failure is not None


@pytest.mark.parametrize("clock", [ClockQuality.FREE_RUNNING, ClockQuality.UNKNOWN])
def test_a_clock_that_nobody_vouches_for_removes_nothing(rig: Rig, clock: ClockQuality) -> None:
    rig.passage(1, day=0)
    rig.acknowledge([1])
    upkeep = rig.upkeep(Policy(rules=(Rule(kind="journal", keep_ms=0),)))
    rig.run(upkeep, at(6, clock=clock))
    assert rig.kept == {1}


class TestCalendar:
    """Which dates may be trusted with something that cannot be undone."""

    def test_an_even_run_is_trusted_at_once(self) -> None:
        calendar = Calendar(None)
        assert all(calendar.trusts(at(day / 10)) for day in range(100))

    @pytest.mark.parametrize("days", [400, -400, 0.5, -0.5])
    def test_a_jump_must_last_for_a_day(self, days: float) -> None:
        calendar = Calendar(None)
        assert calendar.trusts(at(1000))
        for hour in range(24):
            assert not calendar.trusts(self._jumped(days, hour))
        assert calendar.trusts(self._jumped(days, 25))

    def test_a_jump_there_and_back_is_two_jumps(self) -> None:
        calendar = Calendar(None)
        assert calendar.trusts(at(1000))
        assert not calendar.trusts(self._jumped(400, 1))
        assert not calendar.trusts(at(1000, hours=2))
        assert not calendar.trusts(at(1000, hours=25))
        assert calendar.trusts(at(1000, hours=27))

    @pytest.mark.parametrize(("days", "trusted"), [(0, True), (6.9, True), (8, False), (-1, False)])
    def test_a_start_far_from_the_newest_record_is_doubted(
        self, days: float, trusted: bool
    ) -> None:
        assert Calendar(WALL_MS).trusts(at(days)) is trusted

    def test_an_hour_of_summer_time_or_a_leap_second_is_no_jump(self) -> None:
        calendar = Calendar(None)
        assert calendar.trusts(at(1))
        assert calendar.trusts(replace(at(2), at_us=at(2).at_us + HOUR_MS * 1000))

    @staticmethod
    def _jumped(days: float, hour: float) -> Times:
        return replace(at(1000 + days, hours=hour), at_us=at(1000, hours=hour).at_us)


def test_alarms_come_at_their_level_and_go_again_below_it(rig: Rig) -> None:
    upkeep = rig.upkeep()

    def levels(percent_used: float) -> tuple[bool, bool]:
        rig.files.free = Space(10_000_000_000, int(10_000_000_000 * (1 - percent_used / 100)))
        rig.run(upkeep, at(0))
        return upkeep.disk.filling, upkeep.disk.critical

    assert levels(79.9) == (False, False)
    assert levels(80) == (True, False)
    assert levels(78.5) == (True, False)
    assert levels(77.9) == (False, False)
    assert levels(95) == (True, True)
    assert levels(93.5) == (True, True)
    assert levels(92.9) == (True, False)
    assert not upkeep.disk.full


def test_without_room_the_disk_is_full_until_there_is_more_than_just_enough(rig: Rig) -> None:
    upkeep = rig.upkeep(Policy(room_bytes=64_000_000))
    for free, full in ((64_000_000, False), (63_999_999, True), (70_000_000, True)):
        rig.files.free = Space(1_000_000_000, free)
        rig.run(upkeep, at(0))
        assert upkeep.disk.full is full
    rig.files.free = Space(1_000_000_000, 80_000_000)
    rig.run(upkeep, at(0))
    assert not upkeep.disk.full


def test_a_full_disk_lets_the_oldest_go_that_the_platform_has_and_nothing_else(rig: Rig) -> None:
    for number in range(1, 9):
        rig.passage(number, day=0, kind="plate" if number % 2 else "journal")
    rig.acknowledge([1, 2, 3, 5, 6])
    rig.files.free = NEARLY
    upkeep = rig.upkeep(Policy())
    rig.run(upkeep, at(0, clock=ClockQuality.UNKNOWN))
    assert rig.kept == {4, 7, 8}
    assert upkeep.disk.critical
    assert upkeep.disk.freed == 5
    assert {note.retention.why for note in rig.notes if note.retention} == {"space"}
    assert rig.ledger.verify() == []


def test_no_more_goes_than_brings_the_disk_below_its_alarm(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocol.retention.SLICE", 2)
    for number in range(1, 9):
        rig.passage(number, day=0)
    rig.acknowledge(rig.named)
    rig.files.free = NEARLY
    remove = rig.store.remove
    freed: list[str] = []

    def counted(names: tuple[str, ...]) -> None:
        remove(names)
        freed.extend(names)
        rig.files.free = AMPLE if len(freed) >= 4 else NEARLY

    monkeypatch.setattr(rig.store, "remove", counted)
    rig.run(rig.upkeep(Policy()), at(0))
    assert rig.kept == {5, 6, 7, 8}


def test_the_record_of_what_goes_has_room_even_on_a_full_disk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballast = rig.ledger.path.parent / BALLAST
    rig.passage(1, day=0)
    rig.acknowledge([1])
    upkeep = rig.upkeep(Policy())
    rig.run(upkeep, at(0))
    assert ballast.exists()
    note = rig.ledger.note

    def refuse(record: Record) -> object:
        if ballast.exists():
            raise LedgerError(Code.DISK_FULL, rig.ledger.path, "the disk is full", "free space")
        return note(record)

    monkeypatch.setattr(rig.ledger, "note", refuse)
    rig.files.free = NONE
    assert upkeep.make_room(at(0))
    assert rig.kept == set()
    assert not ballast.exists()
    rig.files.free = AMPLE
    rig.run(upkeep, at(0))
    assert ballast.exists(), "kept again for the next time"


def test_a_start_sweeps_what_a_power_cut_left_half_written(rig: Rig) -> None:
    rig.passage(1, day=0)
    part = rig.store.folder / "0.png.part"
    part.write_bytes(b"half")
    rig.run(rig.upkeep(), at(0))
    assert not part.exists()
    assert rig.kept == {1}


def test_a_start_removes_what_was_let_go_before_the_power_went(rig: Rig) -> None:
    """The record of it is on disk, the unlink never came."""
    rig.passage(1, day=0)
    rig.passage(2, day=0)
    rig.acknowledge([1])
    rig.files.fails = lambda number, operation, path: BROKEN if operation == "unlink" else 0
    rig.run(rig.upkeep(Policy(rules=(Rule(kind="journal", keep_ms=0),))), at(1))
    assert rig.kept == {1, 2}
    rig.files.fails = sound
    rig.store = MediaStore(rig.store.folder, rig.files)
    rig.run(rig.upkeep(Policy()), at(1))
    assert rig.kept == {2}
    assert len(rig.notes) == 1


def test_a_start_sets_aside_what_no_record_names(rig: Rig) -> None:
    """Its record never came to be; nothing of it is thrown away."""
    rig.passage(1, day=0)
    lost = [Blob(kind="plate", data=bytes([number])) for number in range(150)]
    config = Blob(kind="config", data=b"[site]")
    rig.store.put([*lost, config])
    rig.store = MediaStore(rig.store.folder, rig.files)
    waiting = Blob(kind="journal", data=b"of a record that is on its way")
    rig.store.put([waiting, lost[0]])
    upkeep = rig.upkeep()
    rig.run(upkeep, at(0))
    kept = {lost[0].name, waiting.name, config.name, rig.named[1].name}
    assert set(rig.store.names()) == kept
    aside = {path.name: path.read_bytes() for path in rig.store.quarantine.iterdir()}
    assert aside == {blob.name: blob.data for blob in lost[1:]}
    rig.store.put([Blob(kind="plate", data=b"later")])
    rig.run(upkeep, at(0))
    assert len(set(rig.store.names())) == len(kept) + 1


def test_a_file_that_cannot_be_removed_does_not_keep_the_others(rig: Rig) -> None:
    for number in (1, 2, 3):
        rig.passage(number, day=0)
    rig.acknowledge([1, 2, 3])
    stuck = rig.store.folder / rig.named[1].name
    rig.files.fails = lambda number, done, path: BROKEN if (done, path) == ("unlink", stuck) else 0
    upkeep = rig.upkeep(Policy(rules=(Rule(kind="journal", keep_ms=0),)))
    for _ in range(3):
        rig.run(upkeep, at(1))
        assert upkeep.disk.failure is not None
    assert rig.kept == {1}
    rig.passage(4, day=1)
    rig.acknowledge([1, 2, 3, 4])
    rig.run(upkeep, at(2.1))
    assert rig.kept == {1}, "and the rules go on"
    rig.files.fails = sound
    rig.run(upkeep, at(2.1))
    assert rig.kept == set()


def test_what_was_let_go_and_is_named_again_stays(rig: Rig) -> None:
    """The unlink failed; before it is tried again a new record names the same bytes."""
    again = rig.passage(1, day=0)
    rig.acknowledge([1])
    rig.files.fails = lambda number, operation, path: BROKEN if operation == "unlink" else 0
    upkeep = rig.upkeep(Policy(rules=(Rule(kind="journal", keep_ms=DAY_MS),)))
    rig.run(upkeep, at(2))
    assert len(rig.notes) == 1
    rig.files.fails = sound
    rig.store.put([again])
    rig.ledger.append(with_media(2, 2, again))
    rig.run(upkeep, at(2.1))
    assert rig.kept == {1}
    assert upkeep.disk.failure is None


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    faults=st.sets(st.integers(0, 120), max_size=40),
    cause=st.sampled_from((FULL, BROKEN)),
    acknowledged=st.sets(st.integers(1, 8)),
    space=st.sampled_from((AMPLE, TIGHT, NEARLY, NONE)),
)
def test_whatever_fails_only_what_may_go_goes_and_a_record_says_so(
    faults: set[int], cause: int, acknowledged: set[int], space: Space
) -> None:
    """The disk fails at any operation; in the end all is as if it never had."""
    with TemporaryDirectory() as folder:
        rig = Rig(Path(folder))
        for number in range(1, 9):
            rig.passage(number, day=0 if number < 5 else 6)
        rig.acknowledge(acknowledged)
        rig.files.log.clear()
        rig.files.fails = lambda number, operation, path: cause if number in faults else 0
        rig.files.free = space
        upkeep = rig.upkeep(Policy(rules=(Rule(kind="journal", keep_ms=3 * DAY_MS),)))
        for _ in range(len(faults) + 2):
            rig.run(upkeep, at(6.1))
            gone = set(rig.named) - rig.kept
            said = {d for note in rig.notes if note.retention for d in note.retention.sha256}
            assert {rig.named[number].sha256 for number in gone} <= said
        assert upkeep.disk.failure is None
        assert {rig.named[number].sha256 for number in gone} == said
        known = next(n for n in range(1, 10) if n not in acknowledged) - 1
        aged = set(range(1, min(known, 4) + 1))
        short = space in (NEARLY, NONE)
        assert gone == (acknowledged if short else aged)
        assert rig.ledger.verify() == []
        rig.ledger.close()
