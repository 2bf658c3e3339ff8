"""One flipped bit anywhere in a closed ledger, its manifests or its media: always found.

``make flips`` flips 10,000; ``make test`` a few hundred.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from ledger_rig import KEY, LANE, SITE, passage
from msgspec.structs import replace

from protocol import custody
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.media import Blob
from protocol.parts import Image
from protocol.verify import FolderCheck, verify_folder
from protocol.writer import SyncWriter

FLIPS = int(os.environ.get("STEELYARD_FLIPS", "300"))
MONDAY = 20_251_124


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed folder: three days of passages with pictures, journals and settings."""
    folder = tmp_path_factory.mktemp("flips") / "lane"
    folder.mkdir()
    writer: SyncWriter[int] = SyncWriter(Ledger.open(folder / "ledger.sqlite", SITE, LANE, key=KEY))
    chance = random.Random(5)
    settings = Blob(kind="settings", data=b"settings of this lane")
    for number in range(1, 19):
        picture = Blob(kind="plate", data=chance.randbytes(3000))
        journal = Blob(kind="journal", data=chance.randbytes(5000))
        record = passage(number, curve=number % 3 == 0, over=number % 5 == 0)
        record = replace(
            record,
            times=replace(record.times, date=MONDAY + number // 7),
            images=(Image(name="front", sha256=picture.sha256),),
            media=tuple(
                custody.Media(kind=blob.kind, sha256=blob.sha256, bytes=len(blob.data))
                for blob in (journal, settings)
            ),
        )
        writer.submit(number, record, (picture, journal, settings))
        writer.poll()
    assert writer.close() == []
    assert verify_folder(folder).findings == ()
    return folder


def _evidence(folder: Path) -> list[Path]:
    """Every file but SQLite's shared memory, which the next opening makes anew."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    files = [path for path in found if not path.name.endswith("-shm")]
    assert {path.parent.name for path in files} == {folder.name, "media", "manifests"}
    return sorted(files)


def _is_found(folder: Path) -> bool:
    try:
        return next(FolderCheck(folder).findings(), None) is not None
    except LedgerError:
        return True


def test_every_flipped_bit_is_found(morning: Path) -> None:
    files = _evidence(morning)
    sizes = [path.stat().st_size for path in files]
    chance = random.Random(FLIPS)
    flipped: Counter[str] = Counter()
    missed: list[str] = []
    for _ in range(FLIPS):
        (path,) = chance.choices(files, sizes)
        sound = path.read_bytes()
        at, bit = chance.randrange(len(sound)), chance.randrange(8)
        hurt = bytearray(sound)
        hurt[at] ^= 1 << bit
        path.write_bytes(hurt)
        flipped[path.parent.name] += 1
        if not _is_found(morning):
            missed.append(f"{path.name} byte {at} bit {bit}")
        path.write_bytes(sound)
    assert missed == []
    assert flipped["media"] > 0
    assert flipped[morning.name] > 0
    assert not _is_found(morning)


def test_what_a_flip_in_each_kind_of_file_is_called(morning: Path, tmp_path: Path) -> None:
    codes = {
        "ledger.sqlite": "file",
        "ledger.sum": "file",
        "manifests/*": "manifest",
        "media/*.png": "media_damaged",
    }
    for number, (pattern, code) in enumerate(codes.items()):
        folder = tmp_path / str(number)
        shutil.copytree(morning, folder)
        path = next(iter(sorted(folder.glob(pattern))))
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        found = {finding.code for finding in verify_folder(folder).findings}
        assert code in found, (pattern, found)
