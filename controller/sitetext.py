"""A site file's text on its way to a lane: read in earnest, examined, and kept with what runs."""

from __future__ import annotations

from pathlib import Path

from board.build import plan
from board.machine_block import BlockError, human_part, read_block, with_block
from board.profile import Profile, ProfileError, read_profile
from hal.schema import Problems

PLAYED = ("sim.clock", "trace.clock")


def read_site(site: str | Path, text: bytes) -> Profile:
    """The profile of these bytes in the place of a site file's; raises ProfileError."""
    profile = read_profile(site, text=text)
    if profile.devices["clock"].driver in PLAYED:
        # A clock that is not the host's own has to keep pace with it when the lane runs in earnest.
        return read_profile(site, {"devices.clock.paced": True}, text)
    return profile


def checked(site: Path, text: bytes) -> Profile:
    """The profile of a text that can be built, as far as can be told with no device opened.

    Raises ProfileError.
    """
    profile = read_site(site, text)
    problems = Problems(profile.path)
    plan(profile.devices, problems)
    if problems.found:
        raise ProfileError(problems.found)
    return profile


def with_unsaved(text: bytes, running: bytes) -> bytes:
    """A site file with what runs and was not saved: its people's part, and with it a new sheet, is
    taken up without losing a commit.

    What was saved since goes before what runs.
    """
    try:
        runs, saved = read_block(running), read_block(text)
    except BlockError:
        return text
    if runs.version < saved.version or runs.changes == saved.changes:
        return text
    return with_block(human_part(text), runs)
