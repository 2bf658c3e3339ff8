"""`steelyard read`: the plate reader on picture files and folders of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import typer

if TYPE_CHECKING:
    from controller.commands.read_draw import Mark, Sheets
    from vision.pictures import Bgr, Picture
    from vision.plates import PlateType
    from vision.reader import PlateReader
    from vision.recognise import PlateRead, Recogniser

Quad = tuple[tuple[float, float], ...]
Look = Callable[["Bgr"], "list[Plate]"]
"""One way to read a picture: as a photograph, or as the cut-out of one plate."""


class ReadCommandError(ValueError):
    """The command cannot run as asked; the message says what to do."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of `steelyard read` asks for."""

    crop: bool = False
    draw: Path | None = None
    as_json: bool = False


class Plate(msgspec.Struct, frozen=True, kw_only=True):
    """One plate as it is told; the quad in px of the decoded picture."""

    read: PlateRead
    ptype: PlateType | None
    quad: Quad
    accepted: bool


def run(images: Sequence[Path], request: Request) -> bool:
    """Read and print every picture; returns whether all of them could be read.

    Raises ReadCommandError when the call itself makes no sense or a library is missing.
    """
    good = True
    for result in read_images(images, request):
        if "error" in result:
            good = False
            typer.echo(f"error: {result['error']}", err=True)
        if request.as_json:
            typer.echo(json.dumps(result, ensure_ascii=False))
        elif "error" not in result:
            typer.echo(_line(result))
    return good


def read_images(images: Sequence[Path], request: Request) -> Iterator[dict[str, Any]]:
    """Read each picture and yield one JSON-ready object in order.

    A picture that cannot be read yields {"file", "error"} and the others still follow. Raises
    ReadCommandError for an empty folder, or when the extra steelyard[vision] is not installed.
    """
    look = _open_recogniser() if request.crop else _open_reader()
    paths = expand(images)
    sheets = None
    if request.draw is not None:
        sheets = import_module("controller.commands.read_draw").Sheets(request.draw)
    return (_one(path, look, sheets) for path in paths)


def expand(images: Sequence[Path]) -> list[Path]:
    """The pictures that are named: files as they are, of a folder each JPEG, PNG and BMP in it."""
    from vision.pictures import SUFFIXES  # noqa: PLC0415 - cv2 is an extra

    paths: list[Path] = []
    for image in images:
        if not image.is_dir():
            paths.append(image)
            continue
        found = sorted(path for path in image.iterdir() if path.suffix.lower() in SUFFIXES)
        if not found:
            raise ReadCommandError(f"{image}: no JPEG, PNG or BMP in this folder; name another")
        paths += found
    return paths


def _open_reader() -> Look:
    """Photographs: whatever the detector finds."""
    try:
        reader: PlateReader = import_module("vision.reader").PlateReader()
    except ImportError as error:
        raise _missing(error) from error
    return lambda pixels: [
        Plate(read=one.read, ptype=one.ptype, quad=one.found.corners, accepted=one.accepted)
        for one in reader.read(pixels)
    ]


def _open_recogniser() -> Look:
    """Cut-outs: the whole picture is one plate, or none."""
    try:
        recogniser: Recogniser = import_module("vision.recognise").Recogniser()
    except ImportError as error:
        raise _missing(error) from error

    def look(pixels: Bgr) -> list[Plate]:
        read = recogniser.read(pixels)
        if not read.text:
            return []
        height, width = pixels.shape[:2]
        quad = (
            (0.0, 0.0),
            (float(width), 0.0),
            (float(width), float(height)),
            (0.0, float(height)),
        )
        return [Plate(read=read, ptype=read.ptype, quad=quad, accepted=recogniser.accepts(read))]

    return look


def _missing(error: ImportError) -> ReadCommandError:
    return ReadCommandError(f"install the extra steelyard[vision] first ({error})")


def _one(path: Path, look: Look, sheets: Sheets | None) -> dict[str, Any]:
    from vision.pictures import PictureError, open_picture  # noqa: PLC0415 - cv2 is an extra

    try:
        picture = open_picture(path)
    except PictureError as error:
        return {"file": str(path), "error": str(error)}
    began = time.perf_counter()
    plates = look(picture.pixels)
    took_ms = (time.perf_counter() - began) * 1000
    if sheets is not None:
        sheets.write(picture.pixels, [_mark(plate) for plate in plates], path)
    return {
        "file": str(path),
        "plates": [_as_json(plate, picture) for plate in plates],
        "ms": round(took_ms, 2),
    }


def _as_json(plate: Plate, picture: Picture) -> dict[str, Any]:
    from vision.plates import printed  # noqa: PLC0415 - cv2 is an extra

    return {
        "text": printed(plate.read.text),
        "registered": plate.read.text,
        "type": plate.ptype.value if plate.ptype else None,
        "confidence": round(plate.read.confidence, 4),
        "chars": [round(p, 4) for p in plate.read.probabilities],
        "quad": [[round(x, 1), round(y, 1)] for x, y in picture.whole(plate.quad)],
        "accepted": plate.accepted,
    }


def _mark(plate: Plate) -> Mark:
    from controller.commands.read_draw import Mark  # noqa: PLC0415 - cv2 is an extra

    name = plate.ptype.value if plate.ptype else "no type"
    doubt = "" if plate.accepted else " unsure"
    words = f"{name} {plate.read.confidence:.2f}{doubt}"
    return Mark(quad=plate.quad, text=plate.read.text, words=words, accepted=plate.accepted)


def _line(result: dict[str, Any]) -> str:
    """One line for a person: what stands in the picture, best first."""
    plates = [
        f"{plate['text']} ({plate['type'] or 'type unknown'}, {plate['confidence']:.2f}"
        + ("" if plate["accepted"] else ", not accepted")
        + ")"
        for plate in result["plates"]
    ]
    return f"{result['file']}: {', '.join(plates) or 'no plate'}"
