"""Rides on a disk with trouble, deaths within a scan, power cuts; and a judge who sees the harm."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from ledger_rig import KEY, LANE, SITE, passage

import sim.explore.ride
from controller.bookkeeper import Bookkeeper
from protocol.ledger import Held, Ledger
from protocol.media import MediaStore
from protocol.ondeck import OnDeck
from protocol.parts import Kind
from protocol.record import Record
from protocol.retention import Upkeep
from protocol.rows import Receipt
from sim.disk.calls import recording
from sim.disk.recorder import Recorder
from sim.explore.deal import deal
from sim.explore.disk import Health, Refusals, RideFiles, Trouble
from sim.explore.disk_death import die_within
from sim.explore.disk_ground import RecordedGround, damage
from sim.explore.disk_writer import RideWriter, Told
from sim.explore.plan import Kill, Plan, Table
from sim.explore.ride import ride
from sim.units import ScenarioError

TRUCK: Table = {
    "day": {"begins": "2026-11-22 23:59"},
    "truck": [{"configuration": "2-axle truck", "weighs": "legal"}],
}
CUT: Table = {"at": "15 s", "dead": "1.5 s", "power": "cut", "within": "record", "calls": 1500}
SLOW: Table = {"kind": "slow", "takes": "2 s", "from": "1 s", "until": "40 s"}


def plan(**more: list[Table]) -> Plan:
    """One lawful truck, with this trouble."""
    return Plan(seed=3, table=TRUCK | more)


class Clock:
    """The yard's clock, set by hand."""

    def __init__(self) -> None:
        self.us = 0

    def __call__(self) -> int:
        return self.us


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"disk": [{"kind": "sloww", "from": "1 s", "until": "2 s"}]}, "did you mean 'slow'"),
        ({"disk": [{"kind": "full", "from": "2 s", "until": "2 s"}]}, "after it has begun"),
        ({"disk": [SLOW | {"kind": "full"}]}, "only a slow disk takes time"),
        ({"disk": [SLOW | {"by": "chance"}]}, "'by' is not known"),
        ({"kill": [{"at": "1 s", "dead": "1 s", "within": "store"}]}, "[[kill]] calls"),
        ({"kill": [{"at": "1 s", "dead": "1 s", "calls": 7}]}, "[[kill]] calls"),
        ({"kill": [CUT | {"power": "off"}]}, "[[kill]] power"),
        ({"kill": [CUT | {"within": "a storm"}]}, "[[kill]] within"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(more: dict[str, list[Table]], message: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        ride(plan(**more))
    assert message in str(refused.value)


def test_without_apsw_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sim.disk.calls", None)
    with pytest.raises(ScenarioError, match=r"steelyard\[explore\]"):
        ride(plan(kill=[CUT]))


def test_seeds_deal_every_kind_of_death_and_trouble_and_every_trouble_ends() -> None:
    kills: list[Kill] = []
    troubles: list[Trouble] = []
    for seed in range(300):
        kills += deal(seed).kills()
        troubles += deal(seed).troubles()
    assert {kill.within for kill in kills} == {"", "scan", "store", "record", "start"}
    assert {kill.cut for kill in kills} == {True, False}
    assert {trouble.kind for trouble in troubles} == {"slow", "full", "failing"}


@pytest.mark.parametrize("trouble", [[], [SLOW]], ids=["quick", "slow"])
def test_a_power_cut_within_a_record_takes_nothing_that_was_told(trouble: list[Table]) -> None:
    found = ride(plan(kill=[CUT], **({"disk": trouble} if trouble else {})))
    assert (found.findings, found.kills) == ((), 1)


def test_a_ledger_that_does_not_sync_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = RecordedGround.hand

    def careless(self: RecordedGround, ledger: Ledger, media: MediaStore, upkeep: Upkeep) -> object:
        ledger._db.execute("PRAGMA synchronous = OFF")
        return sound(self, ledger, media, upkeep)

    monkeypatch.setattr(RecordedGround, "hand", careless)
    cuts = [CUT | {"within": "store", "at": f"{at} s", "calls": 3000} for at in (1, 15, 25)]
    assert "lost" in {finding.check for finding in ride(plan(kill=cuts)).findings}


def test_a_lane_waits_for_its_disk_to_start_and_goes_on() -> None:
    fails = {"kind": "failing", "from": "19 s", "until": "30 s"}
    found = ride(plan(kill=[{"at": "20 s", "dead": "0.1 s"}], disk=[fails]))
    assert (found.findings, found.kills) == ((), 1)


@pytest.mark.parametrize("calls", [800, 5000])
def test_a_power_cut_within_a_start_takes_nothing_that_was_told(calls: int) -> None:
    found = ride(plan(kill=[CUT | {"at": "20 s", "within": "start", "calls": calls}]))
    assert (found.findings, found.kills) == ((), 2)


def test_a_lane_that_does_not_come_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.explore.ride, "AWAY_US", 5_000_000)
    monkeypatch.setattr(sim.explore.ride, "STUCK_US", 10_000_000)
    monkeypatch.setattr(Bookkeeper, "_retry", lambda books, now_us: None)
    found = ride(plan(disk=[{"kind": "failing", "from": "8 s", "until": "25 s"}]))
    assert "away" in {finding.check for finding in found.findings}


def test_one_plan_gives_the_same_in_two_processes_with_other_hash_seeds() -> None:
    code = "from test_explore_disk import CUT, SLOW, plan; from sim.explore.ride import ride; "
    code += "r = ride(plan(kill=[CUT], disk=[SLOW])); print(r.digest, r.records, r.kills)"
    tasks = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "4711")
    ]
    one, two = (task.communicate()[0] for task in tasks)
    assert one == two
    assert one.endswith(" 1\n")


def test_a_death_comes_at_the_call_and_nothing_is_done_behind_it() -> None:
    done: list[str] = []

    def scan() -> None:
        for name in ("one", "two", "three"):
            step(name)

    def step(name: str) -> None:
        done.append(name)

    die_within(scan, 3, lambda: done.append("struck"))
    assert done == ["one", "struck"]
    done.clear()
    die_within(scan, 99, lambda: done.append("struck"))
    assert done == ["one", "two", "three", "struck"]


def test_a_death_where_nothing_can_be_raised_comes_at_the_next_call_and_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)

    class Thing:
        def __del__(self) -> None:
            done.append("gone")

    def scan() -> None:
        Thing()
        done.append("on")
        step()
        done.append("never")

    def step() -> None: ...

    die_within(scan, 2, lambda: done.append("struck"))
    assert done == ["struck", "on"]
    assert told == []
    assert sys.unraisablehook == told.append


FULL: Table = {"kind": "full", "from": "45 s", "until": "65 s"}


def test_a_full_disk_lets_media_go_that_the_platform_has_and_no_record() -> None:
    records: list[Record] = []
    there = {"from": "0 s", "until": "60 s"}
    found = ride(plan(disk=[FULL], platform=[there]), keep=records.extend)
    assert found.findings == ()
    assert [record.kind for record in records][:2] == [Kind.PASSAGE, Kind.RETENTION]


def test_media_that_go_before_the_platform_has_them_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def greedy(ledger: Ledger, limit: int) -> list[Held]:
        return ledger.media_older_than("journal", 2**62, limit)

    monkeypatch.setattr(Ledger, "media_oldest_acknowledged", greedy)
    assert "robbed" in {finding.check for finding in ride(plan(disk=[FULL])).findings}


def test_a_slow_disk_keeps_its_word_back(tmp_path: Path) -> None:
    clock = Clock()
    slow = Trouble(kind="slow", from_us=0, until_us=10, takes_us=50)
    ledger = Ledger.open(tmp_path / "ledger.sqlite", SITE, LANE, key=KEY)
    media, told = MediaStore(tmp_path / "media"), Told()
    writer = RideWriter(
        ledger, media, Upkeep(ledger, media), health=Health([slow], clock), told=told
    )
    writer.submit((1, 1), passage(1))
    writer.submit((2, 0), OnDeck(2))
    assert (writer.poll(), writer.under_way, len(ledger.hashes())) == ([], (0, 0), 1)
    clock.us = 49
    assert writer.poll() == []
    clock.us = 50
    assert [key for key, _ in writer.poll()] == [(1, 1)]
    assert writer.poll() == [((2, 0), OnDeck(2))]
    assert list(told.lost(ledger)) == []
    told.take(Receipt(2, bytes(32)))
    assert list(told.lost(ledger)) == ["seq 2 is gone"]
    writer.close()


def test_a_full_disk_takes_what_was_freed_and_a_failing_one_nothing(tmp_path: Path) -> None:
    clock = Clock()
    full = Trouble(kind="full", from_us=1, until_us=2)
    fails = Trouble(kind="failing", from_us=2, until_us=3)
    health = Health([full, fails], clock)
    recorder, files = Recorder(tmp_path), RideFiles(health)
    files.refusals = Refusals(health, recorder)
    with recording(tmp_path, recorder):
        files.write_new(tmp_path / "a", bytes(100))
        clock.us = 1
        with pytest.raises(OSError) as refused:
            files.write_new(tmp_path / "b", bytes(100))
        assert (refused.value.errno, files.space(tmp_path).free) == (errno.ENOSPC, 0)
        files.unlink(tmp_path / "a")
        assert files.space(tmp_path).free == 100
        files.write_new(tmp_path / "b", bytes(60))
        assert files.space(tmp_path).free == 40
        clock.us = 2
        for refuses in (lambda: files.read(tmp_path / "b"), lambda: files.sync_folder(tmp_path)):
            with pytest.raises(OSError) as refused:
                refuses()
            assert refused.value.errno == errno.EIO
        clock.us = 3
        assert files.read(tmp_path / "b") == bytes(60)
        assert (health.well_us(), files.space(tmp_path).free) == (0, 10**12)


def test_only_a_whole_medium_may_lie_in_the_quarantine(tmp_path: Path) -> None:
    aside = tmp_path / "quarantine" / "media"
    aside.mkdir(parents=True)
    (aside / f"{sha256(b'whole').hexdigest()}.png").write_bytes(b"whole")
    (aside / f"{sha256(b'whole').hexdigest()}.png.1").write_bytes(b"whole")
    assert list(damage(tmp_path, [])) == []
    (aside / f"{sha256(b'other').hexdigest()}.png").write_bytes(b"spoiled")
    (aside / f"{sha256(b'other').hexdigest()}.png.1").write_bytes(b"whole")
    (tmp_path / "quarantine" / "ledger.sqlite-wal").write_bytes(b"")
    assert len(list(damage(tmp_path, []))) == 3
