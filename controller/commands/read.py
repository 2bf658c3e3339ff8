"""`steelyard read`: the plate reader on picture files."""

import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vision.recognise import PlateRead, Recogniser


class ReadCommandError(ValueError):
    """The command cannot run as asked; the message says what to do."""


def read_images(paths: list[Path], crop: bool) -> Iterator[dict[str, Any]]:
    """Read each picture and yield one JSON-ready object in order.

    A picture that cannot be read yields {"file", "error"} and the others still follow. Raises
    ReadCommandError without `crop`, or when the extra steelyard[vision] is not installed.
    """
    if not crop:
        raise ReadCommandError(
            "whole photographs cannot be read yet: there is no plate detector;"
            " cut the plate out and give --crop"
        )
    return _read_crops(paths, _open())


def _open() -> "Recogniser":
    try:
        vision = import_module("vision.recognise")
        reader: Recogniser = vision.Recogniser()
    except ImportError as error:
        raise ReadCommandError(f"install the extra steelyard[vision] first ({error})") from error
    return reader


def _read_crops(paths: list[Path], reader: "Recogniser") -> Iterator[dict[str, Any]]:
    from vision.pictures import PictureError, load_picture  # noqa: PLC0415

    for path in paths:
        try:
            crop_bgr = load_picture(path)
        except PictureError as error:
            yield {"file": str(path), "error": str(error)}
            continue
        began = time.perf_counter()
        read = reader.read(crop_bgr)
        took_ms = (time.perf_counter() - began) * 1000
        yield _as_json(path, read, reader.accepts(read), took_ms)


def _as_json(path: Path, read: "PlateRead", accepted: bool, took_ms: float) -> dict[str, Any]:
    chars = zip(read.text, read.probabilities, strict=True)
    return {
        "file": str(path),
        "plate": read.text if accepted else None,
        "raw": read.text,
        "ptype": read.ptype.value if read.ptype else None,
        "confidence": read.confidence,
        "chars": [{"char": char, "p": p} for char, p in chars],
        "ms": round(took_ms, 2),
    }
