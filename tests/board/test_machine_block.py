"""What the program writes to a site file: whole, told when touched, nothing of the people's."""

from __future__ import annotations

import datetime
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_rig import SITE, write_site

import board.site_writer as writer
from board.calibration_file import calibration_path, kept_path, versions_of
from board.config import scale_of_config
from board.machine_block import (
    MARKER,
    Block,
    BlockError,
    Change,
    human_part,
    read_block,
    site_table,
    with_block,
)
from board.profile import ProfileError, profile_path, read_profile
from board.site_lines import lines_of
from board.site_writer import SiteFileError, history, save, saved_before
from controller.commands.check import check_site, text_of

AT = datetime.datetime(2026, 11, 23, 9, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))


def change(key: str = "timing.plate_wait", value: Any = "4 s", **more: Any) -> Change:
    return Change(
        **{"key": key, "value": value, "who": "li", "why": "slow camera", "at": AT, **more}
    )


def saved(path: Path, *changes: Change, reason: str = "field test") -> Block:
    seen = path.read_bytes()
    return save(path, changes, seen=seen, author="li", reason=reason, date=AT)


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(
    lambda text: text.strip() and text.isprintable()
)
PLAIN = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(),
)
VALUES = st.one_of(PLAIN, st.lists(st.text(max_size=20), max_size=4))
KEYS = st.from_regex(r"[a-z_]{1,12}(\.[a-z0-9_]{1,12}){1,3}", fullmatch=True)
ROWS = st.builds(
    Change,
    key=KEYS,
    value=st.none() | VALUES,
    was=st.none() | VALUES,
    who=WORDS,
    why=WORDS,
    at=st.datetimes(timezones=st.just(datetime.UTC)),
)


@given(st.lists(ROWS, max_size=5), st.binary(max_size=200), WORDS)
def test_what_people_wrote_stays_byte_for_byte(
    rows: list[Change], human: bytes, reason: str
) -> None:
    block = Block(version=3, author="li", date=AT, reason=reason, changes=tuple(rows))
    text = with_block(human, block)
    assert human_part(text) == human
    assert read_block(text) == block
    assert with_block(human_part(text), read_block(text)) == text


@given(st.data(), st.lists(ROWS, min_size=1, max_size=3))
def test_one_byte_changed_below_the_marker_is_told(data: st.DataObject, rows: list[Change]) -> None:
    text = with_block(b"", Block(version=1, author="li", date=AT, changes=tuple(rows)))
    # In the marker itself there is then no block, but tables that nothing reads.
    place = data.draw(st.integers(len(MARKER), len(text) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != text[place]))
    spoilt = text[:place] + bytes([byte]) + text[place + 1 :]
    with pytest.raises(BlockError, match="changed by hand or cut off"):
        read_block(spoilt)
    cut = data.draw(st.integers(len(MARKER), len(text) - 1))
    with pytest.raises(BlockError, match="changed by hand or cut off"):
        read_block(text[:cut])


def test_what_is_set_goes_before_what_is_written_and_into_the_configuration(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    human, before = path.read_bytes(), read_profile(path)
    saved(path, change(), change("timing.clear_settle", "2 s"), change("scale.e", "10 kg"))
    after = read_profile(path)
    assert after.timing == {**before.timing, "plate_wait": 4_000_000, "clear_settle": 2_000_000}
    assert human_part(path.read_bytes()) == human
    assert after.sha256 != before.sha256
    assert scale_of_config(after.config).e_g == after.scale.scale.e_g == 10_000
    assert read_profile(path, {"timing.plate_wait": "5 s"}).timing["plate_wait"] == 5_000_000


def test_a_key_is_taken_out_and_a_calibration_is_found_where_the_block_says(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    saved(path, change("rules.posted_limit", None, was="40 t"))
    assert read_profile(path).rules.posted_limit_g is None
    with pytest.raises(BlockError, match="marker line stands in the part of the people"):
        with_block(path.read_bytes(), Block())
    path.write_bytes(with_block(SITE.encode(), Block(changes=(change("scale.file", "a.toml"),))))
    assert calibration_path(path) == tmp_path / "a.toml"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("timing.plate_wiat", "4 s", "did you mean 'plate_wait'?"),
        ("timing.plate_wait", 4, 'a time needs its unit: write "4 s"'),
        ("timing.plate_wait", "4 min", "outside the bounds of 100 ms to 30 s"),
        ("site.name.x", 1, "'name' is no table, so this cannot be set"),
        ("machine.version", 7, "nothing reads this key"),
    ],
)
def test_a_setting_that_is_wrong_is_told_as_in_the_file_with_its_author(
    tmp_path: Path, key: str, value: Any, says: str
) -> None:
    path = write_site(tmp_path)
    path.write_bytes(with_block(path.read_bytes(), Block(changes=(change(key, value),))))
    with pytest.raises(ProfileError) as caught:
        read_profile(path)
    problem = next(one for one in caught.value.problems if says in one)
    assert problem.startswith(str(path))
    if key.startswith("timing"):
        assert problem.endswith("(set at the console by li, 2026-11-23)")


def test_check_tells_of_a_change_by_hand_and_what_to_do(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    saved(path, change())
    text = path.read_bytes()
    line = human_part(text).count(b"\n") + 2
    path.write_bytes(text.replace(b'"4 s"', b'"9 s"'))
    with pytest.raises(ProfileError) as caught:
        check_site(path, AT.date())
    (problem,) = caught.value.problems
    assert f"machine (line {line} to the end): changed by hand" in problem
    assert "since version 1 (li, 2026-11-23" in problem
    assert "history/*.v*.toml" in problem
    path.write_bytes(kept_path(path, 1).read_bytes())
    told = text_of(check_site(path, AT.date())).split("\n")
    (said,) = [one for one in told if "set at the console" in one]
    assert said.startswith("set at the console: timing.plate_wait (version 1, li, 2026-11-23T09:12")
    assert read_profile(path).timing["plate_wait"] == 4_000_000
    path.write_bytes(human_part(text) + b"[machine]\nversion = 1\n")
    with pytest.raises(ProfileError, match="machine: only the program writes this table"):
        read_profile(path)


def test_a_save_that_the_site_could_not_run_with_writes_nothing(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    human = path.read_bytes()
    with pytest.raises(ProfileError, match="outside the bounds"):
        saved(path, change(value="4 h"))
    with pytest.raises(SiteFileError, match="reason: ' ': 1 to 200 printable"):
        saved(path, change(), reason=" ")
    with pytest.raises(SiteFileError, match="has changed since it was read"):
        save(path, [change()], seen=human + b"#", author="li", reason="x", date=AT)
    assert path.read_bytes() == human
    assert not (tmp_path / "history").exists()


def test_a_packaged_profile_is_read_only_and_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="steelyard site sim DIR"):
        save(Path("sim"), [], seen=b"", author="li", reason="x", date=AT)


def test_versions_are_kept_and_gone_back_to(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    for value in ("4 s", "5 s", "6 s"):
        saved(path, change(value=value), reason=f"try {value}")
    rows = history(path)
    assert [(row["version"], row["settings"], row["reason"]) for row in rows] == [
        (3, 1, "try 6 s"),
        (2, 1, "try 5 s"),
        (1, 1, "try 4 s"),
        (0, 0, ""),
    ]
    assert [saved_before(path, n).version for n in range(4)] == [3, 2, 1, 0]
    with pytest.raises(SiteFileError, match="4 saved versions are here, the newest is 0; 4 is"):
        saved_before(path, 4)
    assert saved_before(path, 2).changes[0].value == "4 s"


def test_what_people_changed_since_a_save_is_kept_too(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    saved(path, change())
    edited = path.read_bytes().replace(b'"Lane 1"', b'"Lane 9"')
    path.write_bytes(edited)
    saved(path, change(value="5 s"))
    assert [p.read_bytes() for p in (tmp_path / "history").glob("*.edited-*")] == [edited]
    assert read_profile(path).site.name == "Lane 9"


def test_a_block_that_was_changed_by_hand_is_saved_over_and_kept(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    saved(path, change())
    spoilt = path.read_bytes().replace(b'"4 s"', b'"9 s"')
    path.write_bytes(spoilt)
    assert saved_before(path, 0).version == 1
    assert saved(path, change(value="7 s")).version == 2
    assert [p.read_bytes() for p in (tmp_path / "history").glob("*.edited-*")] == [spoilt]


def test_mode_and_place_of_a_site_file_stay(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    path.chmod(0o640)
    link = tmp_path / "lane.toml"
    link.symlink_to(path)
    saved(link, change())
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert kept_path(path, 1).stat().st_mode & 0o777 == 0o640
    assert sorted(versions_of(path)) == [0, 1]


STEPS = ("open", "write", "fsync", "close", "replace", "mkdir", "fchmod", "fchown")


def killed_at(step: int, path: Path) -> bool:
    """Save in a child in which the n-th file operation is the last one; whether it died there."""
    child = os.fork()
    if child == 0:
        left = [step]

        def wrap(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **options: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    if name == "write":
                        real(args[0], bytes(args[1])[: len(args[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **options)

            return call

        for name in STEPS:
            setattr(os, name, wrap(name, getattr(os, name)))
        try:
            saved(path, change(value="9 s"))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("versions", [0, 1])
def test_a_kill_at_any_step_leaves_the_old_settings_or_the_new(
    tmp_path: Path, versions: int
) -> None:
    seen = set()
    for step in range(200):
        folder = tmp_path / str(step)
        folder.mkdir()
        path = write_site(folder)
        for _ in range(versions):
            saved(path, change())
        died = killed_at(step, path)
        block = read_block(path.read_bytes())
        assert human_part(path.read_bytes()) == SITE.encode()
        assert block.version in (versions, versions + 1)
        assert [one.value for one in block.changes] == [["9 s"], ["4 s"] * versions][
            block.version == versions
        ]
        seen.add(block.version)
        assert saved(path, change(value="5 s")).version == block.version + 1
        assert [row["problem"] for row in history(path)] == [None] * (block.version + 2)
        assert saved_before(path, 1).version == block.version
        if not died:
            break
    assert not died
    assert step > 15
    assert seen == {versions, versions + 1}


def test_a_full_disk_says_what_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_site(tmp_path)
    monkeypatch.setattr(writer, "replace_whole", _full)
    with pytest.raises(SiteFileError, match="the settings saved before still stand"):
        saved(path, change())
    assert path.read_bytes() == SITE.encode()


def _full(path: Path, *_: Any) -> None:
    raise OSError(28, "No space left on device", str(path))


@pytest.mark.parametrize("name", ["sim", "rpi-direct", "rpi-coprocessor", "ipc-indicator", "trace"])
def test_every_key_of_a_profile_has_its_line(name: str) -> None:
    text = profile_path(name).read_text(encoding="utf-8")
    found, lines = lines_of(text), text.split("\n")
    for key, number in found.items():
        assert key.rpartition(".")[2] in lines[number - 1]
    assert set(found) == set(_leaves(site_table(text.encode())))


def _leaves(table: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            found += _leaves(value, f"{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, row in enumerate(value):
                found += _leaves(row, f"{key}[{number}].")
        else:
            found.append(key)
    return found


def test_lines_of_lists_over_lines_and_of_quoted_names() -> None:
    text = 'a."b".c = 1\n[x]\nlist = [\n "k = 1", # c\n]\nt = """\ny = 2\n"""\n[[x.r]]\nz = 1\n'
    found = lines_of(text)
    assert found == {"a.b.c": 1, "x.list": 3, "x.t": 6, "x.r[0].z": 10}
