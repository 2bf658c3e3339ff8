"""The words of a site to a driver: read strictly with the site file, kept in its configuration."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from board.config import split_config
from board.profile import ProfileError, profile_path, read_profile


def site(tmp_path: Path, appeal: str) -> Path:
    packaged = profile_path("sim")
    (tmp_path / "sim.calib.toml").write_bytes((packaged.parent / "sim.calib.toml").read_bytes())
    path = tmp_path / "site.toml"
    path.write_text(packaged.read_text(encoding="utf-8") + appeal, encoding="utf-8")
    return path


def test_the_words_lie_in_the_configuration(tmp_path: Path) -> None:
    path = site(tmp_path, '\n[appeal]\nzh = ["到三号窗口"]\n')
    kept, _ = split_config(read_profile(path).config)
    assert tomllib.loads(kept.decode())["appeal"] == {"zh": ["到三号窗口"]}


@pytest.mark.parametrize(
    ("appeal", "said"),
    [
        ('[appeal]\nch = ["x"]\n', "appeal.ch"),
        ("[appeal]\nzh = 3\n", "appeal.zh"),
        ('[appeal]\nzh = [""]\n', "appeal.zh"),
        ('[apeal]\nzh = ["x"]\n', "apeal"),
    ],
)
def test_a_word_that_nobody_reads_is_refused(tmp_path: Path, appeal: str, said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        read_profile(site(tmp_path, f"\n{appeal}"))
