"""Stills as evidence: the moments, what is said of what is missing, and the archive they lie in."""

from __future__ import annotations

import hashlib
import io
import shutil
import threading
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest
from camera_rig import jpeg
from day_rig import lane_in
from hypothesis import given
from hypothesis import strategies as st
from still_board import FITTED
from still_rig import archive_of, photographed
from typer.testing import CliRunner

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.cli import app
from controller.stillpress import (
    INDEX,
    KIND,
    STILLS_MAX,
    WAITING_MAX,
    Exposure,
    Press,
    StillsError,
    opened,
)
from controller.stills import BEFORE_US_MAX
from hal.pictures import decode_picture
from protocol.media import file_name
from protocol.parts import Kind, Permit
from protocol.record import Record
from sim.run import simulate
from sim.world import Yard

CAMERAS = {
    ("overview", "yard.overview_camera", "opening yard"),
    ("front", "yard.camera", "read"),
    ("side", "yard.side_camera", "weighing"),
    ("overview", "yard.overview_camera", "weighing"),
    ("overview", "road.overview_camera", "weighing"),
}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Record]:
    """One painted passage and its data folder, which no test alters."""
    out = tmp_path_factory.mktemp("stills") / "lane"
    _, (record,) = photographed(out)
    return out, record


def test_a_passage_is_photographed_at_every_moment_that_counts(day: tuple[Path, Record]) -> None:
    folder, record = day
    stills, files = archive_of(record, folder)
    assert {(s.role, s.camera, s.cause) for s in stills} == CAMERAS
    assert {s.file for s in stills} == set(files)
    assert record.flags == ()
    assert record.permit is Permit.ROAD
    times = record.times
    assert times.wall_ms is not None
    for still in stills:
        assert hashlib.sha256(files[still.file]).hexdigest() == still.sha256
        assert still.flaw == "ok"
        assert still.sharpness > still.limit
        assert still.passage_id == record.passage_id
        assert still.t_us < times.at_us
        assert abs((times.wall_ms - still.at_ms) * 1000 - (times.at_us - still.t_us)) <= 21_000
        shown = decode_picture(files[still.file], still.file)
        assert shown.shape[:2] == (still.height_px, still.width_px)


def test_two_runs_give_the_same_archive(tmp_path: Path) -> None:
    names = []
    for run in ("first", "second"):
        _, records = photographed(tmp_path / run, paint=False)
        names.append([m.sha256 for r in records for m in r.media if m.kind == KIND])
    assert names[0] == names[1]
    assert len(names[0]) == 1


def test_a_camera_that_is_silent_holds_nobody_and_is_told(tmp_path: Path) -> None:
    _, (record,) = photographed(tmp_path, "yard.overview_camera", paint=False)
    stills, _ = archive_of(record, tmp_path)
    assert {(s.role, s.camera, s.cause) for s in stills} == {
        one for one in CAMERAS if one[1] != "yard.overview_camera"
    }
    assert record.permit is Permit.ROAD
    assert tuple(flag for flag in record.flags if "small" not in flag) == (
        "554 STILL_MISSING: yard.overview_camera at opening yard",
        "554 STILL_MISSING: yard.overview_camera at weighing",
    )


def test_the_still_of_the_way_out_stands_in_the_next_record(tmp_path: Path) -> None:
    yard = Yard.from_scenario("tare_and_gross", seed=3)
    yard.paint = False
    lane = lane_in(yard, tmp_path, FITTED)
    simulate(lane, yard, until_us=900_000_000)
    first, second = (r for r in lane.bookkeeper.ledger.records() if r.kind is Kind.PASSAGE)
    lane.bookkeeper.close()
    before, _ = archive_of(first, tmp_path)
    stills, _ = archive_of(second, tmp_path)
    assert {s.passage_id for s in before} == {first.passage_id}
    (out,) = [s for s in stills if s.passage_id == first.passage_id]
    assert out.cause.startswith("opening")
    assert out.t_us >= first.times.at_us - BEFORE_US_MAX


def test_a_lane_without_such_cameras_takes_none(tmp_path: Path) -> None:
    yard = Yard.from_scenario("legal", seed=3)
    yard.paint = False
    lane = lane_in(yard, tmp_path)
    simulate(lane, yard, until_us=300_000_000)
    (record,) = lane.bookkeeper.ledger.records()
    lane.bookkeeper.close()
    assert KIND not in {medium.kind for medium in record.media}


def test_verify_export_and_explain_hold_the_stills(
    day: tuple[Path, Record], tmp_path: Path
) -> None:
    folder, run = day[0], CliRunner().invoke
    bundle, page = tmp_path / "one.bundle", tmp_path / "page.html"
    assert run(app, ["verify", str(folder)]).exit_code == 0
    assert run(app, ["export", str(folder), "1", "-o", str(bundle)]).exit_code == 0
    assert run(app, ["verify", str(bundle)]).exit_code == 0
    assert run(app, ["explain", str(bundle), "-o", str(page)]).exit_code == 0
    shown = page.read_text(encoding="utf-8")
    assert shown.count("data:image/jpeg;base64,") == len(CAMERAS)
    assert "yard.side_camera · weighing" in shown


def test_an_altered_still_is_found(day: tuple[Path, Record], tmp_path: Path) -> None:
    lane = tmp_path / "lane"
    shutil.copytree(day[0], lane)
    record = day[1]
    (medium,) = [one for one in record.media if one.kind == KIND]
    place = lane / MEDIA_FOLDER / file_name(KIND, medium.sha256)
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.chmod(0o600)
    place.write_bytes(data)
    assert CliRunner().invoke(app, ["verify", str(lane)]).exit_code != 0
    assert (lane / LEDGER_FILE).exists()


def exposure(number: int, grey: int | None = None, camera: str = "yard.side_camera") -> Exposure:
    pixels = decode_picture(jpeg(number), "picture")
    if grey is not None:
        pixels = np.full_like(pixels, grey)
    return Exposure(
        passage_id=1,
        role="side",
        camera=camera,
        cause="weighing",
        t_us=number * 1_000_000,
        at_ms=number * 1000,
        pixels=pixels,
    )


@pytest.mark.parametrize("threaded", [False, True])
def test_a_press_packs_what_it_was_given_once(threaded: bool) -> None:
    press = Press(threaded=threaded)
    for number in range(3):
        assert press.put(exposure(number))
    press.close()
    pack = press.cut()
    assert pack is not None
    assert [still.at_ms for still in pack.stills] == [0, 1000, 2000]
    assert [still for still, _ in opened(pack.blob.data)] == list(pack.stills)
    assert press.cut() is None


def test_a_dark_still_is_kept_and_named() -> None:
    press = Press(threaded=False)
    press.put(exposure(1, grey=3))
    pack = press.cut()
    assert pack is not None
    (still,) = pack.stills
    assert still.flaw == "dark"
    assert still.value < still.limit


def test_a_lens_that_is_covered_is_named() -> None:
    press = Press(threaded=False)
    for number in range(5):
        press.put(exposure(number))
    press.put(exposure(5, grey=128))
    pack = press.cut()
    assert pack is not None
    assert [still.flaw for still in pack.stills][-1] == "blocked"


def test_a_picture_that_cannot_be_pressed_is_left_out() -> None:
    press = Press(threaded=False)
    for shape in ((0, 0, 3), (4, 4, 2)):
        broken = exposure(1)
        broken = Exposure(
            **{
                **{f: getattr(broken, f) for f in broken.__struct_fields__},
                "pixels": np.zeros(shape, np.uint8),
            }
        )
        assert press.put(broken)
    assert press.cut() is None


def test_an_archive_and_what_waits_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    press = Press(threaded=False)
    for number in range(STILLS_MAX + 3):
        press.put(exposure(number))
    pack = press.cut()
    assert pack is not None
    assert [s.at_ms for s in pack.stills] == [1000 * n for n in range(3, STILLS_MAX + 3)]
    go_on = threading.Event()
    slow = Press(threaded=False)
    monkeypatch.setattr(Press, "_press", lambda self, one: go_on.wait(20))
    slow = Press(threaded=True)
    taken = [slow.put(exposure(number)) for number in range(WAITING_MAX + 3)]
    assert not all(taken)
    go_on.set()
    slow.close()


@given(st.binary(max_size=400))
def test_any_bytes_are_an_archive_or_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(StillsError, match="no archive"):
        opened(data)


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_spoiled_archive_is_refused_or_shows_what_it_says(at: int, byte: int) -> None:
    data = bytearray(_archive())
    data[at % len(data)] = byte
    try:
        shown = opened(bytes(data))
    except StillsError:
        return
    assert all(hashlib.sha256(one).hexdigest() == still.sha256 for still, one in shown)


def test_a_picture_that_its_index_does_not_name_is_refused() -> None:
    (still, picture), *_ = opened(_archive())
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr(INDEX, msgspec.json.encode([still]))
        archive.writestr(still.file, picture + b"x")
    with pytest.raises(StillsError, match="does not have the digest"):
        opened(kept.getvalue())


def test_a_compressed_archive_is_not_unpacked() -> None:
    (still, _), *_ = opened(_archive())
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(INDEX, msgspec.json.encode([still]))
        archive.writestr(still.file, bytes(1_000_000))
    with pytest.raises(StillsError, match="is compressed"):
        opened(kept.getvalue())


_ARCHIVES: list[bytes] = []


def _archive() -> bytes:
    if not _ARCHIVES:
        press = Press(threaded=False)
        press.put(exposure(1))
        pack = press.cut()
        assert pack is not None
        _ARCHIVES.append(pack.blob.data)
    return _ARCHIVES[0]
