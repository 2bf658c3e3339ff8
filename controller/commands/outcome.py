"""What a check found, for people and as JSON: findings apart from notes, and the key out loud."""

from __future__ import annotations

from typing import Any

import typer
from msgspec import Struct

from controller.explain.words import finding as meaning
from controller.summary import plain
from protocol.chain import Finding

_LINE_MAX = 400


class Outcome(Struct, frozen=True, kw_only=True):
    """The result of one check; ``anchored`` says that the key was compared with one from outside.

    ``what`` is ``ledger`` or ``bundle``; ``proven`` counts records under a sealed manifest, for a
    ledger the manifests themselves, ``lost`` those that a recovery could not keep.
    """

    what: str
    path: str
    records: int
    sealed: int
    media: int
    manifests: int
    fingerprint: str
    anchored: bool
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    lost: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def as_json(outcome: Outcome) -> dict[str, Any]:
    """One object with every finding."""
    return {
        "sound": outcome.sound,
        "what": outcome.what,
        "path": outcome.path,
        "records": outcome.records,
        "sealed": outcome.sealed,
        "media": outcome.media,
        "manifests": outcome.manifests,
        "key": outcome.fingerprint,
        "key_compared": outcome.anchored,
        "lost": outcome.lost,
        "findings": [
            {
                "code": one.code,
                "seq": one.seq,
                "message": one.message,
                "meaning": meaning(one.code).en,
            }
            for one in outcome.findings
        ],
        "notes": list(outcome.notes),
    }


def show(outcome: Outcome) -> None:
    """Print the findings one a line, then the notes, the counts, and how far the key is known."""
    for one in outcome.findings:
        typer.echo(f"FINDING {finding_line(one)}")
    for note in outcome.notes:
        typer.echo(f"note: {plain(note, _LINE_MAX)}")
    unsealed = outcome.records - outcome.sealed
    bare = f", {unsealed} UNSEALED" if unsealed else ", all sealed"
    under = "manifests" if outcome.what == "ledger" else "records under a manifest"
    typer.echo(
        f"{outcome.what}: {outcome.records} records{bare}; {outcome.manifests} {under}; "
        f"{outcome.media} media files"
    )
    typer.echo(f"key: {outcome.fingerprint or 'none'}")
    typer.echo(key_line(outcome))
    typer.echo(f"{plain(outcome.path, _LINE_MAX)}: {_verdict(outcome)}")


def _verdict(outcome: Outcome) -> str:
    """The last line, which some read alone."""
    count = len(outcome.findings)
    if count:
        return f"NOT SOUND: {count} finding{'s' * (count != 1)}"
    said = "SOUND"
    if outcome.lost:
        said += f", BUT A RECOVERY LOST {outcome.lost} RECORDS (see the note)"
    return said if outcome.anchored else f"{said}, if the key is the lane's (NOT COMPARED)"


def finding_line(one: Finding) -> str:
    """What, where, and what it means."""
    where = f"record {one.seq}" if one.seq is not None else "the whole"
    return f"{one.code}, {where}: {meaning(one.code).en} ({plain(one.message, _LINE_MAX)})"


def key_line(outcome: Outcome) -> str:
    """How far the key is to be believed."""
    if outcome.anchored:
        return "key compared with the one given: the same"
    return (
        f"KEY NOT COMPARED: the {outcome.what} names its own key. Compare this fingerprint with "
        "the one on the certificate or the platform, or give --key lane.pub from there"
    )
