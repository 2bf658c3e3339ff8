"""Pictures as they come: each kind is read rightly or refused by name, and none ends the program.

What is drawn has three patches of plain colour, so that colour and place can both be held.
"""

import contextlib
import io
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vision.draw import draw_plate
from vision.headers import PNG_SIGNATURE
from vision.pictures import PIXELS_KEPT_MAX, Bgr, PictureError, load_picture, open_picture
from vision.plates import PlateType

RED, BLUE, YELLOW = (10, 10, 250), (200, 30, 20), (20, 200, 230)
ORIENTATION = 0x0112


def patches(height: int = 40, width: int = 60) -> Bgr:
    """Red at the top left, blue below and beside it, yellow on the right half."""
    picture = np.full((height, width, 3), YELLOW, np.uint8)
    picture[:, : width // 2] = BLUE
    picture[: height // 2, : width // 4] = RED
    return picture


def rgb(picture: Bgr | None = None) -> Image.Image:
    return Image.fromarray((patches() if picture is None else picture)[..., ::-1].copy())


def saved(path: Path, image: Image.Image, form: str, **options: object) -> Path:
    image.save(path, form, **options)
    return path


def assert_patches(picture: Bgr, off: int = 6) -> None:
    height, width = picture.shape[:2]
    assert picture.dtype == np.uint8
    places = {(height // 4, width // 8): RED, (height // 4, width * 3 // 4): YELLOW}
    for (row, column), colour in (places | {(height * 3 // 4, width // 8): BLUE}).items():
        assert np.abs(picture[row, column].astype(int) - colour).max() <= off


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


@settings(derandomize=True, max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_to_a_file_ends_in_anything_but_a_picture_or_its_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    buffer = io.BytesIO()
    rgb().save(buffer, data.draw(st.sampled_from(["JPEG", "PNG", "BMP"])))
    damaged = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, min(len(damaged), 200) - 1))] = data.draw(
            st.integers(0, 255)
        )
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    with contextlib.suppress(PictureError):
        assert load_picture(path).ndim == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello", "not a JPEG"),
        (b"\xff\xd8garbage", "cut short"),
        (b"GIF89a nothing", "a GIF picture is not read here: convert it"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP picture"),
        (b"\0\0\0\x18ftypheic", "an HEIF picture"),
        (b"\0\0\0\x18ftypavif", "an AVIF picture"),
        (b"\0\0\0\x18ftypisom", "a video"),
        (b"II*\0\x08\0\0\0", "a TIFF picture"),
        (b"%PDF-1.7", "a PDF document"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "camera.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=words):
        load_picture(path)


def test_an_absent_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"absent\.jpg: cannot be opened .*check path"):
        load_picture(tmp_path / "absent.jpg")


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", tmp_path, Path("/dev/zero")):
        with pytest.raises(PictureError, match="not a file"):
            load_picture(path)


def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png(60_000, 60_000, 8, 2, b""))
    with pytest.raises(PictureError, match="megapixels: scale it down"):
        load_picture(path)


@pytest.mark.parametrize("side", [1, 4, 7])
def test_a_tiny_picture_is_refused(tmp_path: Path, side: int) -> None:
    path = tmp_path / "tiny.png"
    cv2.imwrite(str(path), np.zeros((side, side, 3), np.uint8))
    with pytest.raises(PictureError, match=f"{side} x {side} px is too small to read"):
        load_picture(path)


def test_a_progressive_picture_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", rgb(), "JPEG", quality=95, progressive=True)
    assert_patches(load_picture(path))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP"])
def test_a_grey_picture_is_read_as_grey(tmp_path: Path, form: str) -> None:
    grey = rgb().convert("L")
    options = {"quality": 95} if form == "JPEG" else {}
    picture = load_picture(saved(tmp_path / "a", grey, form, **options))
    assert picture.shape == (40, 60, 3)
    assert np.abs(picture - np.asarray(grey, np.int16)[..., None]).max() <= 6


@pytest.mark.parametrize("form", ["PNG", "BMP"])
def test_a_palette_is_looked_up(tmp_path: Path, form: str) -> None:
    few = rgb().quantize(3)
    assert_patches(load_picture(saved(tmp_path / "a", few, form)))


def test_sixteen_bits_are_scaled_and_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), patches().astype(np.uint16) * 257)
    assert_patches(load_picture(path), off=0)
    cv2.imwrite(str(path), patches()[..., 0].astype(np.uint16) * 257)
    assert (load_picture(path) == patches()[..., :1]).all()


@pytest.mark.parametrize("deep", [False, True])
def test_transparent_parts_are_white_and_half_transparent_ones_between(
    tmp_path: Path, deep: bool
) -> None:
    alpha = np.full((40, 60, 1), 255, np.uint8)
    alpha[:20, :15], alpha[20:, :30] = 0, 128
    bgra = np.concatenate([patches(), alpha], axis=2)
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), bgra.astype(np.uint16) * 257 if deep else bgra)
    picture = load_picture(path)
    assert picture[5, 5].tolist() == [255, 255, 255]
    assert np.abs(picture[30, 5].astype(int) - (227, 142, 137)).max() <= 1
    assert picture[30, 50].tolist() == list(YELLOW)


def test_a_transparent_colour_is_white(tmp_path: Path) -> None:
    red = (RED[2], RED[1], RED[0])
    picture = load_picture(saved(tmp_path / "a.png", rgb(), "PNG", transparency=red))
    assert picture[5, 5].tolist() == [255, 255, 255]
    assert picture[30, 50].tolist() == list(YELLOW)


def test_cmyk_is_converted(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", rgb().convert("CMYK"), "JPEG", quality=95)
    assert_patches(load_picture(path))


def test_cmyk_that_does_not_say_which_way_round_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", rgb().convert("CMYK"), "JPEG")
    data = path.read_bytes()
    at = data.index(b"\xff\xee")
    (length,) = struct.unpack(">H", data[at + 2 : at + 4])
    path.write_bytes(data[:at] + data[at + 2 + length :])
    with pytest.raises(PictureError, match="CMYK JPEG without Adobe's marker: convert"):
        load_picture(path)


def test_a_jpeg_of_twelve_bits_is_refused_by_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", rgb(), "JPEG")
    path.write_bytes(path.read_bytes().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"))
    with pytest.raises(PictureError, match="JPEG of 12 bits"):
        load_picture(path)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "alpha PNG"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_says_which_way_is_up(tmp_path: Path, form: str, turn: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    stored = laid(patches(), turn)
    image = rgb(stored) if form != "alpha PNG" else rgb(stored).convert("RGBA")
    options = {"quality": 95} if form == "JPEG" else {}
    path = saved(tmp_path / "a", image, form.removeprefix("alpha "), exif=exif, **options)
    found = open_picture(path)
    assert (found.width_px, found.height_px) == (60, 40)
    assert_patches(found.pixels)


def laid(picture: Bgr, turn: int) -> Bgr:
    """Lay an upright picture down as a camera stores it that says `turn`, EXIF 2.32 table 6."""
    ways = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.transpose(1, 0, 2),
        6: np.rot90(picture, 1),
        7: np.rot90(picture, 2).transpose(1, 0, 2),
        8: np.rot90(picture, -1),
    }
    return np.ascontiguousarray(ways[turn])


def test_a_png_with_a_flipped_bit_is_corrupt(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", rgb(), "PNG")
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 9] ^= 1
    path.write_bytes(data)
    with pytest.raises(PictureError, match="corrupt"):
        load_picture(path)


def png(width: int, height: int, bits: int, colours: int, rows: bytes) -> bytes:
    """Write a PNG by hand; `rows` are filtered rows as they are deflated."""
    head = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


@pytest.mark.parametrize("kind", ["JPEG", "JPEG turned", "PNG", "alpha PNG"])
def test_forty_megapixels_are_scaled_down_and_points_carried_back(
    tmp_path: Path, kind: str
) -> None:
    width, height = 8001, 5001
    path = tmp_path / "big"
    if kind.startswith("JPEG"):
        exif = Image.Exif()
        exif[ORIENTATION] = 6 if kind == "JPEG turned" else 1
        stored = laid(patches(height, width), exif[ORIENTATION])
        saved(path, rgb(stored), "JPEG", exif=exif, quality=90)
    else:
        colours, inks = (6, 4) if kind == "alpha PNG" else (2, 3)
        line = cv2.cvtColor(patches(4, width), cv2.COLOR_BGR2RGBA)[..., :inks]
        top, foot = (b"\0" + np.ascontiguousarray(line[row]).tobytes() for row in (0, 3))
        half = height // 2
        path.write_bytes(png(width, height, 8, colours, top * half + foot * (height - half)))
    found = open_picture(path)
    assert found.pixels.shape == (2501, 4001, 3)
    assert found.pixels.size <= 3 * PIXELS_KEPT_MAX
    assert (found.width_px, found.height_px) == (width, height)
    assert_patches(found.pixels)
    assert found.whole([(4001, 2501)]) == ((width, height),)


def test_a_bmp_of_the_old_kind_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    path.write_bytes(struct.pack("<2sIIIIHHHH", b"BM", 100, 0, 26, 12, 60, 40, 1, 24) + b"\0" * 100)
    with pytest.raises(PictureError, match="OS/2"):
        load_picture(path)


def test_a_header_that_lies_about_the_size_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", rgb(), "JPEG")
    data = path.read_bytes()
    at = data.index(b"\xff\xc0")
    two = data[:at] + b"\xff\xc1\x00\x0b\x08" + struct.pack(">HH", 80, 80) + b"\x01\x01\x11\x00"
    path.write_bytes(two + data[at:])
    with pytest.raises(PictureError):
        load_picture(path)
