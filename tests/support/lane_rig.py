"""Rig for core tests: arbitrary input images, and an ideal plant that obeys the outputs."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from msgspec.structs import replace

from controller.core.images import (
    Boom,
    Degraded,
    EndInputs,
    InputImage,
    LedgerFact,
    OutputImage,
    Permit,
    PlateRead,
    Recalled,
    RecordIntent,
    Request,
    Sensor,
    Stay,
    Vehicle,
    WallTime,
    Weight,
)
from controller.core.interlock import interlock
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    ClockQuality,
    Decision,
    Deck,
    End,
    Lamp,
    Presence,
    RecordKind,
    RequestKind,
    View,
    WeighingStatus,
)
from controller.core.lane import step
from controller.core.passage import Lane
from controller.core.settings import SECOND, InterlockSettings, LaneSettings
from controller.core.verdict import Scale
from controller.rulebook import load_rulebook

SCAN_US = 20_000
TRAVEL_US = 2 * SECOND
INTERLOCK = InterlockSettings()
STOPPING = 401
EMPTY = Weight(deck=Deck.EMPTY, motion=False, zero_ok=True)
READY = LedgerFact(ready=True)
START = Lane(since_us=0)
QUIET = OutputImage()


def lane_settings() -> LaneSettings:
    return LaneSettings(
        book=load_rulebook(),
        scale=Scale(max_g=100_000_000, e_g=20_000),
        stopping_faults=frozenset({STOPPING}),
    )


def greens(out: OutputImage) -> int:
    return (*out.approach_lamps, *out.deck_lamps).count(Lamp.GREEN)


@dataclass
class Plant:
    """Booms that travel, a ledger that answers, sensors and a deck that a test sets."""

    now_us: int = 0
    scan: int = 0
    booms: list[Boom] = field(
        default_factory=lambda: [Boom(BoomPosition.CLOSED, 0, -TRAVEL_US)] * 2
    )
    moving_us: list[int] = field(default_factory=lambda: [0, 0])
    sensors: dict[tuple[End, str], Sensor] = field(default_factory=dict)
    weight: Weight = EMPTY
    ledger: LedgerFact = READY
    plates: tuple[PlateRead, ...] = ()
    vehicle: Vehicle | None = None
    estop: Presence = Presence.CLEAR
    faults: tuple[int, ...] = ()
    requests: tuple[Request, ...] = ()
    records: list[tuple[RecordKind, int, End | None]] = field(default_factory=list)
    intents: list[RecordIntent] = field(default_factory=list)
    ledger_answers: bool = True
    entry: End | None = None

    def inputs(self) -> InputImage:
        return InputImage(
            scan=self.scan,
            now_us=self.now_us,
            wall=WallTime(
                ms=1_795_312_800_000 + self.now_us // 1000,
                date=20261122,
                quality=ClockQuality.SYNCHRONISED,
            ),
            ends=(self._end(End.YARD), self._end(End.ROAD)),
            weight=self.weight,
            plates=self.plates,
            vehicle=self.vehicle,
            ledger=self.ledger,
            requests=self.requests,
            estop=self.estop,
            faults=self.faults,
        )

    def _end(self, end: End) -> EndInputs:
        clear = Sensor(Presence.CLEAR, 0)
        return EndInputs(
            approach=self.sensors.get((end, "approach"), clear),
            arm=self.sensors.get((end, "arm"), clear),
            beam_low=self.sensors.get((end, "beam_low"), clear),
            beam_high=self.sensors.get((end, "beam_high"), clear),
            boom=self.booms[end],
        )

    def sense(self, end: End, name: str, state: Presence) -> None:
        self.sensors[end, name] = Sensor(state, self.now_us)

    def load(self, **weight: object) -> None:
        base: dict[str, object] = {
            "deck": Deck.LOADED,
            "since_us": self.now_us,
            "status": WeighingStatus.RUNNING,
            "zero_ok": False,
        }
        self.weight = Weight(**{**base, **weight})  # type: ignore[arg-type]

    def empty(self) -> None:
        self.weight = Weight(deck=Deck.EMPTY, since_us=self.now_us, motion=False, zero_ok=True)

    def obey(self, out: OutputImage) -> None:
        """Take one output image: booms move a scan's worth, the ledger writes what is asked."""
        self.now_us += SCAN_US
        self.scan += 1
        self.requests = ()
        for end in End:
            self._move(end, out.booms[end])
        recalled = self.recalled(out.recall) if out.recall else None
        if recalled != self.ledger.recalled:
            self.ledger = replace(self.ledger, recalled=recalled)
        if not self.ledger_answers:
            return
        if out.record is not None:
            self._write(out)
        if out.on_deck != self.ledger.on_deck:
            self.entry = out.entry
            self.ledger = replace(self.ledger, on_deck=out.on_deck, stay=None)

    def recalled(self, passage_id: int) -> Recalled:
        """What the ledger has of a passage."""
        own = [(n, one) for n, one in enumerate(self.intents, 1) if one.passage_id == passage_id]
        return Recalled(
            passage_id=passage_id,
            part=len(own),
            first_seq=own[0][0] if own else None,
            accounted=any(one.kind in (RecordKind.PASSAGE, RecordKind.VOID) for _, one in own),
            voided=any(one.kind == RecordKind.VOID and one.who for _, one in own),
        )

    def _move(self, end: End, command: BoomCommand) -> None:
        boom = self.booms[end]
        if command == BoomCommand.RAISE:
            boom = Boom(boom.position, boom.since_us, self.now_us)
        target = {BoomCommand.RAISE: BoomPosition.OPEN, BoomCommand.LOWER: BoomPosition.CLOSED}
        wanted = target.get(command, boom.position)
        if wanted == boom.position:
            self.booms[end] = boom
            return
        self.moving_us[end] += SCAN_US
        arrived = self.moving_us[end] >= TRAVEL_US
        position = wanted if arrived else BoomPosition.BETWEEN
        if arrived:
            self.moving_us[end] = 0
        since = boom.since_us if position == boom.position else self.now_us
        self.booms[end] = Boom(position, since, boom.raised_us)

    def _write(self, out: OutputImage) -> None:
        intent = out.record
        assert intent is not None
        if (self.ledger.passage_id, self.ledger.part) == (intent.passage_id, intent.part):
            return
        seq = len(self.intents) + 1
        self.records.append((intent.kind, intent.passage_id, intent.permit))
        self.intents.append(intent)
        permit = self.ledger.permit if intent.service is not None else None
        if intent.permit is not None:
            by_person = intent.kind in (RecordKind.RELEASE, RecordKind.MANUAL_MOVE)
            permit = Permit(
                seq=seq, passage_id=intent.passage_id, end=intent.permit, by_person=by_person
            )
        self.ledger = replace(
            self.ledger,
            ready=True,
            passage_id=intent.passage_id,
            part=intent.part,
            seq=seq,
            permit=permit,
            next_passage_id=max(self.ledger.next_passage_id, intent.passage_id + 1),
        )

    def reopen(self) -> None:
        """What a ledger says that is opened anew: no permit, and the interval that was running."""
        running = self.ledger.on_deck
        own = [(n, one) for n, one in enumerate(self.intents, 1) if one.passage_id == running]
        seq, newest = own[-1] if own else (0, None)
        weights = [one.weight.weight_g for _, one in own if one.weight is not None]
        stay = Stay(
            passage_id=running,
            entry=self.entry,
            part=len(own),
            seq=seq,
            first_seq=own[0][0] if own else None,
            accounted=any(one.kind in (RecordKind.PASSAGE, RecordKind.VOID) for _, one in own),
            decision=newest.decision if newest else Decision.HOLD,
            leave_by=newest.permit if newest else None,
            by_person=newest is not None and bool(newest.who),
            voided=any(one.kind == RecordKind.VOID and one.who for _, one in own),
            gross_g=weights[0] if weights else None,
        )
        following = max(self.ledger.next_passage_id, running + 1)
        self.ledger = LedgerFact(
            ready=True,
            next_passage_id=following,
            on_deck=running,
            stay=stay if running else None,
        )


@dataclass
class Rig:
    """A lane on an ideal plant."""

    settings: LaneSettings
    plant: Plant = field(default_factory=Plant)
    lane: Lane = START
    out: OutputImage = QUIET

    def scan(self) -> OutputImage:
        inputs = self.plant.inputs()
        self.lane, wanted = step(self.lane, inputs, self.settings)
        self.out = interlock(inputs, wanted, INTERLOCK)
        self.plant.obey(self.out)
        return self.out

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds * SECOND) // SCAN_US):
            self.scan()

    def run_until(self, phase: object, seconds: float) -> None:
        for _ in range(int(seconds * SECOND) // SCAN_US):
            if self.lane.phase == phase:
                return
            self.scan()
        raise AssertionError(f"{self.lane.phase!r} after {seconds} s, wanted {phase!r}")

    def restart(self, dead_s: float = 1.5) -> None:
        """Kill the lane and start another: what was not on disk is forgotten, booms stay."""
        self.plant.reopen()
        self.plant.now_us += int(dead_s * SECOND)
        self.plant.requests = ()
        self.lane, self.out = Lane(since_us=self.plant.now_us), QUIET

    def request(self, kind: RequestKind, **about: object) -> None:
        base: dict[str, object] = {"id": 1, "kind": kind, "who": "operator 7", "why": "tested"}
        self.plant.requests = (Request(**{**base, **about}),)  # type: ignore[arg-type]


TIMES = st.one_of(
    st.integers(0, 400 * SECOND), st.integers(-(2**40), 2**62), st.sampled_from([0, SECOND])
)
MASSES = st.one_of(st.none(), st.integers(-(10**9), 10**9), st.integers(0, 110_000_000))
SMALL = st.integers(0, 6)
SENSORS = st.builds(Sensor, st.sampled_from(Presence), TIMES)
BOOMS = st.builds(Boom, st.sampled_from(BoomPosition), TIMES, TIMES)
ENDS = st.builds(
    EndInputs, approach=SENSORS, arm=SENSORS, beam_low=SENSORS, beam_high=SENSORS, boom=BOOMS
)
DEGRADED = st.builds(
    Degraded,
    cells=st.just((3,)),
    settled_us=st.one_of(st.none(), TIMES),
    weight_g=MASSES,
    u95_g=MASSES,
)
WEIGHTS = st.builds(
    Weight,
    deck=st.sampled_from(Deck),
    since_us=TIMES,
    indicated_g=MASSES,
    motion=st.booleans(),
    zero_ok=st.booleans(),
    zero_offset_g=st.integers(-(10**7), 10**7),
    weighing_id=SMALL,
    status=st.sampled_from(WeighingStatus),
    weight_g=MASSES,
    u95_g=MASSES,
    accepted_us=st.one_of(st.none(), TIMES),
    axles=st.one_of(st.none(), st.integers(-1, 12)),
    degraded=st.one_of(st.none(), DEGRADED),
    far_in=st.booleans(),
)
PLATES = st.sampled_from(["", "晋A12345", "晋B88888", "晋C1234挂", "?A12345"])
READS = st.builds(
    PlateRead,
    end=st.sampled_from(End),
    view=st.sampled_from(View),
    text=PLATES,
    char_ppm=st.lists(st.integers(0, 1_000_000), max_size=8).map(tuple),
    frames=SMALL,
    agree=SMALL,
    first_us=TIMES,
    last_us=TIMES,
    captured_us=TIMES,
    track=SMALL,
    picture_sha256=st.just(""),
    valid=st.booleans(),
)
VEHICLES = st.builds(
    Vehicle,
    plate=PLATES,
    axles=st.one_of(st.none(), st.integers(-1, 12)),
    kind=st.sampled_from([None, "truck", "train", "cart"]),
    single_drive_axle=st.sampled_from([None, True, False]),
    single_tyre_axles=st.one_of(st.none(), st.integers(-1, 9)),
    wide_tyres=st.sampled_from([None, True, False]),
    air_suspension_drive=st.sampled_from([None, True, False]),
    trailer_tandem_spacing_mm=st.one_of(st.none(), st.integers(-5, 3000)),
    licence_gvm_g=MASSES,
    licence_payload_g=MASSES,
    height_mm=MASSES,
    tare_g=MASSES,
    tare_taken_ms=st.one_of(st.none(), st.integers(-(10**15), 10**15)),
    tare_seq=st.one_of(st.none(), SMALL),
    chain_token=st.one_of(st.none(), SMALL),
    chain_previous_seq=st.one_of(st.none(), SMALL),
    chain_cycles=st.integers(0, 12),
)
STAYS = st.builds(
    Stay,
    passage_id=st.integers(1, 6),
    entry=st.sampled_from([None, *End]),
    part=SMALL,
    seq=SMALL,
    first_seq=st.one_of(st.none(), SMALL),
    accounted=st.booleans(),
    decision=st.sampled_from(Decision),
    leave_by=st.sampled_from([None, *End]),
    by_person=st.booleans(),
    gross_g=MASSES,
)
LEDGERS = st.builds(
    LedgerFact,
    ready=st.booleans(),
    passage_id=SMALL,
    part=SMALL,
    seq=SMALL,
    permit=st.one_of(
        st.none(),
        st.builds(
            Permit,
            seq=SMALL,
            passage_id=SMALL,
            end=st.sampled_from(End),
            by_person=st.booleans(),
        ),
    ),
    next_passage_id=SMALL,
    on_deck=SMALL,
    stay=st.one_of(st.none(), STAYS),
    recalled=st.one_of(
        st.none(),
        st.builds(
            Recalled,
            passage_id=SMALL,
            part=SMALL,
            first_seq=st.one_of(st.none(), SMALL),
            accounted=st.booleans(),
            voided=st.booleans(),
        ),
    ),
)
REQUESTS = st.builds(
    Request,
    id=SMALL,
    kind=st.sampled_from(RequestKind),
    who=st.sampled_from(["", "operator 7"]),
    why=st.sampled_from(["", "because"]),
    end=st.sampled_from([None, *End]),
    plate=PLATES,
    passage_id=st.one_of(st.none(), SMALL),
    detail=st.sampled_from(["", "approach", "deck", "key = 1"]),
)
IMAGES = st.builds(
    InputImage,
    scan=st.integers(0, 2**40),
    now_us=TIMES,
    wall=st.builds(
        WallTime,
        ms=st.integers(-(10**15), 10**15),
        date=st.sampled_from([0, 20261122, 19990101, -3]),
        quality=st.sampled_from(ClockQuality),
    ),
    ends=st.tuples(ENDS, ENDS),
    weight=WEIGHTS,
    plates=st.lists(READS, max_size=3).map(tuple),
    vehicle=st.one_of(st.none(), VEHICLES),
    ledger=LEDGERS,
    requests=st.lists(REQUESTS, max_size=2).map(tuple),
    estop=st.sampled_from([Presence.CLEAR, Presence.CLEAR, *Presence]),
    faults=st.lists(st.sampled_from([STOPPING, 305, 999]), max_size=2).map(tuple),
)

WANTED = st.builds(
    OutputImage,
    booms=st.tuples(st.sampled_from(BoomCommand), st.sampled_from(BoomCommand)),
    approach_lamps=st.tuples(st.sampled_from(Lamp), st.sampled_from(Lamp)),
    deck_lamps=st.tuples(st.sampled_from(Lamp), st.sampled_from(Lamp)),
    passage_id=st.integers(0, 6),
    entry=st.sampled_from([None, *End]),
    zero=st.booleans(),
)

_NOW_US = 100 * SECOND
_NEAR_SENSORS = st.one_of(
    st.just(Sensor(Presence.CLEAR, 0)),
    st.builds(Sensor, st.sampled_from(Presence), st.sampled_from([0, _NOW_US - SECOND, _NOW_US])),
)
_NEAR_BOOMS = st.builds(
    Boom, st.sampled_from(BoomPosition), st.just(0), st.sampled_from([0, _NOW_US])
)
_ABSENT = st.just(Sensor(Presence.NOT_FITTED, 0))
_BARE_ENDS = st.builds(
    EndInputs, arm=_ABSENT, beam_low=_ABSENT, beam_high=_ABSENT, boom=_NEAR_BOOMS
)
_NEAR_ENDS = st.builds(
    EndInputs,
    approach=_NEAR_SENSORS,
    arm=_NEAR_SENSORS,
    beam_low=_NEAR_SENSORS,
    beam_high=_NEAR_SENSORS,
    boom=_NEAR_BOOMS,
)
_CLEAR = st.just(Sensor(Presence.CLEAR, 0))
_CLEAR_ENDS = st.builds(
    EndInputs, approach=_CLEAR, arm=_CLEAR, beam_low=_CLEAR, beam_high=_CLEAR, boom=_NEAR_BOOMS
)
_SIDES = st.one_of(_NEAR_ENDS, _NEAR_ENDS, _CLEAR_ENDS, _BARE_ENDS)
NEAR = st.builds(
    InputImage,
    scan=st.just(0),
    now_us=st.just(_NOW_US),
    ends=st.tuples(_SIDES, _SIDES),
    weight=st.builds(
        Weight,
        deck=st.sampled_from(Deck),
        motion=st.booleans(),
        zero_offset_g=st.sampled_from([0, 5_000_000]),
    ),
    ledger=LEDGERS,
    estop=st.sampled_from([Presence.CLEAR, Presence.CLEAR, *Presence]),
)
"""Images close to a lane at work, in which single faults show."""
