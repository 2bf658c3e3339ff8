"""The page: whole, fetched from nowhere, deaf to hostile text, and silent about nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from page_outline import Outline
from report_rig import HOSTILE, LANE, SCALE, SITE, curve, keep, kept, morning, passage, png

from controller import page as page_module
from controller.page import PageError, page, write_page
from controller.report.plot import POINTS_MAX, Axis, thinned
from protocol.parts import Decision, Image, Outcome, Person, Plate


@pytest.fixture
def day(tmp_path: Path) -> str:
    records, hashes = kept(morning(tmp_path / "media"), tmp_path)
    out = tmp_path / "page.html"
    write_page(records, tmp_path / "media", out, title="Morning 早班", hashes=hashes)
    return out.read_text(encoding="utf-8")


def test_page_is_whole_and_fetches_nothing(day: str) -> None:
    outline = Outline(day)
    assert "http://" not in day
    assert "https://" not in day
    assert not {"script", "link", "iframe", "object"} & set(outline.tags)
    assert "@import" not in day
    assert outline.sources
    assert all(source.startswith("data:image/png;base64,") for source in outline.sources)
    assert len(outline.alts) == len(outline.sources)
    assert all(outline.alts)


def test_every_link_has_its_place_and_every_place_one_name(day: str) -> None:
    outline = Outline(day)
    assert len(outline.ids) == len(set(outline.ids))
    assert all(link.startswith("#") and link[1:] in outline.ids for link in outline.links)


def test_card_shows_verdict_clause_curve_and_phases(day: str) -> None:
    said = Outline(day).said
    for words in (
        "超限、超载 Over-limit and Overload",
        "54.32\u202ft",
        "5 320 kg",
        "10.85 %",
        "± 60 kg",
        "交通运输部令2016年第62号 第三条第一款第（八）项",
        "采信 accepted 17.00 s · 54.32",
        "上秤 boarding 6.30 s",
        "ZCS-100-0231, class III",
        "valid until 2027-04-16",
        "晋A·12345",
    ):
        assert " ".join(words.split()) in said
    assert day.count('class="trace"') == 2 * 8
    assert day.count('class="u95"') >= 5
    assert day.count('class="limit"') >= 7


def test_later_records_stand_inside_the_card_of_their_passage(day: str) -> None:
    articles = re.findall(r"<article.*?</article>", day, re.S)
    assert len(articles) == 9
    released = next(a for a in articles if 'id="r5"' in a)
    assert 'id="r6"' in released
    assert "operator 7 李敏" in released
    assert "等待人工" in released
    assert Outline(released).said.count("release by a person") == 2


def test_reweigh_chain_leads_back_to_the_first_record(day: str) -> None:
    last = next(a for a in re.findall(r"<article.*?</article>", day, re.S) if 'id="r4"' in a)
    assert 'href="#r2"' in last
    assert 'href="#r3"' in last
    assert "this is re-weigh 2" in Outline(last).said


def test_undetermined_lists_its_readings(day: str) -> None:
    said = Outline(day).said
    assert "single_drive_axle = true → 超 over, limit 46 000 kg" in said
    assert "single_drive_axle = false → 未超 within, limit 49 000 kg" in said


def test_equal_records_give_an_equal_page(tmp_path: Path, day: str) -> None:
    again = tmp_path / "again"
    records, hashes = kept(morning(again / "media"), again)
    assert page(records, again / "media", title="Morning 早班", hashes=hashes) == day


def test_chain_is_computed_anew(tmp_path: Path, day: str) -> None:
    assert "Chain whole. SX-0351-01 lane 1: seq 1–11, none missing" in Outline(day).said
    records, hashes = kept(morning(tmp_path / "media"), tmp_path / "b")
    altered = {**hashes, (SITE, LANE, 4): bytes(32)}
    said = Outline(page(records, tmp_path, title="t", hashes=altered)).said
    assert "Chain broken. SX-0351-01 lane 1: seq 5 does not continue seq 4." in said
    said = Outline(page((*records[:3], *records[5:]), tmp_path, title="t", hashes=hashes)).said
    assert "seq 4 to 5 are missing" in said


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    record = passage(
        1,
        plate=HOSTILE,
        plates=(Plate(text=HOSTILE[:64], ptype=HOSTILE[:64]),),
        person=Person(who=HOSTILE, why=HOSTILE),
        decision=Decision(outcome=Outcome.HOLD, reasons=(HOSTILE,)),
        phases=((HOSTILE, 60_000_000), ('"><b>', 61_000_000)),
        flags=(HOSTILE,),
        software=HOSTILE,
        scale=replace(SCALE, serial=HOSTILE, certificate=HOSTILE),
        site="</main>",
    )
    body = page((record,), tmp_path, title=HOSTILE)
    outline = Outline(body)
    assert "script" not in outline.tags
    assert "<script>alert" in outline.said
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in body


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("absent", "the file is not in the media folder"),
        ("altered", "the file does not have the digest that the record names"),
        ("text", "the file is not a PNG picture"),
        ("folder", "the file cannot be read"),
        ("large", "bytes are more than a page takes"),
    ],
)
def test_picture_that_cannot_be_shown_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str, said: str
) -> None:
    digest = keep(tmp_path, b"no picture" if spoil == "text" else png(5))
    file = tmp_path / f"{digest.hex()}.png"
    if spoil in ("absent", "folder"):
        file.unlink()
    if spoil == "folder":
        file.mkdir()
    if spoil == "altered":
        file.write_bytes(png(6))
    if spoil == "large":
        monkeypatch.setattr("controller.report.pictures.PICTURE_BYTES_MAX", 10)
    record = passage(1, images=(Image(name="front", sha256=digest),))
    outline = Outline(page((record,), tmp_path, title="t"))
    assert said in outline.said
    assert digest.hex()[:16] in outline.said
    assert outline.sources == []


def test_record_without_evidence_says_so(tmp_path: Path) -> None:
    bare = passage(
        1, plate=None, plates=(), curve=None, phases=(), weighing=None, verdicts=None,
        scale=None, axles=None, vehicle=None, direction=None,
    )  # fmt: skip
    said = Outline(page((bare,), tmp_path, title="t")).said
    for words in (
        "plate not read", "No read of a plate", "no weight curve", "keeps no phases",
        "no weighing", "未判定 Not judged", "衡器 scalenot recorded",
    ):  # fmt: skip
        assert words in said
    assert "There are no records." in Outline(page((), tmp_path, title="t")).said


def test_page_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "CARDS_MAX", 3)
    bare = [passage(n, curve=None) for n in range(1, 6)]
    body = page(bare, tmp_path, title="t")
    assert body.count("<article") == 3
    assert "The latest 3 of 5 passages." in Outline(body).said


def test_long_curve_is_thinned_and_keeps_its_peak(tmp_path: Path) -> None:
    long = curve(0, 40_000_000)
    points = [(t / 1e6, float(g)) for t, g in zip(long.t_us, long.g, strict=True)]
    points[777] = (points[777][0], 9e7)
    thin = thinned(points)
    assert len(thin) <= POINTS_MAX
    assert points[777] in thin
    assert (thin[0], thin[-1]) == (points[0], points[-1])
    assert thin == sorted(thin)
    body = page((passage(1),), tmp_path, title="t")
    drawn = re.findall(r'<polyline points="([^"]*)" class="trace"', body)
    assert len(drawn) == 2
    assert all(1 < len(line.split()) <= POINTS_MAX for line in drawn)


def test_limit_far_above_the_curve_is_named_not_drawn(tmp_path: Path) -> None:
    body = page((passage(1, 9_000_000),), tmp_path, title="t")
    assert 'class="limit"' not in body
    assert "↑ 限重 limit 49.00" in body


def test_axis_ticks_are_round() -> None:
    assert Axis(0, 58.7, 0, 1).ticks(5) == [0, 20, 40]
    assert Axis(-81, 81, 0, 1).ticks(5) == [-50, 0, 50]


def test_page_that_cannot_be_written_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("old")
    with pytest.raises(PageError, match="cannot be written"):
        write_page((), tmp_path, blocked / "page.html", title="t")
    assert blocked.read_text() == "old"
