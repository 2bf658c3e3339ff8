"""``steelyard explain``: one passage on a page that its driver can read."""

from __future__ import annotations

import tomllib
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import typer
from msgspec import Struct

from board.appeal import Appeal
from board.config import split_config
from controller.commands.inspection import Inspection, inspect
from controller.commands.outcome import finding_line
from controller.commands.sources import SourceError, Trust, source_of
from controller.commands.writing import refuse_existing, write_out
from controller.explain.appeal import DEFAULT, AppealError, parse_appeal, read_appeal
from controller.explain.dossier import Check, Dossier, Sheet, State
from controller.explain.held import HeldPictures
from controller.explain.page import broken_page, explain_page
from controller.report.passages import Passage
from controller.report.words import Word
from protocol import kinship
from protocol.bundle import Bundle
from protocol.media import file_name
from protocol.parts import Kind
from protocol.record import Record

_ABOUT = frozenset({Kind.PASSAGE, Kind.VOID, Kind.RELEASE, Kind.AMENDMENT})


class Request(Struct, frozen=True, kw_only=True):
    """Which record of which source, where to, and with whose words on how to object."""

    source: Path
    seq: int | None
    out: Path
    appeal: Path | None = None
    force: bool = False
    now: datetime


def run(request: Request, given: Trust) -> tuple[bool, dict[str, Any]]:
    """Write the page; True where it may present the record as valid.

    Raises the error of whatever cannot be read or written.
    """
    refuse_existing(request.out, force=request.force)
    stated = read_appeal(request.appeal) if request.appeal is not None else None
    found = inspect(source_of(request.source), request.seq, given, chain=True)
    check = _check(found, request.now)
    for finding in (*found.concerning, *found.elsewhere):
        typer.echo(f"warning: {finding_line(finding)}", err=True)
    page = _page(found, check, stated)
    write_out(request.out, page.encode("utf-8", "replace"), force=request.force)
    valid = check.state is not State.FAILED
    return valid, {
        "file": str(request.out),
        "record": found.bundle.seq,
        "state": str(check.state),
        "findings": len(found.concerning),
        "findings_elsewhere": len(found.elsewhere),
        "key": check.fingerprint,
        "key_compared": check.anchored,
    }


def _page(found: Inspection, check: Check, stated: Appeal | None) -> str:
    records = found.bundle.records
    head = records.get(found.bundle.seq)
    if head is None:
        return broken_page(found.asked, check, stated or DEFAULT)
    if head.kind not in _ABOUT:
        raise SourceError(
            f"record {found.asked} ({head.kind.name.lower().replace('_', ' ')}) is about no "
            "vehicle on the scale; name a record of a passage"
        )
    seqs = kinship.passage_of(records, head.seq)
    return explain_page(
        Dossier(
            asked=found.asked,
            passage=_passage(records, head.seq),
            sheets=tuple(Sheet(records[n], sha256(found.bundle.bodies[n]).digest()) for n in seqs),
            pictures=HeldPictures(found.bundle.media),
            check=check,
            appeal=stated or _own_appeal(found.bundle, head) or DEFAULT,
            chain=tuple(
                _passage(records, kinship.passage_of(records, n)[0])
                for n in kinship.chain_of(records, head.seq)
            ),
            tare=records.get(kinship.tare_of(records, head.seq) or 0),
            titles=_titles(found.bundle),
        )
    )


def _passage(records: dict[int, Record], head: int) -> Passage:
    first, *later = kinship.passage_of(records, head)
    return Passage(head=records[first], later=tuple(records[n] for n in later))


def _check(found: Inspection, now: datetime) -> Check:
    outcome, bundle = found.outcome, found.bundle
    covered = next((p for p in bundle.proofs if p.record == bundle.seq), None)
    count = len(bundle.bodies)
    lines = [
        Word(
            f"本次过车及其佐证共 {count} 条记录的签名有效",
            f"the seals of this passage and of all that vouches for it hold: {count} records",
        ),
        Word(
            f"所列附件共 {len(bundle.media)} 个，均与记录所列哈希一致",
            f"{len(bundle.media)} files are those that the records name, byte for byte",
        ),
    ]
    if outcome.what == "ledger" and not found.elsewhere:
        said = f"整个账本 {outcome.records} 条记录连续，没有缺号"
        lines.append(Word(said, f"the chain of all {outcome.records} records is whole"))
    if covered is not None:
        lines.append(
            Word(
                f"已列入第 {covered.manifest} 号记录的日清单",
                f"listed in the sealed manifest of its day, record {covered.manifest}",
            )
        )
    else:
        lines.append(Word("当日清单尚未签发", "the manifest of its day is not written yet"))
    return Check(
        source=Path(outcome.path).name,
        whole=outcome.what == "ledger",
        at=now,
        records=outcome.records,
        fingerprint=found.key,
        anchored=found.anchored,
        lines=tuple(lines),
        notes=outcome.notes,
        concerning=found.concerning,
        elsewhere=found.elsewhere,
    )


def _own_appeal(bundle: Bundle, head: Record) -> Appeal | None:
    """What the site said on the day, from the configuration that the record names."""
    if head.config_hash is None:
        return None
    config = bundle.media.get(file_name("config", head.config_hash))
    if config is None:
        return None
    try:
        return parse_appeal(split_config(config)[0], "the configuration of the record")
    except AppealError as error:
        typer.echo(f"warning: {error}", err=True)
        return None


def _titles(bundle: Bundle) -> dict[str, str]:
    """The title of each rule table, from the very file that the record names."""
    head = bundle.records.get(bundle.seq)
    titles: dict[str, str] = {}
    for table in head.tables if head is not None else ():
        data = bundle.media.get(file_name("rules", table.sha256), b"")
        try:
            title = tomllib.loads(data.decode("utf-8")).get("title")
        except (ValueError, RecursionError):
            continue
        if isinstance(title, str) and title:
            titles[table.id] = title[:200]
    return titles
