"""`steelyard weigh` as it is called: several traces, folders, standard input, drawings, truth."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trace_rig import write_trace, write_truth
from typer.testing import CliRunner, Result

from controller.cli import app

Files = tuple[Path, Path]
WANTED = {
    "trace",
    "verdict",
    "weight_kg",
    "weight_rounded_kg",
    "u95_kg",
    "accepted_at_s",
    "stop_at_s",
    "axles",
    "axles_confidence",
    "axle_loads_kg",
    "axle_loads_u95_kg",
    "axle_spacings_m",
    "axle_spacings_u95_m",
    "temperature_c",
    "compensation",
    "cells",
    "degraded",
    "withdrawn",
    "events",
}


def weigh(*words: object, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["weigh", *map(str, words)], input=given)


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def made(passage: Callable[..., Any], stop_legs: Any) -> Any:
    return passage(stop_legs)


@pytest.fixture
def files(tmp_path: Path, made: Any) -> Files:
    return write_trace(tmp_path, made)


def test_every_trace_has_its_own_calibration_and_its_own_line(
    files: Files, tmp_path: Path, passage: Callable[..., Any]
) -> None:
    rolling, _ = write_trace(tmp_path, passage([(3.0, 0.0), (60.0, 1.8)]), "rolls")
    result = weigh(files[0], rolling, "--json")
    assert result.exit_code == 0, result.stderr
    good, bad = objects(result)
    assert set(good) == set(bad) == WANTED
    assert (good["trace"], good["verdict"]) == (str(files[0]), "ok")
    assert (bad["trace"], bad["verdict"], bad["weight_kg"]) == (str(rolling), "unstable", None)
    assert [bad[key] for key in ("weight_rounded_kg", "u95_kg", "accepted_at_s")] == [None] * 3
    assert good["weight_kg"] == pytest.approx(24_000, abs=20)
    assert good["weight_rounded_kg"] == 24_000
    assert good["axle_spacings_m"] == pytest.approx([3.5, 1.4], abs=0.3)
    assert good["axles"] == len(good["axle_loads_kg"]) == 3
    assert good["stop_at_s"] == pytest.approx(13.6, abs=1.0)


def test_the_accepted_instant_is_a_time_of_the_file(files: Files) -> None:
    (good,) = objects(weigh(files[0], "--json"))
    times = [line.split(",", 1)[0] for line in files[0].read_text().splitlines()[1:]]
    assert good["accepted_at_s"] in [float(time) for time in times]


def test_a_folder_is_every_trace_in_it(files: Files, tmp_path: Path, made: Any) -> None:
    write_trace(tmp_path, made, "a")
    traces = [answer["trace"] for answer in objects(weigh(tmp_path, "--json"))]
    assert traces == [str(tmp_path / "a.csv"), str(files[0])]
    empty = tmp_path / "empty"
    empty.mkdir()
    result = weigh(empty)
    assert result.exit_code == 1
    assert f"{empty}: no *.csv" in result.stderr


def test_one_bad_trace_does_not_stop_the_others(files: Files, tmp_path: Path) -> None:
    junk = tmp_path / "junk.csv"
    junk.write_bytes(b"\x00\xff\xfe junk")
    result = weigh(junk, tmp_path / "none.csv", files[0], "--scale", files[1], "--json")
    assert result.exit_code == 1
    bad, none, good = objects(result)
    assert good["verdict"] == "ok"
    assert set(bad) == set(none) == {"trace", "error"}
    assert "not a CSV text" in bad["error"]
    assert "none.csv: cannot be read" in none["error"]
    for error in (bad["error"], none["error"]):
        assert f"error: {error}" in result.stderr


def test_a_trace_without_its_calibration_says_what_to_do(files: Files) -> None:
    other = files[1].rename(files[1].with_name("other.toml"))
    result = weigh(files[0])
    assert result.exit_code == 1
    assert "s.calib.toml: cannot be read" in result.stderr
    assert "--scale" in result.stderr
    assert objects(weigh(files[0], "--scale", other, "--json"))[0]["verdict"] == "ok"


def test_samples_at_another_rate_than_the_scale_are_refused(files: Files) -> None:
    files[1].write_text(files[1].read_text().replace("fs_hz = 60.0", "fs_hz = 80.0"))
    result = weigh(files[0])
    assert result.exit_code == 1
    assert "samples a second, but the scale gives 80 (fs_hz)" in result.stderr
    stream = weigh("-", "--scale", files[1], given=files[0].read_bytes())
    assert "samples a second, but the scale gives 80 (fs_hz)" in stream.stderr


def test_rows_from_standard_input_give_what_the_file_gives(files: Files) -> None:
    (whole,) = objects(weigh(files[0], "--json"))
    result = weigh("-", "--scale", files[1], "--json", given=files[0].read_bytes())
    assert result.exit_code == 0, result.stderr
    (rows,) = objects(result)
    assert rows.pop("trace") == "-"
    assert whole.pop("trace") == str(files[0])
    # One row at a time or four: not a hundredth of an interval may lie between.
    for key in ("weight_kg", "u95_kg"):
        assert rows.pop(key) == pytest.approx(whole.pop(key), abs=0.2)
    assert [e["event"] for e in rows.pop("events")] == [e["event"] for e in whole.pop("events")]
    assert rows == whole
    assert f"{rows['accepted_at_s']} s: accepted" in result.stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (b"", "standard input: is empty"),
        (b"t_s,cell0\n", "1 cell columns, but the scale has 6"),
        (b"\xff\xfe\n", "line 1: not a CSV text"),
    ],
)
def test_a_bad_stream_is_refused_by_place(files: Files, given: bytes, says: str) -> None:
    result = weigh("-", "--scale", files[1], "--json", given=given)
    assert result.exit_code == 1
    assert says in result.stderr
    assert says in objects(result)[0]["error"]


def test_standard_input_needs_a_scale_and_stands_alone(files: Files) -> None:
    assert "add --scale" in weigh("-", given=b"").stderr
    assert "weighed alone" in weigh("-", files[0], "--scale", files[1], given=b"").stderr
    assert "needs a file" in weigh("-", "--scale", files[1], "--plot", "a.png", given=b"").stderr


def test_what_comes_after_the_decision_does_not_change_it(
    tmp_path: Path, made: Any, files: Files, add_load: Callable[..., None]
) -> None:
    (before,) = objects(weigh(files[0], "--json"))
    since_s = made.t_us / 1e6 - before["accepted_at_s"]
    # A quarter of the truck's load comes down on the deck two seconds after the decision.
    add_load(made, 6_000.0 * (since_s > 2.0).astype(float), 8.0)
    (after,) = objects(weigh(write_trace(tmp_path, made, "later")[0], "--json"))
    assert after["withdrawn"] is not None
    assert "withdrawn" in {event["event"] for event in after["events"]}
    later = ("trace", "withdrawn", "events")
    assert {k: v for k, v in after.items() if k not in later} == {
        k: v for k, v in before.items() if k not in later
    }


@pytest.mark.parametrize("rail", [2**23 - 1, -(2**23)])
def test_a_cell_at_the_rail_is_named_and_nothing_is_weighed(
    tmp_path: Path, made: Any, rail: int
) -> None:
    trace, _ = write_trace(tmp_path, made, "rail")
    lines = trace.read_text().splitlines()
    for i in range(400, len(lines)):
        fields = lines[i].split(",")
        fields[3] = str(rail)
        lines[i] = ",".join(fields)
    trace.write_text("\n".join(lines))
    (answer,) = objects(weigh(trace, "--json"))
    assert (answer["verdict"], answer["weight_kg"]) == ("cell_fault", None)
    assert answer["cells"][2] in ("saturated", "shorted", "open")


def test_unknown_words_are_refused_with_what_is_known(files: Files) -> None:
    assert "choose one of static, rolling" in weigh(files[0], "--mode", "flying").stderr
    assert "choose one of product, window" in weigh(files[0], "--estimator", "best").stderr


def test_the_usual_rule_is_slower_and_as_right(files: Files) -> None:
    (own,) = objects(weigh(files[0], "--json"))
    (usual,) = objects(weigh(files[0], "--json", "--estimator", "window"))
    assert usual["verdict"] == "ok"
    assert usual["weight_kg"] == pytest.approx(24_000, abs=20)
    assert usual["accepted_at_s"] > own["accepted_at_s"]


def test_one_trace_in_words(files: Files) -> None:
    words = weigh(files[0]).stdout
    for part in (f"{files[0]}: ok, 24", "shown as 24000 kg", "3 axles", "all 6 cells ok"):
        assert part in words


def test_the_truth_class_by_class(files: Files, tmp_path: Path, made: Any) -> None:
    write_truth(files[0])
    wrong, _ = write_trace(tmp_path, made, "wrong")
    write_truth(wrong, cls="cell_fault", expected_verdict="cell_fault", valid_intervals=[])
    result = weigh(tmp_path, "--truth", "--json")
    assert result.exit_code == 0, result.stderr
    (said,) = objects(result)
    assert said["traces"] == 2
    good, bad = said["classes"]
    assert (good["cls"], good["right"], good["within_mpe"], good["early"]) == ("ok", 1, 1, 0)
    assert (bad["right"], bad["accepted"], bad["within_mpe"], bad["early"]) == (0, 1, 0, 1)
    assert [row["trace"] for row in said["judged"]] == ["s", "wrong"]
    table = weigh(tmp_path, "--truth").stdout
    assert "wrong (cell_fault): weight given (too early" in table
    spread = objects(weigh(tmp_path, "--truth", "--json", "--jobs", "2"))
    assert spread == [said]


def test_a_truth_that_is_missing_or_broken_is_named(files: Files) -> None:
    result = weigh(files[0], "--truth")
    assert result.exit_code == 1
    assert "s.truth.json: cannot be read" in result.stderr
    files[0].with_suffix(".truth.json").write_text("{")
    assert "s.truth.json: " in weigh(files[0], "--truth").stderr


def test_a_page_is_complete_in_itself(files: Files, tmp_path: Path) -> None:
    write_truth(files[0])
    target = tmp_path / "out" / "{}.html"
    result = weigh(files[0], "--truth", "--plot", target)
    assert result.exit_code == 0, result.stderr
    page = (tmp_path / "out" / "s.html").read_text(encoding="utf-8")
    for part in ("accepted", "± u95", "true mass", "entry beam", "initial MPE ±20 kg", "estimate"):
        assert part in page
    for part in ("Cramér–Rao bound on s", "bound on the time", "± 2 × Cramér–Rao bound"):
        assert part in page
    for fetched in ("http://", "https://", "src=", "@import", "url(h"):
        assert fetched not in page
    assert "NaN" not in page
    assert "prefers-color-scheme: dark" in page


def test_a_name_in_a_page_is_text(tmp_path: Path, made: Any) -> None:
    trace, _ = write_trace(tmp_path, made, "<b>bold&")
    weigh(trace, "--plot", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "&lt;b&gt;bold&amp;" in page


def test_a_png_is_drawn(files: Files, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (answer,) = objects(weigh(files[0], "--plot", tmp_path / "a.png", "--json"))
    assert answer["verdict"] == "ok"
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_drawing_that_cannot_be_made_is_refused_first(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "draws .png or .html" in weigh(files[0], "--plot", tmp_path / "a.gif").stderr
    both = weigh(files[0], files[0], "--plot", tmp_path / "a.html")
    assert both.exit_code == 1
    assert "'{}.html" in both.stderr.replace(str(tmp_path) + "/", "")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    missing = weigh(files[0], "--plot", tmp_path / "a.png")
    assert missing.exit_code == 1
    assert "pip install 'steelyard[plot]'" in missing.stderr


def test_a_rolling_vehicle_goes_to_the_rolling_mode(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, Path]] = []

    class Rolling:
        @staticmethod
        def weigh_rolling(trace: Path, scale: Path) -> dict[str, Any]:
            asked.append((trace, scale))
            return {"verdict": "ok", "gross_kg": 24_000.0, "u95_kg": 90.0, "axles": 3}

    monkeypatch.setitem(sys.modules, "controller.commands.weigh_rolling", Rolling)
    (answer,) = objects(weigh(files[0], "--mode", "rolling", "--json"))
    assert asked == [files]
    assert (answer["trace"], answer["verdict"]) == (str(files[0]), "ok")
    assert "24000.0 kg ± 90.0 kg" in weigh(files[0], "--mode", "rolling").stdout
