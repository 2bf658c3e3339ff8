"""The candidate: the settings that a lane is to have next, beside those it runs with and the saved.

It holds changes alone; the part of the site file that people write is taken as it stands now.
Nothing here asks or changes a lane.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from board.build import plan
from board.machine_block import (
    Block,
    Change,
    check_value,
    human_part,
    merged,
    read_block,
    site_table,
    value_text,
    with_block,
)
from board.profile import SET_BY, ProfileError, examine, read_profile
from controller.console.config_legal import legal_of
from controller.recording.identity import rules_of
from controller.rulefile import RulesError

NOT_SAID = "not committed yet"
# A password may hold @ itself.
_SECRET = re.compile(r"://[^/\s\"']*@")


class SettingError(ValueError):
    """A setting that cannot be; ``problems`` says each with its key, what is wrong and a remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class Difference(Struct, frozen=True, kw_only=True):
    """One key of which two configurations say other things; None where one states nothing."""

    key: str
    before: Any = None
    after: Any = None

    @property
    def legal(self) -> bool:
        """Whether the law has a say in it."""
        return legal_of(self.key) is not None


class Candidate(Struct, frozen=True, kw_only=True):
    """``site`` is the site file, ``saved`` its bytes; ``running`` are those the lane runs with.

    ``changes`` stand in place of the block's.
    """

    site: Path
    saved: bytes
    running: bytes
    changes: tuple[Change, ...]

    @property
    def text(self) -> bytes:
        """The site file as it would be with the candidate's changes."""
        block = _block(self.running)
        return with_block(human_part(self.saved), replace(block, changes=self.changes))

    @property
    def sha256(self) -> str:
        """The hash of the whole configuration, as every record would name it.

        Raises ProfileError where it is not right.
        """
        return read_profile(self.site, text=self.text).sha256

    def set(self, key: str, value: str, who: str, at: datetime.datetime) -> Candidate:
        """Set a key to a value as typed: of what it may mean, the first that is right there.

        Problems elsewhere that it makes, a device whose options are not all set, are left to
        ``problems``.  Raises SettingError.
        """
        was, told, before = _stated(self.table, key), list[str](), set(self.problems())
        for read in readings(value):
            try:
                check_value(key, read)
                change = Change(key=key, value=read, was=was, who=who, why=NOT_SAID, at=at)
                trial = replace(self, changes=merged(self.changes, change))
            except ValueError as error:
                told = told or [str(error)]
                continue
            own = [one for one in trial.problems() if one not in before and _concerns(one, key)]
            if not own:
                return trial
            # Of a list the first word counts, of a number that may be text the last.
            if not told or not value.strip().startswith(("[", "{")):
                told = [one.partition(SET_BY)[0] for one in own]
        raise SettingError(told)

    def unset(self, key: str, who: str, at: datetime.datetime) -> Candidate:
        """Take back what was set at the console; else take out what the site file states.

        Raises SettingError where neither says anything of this key.
        """
        if any(one.key == key for one in self.changes):
            return replace(self, changes=tuple(one for one in self.changes if one.key != key))
        was = _stated(self.table, key)
        if was is None or isinstance(was, dict):
            raise SettingError([f"{key}: nothing is stated, so there is nothing to take out"])
        change = Change(key=key, was=was, who=who, why=NOT_SAID, at=at)
        return replace(self, changes=merged(self.changes, change))

    @property
    def table(self) -> dict[str, Any]:
        """Its tables, with what was set."""
        return site_table(self.text)

    def problems(self) -> list[str]:
        """All that is wrong with it, each with key, value and remedy; no device is opened."""
        try:
            profile, devices, problems = examine(self.site, text=self.text)
        except ProfileError as error:
            return list(error.problems)
        plan(devices, problems)
        if profile is not None and profile.rules.book is not None and not problems.found:
            try:
                rules_of(profile)
            except RulesError as error:
                problems.add("rules.book", str(error), profile.rules.book)
        prefix = f"{problems.file}: "
        return [one.removeprefix(prefix) for one in problems.found]

    def from_running(self) -> list[Difference]:
        """What a commit would change; hand edits of the site file since the start are among it."""
        return between(self.running, self.text)

    def from_saved(self) -> list[Difference]:
        """What a save would change."""
        return between(self.saved, self.text)

    def explained(self, why: str, at: datetime.datetime) -> Candidate:
        """The candidate whose changes that no commit has taken yet get this reason and time."""
        done = tuple(
            replace(one, why=why, at=at) if one.why == NOT_SAID else one for one in self.changes
        )
        return replace(self, changes=done)


def running_changes(text: bytes) -> tuple[Change, ...]:
    """The changes in a configuration's bytes; none where its block cannot be believed."""
    return _block(text).changes


def between(before: bytes, after: bytes) -> list[Difference]:
    """What two texts of a site file say differently, key by key."""
    old, new = flat(_tables(before)), flat(_tables(after))
    return [
        Difference(key=key, before=old.get(key), after=new.get(key))
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Tables in tables as paths of keys with plain values; a list of plain values is one value."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            found |= flat(value, key)
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for number, row in enumerate(value):
                found |= flat(row, f"{key}[{number}]")
        else:
            found[key] = value
    return found


def readings(value: str) -> Iterator[Any]:
    """What a typed value may mean, likeliest first: as TOML has it, then as bare text."""
    text = value.strip()
    try:
        stated = tomllib.loads(f"x = {text}") if "\n" not in text else {}
    except tomllib.TOMLDecodeError:
        stated = {}
    if list(stated) == ["x"]:
        yield stated["x"]
    if not isinstance(stated.get("x"), str):
        yield text


def shown(value: Any) -> str:
    """A value as a person may read it: as TOML, addresses without user and password."""
    if value is None:
        return "-"
    try:
        return without_secret(value_text(value))
    except ValueError:
        return "{...}"


def without_secret(text: str) -> str:
    """A text in which no address tells a user and password."""
    return _SECRET.sub("://***@", text)


def _tables(text: bytes) -> dict[str, Any]:
    try:
        return site_table(text)
    except ValueError:
        return tomllib.loads(human_part(text).decode("utf-8"))


def _stated(table: dict[str, Any], key: str) -> Any:
    found: Any = table
    for name in key.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _concerns(problem: str, key: str) -> bool:
    """Whether a problem is about this key, one above it or one below it, or names no key."""
    place = problem.partition(" = ")[0].partition(":")[0].strip()
    if "/" in place or " " in place:
        return True
    return place == key or place.startswith((f"{key}.", f"{key}[")) or key.startswith(f"{place}.")


def _block(text: bytes) -> Block:
    try:
        return read_block(text)
    except ValueError:
        return Block()
