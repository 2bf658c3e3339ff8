"""The counting of `steelyard bench read`: labels against reads, by kind and plate type.

`labels.csv` of a folder names one plate a line: file, kind (crops: the cut-out of one plate;
scenes: a photograph), plate_text, ptype; other columns are left alone. A photograph with several
plates has several lines. Matching is by text: nothing is known of where the plates lie.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from vision.plates import written
from vision.training.labels import held_aside

CROPS, SCENES = "crops", "scenes"
COLUMNS: Final = ("file", "kind", "plate_text", "ptype")
ALL: Final = "all"
MISREAD_MAX: Final = 4
"""A find that differs from a label by more edits than this is another plate, not a misread."""


class BenchReadError(ValueError):
    """The folder cannot be measured; the message says what is missing and where."""


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled plate of one picture; `held` says that no training may see it."""

    file: str
    kind: str
    text: str
    ptype: str
    held: bool = False


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One read of one picture; `ptype` is '' where the colour does not tell."""

    file: str
    text: str
    ptype: str
    confidence: float
    accepted: bool


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one label: the read of its picture nearest to it, None for none."""

    label: Label
    read: Seen | None
    distance: int

    @property
    def accepted(self) -> bool:
        """Whether the read that belongs to this label was accepted, right or wrong."""
        return self.read is not None and self.read.accepted


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one kind and type, and the milliseconds of the pictures that hold it."""

    kind: str
    ptype: str
    n: int
    exact: int
    rate: float
    accepted: int
    accepted_wrong: int
    unread: int
    ms_p50: float
    ms_p95: float


def read_labels(folder: Path, held_only: bool = False) -> list[Label]:
    """Return the labels of a folder; with `held_only` the third kept aside from all training.

    Raises BenchReadError naming the missing file, column, value or plate.
    """
    path = folder / "labels.csv"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BenchReadError(
            f"{path}: cannot be read ({error}): name a folder with labels.csv, or give --no-plates"
        ) from error
    # One plate named twice in one picture is one plate.
    named = [_label(path, number, line) for number, line in enumerate(lines, 2)]
    labels = list({(label.file, label.text): label for label in named}.values())
    wanted = [label for label in labels if label.held or not held_only]
    if not wanted:
        raise BenchReadError(f"{path}: lists no plate{' kept aside' if labels else ''}")
    return wanted


def _label(path: Path, number: int, line: Mapping[str, str | None]) -> Label:
    values = {name: line.get(name) for name in COLUMNS}
    for name, value in values.items():
        if not value:
            raise BenchReadError(f"{path}, line {number}: no {name}; {', '.join(COLUMNS)} are read")
    if values["kind"] not in (CROPS, SCENES):
        raise BenchReadError(
            f"{path}, line {number}: kind {values['kind']!r}: write {CROPS} or {SCENES}"
        )
    return Label(
        file=str(values["file"]),
        kind=str(values["kind"]),
        text=written(str(values["plate_text"])),
        ptype=str(values["ptype"]),
        held=held_aside(str(values["plate_text"])),
    )


def match(labels: Sequence[Label], reads: Sequence[Seen]) -> tuple[list[Outcome], list[Seen]]:
    """Give each label of one picture the nearest read, nearest pairs first; return the rest too.

    The one read of a cut-out belongs to its label however far off it is.
    """
    pairs = sorted(
        (edits(label.text, read.text), place, number)
        for place, label in enumerate(labels)
        for number, read in enumerate(reads)
    )
    given: dict[int, tuple[int, int]] = {}
    for distance, place, number in pairs:
        near = distance <= MISREAD_MAX or labels[place].kind == CROPS
        if near and place not in given and number not in {taken for taken, _ in given.values()}:
            given[place] = (number, distance)
    outcomes = []
    for place, label in enumerate(labels):
        number, distance = given.get(place, (-1, len(label.text)))
        read = reads[number] if number >= 0 else None
        outcomes.append(Outcome(label=label, read=read, distance=distance))
    used = {number for number, _ in given.values()}
    return outcomes, [read for number, read in enumerate(reads) if number not in used]


def edits(one: str, other: str) -> int:
    """Return the least number of characters to change, add or drop (Levenshtein)."""
    before = list(range(len(other) + 1))
    for row, char in enumerate(one, 1):
        line = [row]
        for column, against in enumerate(other, 1):
            line.append(
                min(line[-1] + 1, before[column] + 1, before[column - 1] + (char != against))
            )
        before = line
    return before[-1]


def rows(outcomes: Iterable[Outcome], took_ms: Mapping[str, float]) -> list[Row]:
    """Count by kind and type, each kind's sum first; `took_ms` holds the time of each file."""
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.label.kind, ""].append(outcome)
        groups[outcome.label.kind, outcome.label.ptype].append(outcome)
    return [
        _row(kind, ptype or ALL, groups[kind, ptype], took_ms) for kind, ptype in sorted(groups)
    ]


def _row(kind: str, ptype: str, mine: Sequence[Outcome], took_ms: Mapping[str, float]) -> Row:
    exact = sum(outcome.distance == 0 for outcome in mine)
    files = {outcome.label.file for outcome in mine}
    times = [took_ms[file] for file in files if file in took_ms]
    return Row(
        kind=kind,
        ptype=ptype,
        n=len(mine),
        exact=exact,
        rate=round(exact / len(mine), 4),
        accepted=sum(outcome.accepted for outcome in mine),
        accepted_wrong=sum(outcome.accepted and outcome.distance > 0 for outcome in mine),
        unread=sum(outcome.read is None for outcome in mine),
        ms_p50=quantile(times, 0.5),
        ms_p95=quantile(times, 0.95),
    )


def quantile(values: Iterable[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed, two places; 0 for none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
