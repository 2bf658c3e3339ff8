"""The reader of frames, with a detector that is told what to find."""

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.draw import draw_plate
from vision.plates import PlateType, classify
from vision.reader import (
    ONE_ROW_PX,
    PLATES_MAX,
    TWO_ROW_PX,
    Bgr,
    FrameError,
    PlateReader,
    Quad,
    cut_out,
)
from vision.recognise import PlateRead

QUAD: Quad = ((40, 30), (260, 30), (260, 100), (40, 100))


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    corners: Quad
    ptype: PlateType = PlateType.BLUE1
    score: float = 0.9


class Told:
    """A detector that finds what it was told, in whatever frame."""

    def __init__(self, *spots: Spot) -> None:
        self.spots = list(spots)

    def find(self, frame_bgr: Bgr) -> list[Spot]:
        return self.spots


class Lookup:
    """A recogniser that knows a cut-out by the blue of its middle, and keeps what it was given."""

    def __init__(self, **reads: tuple[str, float]) -> None:
        self.reads = {int(name[1:]): read for name, read in reads.items()}
        self.given: list[tuple[tuple[int, ...], PlateType | None]] = []

    def read(self, crop_bgr: Bgr, ptype: PlateType | None = None) -> PlateRead:
        self.given.append((crop_bgr.shape, ptype))
        height, width = crop_bgr.shape[:2]
        text, sure = self.reads.get(int(crop_bgr[height // 2, width // 2, 0]), ("", 0.0))
        return PlateRead(
            text=text,
            probabilities=(sure,) * len(text),
            confidence=sure,
            ptype=None,
            valid=classify(text) is not None,
        )

    def accepts(self, read: PlateRead) -> bool:
        return read.valid and read.confidence >= 0.8


def box(x: float, y: float, wide: float = 60, high: float = 20) -> Quad:
    return ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))


def painted(**patches: Quad) -> Bgr:
    """A frame with a patch of its own blue for each name b10, b20, …"""
    frame = np.zeros((200, 300, 3), np.uint8)
    for name, quad in patches.items():
        cv2.fillConvexPoly(frame, np.array(quad, np.int32), (int(name[1:]), 0, 0))
    return frame


def test_plates_come_accepted_first_then_whole_then_by_both_scores() -> None:
    quads = {f"b{i}0": box(80 * (i % 3) + 10, 60 * (i // 3) + 10) for i in range(1, 7)}
    scores = (0.9, 0.5, 0.9, 0.9, 0.3, 0.9)
    spots = [Spot(corners=q, score=s) for q, s in zip(quads.values(), scores, strict=True)]
    sure, less = ("皖A10000", 0.99), ("皖A20000", 0.9)
    cut = ("皖A5000", 0.95)
    lookup = Lookup(b10=("皖A30000", 0.5), b20=sure, b30=less, b40=("", 0.0), b50=sure, b60=cut)
    plates = PlateReader(Told(*spots), lookup).read(painted(**quads))
    found = [(plate.read.text, plate.found.score, plate.accepted) for plate in plates]
    assert found == [
        ("皖A20000", 0.9, True),
        ("皖A10000", 0.5, True),
        ("皖A10000", 0.3, True),
        ("皖A30000", 0.9, False),
        ("皖A5000", 0.9, False),
    ]


@pytest.mark.parametrize("better", ["whole", "lower"])
def test_of_two_finds_that_cover_one_another_the_better_read_stays(better: str) -> None:
    whole, lower, apart = box(40, 20, 120, 60), box(60, 56, 80, 22), box(200, 20)
    spots = [Spot(corners=lower, score=0.99), Spot(corners=whole, score=0.7), Spot(corners=apart)]
    frame = painted(b10=whole, b20=lower, b30=apart)
    text = "皖A12345" if better == "whole" else "皖A1234"
    lookup = Lookup(b10=(text, 0.85), b20=("皖A2345", 0.95), b30=("皖A54321", 0.9))
    plates = PlateReader(Told(*spots), lookup).read(frame)
    assert [plate.found.corners for plate in plates] == [
        apart,
        whole if better == "whole" else lower,
    ]


def test_a_find_is_read_as_its_type_in_the_shape_of_its_rows() -> None:
    spots = [Spot(corners=box(10, 10)), Spot(corners=box(100, 10), ptype=PlateType.YELLOW2)]
    lookup = Lookup()
    assert PlateReader(Told(*spots), lookup).read(painted()) == []
    one, two = (*ONE_ROW_PX[::-1], 3), (*TWO_ROW_PX[::-1], 3)
    assert lookup.given == [(one, PlateType.BLUE1), (two, PlateType.YELLOW2)]


def test_no_more_finds_are_read_than_the_best_so_many() -> None:
    lookup = Lookup()
    PlateReader(Told(*[Spot(corners=QUAD)] * (PLATES_MAX + 5)), lookup).read(painted())
    assert len(lookup.given) == PLATES_MAX


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (np.zeros((20, 30), np.uint8), "grey frame"),
        (np.zeros((20, 30, 4), np.uint8), "alpha"),
        (np.zeros((20, 30, 3), np.uint16), "8 bits a colour, not uint16"),
        (np.zeros((20, 30, 3), np.float32), "8 bits a colour, not float32"),
        (np.zeros((20, 30, 1), np.uint8), r"not uint8 \(20, 30, 1\)"),
        (np.zeros((0, 30, 3), np.uint8), r"not uint8 \(0, 30, 3\)"),
        (np.zeros(9, np.uint8), r"not uint8 \(9,\)"),
    ],
)
def test_another_kind_of_array_is_named(frame: npt.NDArray[np.uint8], words: str) -> None:
    with pytest.raises(FrameError, match=words):
        PlateReader(Told(), Lookup()).read(frame)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50_000), (50_000, 8), (8, 8), (5000, 8000)])
def test_frames_of_any_size_are_read(shape: tuple[int, int]) -> None:
    height, width = shape
    whole = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    frame = np.zeros((*shape, 3), np.uint8)
    assert PlateReader(Told(Spot(corners=whole)), Lookup()).read(frame) == []
    assert PlateReader(Told(Spot(corners=QUAD)), Lookup()).read(frame) == []


def test_corners_that_are_no_numbers_or_outside_are_named() -> None:
    frame = np.zeros((20, 30, 3), np.uint8)
    with pytest.raises(ValueError, match="four finite points"):
        cut_out(frame, ((0, 0), (float("nan"), 0), (9, 9), (0, 9)))
    with pytest.raises(ValueError, match="outside the frame"):
        cut_out(frame, box(400, 400))


NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=32) | st.floats(-400, 400)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(points=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=4, max_size=4))
def test_no_corners_whatever_stop_the_reader(points: list[tuple[float, float]]) -> None:
    lookup = Lookup(b10=("皖A12345", 0.9))
    frame = np.full((200, 300, 3), 10, np.uint8)
    plates = PlateReader(Told(Spot(corners=tuple(points))), lookup).read(frame)
    assert len(plates) <= len(lookup.given) <= 1


def warped(plate: Bgr, quad: Quad, shape: tuple[int, int]) -> Bgr:
    height, width = plate.shape[:2]
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.array(quad, np.float32))
    flags = cv2.INTER_AREA
    return np.asarray(cv2.warpPerspective(plate, matrix, shape[::-1], flags=flags), np.uint8)


@pytest.mark.parametrize(
    "quad",
    [
        ((60, 60), (240, 90), (230, 150), (55, 110)),
        ((240, 150), (60, 145), (62, 90), (240, 88)),
        ((140, 40), (150, 180), (95, 185), (90, 45)),
    ],
    ids=["leaning", "upside down", "on its side"],
)
def test_a_plate_is_lifted_out_straight(quad: Quad) -> None:
    plate = draw_plate("皖A12345", PlateType.BLUE1, px_per_mm=0.4)
    cutout = cut_out(warped(plate, quad, (200, 300)), quad, (176, 56), margin=0.0)
    off = np.abs(cutout.astype(int) - cv2.resize(plate, (176, 56)))[3:-3, 3:-3]
    assert float(off.mean()) < 22


@pytest.mark.parametrize("times", [3, 20])
def test_a_large_plate_is_averaged_and_not_sampled(times: int) -> None:
    width, height = ONE_ROW_PX
    coarse = np.random.default_rng(1).integers(60, 190, (height, width, 3))
    grain = np.random.default_rng(2).integers(-60, 61, (height * times, width * times, 1))
    large = np.repeat(np.repeat(coarse, times, 0), times, 1) + grain
    frame = np.full((large.shape[0] + 40, large.shape[1] + 40, 3), 120, np.uint8)
    frame[20:-20, 20:-20] = large
    quad = box(20, 20, width * times, height * times)
    off = cut_out(frame, quad, margin=0.0).astype(int) - coarse
    # A sample of grain is off by 35 in the mean; an average of nine by 12, of four hundred by 2.
    assert float(np.abs(off[2:-2, 2:-2]).mean()) < {3: 22, 20: 15}[times]
