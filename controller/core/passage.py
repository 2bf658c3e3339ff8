"""What the lane remembers: its phase, and the passage under way with all its evidence."""

from __future__ import annotations

from msgspec import Struct

from controller.core.images import (
    Chain,
    FrameCounts,
    Mode,
    PlateRead,
    RecordIntent,
    Request,
    Stay,
    Vehicle,
    Weight,
)
from controller.core.kinds import (
    ClockQuality,
    Decision,
    End,
    Phase,
    PlateStand,
    RequestKind,
    WayIn,
    Withdrawal,
)
from controller.core.verdict import Facts, Judgement

READS_MAX = 16
TIMELINE_MAX = 64
MISSED_MAX = 10


class Passage(Struct, frozen=True, kw_only=True):
    """One vehicle's way through the lane.

    ``entry`` is None for a vehicle that was not seen coming.  ``part`` and ``seq`` are those of
    the last durable record of this passage, ``first_seq`` that of its first; ``stored`` is the one
    that this lane was told of last.  ``intent`` is the record that the ledger still owes, ``owed``
    the reason of one to be asked for after it.
    Frames exposed before ``seen_from_us`` show another vehicle, those after ``passed_us``, when its
    front had gone past the camera, may; ``track`` is the camera's number for this one.
    ``proposal`` is what the lane read where ``plate`` is not that, or not yet.
    ``felt_us`` is since when the cells that are left feel one on a deck that a bad cell hides;
    ``way_in`` is how far it has come in by the loops, INSIDE only under a scale that says nothing.
    ``tare_*`` is the tare that was taken off, as it was known then.
    ``reached`` says that its front was seen at the far end, with nothing at its entry,
    ``shown_green`` that the boom by which it may leave has stood open since it may, ``gone_by``
    that it has gone by that one, or its front has.
    ``accounted`` says that the on-deck interval has its PASSAGE or VOID record, or is about to;
    ``voided`` that a person has said that nothing of it stands, so that no rule decides on it.
    ``taken_back``: ``weight`` does not stand; ``withdrawn`` is why, where the scale says so, and
    ``withdrawals`` how many of this stay did not.
    ``stay`` is what the disk said of this passage where it was begun before a restart.
    """

    id: int
    entry: End | None
    started_us: int
    boarded_us: int | None = None
    felt_us: int | None = None
    way_in: WayIn = WayIn.OUTSIDE
    emptied: bool = False
    reached: bool = False
    reads: tuple[PlateRead, ...] = ()
    frames: tuple[FrameCounts, ...] = ()
    seen_from_us: int = 0
    passed_us: int | None = None
    track: int | None = None
    plate: str = ""
    plate_by: str = ""
    plate_why: str = ""
    plate_second: str = ""
    plate_us: int | None = None
    proposal: str = ""
    stand: PlateStand = PlateStand.HELD
    asked: bool = False
    vehicle: Vehicle | None = None
    weight: Weight | None = None
    taken_back: bool = False
    withdrawn: Withdrawal = Withdrawal.NONE
    withdrawals: int = 0
    facts: Facts | None = None
    tare_seq: int | None = None
    tare_taken_ms: int | None = None
    tare_clock: ClockQuality = ClockQuality.UNKNOWN
    judgement: Judgement | None = None
    decision: Decision = Decision.HOLD
    reasons: tuple[str, ...] = ()
    chain: Chain | None = None
    mode: Mode | None = None
    leave_by: End | None = None
    shown_green: bool = False
    gone_by: bool = False
    by_person: bool = False
    owed: str = ""
    intent: RecordIntent | None = None
    stored: RecordIntent | None = None
    part: int = 0
    seq: int = 0
    first_seq: int | None = None
    accounted: bool = False
    voided: bool = False
    stay: Stay | None = None
    timeline: tuple[tuple[int, int], ...] = ()


class Zeroing(Struct, frozen=True):
    """A person's word to set zero: since when it counts, and whether the scale has been asked."""

    since_us: int
    asked: bool = False


class Trial(Struct, frozen=True):
    """What a person tries out by hand, since when; of lamps, at which end and towards whom."""

    kind: RequestKind
    since_us: int
    end: End | None = None
    approach: bool = False


class Lane(Struct, frozen=True, kw_only=True):
    """The whole state of the lane between two scans.

    ``since_us`` is when the phase began, ``healthy_us`` since when nothing speaks against work,
    ``cause`` the first fault kept while the lane is stopped.  By hand, ``jog`` is the boom that a
    person raises and ``lower`` the one that a person keeps asking down.  ``ignored_until_us`` says
    until when what stands at each end is no arrival: it had its chance, or has just left that way;
    ``missed`` is how many chances it had, one after the other.
    ``degraded`` is a person's word on weighing with bad cells (None: the site file's holds),
    ``service`` the record of such a word that the ledger still owes, ``cells_cleared`` the number
    of the last one that asked to forget cell faults.  ``notes`` are such records that wait for it,
    ``recall`` the word to void a passage that is over, until the ledger has said what it has of it.
    ``zeroing`` and ``trial`` are words that count now and for a short time.
    """

    since_us: int
    phase: Phase = Phase.STARTING
    outcome: str = "power up"
    healthy_us: int | None = None
    cause: int = 0
    next_id: int = 1
    passage: Passage | None = None
    jog: End | None = None
    jog_us: int = 0
    lower: End | None = None
    lower_us: int = 0
    ignored_until_us: tuple[int, int] = (0, 0)
    missed: tuple[int, int] = (0, 0)
    degraded: Mode | None = None
    service: RecordIntent | None = None
    cells_cleared: int = 0
    notes: tuple[RecordIntent, ...] = ()
    recall: Request | None = None
    zeroing: Zeroing | None = None
    trial: Trial | None = None
