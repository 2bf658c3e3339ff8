import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.draw import draw_plate
from vision.pictures import PictureError, load_picture
from vision.plates import PlateType


@pytest.fixture(params=[".jpg", ".png", ".bmp"])
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"plate{request.param}"
    cv2.imwrite(str(path), draw_plate("皖A12345", PlateType.BLUE1))
    return path


def test_a_whole_picture_is_read(picture: Path) -> None:
    assert load_picture(picture).shape == (140, 440, 3)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.99])
def test_a_picture_cut_short_is_refused(picture: Path, share: float) -> None:
    data = picture.read_bytes()
    picture.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(PictureError, match="cut short") as caught:
        load_picture(picture)
    assert str(picture) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"GIF89a nothing", "not a JPEG"), (b"\xff\xd8garbage", "cut short"),
     (b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0dIHDR" + struct.pack(">II", 90, 90) + b"IEND",
      "corrupt")],
)  # fmt: skip
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "camera.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=words):
        load_picture(path)


def test_an_absent_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"absent\.jpg: cannot be opened .*check path"):
        load_picture(tmp_path / "absent.jpg")


def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + struct.pack(">II", 60_000, 60_000)
    path.write_bytes(header + b"\x00" * 40 + b"IEND")
    with pytest.raises(PictureError, match="megapixels: scale it down"):
        load_picture(path)


def test_a_tiny_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tiny.png"
    cv2.imwrite(str(path), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(PictureError, match="too small"):
        load_picture(path)
