"""What a demonstration leaves behind: the table per passage, and the page."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.page import write_page
from controller.summary import passage_table
from protocol.ledger import Ledger
from protocol.record import Record, to_json
from protocol.rows import Hashes

PAGE_FILE = "passages.html"


def demo_folder(out: Path | None) -> Path:
    """The folder of a demonstration: the one named, or a new temporary one.

    Raises:
        FileExistsError: the folder already keeps a ledger, to which a demo must not add.
    """
    if out is None:
        return Path(tempfile.mkdtemp(prefix="steelyard-demo-"))
    if (out / LEDGER_FILE).exists():
        raise FileExistsError(
            f"{out / LEDGER_FILE}: a ledger is here already; records are never mixed: "
            "name another folder with --out"
        )
    return out


def show_records(
    out: Path, console: Console, title: str, *, as_json: bool
) -> tuple[list[Record], Hashes]:
    """Read the ledger back, write its page, print its table (or one JSON object a record)."""
    with Ledger.open(out / LEDGER_FILE, read_only=True) as ledger:
        records, hashes = list(ledger.records()), ledger.hashes()
    page = write_page(records, out / MEDIA_FOLDER, out / PAGE_FILE, title=title, hashes=hashes)
    if as_json:
        for record in records:
            print(json.dumps(to_json(record), ensure_ascii=False))
        return records, hashes
    console.print(passage_table(records))
    console.print(f"Ledger: {out / LEDGER_FILE}\nPage:   {page}")
    return records, hashes


def summarise(records: Sequence[Record]) -> dict[str, int]:
    """Count the records by kind."""
    counts: dict[str, int] = {}
    for record in records:
        name = record.kind.name.lower()
        counts[name] = counts.get(name, 0) + 1
    return counts
