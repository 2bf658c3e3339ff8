"""The page of a run says what happened in it, the same each time, whatever its texts hold."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

import controller.scan
from controller.core.images import InputImage, OutputImage
from controller.core.interlock import interlock
from controller.core.kinds import BoomCommand, Presence
from controller.core.settings import InterlockSettings
from controller.scan import Scan
from protocol.record import Record
from sim.explore.outcome import Ride, meaning
from sim.explore.page.bars import bars_of
from sim.explore.page.draw import draw, run
from sim.explore.page.telling import told_plan
from sim.explore.page.track import Line, Steps
from sim.explore.plan import Plan
from sim.explore.ride import ride
from sim.world import Yard

HOSTILE = "</script><script>alert(1)</script><!-- \u2028 \N{RIGHT-TO-LEFT OVERRIDE}"
SMALL = Plan(
    seed=3,
    table={
        "day": {"title": HOSTILE, "begins": "2026-11-22 23:59"},
        "truck": [{"configuration": "2-axle truck", "weighs": "legal"}],
        "person": [{"end": "road", "from": "30 s", "until": "34 s"}],
        "fault": [{"device": "yard.beam_low", "kind": "flapping", "from": "2 s", "until": "6 s"}],
        "kill": [{"at": "8 s", "dead": "1.5 s"}],
        "request": [{"kind": "clear_cells", "who": "李", "why": HOSTILE, "at": "3 s"}],
    },
)


class Drawn(Struct, frozen=True):
    """A page, what is embedded in it, and the ride that it shows."""

    text: str
    data: dict[str, Any]
    ride: Ride


def drawn(plan: Plan, path: Path) -> Drawn:
    one = draw(plan, path)
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="run">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return Drawn(text, json.loads(found[1]), one)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return drawn(SMALL, tmp_path_factory.mktemp("page") / "sub" / "page.html")


class Seen:
    """What another watcher of the same ride has seen."""

    def __init__(self) -> None:
        self.phases: list[tuple[int, str]] = []
        self.beam: list[tuple[int, int]] = []
        self.fronts_cm: dict[int, int] = {}
        self.records: list[Record] = []
        self.ride = ride(SMALL, self.watch, self.records.extend)

    def watch(self, yard: Yard, lane: Scan, inputs: InputImage, outputs: OutputImage) -> None:
        now_ms = yard.now_us // 1000
        _put(self.phases, now_ms, lane.lane.phase.name)
        _put(self.beam, now_ms, int(inputs.ends[0].beam_low.state))
        if yard.drivers[0].vehicle.present:
            self.fronts_cm[now_ms] = round(yard.drivers[0].vehicle.s_m * 100)


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen()


def _put(track: list[tuple[int, Any]], at_ms: int, value: Any) -> None:
    if not track or track[-1][1] != value:
        track.append((at_ms, value))


def changes(track: dict[str, Any]) -> list[tuple[int, Any]]:
    values = [track["w"][i] for i in track["v"]] if "w" in track else track["v"]
    return list(zip(accumulate(track["t"]), values, strict=True))


def test_a_page_shows_what_happened(small: Drawn, seen: Seen) -> None:
    data = small.data
    # Taking it all down changes nothing.
    assert small.ride.digest == seen.ride.digest
    assert changes(data["steps"]["phase"]) == seen.phases
    assert changes(data["steps"]["yard.beam_low.said"]) == seen.beam
    assert {0, 1, 2} == {state for _, state in seen.beam}
    kept = [(r.seq, r.kind.name, r.plate) for r in seen.records]
    assert [(r["seq"], r["kind"], r.get("plate")) for r in data["records"]] == kept
    weighed = [r.weighing.gross_g for r in seen.records if r.weighing is not None]
    assert [r["gross_g"] for r in data["records"] if "gross_g" in r] == weighed != []
    assert all(r["instant"] <= r["at"] <= data["end"] for r in data["records"])
    assert data["gaps"] == [[8000, 9500, "dead"]]
    assert data["findings"] == []


def test_a_vehicle_is_drawn_within_two_centimetres(small: Drawn, seen: Seen) -> None:
    (stay,) = small.data["vehicles"][0]["stays"]
    parts = [(list(accumulate(p["t"])), list(accumulate(p["v"]))) for p in stay["path"]]
    assert len(parts) == 2
    assert sum(len(times) for times, _ in parts) < len(seen.fronts_cm) / 5
    for at_ms, front_cm in seen.fronts_cm.items():
        times, values = parts[0] if at_ms < 9000 else parts[1]
        assert abs(_on(times, values, at_ms) - front_cm) <= 2.001
    record = next(r for r in small.data["records"] if "gross_g" in r)
    assert abs(record["gross_g"] - stay["mass_g"]) < 40_000


def _on(times: list[int], values: list[int], at_ms: int) -> float:
    assert times[0] <= at_ms <= times[-1]
    i = max(j for j, t in enumerate(times) if t <= at_ms)
    if times[i] == at_ms:
        return values[i]
    share = (at_ms - times[i]) / (times[i + 1] - times[i])
    return values[i] + share * (values[i + 1] - values[i])


def test_people_faults_and_deaths_stand_as_the_plan_has_them(small: Drawn) -> None:
    bars = {bar["list"]: bar for bar in small.data["bars"]}
    assert (bars["fault"]["from"], bars["fault"]["until"]) == (2000, 6000)
    assert (bars["kill"]["from"], bars["kill"]["until"]) == (8000, 9500)
    assert (bars["person"]["from"], bars["person"]["until"]) == (30_000, 34_000)
    asked = [mark for mark in small.data["marks"] if mark["what"] == "request"]
    assert [(mark["kind"], mark["who"], mark["why"]) for mark in asked[:1]] == [
        ("clear_cells", "李", HOSTILE)
    ]
    accepted = [mark for mark in small.data["marks"] if mark["what"] == "accepted"]
    assert accepted
    assert all(abs(one["g"] - one["true_g"]) <= one["u95_g"] + 20_000 for one in accepted)


def test_no_text_of_a_plan_becomes_markup(small: Drawn) -> None:
    assert small.text.count("</script>") == small.text.count("<script") == 2
    assert "<script>alert" not in small.text
    assert "&lt;/script&gt;" in small.text
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in small.text.split('id="run"', maxsplit=1)[0]


def test_nothing_is_fetched_and_the_page_is_small(small: Drawn) -> None:
    assert "default-src 'none'" in small.text
    assert not re.search(r"https?://|@import|url\(|\bsrc=|\bfetch\(|XMLHttp", small.text)
    assert len(small.text.encode()) < 200_000


def test_equal_plans_give_equal_bytes_in_another_process(small: Drawn, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from test_explore_page import SMALL, draw; "
    code += "draw(SMALL, Path(sys.argv[1]))"
    path = tmp_path / "page.html"
    subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(Path(__file__).parent)},
        check=True,
    )
    assert hashlib.sha256(path.read_bytes()).digest() == _sha256(small.text)


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_findings_stand_on_the_page_with_what_must_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def planted(
        inputs: InputImage, wanted: OutputImage, settings: InterlockSettings
    ) -> OutputImage:
        if inputs.ends[0].beam_high.state == Presence.BLOCKED:
            return replace(wanted, booms=(BoomCommand.LOWER, wanted.booms[1]))
        return interlock(inputs, wanted, settings)

    monkeypatch.setattr(controller.scan, "interlock", planted)
    plan = Plan(seed=3, table={"truck": SMALL.table["truck"]})
    path = tmp_path / "page.html"
    assert not run(plan, path, as_json=True)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said[-1]["findings"] == len(said) - 1 > 0
    text = path.read_text(encoding="utf-8").split('id="run"', maxsplit=1)[0]
    for line in said[:-1]:
        assert f'data-at="{round(line["at_s"] * 1000)}"' in text
    assert "I2" in {line["check"] for line in said[:-1]}
    assert meaning("I2") in text


def test_many_seeds_are_no_page(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give --seed S or --file"):
        run(None, tmp_path / "page.html")


def test_a_plan_is_told_in_words() -> None:
    table = SMALL.table | {"hand": [{"end": "road", "from": "20 s after vehicle 1 stands"}]}
    said = " ".join(told_plan(table))
    for part in (
        "Begins 2026-11-22 23:59",
        "1 truck: legal, configuration 2-axle truck.",
        "1 fault: yard.beam_low flapping.",
        "1 death of the process: at 8 s, dead 1.5 s.",
        "1 hand: road 20 s after vehicle 1 stands.",
        "1 request: clear_cells.",
    ):
        assert part in said
    twice = " ".join(told_plan({"truck": SMALL.table["truck"] * 2}))
    assert "2 trucks: legal, configuration 2-axle truck (2)." in twice


def test_lists_that_a_plan_may_learn_are_drawn_too() -> None:
    table = {
        "disk": [{"kind": "full", "from": "2 s", "until": "1 min"}],
        "comet": [{"at": "5 s", "lasts": "500 ms"}, {"at": "4 m", "from": "7 s"}],
        "found": {"seed": 1},
    }
    disk, comet, thing = bars_of(table)
    assert (disk["list"], disk["from"], disk["until"]) == ("disk", 2000, 60_000)
    assert (comet["from"], comet["until"]) == (5000, 5500)
    assert (thing["from"], thing["x"], "until" in thing) == (7000, 4.0, False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(-300, 300)), min_size=1, max_size=80),
    st.integers(0, 30),
)
def test_a_line_never_leaves_a_point_by_more_than_its_error(
    moves: list[tuple[int, int]], error: int
) -> None:
    times = list(accumulate(t for t, _ in moves))
    values = list(accumulate(v for _, v in moves))
    line = Line(error)
    for t, v in zip(times, values, strict=True):
        line.put(t, v)
    (part,) = line.told()
    kept_t, kept_v = list(accumulate(part["t"])), list(accumulate(part["v"]))
    for t, v in zip(times, values, strict=True):
        assert abs(_on(kept_t, kept_v, t) - v) <= error + 1e-6
    assert set(zip(kept_t, kept_v, strict=True)) <= set(zip(times, values, strict=True))


def test_steps_keep_changes_only() -> None:
    track = Steps()
    for t, value in ((0, None), (20, None), (40, "a"), (60, "a"), (80, None)):
        track.put(t, value)
    assert changes(track.told()) == [(0, None), (40, "a"), (80, None)]
