"""One lane after the other in one process: what a kill, a failure or a hang between them leaves."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest
from config_rig import NotedDog, Supervised, short_site, supervisor

import controller.supervisor as supervising
from board.machine_block import Block, Change, human_part, read_block, with_block
from board.site_writer import save
from controller import configfiles
from controller.configfiles import Pending, Running
from controller.console.config_desk import now
from controller.console.messages import AskReload
from controller.core.kinds import Phase
from controller.keeper import Keeper
from controller.sitetext import with_unsaved
from controller.supervisor import Supervisor
from hal import registry
from hal.ports import Drive
from protocol.ledger import Ledger
from sim.devices.common import yard_of


def setting(value: str, key: str = "timing.plate_wait") -> Change:
    return Change(key=key, value=value, who="li", why="test", at=now())


def text_with(site: Path, *changes: Change) -> bytes:
    return with_block(human_part(site.read_bytes()), Block(changes=changes))


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_where(made: Supervisor, stage: str) -> None:
    """Have this process die at a stage of a change, as a power cut would."""
    if stage == "asked":
        made._change = die  # type: ignore[method-assign]
    elif stage == "prepared":
        vars(supervising)["Keeper"] = die
    elif stage == "let go":
        Keeper.feed = die  # type: ignore[method-assign]
    elif stage == "built":
        Keeper.release = die  # type: ignore[method-assign]
    else:
        made._say = lambda said: die() if said.startswith(stage) else None


def live_until_killed(site: Path, out: Path, stage: str) -> None:
    """In a child: take a configuration up, to be confirmed, and die on the way."""
    child = os.fork()
    if child:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        return
    try:
        made = supervisor(site, out, [])
        threading.Thread(target=_ask, args=(made, site, out, stage), daemon=True).start()
        made.run(threading.Event(), 25)
    finally:
        os._exit(1)


def _ask(made: Supervisor, site: Path, out: Path, stage: str) -> None:
    path = configfiles.write(out, configfiles.NEXT, text_with(site, setting("4 s")))
    if stage == "over an unsaved one":
        made.reload(AskReload(site=str(path)))
        while not _runs(made, "4 s"):
            time.sleep(0.01)
        configfiles.write(out, configfiles.NEXT, text_with(site, setting("5 s")))
    die_where(made, "taken up" if stage == "over an unsaved one" else stage)
    made.reload(AskReload(site=str(path), revert_s=600))
    while stage == "confirmed":
        made.reload(AskReload(site=""))
        time.sleep(0.01)


def _runs(made: Supervisor, value: str) -> bool:
    return any(one.value == value for one in read_block(made.tenure.text).changes)


STAGES = ("asked", "prepared", "let go", "built", "taken up", "confirmed", "over an unsaved one")


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_on_the_way_ends_in_a_configuration_that_was_meant(
    tmp_path: Path, stage: str
) -> None:
    site, out = short_site(tmp_path / "site"), tmp_path / "out"
    live_until_killed(site, out, stage)
    pending = configfiles.read(out, configfiles.PENDING, Pending)
    back = stage not in ("asked", "confirmed")
    assert (pending is not None) == back
    lane = Supervised(site, out)
    try:
        unsaved = stage == "over an unsaved one"
        expected = text_with(site, setting("4 s")) if unsaved else site.read_bytes()
        assert lane.supervisor.tenure.text == expected or unsaved
        values = [one.value for one in read_block(lane.supervisor.tenure.text).changes]
        assert values == (["4 s"] if unsaved else [])
        assert configfiles.read(out, configfiles.PENDING, Pending) is None
        running = configfiles.read(out, configfiles.RUNNING, Running)
        assert running is not None
        assert running.text == lane.supervisor.tenure.text
        assert any("gone back to" in one for one in lane.said) == back
        assert any("not saved" in one for one in lane.said) == (stage == "confirmed")
        lane.at(Phase.IDLE)
    finally:
        lane.close()
    with Ledger.open(out / "ledger.sqlite", read_only=True) as ledger:
        assert ledger.verify() == []
        told = [one.person.who for one in ledger.records() if one.person is not None]
    assert told == (["steelyard"] if back else [])


def test_a_kill_at_any_step_of_a_file_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    seen = set()
    for step in range(100):
        folder = tmp_path / str(step)
        folder.mkdir()
        configfiles.write(folder, configfiles.NEXT, b"old")
        died = _killed_at(step, partial(configfiles.write, folder, configfiles.NEXT, b"new" * 9))
        found = configfiles.read_bytes(folder, configfiles.NEXT)
        assert found in (b"old", b"new" * 9)
        seen.add(found)
        if not died:
            break
    assert not died
    assert step > 6
    assert len(seen) == 2


def _killed_at(step: int, write: Callable[[], object]) -> bool:
    child = os.fork()
    if child == 0:
        left = [step]
        for name in ("open", "write", "fsync", "close", "replace", "mkdir"):
            setattr(os, name, _counted(name, getattr(os, name), left))
        try:
            write()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def _counted(name: str, real: Callable[..., object], left: list[int]) -> Callable[..., object]:
    def call(*args: object, **options: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            if name == "write":
                real(args[0], bytes(args[1])[:3])  # type: ignore[call-overload]
            die()
        return real(*args, **options)

    return call


def test_what_was_to_be_gone_back_to_may_be_gone_too(tmp_path: Path) -> None:
    site, out = short_site(tmp_path / "site"), tmp_path / "out"
    left = Pending(site=str(site.resolve()), back=b"no site at all", back_sha256="0", deadline_ms=0)
    out.mkdir()
    configfiles.write(out, configfiles.PENDING, left)
    configfiles.write(out, configfiles.RUNNING, b"no JSON")
    lane = Supervised(site, out)
    try:
        assert lane.supervisor.tenure.text == site.read_bytes()
        assert any("cannot be built; the site file runs" in one for one in lane.said)
        assert any("running.json" in one and "take the file away" in one for one in lane.said)
        assert configfiles.read(out, configfiles.PENDING, Pending) is None
    finally:
        lane.close()


def test_the_watchdog_is_fed_over_a_change_and_never_by_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.DRIVERS, "noted.watchdog", "config_rig:NotedDog")
    NotedDog.log, NotedDog.made = [], 0
    site = short_site(tmp_path / "site")
    with site.open("a", encoding="utf-8") as file:
        file.write('\n[devices.watchdog]\ndriver = "noted.watchdog"\n')
    lane = Supervised(site, tmp_path / "out")
    lane.at(Phase.IDLE)
    lane.do("set timing.plate_wait 4 s")
    lane.do("commit try")
    lane.at(Phase.IDLE)
    lane.close()
    assert [what for what, _ in groupby(NotedDog.log)] == [
        "fed 1", "released 1", "fed 2", "released 2", "fed 3", "released 3",
    ]  # fmt: skip
    assert NotedDog.log.count("fed 2") >= 3


def test_booms_hold_and_lamps_are_red_over_a_change(tmp_path: Path) -> None:
    lane = Supervised(short_site(tmp_path / "site"), tmp_path / "out")
    try:
        lane.at(Phase.IDLE)
        before = lane.supervisor.tenure
        yard, make_safe = yard_of(before.board.bus), before.lane.make_safe
        left = []

        def leave() -> None:
            yard.approach_green[:] = [True, True]
            yard.booms[0].level = Drive.RAISE
            make_safe()
            left.append(True)

        before.lane.make_safe = leave  # type: ignore[method-assign]
        lane.do("set timing.plate_wait 4 s")
        lane.do("commit try")
        assert left == [True]
        assert yard_of(lane.supervisor.tenure.board.bus) is not yard
        assert [boom.level for boom in yard.booms] == [Drive.HOLD, Drive.HOLD]
        assert not any((*yard.approach_green, *yard.deck_green))
    finally:
        lane.close()


def test_a_sheet_taken_up_for_its_own_sake_loses_no_commit(tmp_path: Path) -> None:
    site = short_site(tmp_path / "site")
    human, unsaved = site.read_bytes(), text_with(site, setting("4 s"))
    assert with_unsaved(human, human) == human
    assert with_unsaved(human, unsaved) == unsaved
    assert with_unsaved(human + b"# edited\n", unsaved).startswith(human + b"# edited\n")
    save(site, [setting("5 s")], seen=human, author="li", reason="x", date=now())
    assert with_unsaved(site.read_bytes(), unsaved) == site.read_bytes()
    assert with_unsaved(human + b"\nspoilt", b"\n# no block").startswith(human)


def test_a_lane_that_does_not_come_up_still_goes_back(tmp_path: Path) -> None:
    """An emergency stop that is never known: the lane starts no further."""
    lane = Supervised(short_site(tmp_path / "site"), tmp_path / "out")
    try:
        lane.at(Phase.IDLE)
        lane.do("set devices.estop.driver virtual.presence")
        lane.do("set devices.estop.state unknown")
        lane.do("unset devices.estop.kind")
        assert lane.do("commit confirmed 5 wrong").data["told"].startswith("taken up")
        lane.at(Phase.STARTING)
        lane.supervisor._back_at_s = 0.0
        lane.told("gone back to")
        lane.at(Phase.IDLE)
    finally:
        lane.close()
