"""The dump for the manufacturer: useful, bounded, and with nothing in it that was planted."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from console_rig import until
from do_rig import Console, console, own_site
from hypothesis import given
from hypothesis import strategies as st

from controller.console import dump as dump_module
from controller.console import dump_parts, office
from controller.console.accounts import Accounts
from controller.console.answer import CommandError
from controller.console.link import LaneLink
from controller.console.masking import Mask
from controller.console.roles import Role
from controller.core.kinds import Phase
from sim.cab import Habits
from sim.scenario import read_scenario
from sim.world import Visit

SALT = b"s" * 32
SITE_SECRETS = {
    'name = "Simulated yard"': 'name = "长兴采石场"',
    'station_code = "SIM001"': 'station_code = "ZJ330522"',
    'unit_code = "SIM"': 'unit_code = "91330522MA2B"',
    'device_sn = "SIM-BOX-01"': 'device_sn = "BX-7741-Q"',
    'certificate_no = "SIM-2026-001"': 'certificate_no = "浙检2026-884177"',
    'serial = "SIM-100"': 'serial = "ZC-SN-99120"',
    "[rules]": '[rules]\ndegraded_weighing = "said Zhou Jianguo by telephone"',
}
PLANTED = (
    "长兴采石场", "ZJ330522", "91330522MA2B", "BX-7741-Q", "884177", "ZC-SN-99120", "Zhou Jianguo",
    "li.wei", "王小明", "wang.xm", "牌照识别错误请老李确认", "correct horse 73", "13857212345",
)  # fmt: skip


def planted(at: Console) -> list[str]:
    """Accounts, words of people, a vehicle with its plate, a private key; the secrets of it."""
    people = Accounts(office.office(at.ctx.folder))
    people.add("wang.xm", Role.ADMIN, "correct horse 73", by="setup")
    hashed = people.path.read_text()
    at.do("manual enter 牌照识别错误请老李确认 13857212345")
    at.ctx.account = type(at.ctx.account)("王小明", Role.ADMIN)
    at.do("manual leave 王小明 says so")
    until(lambda: at.ctx.link.state().phase is Phase.IDLE)
    yard: Any = at.running.board.bus.share("yard", lambda: None)
    visit = read_scenario("morning", 1, 1)[0][0]
    plate = visit.truck.plate.text
    yard.add(
        Visit(
            truck=visit.truck, end=visit.end, arrives_us=yard.now_us, load_g=visit.load_g,
            habits=Habits(),
        )
    )  # fmt: skip
    until(lambda: at.ctx.link.state().phase is Phase.HOLDING)
    until(lambda: at.ctx.link.state().inputs.ledger.seq > 0)
    at.do(f"plate confirm {plate} 王小明 read it")
    until(lambda: at.ctx.link.state().inputs.ledger.part > 1)
    stored = json.loads(hashed)["accounts"][0]["password"]
    keys = [one.read_bytes() for one in at.ctx.folder.rglob("*.key")]
    return [plate, *[v for v in stored.values() if isinstance(v, str)], *map(str, keys)]


def members(path: str) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump_parts, "SAMPLES_S", 1.0)


def test_nothing_that_was_planted_is_in_the_archive(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    text = site.read_text()
    for old, new in SITE_SECRETS.items():
        assert old in text
        text = text.replace(old, new)
    site.write_text(text)
    with console(tmp_path, Role.ADMIN, site) as at:
        secrets = [*PLANTED, *planted(at), str(tmp_path)]
        said = at.do("diag dump")
        found = members(said.data["file"])
    assert said.data["lacking"] == []
    assert {"site.json", "state.json", "events.json", "journals.json"} <= set(found)
    for name, text in found.items():
        for secret in secrets:
            assert secret not in text, f"{secret!r} in {name}"
            assert json.dumps(secret)[1:-1] not in text, f"{secret!r} in {name}, escaped"
    assert json.loads(found["site.json"])["devices"]["cells"]["driver"] == "sim.cells"
    assert json.loads(found["site.json"])["timing"]["plate_wait"] == "3 s"
    assert len(json.loads(found["samples.json"])["counts"][0]) == 8
    events = json.loads(found["events.json"])
    assert any(one["text"].startswith("enter_manual by ~") for one in events)
    assert any(one["text"].startswith("MANUAL") for one in events)
    assert json.loads(found["ledger.json"])["kinds"]["PASSAGE"] == 1
    assert any(
        "out.lookup" in scan for one in json.loads(found["journals.json"]) for scan in one["scans"]
    )
    assert Path(said.data["file"]).stat().st_mode & 0o777 == 0o600
    assert not [name for name in found if name.endswith((".png", ".jpg", ".key"))]


def test_the_same_name_has_the_same_hash_in_the_next_dump(tmp_path: Path) -> None:
    with console(tmp_path) as at:
        at.do("manual enter x")
        both = [members(at.do(f"diag dump {name}").data["file"]) for name in ("one", "two")]
        hidden = [json.loads(one["events.json"])[-1] for one in both]
        texts = {
            next(e["text"] for e in json.loads(one["events.json"]) if e["kind"] == "request")
            for one in both
        }
        assert hidden
        assert len(texts) == 1
        with pytest.raises(CommandError, match="is there already"):
            at.do("diag dump two.zip")
        for file in ("../x", "/tmp/x", ".x"):
            with pytest.raises(CommandError, match="FILE: a name"):
                at.do(f"diag dump {file}")


def test_a_dump_can_be_made_while_the_lane_is_away(tmp_path: Path) -> None:
    with console(tmp_path) as at:
        at.ctx.link = LaneLink(tmp_path / "nowhere")
        said = at.do("diag dump")
    found = members(said.data["file"])
    assert "machine.json" in found
    assert "state.json" not in found
    assert any("no lane runs" in one for one in said.data["lacking"])
    assert "no lane runs" in found["README.txt"]


def test_a_dump_stays_within_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump_module, "MEMBER_BYTES_MAX", 1_000)
    with zipfile.ZipFile(io.BytesIO(dump_module.packed({"a.json": "x" * 9_999}))) as archive:
        assert archive.getinfo("a.json").file_size < 1_100
    monkeypatch.setattr(dump_module, "DUMP_BYTES_MAX", 50)
    with pytest.raises(CommandError, match="larger than 50 bytes"):
        dump_module.packed({"a.json": "x"})
    monkeypatch.setattr(dump_module, "DUMPS_MAX", 0)
    with console(tmp_path) as at, pytest.raises(CommandError, match="holds 0 dumps"):
        at.do("diag dump")


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:hunter2@10.1.2.3/live",
        "rtsp://admin:one@hunter2@camera/live",
        "plate 皖A12345 and 粤BD12345 or 京A·12345",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw and no end",
        "mail zhou.jianguo@example.cn from 00:1a:2b:3c:4d:5e",
        "token " + "QUJD" * 20,
    ],
)
def test_what_looks_secret_is_hidden_though_nobody_said_so(text: str) -> None:
    hidden = Mask(SALT).text(text)
    for part in ("hunter2", "10.1.2.3", "12345", "MC4CAQ", "zhou", "1a:2b", "QUJDQUJD"):
        assert part not in hidden


def test_a_short_name_is_hidden_as_a_word_and_not_inside_others() -> None:
    mask = Mask(SALT, ["li", "李伟"])
    hidden = mask.hidden("li")
    assert mask.text("by li: limit 'li' of a list") == f"by {hidden}: limit '{hidden}' of a list"
    assert "李伟" not in mask.text("由李伟确认")


@given(name=st.text(min_size=2, max_size=20), before=st.text(max_size=5))
def test_any_text_at_all_is_hidden_in_json_too(name: str, before: str) -> None:
    mask = Mask(SALT, [name])
    stripped = name.strip()
    shown = json.loads(mask.text(json.dumps({"why": f"{before} {name} "}, ensure_ascii=False)))
    if len(stripped) >= 2:
        assert f" {stripped} " not in shown["why"]
    assert mask.value({"why": name})["why"] != name or not stripped.strip("0123456789.+-")


def test_a_plate_that_is_none_by_its_form_is_hidden_where_plates_stand() -> None:
    shown = Mask(SALT).value({"plates": [{"text": "H82", "frames": 3}], "phase": "IDLE"})
    assert shown["plates"][0]["frames"] == 3
    assert shown["plates"][0]["text"].startswith("~")
    assert shown["phase"] == "IDLE"


def test_what_a_device_is_told_is_learned_and_words_of_every_day_are_not() -> None:
    camera = {
        "driver": "isapi.camera", "kind": "beam", "user": "admin", "password": "hunter",
        "url": "rtsp://camera-7.quarry/1", "mode": "pulse", "pwd": 123456, "timeout": "3 s",
    }  # fmt: skip
    learned = set(dump_parts._options({"yard": {"camera": camera}}))
    assert learned == {"admin", "hunter", "123456", "rtsp://camera-7.quarry/1"}
    shown = Mask(SALT).value(camera)
    assert (shown["driver"], shown["timeout"]) == ("isapi.camera", "3 s")
    assert Mask(SALT).value({"passage_id": 7, "rtsp_password": 7}) == {
        "passage_id": 7,
        "rtsp_password": Mask(SALT).hidden("7"),
    }
    for key in ("user", "password", "url", "pwd"):
        assert shown[key].startswith("~")
