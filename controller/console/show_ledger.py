"""``show ledger``: records, the chain of the newest, upload, disk, media."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Argument, Command
from controller.console.lines import folded, said, size, wall
from controller.console.link import LaneAwayError
from controller.console.look_disk import media_of, use_of
from controller.console.look_evidence import reading
from protocol.chain import Chain, Finding
from protocol.ledger import Ledger

NEWEST = 100
NEWEST_MAX = 5_000
VERIFY_S_MAX = 5.0
FINDINGS_SHOWN = 5


class Verified(Struct, frozen=True, kw_only=True):
    """The newest records from ``first`` to ``last`` as they were found."""

    first: int
    last: int
    findings: tuple[Finding, ...]
    seconds: float


def show_ledger(ctx: Context, arguments: dict[str, str]) -> Answer:
    """The ledger of the lane's folder, whether the lane runs or not."""
    newest = _number(arguments.get("newest", str(NEWEST)))
    with reading(ctx) as ledger:
        data = _of_ledger(ledger, newest)
    media, disk = media_of(ctx.folder / MEDIA_FOLDER), use_of(ctx.folder)
    data |= {
        "path": str(ctx.folder / LEDGER_FILE),
        "writer_failure": _failure(ctx),
        "media_files": media.files,
        "media_bytes": media.bytes,
        "media_all_counted": media.whole,
        "disk_free_bytes": disk.free_bytes if disk else None,
        "disk_used_percent": disk.used_percent if disk else None,
    }
    return Answer(data=data, text=tuple(_text(ctx, data)))


def verified(ledger: Ledger, last: int, newest: int) -> Verified:
    """Check seals, numbers and links of the newest records, for VERIFY_S_MAX at most."""
    began_s = time.monotonic()
    first = max(1, last - newest + 1)
    chain = Chain(ledger.site, ledger.lane, ledger.key_at(first))
    chain.skip_to(first)
    found, seen = list[Finding](), first - 1
    for stored in ledger.stored(first):
        found += chain.take(stored.seq, stored.body)
        if chain.hash != stored.hash:
            message = "the bytes do not match the hash beside them"
            found.append(Finding(code="hash", seq=stored.seq, message=message))
        seen = stored.seq
        if seen == last:
            break
        if time.monotonic() - began_s > VERIFY_S_MAX:
            break
    return Verified(
        first=first,
        last=seen,
        findings=tuple(found),
        seconds=round(time.monotonic() - began_s, 2),
    )


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= NEWEST_MAX:
        raise CommandError(f"'{printable(text, 20)}' is no number of records, 1 to {NEWEST_MAX}")
    return int(text)


def _of_ledger(ledger: Ledger, newest: int) -> dict[str, Any]:
    last = ledger.last()
    sent = ledger.acknowledged_to()
    found = verified(ledger, last.seq, newest) if last is not None else None
    count = last.seq if last is not None else 0
    head = next(iter(ledger.stored(count))).hash.hex() if count else None
    return {
        "site": ledger.site,
        "lane": ledger.lane,
        "records": count,
        "last_seq": count,
        "last_kind": last.kind.name if last is not None else None,
        "last_ms": last.times.wall_ms if last is not None else None,
        "head_sha256": head,
        "key": ledger.key.fingerprint,
        "verified_first": found.first if found is not None else None,
        "verified_last": found.last if found is not None else None,
        "verify_s": found.seconds if found is not None else 0.0,
        "findings": [
            {"code": one.code, "seq": one.seq, "message": one.message}
            for one in (found.findings if found is not None else ())
        ],
        "acknowledged_to": sent,
        "unacknowledged": max(0, count - sent),
    }


def _failure(ctx: Context) -> str | None:
    """Why the lane's writer takes no record now, "" where it does, None where no lane runs."""
    try:
        return ctx.link.state().failure
    except LaneAwayError:
        return None


def _text(ctx: Context, data: dict[str, Any]) -> Iterator[str]:
    yield from folded(ctx, said(ctx, "file", "文件"), printable(data["path"]))
    if not data["records"]:
        yield from folded(ctx, said(ctx, "records", "记录"), said(ctx, "none yet", "尚无记录"))
    else:
        newest = f"{data['last_kind']} {wall(data['last_ms'])}"
        text = said(
            ctx,
            f"{data['records']}, newest {newest}",
            f"{data['records']} 条，最新 {newest}",
        )
        yield from folded(ctx, said(ctx, "records", "记录"), text)
        yield from folded(ctx, said(ctx, "head", "链头"), data["head_sha256"])
        yield from _chain(ctx, data)
    yield from folded(ctx, said(ctx, "key", "密钥"), data["key"])
    sent, waits = data["acknowledged_to"], data["unacknowledged"]
    text = said(
        ctx,
        f"acknowledged up to seq {sent}, {waits} not yet",
        f"已确认至 seq {sent}，未确认 {waits} 条",
    )
    yield from folded(ctx, said(ctx, "upload", "上传"), text)
    yield from _store(ctx, data)
    failure = data["writer_failure"]
    shown = {None: said(ctx, "no lane runs", "车道未运行"), "": said(ctx, "ok", "正常")}
    yield from folded(
        ctx, said(ctx, "writer", "写入"), shown.get(failure) or printable(str(failure))
    )


def _chain(ctx: Context, data: dict[str, Any]) -> Iterator[str]:
    span = f"seq {data['verified_first']}..{data['verified_last']}"
    whole = said(
        ctx,
        f"{span} whole ({data['verify_s']} s); all of it: steelyard verify",
        f"{span} 完整（{data['verify_s']} s）；全部：steelyard verify",
    )
    if data["verified_last"] != data["last_seq"]:
        whole = said(
            ctx,
            f"{span} whole; no time for more ({data['verify_s']} s): steelyard verify",
            f"{span} 完整；时间已到（{data['verify_s']} s）：steelyard verify",
        )
    broken = said(ctx, f"{span} BROKEN", f"{span} 已损坏")
    yield from folded(ctx, said(ctx, "chain", "链"), broken if data["findings"] else whole)
    for one in data["findings"][:FINDINGS_SHOWN]:
        yield from folded(ctx, f"  {one['code']}", f"seq {one['seq']}: {printable(one['message'])}")


def _store(ctx: Context, data: dict[str, Any]) -> Iterator[str]:
    more = "" if data["media_all_counted"] else said(ctx, "more than ", "多于 ")
    text = said(
        ctx,
        f"{more}{data['media_files']} files, {size(data['media_bytes'])}",
        f"{more}{data['media_files']} 个文件，{size(data['media_bytes'])}",
    )
    yield from folded(ctx, said(ctx, "media", "附件"), text)
    if data["disk_free_bytes"] is not None:
        free = size(data["disk_free_bytes"])
        text = said(
            ctx,
            f"{data['disk_used_percent']} % full, {free} free",
            f"已用 {data['disk_used_percent']} %，剩余 {free}",
        )
        yield from folded(ctx, said(ctx, "disk", "磁盘"), text)


COMMANDS = (
    Command(
        words="show ledger",
        help_en="Records, chain of the newest, upload, disk space, media.",
        help_zh="记录数、链校验、上传、磁盘、附件",
        run=show_ledger,
        arguments=(
            Argument(
                name="newest",
                help_en=f"how many of the newest records to verify (default {NEWEST})",
                help_zh=f"校验最新多少条记录（默认 {NEWEST}）",
                optional=True,
            ),
        ),
    ),
)
