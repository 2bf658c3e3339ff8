"""What console and lane say to each other: one JSON object a line, a question and its answer.

Times are microseconds of the lane's clock.  A picture follows its answer as raw bytes.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from hal.ports import DeviceFault, PersonRequest

SOCKET_NAME = "service.sock"
QUESTION_BYTES_MAX = 16_384
SAMPLES_S_MAX = 60.0
EVENTS_MAX = 2_000


class AskState(Struct, frozen=True, tag="state", tag_field="ask"):
    """How the lane is now: answered by ``State``."""


class AskSamples(Struct, frozen=True, kw_only=True, tag="samples", tag_field="ask"):
    """What the scale's converters or its indicator gave in the last ``seconds``: ``Samples``.

    Only what came after ``after_us``, so that a monitor asks for what is new.
    """

    seconds: float = SAMPLES_S_MAX
    after_us: int = 0


class AskEvents(Struct, frozen=True, kw_only=True, tag="events", tag_field="ask"):
    """What has happened since event number ``after``: ``Events``."""

    after: int = 0


class AskRequest(Struct, frozen=True, kw_only=True, tag="request", tag_field="ask"):
    """Put a person's request into the next scan's image: ``Taken``."""

    request: PersonRequest


class AskSnap(Struct, frozen=True, kw_only=True, tag="snap", tag_field="ask"):
    """One picture of a camera by its name (``yard.camera``): ``Snap``, then its pixels."""

    camera: str


class AskReload(Struct, frozen=True, kw_only=True, tag="reload", tag_field="ask"):
    """Take up this site file once the lane is at rest: ``Taken``.

    Unless confirmed it goes back to the one before after ``revert_s``; 0 is never.  No ``site``
    confirms the one that runs.
    """

    site: str
    revert_s: int = 0


Question = AskState | AskSamples | AskEvents | AskRequest | AskSnap | AskReload


class Point(Struct, frozen=True, kw_only=True):
    """One input or output: since when it has been so, and how often it has changed since start."""

    name: str
    way: Literal["in", "out"]
    state: str
    since_us: int
    changes: int


class ScanPace(Struct, frozen=True, kw_only=True):
    """How punctual the scan is: its newest scans, how late they began."""

    scans: int
    period_us: int
    late_p50_us: int
    late_p99_us: int
    late_max_us: int


class Lens(Struct, frozen=True, kw_only=True):
    """One camera: its pictures since start, and what became of those taken for a passage.

    ``newest_us`` is when the newest was exposed, None before the first.  ``flawed`` counts those
    not read by what was wrong with them.  ``trouble`` is the last one, which began at
    ``trouble_us``; ``ails`` says that it is there now.
    """

    name: str
    pictures: int = 0
    newest_us: int | None = None
    taken: int = 0
    read: int = 0
    late: int = 0
    flawed: tuple[tuple[str, int], ...] = ()
    trouble: DeviceFault | None = None
    trouble_us: int = 0
    ails: bool = False


class Standing(Struct, frozen=True, kw_only=True):
    """A fault or alarm that is present: since when, and how often since start."""

    code: int
    since_us: int
    times: int


class Firmware(Struct, frozen=True, kw_only=True):
    """A coprocessor by its port; ``version`` is "" until it has said who it is."""

    port: str
    version: str
    chip: str = ""
    starts: int = 0


class About(Struct, frozen=True, kw_only=True):
    """What runs: site, files, versions, since when (milliseconds since 1970 UTC)."""

    site: str
    lane: int
    path: str
    folder: str
    config_sha256: str
    software: str
    started_ms: int


class State(Struct, frozen=True, kw_only=True):
    """The lane at its newest scan.

    ``failure`` is why the ledger cannot take a record now, "" where it can; ``cameras`` are the
    names that ``AskSnap`` takes; ``scale`` is what weighs, ``cell_health`` what its watch says of
    each cell by the names of ``sensors.cells.CellHealth``, none of an indicator.  ``up_us`` is for
    how long the lane has run.
    """

    inputs: InputImage
    outputs: OutputImage
    phase: Phase
    outcome: str
    since_us: int
    troubles: tuple[DeviceFault, ...]
    points: tuple[Point, ...]
    pace: ScanPace
    about: About
    cameras: tuple[str, ...]
    scale: Literal["cells", "indicator"]
    failure: str = ""
    standing: tuple[Standing, ...] = ()
    lenses: tuple[Lens, ...] = ()
    cell_health: tuple[str, ...] = ()
    firmware: tuple[Firmware, ...] = ()
    up_us: int = 0


class Heard(Struct, frozen=True, kw_only=True):
    """What an indicator's frames said: how many, by state; how many in motion, at centre of zero.

    ``last`` is the newest frame byte for byte, hexadecimal; ``last_us`` when it came.
    """

    frames: int
    states: tuple[tuple[str, int], ...] = ()
    moving: int = 0
    centred: int = 0
    last: str = ""
    last_us: int = 0


class Samples(Struct, frozen=True, kw_only=True):
    """Raw samples, oldest first: ``counts`` is a row of all cells for each of ``t_us``.

    Of an indicator the counts are one column, its reading in grams, and ``heard`` is what all its
    frames of that time said.  ``fault`` is the word of a device that gives none.
    """

    t_us: list[int]
    counts: list[list[int]]
    rate_hz: float
    fault: DeviceFault | None = None
    heard: Heard | None = None


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened; ``text`` may hold words of devices and persons as they came."""

    number: int
    t_us: int
    wall_ms: int
    kind: Literal["phase", "fault", "gone", "in", "out", "request", "record", "config"]
    text: str


class Events(Struct, frozen=True, kw_only=True):
    """Events in order; ``missed`` are those that were dropped before they were asked for.

    ``newest`` is the highest number there is: one lower than asked after tells of another start.
    """

    events: tuple[Event, ...]
    missed: int = 0
    newest: int = 0


class Taken(Struct, frozen=True, kw_only=True):
    """Whether a request goes into the next scan; what the lane does with it shows in its state."""

    error: str = ""


class Snap(Struct, frozen=True, kw_only=True):
    """One picture: so many bytes of BGR pixels follow, row by row; ``error`` where there is none.

    ``age_us`` is from its exposure to this answer.
    """

    width: int = 0
    height: int = 0
    size: int = 0
    age_us: int = 0
    error: str = ""
