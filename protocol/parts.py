"""The parts of a record: the words it may use and the value types it nests.

Masses are grams, lengths millimetres, ``*_us`` microseconds on the monotonic clock of the box,
``*_ms`` milliseconds since 1970 UTC, ``*_ppm`` millionths, ``*_e4`` ten-thousandths.  ``None``
means not known or not applicable; it is never written as a number.
Source: facts of the record are the superset of the Chinese platforms' fields (检测单据), see
``protocol/fields.py`` for their names.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum, StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from protocol import cbor

Text = Annotated[str, Meta(min_length=1, max_length=500)]
Detail = Annotated[str, Meta(min_length=1, max_length=2_000)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Number = Annotated[str, Meta(min_length=1, max_length=128)]
Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
Seq = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Time = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Count = Annotated[int, Meta(ge=0, le=10_000)]
Mass = Annotated[int, Meta(ge=-(10**9), le=10**9)]
Ppm = Annotated[int, Meta(ge=0, le=1_000_000)]
Date = Annotated[int, Meta(ge=19_700_101, le=99_991_231)]
RAW_BYTES_MAX = 65_536


class Kind(IntEnum):
    """What a record is about; the numbers are those on the wire."""

    PASSAGE = 1
    RELEASE = 2
    AMENDMENT = 3
    VOID = 4
    MANUAL_MOVE = 5
    SERVICE = 6
    KEY = 7
    MANIFEST = 8
    RETENTION = 9
    RECOVERY = 10


class End(StrEnum):
    """The two ends of the deck."""

    YARD = "yard"
    ROAD = "road"


class Permit(StrEnum):
    """The boom that a durable record allows to rise, once."""

    NONE = "none"
    YARD = "yard"
    ROAD = "road"


class Direction(StrEnum):
    """方向: into the yard, out of it, or past a checkpoint."""

    IN = "in"
    OUT = "out"
    PASS = "pass"


class ClockQuality(StrEnum):
    """How far the wall time may be trusted."""

    UNKNOWN = "unknown"
    FREE_RUNNING = "free_running"
    SYNCHRONISED = "synchronised"


class Outcome(StrEnum):
    """What the lane did with the vehicle."""

    HOLD = "hold"
    RELEASE = "release"
    RETURN = "return"


class Result(StrEnum):
    """The word of one verdict; a missing fact gives UNDETERMINED, never WITHIN."""

    WITHIN = "within"
    OVER = "over"
    UNDETERMINED = "undetermined"


class Source(StrEnum):
    """Who or what stated a fact."""

    SENSOR = "sensor"
    CAMERA = "camera"
    REGISTER = "register"
    OPERATOR = "operator"


class Purpose(StrEnum):
    """What a weighing is for: a TARE weighing enters the tare register."""

    GROSS = "gross"
    TARE = "tare"


class Motion(StrEnum):
    """How a boom was moved by a person."""

    RAISE = "raise"
    LOWER = "lower"


class Amendable(StrEnum):
    """The facts that a person may correct: no mass measured by the scale and no limit is here."""

    PLATE = "plate"
    AXLES = "axles"
    VEHICLE_KIND = "vehicle_kind"
    SINGLE_DRIVE_AXLE = "single_drive_axle"
    SINGLE_TYRE_AXLES = "single_tyre_axles"
    WIDE_TYRES = "wide_tyres"
    AIR_SUSPENSION_DRIVE = "air_suspension_drive"
    LICENCE_GVM = "licence_gvm_g"
    LICENCE_PAYLOAD = "licence_payload_g"


class Evidence(StrEnum):
    """Whether a figure may be used against or for anybody."""

    NOT_USABLE = "not usable"


class Service(StrEnum):
    """What a named person changed about the lane or tried out, by a record of kind SERVICE."""

    ALLOW_DEGRADED = "allow_degraded"
    FORBID_DEGRADED = "forbid_degraded"
    CLEAR_CELLS = "clear_cells"
    ZERO = "zero"
    TEST_LAMP = "test_lamp"
    TEST_SIGN = "test_sign"
    CONFIGURE = "configure"
    CALIBRATE = "calibrate"


class Times(Struct, frozen=True, kw_only=True):
    """When: ``at_us`` is the instant recorded (a weighing's acceptance), ``wall_ms`` its date.

    ``started_us`` is the approach; ``entered_us`` and ``left_us`` bound the on-deck interval.
    ``date`` is the local date (yyyymmdd) at ``wall_ms``, ``offset_min`` local time less UTC.
    """

    at_us: Time
    wall_ms: Time | None = None
    clock: ClockQuality = ClockQuality.UNKNOWN
    entered_us: Time | None = None
    decided_us: Time | None = None
    left_us: Time | None = None
    started_us: Time | None = None
    date: Date | None = None
    offset_min: Annotated[int, Meta(ge=-720, le=840)] | None = None


class View(StrEnum):
    """Which end of the vehicle a camera shows."""

    FRONT = "front"
    REAR = "rear"


class Stand(StrEnum):
    """By what right a record has its plate: by itself, by a person's word, or not at all."""

    HELD = "held"
    AUTO = "auto"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    ENTERED = "entered"


class PlateFrames(Struct, frozen=True, kw_only=True):
    """What became of one camera's frames: taken, read, without a vote, unfit by what was wrong."""

    end: End
    view: View
    taken: Count = 0
    read: Count = 0
    late: Count = 0
    flawed: Annotated[tuple[tuple[Code, Count], ...], Meta(max_length=16)] = ()


class Identification(Struct, frozen=True, kw_only=True):
    """How the plate came about: the outcome, the text that the lane had read, the site's rule.

    ``read`` stands where a person's word is asked for or was given; ``auto_ppm``, ``confirm_ppm``
    and ``agree_min`` are the thresholds, ``policy`` the most that a plate might do by itself.
    """

    stand: Stand
    read: Code | None = None
    policy: Stand | None = None
    auto_ppm: Ppm | None = None
    confirm_ppm: Ppm | None = None
    agree_min: Count | None = None
    frames: Annotated[tuple[PlateFrames, ...], Meta(max_length=8)] = ()


class Plate(Struct, frozen=True, kw_only=True):
    """One plate as voted; ``conf_ppm`` has one probability a character, ``ptype_ppm`` the type's.

    ``valid`` says that the text obeys the grammar of plates, ``track`` which vehicle was followed.
    Of ``frames`` that show it ``agree`` read exactly this text, from ``first_us`` to ``last_us``;
    ``captured_us`` is that of the picture, ``hints`` what the picture makes suspicious.
    """

    text: Code
    conf_ppm: Annotated[tuple[Ppm, ...], Meta(max_length=16)] = ()
    end: End | None = None
    ptype: Code | None = None
    colour: Code | None = None
    image_sha256: Digest | None = None
    captured_us: Time | None = None
    source: Source = Source.CAMERA
    track: Time | None = None
    valid: bool | None = None
    view: View | None = None
    frames: Count | None = None
    agree: Count | None = None
    first_us: Time | None = None
    last_us: Time | None = None
    ptype_ppm: Ppm | None = None
    hints: Annotated[tuple[Code, ...], Meta(max_length=16)] = ()


class Axles(Struct, frozen=True, kw_only=True):
    """The axle configuration that the rules were given; a flag of None was not known.

    ``offsets_mm`` is what the scale measured: each axle's distance from the first.
    """

    count: Annotated[int, Meta(ge=1, le=64)] | None = None
    source: Source | None = None
    vehicle_kind: Code | None = None
    single_drive_axle: bool | None = None
    single_tyre_axles: Count | None = None
    wide_tyres: bool | None = None
    air_suspension_drive: bool | None = None
    trailer_tandem_spacing_mm: Time | None = None
    offsets_mm: Annotated[tuple[Time, ...], Meta(max_length=64)] = ()
    axle_type: Code | None = None


class Vehicle(Struct, frozen=True, kw_only=True):
    """Licence data and outer dimensions as stated to the rules, and a posted limit of the place."""

    licence_gvm_g: Mass | None = None
    licence_payload_g: Mass | None = None
    height_mm: Time | None = None
    width_mm: Time | None = None
    length_mm: Time | None = None
    posted_limit_g: Mass | None = None


class Cargo(Struct, frozen=True, kw_only=True):
    """What the papers say of load, way and people; a person is named by a hash only."""

    goods: Text | None = None
    load_ticket: Code | None = None
    destination: Text | None = None
    road_permit: Code | None = None
    owner: Text | None = None
    driver_sha256: Digest | None = None


class Tare(Struct, frozen=True, kw_only=True):
    """A stored tare: the mass, when it was weighed, and the record (seq) that proves it.

    ``expires_ms`` is until when it may stand for the empty vehicle.
    """

    tare_g: Mass
    seq: Seq
    taken_ms: Time | None = None
    clock: ClockQuality = ClockQuality.UNKNOWN
    expires_ms: Time | None = None


class Weighing(Struct, frozen=True, kw_only=True):
    """One accepted weighing; ``indicated_g`` is rounded to d, None where class III shows a blank.

    ``raw`` are the counts that gave the value, as ``protocol/counts.py`` packs them without loss,
    or the frames of an indicator (``protocol/frames.py``), one of which shows ``gross_g``;
    ``estimate_g`` is the value before rounding to d.  ``estimator``, its version and its parameters
    (name with unit) say how it came.
    """

    gross_g: Mass
    indicated_g: Mass | None = None
    purpose: Purpose = Purpose.GROSS
    u95_g: Mass | None = None
    mpe_g: Mass | None = None
    tare: Tare | None = None
    net_g: Mass | None = None
    stable_from_us: Time | None = None
    stable_to_us: Time | None = None
    estimator: Text | None = None
    raw: Annotated[bytes, Meta(max_length=RAW_BYTES_MAX)] | None = None
    zero_offset_g: Mass | None = None
    estimate_g: Mass | None = None
    estimator_version: Code | None = None
    parameters: Annotated[tuple[tuple[Code, int], ...], Meta(max_length=64)] = ()


class Assumed(Struct, frozen=True, kw_only=True):
    """One missing fact and the value, or range of values in words, that a reading gives it."""

    fact: Code
    value: int | bool | Text


class Reading(Struct, frozen=True, kw_only=True):
    """The verdict under one set of assumptions that the known facts allow."""

    result: Result
    limit_g: Mass | None = None
    over_g: Mass | None = None
    rate_e4: int | None = None
    rule: Code | None = None
    clause: Text | None = None
    note: Text | None = None
    assumed: Annotated[tuple[Assumed, ...], Meta(max_length=32)] = ()


class Verdict(Struct, frozen=True, kw_only=True):
    """One verdict with its rule; ``rate_e4`` is the excess in ten-thousandths of ``rate_of``.

    ``basis`` is the licence figure an overload was compared with; ``exceeded`` names dimensions.
    """

    result: Result
    limit_g: Mass | None = None
    over_g: Mass | None = None
    rate_e4: int | None = None
    rule: Code | None = None
    clause: Text | None = None
    version: Code | None = None
    within_mpe: bool | None = None
    readings: Annotated[tuple[Reading, ...], Meta(max_length=512)] = ()
    basis: Code | None = None
    rate_of: Code | None = None
    exceeded: Annotated[tuple[Code, ...], Meta(max_length=8)] = ()


class Verdicts(Struct, frozen=True, kw_only=True):
    """超限, 超载 and the outer dimensions, side by side; each None where it was not computed.

    ``rules`` are the tables used as id@version, ``on`` the date judged for (yyyymmdd).
    """

    over_limit: Verdict | None = None
    overload: Verdict | None = None
    dimensions: Verdict | None = None
    rules: Annotated[tuple[Code, ...], Meta(max_length=16)] = ()
    reasons: Annotated[tuple[Text, ...], Meta(max_length=32)] = ()
    on: Annotated[int, Meta(ge=0, le=99_991_231)] | None = None
    tolerance: Code | None = None

    @property
    def over(self) -> bool:
        """True when any of the three says OVER."""
        all_three = (self.over_limit, self.overload, self.dimensions)
        return any(verdict is not None and verdict.result is Result.OVER for verdict in all_three)


class Decision(Struct, frozen=True, kw_only=True):
    """What the lane did and why; reasons are codes of the rules or of the fault catalogue."""

    outcome: Outcome
    reasons: Annotated[tuple[Text, ...], Meta(max_length=32)] = ()


class Scale(Struct, frozen=True, kw_only=True):
    """The scale's identity and certificate; ``valid_until`` is a date, YYYY-MM-DD."""

    serial: Text
    accuracy_class: Code
    max_g: Mass
    e_g: Mass
    certificate: Text | None = None
    valid_until: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class Curve(Struct, frozen=True, kw_only=True):
    """The weight curve (称重曲线): as many masses ``g`` as times ``t_us``; build it with ``of``."""

    t_us: Annotated[tuple[Time, ...], Meta(min_length=1, max_length=20_000)]
    g: Annotated[tuple[Mass, ...], Meta(min_length=1, max_length=20_000)]
    sha256: Digest

    @classmethod
    def of(cls, t_us: tuple[int, ...], g: tuple[int, ...]) -> Curve:
        """Make a curve with its digest."""
        return cls(t_us=t_us, g=g, sha256=cls.digest(t_us, g))

    @staticmethod
    def digest(t_us: tuple[int, ...], g: tuple[int, ...]) -> bytes:
        """SHA-256 of the deterministic CBOR of ``[[t_us…], [g…]]``."""
        return hashlib.sha256(cbor.encode([list(t_us), list(g)])).digest()


class Image(Struct, frozen=True, kw_only=True):
    """A picture kept beside the record, named by its digest."""

    name: Code
    sha256: Digest
    camera: Code | None = None
    t_us: Time | None = None
    width_px: Count | None = None
    height_px: Count | None = None


class Reweigh(Struct, frozen=True, kw_only=True):
    """Place in a re-weigh chain (复磅): ``first_seq`` is the token, ``cycle`` counts from 1."""

    first_seq: Seq
    previous_seq: Seq
    cycle: Annotated[int, Meta(ge=1, le=64)]


class Person(Struct, frozen=True, kw_only=True):
    """Who did it and why; ``second`` is the person who agreed, where the site asks for one."""

    who: Text
    why: Text
    second: Text | None = None


class Amendment(Struct, frozen=True, kw_only=True):
    """A fact corrected by a person: both values stand, None means that there was no value."""

    field: Amendable
    was: Text | None = None
    now: Text | None = None


class Degraded(Struct, frozen=True, kw_only=True):
    """What the remaining cells say when ``cells`` are left out (numbered from 0, as in a trace).

    An estimate to keep a yard moving; ``evidence`` has one value, so nobody can take it for more.
    ``weight_g`` is None where the remaining cells give none; ``reason`` then says why.  ``allowed``
    is who allowed it, and why.
    """

    cells: Annotated[tuple[Count, ...], Meta(min_length=1, max_length=64)]
    evidence: Evidence = Evidence.NOT_USABLE
    weight_g: Mass | None = None
    u95_g: Mass | None = None
    method: Code | None = None
    reason: Text | None = None
    allowed: Person


class Servicing(Struct, frozen=True, kw_only=True):
    """A word about the lane itself; ``cells`` are those named bad at that moment.

    ``detail`` is what it was about: the lamp, the keys changed and their values with the digests
    before and after.  ``zero_offset_g`` is how far the zero was from that of the calibration when a
    person asked for another.
    """

    action: Service
    cells: Annotated[tuple[Count, ...], Meta(max_length=64)] = ()
    detail: Detail | None = None
    zero_offset_g: Mass | None = None


class Move(Struct, frozen=True, kw_only=True):
    """A boom moved by a person, through the console or by hand at the gate."""

    end: End
    motion: Motion
