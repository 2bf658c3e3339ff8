"""``steelyard bench evidence`` in a terminal: each number under the words that say what it is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from controller.commands.bench_evidence import Commits, Evidence, measure
from controller.commands.bench_evidence_bulk import Bulk

BULK = (10_000, 100_000)
WIDTH_MIN = 132


def run(folder: Path | None, as_json: bool) -> None:
    """Measure and print; raises EvidenceError where there is nothing to measure on."""
    found = measure(folder, BULK)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        console = Console()
        wide = console.is_terminal or console.width >= WIDTH_MIN
        show(found, console if wide else Console(width=WIDTH_MIN))


def show(found: Evidence, console: Console) -> None:
    """Print everything that was measured."""
    console.print(_commits(found.commits, found.file_system))
    console.print(_syncs(found), highlight=False)
    console.print(_passage(found), highlight=False)
    console.print(_replay(found), highlight=False)
    if found.bulk:
        console.print(_bulk(found.bulk))


def _commits(commits: list[Commits], file_system: str) -> Table:
    table = Table(
        title=f"One sealed record a commit, in turns with plain SQLite (WAL, FULL, the same bytes) "
        f"on {file_system or 'this disk'}",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("record")
    for name in (
        "bytes",
        "records\na second",
        "plain\na second",
        "of plain",
        "ms a\nrecord",
        "ms a plain\ninsert",
        "encode\nus",
        "seal\nus",
    ):
        table.add_column(name, justify="right")
    for one in commits:
        table.add_row(
            "with curve" if one.curve else "without curve",
            str(one.bytes),
            f"{one.records_per_s:.0f}",
            f"{one.plain_per_s:.0f}",
            f"{100 * one.share:.0f} %",
            f"{one.record_ms:.2f}",
            f"{one.plain_ms:.2f}",
            f"{one.encode_us:.0f}",
            f"{one.seal_us:.0f}",
        )
    return table


def _syncs(found: Evidence) -> str:
    syncs = found.syncs
    if syncs is None:
        return "Syncs: not counted, strace is not here or may not trace.\n"
    said = "; ".join(f"{count} {what}" for what, count in syncs.of.items())
    return (
        f"Syncs (strace, {syncs.passages} passages, {syncs.records} records, from the first scan "
        f"to the last): {syncs.total}, {syncs.a_passage:.1f} a passage.\n{said}.\n"
    )


def _passage(found: Evidence) -> str:
    durable, sizes = found.durable, found.sizes
    return (
        f"From the decision to the disk, through the writer's thread with {durable.blobs} files of "
        f"{durable.blob_bytes} bytes in all: median {durable.median_ms:.1f} ms, p95 "
        f"{durable.p95_ms:.1f} ms of {durable.passages}; the lane hears of it in its next scan.\n"
        f"Bytes of a passage, medians: sealed record {sizes.record} with its curve, "
        f"{sizes.record_without_curve} without; raw counts {sizes.raw}, journal {sizes.journal}, "
        f"plate pictures {sizes.plates}.\n"
    )


def _replay(found: Evidence) -> str:
    replay, journal = found.replay, found.journal
    return (
        f"Replay: {replay.identical} of {replay.records} records identical, "
        f"{replay.records_per_s:.1f} records/s, {replay.scans_per_s:.0f} scans/s, "
        f"{replay.times_real:.0f} times real time. Journal: {journal.observe_us:.1f} us a scan, "
        f"{journal.cut_ms_median:.2f} ms at a record.\n"
        f"Start on this folder, deck empty: ready after {found.start.ready_s:.1f} s, of which "
        f"{found.start.process_s:.1f} s for the process (CPU {found.start.cpu_s:.1f} s) and "
        f"{found.start.lane_s:.1f} s of the lane's own settling.\n"
    )


def _bulk(bulk: list[Bulk]) -> Table:
    table = Table(
        title="steelyard verify in a process of its own, records without curve and files",
        title_justify="left",
        header_style="bold",
    )
    for name in (
        "records",
        "MiB",
        "made in s",
        "verified in s",
        "records/s",
        "findings",
        "MiB held\nbefore",
        "MiB held\nat most",
    ):
        table.add_column(name, justify="right")
    for one in bulk:
        table.add_row(
            str(one.records),
            f"{one.mib:.0f}",
            f"{one.made_s:.1f}",
            f"{one.verified_s:.1f}",
            str(one.records_per_s),
            str(one.findings),
            f"{one.start_mib:.1f}",
            f"{one.peak_mib:.1f}",
        )
    return table
