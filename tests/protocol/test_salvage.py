"""Rows read from bare pages are those that SQLite reads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol import sidefiles, walfile
from protocol.ledger import Ledger
from protocol.salvage import Pages, Salvage

SIZES = (0, 10, 1000, 3000, 3300, 3500, *range(3600, 4200, 37), 4500, 8000, 8500, 12_345, 60_000)


def _filled(path: Path) -> Ledger:
    """Records of every length around the one that no longer fits on a page."""
    ledger = Ledger.open(path, SITE, LANE, key=KEY)
    for number, size in enumerate(SIZES, 1):
        record = passage(number)
        assert record.weighing is not None
        raw = random.Random(size).randbytes(size) or None
        ledger.append(replace(record, weighing=replace(record.weighing, raw=raw)))
    ledger.acknowledge([2, 5], 1_763_800_000_000)
    return ledger


def _salvage(path: Path) -> tuple[Pages, Salvage]:
    wal = sidefiles.wal_of(path)
    pages = Pages(path, wal, walfile.examine(wal))
    return pages, Salvage(pages)


@pytest.mark.parametrize("closed", [False, True])
def test_every_row_in_the_file_or_its_wal(tmp_path: Path, closed: bool) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = _filled(path)
    rows = list(ledger.stored())
    if closed:
        ledger.close()
    pages, salvage = _salvage(path)
    assert salvage.seen == len(rows)
    for row in rows:
        assert (row.hash, row.body) in list(salvage.bodies(row.seq))
    assert [row[:2] for row in salvage.identities] == [[SITE, LANE]]
    assert salvage.identities[0][3] == KEY.public.x
    assert salvage.acknowledged == dict.fromkeys((2, 5), 1_763_800_000_000)
    pages.close()
    ledger.close()


def test_noise_gives_no_rows_and_no_error(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    noise = bytearray(random.Random(1).randbytes(40 * 4096))
    # Pages that claim to be leaves of a table, so that every byte in them is read.
    noise[::4096] = b"\x0d" * 40
    noise[100] = 0x0D
    path.write_bytes(noise)
    pages, salvage = _salvage(path)
    assert all(list(salvage.bodies(seq)) == [] for seq in salvage.places)
    pages.close()
