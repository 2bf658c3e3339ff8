"""The candidate: every key of a site can be set and comes back; what is typed is what is meant."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from site_rig import SITE, write_site

from board.machine_block import Change, human_part, site_table, value_text
from board.profile import TIME_BOUNDS, examine
from board.site_writer import save
from controller.commands.site import begin
from controller.console.candidate import (
    Candidate,
    SettingError,
    between,
    flat,
    readings,
    shown,
    without_secret,
)
from controller.console.config_keys import choices_of, defaults, known_keys
from controller.console.config_legal import LEGAL, legal_of
from controller.core.settings import InterlockSettings
from hal.quantity import TIME

AT = datetime.datetime(2026, 11, 23, 9, 12, tzinfo=datetime.UTC)
# What a key that no profile states and that has no default may be set to.
EXAMPLES = {
    "site.name": "Quarry 2",
    "site.lane": "2",
    "site.station_code": "1401",
    "site.unit_code": "U1",
    "site.device_sn": "SN-1",
    "scale.serial": "S-9",
    "scale.class": "III",
    "scale.certificate_no": "C-9",
    "scale.certificate_valid_until": "2027-11-30",
    "scale.max_counts": "8388607",
    "rules.posted_limit": "40 t",
    "rules.degraded_weighing": "one cell is on order since Monday",
    "seal.key": "lane.key",
}
FILES = ("scale.file", "rules.book")


def candidate(path: Path) -> Candidate:
    text = path.read_bytes()
    return Candidate(site=path, saved=text, running=text, changes=())


def put(found: Candidate, key: str, value: str) -> Candidate:
    return found.set(key, value, "li", AT)


@pytest.mark.parametrize("profile", ["sim", "ipc-indicator"])
def test_every_key_that_can_be_set_comes_back_from_the_site_file(
    tmp_path: Path, profile: str
) -> None:
    site = next(one for one in begin(profile, tmp_path) if one.name == "site.toml")
    human, before, changes = site.read_bytes(), candidate(site), list[Change]()
    stated = flat(site_table(human))
    indicator = "indicator" in site_table(human)["devices"]
    usual, meant = defaults(indicator=indicator), dict[str, Any]()
    for key in known_keys(tuple(stated), indicator=indicator):
        if indicator and not key.startswith(("indicator.", "scale.")):
            continue
        typed = value_text(stated[key]) if key in stated else usual.get(key) or EXAMPLES.get(key)
        if typed is None or key in FILES or (indicator and key == "scale.max_counts"):
            continue
        (change,) = put(before, key, typed).changes
        changes.append(change)
        meant[key] = change.value
    found = replace(before, changes=tuple(changes))
    assert found.problems() == []
    assert len(meant) > (9 if indicator else 100)
    save(site, found.changes, seen=human, author="li", reason="all", date=AT)
    assert human_part(site.read_bytes()) == human
    after = flat(site_table(site.read_bytes()))
    assert {key: after[key] for key in meant} == meant
    assert {key: value for key, value in meant.items() if key in stated} == {
        key: stated[key] for key in meant if key in stated
    }


def test_a_default_is_what_the_lane_has_where_nothing_is_stated() -> None:
    for name in TIME_BOUNDS:
        low, high = TIME_BOUNDS[name]
        value = TIME.parse(defaults()[f"timing.{name}"].strip('"'))
        assert TIME.parse(low) <= value <= TIME.parse(high)
    assert (
        defaults()["timing.reverse_dwell"] == f'"{InterlockSettings().reverse_dwell_us // 1000} ms"'
    )


def test_completion_knows_every_key_that_a_section_reads(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    known = known_keys(())
    for section in ("site", "timing", "rules", "plates", "seal", "disk", "retention"):
        _, _, problems = examine(path, {f"{section}.zzqqxx": 1})
        (told,) = (one for one in problems.found if "known here: " in one)
        for name in told.partition("known here: ")[2].split(", "):
            assert f"{section}.{name}" in known


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("plates.auto", "0.97", "0.97"),
        ("plates.agree", "3", 3),
        ("site.station_code", "140105", "140105"),
        ("site.station_code", "true", "true"),
        ("site.name", '"Lane 9"', "Lane 9"),
        ("site.name", "Lane 9", "Lane 9"),
        ("site.name", "货场 1", "货场 1"),
        ("scale.certificate_valid_until", "2027-06-30", datetime.date(2027, 6, 30)),
        ("timing.clear_settle", "2 s", "2 s"),
        ("retention.without_acknowledgement", "[]", []),
        ("appeal.zh", '["第一段", "第二段"]', ["第一段", "第二段"]),
    ],
)
def test_what_is_typed_is_read_as_what_the_key_takes(
    tmp_path: Path, key: str, typed: str, value: Any
) -> None:
    after = put(candidate(write_site(tmp_path)), key, typed)
    assert flat(after.table)[key] == value
    assert after.changes[0].was == flat(site_table(SITE.encode())).get(key)


@pytest.mark.parametrize(
    ("key", "typed", "says"),
    [
        ("timing.clear_settle", "2", 'a time needs its unit: write "2 s"'),
        ("timing.clear_settle", '"2"', 'a time needs its unit: write "2 s"'),
        ("timing.clear_settle", "1 h", "outside the bounds of 500 ms to 30 s"),
        ("site.lane", "no", "Expected `int`"),
        ("site.lane", '"2"', "Expected `int`"),
        ("plates.policy", "sometimes", "must be one of auto, confirm, hold"),
        ("plates.polcy", "auto", "did you mean 'policy'?"),
        ("devices.yard.gat.travel", "3 s", "did you mean 'gate'?"),
        ("devices.yard.gate.travle", "3 s", "did you mean 'travel'?"),
        ("tming.scan", "20 ms", "did you mean 'timing'?"),
        ("scan", "20 ms", "'scan' is no path of a key"),
        ("scale.cells[0].x", "1 m", "is no path of a key"),
        ("timing.scan", "{ a = 1 }", "a table is set key by key"),
        ("timing.scan", "20 ms\nx = 1", "not a time"),
        ("appeal.zh", '[["x"]]', "a list in a list is not set here"),
        ("site.name", "x" * 5_000, "4096"),
        ("rules.book", "none.toml", "none.toml"),
        ("scale.certificate_valid_until", "soon", "date"),
    ],
)
def test_what_is_wrong_is_said_as_check_says_it(
    tmp_path: Path, key: str, typed: str, says: str
) -> None:
    before = candidate(write_site(tmp_path))
    with pytest.raises(SettingError) as caught:
        put(before, key, typed)
    assert says in str(caught.value)
    assert before.problems() == []


def test_a_key_that_people_wrote_is_taken_out_and_put_back(tmp_path: Path) -> None:
    before = candidate(write_site(tmp_path))
    without = before.unset("rules.posted_limit", "li", AT)
    assert [(one.key, one.before, one.after) for one in without.from_running()] == [
        ("rules.posted_limit", "40 t", None)
    ]
    assert without.unset("rules.posted_limit", "li", AT) == before
    for key in ("rules.book", "rules", "nothing.here"):
        with pytest.raises(ValueError, match=r"nothing is stated|no path of a key"):
            before.unset(key, "li", AT)


def test_setting_back_leaves_no_difference(tmp_path: Path) -> None:
    before = candidate(write_site(tmp_path))
    assert put(put(before, "site.name", "A"), "site.name", "Lane 1").from_running() == []


TABLES = st.recursive(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,4}", fullmatch=True),
        st.one_of(st.integers(), st.text(max_size=4), st.lists(st.integers(), max_size=3)),
        max_size=3,
    ),
    lambda inner: st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), inner, max_size=3),
    max_leaves=8,
)


@given(TABLES)
def test_flat_tables_lose_no_value(table: dict[str, Any]) -> None:
    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [one for inner in value.values() for one in leaves(inner)]
        return [value]

    assert list(flat(table).values()) == leaves(table)


@given(st.text(max_size=60))
def test_whatever_is_typed_means_something_or_is_text(typed: str) -> None:
    found = list(readings(typed))
    assert 1 <= len(found) <= 2
    assert typed.strip() in found or isinstance(found[0], str)


@given(st.text(max_size=60))
def test_a_part_between_two_texts_of_a_site_never_raises(text: str) -> None:
    spoilt = human_part(SITE.encode()) + b"\n# ======== " + text.encode("utf-8", "replace")
    try:
        between(SITE.encode(), spoilt)
    except ValueError:
        assert "\n" in text or "\r" in text or any(ord(c) < 32 or ord(c) == 127 for c in text)


def test_no_address_tells_a_password() -> None:
    assert without_secret('"rtsp://admin:p@ss@10.0.0.1/x"') == '"rtsp://***@10.0.0.1/x"'
    assert shown(["http://u:p@h/1"]) == '["http://***@h/1"]'
    assert shown("mail@site") == '"mail@site"'


def test_the_law_has_a_say_in_what_it_is_said_to() -> None:
    for key in ("scale.e", "scale.max", "scale.certificate_no", "scale.file", "scale", "seal.key"):
        assert legal_of(key) is not None
    for key in ("rules.book", "rules.posted_limit", "devices.cells.gain", "site.name", "rules"):
        assert legal_of(key) is not None
    for key in ("timing.plate_wait", "plates.auto", "devices.yard.gate.travel", "rules.preferred"):
        assert legal_of(key) is None
    assert all(one.why_en and one.why_zh for one in LEGAL)


def test_counted_values_are_all_right(tmp_path: Path) -> None:
    before = candidate(write_site(tmp_path))
    for key in ("rules.preferred", "plates.policy", "plates.agree"):
        assert choices_of(key)
        for value in choices_of(key):
            put(before, key, value)
    assert "virtual.gate" in choices_of("devices.yard.gate.driver")
    assert choices_of("timing.scan") == ()
