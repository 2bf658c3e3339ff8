"""What crosses between the scan and the reading process: two boards of shared memory, two notes.

A frame lies on one board and a glance on the other; the pipes carry only notes of at most
``NOTE_BYTES_MAX``, which the kernel writes whole or not at all, so that neither side can be caught
in the middle of a message by the death of the other.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from controller.core.kinds import End, View
from controller.recognition.looks import Eyes, Glance, Seen, Shot, Sighted
from hal.ports import Frame

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

FRAME_BYTES_MAX = 1920 * 1088 * 3
GLANCE_BYTES_MAX = 1 << 20
NOTE_BYTES_MAX = 4_096
PLATES_MAX = 4
REGIONS_MAX = 4
CORNERS = 4

Board = ctypes.Array[ctypes.c_uint8]
MakeEyes = Callable[[], Eyes]


class Ready(Struct, frozen=True, tag="ready"):
    """The eyes are open."""


class Done(Struct, frozen=True, tag="done"):
    """The glance at the last frame lies on its board, so many bytes long."""

    size: int


class Job(Struct, frozen=True, kw_only=True):
    """A frame on the board: everything of it but the pixels."""

    end: End
    view: View
    passage_id: int
    given_us: int
    track: int
    captured_us: int
    height: int
    width: int
    regions: tuple[tuple[tuple[float, float], ...], ...]


class Lines(Struct, frozen=True):
    """The four lines between the scan and the reading process, as the child gets them."""

    frames: Board
    glances: Board
    jobs: Connection
    notes: Connection


_NOTE = msgspec.msgpack.Decoder(Ready | Done)
_JOB = msgspec.msgpack.Decoder(Job)
_GLANCE = msgspec.msgpack.Decoder(Glance)


def note(of: Ready | Done | Job) -> bytes:
    """A note as bytes; ValueError for one that the kernel might cut in two."""
    data = msgspec.msgpack.encode(of)
    if len(data) > NOTE_BYTES_MAX:
        raise ValueError(f"a note of {len(data)} bytes; {NOTE_BYTES_MAX} are written whole")
    return data


def read_note(data: bytes) -> Ready | Done:
    """A note of the child; msgspec.DecodeError for anything else."""
    said: Ready | Done = _NOTE.decode(data)
    return said


def read_job(data: bytes) -> Job:
    """A note of the scan; msgspec.DecodeError for anything else."""
    return _JOB.decode(data)


def thinned(shot: Shot) -> Shot:
    """The shot, or every k-th line and column of one that has no room on the board."""
    frame = shot.frame
    height, width = frame.pixels.shape[:2]
    step = 1
    while -(-height // step) * -(-width // step) * 3 > FRAME_BYTES_MAX:
        step += 1
    if step == 1:
        return shot
    regions = tuple(tuple((x / step, y / step) for x, y in one) for one in frame.regions)
    thin = replace(frame, pixels=frame.pixels[::step, ::step], regions=regions)
    return replace(shot, frame=thin)


def job_of(shot: Shot) -> Job:
    """The note that goes with a frame; a region without four corners is none."""
    frame = shot.frame
    regions = tuple(one for one in frame.regions if len(one) == CORNERS)
    return Job(
        end=shot.end,
        view=shot.view,
        passage_id=shot.passage_id,
        given_us=shot.given_us,
        track=frame.track,
        captured_us=frame.captured_us,
        height=frame.pixels.shape[0],
        width=frame.pixels.shape[1],
        regions=regions[:REGIONS_MAX],
    )


def put_frame(board: Board, pixels: NDArray[np.uint8]) -> None:
    """Copy the pixels (height, width, 3) to the beginning of the board."""
    place = np.ctypeslib.as_array(board)[: pixels.size].reshape(pixels.shape)
    np.copyto(place, pixels)


def get_shot(board: Board, job: Job) -> Shot:
    """The shot of a job; its pixels are the board's own, not a copy."""
    shape = (job.height, job.width, 3)
    pixels = np.ctypeslib.as_array(board)[: job.height * job.width * 3].reshape(shape)
    return Shot(
        end=job.end,
        view=job.view,
        passage_id=job.passage_id,
        given_us=job.given_us,
        frame=Frame(
            pixels=pixels, captured_us=job.captured_us, track=job.track, regions=job.regions
        ),
    )


def put_glance(board: Board, glance: Glance) -> int:
    """Write a glance on the board and return its size; cut-outs go where they have no room."""
    data = msgspec.msgpack.encode(glance)
    if len(data) > GLANCE_BYTES_MAX:
        bare = tuple(replace(one, png=b"") for one in glance.sighted.seen)
        data = msgspec.msgpack.encode(replace(glance, sighted=replace(glance.sighted, seen=bare)))
    np.ctypeslib.as_array(board)[: len(data)] = np.frombuffer(data, np.uint8)
    return len(data)


def get_glance(board: Board, size: int) -> Glance:
    """Read a glance; msgspec.DecodeError for bytes that are none."""
    return _GLANCE.decode(np.ctypeslib.as_array(board)[:size].tobytes())


def glance_of(job: Job, sighted: Sighted) -> Glance:
    """What the scan is told of a job."""
    seen: tuple[Seen, ...] = sighted.seen[:PLATES_MAX]
    return Glance(
        end=job.end,
        view=job.view,
        passage_id=job.passage_id,
        track=job.track,
        captured_us=job.captured_us,
        sighted=replace(sighted, seen=seen),
    )
