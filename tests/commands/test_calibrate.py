"""``steelyard calibrate`` on the simulated deck: found, shown, accepted, written, put back."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from site_rig import SITE, write_recording, write_site
from typer.testing import CliRunner, Result

from board.calibration_file import history, read_standing
from board.profile import profile_path, read_profile
from board.tomltext import to_toml
from controller.calibrating.steps import read_answers
from controller.cli import app
from sensors.calibration import scale_from_dict
from sim.scale import Cells

TRUE = Cells(20.0, 1)
WARM: dict[str, Any] = {"do": "warm_up"}
ZERO: dict[str, Any] = {"do": "zero"}
CORNERS: list[dict[str, Any]] = [{"do": "corner", "cell": i, "load": "15 t"} for i in range(8)]
SPANS: list[dict[str, Any]] = [{"do": "span", "load": "30 t"}, {"do": "span", "load": "60 t"}]
CHECK: dict[str, Any] = {"do": "check", "load": "45 t", "x": "5 m", "y": "0.6 m"}
FULL = [WARM, ZERO, *SPANS, *CORNERS, CHECK, {"do": "check", "load": "0 kg"}]


def run(*words: object, says: str = "") -> Result:
    return CliRunner().invoke(app, ["calibrate", *map(str, words)], input=says)


def refused(done: Result, *parts: str) -> None:
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.stderr, done.stderr


def make_site(folder: Path, old: str = "", new: str = "") -> Path:
    """The simulated yard in a folder of its own, its sheet spoiled in one place."""
    for name in ("sim.toml", "sim.calib.toml"):
        text = profile_path("sim").with_name(name).read_text(encoding="utf-8")
        assert old in text or name == "sim.toml"
        (folder / name).write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return folder / "sim.toml"


def answers(folder: Path, steps: list[dict[str, Any]], **more: Any) -> Path:
    path = folder / "answers.toml"
    table = {"accept": True, "reason": "yearly", **more, "step": steps}
    path.write_text(to_toml(table), encoding="utf-8")
    return path


def calibrate(folder: Path, steps: list[dict[str, Any]], *words: object, **more: Any) -> Result:
    site = folder / "sim.toml"
    if not site.exists():
        make_site(folder)
    file = answers(folder, steps, **more)
    return run(site, "--author", "Li Wei", "--answers", file, "--seconds", 2, *words)


def sheet_of(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "sim.calib.toml").read_text(encoding="utf-8"))


def nothing_written(folder: Path) -> bool:
    return (
        read_standing(folder / "sim.calib.toml").version == 0 and not (folder / "history").exists()
    )


def test_a_spoiled_cell_is_found_and_every_cell_becomes_what_it_is(tmp_path: Path) -> None:
    make_site(tmp_path, "counts_per_kg = 142.061061", "counts_per_kg = 142.6")
    done = calibrate(tmp_path, FULL)
    assert done.exit_code == 0, done.output
    scale = scale_from_dict(sheet_of(tmp_path))
    per_count = [cell.corner_factor / cell.counts_per_kg for cell in scale.cells]
    assert per_count == pytest.approx(1 / TRUE.true_counts_per_kg, rel=3e-5)
    assert [cell.zero_counts for cell in scale.cells] == pytest.approx(TRUE.zero_counts, abs=40)
    odd = np.argmax([abs(cell.corner_factor - 1) for cell in scale.cells])
    assert odd == 2
    assert "corner cell2" in done.stdout
    record = sheet_of(tmp_path)["calibration"]
    assert (record["version"], record["author"], record["reason"]) == (1, "Li Wei", "yearly")
    assert len(record["loads"]) == 12
    assert all(load["ok"] for load in record["loads"])
    by_hand = record["loads"][4]
    assert by_hand["where"] == "cell2"
    assert by_hand["error_before_e"] == pytest.approx(-2.84, abs=0.05)
    assert abs(by_hand["error_after_e"]) < 0.05
    assert abs(record["loads"][10]["error_after_e"]) < 0.1


def test_json_is_one_object_and_the_site_takes_the_new_version(tmp_path: Path) -> None:
    done = calibrate(tmp_path, FULL, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["written"]
    assert said["version"] == 1
    assert {row["key"].split(".")[-1] for row in said["changes"]} == {
        "counts_per_kg",
        "zero_counts",
        "corner_factor",
    }
    profile = read_profile(tmp_path / "sim.toml")
    assert profile.scale.calibration_version == 1
    assert profile.scale.calibration_hash == said["sha256"]


def test_what_is_not_accepted_is_not_written_and_the_status_says_so(tmp_path: Path) -> None:
    done = calibrate(tmp_path, FULL, "--json", accept=False)
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert (said["written"], said["version"]) == (False, 0)
    assert nothing_written(tmp_path)


def test_zero_alone_changes_zero_alone(tmp_path: Path) -> None:
    make_site(tmp_path, "zero_counts = 457518", "zero_counts = 450000")
    done = calibrate(tmp_path, [ZERO], "--json")
    assert done.exit_code == 0, done.output
    changed = {row["key"] for row in json.loads(done.stdout)["changes"]}
    assert changed == {f"cells[{i}].zero_counts" for i in range(8)}


def test_a_deck_that_is_not_empty_is_no_zero_unless_the_scale_is_new(tmp_path: Path) -> None:
    make_site(tmp_path, "zero_counts = 457518", "zero_counts = 100000")
    refused(calibrate(tmp_path, [ZERO]), "step[0] (zero)", "2542 kg", "--first")
    assert nothing_written(tmp_path)
    assert calibrate(tmp_path, [ZERO], "--first").exit_code == 0


def test_a_blocked_beam_or_a_dead_one_is_no_empty_deck(tmp_path: Path) -> None:
    for state in ("blocked", "unknown"):
        folder = tmp_path / state
        folder.mkdir()
        write_recording(folder)
        old = '[devices.yard.arm]\ndriver = "virtual.presence"\n'
        site = write_site(folder, old, f'{old}state = "{state}"\n')
        adopted = run(site, "--author", "Li Wei", "--adopt", "deck.calib.toml")
        assert adopted.exit_code == 0, adopted.output
        text = site.read_text(encoding="utf-8")
        head, tail = text.index("class ="), text.index("[timing]")
        site.write_text(text[:head] + 'file = "deck.calib.toml"\n' + text[tail:], encoding="utf-8")
        words = (site, "--author", "Li Wei", "--answers", answers(folder, [ZERO]))
        refused(run(*words), f"zero: yard.arm is {state}; clear the deck")


def test_linearised_every_span_load_is_exact(tmp_path: Path) -> None:
    steps = [ZERO, *SPANS, {"do": "span", "load": "90 t"}]
    done = calibrate(tmp_path, steps, "--json", linearise=True)
    assert done.exit_code == 0, done.output
    assert [p["true_kg"] for p in sheet_of(tmp_path)["span_points"]] == [30000, 60000, 90000]
    assert all(row["error_after_e"] == 0 for row in json.loads(done.stdout)["loads"])


def test_more_points_than_the_file_keeps_are_refused(tmp_path: Path) -> None:
    steps = [{"do": "span", "load": f"{kg} kg"} for kg in range(10_000, 76_000, 2_000)]
    refused(calibrate(tmp_path, [ZERO, *steps], linearise=True), "span_points: expected at most 32")
    assert nothing_written(tmp_path)


def test_substitution_needs_enough_weights_or_a_scale_that_repeats(tmp_path: Path) -> None:
    climb = [
        {"do": "weights", "load": "25 t"},
        {"do": "substitute", "load": "25.04 t"},
        {"do": "weights", "load": "25 t"},
        {"do": "substitute", "load": "50.0 t"},
        {"do": "weights", "load": "25 t"},
    ]
    refused(calibrate(tmp_path, [ZERO, *climb]), "R 76 3.7.3 asks for 50000 kg")
    repeats = [{"do": "repeat", "load": "25 t"}] * 3
    done = calibrate(tmp_path, [ZERO, *repeats, *climb], "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["repeatability_e"] <= 0.2
    loads = [row["load_kg"] for row in said["loads"]]
    assert loads == pytest.approx([25_000, 50_040, 75_000], abs=2)
    assert [row["error_after_e"] for row in said["loads"]] == pytest.approx([0] * 3, abs=0.05)


def test_an_axle_over_every_section_gives_section_factors(tmp_path: Path) -> None:
    make_site(tmp_path, "counts_per_kg = 142.061061", "counts_per_kg = 142.6")
    steps = [{"do": "corner", "section": i, "load": "9 t"} for i in range(4)]
    assert calibrate(tmp_path, [ZERO, *steps]).exit_code == 0
    factors = [cell.corner_factor for cell in scale_from_dict(sheet_of(tmp_path)).cells]
    assert factors[2] == factors[3] > 1.0005
    assert factors[0] == factors[1] == pytest.approx(factors[7], abs=3e-4)


def test_temperature_and_creep_come_with_the_answers(tmp_path: Path) -> None:
    temperature = {"reference_c": 18.0, "zero_g_per_k": 12.5, "span_ppm_per_k": -6.0}
    creep = [{"share_ppm": 120.0, "tau_s": 900.0}]
    done = calibrate(tmp_path, [ZERO], temperature=temperature, creep=creep)
    assert done.exit_code == 0, done.output
    assert (sheet_of(tmp_path)["temperature"], sheet_of(tmp_path)["creep"]) == (temperature, creep)
    again = calibrate(tmp_path, [ZERO])
    assert again.exit_code == 0, again.output
    assert sheet_of(tmp_path)["temperature"] == temperature


def test_a_scale_outside_its_mpe_is_not_written(tmp_path: Path) -> None:
    steps = [ZERO, *SPANS]
    make_site(tmp_path, "counts_per_kg = 142.061061", "counts_per_kg = 143.6")
    refused(
        calibrate(tmp_path, [*steps, *CORNERS[:1], CHECK]),
        "corners: 1 places for 8 unknown factors",
    )
    refused(
        calibrate(tmp_path, [*steps, CHECK]),
        "outside the initial MPE afterwards: check 45000 kg by -6.",
        "nothing was written",
    )
    assert nothing_written(tmp_path)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([{"do": "span"}], 'step[0].load: missing; a step "span" needs it, as a mass'),
        ([{"do": "spam", "load": "1 t"}], "step[0].do"),
        ([{"do": "span", "lode": "1 t"}], "did you mean 'load'?"),
        ([{"do": "span", "load": "20"}], "a mass needs its unit"),
        ([{"do": "corner", "cell": 8}], "this scale has cell0 to cell7"),
        ([{"do": "corner"}], "needs either cell or section"),
        ([{"do": "zero", "cell": 1}], 'only a step "corner" has a cell'),
        ([{"do": "warm_up"}], "zero: missing; read the empty deck first"),
        ([*SPANS], "zero: missing; read the empty deck before any load"),
        ([ZERO, *SPANS, ZERO], 'read a "check" of 0 kg instead'),
        ([ZERO, {"do": "substitute", "load": "1 t"}], "read the standard weights (weights) first"),
        ([ZERO, {"do": "corner", "section": 4, "load": "9 t"}], "section 4: this deck has 4"),
        ([ZERO, {"do": "corner", "cell": 4}], "corner: state the load"),
        ([ZERO, {"do": "span", "load": "20 t", "recording": "no.csv"}], "no.csv: cannot be read"),
        ([ZERO, {"do": "check", "load": "30 t", "recording": "empty.csv"}], "shows 0 kg, the load"),
        ([ZERO, CORNERS[0], {"do": "corner", "section": 1, "load": "15 t"}], "not both"),
    ],
)
def test_steps_that_cannot_be_followed_are_named(
    tmp_path: Path, steps: list[dict[str, Any]], says: str
) -> None:
    write_counts(tmp_path / "empty.csv", 0.0, (10.0, 0.0), 1)
    refused(calibrate(tmp_path, steps), says)
    assert nothing_written(tmp_path)


def test_what_a_run_without_questions_needs_is_asked_for_first(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    file = answers(tmp_path, [ZERO])
    refused(run(site, "--answers", file), "--author: missing")
    refused(run(site, "--author", "A", "--json"), "give --answers")
    refused(run("sim", "--author", "A", "--answers", file), "copy its .toml and .calib.toml")
    refused(run(site, "--author", "A", "--history", "--to", 1), "give one of them")
    bare = to_toml({"accept": True, "step": [ZERO]})
    file.write_text(bare, encoding="utf-8")
    refused(run(site, "--author", "A", "--answers", file), "reason: missing")
    refused(run(site, "--author", "A\nB", "--answers", file, "--reason", "x"), "author")
    file.write_text("accept = true\nstep = []\n", encoding="utf-8")
    refused(run(site, "--author", "A", "--answers", file), "step: 0 steps")
    assert nothing_written(tmp_path)


def write_counts(path: Path, load_kg: float, at: tuple[float, float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 80, (200, 8))
    counts = TRUE.zero_counts + TRUE.counts_under(load_kg * 1000, *at) + np.rint(noise)
    lines = ["t_s," + ",".join(f"cell{i}" for i in range(8))]
    for i, row in enumerate(counts.astype(int)):
        lines.append(f"{i / 80:.4f}," + ",".join(map(str, row)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_recordings_serve_instead_of_the_deck_and_no_device_is_opened(tmp_path: Path) -> None:
    site = make_site(tmp_path, "counts_per_kg = 142.061061", "counts_per_kg = 142.6")
    text = site.read_text(encoding="utf-8")
    site.write_text(
        text.replace('driver = "sim.cells"', 'driver = "trace.cells"\nfiles = ["none.csv"]'),
        encoding="utf-8",
    )
    loads = [("zero", 0.0, (10.0, 0.0)), ("span", 50_000.0, (10.0, 0.0))]
    places = [(x, y) for x in TRUE.row_x_m for y in (1.45, -1.45)]
    steps: list[dict[str, Any]] = []
    for i, (do, kg, at) in enumerate([*loads, *(("corner", 15_000.0, p) for p in places)]):
        name = f"r{i}.csv"
        write_counts(tmp_path / name, kg, at, i)
        step = {"do": do, "recording": name, **({"load": f"{kg:g} kg"} if kg else {})}
        steps.append(step | ({"cell": i - 2} if do == "corner" else {}))
    done = calibrate(tmp_path, steps)
    assert done.exit_code == 0, done.output
    cells = scale_from_dict(sheet_of(tmp_path)).cells
    per_count = [cell.corner_factor / cell.counts_per_kg for cell in cells]
    assert per_count == pytest.approx(1 / TRUE.true_counts_per_kg, rel=5e-5)


def talk(site: Path, *lines: str) -> Result:
    return run(site, "--author", "Li Wei", "--seconds", 1, says="\n".join(lines) + "\n")


CORNER_LINES = ("1", "15 t")


def test_the_dialogue_leads_from_warm_up_to_acceptance(tmp_path: Path) -> None:
    site = make_site(tmp_path, "counts_per_kg = 142.061061", "counts_per_kg = 142.6")
    done = talk(site, "y", "1", "30", "30 t", "60 t", "", *CORNER_LINES, "45 t", "", "y", "yearly")
    assert done.exit_code == 0, done.output
    for part in ("1. Warm-up", "2. Zero", "3. Span", "4. Corners", "5. A check", "Over cell7"):
        assert part in done.stdout
    assert "'30': a mass needs its unit" in done.stdout
    assert "OUT" not in done.stdout
    assert read_standing(tmp_path / "sim.calib.toml").version == 1
    assert sheet_of(tmp_path)["calibration"]["reason"] == "yearly"


def test_the_dialogue_offers_points_where_a_line_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    lines = ("y", "1", "30 t", "60 t", "", "3", "")
    assert "by a point" not in talk(site, *lines, "n").stdout
    straight = Cells.counts_under

    def bent(cells: Cells, load_g: float, x_m: float, y_m: float) -> npt.NDArray[np.int64]:
        return straight(cells, load_g * (1 + 1e-11 * load_g), x_m, y_m)

    monkeypatch.setattr(Cells, "counts_under", bent)
    done = talk(site, *lines, "y", "y", "yearly")
    assert done.exit_code == 0, done.output
    assert "leaves up to 0.3" in done.stdout
    assert "points of the span: 0 -> 2" in done.stdout
    assert len(sheet_of(tmp_path)["span_points"]) == 2


@pytest.mark.parametrize(
    "lines",
    [
        ("n",),
        ("y", "1", "30 t"),
        ("y", "3", "3", "n"),
        ("y", "1", "30 t", "60 t", "", "3", "", "n"),
        ("y", "1", "900 t", "q"),
    ],
)
def test_whatever_breaks_the_dialogue_off_nothing_is_written(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    assert talk(make_site(tmp_path), *lines).exit_code == 1
    assert nothing_written(tmp_path)


def test_a_step_that_is_not_taken_can_be_left_out(tmp_path: Path) -> None:
    make_site(tmp_path, "zero_counts = 457518", "zero_counts = 100000")
    done = talk(tmp_path / "sim.toml", "y", "", "s", "3", "3")
    assert "Not taken: the deck shows 2542 kg against the present zero" in done.stdout
    refused(done, "zero: missing")


def test_versions_are_listed_and_put_back(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    refused(run(site, "--author", "A", "--rollback", 1), "was never calibrated here")
    assert calibrate(tmp_path, [ZERO]).exit_code == 0
    assert calibrate(tmp_path, FULL).exit_code == 0
    before = sheet_of(tmp_path)
    back = run(site, "--author", "Wang Fang", "--rollback", 1, "--reason", "wrong load", "--json")
    assert back.exit_code == 0, back.output
    said = json.loads(back.stdout)
    assert (said["version"], said["restores"], said["written"]) == (3, 1, True)
    assert sheet_of(tmp_path)["cells"] != before["cells"]
    assert "corner_factor" not in sheet_of(tmp_path)["cells"][0]
    assert run(site, "--author", "Wang Fang", "--to", 2).exit_code == 0
    assert sheet_of(tmp_path)["cells"] == before["cells"]
    listed = run(site, "--history")
    assert listed.exit_code == 0, listed.output
    assert "Wang Fang: wrong load (restores 1)" in listed.stdout
    assert "every seal and link holds" in listed.stdout
    rows = history(tmp_path / "sim.calib.toml")
    assert [row["version"] for row in rows] == [0, 1, 2, 3, 4]
    refused(run(site, "--author", "A", "--to", 9), "no version 9 in the history")
    refused(run(site, "--author", "A", "--rollback", 7), "is at version 4; state at most 4")


def test_check_and_calibrate_name_a_change_by_hand_and_to_undoes_it(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    assert calibrate(tmp_path, [ZERO]).exit_code == 0
    path = tmp_path / "sim.calib.toml"
    path.write_text(path.read_text("utf-8").replace("140.654979", "140.7"), "utf-8")
    checked = CliRunner().invoke(app, ["check", str(site)])
    refused(checked, "sim.calib.toml: changed by hand", "--to 1")
    refused(calibrate(tmp_path, [ZERO]), "changed by hand")
    assert run(site, "--history").exit_code == 1
    assert run(site, "--author", "Li Wei", "--to", 1).exit_code == 0
    assert CliRunner().invoke(app, ["check", str(site)]).exit_code == 0
    assert run(site, "--history").exit_code == 0


def test_cells_of_a_site_file_are_taken_over(tmp_path: Path) -> None:
    site = write_site(tmp_path)
    refused(run(site, "--author", "A", "--to", 1), "scale.file: missing", "--adopt")
    done = run(site, "--author", "Li Wei", "--adopt", "deck.calib.toml", "--json")
    assert done.exit_code == 0, done.output
    assert 'write file = "deck.calib.toml" in place of max' in json.loads(done.stdout)["next"]
    before = read_profile(site).scale.scale
    head, tail = SITE.index("class ="), SITE.index("[timing]")
    identity = SITE[head : SITE.index("max =")]
    site.write_text(
        SITE[:head] + identity + 'file = "deck.calib.toml"\n' + SITE[tail:], encoding="utf-8"
    )
    assert read_profile(site).scale.scale == before
    refused(run(site, "--author", "A", "--adopt", "deck.calib.toml"), "exists already")


def test_the_answers_of_the_handbook_are_right(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "calibration.md"
    blocks = page.read_text(encoding="utf-8").split("```toml\n")[1:]
    file = tmp_path / "answers.toml"
    file.write_text(blocks[0].split("```")[0], encoding="utf-8")
    steps = read_answers(file, 8).steps
    make_site(tmp_path, "counts_per_kg = 142.061061", "counts_per_kg = 142.6")
    done = run(tmp_path / "sim.toml", "--author", "Li Wei", "--answers", file)
    assert done.exit_code == 0, done.output
    assert len(sheet_of(tmp_path)["calibration"]["loads"]) == len(steps) - 2
