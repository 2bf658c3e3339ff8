"""Whatever a lane may ask to have recorded has an encoding: a record refused would hold a truck."""

from __future__ import annotations

import functools

from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as Stage
from hypothesis import strategies as st
from lane_rig import PLATES, lane_settings

from board.profile import read_profile
from controller.core.decide import facts_of
from controller.core.images import (
    Cargo,
    Chain,
    Degraded,
    FrameCounts,
    Mode,
    PlateRead,
    RecordIntent,
    Vehicle,
    WallTime,
    Weight,
)
from controller.core.kinds import (
    ClockQuality,
    Decision,
    End,
    Phase,
    PlateStand,
    RecordKind,
    RequestKind,
    View,
)
from controller.core.rules import judge
from controller.recorder import Evidence, evidence_in, to_record
from controller.recording.identity import Identity, identity_in, identity_of
from controller.recording.plates import Picture
from protocol.parts import Service
from protocol.record import decode, encode

TIMES = st.integers(0, 2**50)
MASS = st.one_of(st.none(), st.integers(0, 110_000_000))
_LETTERS = st.characters(exclude_categories=["Cs"])
TEXT = st.one_of(st.text(_LETTERS, max_size=5), st.sampled_from(["长" * 501, "x" * 700]))
MAYBE = st.one_of(st.none(), TEXT, st.just("x" * 65))
SHA = "ab" * 32
WALLS = st.builds(
    WallTime,
    ms=st.integers(1, 4 * 10**12),
    date=st.sampled_from([20261122, 19700101]),
    quality=st.sampled_from(ClockQuality),
    offset_min=st.integers(-2000, 2000),
)
WEIGHED = st.builds(
    Weight,
    weight_g=MASS,
    estimate_g=MASS,
    u95_g=MASS,
    accepted_us=st.one_of(st.none(), TIMES),
    stable_from_us=st.one_of(st.none(), TIMES),
    estimator=st.sampled_from(["", "modal"]),
    estimator_version=st.sampled_from(["", "1"]),
    parameters=st.sampled_from([(), (("grid_us", 50_000),)]),
    zero_offset_g=st.integers(-(10**7), 10**7),
    axles=st.one_of(st.none(), st.integers(-1, 99)),
    axle_offsets_mm=st.sampled_from([(), (-3, 1_200), tuple(range(0, 80_000, 1_000))]),
    bad_cells=st.sampled_from([(), (3,)]),
    degraded=st.one_of(
        st.none(),
        st.builds(
            Degraded,
            cells=st.just((3,)),
            weight_g=MASS,
            u95_g=MASS,
            reason=TEXT,
            method=st.just(""),
        ),
    ),
)
SEEN = st.builds(
    PlateRead,
    end=st.sampled_from(End),
    view=st.sampled_from(View),
    text=PLATES,
    char_ppm=st.sampled_from([(), (990_000,) * 7, (1,) * 20]),
    frames=st.integers(0, 5_000),
    agree=st.integers(0, 5_000),
    first_us=TIMES,
    last_us=TIMES,
    captured_us=TIMES,
    track=st.integers(0, 10**6),
    picture_sha256=st.sampled_from(["", SHA]),
    ptype=st.sampled_from(["", "yellow1", "yellow_green8"]),
    ptype_ppm=st.integers(0, 1_000_000),
)
VEHICLES = st.builds(
    Vehicle,
    plate=PLATES,
    axles=st.one_of(st.none(), st.integers(0, 99)),
    kind=st.sampled_from([None, "truck", "train"]),
    single_tyre_axles=st.one_of(st.none(), st.integers(0, 99)),
    licence_gvm_g=MASS,
    licence_payload_g=MASS,
    height_mm=st.one_of(st.none(), st.integers(0, 5_000)),
    cargo=st.one_of(
        st.none(),
        st.builds(
            Cargo,
            goods=MAYBE,
            load_ticket=MAYBE,
            destination=MAYBE,
            road_permit=MAYBE,
            owner=MAYBE,
            driver_sha256=st.sampled_from([None, SHA]),
        ),
    ),
)
MODES = st.one_of(st.none(), st.just(Mode(on=True, who="王", why="cell 3 is dead")))


SERVICES = tuple(kind for kind in RequestKind if kind.name.lower() in tuple(Service))


@functools.cache
def identity() -> Identity:
    return identity_of(read_profile("sim"))


@st.composite
def intents(draw: st.DrawFn) -> RecordIntent:
    """An intent as the lane's own functions would fill it, from anything that devices may say."""
    weight, vehicle, wall = draw(WEIGHED), draw(VEHICLES), draw(WALLS)
    kind = draw(st.sampled_from(RecordKind))
    mode = draw(MODES) if weight.degraded is not None else None
    gross_g = weight.weight_g if mode is None else None
    weight = weight if mode is None else Weight(degraded=weight.degraded)
    rules = lane_settings()
    facts = judgement = None
    if gross_g is not None:
        facts = facts_of(gross_g, draw(MASS), weight, vehicle, wall, rules)
        judgement = judge(facts, rules.book)
    by_person = kind in (RecordKind.RELEASE, RecordKind.SERVICE) or draw(st.booleans())
    permit = draw(st.sampled_from([None, *End])) if mode is None or by_person else None
    decision = draw(st.sampled_from(Decision)) if mode is None or by_person else Decision.HOLD
    part = 2 if kind == RecordKind.AMENDMENT else draw(st.integers(1, 200))
    return RecordIntent(
        kind=kind,
        passage_id=draw(st.integers(1, 10**9)),
        part=part,
        entry=draw(st.sampled_from([None, *End])),
        refers_to=None if part == 1 else 1,
        started_us=draw(TIMES),
        boarded_us=draw(st.one_of(st.none(), TIMES)),
        decided_us=draw(TIMES),
        wall=wall,
        reads=draw(
            st.one_of(st.lists(SEEN, max_size=2).map(tuple), SEEN.map(lambda one: (one,) * 20))
        ),
        plate=draw(PLATES),
        plate_by=draw(st.sampled_from(["", "王"])),
        proposal=draw(PLATES),
        stand=draw(st.sampled_from(PlateStand)),
        frames=(FrameCounts(passage_id=1, end=End.YARD, taken=3),),
        weight=weight,
        tare_g=facts.tare_g if facts is not None else None,
        tare_seq=draw(st.sampled_from([None, 1])),
        tare_taken_ms=draw(st.one_of(st.none(), st.integers(0, 4 * 10**12))),
        facts=facts,
        judgement=judgement,
        decision=decision,
        reasons=(draw(TEXT) or "said",),
        permit=permit,
        move=draw(st.sampled_from(End)),
        chain=draw(st.sampled_from([None, Chain(token=1, previous_seq=1, cycle=1)])),
        who=draw(TEXT) or "王" if by_person else "",
        why=draw(TEXT) or "papers seen" if by_person else "",
        second=draw(TEXT),
        cargo=vehicle.cargo,
        mode=mode,
        service=draw(st.sampled_from(SERVICES)) if kind == RecordKind.SERVICE else None,
        detail=draw(TEXT),
        timeline=((int(Phase.WEIGHING), draw(TIMES)),),
    )


@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    phases=[Stage.explicit, Stage.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(intents(), st.booleans())
def test_it_is_encoded_and_made_again(intent: RecordIntent, pictured: bool) -> None:
    pictures = (Picture(sha256=bytes.fromhex(SHA), width_px=1, height_px=2),) if pictured else ()
    evidence = Evidence(curve=((1, 2),), raw=b"counts", pictures=pictures)
    record = to_record(intent, identity(), evidence)
    assert decode(encode(record)) == record
    again = identity_in(record, identity().tare_expiry_ms)
    assert to_record(intent, again, evidence_in(record)) == record
