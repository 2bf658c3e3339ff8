"""The configuration beside a record: its digest, and the scale that comes out of it again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from site_rig import write_site

from board.config import join_config, scale_of_config, split_config
from board.profile import profile_path, read_profile


def test_the_digest_is_over_the_very_bytes(tmp_path: Path) -> None:
    for profile in (read_profile("sim"), read_profile(write_site(tmp_path))):
        assert hashlib.sha256(profile.config).hexdigest() == profile.sha256


def test_the_two_files_come_out_again() -> None:
    site, calibration = split_config(read_profile("sim").config)
    folder = profile_path("sim").parent
    assert site == (folder / "sim.toml").read_bytes()
    assert calibration == (folder / "sim.calib.toml").read_bytes()
    assert split_config(join_config(b"site", b"")) == (b"site", b"")


def test_the_scale_comes_out_again(tmp_path: Path) -> None:
    for profile in (read_profile("sim"), read_profile(write_site(tmp_path))):
        assert scale_of_config(profile.config) == profile.scale.scale


def test_another_calibration_is_another_digest(tmp_path: Path) -> None:
    first = read_profile("sim").sha256
    sheet = (profile_path("sim").parent / "sim.calib.toml").read_text(encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text(sheet + "# read again\n", encoding="utf-8")
    assert read_profile("sim", {"scale.file": str(other)}).sha256 != first


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (b"", "no table"),
        (b"[scale]\nserial = 1\n", "scale.serial"),
        (b"[scale", "Expected"),
        (join_config(b"x = 1", b"max_kg = 100"), "missing"),
        (b"\xff", "utf-8"),
    ],
)
def test_what_is_no_configuration_is_refused(config: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        scale_of_config(config)
