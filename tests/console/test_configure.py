"""A configuration from the candidate to the running lane and into the site file, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from config_rig import GRAMMAR, Supervised, do, session, short_site

import controller.supervisor as supervising
from board.machine_block import human_part, read_block
from board.profile import read_profile
from board.site_writer import history
from controller import configfiles
from controller.configfiles import Pending
from controller.console import config_record
from controller.console.answer import CommandError
from controller.console.roles import Role
from controller.core.kinds import Phase
from protocol.ledger import Ledger
from protocol.record import Record


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Supervised]:
    made = Supervised(short_site(tmp_path / "site"), tmp_path / "out")
    made.at(Phase.IDLE)
    yield made
    made.close()


def records(lane: Supervised) -> list[Record]:
    with Ledger.open(lane.out / "ledger.sqlite", read_only=True) as ledger:
        return list(ledger.records())


def details(lane: Supervised) -> list[tuple[str, str]]:
    found = []
    for record in records(lane):
        assert record.service is not None
        assert record.person is not None
        found.append((record.person.who, record.service.detail or ""))
    return found


def test_what_is_set_is_committed_confirmed_saved_and_gone_back_from(lane: Supervised) -> None:
    human = lane.site.read_bytes()
    assert lane.do("set timing.plate_wait 4 s").data["after"] == '"4 s"'
    assert lane.state().about.config_sha256 == read_profile(lane.site).sha256
    done = lane.do("commit confirmed 10 slow camera")
    assert done.data["told"].startswith("taken up")
    assert lane.at(Phase.IDLE).about.config_sha256 == done.data["sha256"]
    assert lane.supervisor.tenure.profile.timing["plate_wait"] == 4_000_000
    assert lane.site.read_bytes() == human
    with pytest.raises(CommandError, match="not confirmed yet"):
        lane.do("save it reads well")
    lane.do("confirm it reads well")
    assert lane.do("save it reads well").data["version"] == 1
    assert human_part(lane.site.read_bytes()) == human
    (change,) = read_block(lane.site.read_bytes()).changes
    assert (change.value, change.was, change.who, change.why) == ("4 s", "3 s", "li", "slow camera")
    assert read_profile(lane.site).timing["plate_wait"] == 4_000_000
    assert lane.do("rollback 1").data["differences"][0]["after"] == '"3 s"'
    lane.do("commit not needed")
    lane.at(Phase.IDLE)
    assert "plate_wait" not in [c.key for c in read_block(lane.supervisor.tenure.text).changes]
    assert [who for who, _ in details(lane)] == ["li"] * 4
    first = details(lane)[0][1]
    assert first.endswith('timing.plate_wait = "4 s" (was "3 s")')
    assert done.data["sha256"] in first


def test_events_go_on_over_a_change_and_the_ledger_too(lane: Supervised) -> None:
    before = lane.context.link.events().events[-1].number
    lane.do("set timing.plate_wait 4 s")
    lane.do("commit try")
    lane.at(Phase.IDLE)
    later = lane.context.link.events(before)
    assert later.missed == 0
    kinds = [event.kind for event in later.events]
    assert kinds.index("request") < kinds.index("record") < kinds.index("config")
    assert [event.number for event in later.events] == list(
        range(before + 1, before + 1 + len(later.events))
    )
    with Ledger.open(lane.out / "ledger.sqlite", read_only=True) as ledger:
        assert ledger.verify() == []


def test_what_is_not_confirmed_goes_back_by_itself_and_is_recorded(
    lane: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lane.state().about.config_sha256
    monkeypatch.setattr(supervising, "REVERT_S_MIN", 1)
    lane.do("set timing.plate_wait 4 s")
    candidate = lane.context.folder
    lane.do("commit confirmed 1 try")
    assert configfiles.read(candidate, configfiles.PENDING, Pending) is not None
    # A minute is over as far as the supervisor's own clock is concerned.
    lane.supervisor._back_at_s = 0.0
    lane.told("gone back to")
    assert lane.at(Phase.IDLE).about.config_sha256 == before
    assert configfiles.read(candidate, configfiles.PENDING, Pending) is None
    who, detail = details(lane)[-1]
    assert who == "steelyard"
    assert f"after={before}" in detail
    with pytest.raises(CommandError, match="nothing waits to be confirmed"):
        lane.do("confirm too late")


def test_a_configuration_that_cannot_be_built_leaves_the_one_before(lane: Supervised) -> None:
    before = lane.state().about.config_sha256
    lane.do("set devices.watchdog.driver linux.watchdog")
    lane.do("set devices.watchdog.device /dev/null/nothing")
    done = lane.do("commit a watchdog")
    assert "not taken up" in done.data["told"]
    assert "no /dev/null/nothing" in done.data["told"]
    assert lane.at(Phase.IDLE).about.config_sha256 == before
    assert details(lane)[-1][0] == "steelyard"
    assert len(lane.do("show config diff").data["candidate"]) == 2


def test_what_is_wrong_is_told_at_once_and_changes_nothing(lane: Supervised) -> None:
    with pytest.raises(CommandError, match=r"did you mean 'plate_wait'\?$"):
        lane.do("set timing.plate_wiat 4 s")
    with pytest.raises(CommandError, match=r'a time needs its unit: write "4 s"$'):
        lane.do("set timing.plate_wait 4")
    with pytest.raises(CommandError, match=r"unknown driver 'sim\.cams'"):
        lane.do("set devices.yard.camera.driver sim.cams")
    with pytest.raises(CommandError, match="nothing to commit"):
        lane.do("commit nothing")
    lane.do("set timing.plate_wait 4 s")
    with pytest.raises(CommandError, match="nobody answers reason"):
        lane.do("commit")
    assert records(lane) == []


def test_what_is_not_whole_yet_is_kept_but_not_committed(lane: Supervised) -> None:
    done = lane.do("set devices.yard.side_camera.driver rtsp.camera")
    assert any("devices.yard.side_camera.url: missing" in one for one in done.data["problems"])
    with pytest.raises(CommandError, match=r"side_camera\.url: missing"):
        lane.do("commit half")
    lane.do("unset devices.yard.side_camera.driver")
    assert lane.do("show config diff").data["candidate"] == []


def test_the_law_has_its_own_people_and_its_own_records(lane: Supervised) -> None:
    for line in ('set scale.certificate_no "X-9"', "unset scale.certificate_no"):
        with pytest.raises(CommandError, match=r"needs the role admin \(what the scale was"):
            lane.do(line)
    lane.do('set scale.certificate_no "X-9"', Role.ADMIN)
    lane.do("set scale.certificate_valid_until 2027-11-30", Role.ADMIN)
    lane.do("set timing.plate_wait 4 s")
    for line in ("commit all of it", "commit confirmed 5 all of it"):
        with pytest.raises(CommandError, match="needs the role admin"):
            lane.do(line)
    done = lane.do("commit verified anew", Role.ADMIN)
    assert len(done.data["seqs"]) == 3
    told = [detail.splitlines()[1:] for _, detail in details(lane)]
    assert [len(lines) for lines in told] == [1, 1, 1]
    assert told[0][0].startswith('scale.certificate_no = "X-9" (was ')
    assert told[2][0].startswith("timing.plate_wait")
    with pytest.raises(CommandError, match="needs the role admin"):
        lane.do("save verified anew")
    lane.at(Phase.IDLE)
    lane.do("save verified anew", Role.ADMIN)
    with pytest.raises(CommandError, match="needs the role admin"):
        lane.do("rollback 1")


def test_a_busy_lane_is_waited_for(lane: Supervised) -> None:
    lane.context.request("enter_manual", "test")
    lane.at(Phase.MANUAL)
    lane.context.request("raise_boom", "test", end="yard")
    before = lane.state().about.config_sha256
    lane.do("set timing.plate_wait 4 s")
    tenure = lane.supervisor.tenure
    text = configfiles.write(lane.out, configfiles.NEXT, _candidate_text(lane))
    assert lane.context.link.reload(str(text)) == ""
    assert lane.state().about.config_sha256 == before
    assert "another configuration waits" in lane.context.link.reload(str(text))
    lane.context.request("leave_manual", "test")
    lane.told("taken up")
    assert lane.at(Phase.IDLE).about.config_sha256 != before
    assert lane.supervisor.tenure is not tenure


def _candidate_text(lane: Supervised) -> bytes:
    from controller.console import config_desk  # noqa: PLC0415

    return config_desk.load(lane.out).text


def test_only_the_lanes_own_files_are_taken_up(lane: Supervised, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_bytes(lane.site.read_bytes())
    assert "takes up" in lane.context.link.reload(str(other))
    assert "60 to 86400 s" in lane.context.link.reload(str(lane.site), revert_s=5)
    assert lane.context.link.reload("") == "nothing waits to be confirmed"
    lane.do("set timing.plate_wait 4 s")
    lane.do("commit not saved")
    lane.at(Phase.IDLE)
    lane.said.clear()
    assert lane.context.link.reload(str(lane.site)) == ""
    lane.told("taken up")
    lane.at(Phase.IDLE)
    assert lane.supervisor.tenure.profile.timing["plate_wait"] == 4_000_000


@pytest.mark.parametrize("spoilt", [b"\xff\xfe", b"[site\n", b"timing = 3\n"])
def test_a_site_file_spoilt_by_hand_is_told_and_hurts_nobody(
    lane: Supervised, spoilt: bytes
) -> None:
    lane.do("set timing.plate_wait 4 s")
    lane.site.write_bytes(spoilt)
    for line in ("set timing.pulse 1 s", "show config", "show config diff", "commit x", "save x"):
        with pytest.raises(CommandError, match=r"site\.toml: cannot be read as it is now"):
            lane.do(line)
    assert lane.context.link.reload(str(lane.site)) != ""
    lane.at(Phase.IDLE)


def test_show_config_says_where_each_value_comes_from(lane: Supervised) -> None:
    lane.do("set timing.plate_wait 4 s")
    lane.do("commit slow camera")
    found = {one["key"]: one for one in lane.do("show config", Role.VIEWER).data["settings"]}
    text = lane.site.read_text(encoding="utf-8").split("\n")
    scan = found["timing.scan"]
    assert (scan["from"], text[scan["line"] - 1]) == ("site", 'scan = "20 ms"')
    assert found["timing.pulse"]["from"] == "default"
    wait = found["timing.plate_wait"]
    assert (wait["from"], wait["who"], wait["why"]) == ("console", "li", "slow camera")
    assert any("not saved" in line for line in lane.do("show config", Role.VIEWER).text)
    assert lane.do("show config saved").data["set"] == []
    assert all(
        one["key"].startswith("plates.") for one in lane.do("show config plates").data["settings"]
    )


def test_passwords_in_addresses_are_not_shown(lane: Supervised) -> None:
    lane.do("set devices.yard.side_camera.driver rtsp.camera")
    done = lane.do("set devices.yard.side_camera.url rtsp://admin:hush@192.168.1.9/1")
    assert "rtsp://***@192.168.1.9/1" in done.text[0]
    assert "hush" not in str(done)
    assert "hush" not in str(lane.do("show config diff"))


def test_keys_and_counted_values_are_completed(lane: Supervised) -> None:
    def offers(line: str) -> list[str]:
        return [one.text for one in GRAMMAR.complete(line, lane.context)]

    assert offers("set timing.plate") == ["timing.plate_wait"]
    assert offers("set plates.policy ") == ["auto", "confirm", "hold"]
    assert offers("set rules.preferred y") == ["yard"]
    assert "sim.camera" in offers("set devices.yard.camera.driver ")
    assert offers("set timing.plate_wait ") == ['"3 s"']
    assert "show config diff"[5:] not in offers("show config d")
    assert "diff" in offers("show config d")


def test_a_viewer_and_an_operator_change_nothing(lane: Supervised) -> None:
    for role in (Role.VIEWER, Role.OPERATOR):
        for line in (
            "set timing.plate_wait 4 s",
            "unset timing.plate_wait",
            "commit x",
            "commit confirmed 5 x",
            "confirm x",
            "save x",
            "rollback 0",
        ):
            with pytest.raises(CommandError, match="needs the role maintainer"):
                lane.do(line, role)
    assert not (lane.out / "config" / configfiles.CANDIDATE).exists()
    assert records(lane) == []


def test_without_a_lane_what_is_not_legal_can_still_be_saved(lane: Supervised) -> None:
    lane.close()
    ctx = session(lane.out)
    do(ctx, "set timing.plate_wait 4 s")
    done = do(ctx, "save the lane does not start")
    assert "NOT RECORDED" in done.text[0]
    assert read_profile(lane.site).timing["plate_wait"] == 4_000_000
    assert history(lane.site)[0]["reason"] == "the lane does not start"
    do(ctx, 'set site.name "Other"', Role.ADMIN)
    with pytest.raises(CommandError, match=r"site\.name: no lane runs that could record it"):
        do(ctx, "save rename", Role.ADMIN)


def test_what_is_not_recorded_is_not_done(
    lane: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lane.state().about.config_sha256
    monkeypatch.setattr(config_record, "RECORD_S", 0.0)
    lane.do("set timing.plate_wait 4 s")
    with pytest.raises(CommandError, match="no record came on disk"):
        lane.do("commit try")
    assert lane.state().about.config_sha256 == before
