"""Retention and disk of a site file: read exactly, and what is wrong is named with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from site_rig import write_site

from board.profile import ProfileError, read_profile
from board.storage import KINDS
from protocol.dates import DAY_MS
from protocol.media import SHARED, SUFFIXES
from protocol.retention import Policy, Rule


def site(tmp_path: Path, text: str) -> Path:
    return write_site(tmp_path, "[plates]", f"{text}\n[plates]")


def test_without_a_word_everything_is_kept_and_the_alarms_stand_at_80_and_95(
    tmp_path: Path,
) -> None:
    policy = read_profile(write_site(tmp_path)).storage
    assert policy == Policy()
    assert policy.rules == ()
    assert (policy.filling_ppm, policy.critical_ppm) == (800_000, 950_000)


def test_each_kind_has_its_age(tmp_path: Path) -> None:
    text = """[retention]
plate = "90 d"
journal = "never"
video = "720 h"
without_acknowledgement = ["video"]

[disk]
alarm = "70 %"
critical = "90%"
room = "1.5 GB"
"""
    assert read_profile(site(tmp_path, text)).storage == Policy(
        rules=(
            Rule(kind="plate", keep_ms=90 * DAY_MS),
            Rule(kind="video", keep_ms=30 * DAY_MS, acknowledged=False),
        ),
        filling_ppm=700_000,
        critical_ppm=900_000,
        room_bytes=1_500_000_000,
    )


def test_every_kind_of_media_has_a_rule_or_is_kept_for_ever() -> None:
    assert set(KINDS) | SHARED == set(SUFFIXES)
    assert not set(KINDS) & SHARED


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[retention]\nplate = 90", 'retention.plate = 90: a time needs its unit … or "never"'),
        ('[retention]\nplate = "1 h"', "outside the bounds of 1 d to 36500 d"),
        ('[retention]\nplates = "90 d"', "retention.plates = … did you mean 'plate'?"),
        ('[retention]\nrecord = "90 d"', "retention.record = … nothing reads this key"),
        ('[retention]\nrules = "90 d"', "retention.rules = … it is kept for ever"),
        (
            '[retention]\nwithout_acknowledgement = ["video"]',
            "'video' has no age here that it could reach",
        ),
        (
            '[retention]\nvideo = "9 d"\nwithout_acknowledgement = "video"',
            "a list of kinds is needed here, each once: plate, … video",
        ),
        (
            '[retention]\nvideo = "9 d"\nwithout_acknowledgement = ["video", "video"]',
            "a list of kinds is needed here, each once",
        ),
        ("[disk]\nalarm = 80", 'disk.alarm = 80: a whole share … "10 %" to "99 %"'),
        ('[disk]\ncritical = "100 %"', 'disk.critical = "100 %": a whole share'),
        ('[disk]\nalarm = "95 %"', "not below disk.critical = 95 %"),
        ('[disk]\nroom = "64"', 'disk.room = "64": a data size needs its unit'),
        ('[disk]\nroom = "1 MB"', "outside the bounds of 8 MB to 100 GB"),
        ('[disk]\nrom = "64 MB"', "disk.rom = … did you mean 'room'?"),
    ],
)
def test_a_wrong_key_is_named_with_place_value_and_remedy(
    tmp_path: Path, text: str, says: str
) -> None:
    path = site(tmp_path, text)
    with pytest.raises(ProfileError) as caught:
        read_profile(path)
    parts = says.split(" … ")
    assert any(all(part in problem for part in parts) for problem in caught.value.problems)
