"""``steelyard export``: one passage with everything that vouches for it, as one file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer
from msgspec import Struct
from msgspec.structs import replace

from controller.commands.inspection import Inspection, inspect
from controller.commands.outcome import finding_line
from controller.commands.sources import SourceError, Trust, source_of
from controller.commands.writing import refuse_existing, write_out
from protocol.bundle import Bundle, Fault, pack
from protocol.chain import Finding

FAULTS_MAX = 100
"""A bundle lists so many findings of its ledger; more of them say no more."""


class Request(Struct, frozen=True, kw_only=True):
    """Which record, where to, and how much with it; ``anyway`` exports what does not verify."""

    folder: Path
    seq: int
    out: Path
    chain: bool = False
    anyway: bool = False
    force: bool = False


def run(request: Request, given: Trust) -> dict[str, Any] | None:
    """Write the bundle and return what went into it; None where the record does not verify.

    Raises the error of whatever cannot be read or written.
    """
    refuse_existing(request.out, force=request.force)
    source = source_of(request.folder)
    if source.bundle:
        raise SourceError(f"{source.path}: a bundle already; export takes from a data folder")
    found = inspect(source, request.seq, given, chain=request.chain)
    if found.concerning and not request.anyway:
        typer.echo(f"error: {_refusal(request.seq, found.concerning)}", err=True)
        return None
    for finding in (*found.concerning, *found.elsewhere)[:FAULTS_MAX]:
        typer.echo(f"warning: {finding_line(finding)}", err=True)
    data = pack(_marked(found))
    write_out(request.out, data, force=request.force)
    return {
        "file": str(request.out),
        "bytes": len(data),
        "record": found.bundle.seq,
        "records": sorted(found.bundle.bodies),
        "media": len(found.bundle.media),
        "under_a_manifest": any(p.record == found.bundle.seq for p in found.bundle.proofs),
        "key": found.key,
        "verified": not found.concerning,
        "findings": len(found.concerning),
        "findings_elsewhere": len(found.elsewhere),
    }


def _marked(found: Inspection) -> Bundle:
    """The bundle with what was known against it, and against its ledger."""
    return replace(
        found.bundle,
        faults=_faults(found.concerning),
        elsewhere=_faults(found.elsewhere),
    )


def _faults(findings: Iterable[Finding]) -> tuple[Fault, ...]:
    listed = list(findings)[:FAULTS_MAX]
    return tuple(Fault(code=f.code, record=f.seq, message=f.message) for f in listed)


def _refusal(seq: int, findings: tuple[Finding, ...]) -> str:
    lines = [f"  {finding_line(finding)}" for finding in findings[:FAULTS_MAX]]
    return "\n".join(
        (
            f"record {seq} does not verify, so it is not exported:",
            *lines,
            "keep the folder as it is; --anyway exports it with these findings inside",
        )
    )
