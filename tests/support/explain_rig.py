"""Running ``steelyard explain``, and reading the page that it writes."""

from __future__ import annotations

from pathlib import Path

from bundle_rig import CONFIG, RULES
from ledger_rig import KEY
from page_outline import Outline
from report_rig import LANE, SITE
from typer.testing import CliRunner, Result

from controller.cli import app
from protocol.ledger import Ledger
from protocol.media import MediaStore
from protocol.record import Record


def explain(source: Path, *words: object) -> tuple[Result, str]:
    """Run the command; its result, and the page if one was written."""
    out = source.parent / f"{source.name}-page.html"
    out.unlink(missing_ok=True)
    done = CliRunner().invoke(app, ["explain", str(source), *map(str, words), "-o", str(out)])
    return done, out.read_text(encoding="utf-8") if out.exists() else ""


def page_of(source: Path, *words: object) -> Outline:
    done, page = explain(source, *words)
    assert done.exit_code == 0, done.stderr
    assert 'class="band failed"' not in page
    return Outline(page)


def with_one(folder: Path, record: Record) -> Path:
    """A ledger of this one record."""
    folder.mkdir()
    named = {blob.sha256 for blob in (CONFIG, RULES)}
    assert not {medium.sha256 for medium in record.media} - named
    MediaStore(folder / "media").put((CONFIG, RULES))
    with Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=KEY) as ledger:
        ledger.append(record)
    return folder
