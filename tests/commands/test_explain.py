"""The driver's page: every fact of its record, deaf to hostile text, and silent about no doubt."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest
from bundle_rig import (
    CONFIG,
    NEXT_KEY,
    RULES,
    Morning,
    around,
    flip,
    packed,
    replaced,
    write_ledger,
)
from hypothesis import HealthCheck, Phase, given, settings
from ledger_rig import KEY, records
from msgspec.structs import replace
from page_outline import Outline
from report_rig import CLAUSE, HOSTILE, LANE, SITE, passage, verdicts
from typer.testing import CliRunner, Result

from controller.cli import app
from controller.explain.appeal import DEFAULT, AppealError, read_appeal
from controller.explain.dossier import Check, Dossier, Sheet
from controller.explain.held import HeldPictures
from controller.explain.page import explain_page
from controller.report.passages import Passage
from protocol.chain import Finding
from protocol.custody import Media, Usability
from protocol.keys import PublicKey, write_public
from protocol.ledger import Ledger
from protocol.media import Blob, MediaStore
from protocol.parts import Cargo, Kind, Person, Purpose, Times, Weighing
from protocol.record import Record


def explain(source: Path, *words: object) -> tuple[Result, str]:
    """Run the command; its result, and the page if one was written."""
    out = source.parent / f"{source.name}-page.html"
    out.unlink(missing_ok=True)
    done = CliRunner().invoke(app, ["explain", str(source), *map(str, words), "-o", str(out)])
    return done, out.read_text(encoding="utf-8") if out.exists() else ""


def page_of(source: Path, *words: object) -> Outline:
    done, page = explain(source, *words)
    assert done.exit_code == 0, done.stderr
    assert 'class="band failed"' not in page
    return Outline(page)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("explained") / "lane")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A ledger that a test may spoil."""
    return write_ledger(tmp_path / "lane")


def with_one(folder: Path, record: Record) -> Path:
    """A ledger of this one record."""
    folder.mkdir()
    named = {blob.sha256 for blob in (CONFIG, RULES)}
    assert not {medium.sha256 for medium in record.media} - named
    MediaStore(folder / "media").put((CONFIG, RULES))
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=KEY) as ledger:
        ledger.append(record)
    return folder


def test_the_page_is_whole_and_fetches_nothing(folder: Path) -> None:
    _, page = explain(folder, Morning.OVER)
    outline = Outline(page)
    assert not {"script", "link", "iframe", "object"} & set(outline.tags)
    assert not re.search(r"https?://|@import|url\((?!#)", page)
    assert all(source.startswith("data:image/png;base64,") for source in outline.sources)
    assert len(outline.sources) == 1
    assert len(outline.ids) == len(set(outline.ids))
    assert all(link[1:] in outline.ids for link in outline.links)
    assert page.startswith('<!doctype html>\n<html lang="zh-CN">')


def test_the_page_says_every_fact_it_stands_for(folder: Path) -> None:
    said = page_of(folder, Morning.OVER).said
    for words in (
        "第 2 号记录 record 2", "SX-0351-01-0002", "晋C·88K21", "54.32 t", "54 320 kg",
        "超限、超载 Over-limit and Overload", "49 000 kg", "5 320 kg", "10.85 %", "16.12 %",
        "± 14 kg", "± 60 kg", "Both stand beside the weight", CLAUSE,
        "道路交通安全法 第九十二条第一款", "行驶证总质量", "超限运输车辆行驶公路管理规定",
        "order62-2016@1", "第 1 版 version 1", "judged for 2026-11-22", "退回 sent back",
        "Not let out: back out, unload", "采信 accepted 17.00 s · 54.32", "ZCS-100-0231",
        "100 000 kg", "20 kg", "晋衡检字2026-0417", "2027-04-16", "usable as evidence",
        "行政复议法第二十条", "within 60 days", "within six months", "KEY NOT COMPARED",
        "the whole ledger, 13 records", "vouches for it hold: 5 records",
        "the chain of all 13 records is whole", "汽车列车 train",
        "6（传感器 sensor）", "yellow1", "99.8", "87.4", "steelyard 0.1.0",
        "listed in the sealed manifest of its day, record 8", "±u95 14 kg", "MPE 60 kg",
        "modal 1", "before rounding 54319660 g", "grid_us 50000",
    ):  # fmt: skip
        assert " ".join(words.split()) in said.replace("\u202f", " "), words
    with Ledger.open(folder / "ledger.sqlite", read_only=True) as ledger:
        stored = next(s for s in ledger.stored(Morning.OVER))
        record = ledger.get(Morning.OVER)
    assert record is not None
    assert record.curve is not None
    assert record.config_hash is not None
    for digest in (
        stored.hash,
        record.prev_hash,
        record.curve.sha256,
        record.config_hash,
        record.plates[0].image_sha256 or b"",
        RULES.sha256,
    ):
        assert digest.hex() in said


def test_over_limit_and_overload_stand_apart(folder: Path) -> None:
    _, page = explain(folder, Morning.OVER)
    cards = re.findall(r'<article class="verdict.*?</article>', page, re.S)
    assert len(cards) == 2
    limit, load = (Outline(card).said for card in cards)
    assert "公路管理" in limit
    assert "交通运输部令2016年第62号" in limit
    assert "道路交通安全法" not in limit
    assert "交通安全" in load
    assert "道路交通安全法" in load
    assert "第62号" not in load


def test_who_did_what_with_name_and_reason(folder: Path) -> None:
    released = page_of(folder, Morning.RELEASE).said
    for words in (
        "asked for record 7 of it", "operator 7 李敏", "plate read by eye, papers seen",
        "record 7: release by a person", "等待人工", "Decision: released", "系统自动",
    ):  # fmt: skip
        assert words in released, words
    amended = page_of(folder, Morning.AMENDED)
    assert "更正 corrected：plate" in amended.said
    assert "晋A12345" in amended.struck
    assert "晋A·12346" in page_of(folder, Morning.OPEN).said or "晋A12346" in amended.said


def test_the_chain_is_shown_with_every_weighing(folder: Path) -> None:
    outline = page_of(folder, Morning.LAST)
    assert {"r2", "r3", "r5", "h-chain"} <= set(outline.ids)
    assert "#h-chain" in outline.links
    said = outline.said.replace("\u202f", " ")
    assert "第 2 次复磅 re-weigh 2" in said
    assert all(mass in said for mass in ("54 320 kg", "50 100 kg", "48 980 kg"))
    assert "5 本次 this one" in said


def test_net_weight_names_the_tare_and_its_record(folder: Path) -> None:
    said = page_of(folder, Morning.NET).said.replace("\u202f", " ")
    assert "15 240 kg" in said
    assert "32 960 kg" in said
    assert f"record {Morning.TARE}" in said


def test_undetermined_is_never_within(folder: Path) -> None:
    said = page_of(folder, Morning.OPEN).said
    assert "“未定”不等于“未超限”" in said
    assert "single_drive_axle = true" in said
    assert "Waits for a person" in said


def test_a_void_says_so_first(folder: Path) -> None:
    said = page_of(folder, Morning.VOID).said
    assert "已作废" not in said
    assert "本次没有形成称重：left without weighing" in said
    assert "No weight was accepted." in said


def test_a_passage_made_void_later_is_struck(tmp_path: Path) -> None:
    folder = with_one(tmp_path / "lane", passage(1))
    gone = passage(
        1, part=2, kind=Kind.VOID, refers_to=1, void="weighed twice", weighing=None,
        verdicts=None, curve=None, person=Person(who="李敏", why="double"),
    )  # fmt: skip
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=KEY) as ledger:
        ledger.append(gone)
    _, page = explain(folder, 1)
    assert '<div class="voided">' in page
    assert "This passage is void: weighed twice" in Outline(page).said
    _, page = explain(with_one(tmp_path / "other", passage(1)), 1)
    assert '<div class="voided">' not in page


def test_the_drawing_shows_the_limit_that_stands(tmp_path: Path) -> None:
    folder = with_one(tmp_path / "lane", passage(1))
    anew = passage(
        1, part=2, kind=Kind.AMENDMENT, refers_to=1, verdicts=verdicts(48_200_000, 46_000_000),
        weighing=None, curve=None, person=Person(who="李敏", why="axles counted again"),
    )  # fmt: skip
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=KEY) as ledger:
        ledger.append(anew)
    said = page_of(folder, 1).said.replace("\u202f", " ")
    assert "限重 limit 46.00 t" in said
    assert "limit 49.00 t" not in said
    assert "超限、超载 Over-limit" in said
    assert "the first one stands in the first record" in said


def test_a_chain_that_is_not_in_a_bundle_is_named(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "five.zip"
    path.write_bytes(packed(folder, Morning.LAST))
    outline = page_of(path)
    assert "re-weigh 2 of record 2, not in this file" in outline.said
    assert "#h-chain" not in outline.links


def test_a_bundle_gives_the_same_facts(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "five.zip"
    path.write_bytes(packed(folder, Morning.LAST, chain=True))
    said = page_of(path).said
    assert "单份证据包 one bundle" in said
    assert "It cannot show that no other record was left out" in said
    assert "48.98" in said
    assert "re-weigh 2" in said
    assert page_of(path, Morning.LAST).said.count("one bundle") == 1
    done, page = explain(path, Morning.OVER + 90)
    assert (done.exit_code, page) == (2, "")
    assert "this bundle is about record 5" in done.stderr


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    person = Person(who=HOSTILE, why=HOSTILE)
    base = passage(1)
    assert base.scale is not None
    record = replace(
        base,
        plate=HOSTILE[:30],
        plates=(replace(base.plates[0], text=HOSTILE[:30], ptype=HOSTILE[:20]),),
        person=person,
        scale=replace(base.scale, serial=HOSTILE, certificate=HOSTILE),
        cargo=Cargo(goods=HOSTILE, destination=HOSTILE, owner=HOSTILE),
        flags=(HOSTILE[:20],),
        software=HOSTILE[:30],
        usability=Usability(usable=False, objections=(HOSTILE[:20],)),
        phases=((HOSTILE[:20], 5),),
    )
    _, page = explain(with_one(tmp_path / "lane", record), 1)
    outline = Outline(page)
    assert "script" not in outline.tags
    assert "<script" not in page
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page
    assert "alert('x')" in outline.said


def test_what_is_not_usable_as_evidence_says_so_at_the_top(tmp_path: Path) -> None:
    lapsed = Usability(usable=False, objections=("certificate_lapsed", "clock_unknown"))
    folder = with_one(tmp_path / "lane", passage(1, usability=lapsed))
    said = page_of(folder, 1).said
    assert "不得作为证据Not usable as evidence" in said
    assert said.index("Not usable as evidence") < said.index("What was measured")
    assert "the verification certificate had lapsed" in said
    assert "the date and time were not known" in said


def test_the_papers_are_shown(tmp_path: Path) -> None:
    papers = Cargo(
        goods="煤", load_ticket="ZZ-7", destination="太原", road_permit="晋交运 9", owner="平安运输"
    )
    said = page_of(with_one(tmp_path / "lane", passage(1, cargo=papers)), 1).said
    assert all(word in said for word in ("煤", "ZZ-7", "太原", "晋交运 9", "平安运输"))


def test_a_record_that_says_nothing_of_its_use_does_not_claim_it(tmp_path: Path) -> None:
    said = page_of(with_one(tmp_path / "lane", passage(1)), 1).said
    assert "does not state whether it may be evidence" in said
    assert "usable as evidence, without" not in said


def test_a_bare_record_of_little_still_makes_a_page(tmp_path: Path) -> None:
    record = passage(
        1, verdicts=None, curve=None, plates=(), plate=None, scale=None, axles=None, vehicle=None,
        phases=(), software=None, config_hash=None, times=Times(at_us=5),
        weighing=Weighing(gross_g=0, indicated_g=0, purpose=Purpose.TARE),
    )  # fmt: skip
    said = page_of(with_one(tmp_path / "lane", record), 1).said
    for words in ("时间不详", "This passage was not judged", "names no scale", "no weight curve"):
        assert words in said


def test_the_site_says_how_to_object(tmp_path: Path) -> None:
    own = Blob(kind="config", data='[appeal]\nzh = ["到三号窗口"]\nen = ["Window 3"]\n'.encode())
    record = passage(
        1,
        config_hash=own.sha256,
        media=(Media(kind="config", sha256=own.sha256, bytes=len(own.data)),),
    )
    folder = tmp_path / "lane"
    MediaStore(folder / "media").put((own,))
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=KEY) as ledger:
        ledger.append(record)
    said = page_of(folder, 1).said
    assert "到三号窗口" in said
    assert "Window 3" in said
    assert DEFAULT.en[0] not in said
    other = tmp_path / "appeal.toml"
    other.write_text('[appeal]\nen = ["Call 12345"]\n', encoding="utf-8")
    said = page_of(folder, 1, "--appeal", other).said
    assert "Call 12345" in said
    assert "Window 3" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table"),
        ("[appeal]\n", "no table"),
        ("[appeal]\nzh = 3\n", "appeal"),
        ('[appeal]\nzn = ["x"]\n', "zn"),
        ("[appeal\n", "appeal"),
        ('[appeal]\nen = ["' + "x" * 501 + '"]\n', "500"),
    ],
)
def test_a_text_on_objecting_that_cannot_be_used(
    folder: Path, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "appeal.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AppealError, match=said):
        read_appeal(path)
    done, page = explain(folder, Morning.OVER, "--appeal", path)
    assert (done.exit_code, page) == (2, "")
    assert str(path) in done.stderr


def assert_refused(done: Result, page: str, *codes: str) -> None:
    """No figure of the record, no curve, no picture, no verdict; the refusal first and last."""
    assert done.exit_code == 1
    outline = Outline(page)
    said = outline.said
    assert said.startswith("✘ 未通过验证NOT VERIFIED")
    assert said.endswith("✘ 未通过验证NOT VERIFIED")
    assert "svg" not in outline.tags
    assert "img" not in outline.tags
    assert 'class="verdict' not in page
    assert "VERIFIED" not in said.replace("NOT VERIFIED", "")
    for figure in ("54.32", "54 320", "54\u202f320", "49 000", "晋C88K21", "晋C·88K21"):
        assert figure not in said
    for mass in ("54.32", "54\u202f320", "49\u202f000"):
        assert mass not in page
    assert "before rounding" not in said
    for code in codes:
        assert f"{code}:" in said
        assert code in done.stderr
    assert "未通过验证" in page[: page.index("</title>")]


def test_an_altered_record_is_not_presented_as_valid(own: Path) -> None:
    replaced(own, Morning.OVER, flip)
    done, page = explain(own, Morning.OVER)
    assert_refused(done, page, "signature")
    done, page = explain(own, Morning.OVER, "--json")
    assert json.loads(done.stdout)["state"] == "failed"


def test_a_record_that_cannot_be_read_is_not_presented(own: Path) -> None:
    replaced(own, Morning.OVER, lambda body: flip(body, 84))
    done, page = explain(own, Morning.OVER)
    assert_refused(done, page)


def test_a_record_whose_picture_was_altered_is_not_presented(own: Path) -> None:
    (own / "media" / RULES.name).write_bytes(b"other rules")
    done, page = explain(own, Morning.OVER)
    assert_refused(done, page, "media_damaged")


def test_a_key_that_is_not_the_one_given_is_not_presented(folder: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "other.pub"
    write_public(stranger, PublicKey(bytes.fromhex(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )))  # fmt: skip
    done, page = explain(folder, Morning.OVER, "--key", stranger)
    assert_refused(done, page, "key")
    right = tmp_path / "lane.pub"
    write_public(right, KEY.public)
    said = page_of(folder, Morning.OVER, "--key", right).said
    assert "KEY NOT COMPARED" not in said
    assert "compared with one given from outside, and is the same" in said


def test_a_later_key_vouches_for_what_it_sealed(folder: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.pub"
    write_public(later, NEXT_KEY.public)
    said = page_of(folder, Morning.VOID, "--key", later).said
    assert "KEY NOT COMPARED" not in said
    assert said.startswith("◆")
    done, page = explain(folder, Morning.OVER, "--key", later)
    assert_refused(done, page, "key")


def test_a_ledger_that_names_itself_wrongly_proves_no_record(own: Path) -> None:
    around(own, "UPDATE identity SET genesis = zeroblob(32)", guards=("identity_update",))
    done, page = explain(own, Morning.OVER)
    assert_refused(done, page, "identity")


def test_a_fault_elsewhere_is_said_and_the_record_shown(own: Path) -> None:
    replaced(own, Morning.TARE, flip)
    done, page = explain(own, Morning.OVER)
    said = Outline(page).said
    assert done.exit_code == 0
    assert said.startswith("◆ 本记录签名有效，但来源中另有问题")
    assert "THIS RECORD'S SEAL HOLDS, BUT ITS SOURCE IS NOT WHOLE" in said
    assert f"record {Morning.TARE}：" in said
    assert "is whole" not in said.replace("IS NOT WHOLE", "")
    assert "13 records hold" not in said
    assert "signature" in done.stderr


def test_the_tare_that_a_net_weight_relies_on_counts_as_its_own(own: Path) -> None:
    replaced(own, Morning.TARE, flip)
    done, page = explain(own, Morning.NET)
    assert done.exit_code == 1
    assert "NOT VERIFIED" in page


def drawn_page(record: Record, *, failed: bool) -> str:
    """The page of any record that may be written, as if it had been found sound, or not."""
    finding = Finding(code="signature", seq=6, message=HOSTILE)
    check = Check(
        source="ledger.sqlite",
        whole=True,
        at=datetime.datetime(2026, 11, 22, 8, tzinfo=datetime.UTC),
        records=1,
        fingerprint="0000",
        anchored=True,
        concerning=(finding,) if failed else (),
    )
    return explain_page(
        Dossier(
            asked=6,
            passage=Passage(head=record),
            sheets=(Sheet(record, b"\0" * 32),),
            pictures=HeldPictures({}),
            check=check,
            appeal=DEFAULT,
            chain=(Passage(head=record), Passage(head=record)),
            tare=record,
            titles={},
        )
    )


@settings(
    derandomize=True,
    max_examples=25,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(records())
def test_any_record_makes_a_page_that_says_how_far_to_believe_it(record: Record) -> None:
    placed = replace(record, seq=6, prev_hash=b"\0" * 32)
    page = drawn_page(placed, failed=False)
    outline = Outline(page.replace(' id="r6"', ""))
    assert "script" not in outline.tags
    assert "NOT VERIFIED" not in outline.said
    refused = Outline(drawn_page(placed, failed=True))
    assert refused.said.startswith("✘ 未通过验证NOT VERIFIED")
    assert not {"svg", "img", "script"} & set(refused.tags)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name one by its number"),
        ((99,), "no record 99; it holds 1 to 13"),
        ((Morning.KEY,), "the ledger's own"),
        ((Morning.OVER, "--key", "none.pub"), "none.pub"),
        ((Morning.OVER, "--revoked", "none.toml"), "none.toml"),
        ((Morning.OVER, "--manifest", "none.cose"), "none.cose"),
        ((Morning.OVER, "--appeal", "none.toml"), "none.toml"),
    ],
)
def test_bad_input_is_said_and_no_page_is_written(
    folder: Path, words: tuple[object, ...], said: str
) -> None:
    done, page = explain(folder, *words)
    assert (done.exit_code, page) == (2, "")
    assert done.stderr.startswith("error: ")
    assert said in done.stderr


def test_a_page_never_takes_the_place_of_another_unasked(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    out.write_text("mine")
    base = ["explain", str(folder), "2", "-o", str(out)]
    done = CliRunner().invoke(app, base)
    assert (done.exit_code, out.read_text()) == (2, "mine")
    assert "--force" in done.stderr
    assert CliRunner().invoke(app, [*base, "--force"]).exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(tmp_path.iterdir()) == [out]
