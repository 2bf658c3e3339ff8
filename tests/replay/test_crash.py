"""A scan that ends in a programming error: outputs safe, evidence on disk, and replay shows it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from day_rig import lane_in
from typer.testing import CliRunner

import controller.replay as core_replay
import controller.scan as scan_module
from controller import blackbox
from controller.blackbox import BUNDLE, CRASH_FILE, KEPT_MAX
from controller.cli import app
from controller.core.images import InputImage, OutputImage
from controller.core.kinds import Phase
from controller.core.lane import step
from controller.core.passage import Lane
from controller.core.settings import LaneSettings
from controller.scan import Scan
from hal.ports import Drive
from protocol.files import Files
from sim.run import simulate
from sim.world import Yard

RUN = CliRunner()
UNTIL_US = 120_000_000


def buggy(lane: Lane, inputs: InputImage, settings: LaneSettings) -> tuple[Lane, OutputImage]:
    """A core with a bug in it: it does not get a vehicle weighed."""
    if lane.phase == Phase.WEIGHING and inputs.weight.weight_g is not None:
        limits: dict[str, int] = {}
        try:
            limits["rear axle"]
        except KeyError as error:
            raise ArithmeticError("no limit for this axle") from error
    return step(lane, inputs, settings)


def run_until_it_breaks(folder: Path) -> tuple[Scan, Yard, Exception]:
    yard = Yard.from_scenario("legal", seed=3)
    yard.paint = False
    lane = lane_in(yard, folder)
    with pytest.raises(Exception) as caught:
        simulate(lane, yard, until_us=UNTIL_US)
    lane.bookkeeper.close()
    return lane, yard, caught.value


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has broken."""
    folder = tmp_path_factory.mktemp("broken")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(scan_module, "step", buggy)
        _, _, error = run_until_it_breaks(folder)
    assert isinstance(error, ArithmeticError)
    return folder


@pytest.fixture
def bundle(broken: Path, tmp_path: Path) -> Path:
    """Its bundle, to spoil."""
    return Path(shutil.copytree(next(broken.glob(f"{BUNDLE}*")), tmp_path / "bundle"))


def test_the_outputs_are_safe_before_the_evidence_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_with_a_boom_going_up(
        lane: Lane, inputs: InputImage, settings: LaneSettings
    ) -> tuple[Lane, OutputImage]:
        if lane.phase == Phase.BOARDING:
            assert yards[-1].booms[0].level == Drive.RAISE
            raise ArithmeticError("in the worst moment")
        return step(lane, inputs, settings)

    monkeypatch.setattr(scan_module, "step", breaks_with_a_boom_going_up)
    seen: list[tuple[Any, ...]] = []
    keep = blackbox.BlackBox.keep

    def watched(self: blackbox.BlackBox, *about: Any, **more: Any) -> str:
        yard = yards[-1]
        seen.append((*(boom.level for boom in yard.booms), *yard.deck_green, *yard.approach_green))
        return keep(self, *about, **more)

    monkeypatch.setattr(blackbox.BlackBox, "keep", watched)
    yards: list[Yard] = []
    init = Yard.__init__

    def noted(self: Yard, *about: Any, **more: Any) -> None:
        init(self, *about, **more)
        yards.append(self)

    monkeypatch.setattr(Yard, "__init__", noted)
    _, _, error = run_until_it_breaks(tmp_path)
    assert isinstance(error, ArithmeticError)
    assert seen == [(Drive.HOLD, Drive.HOLD, False, False, False, False)]
    assert "evidence bundle" in " ".join(error.__notes__)


def test_a_bundle_says_what_happened_and_replay_shows_the_same_error(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = json.loads((bundle / CRASH_FILE).read_text())
    assert crash["causes"][0] == {"type": "KeyError", "text": "'rear axle'"}
    assert crash["causes"][-1] == {"type": "ArithmeticError", "text": "no limit for this axle"}
    assert crash["phase"] == "WEIGHING"
    assert "buggy" in crash["traceback"]
    assert crash["software"].startswith("steelyard ")
    monkeypatch.setattr(core_replay, "step", buggy)
    shown = RUN.invoke(app, ["replay", str(bundle)])
    assert shown.exit_code == 1
    assert "ArithmeticError: no limit for this axle" in shown.stdout
    assert "first cause: KeyError" in shown.stdout
    assert "run again: the same error" in shown.stdout


def test_a_program_without_the_bug_no_longer_fails(bundle: Path) -> None:
    shown = RUN.invoke(app, ["replay", str(bundle), "--json"])
    assert shown.exit_code == 0
    found = json.loads(shown.stdout)
    assert found["ending"] == "no error any more"
    assert found["today"] is None
    assert found["scans"] > 500


def test_another_error_is_not_taken_for_the_same(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worse(lane: Lane, inputs: InputImage, settings: LaneSettings) -> tuple[Lane, OutputImage]:
        try:
            return buggy(lane, inputs, settings)
        except ArithmeticError as error:
            raise RecursionError("another one") from error

    monkeypatch.setattr(core_replay, "step", worse)
    shown = RUN.invoke(app, ["replay", str(bundle)])
    assert shown.exit_code == 1
    assert "run again: another error" in shown.stdout
    assert "today: RecursionError: another one" in shown.stdout


def test_an_error_around_the_core_is_said_to_lie_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unshowable(*about: Any) -> Any:
        if len(asked) > 100:
            raise LookupError("a sign with a bug")
        asked.append(1)

    asked: list[int] = []
    monkeypatch.setattr(scan_module, "page_for", unshowable)
    run_until_it_breaks(tmp_path)
    shown = RUN.invoke(app, ["replay", str(next(tmp_path.glob(f"{BUNDLE}*")))])
    assert shown.exit_code == 1
    assert "the error lies outside the core" in shown.stdout


def test_the_first_bundle_and_the_newest_are_kept(
    tmp_path: Path,
) -> None:
    lane = lane_in(Yard.from_scenario("legal", seed=3), tmp_path)
    for number in range(7):
        note = lane._black_box.keep(ValueError(f"no. {number}"), lane.lane, None, in_core=False)
        assert note.startswith("evidence bundle")
    kept = sorted(tmp_path.glob(f"{BUNDLE}*"))
    assert [path.name for path in kept] == [f"{BUNDLE}{n:04d}" for n in (1, 5, 6, 7)]
    assert len(kept) == KEPT_MAX
    assert "no. 6" in (kept[-1] / CRASH_FILE).read_text()
    lane.bookkeeper.close()


def test_a_bundle_that_cannot_be_written_hides_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*about: Any) -> Any:
        raise OSError(28, "No space left on device")

    lane = lane_in(Yard.from_scenario("legal", seed=3), tmp_path)
    monkeypatch.setattr(Files, "write_new", full)
    note = lane._black_box.keep(ValueError("the error"), lane.lane, None, in_core=False)
    assert "No space left" in note
    monkeypatch.undo()
    lane.bookkeeper.close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda b: (b / CRASH_FILE).write_text("{"), "not the account of a crash"),
        (lambda b: (b / "1.journal").unlink(), "1.journal"),
        (lambda b: (b / "1.journal").write_bytes(b"SYJ"), "not a journal"),
        (lambda b: (b / "settings.settings").write_bytes(b"SYS\x01"), "settings"),
    ],
)
def test_a_spoilt_bundle_is_refused_in_words(bundle: Path, spoil: Any, words: str) -> None:
    spoil(bundle)
    shown = RUN.invoke(app, ["replay", str(bundle)])
    assert shown.exit_code == 1
    assert words in shown.stderr


def test_a_bundle_of_a_newer_program_is_said_to_be_newer(bundle: Path) -> None:
    crash = json.loads((bundle / CRASH_FILE).read_text())
    (bundle / CRASH_FILE).write_text(json.dumps({**crash, "format": 9}))
    shown = RUN.invoke(app, ["replay", str(bundle)])
    assert shown.exit_code == 1
    assert "newer" in shown.stderr
