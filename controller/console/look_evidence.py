"""What a lane's folder holds that proves something: records, journals, bundles of crashes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.blackbox import BUNDLE, CrashError, read_crash
from controller.console.answer import CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.journal import KIND
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.media import file_name
from protocol.record import Record, RecordError

SEARCHED_MAX = 50
BUNDLES_MAX = 8


@contextmanager
def reading(ctx: Context) -> Iterator[Ledger]:
    """The ledger of the lane's folder, for reading beside the lane that writes it.

    Raises:
        CommandError: there is none, or it cannot be read.
    """
    try:
        with Ledger.open(ctx.folder / LEDGER_FILE, read_only=True) as ledger:
            yield ledger
    except (LedgerError, RecordError) as error:
        raise CommandError(printable(str(error))) from error


def journals_of(ctx: Context, record: Record) -> list[Path]:
    """The journal files that a record names and that are still there, in order."""
    named = [one for one in record.media if one.kind == KIND]
    paths = [ctx.folder / MEDIA_FOLDER / file_name(KIND, one.sha256) for one in named]
    return [path for path in paths if path.is_file()]


def newest_records(ctx: Context) -> list[Record]:
    """The SEARCHED_MAX newest records, the newest last; none where there is no ledger."""
    with suppress(CommandError), reading(ctx) as ledger:
        last = ledger.last()
        if last is not None:
            return list(ledger.records(max(1, last.seq - SEARCHED_MAX + 1)))
    return []


def record_of(newest: Sequence[Record], code: int, name: str) -> Record | None:
    """The newest of these records that names a fault, None if none does."""
    return next((one for one in reversed(newest) if _names(one, code, name)), None)


def crashes(ctx: Context) -> list[tuple[Path, str]]:
    """Bundles of programs' errors in the lane's folder, with the first cause of each."""
    found = []
    for path in sorted(ctx.folder.glob(f"{BUNDLE}[0-9][0-9][0-9][0-9]"))[:BUNDLES_MAX]:
        try:
            crash = read_crash(path)
            first = f"{crash.causes[0].type}: {crash.causes[0].text}" if crash.causes else "?"
        except CrashError as error:
            first = str(error)
        found.append((path, printable(first, 200)))
    return found


def _names(record: Record, code: int, name: str) -> bool:
    said = [*record.flags, *(record.decision.reasons if record.decision else ())]
    if record.void is not None:
        said.append(record.void)
    return any(str(code) in text.split() or name in text.split() for text in said)
