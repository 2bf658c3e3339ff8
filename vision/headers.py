"""What a picture file says of itself before it is unpacked: format, size, colours, wholeness."""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import msgspec

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
ORIENTATION_TAG: Final = 0x0112

_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_NO_FRAME = (0xC4, 0xC8, 0xCC)
"""Markers among 0xC0..0xCF that describe no frame: tables, reserved, arithmetic conditioning."""
_INKS = 4
_ALPHA_COLOUR_TYPES = (4, 6)


class HeaderError(ValueError):
    """The file is no picture that is read here; the message says why and what to do."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Format ('JPEG', 'PNG', 'BMP') and size as stored, before any EXIF rotation.

    `alpha` says that some of the picture may be transparent; `orientation` is EXIF's 1..8 and
    is filled in for PNG with alpha only, where the decoder leaves it to the caller.
    """

    form: str
    width_px: int
    height_px: int
    alpha: bool = False
    orientation: int = 1


def read_header(data: bytes) -> Header:
    """Return what the first bytes say; raises HeaderError for any other or unreadable format."""
    try:
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
        if data.startswith(PNG_SIGNATURE):
            return _png(data)
        if data.startswith(b"BM"):
            return _bmp(data)
    except (struct.error, IndexError) as error:
        raise _cut_short() from error
    if not data:
        raise HeaderError("the file is empty: fetch it from the camera again")
    name = _foreign(data)
    if name:
        raise HeaderError(f"{name} is not read here: convert it to JPEG or PNG")
    raise HeaderError("not a JPEG, PNG or BMP picture: convert it or name another file")


def check_whole(data: bytes, header: Header) -> None:
    """Raise HeaderError when the end is missing or, in a PNG, any chunk fails its checksum."""
    if header.form == "PNG":
        _check_png(data)
    elif header.form == "JPEG":
        # Decoders fill the lost part of a cut JPEG with grey and say nothing, so look for its end.
        # Inside a scan 0xFF is always escaped: an end marker after the last scan is a real one.
        if not data.rfind(_END_OF_IMAGE) > data.rfind(_START_OF_SCAN) > 0:
            raise _cut_short()
    elif len(data) < struct.unpack("<I", data[2:6])[0]:
        raise _cut_short()


def _cut_short() -> HeaderError:
    return HeaderError("the picture is cut short: fetch it from the camera again")


def _jpeg(data: bytes) -> Header:
    at, adobe = 2, False
    while data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            bits, height, width, inks = struct.unpack(">BHHB", data[at + 4 : at + 10])
            if bits != 8:
                raise HeaderError(f"a JPEG of {bits} bits a colour: save it with 8 bits")
            if inks == _INKS and not adobe:
                # Only Adobe's marker says which way round the inks are stored.
                raise HeaderError("a CMYK JPEG without Adobe's marker: convert it to RGB")
            return Header(form="JPEG", width_px=width, height_px=height)
        adobe = adobe or (marker == 0xEE and data[at + 4 : at + 9] == b"Adobe")
        at += 1 if marker == 0xFF else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    raise _cut_short()


def _bmp(data: bytes) -> Header:
    if struct.unpack("<I", data[14:18])[0] < 40:
        raise HeaderError("a BMP of OS/2's old kind: convert it to PNG")
    width, height = struct.unpack("<ii", data[18:26])
    return Header(form="BMP", width_px=abs(width), height_px=abs(height))


def _png(data: bytes) -> Header:
    width, height = struct.unpack(">II", data[16:24])
    alpha, orientation = data[25] in _ALPHA_COLOUR_TYPES, 1
    for name, body, _ in _chunks(data):
        if name == b"IDAT":
            break
        alpha = alpha or name == b"tRNS"
        orientation = _orientation(bytes(body)) if name == b"eXIf" else orientation
    return Header(
        form="PNG", width_px=width, height_px=height, alpha=alpha, orientation=orientation
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    """Yield (name, body, checksum) of each chunk that is there whole."""
    at, view = len(PNG_SIGNATURE), memoryview(data)
    while at + 12 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        end = at + 8 + length
        if end + 4 > len(data):
            return
        yield name, view[at + 8 : end], struct.unpack(">I", data[end : end + 4])[0]
        at = end + 4


def _check_png(data: bytes) -> None:
    for name, body, checksum in _chunks(data):
        if zlib.crc32(body, zlib.crc32(name)) != checksum:
            raise HeaderError("the picture is corrupt: fetch it from the camera again")
        if name == b"IEND":
            return
    raise _cut_short()


def _orientation(exif: bytes) -> int:
    """Return tag Orientation of the first directory, 1 (upright) where it says nothing usable."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, at)
        for entry in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, at + 2 + 12 * entry)
            if tag == ORIENTATION_TAG:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


_BRANDS: Final = {b"avif": "an AVIF picture", b"avis": "an AVIF picture"}
_FOREIGN: Final = (
    (b"GIF8", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\x1aE\xdf\xa3", "a video"),
)


def _foreign(data: bytes) -> str:
    if data[:4] == b"RIFF":
        return {b"WEBP": "a WebP picture", b"AVI ": "a video"}.get(data[8:12], "")
    if data[4:8] == b"ftyp":
        heif = data[8:11] in (b"hei", b"hev", b"mif", b"msf")
        return "an HEIF picture" if heif else _BRANDS.get(data[8:12], "a video")
    return next((name for start, name in _FOREIGN if data.startswith(start)), "")
