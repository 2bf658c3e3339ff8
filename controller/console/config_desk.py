"""The candidate of a lane's folder, for the commands that change it and those that show it."""

from __future__ import annotations

import datetime
from pathlib import Path

from board.machine_block import Block, Change, read_block, with_block
from controller import configfiles
from controller.configfiles import ConfigFileError, Pending, Running
from controller.console.answer import CommandError
from controller.console.candidate import Candidate, Difference, running_changes
from controller.console.clean import printable
from controller.console.config_legal import legal_of
from controller.console.context import Context
from controller.console.roles import Role
from hal.schema import load_bytes

PROBLEMS_SHOWN = 8


def running_of(folder: Path) -> Running:
    """What the lane of this folder runs, or ran last; raises CommandError."""
    try:
        found = configfiles.read(folder, configfiles.RUNNING, Running)
    except ConfigFileError as error:
        raise CommandError(str(error)) from error
    if found is None:
        raise CommandError(f"{folder}: no lane has run here: steelyard run SITE --out {folder}")
    return found


def pending_of(folder: Path) -> Pending | None:
    """The commit that waits for its confirmation; raises CommandError."""
    try:
        return configfiles.read(folder, configfiles.PENDING, Pending)
    except ConfigFileError as error:
        raise CommandError(str(error)) from error


def load(folder: Path) -> Candidate:
    """The candidate: the running settings, until somebody sets another; raises CommandError."""
    running = running_of(folder)
    try:
        saved = load_bytes(Path(running.site))
        kept = configfiles.read_bytes(folder, configfiles.CANDIDATE)
        changes = running_changes(running.text) if kept is None else read_block(kept).changes
    except ValueError as error:
        raise CommandError(
            f"{printable(str(error))}; a candidate that cannot be read is given up by 'rollback 0'"
        ) from error
    return _readable(running, saved, changes)


def empty(folder: Path) -> Candidate:
    """The same without the changes that wait; raises CommandError."""
    running = running_of(folder)
    try:
        saved = load_bytes(Path(running.site))
    except ValueError as error:
        raise CommandError(printable(str(error))) from error
    return _readable(running, saved, running_changes(running.text))


def _readable(running: Running, saved: bytes, changes: tuple[Change, ...]) -> Candidate:
    """The candidate, unless the site file has come to be no TOML meanwhile."""
    site = Path(running.site)
    found = Candidate(site=site, saved=saved, running=running.text, changes=changes)
    try:
        found.table  # noqa: B018 - reading it is the examination
    except ValueError as error:
        raise CommandError(
            f"{site}: cannot be read as it is now: {printable(str(error))}; mend it by hand"
        ) from error
    return found


def store(folder: Path, candidate: Candidate) -> None:
    """Keep the candidate for the next command; raises CommandError."""
    try:
        block = Block(changes=candidate.changes)
        configfiles.write(folder, configfiles.CANDIDATE, with_block(b"", block))
    except ValueError as error:
        raise CommandError(str(error)) from error


def drop(folder: Path) -> None:
    """Forget the candidate: it is what runs; raises CommandError."""
    try:
        configfiles.remove(folder, configfiles.CANDIDATE)
    except ConfigFileError as error:
        raise CommandError(str(error)) from error


def demand_legal(ctx: Context, keys: list[str]) -> None:
    """Raise CommandError where the law has a say in one of these keys and this is no admin."""
    for key in keys:
        legal = legal_of(key)
        if legal is not None and ctx.account.role < Role.ADMIN:
            why = legal.why_zh if ctx.screen.language == "zh" else legal.why_en
            raise CommandError(
                f"{key}: needs the role admin ({why}); {ctx.account.name} is "
                f"{ctx.account.role.name.lower()}"
            )


def demand_right(candidate: Candidate) -> None:
    """Raise CommandError with what is wrong with a candidate."""
    problems = candidate.problems()
    if problems:
        more = len(problems) - PROBLEMS_SHOWN
        told = "; ".join(printable(one) for one in problems[:PROBLEMS_SHOWN])
        raise CommandError(told + (f"; and {more} more" if more > 0 else ""))


def keys_of(differences: list[Difference]) -> list[str]:
    """The keys of differences."""
    return [one.key for one in differences]


def now() -> datetime.datetime:
    """The present time of this machine, with its offset, to the second."""
    return datetime.datetime.now().astimezone().replace(microsecond=0)
