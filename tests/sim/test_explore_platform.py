"""What the platform has taken over may go, be its acknowledgement refused by the disk or not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from ledger_rig import passage
from msgspec.structs import replace

from controller.diskwatch import TEND_US
from protocol.custody import Media, Retention
from protocol.errors import Code, LedgerError
from protocol.ledger import Ledger
from protocol.parts import Kind, Times
from protocol.record import Record
from sim.explore.disk_platform import NEVER_US, Platform, Reach

DIGEST = b"\x07" * 32


class Shelf:
    """A ledger of one record, whose disk may refuse the acknowledgement."""

    def __init__(self, refuses: bool) -> None:
        self._refuses = refuses

    def stored(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(seq=1)]

    def acknowledge(self, seqs: Iterable[int], at_ms: int) -> None:
        if self._refuses:
            raise LedgerError(Code.DISK_FULL, Path("ledger.sqlite"), "the disk is full", "free it")


def records(gone_us: int) -> list[Record]:
    """One that names a medium, and the word that it goes."""
    named = replace(passage(1), seq=1, media=(Media(kind="journal", sha256=DIGEST, bytes=9),))
    goes = Retention(kind="journal", why="space", sha256=(DIGEST,), bytes=9)
    said = replace(named, kind=Kind.RETENTION, seq=2, media=(), times=Times(at_us=gone_us))
    return [named, replace(said, retention=goes)]


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize(("gone_us", "robbed"), [(9_999_999, 1), (10_000_000, 0)])
def test_the_platform_has_what_it_took_over(refuses: bool, gone_us: int, robbed: int) -> None:
    platform = Platform((Reach(from_us=0, until_us=NEVER_US),), lambda: 10_000_000 + TEND_US)
    platform.look(cast("Ledger", Shelf(refuses)))
    assert len(list(platform.robbed(records(gone_us)))) == robbed
