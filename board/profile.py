"""The site file: one typed TOML file that says what the box, the scale and the lane are.

``read_profile`` reads every key strictly and reports every problem at once, each with file, key
path, value and remedy.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from board.appeal import Appeal
from board.config import join_config
from board.devices import DeviceSite, read_devices
from board.indicator import read_rule
from board.machine_block import (
    ONLY_THE_PROGRAM,
    SECTION,
    Block,
    BlockError,
    human_part,
    read_block,
    set_key,
)
from board.plates import PlateChoices, read_plates
from board.scale import ScaleSite, read_scale
from board.storage import read_storage
from hal.schema import Problems, load_bytes, mass, parse_toml, read_table, time
from protocol.retention import Policy
from sensors.indicated_rule import Rule

Text = Annotated[str, Meta(min_length=1, max_length=80)]
Code = Annotated[str, Meta(max_length=40)]

SECTIONS = (
    "site",
    "scale",
    "indicator",
    "timing",
    "rules",
    "plates",
    "seal",
    "appeal",
    "retention",
    "disk",
    "devices",
)

# The times of the lane and the bounds that a site may set them in; the lane holds the defaults.
TIME_BOUNDS: dict[str, tuple[str, str]] = {
    "scan": ("5 ms", "200 ms"),
    "start_settle": ("0 s", "60 s"),
    "start_max": ("1 s", "10 min"),
    "approach_max": ("1 s", "10 min"),
    "turn_away": ("0 s", "60 s"),
    "boarding_max": ("5 s", "10 min"),
    "clear_settle": ("500 ms", "30 s"),
    "empty_settle": ("100 ms", "30 s"),
    "load_settle": ("0 s", "10 s"),
    "pulse": ("0 s", "1 s"),
    "position_max": ("5 s", "10 min"),
    "trailer_max": ("5 s", "10 min"),
    "weighing_max": ("5 s", "10 min"),
    "weigh_again_max": ("1 s", "60 s"),
    "on_deck_max": ("10 s", "30 min"),
    "plate_wait": ("100 ms", "30 s"),
    "confirm_max": ("1 s", "10 min"),
    "deciding_max": ("100 ms", "60 s"),
    "releasing_max": ("5 s", "10 min"),
    "returning_max": ("5 s", "30 min"),
    "holding_max": ("10 s", "2 h"),
    "departing_max": ("5 s", "10 min"),
    "zero_max": ("1 s", "10 min"),
    "manual_max": ("5 s", "30 min"),
    "recover_settle": ("500 ms", "60 s"),
    "attention_max": ("10 s", "2 h"),
    "ignore_max": ("10 s", "2 h"),
    "ignore_leaving": ("1 s", "10 min"),
    "blind_max": ("100 ms", "30 s"),
    "jog_max": ("1 s", "60 s"),
    "dead_man": ("100 ms", "5 s"),
    "test": ("1 s", "60 s"),
    "zero_ask_max": ("1 s", "60 s"),
    "in_way": ("1 s", "60 s"),
    "entry_close_max": ("2 s", "2 min"),
    "reverse_dwell": ("100 ms", "10 s"),
    "tare_expiry": ("1 h", "366 d"),
}
SET_BY = " (set at the console by"
TIMES: tuple[str, ...] = tuple(TIME_BOUNDS)


_PACKAGED = re.compile(r"[a-z][a-z0-9-]*")


class ProfileError(ValueError):
    """A site file that cannot be used; ``problems`` holds every one, with place and remedy."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class Site(Struct, frozen=True, kw_only=True):
    """Where the lane stands: names, and the codes under which the platform knows it.

    ``device_sn`` is the number of this box (设备编号); ``yard_name`` and ``road_name`` are the
    words for the two directions (货场侧, 公路侧).
    """

    name: Text
    lane: Annotated[int, Meta(ge=1, le=99)]
    station_code: Code = ""
    unit_code: Code = ""
    device_sn: Code = ""
    yard_name: Text = "货场侧"
    road_name: Text = "公路侧"


class RuleChoices(Struct, frozen=True, kw_only=True):
    """What a site chooses in the rules: a file of further rules, a posted limit, who goes first.

    ``book`` is a rule file beside the site file; ``preferred`` is the end that wins a tie.
    ``degraded_weighing`` is the reason why the lane may weigh with a bad cell, without evidence;
    without one it may not, unless a named person allows it.
    """

    book: Annotated[str, Meta(min_length=1, max_length=4_096)] | None = None
    posted_limit_g: Annotated[int, mass("1 t", "200 t")] | None = field(
        name="posted_limit", default=None
    )
    preferred: Literal["yard", "road"] = "road"
    degraded_weighing: Annotated[str, Meta(min_length=10, max_length=200)] = ""


class SealChoices(Struct, frozen=True, kw_only=True):
    """``key`` is the file of the lane's private key, from the site file's folder.

    Without one the key lies beside the ledger, made at the first start.
    """

    key: Annotated[str, Meta(min_length=1, max_length=4_096)] | None = None


class Profile(Struct, frozen=True, kw_only=True):
    """One site.  ``timing`` holds only what the site sets, in microseconds by name of TIMES.

    ``config`` are the bytes of the site file and of the calibration it names (``board/config.py``),
    ``sha256`` is over them; ``folder`` is where the paths of the file begin.  ``indicator`` is when
    readings of ``devices.indicator`` are a weight.
    """

    path: str
    folder: str
    sha256: str
    config: bytes
    site: Site
    scale: ScaleSite
    timing: dict[str, int]
    rules: RuleChoices
    plates: PlateChoices
    seal: SealChoices
    storage: Policy
    devices: dict[str, DeviceSite]
    indicator: Rule = Rule()


def profile_path(name_or_path: str | Path) -> Path:
    """Return the packaged profile of this name (``sim``, ``trace``), else the path as it is."""
    name = str(name_or_path)
    packaged = Path(str(resources.files("board").joinpath("profiles", f"{name}.toml")))
    return packaged if _PACKAGED.fullmatch(name) and packaged.is_file() else Path(name)


def read_profile(
    name_or_path: str | Path,
    overrides: Mapping[str, object] | None = None,
    text: bytes | None = None,
) -> Profile:
    """Read a site file; ``overrides`` sets keys by their path, ``{"scale.file": "a.toml"}``.

    ``text`` stands in for what the file holds, so that a candidate is read where it will stand.

    Raises:
        ProfileError: the file cannot be read or is not a valid site; all problems are in it.
    """
    profile, _, problems = examine(name_or_path, overrides, text)
    if profile is None or problems.found:
        raise ProfileError(problems.found)
    return profile


def examine(
    name_or_path: str | Path,
    overrides: Mapping[str, object] | None = None,
    text: bytes | None = None,
) -> tuple[Profile | None, dict[str, DeviceSite], Problems]:
    """Read as much of a site file as can be read: profile if whole, devices, and all problems.

    Raises:
        ProfileError: the file cannot be read at all.
    """
    path = profile_path(name_or_path)
    try:
        data = load_bytes(path) if text is None else text
        table = parse_toml(path, human_part(data))
    except ValueError as error:
        raise ProfileError([str(error)]) from error
    problems = Problems(str(path))
    block = _block(data, problems)
    if table.pop(SECTION, None) is not None:
        problems.add(SECTION, ONLY_THE_PROGRAM)
    for key, value in (
        {one.key: one.value for one in block.changes} | dict(overrides or {})
    ).items():
        if trouble := set_key(table, key, value):
            problems.add(key, trouble, value)
    for name in table.keys() - set(SECTIONS):
        problems.unread(name, name, SECTIONS, table[name])
    sections = {name: _section(table, name, problems) for name in SECTIONS}
    devices = read_devices(sections["devices"], problems)
    profile = _read(path, data, sections, devices, problems)
    problems.found[:] = [_with_author(one, str(path), block) for one in problems.found]
    return profile, devices, problems


def _block(data: bytes, problems: Problems) -> Block:
    try:
        return read_block(data)
    except BlockError as error:
        problems.found.append(f"{problems.file}: {error}")
        return Block()


def _with_author(problem: str, file: str, block: Block) -> str:
    """A problem with a value that somebody set at the console says who that was."""
    for change in block.changes:
        place = f"{file}: {change.key}"
        if problem.startswith((f"{place}:", f"{place} ")):
            return f"{problem}{SET_BY} {change.who}, {change.at.date()})"
    return problem


def _read(
    path: Path,
    data: bytes,
    sections: dict[str, dict[str, Any]],
    devices: dict[str, DeviceSite],
    problems: Problems,
) -> Profile | None:
    site = read_table(sections["site"], Site, "site", problems)
    indicator = "indicator" in sections["devices"]
    scale, calibration = read_scale(sections["scale"], path.parent, problems, indicator=indicator)
    stable = read_rule(sections["indicator"], problems, fitted=indicator)
    timing = _read_times(sections["timing"], problems)
    rules = read_table(sections["rules"], RuleChoices, "rules", problems)
    plates = read_plates(sections["plates"], problems)
    seal = read_table(sections["seal"], SealChoices, "seal", problems)
    # Read here only to be refused here: `explain` takes it from the configuration of a record.
    read_table(sections["appeal"], Appeal, "appeal", problems)
    storage = read_storage(sections["retention"], sections["disk"], problems)
    if site is None or scale is None or rules is None or seal is None:
        return None
    config = join_config(data, calibration)
    return Profile(
        path=str(path),
        folder=str(path.parent),
        sha256=hashlib.sha256(config).hexdigest(),
        config=config,
        site=site,
        scale=scale,
        timing=timing,
        rules=rules,
        plates=plates,
        seal=seal,
        storage=storage,
        devices=devices,
        indicator=stable,
    )


def _section(table: dict[str, Any], name: str, problems: Problems) -> dict[str, Any]:
    section = table.get(name, {})
    if isinstance(section, dict):
        return section
    problems.add(name, f"a table [{name}] is needed here", section)
    return {}


def _read_times(table: dict[str, Any], problems: Problems) -> dict[str, int]:
    times: dict[str, int] = {}
    for name, value in table.items():
        if name not in TIME_BOUNDS:
            problems.unread(f"timing.{name}", name, TIMES, value)
            continue
        try:
            times[name] = time(*TIME_BOUNDS[name]).read(value)
        except ValueError as error:
            problems.add(f"timing.{name}", str(error), value)
    return times
