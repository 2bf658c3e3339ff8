"""A site that weighs with an indicator: what its file needs, and what it may not say."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from site_rig import SITE, write_recording

from board.build import build
from board.config import scale_of_config
from board.profile import ProfileError, read_profile
from controller.commands.check import check_site
from sensors.indicated_rule import Rule

CELLS = '[devices.cells]\ndriver = "trace.cells"\nfiles = ["passage.csv"]\n'
INDICATOR = '[devices.indicator]\ndriver = "sim.indicator"\n'
SCALE = '[scale]\nserial = "WB-17"\nmax = "60 t"\ne = "20 kg"\n'


def site(folder: Path, *, scale: str = SCALE, more: str = "", weighs: str = INDICATOR) -> Path:
    """The site file of the rig with its scale and its source of weights changed."""
    head, _, tail = SITE.partition("[scale]")
    tail = tail[tail.index("[timing]") :].replace(CELLS, weighs)
    path = folder / "site.toml"
    path.write_text(f"{head}{scale}{more}\n{tail}", encoding="utf-8")
    return path


def problems_of(path: Path) -> str:
    with pytest.raises(ProfileError) as caught:
        read_profile(path)
    return str(caught.value)


def test_range_division_and_serial_are_enough(tmp_path: Path) -> None:
    profile = read_profile(site(tmp_path))
    scale = profile.scale
    assert scale.by_indicator
    assert (scale.scale.max_g, scale.scale.e_g, scale.scale.d_g) == (60_000_000, 20_000, 20_000)
    assert (scale.scale.cells, scale.divisions, len(scale.calibration_hash)) == ((), 3_000, 64)
    assert profile.indicator == Rule()
    assert scale_of_config(profile.config) == scale.scale


def test_the_board_has_an_indicator_and_no_cells(tmp_path: Path) -> None:
    board = build(read_profile(site(tmp_path)))
    assert board.cells is None
    assert board.indicator is not None
    write_recording(tmp_path)
    with_cells = build(read_profile(site(tmp_path, scale=CELL_SCALE, weighs=CELLS)))
    assert with_cells.indicator is None
    assert with_cells.cells is not None


CELL_SCALE = SITE[SITE.index("[scale]") : SITE.index("[timing]")]


def test_both_or_none_is_refused(tmp_path: Path) -> None:
    said = problems_of(site(tmp_path, weighs=INDICATOR + CELLS))
    assert "devices.indicator: a lane weighs with load cells or with an indicator, not" in said
    said = problems_of(site(tmp_path, weighs=""))
    assert "devices.cells: missing; a lane weighs with bare load cells or with a verified" in said


@pytest.mark.parametrize(
    "line",
    [
        'file = "a.calib.toml"',
        "rate_hz = 80",
        'platform_length = "18 m"',
        "max_counts = 8388607",
        'cells = [{x = "1 m"}]',
    ],
)
def test_what_belongs_to_cells_is_out_of_place(tmp_path: Path, line: str) -> None:
    said = problems_of(site(tmp_path, scale=f"{SCALE}{line}\n"))
    key = line.partition(" ")[0]
    assert f"scale.{key} = " in said
    assert "devices.indicator weighs, and has its calibration itself; leave this out" in said


@pytest.mark.parametrize(
    ("scale", "says"),
    [
        ('[scale]\nserial = "WB"\nmax = "60 t"\n', "scale.e: missing"),
        ('[scale]\nmax = "60 t"\ne = "20 kg"\n', "scale.serial: missing"),
        (SCALE.replace("20 kg", "30 kg"), "1, 2 or 5"),
        (SCALE.replace("60 t", "300 t"), "class III has 500 to 10000"),
        (SCALE + 'd = "50 kg"\n', "scale.d"),
        (SCALE + "seial = 7\n", "did you mean"),
    ],
)
def test_a_scale_of_no_class_is_refused(tmp_path: Path, scale: str, says: str) -> None:
    assert says in problems_of(site(tmp_path, scale=scale))


def test_the_rule_is_set_with_units(tmp_path: Path) -> None:
    more = '[indicator]\nreadings = 20\nwindow = "2 s"\nsettle = "3 s"\ncheck = "8 s"\n'
    more += 'silent = "2 s"\ngive_up = "15 s"\n'
    assert read_profile(site(tmp_path, more=more)).indicator == Rule(
        readings=20,
        window_us=2_000_000,
        settle_us=3_000_000,
        check_us=8_000_000,
        silent_us=2_000_000,
        give_up_us=15_000_000,
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("window = 2", "needs its unit"),
        ("readings = 3", "indicator.readings = 3"),
        ('check = "1 s"', "indicator.check"),
        ('silent = "10 s"', "indicator.silent"),
        ('windwo = "1 s"', "did you mean 'window'"),
    ],
)
def test_a_wrong_setting_of_the_rule_is_named(tmp_path: Path, line: str, says: str) -> None:
    assert says in problems_of(site(tmp_path, more=f"[indicator]\n{line}\n"))


def test_an_end_that_nobody_watches_is_warned_of(tmp_path: Path) -> None:
    said = check_site(site(tmp_path), datetime.date(2026, 11, 22))["warnings"]
    found = [line for line in said if "an indicator cannot tell a vehicle that hangs over" in line]
    assert ["devices.road.beam_low: none" in line for line in found] == [True]


def test_a_rule_without_an_indicator_is_refused(tmp_path: Path) -> None:
    write_recording(tmp_path)
    path = site(tmp_path, scale=CELL_SCALE, more="[indicator]\nreadings = 20\n", weighs=CELLS)
    assert "indicator: no devices.indicator weighs here; leave this section out" in problems_of(
        path
    )
