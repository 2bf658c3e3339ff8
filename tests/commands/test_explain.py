"""The driver's page: every fact of its record, deaf to hostile text, and silent about no doubt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bundle_rig import RULES, Morning, packed, write_ledger
from explain_rig import explain, page_of, with_one
from ledger_rig import KEY
from msgspec.structs import replace
from page_outline import Outline
from report_rig import CLAUSE, HOSTILE, LANE, SITE, passage, verdicts

from protocol.custody import Usability
from protocol.ledger import Ledger
from protocol.parts import Cargo, Kind, Person, Purpose, Times, Weighing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("explained") / "lane")


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
