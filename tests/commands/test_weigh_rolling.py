"""`weigh --mode rolling` on recordings written to files: keys, nulls, classes and errors."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from rolling_yard import Rolled, Vehicle, make_scale, roll, steady

from controller.commands.weigh import TraceError
from controller.commands.weigh_rolling import weigh_rolling
from sensors.calibration import Scale

KEYS = {
    "verdict",
    "mode",
    "gross_kg",
    "u95_kg",
    "axles",
    "axle_loads_kg",
    "axle_u95_kg",
    "axle_spacings_m",
    "speed_kmh",
    "speed_change_kmh",
    "accuracy_class_gross",
    "accuracy_class_axle",
    "events",
}
WEIGHTS = KEYS - {"verdict", "mode", "events", "speed_kmh", "speed_change_kmh"}
TRUCK = Vehicle(
    offset_m=(0.0, 4.2, 5.5), axle_kg=(6500.0, 8200.0, 8100.0), way_m=steady(6.0), bounce=0.02
)


def written(rolled: Rolled, folder: Path) -> tuple[Path, Path]:
    trace, scale = folder / "s.csv", folder / "s.calib.toml"
    names = ["t_s", *(f"cell{k}" for k in range(rolled.counts.shape[1]))]
    lines = [",".join([*names, "entry_beam", "exit_beam"])]
    for t_us, counts, *beams in zip(
        rolled.t_us, rolled.counts, rolled.entry_beam, rolled.exit_beam, strict=True
    ):
        lines.append(",".join(str(value) for value in (t_us / 1e6, *counts, *beams)))
    trace.write_text("\n".join(lines) + "\n")
    scale.write_text(calibration(rolled.scale))
    return trace, scale


def calibration(scale: Scale) -> str:
    head = (
        f"max_kg = {scale.max_g / 1000}\ne_kg = {scale.e_g / 1000}\nfs_hz = {scale.rate_hz}\n"
        f"platform_length_m = {scale.platform_mm / 1000}\ncell_spacing_y_m = 2.6\n"
        "has_beams = true\n"
    )
    cells = (
        f"[[cells]]\nx_m = {cell.x_m}\ny_m = {cell.y_m}\ncounts_per_kg = {cell.counts_per_kg}\n"
        f"zero_counts = {cell.zero_counts}\ndead_load_kg = {cell.dead_load_g / 1000}\n"
        for cell in scale.cells
    )
    return head + "".join(cells)


def result(folder: Path, vehicles: list[Vehicle], seconds: float = 26.0) -> dict[str, Any]:
    return weigh_rolling(*written(roll(make_scale(), vehicles, seconds), folder))


def test_a_truck_that_rolls_over_has_every_figure(tmp_path: Path) -> None:
    found = result(tmp_path, [TRUCK])
    assert set(found) == KEYS
    assert (found["verdict"], found["mode"], found["axles"]) == ("ok", "rolling", 3)
    assert found["gross_kg"] == pytest.approx(TRUCK.gross_kg, abs=1.5 * found["u95_kg"])
    assert sum(found["axle_loads_kg"]) == pytest.approx(found["gross_kg"], abs=0.2)
    assert found["axle_spacings_m"] == pytest.approx([4.2, 1.3], abs=0.06)
    assert found["speed_kmh"] == pytest.approx(6.0, rel=0.02)
    assert found["accuracy_class_gross"] in ("0.5", "1", "2")
    assert found["accuracy_class_axle"] in ("C", "D", "E", "F")
    assert [event["event"] for event in found["events"]].count("axle_on_kg") == 3
    assert msgspec.json.decode(msgspec.json.encode(found)) == found


def test_without_a_sound_passage_there_is_no_weight_but_a_reason(tmp_path: Path) -> None:
    fast = msgspec.structs.replace(TRUCK, way_m=steady(18.0))
    found = result(tmp_path, [fast], 14.0)
    assert found["verdict"] == "speed"
    assert all(found[key] is None for key in WEIGHTS)
    assert found["speed_kmh"] == pytest.approx(18.0, rel=0.03)
    assert "speed_kmh" in [event["event"] for event in found["events"]]


def test_two_vehicles_in_one_recording_are_not_one_weight(tmp_path: Path) -> None:
    behind = msgspec.structs.replace(TRUCK, way_m=steady(6.0, 26.0))
    found = result(tmp_path, [TRUCK, behind], 48.0)
    assert found["verdict"] == "second_vehicle"
    assert all(found[key] is None for key in WEIGHTS)


def test_an_empty_recording_has_no_vehicle(tmp_path: Path) -> None:
    found = result(tmp_path, [], 8.0)
    assert found["verdict"] == "no_vehicle"
    assert found["events"] == []


def test_cells_in_one_row_are_an_error_that_names_the_file(tmp_path: Path) -> None:
    trace, scale = written(roll(make_scale(), [TRUCK], 26.0), tmp_path)
    lines = scale.read_text().splitlines()
    scale.write_text("\n".join("x_m = 9.0" if row.startswith("x_m") else row for row in lines))
    with pytest.raises(TraceError, match=r"s\.calib\.toml: .*two rows"):
        weigh_rolling(trace, scale)
