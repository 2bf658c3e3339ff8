"""Pictures beside the ledger, put into the page; one that is missing or altered is named."""

from __future__ import annotations

import base64
import hashlib
import struct
from pathlib import Path

from controller.report.markup import Html, both, el, img
from protocol.media import file_name

PICTURE_BYTES_MAX = 2_000_000
PAGE_PICTURE_BYTES_MAX = 40_000_000
FILE_BYTES_MAX = 40_000_000

_PNG = b"\x89PNG\r\n\x1a\n"


class Pictures:
    """The media folder, within the bytes that one page may carry."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left = PAGE_PICTURE_BYTES_MAX

    def figure(self, sha256: bytes, alt: str) -> Html:
        """The picture, or in its place why it is not shown."""
        name = f"{sha256.hex()}.png"
        data = self._read(sha256)
        if isinstance(data, str):
            short = f"{sha256.hex()[:16]}….png"
            said = (both("图片缺失", "Picture not shown"), f": {data} (", el("code", short), ")")
            return el("p", *said, class_="absent", title=name)
        self._left -= len(data)
        width, height = struct.unpack(">II", data[16:24])
        coded = base64.b64encode(data).decode("ascii")
        return img(f"data:image/png;base64,{coded}", alt, width, height)

    def file(self, kind: str, sha256: bytes) -> bytes | str:
        """The bytes of a medium whose digest is right, or why there are none."""
        data = self._load(file_name(kind, sha256))
        if isinstance(data, str) or hashlib.sha256(data).digest() == sha256:
            return data
        return "the file does not have the digest that the record names"

    def jpeg(self, data: bytes, alt: str, width: int, height: int) -> Html:
        """A picture out of a medium, if the page may carry it."""
        refusal = self._too_large(len(data))
        if refusal:
            return el("p", both("图片缺失", "Picture not shown"), f": {refusal}", class_="absent")
        self._left -= len(data)
        coded = base64.b64encode(data).decode("ascii")
        return img(f"data:image/jpeg;base64,{coded}", alt, width, height)

    def _read(self, sha256: bytes) -> bytes | str:
        data = self.file("plate", sha256)
        if isinstance(data, str):
            return data
        if refusal := self._too_large(len(data)):
            return refusal
        return data if data.startswith(_PNG) and len(data) > 24 else "the file is not a PNG picture"

    def _load(self, name: str) -> bytes | str:
        path = self._folder / name
        try:
            size = path.stat().st_size
            if size > FILE_BYTES_MAX:
                return f"{size} bytes are more than a page takes"
            return path.read_bytes()
        except FileNotFoundError:
            return "the file is not in the media folder"
        except OSError as error:
            return f"the file cannot be read: {error.strerror or error}"

    def _too_large(self, size: int) -> str:
        """Why a picture of that many bytes is not shown; empty where it is."""
        if size > PICTURE_BYTES_MAX:
            return f"{size} bytes are more than a page takes"
        return "the page has all the pictures it may carry" if size > self._left else ""
