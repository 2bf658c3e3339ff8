"""What a ride has left on its disk: verified, replayed, and read for the judge."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from controller.assembly import LEDGER_FILE
from controller.commands.replay import checked
from controller.replayrecord import Result
from protocol.errors import LedgerError
from protocol.keys import write_public
from protocol.ledger import Ledger
from protocol.record import Record
from protocol.rows import Hashes
from protocol.verify import verify_folder
from sim.explore.disk_ground import damage
from sim.explore.lives import KEY, Say


class Left(Struct, frozen=True, kw_only=True):
    """The records, their hashes, and their sealed bodies by number."""

    records: list[Record]
    hashes: Hashes
    bodies: dict[int, bytes]


NOTHING = Left(records=[], hashes={}, bodies={})


def kept(folder: Path, say: Say) -> Left:
    """What lies in the folder; nothing where its ledger cannot be read, which is said, too."""
    try:
        _verify(folder, say)
        with Ledger.open(folder / LEDGER_FILE, read_only=True) as ledger:
            bodies = {row.seq: row.body for row in ledger.stored()}
            left = Left(records=list(ledger.records()), hashes=ledger.hashes(), bodies=bodies)
        for seen in damage(folder, left.records):
            say("damage", seen)
    except LedgerError as error:
        say("verify", str(error))
        return NOTHING
    return left


def _verify(folder: Path, say: Say) -> None:
    write_public(folder / "lane.pub", KEY.public)
    for found in verify_folder(folder, anchor=KEY.public).findings:
        say("verify", f"{found.code}, seq {found.seq}: {found.message}")
    for one in checked(folder):
        removed = one.result is Result.NOT_REPLAYABLE and "removed by retention" in one.why
        if not (removed or one.result in (Result.IDENTICAL, Result.OWN)):
            say("replay", f"seq {one.seq} {one.kind}: {one.result.value} {one.why}")
