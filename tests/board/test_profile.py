"""The site file: what is right is read exactly, what is wrong is named with place and remedy."""

import dataclasses
import datetime
from pathlib import Path

import msgspec
import pytest
from site_rig import SITE, write_site

from board.plates import PlateChoices
from board.profile import TIME_BOUNDS, TIMES, ProfileError, profile_path, read_profile
from controller.core.settings import InterlockSettings, LaneSettings
from hal.quantity import TIME


def problems_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(ProfileError) as caught:
        read_profile(path)
    return caught.value.problems


def test_a_site_file_is_read_into_base_units(tmp_path: Path) -> None:
    profile = read_profile(write_site(tmp_path))
    scale = profile.scale.scale
    assert (scale.max_g, scale.e_g, scale.d_g) == (60_000_000, 20_000, 20_000)
    assert (scale.platform_mm, scale.rate_hz, profile.scale.divisions) == (18_000, 80.0, 3_000)
    assert (scale.cells[1].x_m, scale.cells[1].y_m) == (17.85, -1.4)
    assert scale.cells[0].dead_load_g == 2_710_500
    assert profile.scale.certificate_valid_until == datetime.date(2027, 5, 1)
    assert profile.timing == {
        "scan": 20_000,
        "clear_settle": 1_500_000,
        "tare_expiry": 90 * 86_400 * 1_000_000,
    }
    assert profile.rules.posted_limit_g == 40_000_000
    assert profile.plates == PlateChoices(auto_ppm=900_000)
    assert list(profile.devices)[:2] == ["clock", "cells"]
    assert profile.devices["yard.gate"].options == {"end": "yard", "travel": "2 s"}


def test_the_digest_follows_the_file_and_its_calibration(tmp_path: Path) -> None:
    first = read_profile(write_site(tmp_path)).sha256
    assert read_profile(write_site(tmp_path)).sha256 == first
    assert read_profile(write_site(tmp_path, '"Lane 1"', '"Lane 2"')).sha256 != first


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "Lane 1"', 'nmae = "Lane 1"', "site.nmae = \"Lane 1\": … did you mean 'name'?"),
        ('name = "Lane 1"\n', "", "site.name: missing; it is needed"),
        ("lane = 1", 'lane = "1"', 'site.lane = "1": Expected `int`'),
        ("lane = 1", "lane = 0", "site.lane = 0: Expected `int` >= 1"),
        ("[plates]", "[plate]", "plate = {…}: … did you mean 'plates'?"),
        ('scan = "20 ms"', "scan = 20", 'timing.scan = 20: a time needs its unit: write "20 s"'),
        ('scan = "20 ms"', 'scan = "20"', 'timing.scan = "20": a time needs its unit'),
        ('scan = "20 ms"', 'scan = "20 kg"', "'kg' is no unit of time: use us, ms, s"),
        (
            'scan = "20 ms"',
            'scan = "3 s"',
            'timing.scan = "3 s": outside the bounds of 5 ms to 200 ms',
        ),
        (
            "clear_settle",
            "clear_setle",
            "timing.clear_setle = \"1.5 s\": … did you mean 'clear_settle'?",
        ),
        (
            'max = "60 t"',
            "max = 60000",
            'scale.max = 60000: a mass needs its unit: write "60000 kg"',
        ),
        ('max = "60 t"\n', "", 'scale.max: missing; it is needed, as a mass like "5 kg"'),
        (
            'max = "60 t"',
            'max = "300 t"',
            "15000 divisions of e = 20 kg; class III has 500 to 10000",
        ),
        ('max = "60 t"', 'max = "8 t"', "400 divisions of e = 20 kg"),
        ('max = "60 t"', 'max = "60.01 t"', "no multiple of e = 20 kg"),
        ('e = "20 kg"', 'e = "30 kg"', 'scale.e = "30 kg": e must be 1, 2 or 5 x 10^k'),
        ('e = "20 kg"', 'e = "20 kg"\nd = "50 kg"', 'scale.d = "50 kg": larger than e = 20 kg'),
        ('class = "III"', 'class = "II"', "scale.class = \"II\": Invalid enum value 'II'"),
        ('x = "17.85 m"', 'x = "18.85 m"', 'scale.cells[1].x = "18.85 m": off the deck of 18 m'),
        (
            "zero_counts = 398240",
            "zero_counts = 8388607",
            "scale.cells[1].zero_counts = 8388607: at saturation",
        ),
        (
            "counts_per_kg = 142.5",
            "counts_per_kg = nan",
            "scale.cells[1].counts_per_kg = nan: not a finite number",
        ),
        ("zero_counts = 398240", "zero_count = 398240", "did you mean 'zero_counts'?"),
        ("2027-05-01", '"soon"', 'scale.certificate_valid_until = "soon"'),
        ('auto = "0.90"', "auto = 0.90", 'write a probability in quotes, as "0.90"'),
        ('auto = "0.90"', 'auto = "90"', 'plates.auto = "90": outside the bounds of 0.50 to 1.00'),
        ('auto = "0.90"', 'auto = "nan"', "write a probability in quotes"),
        ('auto = "0.90"', 'autto = "0.90"', "plates.autto = \"0.90\": … did you mean 'auto'?"),
        ('auto = "0.90"', 'accept = "0.90"', "this is now called plates.auto; rename it"),
        ('auto = "0.90"', 'confirm = "0.04"', "outside the bounds of 0.05 to 1.00"),
        (
            'auto = "0.90"',
            'auto = "0.70"\nconfirm = "0.71"',
            'plates.confirm = "0.71": surer than plates.auto = 0.7',
        ),
        ('auto = "0.90"', 'policy = "always"', "must be one of auto, confirm, hold"),
        ('auto = "0.90"', "agree = 0", "plates.agree = 0: a whole number of frames from 1 to 12"),
        ('auto = "0.90"', "agree = true", "plates.agree = true: a whole number of frames"),
        ('posted_limit = "40 t"', 'posted_limit = "40"', 'write "40 kg"'),
        ("[site]", "site = 3\n[other]", "site = 3: a table [site] is needed here"),
    ],
)
def test_a_wrong_key_is_named_with_place_value_and_remedy(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    path = write_site(tmp_path, old, new)
    problems = problems_of(path)
    parts = says.split(" … ")
    assert any(all(part in problem for part in parts) for problem in problems), problems
    assert all(problem.startswith(str(path)) for problem in problems)


def test_the_policy_of_plates_is_read(tmp_path: Path) -> None:
    path = write_site(
        tmp_path,
        'auto = "0.90"',
        'policy = "confirm"\nauto = "0.95"\nconfirm = "0.5"\nagree = 3',
    )
    assert read_profile(path).plates == PlateChoices(
        policy="confirm", auto_ppm=950_000, confirm_ppm=500_000, agree_min=3
    )


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    text = SITE.replace('scan = "20 ms"', "scan = 20").replace("posted_limit", "postd_limit")
    path.write_text(text.replace("lane = 1", "lane = 0"), encoding="utf-8")
    found = "\n".join(problems_of(path))
    assert "timing.scan" in found
    assert "rules.postd_limit" in found
    assert "site.lane" in found


def test_one_cell_is_no_scale(tmp_path: Path) -> None:
    cut = SITE.index("[[scale.cells]]", SITE.index("[[scale.cells]]") + 1)
    path = tmp_path / "site.toml"
    path.write_text(SITE[:cut] + SITE[SITE.index("[timing]") :], encoding="utf-8")
    assert any("scale.cells: 1 cells; a scale has 2 to" in p for p in problems_of(path))


def test_two_cells_in_one_place_are_named(tmp_path: Path) -> None:
    path = write_site(tmp_path, 'x = "17.85 m"\ny = "-1.4 m"', 'x = "0.15 m"\ny = "1.4 m"')
    assert "scale.cells[1]: stands in the same place as scale.cells[0]" in problems_of(path)[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [(b"[site\n", "not a TOML file in UTF-8"), (b"\xff\xfe", "not a TOML file in UTF-8")],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, text: bytes, says: str) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(text)
    assert says in problems_of(path)[0]


def test_a_table_written_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line" in problems_of(write_site(tmp_path, more='\n[devices.sign]\ndriver = "x"\n'))[0]


def test_an_absent_site_file_is_named(tmp_path: Path) -> None:
    assert "none.toml: cannot be read: No such file" in problems_of(tmp_path / "none.toml")[0]


def test_a_calibration_file_serves_as_the_scale(tmp_path: Path) -> None:
    sheet = profile_path("sim").with_name("sim.calib.toml").read_text(encoding="utf-8")
    (tmp_path / "a.calib.toml").write_text(sheet, encoding="utf-8")
    head, tail = SITE.index("class ="), SITE.index("[timing]")
    site = tmp_path / "site.toml"
    site.write_text(SITE[:head] + 'file = "a.calib.toml"\n' + SITE[tail:], encoding="utf-8")
    profile = read_profile(site)
    assert profile.scale.scale.max_g == 100_000_000
    assert len(profile.scale.scale.cells) == 8
    (tmp_path / "a.calib.toml").write_text(sheet.replace("e_kg", "e_gk"), encoding="utf-8")
    assert "a.calib.toml: e_gk: unknown key; did you mean e_kg?" in problems_of(site)[0]
    (tmp_path / "a.calib.toml").unlink()
    assert "scale.file" in problems_of(site)[0]
    site.write_text(
        SITE[:head] + 'file = "a.calib.toml"\nmax = "60 t"\n' + SITE[tail:], encoding="utf-8"
    )
    assert "scale.max" in problems_of(site)[0]


def test_overrides_set_keys_before_they_are_checked(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    assert read_profile(path, {"timing.scan": "10 ms"}).timing["scan"] == 10_000
    assert read_profile(path, {"site.station_code": "S9"}).site.station_code == "S9"
    for key, value in (("timing.scan", 10), ("timing.scna", "10 ms"), ("site.lane.x", 1)):
        with pytest.raises(ProfileError, match=key):
            read_profile(path, {key: value})


def test_packaged_profiles_are_had_by_name() -> None:
    assert profile_path("sim").is_file()
    assert profile_path("trace").is_file()
    assert profile_path("sim.toml") == Path("sim.toml")
    assert read_profile("sim").site.name == "Simulated yard"


def test_every_time_of_the_lane_can_be_set_and_every_time_is_the_lanes() -> None:
    kinds = (LaneSettings, InterlockSettings)
    fields = {f.name for kind in kinds for f in msgspec.structs.fields(kind)}
    settable = {name.replace("_us", "") for name in fields if "_us" in name}
    assert settable == set(TIMES) - {"scan", "tare_expiry"}
    assert "tare_expiry_ms" in fields


def test_every_default_of_the_lane_lies_inside_its_bounds() -> None:
    for kind in (LaneSettings, InterlockSettings):
        for field in msgspec.structs.fields(kind):
            name = field.name.replace("_us", "")
            if name in TIMES and "_us" in field.name:
                low, high = (TIME.parse(text) for text in TIME_BOUNDS[name])
                assert low <= field.default <= high, name


def test_profiles_are_immutable(tmp_path: Path) -> None:
    profile = read_profile(write_site(tmp_path))
    with pytest.raises((AttributeError, dataclasses.FrozenInstanceError)):
        profile.site.name = "Other"  # type: ignore[misc]
