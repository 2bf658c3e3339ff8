"""The whole lane with an indicator on the simulated yard in place of cells, judged as any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_rig import KEY
from msgspec.structs import replace

from board.build import build
from board.profile import read_profile
from controller.assembly import assemble
from controller.commands.replay import checked
from controller.core.faults import Fault
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Deck, WeighingStatus
from controller.explain.proof import frame_rows
from controller.recording.reweighing import weight_of_frames
from controller.replayrecord import Result
from hal.bus import Bus
from hal.ports import DeviceFault, Indication, IndicationState, Indicator
from protocol.frames import FRAMES, unpack_frames
from protocol.ledger import Ledger
from protocol.parts import Outcome
from protocol.record import Record
from sim.checker import Checker
from sim.faults import Amounts
from sim.finding import Finding
from sim.instrument import Face, Instrument
from sim.reader import StochasticReader
from sim.run import simulate
from sim.scenario import deal
from sim.world import Yard

HOUR_US = 3_600_000_000
Watch = Callable[[Yard, InputImage], None]


class Run:
    """One finished run: its yard, findings, records, and every fault that was seen."""

    def __init__(self, day: str | Yard, seed: int, out: Path, watch: Watch | None = None) -> None:
        self.yard = Yard.from_scenario(day, seed) if isinstance(day, str) else day
        self.yard.paint = False
        self.faults: set[int] = set()
        self.statuses: set[WeighingStatus] = set()
        bus = Bus()
        bus.share("yard", lambda: self.yard)
        reader = StochasticReader(self.yard)
        scan = assemble(build(read_profile("sim-indicator"), bus), out, reader, key=KEY)
        checker = Checker(self.yard)

        def seen(inputs: InputImage, _outputs: OutputImage) -> None:
            self.faults.update(inputs.faults)
            self.statuses.add(inputs.weight.status)
            if watch is not None:
                watch(self.yard, inputs)

        self.done = simulate(scan, self.yard, checker=checker, until_us=HOUR_US, watch=seen)
        scan.bookkeeper.close()
        with Ledger.open(out / "ledger.sqlite", read_only=True) as ledger:
            self.records: list[Record] = list(ledger.records())
            hashes = ledger.hashes()
        self.digest = scan.digest
        self.findings: tuple[Finding, ...] = checker.finish(self.records, hashes)

    def outcomes(self) -> list[Outcome]:
        return [r.decision.outcome for r in self.records if r.decision is not None]

    def held_to_truth(self) -> None:
        assert self.done
        assert [str(finding) for finding in self.findings] == []


def in_trouble(kind: str, rate: float, after_us: int, until_us: int) -> Watch:
    """The indicator in trouble for a while after the deck first bore a vehicle."""
    loaded_us: list[int] = []

    def watch(yard: Yard, inputs: InputImage) -> None:
        if inputs.weight.deck == Deck.LOADED and not loaded_us:
            loaded_us.append(inputs.now_us)
        since_us = inputs.now_us - loaded_us[0] if loaded_us else -1
        there = yard.fault_of("indicator") is not None
        if after_us <= since_us < until_us and not there:
            yard.fault("indicator", kind, Amounts(rate=rate))
        elif there and since_us >= until_us:
            yard.heal("indicator")

    return watch


def test_passages_by_an_indicator_are_weighed_released_and_sent_back(tmp_path: Path) -> None:
    """Two passages of an overloaded truck, as it comes and as it comes back."""
    run = Run("overloaded_reweigh", 5, tmp_path)
    run.held_to_truth()
    assert run.outcomes() == [Outcome.RETURN, Outcome.RELEASE]
    for record in run.records:
        weighing = record.weighing
        if weighing is None:
            continue
        assert (weighing.estimator, weighing.gross_g) == ("indicator", weighing.estimate_g)
        assert weighing.raw is not None
        frames = unpack_frames(weighing.raw)
        shown = f"ST,GS,{weighing.gross_g // 1000:+08d}kg\r\n".encode()
        assert shown in [frame.raw for frame in frames]
        assert weight_of_frames(weighing) == weighing.gross_g
        assert FRAMES in [medium.kind for medium in record.media]
        assert "称重仪表" not in str(record.flags)
        rows = list(frame_rows(record))
        assert len(rows) == len(frames)
        assert "ST,GS" in str(rows[-1][2])
    replayed = [one for one in checked(tmp_path) if one.result is not Result.OWN]
    assert {one.result for one in replayed} == {Result.IDENTICAL}


def test_two_runs_of_one_seed_are_the_same_and_their_frames_are_held_to(tmp_path: Path) -> None:
    one, two = (Run("legal", 6, tmp_path / name) for name in ("a", "b"))
    one.held_to_truth()
    assert one.digest == two.digest
    assert one.records == two.records
    weighing = next(r.weighing for r in one.records if r.weighing is not None)
    assert dict(weighing.parameters)["readings"] == 10
    other = replace(weighing, parameters=(("readings", 99), *weighing.parameters[1:]))
    with pytest.raises(ValueError, match="its frames are no weight"):
        weight_of_frames(other)


def test_a_driver_who_rocks_gets_no_weight_while_he_does(tmp_path: Path) -> None:
    """He rolls to and fro after he has stood; what was taken of him meanwhile is taken back."""
    truck = {"configuration": "3-axle truck", "weighs": "legal", "driver": "rocks the deck"}
    run = Run(Yard(7, *deal({"truck": [truck]}, 7)), 7, tmp_path)
    run.held_to_truth()
    assert WeighingStatus.WITHDRAWN in run.statuses
    assert run.outcomes()[-1] is Outcome.RELEASE


def test_a_silent_indicator_weighs_nobody_and_comes_back(tmp_path: Path) -> None:
    run = Run("legal", 5, tmp_path, in_trouble("silent", 0.0, 5_000_000, 15_000_000))
    run.held_to_truth()
    assert int(Fault.INDICATOR_SILENT) in run.faults
    assert all(r.weighing is None for r in run.records)


@pytest.mark.parametrize(("kind", "rate"), [("lies", 0.05), ("loses frames", 0.2)])
def test_no_lie_of_the_indicator_comes_into_a_record(
    kind: str, rate: float, tmp_path: Path
) -> None:
    """The checker holds every recorded weight to the truth, and every release to the law."""
    run = Run("legal", 5, tmp_path, in_trouble(kind, rate, 1_000_000, 30_000_000))
    run.held_to_truth()
    assert any(r.weighing is not None for r in run.records)


def test_an_indicator_that_freezes_while_a_vehicle_boards_gives_no_false_weight(
    tmp_path: Path,
) -> None:
    """It goes on to the true load in one step: that is told, whoever is to blame."""
    truck = {"configuration": "6-axle train", "weighs": "legal"}
    stuck = {"device": "indicator", "kind": "stuck", "from": "17.4 s", "until": "46.4 s"}
    run = Run(Yard(5, *deal({"truck": [truck], "fault": [stuck]}, 5)), 5, tmp_path)
    run.held_to_truth()
    assert int(Fault.WEIGHT_STEP) in run.faults


def test_a_device_on_the_cable_is_found_by_the_weight_alone(tmp_path: Path) -> None:
    run = Run("k04_device_switched_on", 5, tmp_path)
    run.held_to_truth()
    assert WeighingStatus.TAMPERED in run.statuses
    assert int(Fault.WEIGHT_STEP) in run.faults


def test_the_display_does_not_depend_on_how_samples_are_read(tmp_path: Path) -> None:
    boards = []
    for step_us in (20_000, 500_000):
        board = build(read_profile("sim-indicator"))
        yard = board.bus.share("yard", lambda: None)
        indicator = board.indicator
        assert isinstance(indicator, Indicator)
        frames: list[Indication] = []
        for _ in range(5_000_000 // step_us):
            yard.advance(step_us)
            got = indicator.read()
            assert not isinstance(got, DeviceFault)
            frames += got
        boards.append(frames)
    assert boards[0] == boards[1]
    assert len(boards[0]) == 50
    assert all((f.gross_g is None) == (f.state != IndicationState.OK) for f in boards[0])
    assert boards[0][-1].raw == b"ST,GS,+0000000kg\r\n"


def test_the_instrument_shows_nothing_beyond_its_range_and_follows_its_zero() -> None:
    instrument = Instrument(60_000_000, 20_000)
    at_us = 0

    def show(load_g: float, seconds: float) -> tuple[Face, int | None, bool]:
        nonlocal at_us
        last = None
        for _ in range(round(80 * seconds)):
            at_us += 12_500
            last = instrument.take(at_us, load_g) or last
        assert last is not None
        return last.face, last.gross_g, last.motion

    assert show(4_000, 0.5)[0] == Face.STARTING
    assert show(4_000, 2) == (Face.WEIGHT, 0, False)
    assert show(18_004_000, 0.3)[2]
    assert show(18_004_000, 3) == (Face.WEIGHT, 18_000_000, False)
    assert show(60_400_000, 3)[:2] == (Face.OVER, None)
    assert show(-500_000, 3)[:2] == (Face.UNDER, None)
    assert show(104_000, 3)[:2] == (Face.WEIGHT, 100_000)
    assert instrument.set_zero()
    assert show(104_000, 1)[:2] == (Face.WEIGHT, 0)
    assert show(5_000_000, 2)[:2] == (Face.WEIGHT, 4_900_000)
    assert not instrument.set_zero()
