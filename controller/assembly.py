"""Puts a lane together: a profile, its board, the law's book, a ledger, eyes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import controller.core.settings as core_settings
from board.build import Board
from board.profile import Profile
from controller.blackbox import BlackBox
from controller.bookkeeper import Bookkeeper, Key
from controller.core.kinds import End, PlateStand
from controller.core.settings import InterlockSettings, LaneSettings
from controller.core.verdict import Scale
from controller.faults import faulting_codes
from controller.indicatorroom import IndicatorRoom
from controller.journal import Journal
from controller.lanekey import lane_key
from controller.media import Cutouts
from controller.reading import Reading
from controller.recognition.inline import InlineReader
from controller.recognition.looks import Eyes, Reader
from controller.recording.identity import identity_of, rules_of
from controller.rfwatch import RfWatchedRoom
from controller.rooms import ScaleRoom
from controller.scan import Scan
from controller.stillpress import Press
from controller.stills import Stills, wants_stills
from controller.weighroom import WeighRoom
from protocol.errors import from_os
from protocol.files import Files, SteadyFiles
from protocol.keys import PrivateKey
from protocol.ledger import Ledger
from protocol.media import FOLDER, MediaStore
from protocol.retention import Upkeep
from protocol.writer import SyncWriter, ThreadWriter, Writer

LEDGER_FILE = "ledger.sqlite"
MEDIA_FOLDER = FOLDER

_MS = 1000
# Times of the site file whose setting has another name or unit in the lane.
_RENAMED = {"tare_expiry": ("tare_expiry_ms", _MS)}
_POLICIES = {"auto": PlateStand.AUTO, "confirm": PlateStand.PROPOSED, "hold": PlateStand.HELD}
_INTERLOCK = ("clear_settle", "reverse_dwell")


def assemble(
    board: Board,
    out: Path,
    reader: Reader | Eyes | None,
    *,
    threaded: bool = False,
    key: PrivateKey | None = None,
    files: Files | None = None,
    hand: Callable[[Ledger, MediaStore, Upkeep], Writer[Key]] | None = None,
) -> Scan:
    """Return the lane of this board, with its ledger in the folder ``out``.

    Bare eyes look in the scan itself, at a fixed delay of lane time: for a virtual clock.  ``key``
    stands in for the site's, so that two runs in two folders give the same bytes.  ``files`` stands
    in for this machine's; a lane without a thread meets no disk that fills by itself.  ``hand``
    makes the writer, in place of the one that ``threaded`` chooses.

    Raises:
        LedgerError: the ledger cannot be opened; the message says what to do.
        KeyFileError: the file of the lane's key cannot be used.
        RulesError: a rule table cannot be used.
    """
    profile = board.profile
    identity = identity_of(profile)
    weigh_room = scale_room(board)
    cutouts = Cutouts()
    try:
        files = files or (Files() if threaded else SteadyFiles())
        files.make_folder(out)
    except OSError as error:
        raise from_os(error, out) from error
    path = out / LEDGER_FILE
    key = key or lane_key(profile, path)
    ledger = Ledger.open(path, identity.site, identity.lane, key=key, files=files)
    media = MediaStore(out / FOLDER, files)
    upkeep = Upkeep(ledger, media, profile.storage)
    writer: Writer[Key]
    if hand is not None:
        writer = hand(ledger, media, upkeep)
    else:
        usual = ThreadWriter[Key] if threaded else SyncWriter[Key]
        writer = usual(ledger, media=media, upkeep=upkeep)
    settings, interlock = lane_settings(profile), interlock_settings(profile)
    journal = Journal(settings, interlock, identity.software)
    stills = Stills(board, Press(threaded=threaded)) if wants_stills(board) else None
    bookkeeper = Bookkeeper(
        ledger, writer, identity, weigh_room, cutouts, board.register, journal, stills
    )
    reading = Reading(
        board, reader if isinstance(reader, Reader) else InlineReader(reader), cutouts
    )
    if stills is not None:
        reading.tap = stills.saw
        board.bus.at_close(stills.close)
    return Scan(
        board,
        settings,
        interlock,
        weigh_room,
        reading,
        bookkeeper,
        journal,
        BlackBox(out, journal),
        stills,
    )


def scale_room(board: Board) -> ScaleRoom:
    """The room of whatever weighs on this board, under the watch of its RF detector if any."""
    room, now_us = _bare_room(board), board.clock.now_us()
    detector = board.rf_detector
    return room if detector is None else RfWatchedRoom(room, detector, now_us)


def _bare_room(board: Board) -> ScaleRoom:
    """The room of bare load cells, or of a verified indicator."""
    profile, now_us = board.profile, board.clock.now_us()
    if board.indicator is not None:
        return IndicatorRoom(board.indicator, profile.scale.scale, profile.indicator, now_us)
    if board.cells is None:
        raise AssertionError("board/devices.py lets no lane without a scale pass")
    return WeighRoom(board.cells, profile.scale.scale, now_us, board.thermometer)


def lane_settings(profile: Profile) -> LaneSettings:
    """The lane's settings of a site: the defaults, and what the site file says otherwise."""
    scale = profile.scale.scale
    return LaneSettings(
        book=rules_of(profile).book,
        scale=Scale(max_g=scale.max_g, e_g=scale.e_g),
        preferred=End[profile.rules.preferred.upper()],
        posted_limit_g=profile.rules.posted_limit_g,
        stopping_faults=faulting_codes(),
        degraded_why=profile.rules.degraded_weighing,
        plate_policy=_POLICIES[profile.plates.policy],
        plate_auto_ppm=profile.plates.auto_ppm,
        plate_confirm_ppm=profile.plates.confirm_ppm,
        plate_agree_min=profile.plates.agree_min,
        **_times(profile.timing),
    )


def interlock_settings(profile: Profile) -> InterlockSettings:
    """The interlock's settings of a site; zero reaches to 4 % of Max (R 76-1, 4.5.1)."""
    times = {f"{name}_us": value for name, value in profile.timing.items() if name in _INTERLOCK}
    return InterlockSettings(zero_range_g=profile.scale.scale.max_g * 4 // 100, **times)


def _times(timing: dict[str, int]) -> dict[str, int]:
    fields = core_settings.LaneSettings.__struct_fields__
    found: dict[str, int] = {}
    for name, value_us in timing.items():
        if name in _RENAMED:
            field, divisor = _RENAMED[name]
            found[field] = value_us // divisor
            continue
        stem, limit = name.removesuffix("_max"), "_us_max" if name.endswith("_max") else "_us"
        if f"{stem}{limit}" in fields:
            found[f"{stem}{limit}"] = value_us
    return found
