import json
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from PIL import Image

from controller.commands import read as command
from controller.commands.read import ReadCommandError, Request, read_images, run
from vision import reader
from vision.draw import draw_plate
from vision.pictures import Bgr, load_picture
from vision.plates import PlateType
from vision.reader import Quad
from vision.recognise import PlateRead, Recogniser

CROP = Request(crop=True)
QUAD: Quad = ((60, 40), (236, 40), (236, 96), (60, 96))


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    corners: Quad
    ptype: PlateType = PlateType.BLUE1
    score: float = 0.9


class Fixed:
    """A detector of one camera and one place; the share of the frame that the plate takes."""

    def find(self, frame_bgr: Bgr) -> list[Spot]:
        scale = frame_bgr.shape[1] / 300
        return [Spot(corners=tuple((x * scale, y * scale) for x, y in QUAD))]


class Real:
    """The recogniser of the product."""

    def __init__(self) -> None:
        self._recogniser = Recogniser()

    def read(self, crop_bgr: Bgr, ptype: PlateType | None = None) -> PlateRead:
        return self._recogniser.read(crop_bgr)

    def accepts(self, read: PlateRead) -> bool:
        return self._recogniser.accepts(read)


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of photographs with a detector that is told where to look."""
    made = reader.PlateReader(Fixed(), Real())
    monkeypatch.setattr(reader, "PlateReader", lambda: made)


def save(path: Path, text: str) -> Path:
    cv2.imwrite(str(path), draw_plate(text, PlateType.BLUE1, px_per_mm=0.4))
    return path


def photograph(text: str | None) -> Bgr:
    frame = np.full((200, 300, 3), 90, np.uint8)
    if text is not None:
        frame[40:96, 60:236] = draw_plate(text, PlateType.BLUE1, px_per_mm=0.4)
    return frame


def test_each_picture_gives_one_object_and_a_bad_one_stops_none(tmp_path: Path) -> None:
    good, other = save(tmp_path / "a.png", "晋B8K7M9"), save(tmp_path / "c.png", "粤B577QK")
    bad = tmp_path / "b.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0 cut")
    first, failed, last = read_images([good, bad, other], CROP)
    assert list(first) == ["file", "plates", "ms"]
    assert first["file"] == str(good)
    (plate,) = first["plates"]
    assert list(plate) == [
        "text",
        "registered",
        "type",
        "confidence",
        "chars",
        "quad",
        "accepted",
    ]
    assert (plate["text"], plate["type"], plate["accepted"]) == ("晋B8K7M9", "blue1", True)
    assert len(plate["chars"]) == 7
    assert plate["confidence"] == min(plate["chars"])
    assert plate["quad"] == [[0, 0], [176, 0], [176, 56], [0, 56]]
    assert failed == {"file": str(bad), "error": failed["error"]}
    assert "cut short" in failed["error"]
    assert last["plates"][0]["text"] == "粤B577QK"
    assert json.loads(json.dumps(first)) == first


def test_text_is_what_the_plate_shows_and_registered_what_the_register_says(tmp_path: Path) -> None:
    (only,) = read_images([save(tmp_path / "o.png", "粤OA9112")], CROP)
    (plate,) = only["plates"]
    assert (plate["text"], plate["registered"]) == ("粤0A9112", "粤OA9112")


def test_an_unsure_plate_keeps_its_best_text_and_is_not_accepted(tmp_path: Path) -> None:
    plate = draw_plate("沪C8GK31", PlateType.BLUE1)
    plate[12:-12, 10:66] = 40
    path = tmp_path / "covered.png"
    cv2.imwrite(str(path), cv2.resize(plate, (176, 56), interpolation=cv2.INTER_AREA))
    (found,) = read_images([path], CROP)
    (plate_read,) = found["plates"]
    assert plate_read["accepted"] is False
    assert plate_read["text"] == "?C8GK31"


def test_a_cut_out_of_no_plate_gives_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    cv2.imwrite(str(path), np.full((56, 176, 3), 90, np.uint8))
    (found,) = read_images([path], CROP)
    assert found["plates"] == []


@pytest.mark.usefixtures("camera")
def test_a_photograph_gives_its_plates_and_one_without_gives_none(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), photograph("沪C8GK31"))
    cv2.imwrite(str(tmp_path / "b.png"), photograph(None))
    first, last = read_images([tmp_path], Request())
    assert [plate["text"] for plate in first["plates"]] == ["沪C8GK31"]
    assert first["plates"][0]["quad"] == [list(point) for point in QUAD]
    assert last == {"file": str(tmp_path / "b.png"), "plates": [], "ms": last["ms"]}


@pytest.mark.usefixtures("camera")
def test_the_quad_is_in_px_of_the_whole_upright_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    large = cv2.resize(photograph("沪C8GK31"), (6000, 4000), interpolation=cv2.INTER_CUBIC)
    path = tmp_path / "large.jpg"
    Image.fromarray(np.rot90(large)[..., ::-1].copy()).save(path, "JPEG", quality=90, exif=exif)
    assert load_picture(path).shape == (2000, 3000, 3)
    (found,) = read_images([path], Request())
    (plate,) = found["plates"]
    assert plate["text"] == "沪C8GK31"
    assert plate["quad"] == [[x * 20, y * 20] for x, y in QUAD]


def test_a_folder_gives_every_picture_in_it_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    for name in ("b.png", "e.png", "a.JPG", "d.bmp", "c.jpeg"):
        save(tmp_path / name, "沪C8GK31")
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    names = [Path(found["file"]).name for found in read_images([tmp_path], CROP)]
    assert names == ["a.JPG", "b.png", "c.jpeg", "d.bmp", "e.png"]
    with pytest.raises(ReadCommandError, match=r"empty: no JPEG, PNG or BMP"):
        read_images([tmp_path / "empty"], CROP)


@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    good, absent = save(tmp_path / "a.png", "沪C8GK31"), tmp_path / "absent.png"
    assert run([good], Request(crop=True, as_json=as_json))
    capsys.readouterr()
    assert not run([absent, good], Request(crop=True, as_json=as_json))
    said = capsys.readouterr()
    assert said.err.startswith(f"error: {absent}: cannot be opened")
    if as_json:
        objects = [json.loads(line) for line in said.out.splitlines()]
        assert [sorted(each) for each in objects] == [["error", "file"], ["file", "ms", "plates"]]
    else:
        assert said.out.startswith(f"{good}: 沪C8GK31 (blue1, ")


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(command, "import_module", missing)
    for crop in (False, True):
        with pytest.raises(ReadCommandError, match=r"steelyard\[vision\]"):
            read_images([], Request(crop=crop))
