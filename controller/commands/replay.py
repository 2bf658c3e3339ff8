"""``steelyard replay``: a ledger's records, or an evidence bundle, through today's core."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.blackbox import CRASH_FILE
from controller.replay import Difference, Divergence
from controller.replaycrash import Ending, Rerun, rerun
from controller.replayrecord import OF_THE_BOX, Checked, Checker, Result
from protocol.envelope import opened, payload_of
from protocol.ledger import Ledger
from protocol.media import MediaStore
from protocol.record import RecordError

FIELDS_SHOWN_MAX = 40
_BAD = (Result.DIFFERENT, Result.DAMAGED)


class Total(Struct, frozen=True, kw_only=True):
    """What a replay came to; ``speed`` is lane time over the time it took."""

    records: int
    results: dict[str, int]
    scans: int
    lane_s: float
    took_s: float

    @property
    def speed(self) -> float:
        """How many times faster than the lane."""
        return self.lane_s / self.took_s if self.took_s > 0 else 0.0


class ReplayError(ValueError):
    """A folder or a seq that there is nothing to replay of."""


def run(target: Path, seq: int | None, as_json: bool) -> bool:
    """Replay a data folder, one record of it, or a bundle; True if nothing came out otherwise.

    Raises ReplayError, LedgerError, CrashError or JournalError for what cannot be read at all.
    """
    if not target.is_dir():
        raise ReplayError(f"{target}: no such folder; name a data folder or an evidence bundle")
    if (target / CRASH_FILE).exists():
        return _bundle(target, as_json)
    return _folder(target, seq, as_json)


def checked(folder: Path, seq: int | None = None) -> Iterator[Checked]:
    """Replay the records of a data folder in order, or the one of ``seq``."""
    store = MediaStore(folder / MEDIA_FOLDER)
    with Ledger.open(folder / LEDGER_FILE, read_only=True) as ledger:
        checker = Checker(store.read, _Dropped(ledger))
        for stored in ledger.stored(seq or 1):
            if seq is not None and stored.seq != seq:
                raise ReplayError(f"{folder}: the ledger has no record {seq}")
            try:
                payload = payload_of(stored.body)
            except RecordError as error:
                yield Checked(seq=stored.seq, result=Result.DAMAGED, why=str(error))
                continue
            yield checker.check(stored.seq, payload)
            if seq is not None:
                return


class _Dropped:
    """Whether a RETENTION record names a digest; they are read once, when one is asked for."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._digests: frozenset[bytes] | None = None

    def __call__(self, digest: bytes) -> bool:
        if self._digests is None:
            self._digests = frozenset(self._read())
        return digest in self._digests

    def _read(self) -> Iterator[bytes]:
        for stored in self._ledger.stored():
            try:
                record = opened(stored.body)
            except RecordError:
                continue
            if record.retention is not None:
                yield from record.retention.sha256


def _folder(folder: Path, seq: int | None, as_json: bool) -> bool:
    began = time.monotonic()
    results: Counter[str] = Counter()
    scans = span_us = 0
    with Progress(
        console=Console(stderr=True), disable=not Console(stderr=True).is_terminal
    ) as bar:
        task = bar.add_task("replay", total=_count(folder) if seq is None else 1)
        for one in checked(folder, seq):
            results[one.result.value] += 1
            scans, span_us = scans + one.scans, span_us + one.span_us
            _show(one, as_json, everything=seq is not None)
            bar.advance(task)
    total = Total(
        records=results.total(),
        results=dict(results),
        scans=scans,
        lane_s=span_us / 1e6,
        took_s=time.monotonic() - began,
    )
    if not total.records:
        raise ReplayError(f"{folder}: the ledger holds no record{f' {seq}' if seq else ''}")
    _conclude(total, as_json)
    bad = any(results[result.value] for result in _BAD)
    if not bad and not results[Result.IDENTICAL.value]:
        raise ReplayError(f"{folder}: nothing here could be replayed, so nothing is proven")
    return not bad


def _count(folder: Path) -> int:
    with Ledger.open(folder / LEDGER_FILE, read_only=True) as ledger:
        last = ledger.last()
    return last.seq if last is not None else 0


def _show(one: Checked, as_json: bool, *, everything: bool) -> None:
    if as_json:
        print(json.dumps(msgspec.to_builtins(one), ensure_ascii=False))
        return
    wanted = (Result.DIFFERENT, Result.DAMAGED, Result.NOT_REPLAYABLE)
    if not everything and one.result not in wanted:
        return
    about = f" {one.kind}, passage {one.passage_id} part {one.part}" if one.passage_id else ""
    why = f": {one.why}" if one.why else ""
    print(f"seq {one.seq}{about}: {one.result.value}{why}")
    if one.divergence is not None:
        _show_divergence(one.divergence)
    _show_fields(one.fields)


def _show_divergence(found: Divergence) -> None:
    print(
        f"  scan {found.scan} ({found.now_us / 1e6:.2f} s, {found.phase}) is the first that "
        f"differs, in its {found.of}:"
    )
    _show_fields(found.differences)


def _show_fields(fields: tuple[Difference, ...]) -> None:
    for one in fields[:FIELDS_SHOWN_MAX]:
        print(f"  {one.path or 'all'}")
        print(f"    recorded {readable(one.recorded)}")
        print(f"    today    {readable(one.today)}")
    if len(fields) > FIELDS_SHOWN_MAX:
        print(f"  and {len(fields) - FIELDS_SHOWN_MAX} more fields")


def readable(value: Any) -> str:
    """A value of an image as people read it: the names of what has one."""
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, tuple):
        return f"({', '.join(readable(item) for item in value)})"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Struct):
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _conclude(total: Total, as_json: bool) -> None:
    if as_json:
        about = msgspec.to_builtins(total) | {"speed": round(total.speed, 1)}
        print(json.dumps(about, ensure_ascii=False))
        return
    counts = ", ".join(f"{count} {name}" for name, count in sorted(total.results.items()))
    print(
        f"{total.records} records: {counts}; {total.scans} scans, {total.lane_s:.0f} s of the lane "
        f"in {total.took_s:.1f} s ({total.speed:.0f} x)"
    )
    print(
        f"Taken from the records, not proven here: {', '.join(OF_THE_BOX)}, curve, who the box is."
    )
    print("Seals and keys are not looked at here: that is steelyard verify.")


def _bundle(folder: Path, as_json: bool) -> bool:
    found = rerun(folder)
    if as_json:
        print(json.dumps(msgspec.to_builtins(found), ensure_ascii=False))
    else:
        _show_bundle(found)
    return found.ending == Ending.NO_ERROR


def _show_bundle(found: Rerun) -> None:
    crash = found.crash
    where = f"scan {crash.scan}, {crash.phase}" if crash.scan is not None else crash.phase
    print(f"{crash.software} ended in {where}: {found.recorded.type}: {found.recorded.text}")
    if len(crash.causes) > 1:
        print(f"first cause: {crash.causes[0].type}: {crash.causes[0].text}")
    print(f"{found.scans} scans ({found.span_us / 1e6:.0f} s) run again: {found.ending.value}")
    if found.today is not None and found.ending != Ending.SAME_ERROR:
        print(f"today: {found.today.type}: {found.today.text}")
    if found.ending == Ending.OUTSIDE:
        print(
            f"replay runs the core only, and that came through; {CRASH_FILE} has the traceback of "
            "the part around it"
        )
    if found.divergence is not None:
        _show_divergence(found.divergence)
