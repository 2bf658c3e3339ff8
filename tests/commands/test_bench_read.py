"""`steelyard bench read`: labels are matched to reads by text, and everything is counted once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.commands import bench_read
from controller.commands.bench_read import Request, measure, measure_blank, per_thousand, run
from controller.commands.bench_read_count import (
    MISREAD_MAX,
    BenchReadError,
    Label,
    Seen,
    edits,
    match,
    quantile,
    read_labels,
    rows,
)
from controller.commands.bench_read_eyes import Eyes
from vision.plates import PlateType, classify
from vision.reader import Bgr, Quad
from vision.recognise import PlateRead
from vision.training.labels import held_aside

HEAD = "file,kind,plate_text,colour,rows,ptype\n"
QUAD: Quad = ((10, 10), (60, 10), (60, 30), (10, 30))


def label(text: str, file: str = "a.png", kind: str = "scenes", ptype: str = "blue1") -> Label:
    return Label(file=file, kind=kind, text=text, ptype=ptype)


def seen(text: str, *, accepted: bool = True) -> Seen:
    return Seen(file="a.png", text=text, ptype="blue1", confidence=0.9, accepted=accepted)


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    corners: Quad = QUAD
    ptype: PlateType = PlateType.BLUE1
    score: float = 0.9


class One:
    """A detector that always finds one plate, but none in black frames."""

    def find(self, frame_bgr: Bgr) -> Sequence[Spot]:
        return [Spot()] if frame_bgr.any() else []


class ByTone:
    """A recogniser that knows the text by the tone of the cut-out; 99 reads as nothing."""

    def __init__(self, **texts: tuple[str, float]) -> None:
        self.texts = {int(name[1:]): text for name, text in texts.items()}

    def read(self, crop_bgr: Bgr, ptype: PlateType | None = None) -> PlateRead:
        text, sure = self.texts.get(int(crop_bgr[5, 5, 0]), ("", 0.0))
        return PlateRead(
            text=text,
            probabilities=(sure,) * len(text),
            confidence=sure,
            ptype=None,
            valid=classify(text) is not None,
        )

    def accepts(self, read: PlateRead) -> bool:
        return read.confidence > 0.8


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def make(lines: str = "", **tones: int) -> Path:
        for name, tone in tones.items():
            picture = np.full((60, 120, 3), tone, np.uint8)
            cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
        if lines:
            (tmp_path / "labels.csv").write_text(HEAD + lines, encoding="utf-8")
        return tmp_path

    return make


def eyes(**texts: tuple[str, float]) -> Eyes:
    return Eyes(ByTone(**texts), One)


def test_exact_reads_are_given_first_and_the_nearest_to_the_rest() -> None:
    labels = [label("皖A12345"), label("皖A12346"), label("京B99999"), label("沪C11111")]
    reads = [seen("皖A12346"), seen("皖A12845"), seen("苏D88888"), seen("沪C11111")]
    outcomes, extra = match(labels, reads)
    assert [(o.read.text if o.read else None, o.distance) for o in outcomes] == [
        ("皖A12845", 1),
        ("皖A12346", 0),
        (None, 7),
        ("沪C11111", 0),
    ]
    assert [read.text for read in extra] == ["苏D88888"]


def test_a_plate_found_twice_is_an_extra_one_the_second_time() -> None:
    outcomes, extra = match([label("皖A12345")], [seen("皖A12345"), seen("皖A12345")])
    assert (outcomes[0].distance, len(extra)) == (0, 1)


def test_the_read_of_a_cut_out_belongs_to_its_label_however_far_off() -> None:
    outcomes, extra = match([label("皖A12345", kind="crops")], [seen("京B67890")])
    assert (outcomes[0].distance, extra) == (7, [])
    outcomes, extra = match([label("皖A12345")], [seen("京B67890")])
    assert (outcomes[0].read, len(extra)) == (None, 1)


TEXTS = st.lists(st.text("皖A12", min_size=1, max_size=8), max_size=5)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(texts=TEXTS, reads=TEXTS)
def test_every_read_is_counted_once(texts: list[str], reads: list[str]) -> None:
    outcomes, extra = match([label(text) for text in texts], [seen(text) for text in reads])
    given_ = [o.read.text for o in outcomes if o.read is not None]
    assert sorted(given_ + [read.text for read in extra]) == sorted(reads)
    assert [o.label.text for o in outcomes] == texts
    exact = sum(min(texts.count(text), reads.count(text)) for text in set(texts))
    assert sum(o.distance == 0 for o in outcomes) == exact
    assert all(o.distance <= MISREAD_MAX for o in outcomes if o.read)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(one=st.text("ab", max_size=6), other=st.text("ab", max_size=6))
def test_edits_is_a_distance(one: str, other: str) -> None:
    assert edits(one, other) == edits(other, one)
    assert (edits(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= edits(one, other) <= max(len(one), len(other))
    assert edits(one + "a", other) <= edits(one, other) + 1


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [("kitten", "sitting", 3), ("皖A12345", "皖A1234", 1), ("皖A12345", "皖12345A", 2)],
)
def test_edits_known(one: str, other: str, least: int) -> None:
    assert edits(one, other) == least


def test_rows_count_by_kind_and_type() -> None:
    labels = [
        label("皖A12345", "a"),
        label("皖A12346", "a", ptype="yellow1"),
        label("皖A12347", "b"),
        label("皖A12348", "c", kind="crops"),
    ]
    outcomes = [
        match(labels[:1], [seen("皖A12345")])[0][0],
        match(labels[1:2], [seen("皖A12845")])[0][0],
        match(labels[2:3], [seen("皖A12341", accepted=False)])[0][0],
        match(labels[3:], [])[0][0],
    ]
    told = [
        (r.kind, r.ptype, r.n, r.exact, r.rate, r.accepted, r.accepted_wrong, r.unread)
        for r in rows(outcomes, {"a": 10.0, "b": 30.0})
    ]
    assert told == [
        ("crops", "all", 1, 0, 0.0, 0, 0, 1),
        ("crops", "blue1", 1, 0, 0.0, 0, 0, 1),
        ("scenes", "all", 3, 1, 0.3333, 2, 1, 0),
        ("scenes", "blue1", 2, 1, 0.5, 1, 0, 0),
        ("scenes", "yellow1", 1, 0, 0.0, 1, 1, 0),
    ]
    times = {
        (r.kind, r.ptype): (r.ms_p50, r.ms_p95) for r in rows(outcomes, {"a": 10.0, "b": 30.0})
    }
    assert times["scenes", "all"] == (30.0, 30.0)
    assert times["scenes", "yellow1"] == (10.0, 10.0)
    assert times["crops", "all"] == (0.0, 0.0)


def test_quantiles() -> None:
    assert quantile(range(1, 101), 0.5) == 51
    assert quantile(range(1, 101), 0.95) == 96
    assert quantile([3.0], 0.95) == 3
    assert quantile([], 0.5) == 0


def test_a_folder_is_counted(folder: Callable[..., Path]) -> None:
    home = folder(
        "a.png,scenes,皖A12345,blue,1,blue1\na.png,scenes,皖B12345,blue,1,blue1\n"
        "b.png,scenes,皖A12346,blue,1,blue1\nc.png,crops,皖A12347,yellow,1,yellow1\n"
        "d.png,crops,皖A12348,blue,1,blue1\ngone.png,crops,皖A12349,blue,1,blue1\n"
        "e.png,scenes,皖A12350,blue,1,blue1\n",
        e=50,
        a=10,
        b=20,
        c=30,
        d=40,
    )
    looks = eyes(
        t10=("皖A12345", 0.9),
        t20=("京C77777", 0.9),
        t30=("皖A1234", 0.9),
        t50=("京C77777", 0.5),
    )
    told: list[int] = []
    report = measure(Request(folder=home, failures=True), looks, told.append)
    assert told == [6] * 6
    counts = {(r.kind, r.ptype): (r.n, r.exact, r.accepted_wrong, r.unread) for r in report.rows}
    assert counts == {
        ("crops", "all"): (3, 0, 1, 2),
        ("crops", "blue1"): (2, 0, 0, 2),
        ("crops", "yellow1"): (1, 0, 1, 0),
        ("scenes", "all"): (4, 1, 0, 3),
        ("scenes", "blue1"): (4, 1, 0, 3),
    }
    assert (report.pictures, report.extra_plates, report.extra_accepted) == (6, 2, 1)
    assert len(report.errors) == 1
    assert "gone.png" in report.errors[0]
    failures = report.failures or []
    assert [(f.label.text, f.read.text if f.read else "") for f in failures] == [
        ("皖B12345", ""),
        ("皖A12346", ""),
        ("皖A12347", "皖A1234"),
        ("皖A12348", ""),
        ("皖A12349", ""),
        ("皖A12350", ""),
    ]
    assert set(report.cost.stages_ms["scenes"]) == {"detect", "rectify", "recognise", "total"}
    assert set(report.cost.stages_ms["crops"]) == {"recognise", "total"}


def test_false_plates_are_counted_a_thousand_frames(folder: Callable[..., Path]) -> None:
    home = folder(a=10, b=20, c=30, d=0)
    (home / "e.png").write_bytes(b"no picture")
    looks = eyes(t10=("皖A12345", 0.9), t20=("京C77777", 0.5))
    report = measure_blank(Request(folder=home, no_plates=True, failures=True), looks, print)
    assert (report.frames, report.frames_with) == (4, 2)
    assert (report.false_plates, report.false_accepted) == (2, 1)
    assert (report.false_per_thousand, report.accepted_per_thousand) == (500, 250)
    assert [one.text for one in report.extra or []] == ["皖A12345", "京C77777"]
    assert len(report.errors) == 1
    assert per_thousand(0, 0) == 0


def test_only_plates_kept_aside_are_counted_when_asked(folder: Callable[..., Path]) -> None:
    texts = [f"皖A1234{i}" for i in range(10)]
    home = folder("".join(f"{t}.png,crops,{t},blue,1,blue1\n" for t in texts))
    assert [one.text for one in read_labels(home, True)] == [t for t in texts if held_aside(t)]
    assert 0 < len(read_labels(home, True)) < len(read_labels(home)) == 10


def test_a_plate_named_twice_in_one_picture_is_one(folder: Callable[..., Path]) -> None:
    twice = "a.png,scenes,皖A12345,blue,1,blue1\n" * 2
    home = folder(twice + "b.png,scenes,皖A12345,blue,1,blue1\n")
    assert [one.file for one in read_labels(home)] == ["a.png", "b.png"]


def test_an_issuing_office_is_compared_as_it_is_written(folder: Callable[..., Path]) -> None:
    home = folder("a.png,crops,粤012345,blue,1,blue1\n")
    assert read_labels(home)[0].text == "粤O12345"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("a.png,photo,皖A12345,blue,1,blue1\n", r"line 2: kind 'photo': write crops or scenes"),
        ("a.png,crops,,blue,1,blue1\n", r"line 2: no plate_text"),
        ("a.png,crops\n", r"line 2: no plate_text"),
    ],
)
def test_a_bad_label_is_named(folder: Callable[..., Path], lines: str, words: str) -> None:
    with pytest.raises(BenchReadError, match=words):
        read_labels(folder(lines))


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchReadError, match=r"labels\.csv: cannot be read .*--no-plates"):
        read_labels(tmp_path)
    (tmp_path / "labels.csv").write_text(HEAD, encoding="utf-8")
    with pytest.raises(BenchReadError, match=r"lists no plate$"):
        read_labels(tmp_path)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = eyes(t10=("皖A12345", 0.9), t20=("皖A12845", 0.9))
    monkeypatch.setattr(bench_read, "open_eyes", lambda threads: looks)
    monkeypatch.setattr(bench_read, "model_bytes", lambda: {"reader.tflite": 700_000})


@pytest.mark.usefixtures("told")
def test_what_is_printed(folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    home = folder(
        "a.png,crops,皖A12345,blue,1,blue1\nb.png,crops,皖A12346,blue,1,blue1\n", a=10, b=20
    )
    assert run(Request(folder=home, as_json=True))
    report = json.loads(capsys.readouterr().out)
    assert (report["rows"][0]["n"], report["rows"][0]["exact"]) == (2, 1)
    assert report["failures"] is None
    assert run(Request(folder=home, failures=True))
    shown = capsys.readouterr().out
    assert "50.0 %" in shown
    assert all(part in shown for part in ("b.png", "皖A12346", "皖A12845", "0.90 accepted"))
    assert run(Request(folder=home, no_plates=True, failures=True))
    assert "1000 a thousand frames" in capsys.readouterr().out
    (home / "a.png").unlink()
    assert not run(Request(folder=home))
    assert "a.png: cannot be opened" in capsys.readouterr().err


def test_calls_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchReadError, match="name a folder"):
        run(Request())
    with pytest.raises(BenchReadError, match="--held-only"):
        run(Request(folder=tmp_path, no_plates=True, held_only=True))
    with pytest.raises(BenchReadError, match="--plot"):
        run(Request(folder=tmp_path, plot=tmp_path / "out.png"))
