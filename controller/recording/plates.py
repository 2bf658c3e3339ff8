"""Plates, how they came about, and the pictures that show them."""

from __future__ import annotations

import struct

from msgspec import Struct
from msgspec.structs import replace

from controller.core.images import PlateRead, RecordIntent
from controller.core.kinds import PlateStand, RecordKind
from controller.recording.words import end_of, view_of
from protocol import parts
from protocol.media import Blob

READS_MAX = 16
_PNG = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 24
_SIDE_PX_MAX = 10_000


class Picture(Struct, frozen=True, kw_only=True):
    """A cut-out that is kept with the record; its size where the file says one."""

    sha256: bytes
    width_px: int | None = None
    height_px: int | None = None


def picture_of(blob: Blob) -> Picture:
    """A cut-out with its size, read from the head of the PNG file (ISO/IEC 15948, 11.2.2)."""
    data = blob.data
    if not data.startswith(_PNG) or len(data) < _HEADER_BYTES:
        return Picture(sha256=blob.sha256)
    width_px, height_px = struct.unpack(">II", data[16:_HEADER_BYTES])
    if max(width_px, height_px) > _SIDE_PX_MAX:
        return Picture(sha256=blob.sha256)
    return Picture(sha256=blob.sha256, width_px=width_px, height_px=height_px)


def plates_of(intent: RecordIntent, pictures: tuple[Picture, ...]) -> tuple[parts.Plate, ...]:
    """Every plate as voted, with the digest of its cut-out where that is kept."""
    kept = {picture.sha256.hex() for picture in pictures}
    return tuple(_plate(read, read.picture_sha256 in kept) for read in intent.reads[:READS_MAX])


def _plate(read: PlateRead, kept: bool) -> parts.Plate:
    return parts.Plate(
        text=read.text or "?",
        conf_ppm=read.char_ppm[:16],
        end=end_of(read.end),
        image_sha256=bytes.fromhex(read.picture_sha256) if kept else None,
        captured_us=read.captured_us,
        track=read.track,
        valid=read.valid,
        ptype=read.ptype or None,
        colour=_colour(read.ptype),
        ptype_ppm=read.ptype_ppm if read.ptype else None,
        view=view_of(read.view),
        frames=read.frames,
        agree=read.agree,
        first_us=read.first_us,
        last_us=read.last_us,
        hints=read.hints,
    )


def _colour(ptype: str) -> str | None:
    """The background of a type of plate: its name less the number of rows or characters."""
    return ptype.rstrip("0123456789") or None


def images_of(intent: RecordIntent, pictures: tuple[Picture, ...]) -> tuple[parts.Image, ...]:
    """The pictures kept: the cut-out of each plate, named by the view that it was cut from."""
    kept = {picture.sha256.hex(): picture for picture in pictures}
    return tuple(
        parts.Image(
            name=f"{view_of(read.view)}_plate_crop",
            sha256=bytes.fromhex(read.picture_sha256),
            camera=end_of(read.end),
            t_us=read.captured_us,
            width_px=kept[read.picture_sha256].width_px,
            height_px=kept[read.picture_sha256].height_px,
        )
        for read in intent.reads
        if read.picture_sha256 in kept
    )


def identification_of(
    intent: RecordIntent, rule: parts.Identification
) -> parts.Identification | None:
    """How the plate came about, where this record is about a vehicle that could have one."""
    if intent.kind in (RecordKind.MANUAL_MOVE, RecordKind.SERVICE):
        return None
    return replace(
        rule,
        stand=parts.Stand(PlateStand(intent.stand).name.lower()),
        read=intent.proposal or None,
        frames=tuple(
            parts.PlateFrames(
                end=end_of(counts.end),
                view=view_of(counts.view),
                taken=counts.taken,
                read=counts.read,
                late=counts.late,
                flawed=counts.flawed,
            )
            for counts in intent.frames
        ),
    )
