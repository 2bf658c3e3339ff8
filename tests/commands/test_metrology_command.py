"""`steelyard metrology` as the verifier meets it: files in, report out, exit status 0, 1 or 2."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from controller.cli import app
from controller.metrology.instrument import of_calibration
from controller.metrology.readings import TESTS
from controller.metrology.recorded import run_of
from hal.recording import read_recording

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "metrology"
SITE = ROOT / "board" / "profiles" / "sim.toml"
CALIBRATION = """max_kg = 100000.0
e_kg = 20.0
fs_hz = 10.0
platform_length_m = 16.0
cell_spacing_y_m = 2.8
has_beams = false
"""


def call(test: str, *words: object) -> Result:
    return CliRunner().invoke(app, ["metrology", test, *map(str, words)])


def example(folder: Path, test: str, old: str = "", new: str = "", count: int = 1) -> Path:
    """The example of a test with one text replaced."""
    text = (EXAMPLES / f"{test}.toml").read_text(encoding="utf-8")
    assert old in text
    path = folder / f"{test}.toml"
    path.write_text(text.replace(old, new, count) if old else text, encoding="utf-8")
    return path


def said(done: Result) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def refused(done: Result, *parts: str) -> None:
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr


@pytest.mark.parametrize("test", TESTS)
def test_the_examples_of_the_documentation_pass(test: str, tmp_path: Path) -> None:
    path = EXAMPLES / f"{test}.toml"
    done = call(test, "--readings", path, "--json")
    assert done.exit_code == 0, done.output
    report = said(done)
    assert (report["test"], report["passed"]) == (test, True)
    assert report["worst_margin_kg"] >= 0
    assert report["scale"]["serial"] == "WB-17"
    assert (report["scale"]["n"], report["scale"]["supports"]) == (5000, 8)
    assert report["at"].startswith("2026-11-22T")
    assert report["by"] == "王伟"
    for suffix in ("html", "md", "json"):
        assert call(test, "--readings", path, "--out", tmp_path / f"r.{suffix}").exit_code == 0
        assert report["clause"] in (tmp_path / f"r.{suffix}").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("test", "old", "new", "margin_kg"),
    [
        ("weighing", '20000 kg",   delta = "6 kg"', '20020 kg", delta = "4 kg"', -6),
        ("repeatability", 'indication = "98000 kg", delta = "2 kg"',
         'indication = "97980 kg", delta = "10 kg"', -8),
        ("eccentricity", 'indication = "14260 kg", delta = "2 kg"',
         'indication = "14260 kg", delta = "11 kg"', -1),
        ("discrimination", "50020", "50000", -20),
        ("creep", 'indication = "98000 kg", delta = "0 kg"',
         'indication = "98040 kg", delta = "10 kg"', -6),
        ("zero-return", 'indication = "200 kg"\ndelta = "4 kg"',
         'indication = "220 kg"\ndelta = "18 kg"', -2),
        ("stability", '["49980 kg", "50000 kg"]', '["49960 kg", "50000 kg"]', -20),
        ("zero", 'delta = "8 kg"', 'delta = "4 kg"', -1),
    ],
)  # fmt: skip
def test_one_reading_outside_fails_with_its_margin(
    test: str, old: str, new: str, margin_kg: float, tmp_path: Path
) -> None:
    done = call(test, "--readings", example(tmp_path, test, old, new), "--json")
    assert done.exit_code == 1, done.output
    assert said(done)["passed"] is False
    assert said(done)["worst_margin_kg"] == pytest.approx(margin_kg)


def test_in_service_errors_may_be_twice_as_large(tmp_path: Path) -> None:
    old, new = '20000 kg",   delta = "6 kg"', '20020 kg", delta = "4 kg"'
    path = example(tmp_path, "weighing", old, new)
    assert call("weighing", "--readings", path).exit_code == 1
    text = path.read_text(encoding="utf-8").replace('errors = "initial"', 'errors = "in-service"')
    path.write_text(text, encoding="utf-8")
    done = call("weighing", "--readings", path, "--json")
    assert done.exit_code == 0
    assert said(done)["errors"] == "in-service"


@pytest.mark.parametrize(
    ("test", "old", "new", "parts"),
    [
        ("weighing", "delta = \"6 kg\"", "delat = \"6 kg\"",
         ["up[2].delat", "did you mean 'delta'?"]),
        ("weighing", '"400 kg",     indication', "400, indication",
         ["up[0].load", "needs its unit"]),
        ("weighing", ',     delta = "10 kg"', "", ["no_delta", "load 400 kg, up", "2 kg"]),
        ("weighing", 'by = "王伟"\n', "", ["by: missing"]),
        ("weighing", "+08:00", "", ["at = 2026-11-22 09:30:00"]),
        ("weighing", 'test = "weighing"', 'test = "creep"', ["no readings of 'weighing'"]),
        ("weighing", 'e = "20 kg"', 'e = "30 kg"', ["scale.e", "1, 2 or 5"]),
        ("weighing", 'max = "100 t"', 'max = "300 t"', ["scale.max", "500 to 10000"]),
        ("weighing", "100000 kg", "101 t", ["over_max"]),
        ("repeatability", "98000", "80000", ["too_few_weighings"]),
        ("eccentricity", 'place = "8"', 'place = "9"', ["unknown_place", "1, 2, 3"]),
        ("discrimination", '"28 kg"', '"30 kg"', ["bad_extra", "1.4 d, 28 kg"]),
        ("creep", '"15 min"', '"12 min"', ["missing_time", "15 min"]),
        ("zero-return", '"30 min"', '"20 min"', ["too_short", "30 min"]),
        ("stability", '  { value = "50020 kg", shown = ["50000 kg", "50020 kg"] },\n', "",
         ["too_few_weighings", "4 stored weights"]),
        ("stability", '"49980 kg"', '"49980"', ["stored[4].shown[0]", "needs its unit"]),
        ("zero", '"200 kg"', '"800 kg"', ["load_outside_band", "close to zero"]),
    ],
)  # fmt: skip
def test_what_decides_nothing_is_never_a_pass_and_leaves_no_report(
    test: str, old: str, new: str, parts: list[str], tmp_path: Path
) -> None:
    path = example(tmp_path, test, old, new)
    done = call(test, "--readings", path, "--out", tmp_path / "r.html")
    refused(done, str(path), *parts)
    assert not (tmp_path / "r.html").exists()


def test_what_was_asked_for_is_checked_before_anything_is_read(tmp_path: Path) -> None:
    path = EXAMPLES / "zero.toml"
    refused(call("zeros", "--readings", path), "'zeros' is no test", "zero-return")
    refused(call("zero"), "--readings FILE.toml", "--trace FILE.csv")
    refused(call("zero", "--readings", path, "--trace", path), "not both")
    refused(call("zero", "--readings", path, "--out", tmp_path / "r.pdf"), ".html, .json, .md")
    refused(call("zero", "--readings", path, "--language", "fr"), "en, zh")
    refused(call("zero", "--readings", path, "--by", "x"), "stand in the file")
    refused(call("zero", "--readings", tmp_path / "none.toml"), "none.toml: cannot be read")
    refused(call("zero", "--readings", path, "--site", SITE), "[scale]", "leave one out")
    refused(call("weighing", "--trace", path, "--scale", path), "cannot be told from a recording")
    refused(call("zero", "--trace", path), "--scale SCALE.toml or --site SITE.toml")


@pytest.mark.parametrize(
    ("stated", "enough"),
    [
        ('standard_weights = "50 t"', True),
        ('standard_weights = "49 t"', False),
        ('standard_weights = "34 t"\nrepeatability = "6 kg"', True),
        ('standard_weights = "33 t"\nrepeatability = "6 kg"', False),
        ('standard_weights = "20 t"\nrepeatability = "4 kg"', True),
        ('standard_weights = "20 t"\nrepeatability = "4.1 kg"', False),
        ('standard_weights = "34 t"\nrepeatability = "6.1 kg"', False),
    ],
)
def test_substitution_loads_need_standard_weights_beside_them(
    stated: str, enough: bool, tmp_path: Path
) -> None:
    path = example(tmp_path, "weighing", "[zero]", f"[substitution]\n{stated}\n\n[zero]")
    done = call("weighing", "--readings", path)
    if enough:
        assert done.exit_code == 0, done.output
        assert "standard weights of" in done.stdout
    else:
        refused(done, "too_few_weights")


def test_the_scale_can_come_from_the_site(tmp_path: Path) -> None:
    text = (EXAMPLES / "zero.toml").read_text(encoding="utf-8")
    path = tmp_path / "zero.toml"
    path.write_text(text[: text.index("[scale]")], encoding="utf-8")
    refused(call("zero", "--readings", path), "[scale] is missing")
    scale = said(call("zero", "--readings", path, "--site", SITE, "--json"))["scale"]
    assert (scale["serial"], scale["certificate_no"]) == ("SIM-100", "SIM-2026-001")
    assert scale["calibration"].startswith("version 0, sha256 ")


def test_the_page_stands_alone_and_takes_no_markup_from_the_file(tmp_path: Path) -> None:
    marked = 'test = "weighing"\nremarks = "<script>alert(1)</script>"'
    path = example(tmp_path, "weighing", 'test = "weighing"', marked)
    out = tmp_path / "r.html"
    assert call("weighing", "--readings", path, "--out", out).exit_code == 0
    page = out.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=|url\(|@import|http", page)
    for text in ("PASS", "WB-17", "C-2026-0117", "12.5", "王伟", "+20", "<polyline", "100 000"):
        assert text in page.replace("\N{NO-BREAK SPACE}", " ")


def test_the_report_in_chinese_uses_the_rules_own_terms(tmp_path: Path) -> None:
    titles = {
        "repeatability": "重复性", "eccentricity": "偏载", "discrimination": "鉴别力",
        "creep": "蠕变", "zero-return": "零点回复", "stability": "稳定性",
    }  # fmt: skip
    for test, title in titles.items():
        path = EXAMPLES / f"{test}.toml"
        out = tmp_path / f"{test}.md"
        done = call(test, "--readings", path, "--language", "zh", "--out", out)
        assert done.exit_code == 0
        for text in (done.stdout, out.read_text(encoding="utf-8")):
            assert title in text
            assert "合格" in text
            assert not re.search(r"\b(PASS|Load|Limit|Result)\b", text)


def write_trace(folder: Path, seconds: float = 8.0, zero_kg: float = 0.0) -> list[object]:
    """An empty deck at 10 Hz on six cells, with the noise that tells a cell from a stuck one."""
    noise = random.Random(3)
    names = ",".join(f"cell{i}" for i in range(6))
    rows = [f"t_s,{names}"]
    for i in range(int(seconds * 10)):
        counts = [round(300_000 + zero_kg * 140 / 6 + noise.gauss(0, 30)) for _ in range(6)]
        rows.append(f"{i / 10:.1f}," + ",".join(map(str, counts)))
    trace, scale = folder / "deck.csv", folder / "deck.toml"
    trace.write_text("\n".join(rows) + "\n", encoding="utf-8")
    cells = [(x, y) for x in (0.15, 8.0, 15.85) for y in (1.4, -1.4)]
    text = CALIBRATION + "".join(
        f"[[cells]]\nx_m = {x}\ny_m = {y}\ncounts_per_kg = 140.0\nzero_counts = 300000\n"
        "dead_load_kg = 2000.0\n"
        for x, y in cells
    )
    scale.write_text(text, encoding="utf-8")
    return ["--trace", trace, "--scale", scale]


def test_a_recording_shows_the_zero_that_was_set(tmp_path: Path) -> None:
    words = write_trace(tmp_path, zero_kg=100)
    at = ["--by", "王伟", "--at", "2026-11-22T08:00+08:00", "--temperature", 12.5]
    done = call("zero", *words, *at, "--json")
    assert done.exit_code == 0, done.output
    report = said(done)
    assert report["source"] == "recorded counts, deck.csv"
    assert report["resolution_kg"] == 0
    assert report["ambient"] == {"temperature_c": 12.5}
    assert (report["by"], report["at"]) == ("王伟", "2026-11-22T08:00:00+08:00")
    assert report["scale"]["calibration"].startswith("deck.toml, sha256 ")


def test_the_readings_do_not_depend_on_the_estimator_that_costs_less(tmp_path: Path) -> None:
    _, path, _, sheet = write_trace(tmp_path, zero_kg=100)
    scale = of_calibration(Path(str(sheet))).scale
    trace = read_recording(Path(str(path)), len(scale.cells))
    cheap, whole = (run_of(test, trace, scale).looks for test in ("creep", "stability"))
    assert [look.absolute_g for look in cheap] == [look.absolute_g for look in whole]


def test_a_recording_without_its_load_decides_nothing(tmp_path: Path) -> None:
    words = write_trace(tmp_path)
    refused(call("creep", *words), "deck.csv", "no_stable_reading", "close to Max")
    refused(call("zero-return", *words), "no_stable_reading")
    refused(call("stability", *words), "too_few_weighings", "0 stored weights")
    refused(call("stability", *words, "--display", "panel"), "estimate, indication")
    refused(call("zero", *words, "--at", "noon"), "--at noon", "2026-11-22T09:30+08:00")
    refused(call("zero", "--trace", tmp_path / "no.csv", *words[2:]), "no.csv", "cannot be read")


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "r.html"
    refused(call("zero", "--readings", EXAMPLES / "zero.toml", "--out", out), str(out))
