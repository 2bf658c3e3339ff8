import json
from pathlib import Path

import cv2
import pytest

from controller.commands import read as command
from controller.commands.read import ReadCommandError, read_images
from vision.draw import draw_plate
from vision.plates import PlateType


def save(path: Path, text: str) -> Path:
    cv2.imwrite(str(path), draw_plate(text, PlateType.BLUE1, px_per_mm=0.4))
    return path


def test_each_picture_gives_one_object_and_a_bad_one_stops_none(tmp_path: Path) -> None:
    good, other = save(tmp_path / "a.png", "沪C8GK31"), save(tmp_path / "c.png", "粤B577QK")
    bad = tmp_path / "b.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0 cut")
    first, failed, last = read_images([good, bad, other], crop=True)
    assert (first["plate"], first["raw"], first["ptype"]) == ("沪C8GK31", "沪C8GK31", "blue1")
    assert "".join(c["char"] for c in first["chars"]) == first["raw"]
    assert first["confidence"] == min(c["p"] for c in first["chars"])
    assert failed == {"file": str(bad), "error": failed["error"]}
    assert "cut short" in failed["error"]
    assert last["plate"] == "粤B577QK"
    assert json.loads(json.dumps(first)) == first


def test_an_unsure_plate_is_null_and_keeps_its_raw_text(tmp_path: Path) -> None:
    plate = draw_plate("沪C8GK31", PlateType.BLUE1)
    plate[12:-12, 10:66] = 40
    path = tmp_path / "covered.png"
    cv2.imwrite(str(path), cv2.resize(plate, (176, 56), interpolation=cv2.INTER_AREA))
    (found,) = read_images([path], crop=True)
    assert found["plate"] is None
    assert found["raw"] == "?C8GK31"


def test_whole_photographs_are_refused_clearly(tmp_path: Path) -> None:
    with pytest.raises(ReadCommandError, match=r"no plate detector.*--crop"):
        read_images([tmp_path / "a.jpg"], crop=False)


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(command, "import_module", missing)
    with pytest.raises(ReadCommandError, match=r"steelyard\[vision\]"):
        read_images([], crop=True)
