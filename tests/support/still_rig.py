"""A simulated lane with cameras for stills at both ends."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import msgspec
from day_rig import lane_in
from still_board import FITTED

from controller.assembly import MEDIA_FOLDER
from controller.scan import Scan
from controller.stillpress import INDEX, KIND, Still
from hal.ports import DeviceFault
from protocol.media import file_name
from protocol.record import Record
from sim.run import simulate
from sim.world import Yard


class Silent:
    """A camera that gives no picture."""

    def capture(self, wanted: bool) -> DeviceFault | None:
        return DeviceFault(name="VIDEO_DOWN", device="a camera", seen="nothing") if wanted else None


def photographed(folder: Path, *silent: str, paint: bool = True) -> tuple[Scan, list[Record]]:
    """One legal passage before all cameras, of which some are silent."""
    yard = Yard.from_scenario("legal", seed=3)
    yard.paint = paint
    lane = lane_in(yard, folder, FITTED)
    assert lane._stills is not None
    for name in silent:
        lane._stills._cameras[name] = (lane._stills._cameras[name][0], Silent())
    simulate(lane, yard, until_us=300_000_000)
    records = list(lane.bookkeeper.ledger.records())
    lane.bookkeeper.close()
    return lane, records


def archive_of(record: Record, folder: Path) -> tuple[list[Still], dict[str, bytes]]:
    """The index of a record's stills and its pictures by file name."""
    (medium,) = [one for one in record.media if one.kind == KIND]
    data = (folder / MEDIA_FOLDER / file_name(KIND, medium.sha256)).read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return msgspec.json.decode(files.pop(INDEX), type=list[Still]), files
