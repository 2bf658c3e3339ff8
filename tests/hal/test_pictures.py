"""A photograph is decoded whole or refused."""

from pathlib import Path

import numpy as np
import pytest

from hal.pictures import PictureError, read_picture

cv2 = pytest.importorskip("cv2", reason="needs the extra 'vision'")


def photograph(folder: Path, name: str) -> Path:
    pixels = np.random.default_rng(3).integers(0, 255, (48, 160, 3)).astype(np.uint8)
    path = folder / name
    assert cv2.imwrite(str(path), pixels)
    return path


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp"])
def test_a_whole_picture_is_read(tmp_path: Path, name: str) -> None:
    pixels = read_picture(photograph(tmp_path, name))
    assert pixels.shape == (48, 160, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.99])
def test_a_truncated_picture_is_refused(tmp_path: Path, name: str, kept: float) -> None:
    path = photograph(tmp_path, name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(PictureError, match=r"truncated|cannot be decoded|not a picture"):
        read_picture(path)


def test_a_thumbnail_inside_does_not_hide_the_cut(tmp_path: Path) -> None:
    path = photograph(tmp_path, "a.jpg")
    data = path.read_bytes()
    thumbnail = b"\xff\xd8 a small picture \xff\xd9"
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    whole = data[:2] + segment + data[2:]
    path.write_bytes(whole)
    assert read_picture(path).shape == (48, 160, 3)
    path.write_bytes(whole[:-200])
    with pytest.raises(PictureError, match="truncated"):
        read_picture(path)


def test_absent_empty_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="No such file"):
        read_picture(tmp_path / "none.jpg")
    for name, data, says in (("e.jpg", b"", "is empty"), ("t.jpg", b"hello", "not a picture")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PictureError, match=says):
            read_picture(tmp_path / name)


def test_no_shared_photograph_is_taken_for_damaged() -> None:
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "plates"
    files = [*sorted(folder.glob("crops/*.jpg"))[::40], *sorted(folder.glob("scenes/*"))]
    if not files:
        pytest.skip(f"no photographs in {folder}")
    for file in files:
        assert read_picture(file).ndim == 3
