"""The whole lane on a disk that fills and fails: held, nobody let in, and then on by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from day_rig import lane_in
from files_rig import BROKEN, FULL, ModelFiles, sound
from msgspec.structs import replace

from board.profile import read_profile
from controller import diskwatch
from controller.core.faults import Fault
from controller.core.images import OutputImage
from controller.core.kinds import BoomCommand, Message, Phase
from controller.scan import Scan
from hal.ports import PersonRequest
from protocol.files import Space
from protocol.media import Blob, MediaStore
from protocol.parts import Kind, Outcome
from protocol.record import Record
from protocol.verify import verify_folder
from sim.run import simulate
from sim.world import Yard

DISK = 100_000_000_000
SECOND = 1_000_000


class Rig:
    """One truck's yard, its lane, and the lane's disk."""

    def __init__(self, folder: Path, overrides: Mapping[str, object] | None = None) -> None:
        self.files = ModelFiles()
        self.use(10)
        self.yard = Yard.from_scenario("legal", seed=3)
        self.yard.paint = False
        self.lane: Scan = lane_in(self.yard, folder, overrides, self.files)
        self.raised = 0
        self.alarms: set[int] = set()

    def use(self, percent: float) -> None:
        self.files.free = Space(DISK, round(DISK * (1 - percent / 100)))

    def run(self, seconds: float) -> None:
        self.alarms = set()
        simulate(
            self.lane,
            self.yard,
            until_us=self.yard.now_us + int(seconds * SECOND),
            watch=lambda _, out: self._watch(out),
        )

    def run_until(self, phase: Phase, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.run(1)
            if self.lane.lane.phase == phase:
                return
        raise AssertionError(f"{self.lane.lane.phase!r} after {seconds} s, wanted {phase!r}")

    def _watch(self, out: OutputImage) -> None:
        self.raised += BoomCommand.RAISE in out.booms
        self.alarms |= set(out.alarms)

    @property
    def records(self) -> list[Record]:
        records = self.lane.bookkeeper.ledger.records()
        return [record for record in records if record.kind is not Kind.RETENTION]

    def stored_whole(self) -> bool:
        """Whether every medium that a record names is there, durably."""
        durable = {path.stem: data for path, data in self.files.durable.items()}
        named = [medium.sha256 for record in self.records for medium in record.media]
        named += [image.sha256 for record in self.records for image in record.images]
        return bool(named) and all(digest.hex() in durable for digest in named)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """The disk is looked at once a second, so that no test waits long for it."""
    monkeypatch.setattr(diskwatch, "TEND_US", SECOND)
    rig = Rig(tmp_path)
    yield rig
    rig.files.fails = sound
    rig.lane.bookkeeper.close()


def test_a_filling_disk_alarms_and_stops_nobody(rig: Rig) -> None:
    rig.use(96)
    rig.run_until(Phase.RELEASING, 180)
    (record,) = rig.records
    assert record.decision is not None
    assert record.decision.outcome is Outcome.RELEASE
    assert rig.stored_whole()
    for percent, alarms in (
        (93.5, {Fault.DISK_NEARLY_FULL}),
        (92, {Fault.DISK_FILLING}),
        (78.5, {Fault.DISK_FILLING}),
        (77, set()),
        (79.5, set()),
        (80, {Fault.DISK_FILLING}),
    ):
        rig.use(percent)
        rig.run(1.1)
        rig.run(0.1)
        assert rig.alarms & {Fault.DISK_FILLING, Fault.DISK_NEARLY_FULL} == alarms, percent


def test_without_room_nobody_is_let_in_until_there_is_some(rig: Rig) -> None:
    rig.run_until(Phase.IDLE, 20)
    rig.use(99.99)
    rig.run_until(Phase.LEDGER_AWAY, 40)
    rig.raised = 0
    rig.run(60)
    assert rig.raised == 0
    assert rig.records == []
    assert {Fault.DISK_FULL, Fault.LEDGER_AWAY} <= rig.alarms
    assert rig.lane.outputs.sign.message == Message.NO_RECORDS
    rig.use(50)
    rig.run_until(Phase.RELEASING, 180)
    assert [record.kind for record in rig.records] == [Kind.PASSAGE]


@pytest.mark.parametrize(("operation", "cause"), [("write", FULL), ("sync_folder", BROKEN)])
def test_a_truck_whose_media_cannot_be_stored_is_held_and_then_let_go_by_itself(
    rig: Rig, operation: str, cause: int
) -> None:
    rig.run_until(Phase.WEIGHING, 120)
    rig.files.fails = lambda number, done, path: cause if done == operation else 0
    rig.run_until(Phase.LEDGER_AWAY, 60)
    rig.raised = 0
    rig.run(10)
    rig.run_until(Phase.LEDGER_AWAY, 1)
    assert rig.raised == 0, "a boom rose without a record on disk"
    assert rig.records == []
    assert rig.lane.bookkeeper.failure is not None
    assert "media" in rig.lane.bookkeeper.failure.path
    expected = Fault.DISK_FULL if cause == FULL else Fault.DISK_ERROR
    assert {expected, Fault.LEDGER_AWAY} <= rig.alarms
    assert rig.lane.outputs.sign.message == Message.NO_RECORDS
    rig.files.fails = sound
    rig.run_until(Phase.RELEASING, 10)
    assert rig.stored_whole()
    assert [record.kind for record in rig.records] == [Kind.PASSAGE]
    assert rig.lane.bookkeeper.failure is None
    assert rig.lane.bookkeeper.ledger.verify() == []


def test_a_file_with_other_bytes_is_told(rig: Rig) -> None:
    rig.run_until(Phase.IDLE, 20)
    ledger = rig.lane.bookkeeper.ledger
    store = MediaStore(ledger.path.parent / "media", rig.files)
    config = Blob(kind="config", data=read_profile("sim").config)
    store.folder.mkdir()
    (store.folder / config.name).write_bytes(b"another site")
    rig.run_until(Phase.RELEASING, 180)
    rig.run(1.1)
    assert Fault.MEDIA_SPOILED in rig.alarms
    assert store.read(config.sha256, "config") == config.data


def test_a_start_that_found_the_ledger_damaged_says_so(tmp_path: Path) -> None:
    first = Rig(tmp_path)
    first.run_until(Phase.RELEASING, 180)
    (record,) = first.records
    first.lane.bookkeeper.close()
    path = first.lane.bookkeeper.ledger.path
    path.write_bytes(b"\0" * 512 + path.read_bytes()[512:])
    again = Rig(tmp_path)
    again.run(1)
    assert Fault.LEDGER_RECOVERED in again.alarms
    again.run_until(Phase.IDLE, 20)
    assert record in again.records
    again.lane.bookkeeper.close()


def test_the_levels_are_those_of_the_site_file(tmp_path: Path) -> None:
    rig = Rig(tmp_path, {"disk.alarm": "50 %", "disk.room": "30 GB"})
    rig.use(60)
    rig.run(1)
    assert rig.alarms & {Fault.DISK_FILLING, Fault.DISK_FULL} == {Fault.DISK_FILLING}
    rig.use(75)
    rig.run(11)
    assert Fault.DISK_FULL in rig.alarms
    rig.lane.bookkeeper.close()


def test_media_of_their_age_go_after_a_restart_and_the_record_stays(tmp_path: Path) -> None:
    rules = {"retention.counts": "1 d", "retention.without_acknowledgement": ["counts"]}
    first = Rig(tmp_path, rules)
    first.run_until(Phase.RELEASING, 180)
    (record,) = first.records
    first.lane.bookkeeper.close()
    counts = next(medium.sha256 for medium in record.media if medium.kind == "counts")
    later = Rig(tmp_path, rules)
    days = 2 * 86_400_000
    later.yard.options = replace(
        later.yard.options, wall_start_ms=later.yard.options.wall_start_ms + days
    )
    later.run(1)
    store = MediaStore(tmp_path / "media")
    assert not store.has(counts)
    assert all(store.has(m.sha256) for m in record.media if m.kind != "counts")
    ledger = later.lane.bookkeeper.ledger
    (note,) = [found.retention for found in ledger.records() if found.retention is not None]
    assert (note.kind, note.why, note.sha256) == ("counts", "age", (counts,))
    assert record in later.records
    later.lane.bookkeeper.close()
    assert verify_folder(tmp_path).findings == (), "a rule is no theft"
    store.remove([blob for blob in store.names() if blob.endswith(".journal")][:1])
    assert [found.code for found in verify_folder(tmp_path).findings] == ["media_missing"]


def test_two_records_that_wait_for_the_disk_are_both_stored_once_and_both_told(rig: Rig) -> None:
    rig.run_until(Phase.IDLE, 20)
    rig.yard.operator.request(PersonRequest(kind="ENTER_MANUAL", who="li", why="a look"))
    rig.run_until(Phase.MANUAL, 5)
    rig.files.fails = lambda number, done, path: FULL if done == "write" else 0
    rig.yard.operator.request(PersonRequest(kind="CLEAR_CELLS", who="li", why="repaired"))
    rig.run(1)
    assert rig.lane.lane.service is not None
    rig.yard.operator.request(
        PersonRequest(kind="RAISE_BOOM", who="li", why="a look at the boom", end="road")
    )
    rig.run(1)
    assert rig.records == []
    rig.files.fails = sound
    rig.run(10)
    assert [record.kind for record in rig.records] == [Kind.SERVICE, Kind.MANUAL_MOVE]
    assert rig.lane.lane.service is None, "the lane waits for a record that is there"
    assert rig.lane.bookkeeper.failure is None


def test_a_host_with_few_scans_takes_its_disk_back_by_the_clock(rig: Rig) -> None:
    rig.run_until(Phase.IDLE, 20)
    rig.yard.operator.request(PersonRequest(kind="ENTER_MANUAL", who="li", why="a look"))
    rig.run_until(Phase.MANUAL, 5)
    rig.files.fails = lambda number, done, path: FULL if done == "write" else 0
    rig.yard.operator.request(PersonRequest(kind="CLEAR_CELLS", who="li", why="repaired"))
    rig.run(1)
    rig.files.fails = sound
    for _ in range(5):
        rig.yard.advance(1_500_000)
        rig.lane.once()
    assert [record.kind for record in rig.records] == [Kind.SERVICE]
