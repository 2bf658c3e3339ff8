"""The two images of one scan: everything the lane may know, and everything it may want.

Both are frozen and hold integers, enums and opaque text only, so that equal inputs give equal
outputs on every machine.  Lengths of time are microseconds on the monotonic clock of the box,
masses are grams.  An unknown is a value of its own (``UNKNOWN`` or ``None``), never a number.
"""

from __future__ import annotations

from msgspec import Struct

from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    ClockQuality,
    Decision,
    Deck,
    End,
    Lamp,
    Message,
    PlateStand,
    Presence,
    RecordKind,
    RequestKind,
    View,
    WeighingStatus,
    Withdrawal,
)
from controller.core.verdict import Facts, Judgement


class Sensor(Struct, frozen=True):
    """A presence fact and the time at which that state began."""

    state: Presence = Presence.UNKNOWN
    since_us: int = 0


class Boom(Struct, frozen=True):
    """One boom: position, when it came there, and when the gate last drove it upwards."""

    position: BoomPosition = BoomPosition.UNKNOWN
    since_us: int = 0
    raised_us: int = 0


class EndInputs(Struct, frozen=True, kw_only=True):
    """All that stands at one end: approach loop, arm loop, two beams (axle, body), the boom."""

    approach: Sensor = Sensor()
    arm: Sensor = Sensor()
    beam_low: Sensor = Sensor()
    beam_high: Sensor = Sensor()
    boom: Boom = Boom()

    @property
    def sensors(self) -> tuple[Sensor, Sensor, Sensor, Sensor]:
        """All four presence sensors, outermost first."""
        return self.approach, self.arm, self.beam_low, self.beam_high


class Degraded(Struct, frozen=True, kw_only=True):
    """What the remaining cells say while ``cells`` are left out; never evidence, never judged.

    ``settled_us`` is None until the vehicle has stood for long enough.  ``weight_g`` is None where
    the remaining cells give no weight either; ``reason`` then says why.
    """

    cells: tuple[int, ...]
    settled_us: int | None = None
    weight_g: int | None = None
    u95_g: int | None = None
    method: str = ""
    reason: str = ""


class Weight(Struct, frozen=True, kw_only=True):
    """The scale's word: indication, motion, zero, and the weighing of the vehicle on the deck.

    ``indicated_g`` is rounded to d and None where class III demands a blank (above Max + 9 e,
    under -20 d).  ``weight_g`` (rounded to d: what is judged), ``estimate_g`` (the same before
    rounding) and ``u95_g`` stand only while ``status`` is ACCEPTED; ``withdrawn`` is why the last
    one did not stand, until another is accepted.
    ``axles`` is None when they could not be counted; ``axle_offsets_mm`` are their distances from
    the first.  ``stable_from_us`` is since when the accepted load stood still; ``estimator``, its
    version and its parameters (name with unit, integer) say how the weight came.
    ``far_in``: the vehicle stands so far in that no trailer of it is left on the road unseen.
    ``bad_cells`` are those named bad.  ``degraded`` is there only while the lane allows
    it and a cell is bad: deck, motion and zero are then the remaining cells' word.
    """

    deck: Deck = Deck.UNKNOWN
    since_us: int = 0
    indicated_g: int | None = None
    motion: bool = True
    zero_ok: bool = False
    zero_offset_g: int = 0
    weighing_id: int = 0
    status: WeighingStatus = WeighingStatus.IDLE
    weight_g: int | None = None
    estimate_g: int | None = None
    u95_g: int | None = None
    accepted_us: int | None = None
    stable_from_us: int | None = None
    estimator: str = ""
    estimator_version: str = ""
    parameters: tuple[tuple[str, int], ...] = ()
    axles: int | None = None
    axle_offsets_mm: tuple[int, ...] = ()
    bad_cells: tuple[int, ...] = ()
    degraded: Degraded | None = None
    withdrawn: Withdrawal = Withdrawal.NONE
    far_in: bool = False


class PlateRead(Struct, frozen=True, kw_only=True):
    """One plate of a vehicle, voted over its frames so far; a probability (ppm) a character.

    ``frames`` is how many show it, ``agree`` how many read exactly this text, ``first_us`` and
    ``last_us`` when the first and the last was exposed; ``captured_us`` and ``picture_sha256``
    are those of the best cut-out.  ``track`` is the camera's number for the vehicle, ``ptype`` a
    type of plate by name ("" where its colour does not tell).
    """

    end: End
    view: View = View.FRONT
    text: str
    char_ppm: tuple[int, ...]
    frames: int = 1
    agree: int = 1
    first_us: int
    last_us: int
    captured_us: int
    track: int
    picture_sha256: str
    valid: bool = True
    ptype: str = ""
    ptype_ppm: int = 0
    hints: tuple[str, ...] = ()


class FrameCounts(Struct, frozen=True, kw_only=True):
    """What became of the frames that one camera took for a passage; ``flawed`` were not read.

    ``flawed`` counts by what was wrong with the picture; ``late`` came in without a vote.
    """

    passage_id: int
    end: End
    view: View = View.FRONT
    taken: int = 0
    read: int = 0
    late: int = 0
    flawed: tuple[tuple[str, int], ...] = ()


class Cargo(Struct, frozen=True, kw_only=True):
    """What the papers say of load, way and people: opaque text that no rule looks at.

    ``driver_sha256`` is in hexadecimal; no name or number of a driver comes this far.
    """

    goods: str | None = None
    load_ticket: str | None = None
    destination: str | None = None
    road_permit: str | None = None
    owner: str | None = None
    driver_sha256: str | None = None


class Vehicle(Struct, frozen=True, kw_only=True):
    """What the site's register knows of the plate that the lane asked about (None = not stated).

    ``tare_*`` is the last stored tare of the plate, ``chain_*`` its open re-weigh chain.
    """

    plate: str
    axles: int | None = None
    kind: str | None = None
    single_drive_axle: bool | None = None
    single_tyre_axles: int | None = None
    wide_tyres: bool | None = None
    air_suspension_drive: bool | None = None
    trailer_tandem_spacing_mm: int | None = None
    licence_gvm_g: int | None = None
    licence_payload_g: int | None = None
    height_mm: int | None = None
    width_mm: int | None = None
    length_mm: int | None = None
    tare_g: int | None = None
    tare_taken_ms: int | None = None
    tare_seq: int | None = None
    tare_clock: ClockQuality = ClockQuality.UNKNOWN
    chain_token: int | None = None
    chain_previous_seq: int | None = None
    chain_cycles: int = 0
    cargo: Cargo | None = None


class Permit(Struct, frozen=True, kw_only=True):
    """A boom that a durable record allows to rise, for one passage."""

    seq: int
    passage_id: int
    end: End
    by_person: bool = False


class Stay(Struct, frozen=True, kw_only=True):
    """An on-deck interval that had not ended, as far as the disk tells, when the lane was stopped.

    ``part`` and ``seq`` are those of its newest record (0: none), ``first_seq`` that of its first.
    ``accounted`` says that it has its PASSAGE or VOID.  ``decision``, ``leave_by`` and
    ``by_person`` are the newest word on it, ``gross_g`` what it weighed; ``voided`` says that a
    person has said that nothing of it stands.
    """

    passage_id: int
    entry: End | None = None
    part: int = 0
    seq: int = 0
    first_seq: int | None = None
    accounted: bool = False
    decision: Decision = Decision.HOLD
    leave_by: End | None = None
    by_person: bool = False
    gross_g: int | None = None
    voided: bool = False


class Recalled(Struct, frozen=True, kw_only=True):
    """What the ledger has of a passage that the lane asked about: its first record, how many parts.

    ``accounted`` says that a PASSAGE or VOID of it is on disk, ``voided`` that a person has voided
    it; all as if it had never been (``part`` 0) where nothing is known of it.
    """

    passage_id: int
    part: int = 0
    first_seq: int | None = None
    accounted: bool = False
    voided: bool = False


class LedgerFact(Struct, frozen=True, kw_only=True):
    """What the ledger has made durable: the last part of the passage, and the permit it gives.

    ``on_deck`` is the passage whose on-deck interval runs, as the disk has it (0: none); ``stay``
    is that interval where it was found so when the ledger was opened.  ``recalled`` answers the
    passage in the last output's ``recall``.
    """

    ready: bool = False
    passage_id: int = 0
    part: int = 0
    seq: int = 0
    permit: Permit | None = None
    next_passage_id: int = 1
    on_deck: int = 0
    stay: Stay | None = None
    recalled: Recalled | None = None


class Request(Struct, frozen=True, kw_only=True):
    """A person's request; ``why`` is a reason in words, ``end`` and ``plate`` where they matter.

    ``second`` is the person who agreed, where one did; ``detail`` is what the kind says besides.
    A request that names a passage counts for that one only.
    """

    id: int
    kind: RequestKind
    who: str
    why: str
    end: End | None = None
    plate: str = ""
    passage_id: int | None = None
    second: str = ""
    detail: str = ""


class Mode(Struct, frozen=True, kw_only=True):
    """Whether the lane may weigh on the remaining cells, and who said so and why."""

    on: bool
    who: str
    why: str


class WallTime(Struct, frozen=True, kw_only=True):
    """Wall time as a fact: milliseconds since 1970 UTC, the local date yyyymmdd, its quality.

    ``offset_min`` is local time less UTC, minutes.
    """

    ms: int = 0
    date: int = 0
    quality: ClockQuality = ClockQuality.UNKNOWN
    offset_min: int = 0


class InputImage(Struct, frozen=True, kw_only=True):
    """Everything the lane knows in one scan.

    ``ends`` is indexed by ``End``; ``plates`` are those of the passage under way as voted so far,
    ``frames`` what became of its pictures; ``faults`` are catalogue codes of faults present now;
    ``vehicle`` answers the plate in the last output's ``lookup``; ``estop`` is BLOCKED when
    pressed.
    """

    scan: int
    now_us: int
    wall: WallTime = WallTime()
    ends: tuple[EndInputs, EndInputs] = (EndInputs(), EndInputs())
    weight: Weight = Weight()
    plates: tuple[PlateRead, ...] = ()
    frames: tuple[FrameCounts, ...] = ()
    vehicle: Vehicle | None = None
    ledger: LedgerFact = LedgerFact()
    requests: tuple[Request, ...] = ()
    estop: Presence = Presence.UNKNOWN
    faults: tuple[int, ...] = ()


class Sign(Struct, frozen=True, kw_only=True):
    """The sign as a level: a message and the numbers that belong to it."""

    message: Message = Message.CLOSED
    plate: str = ""
    gross_g: int | None = None
    limit_g: int | None = None
    over_g: int | None = None


class Chain(Struct, frozen=True, kw_only=True):
    """Place of a weighing in its re-weigh chain (复磅): the first record's seq is the token."""

    token: int
    previous_seq: int
    cycle: int


class RecordIntent(Struct, frozen=True, kw_only=True):
    """What the lane wants on disk, whole; (passage_id, part) names it for ever.

    Part 1 is the PASSAGE or the VOID of an on-deck interval; later parts refer to it and never
    alter it.  ``weighed_again``: the vehicle was, and no part before this one tells of the weight.
    ``taken_back``: the scale or the lane has taken that weight back, and it does not stand.
    ``permit`` is the boom that this record, once durable, allows to rise; ``move`` the
    one that a person moves: upwards where it is also permitted, else downwards.  ``mode`` says by
    whose word a weight without evidence was taken, ``service`` which word a record is of that is
    about no passage under way, ``detail`` what that word says besides.
    """

    kind: RecordKind
    passage_id: int
    part: int
    entry: End | None
    refers_to: int | None = None
    started_us: int
    boarded_us: int | None = None
    decided_us: int
    wall: WallTime
    reads: tuple[PlateRead, ...] = ()
    plate: str = ""
    plate_by: str = ""
    proposal: str = ""
    stand: PlateStand = PlateStand.HELD
    frames: tuple[FrameCounts, ...] = ()
    weight: Weight | None = None
    weighed_again: bool = False
    taken_back: bool = False
    tare_g: int | None = None
    tare_seq: int | None = None
    tare_taken_ms: int | None = None
    tare_clock: ClockQuality = ClockQuality.UNKNOWN
    facts: Facts | None = None
    judgement: Judgement | None = None
    decision: Decision = Decision.HOLD
    reasons: tuple[str, ...] = ()
    permit: End | None = None
    move: End | None = None
    chain: Chain | None = None
    who: str = ""
    why: str = ""
    second: str = ""
    cargo: Cargo | None = None
    mode: Mode | None = None
    service: RequestKind | None = None
    detail: str = ""
    timeline: tuple[tuple[int, int], ...] = ()


class OutputImage(Struct, frozen=True, kw_only=True):
    """Everything the lane wants, as levels asserted anew in every scan.

    ``approach_lamps`` face the driver who comes, ``deck_lamps`` the driver on the deck; both are
    indexed by ``End``, as ``booms`` is.  ``entry`` is the end of the passage's entry, if one is
    under way.  ``proposal`` is the plate that a person is asked to confirm or to correct;
    ``capture`` wants pictures of the front at the entry, ``capture_rear`` of the rear,
    of which those exposed before ``seen_from_us`` show another vehicle, and of the front those
    after ``seen_until_us`` too.
    ``record`` stays until the ledger has answered for it; ``on_deck`` is the passage whose on-deck
    interval runs (0: none), which the ledger keeps for a restart; ``recall`` one that is over, of
    which the ledger is to say what it has.  ``degraded`` allows the scale to weigh on the remaining
    cells; ``cells_cleared`` is the number of the record that last asked it to forget its cell
    faults.
    """

    booms: tuple[BoomCommand, BoomCommand] = (BoomCommand.HOLD, BoomCommand.HOLD)
    approach_lamps: tuple[Lamp, Lamp] = (Lamp.RED, Lamp.RED)
    deck_lamps: tuple[Lamp, Lamp] = (Lamp.RED, Lamp.RED)
    sign: Sign = Sign()
    passage_id: int = 0
    entry: End | None = None
    lookup: str = ""
    proposal: str = ""
    capture: bool = False
    capture_rear: bool = False
    seen_from_us: int = 0
    seen_until_us: int | None = None
    zero: bool = False
    degraded: bool = False
    cells_cleared: int = 0
    record: RecordIntent | None = None
    on_deck: int = 0
    recall: int = 0
    alarms: tuple[int, ...] = ()
