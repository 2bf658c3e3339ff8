"""Small parts of a record: its number, axle groups, pictures' sizes, the basis of a weight."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from report_rig import passage, png

from board.profile import read_profile
from controller.core.images import RecordIntent, WallTime, Weight
from controller.core.kinds import ClockQuality, End, RecordKind
from controller.core.verdict import Facts
from controller.recorder import Evidence, evidence_in, to_record
from controller.recording.basis import basis_of, parameters_of
from controller.recording.identity import identity_in, identity_of
from controller.recording.plates import picture_of
from controller.recording.sizes import main, sizes_of
from controller.recording.times import code_of, times_of
from controller.recording.vehicle import axles_of
from protocol import parts
from protocol.media import Blob
from protocol.parts import Weighing
from protocol.record import decode, encode
from sensors.weighing import Basis

WALL = WallTime(
    ms=1_795_305_624_600, date=20261122, quality=ClockQuality.SYNCHRONISED, offset_min=480
)
ONCE = settings(max_examples=100, deadline=None, derandomize=True)


def intent(passage_id: int = 7, part: int = 1, **about: object) -> RecordIntent:
    fields: dict[str, object] = {
        "kind": RecordKind.PASSAGE,
        "passage_id": passage_id,
        "part": part,
        "entry": End.YARD,
        "started_us": 1,
        "decided_us": 2,
        "wall": WALL,
    }
    return RecordIntent(**{**fields, **about})  # type: ignore[arg-type]


def test_the_number_reads_as_station_time_lane_and_serial() -> None:
    assert code_of("140981001", "3", intent()) == "1409810012026112208002403000007"
    assert code_of("S", "3", intent(part=2)) == "S2026112208002403000007-2"
    unknown = replace(WALL, quality=ClockQuality.UNKNOWN)
    assert code_of("S", "12", intent(wall=unknown)) == "S" + "0" * 14 + "12000007"


@ONCE
@given(
    st.lists(
        st.tuples(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(0, 4 * 10**12)),
        min_size=2,
        max_size=6,
        unique_by=lambda named: named[:2],
    )
)
def test_no_two_records_of_a_lane_have_one_number(named: list[tuple[int, int, int]]) -> None:
    codes = [code_of("S", "1", intent(p, n, wall=replace(WALL, ms=ms))) for p, n, ms in named]
    assert len(set(codes)) == len(codes)


@ONCE
@given(st.integers(0, 253_000_000_000_000), st.integers(-(2**40), 2**40))
def test_any_clock_gives_a_number_and_times_that_a_record_takes(ms: int, offset_min: int) -> None:
    odd = intent(wall=replace(WALL, ms=ms, offset_min=offset_min))
    code = code_of("站" * 80, "1", odd)
    record = passage(7, code=code, times=times_of(odd))
    assert decode(encode(record)) == record


@pytest.mark.parametrize(
    ("count", "offsets_mm", "said"),
    [
        (6, (0, 3300, 4650, 10_000, 11_300, 12_600), "1+2+3"),
        (2, (0, 1800), "2"),
        (2, (0, 1801), "1+1"),
        (3, (0, 4200), None),
        (None, (0, 4200), None),
        (0, (), None),
    ],
)
def test_axles_stand_in_groups_where_all_were_measured(
    count: int | None, offsets_mm: tuple[int, ...], said: str | None
) -> None:
    weight = Weight(axles=count, axle_offsets_mm=offsets_mm)
    found = axles_of(intent(weight=weight, facts=Facts(axles=count)))
    assert found is not None
    assert found.axle_type == said


def test_a_number_of_axles_that_no_vehicle_has_is_not_known() -> None:
    identity = identity_of(read_profile("sim"))
    for count in (-1, 0, 65):
        record = to_record(intent(facts=Facts(axles=count)), identity, Evidence())
        assert record.axles is not None
        assert record.axles.count is None
        assert decode(encode(record)) == record


def test_a_picture_says_its_size_where_it_is_one() -> None:
    blob = Blob(kind="plate", data=png(3))
    picture = picture_of(blob)
    assert picture.sha256 == blob.sha256
    assert (picture.width_px, picture.height_px) == (
        int.from_bytes(blob.data[16:20], "big"),
        int.from_bytes(blob.data[20:24], "big"),
    )
    for data in (b"no picture", blob.data[:20], blob.data[:16] + b"\xff" * 8):
        assert picture_of(Blob(kind="plate", data=data)).width_px is None


_US = st.integers(0, 2**50)
_MILLI = st.one_of(st.none(), st.integers(-40_000, 70_000))
BASES = st.builds(
    Basis,
    method=st.just("modal"),
    version=st.just("1"),
    parameters=st.just((("oscillators", 3), ("grid_us", 50_000))),
    load_since_us=_US,
    stopped_us=st.one_of(st.none(), _US),
    from_us=_US,
    to_us=_US,
    estimate_g=st.integers(0, 10**8),
    creep_g=st.integers(-(10**5), 10**5),
    temperature_mc=_MILLI,
    zeroed_mc=_MILLI,
)


@ONCE
@given(BASES)
def test_the_basis_comes_out_of_the_record_again(basis: Basis) -> None:
    weighing = Weighing(
        gross_g=1,
        estimator=basis.method,
        estimator_version=basis.version,
        parameters=parameters_of(basis),
        stable_from_us=basis.stopped_us,
        stable_to_us=basis.to_us,
    )
    assert basis_of(weighing) == basis


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"estimator": None}, "no estimator"),
        ({"parameters": ()}, "no load_since_us"),
        ({"stable_to_us": None}, "no stable_to_us"),
    ],
)
def test_a_record_without_a_basis_says_what_is_missing(about: dict[str, object], said: str) -> None:
    whole = Weighing(
        gross_g=1,
        estimator="modal",
        parameters=(("load_since_us", 1), ("window_from_us", 2)),
        stable_to_us=3,
    )
    with pytest.raises(ValueError, match=said):
        basis_of(replace(whole, **about))


def test_a_record_is_made_again_from_its_intent_and_itself() -> None:
    identity = identity_of(read_profile("sim"))
    weight = Weight(weight_g=20_000, accepted_us=5, zero_offset_g=0)
    wanted = intent(
        weight=weight, facts=Facts(axles=2), second="赵", who="王", why="w", tare_seq=3, tare_g=2,
        tare_taken_ms=4,
    )  # fmt: skip
    evidence = Evidence(curve=((1, 2), (3, 4)), raw=b"counts", pictures=())
    record = to_record(wanted, identity, evidence)
    again = identity_in(record, identity.tare_expiry_ms)
    assert to_record(wanted, again, evidence_in(record)) == record
    assert record.person == parts.Person(who="王", why="w", second="赵")


def test_curve_and_counts_belong_to_the_first_record_of_a_stay() -> None:
    identity = identity_of(read_profile("sim"))
    weight = Weight(weight_g=20_000, accepted_us=5)
    evidence = Evidence(curve=((1, 2),), raw=b"counts")
    for part, there in ((1, True), (2, False)):
        record = to_record(intent(part=part, weight=weight), identity, evidence)
        assert record.weighing is not None
        assert (record.weighing.raw is not None, record.curve is not None) == (there, there)


def test_sizes_are_medians_of_weighed_passages() -> None:
    small, large = passage(1), passage(2, software="s" * 60)
    weighing = small.weighing
    assert weighing is not None
    counted = replace(small, weighing=replace(weighing, raw=bytes(1000)))
    void = passage(3, kind=parts.Kind.VOID, void="left", weighing=None)
    found = sizes_of([small, counted, large, void])
    assert found.records == 3
    assert len(encode(small)) <= found.record_bytes <= len(encode(counted))
    assert found.bare_bytes < found.without_counts_bytes
    assert found.without_curve_bytes < found.record_bytes
    assert sizes_of([void]).records == 0


def test_sizes_of_no_ledger_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(tmp_path) == 1
    assert "ledger.sqlite" in capsys.readouterr().err
