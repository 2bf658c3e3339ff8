"""When a lane may be given up for another configuration, and when not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from config_rig import short_site
from msgspec.structs import replace

from controller.core.images import Weight
from controller.core.kinds import HOLD, LOWER, RAISE, Phase
from controller.recognition.inline import InlineReader
from controller.tenure import Tenure
from hal.ports import PersonRequest


@pytest.fixture(scope="module")
def tenure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenure]:
    folder = tmp_path_factory.mktemp("tenure")
    site = short_site(folder / "site")
    made = Tenure(site, site.read_bytes(), folder / "out", InlineReader(None), lambda: None)
    end_s = time.monotonic() + 30
    while made.once(0)[0] and made.lane.lane.phase != Phase.IDLE:
        assert time.monotonic() < end_s
        time.sleep(0.01)
    yield made
    assert made.close() == []
    assert made.close() == []


def rests(tenure: Tenure, back: bool = False) -> bool:
    return tenure.rests(going_back=back)


def test_an_idle_lane_rests_and_one_that_is_by_hand(tenure: Tenure) -> None:
    idle = tenure.lane.lane
    assert rests(tenure)
    for phase in Phase:
        tenure.lane.lane = replace(idle, phase=phase)
        standing = phase in (Phase.STARTING, Phase.FAULTED, Phase.EMERGENCY)
        assert rests(tenure) == (phase in (Phase.IDLE, Phase.MANUAL))
        assert rests(tenure, back=True) == (rests(tenure) or standing)
    tenure.lane.lane = idle


@pytest.mark.parametrize("back", [False, True])
def test_what_is_owed_keeps_it(tenure: Tenure, back: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    idle, books, outputs = tenure.lane.lane, tenure.lane.bookkeeper, tenure.lane.outputs
    intent: Any = object()
    monkeypatch.setitem(books._pending, (9, 1), intent)
    assert books.owes
    assert not rests(tenure, back)
    monkeypatch.undo()
    for owed in (replace(idle, notes=(intent,)), replace(idle, service=intent)):
        tenure.lane.lane = owed
        assert not rests(tenure, back)
    tenure.lane.lane = idle
    tenure.lane.outputs = replace(outputs, record=intent)
    assert not rests(tenure, back)
    for booms in ((RAISE, HOLD), (HOLD, LOWER)):
        tenure.lane.outputs = replace(outputs, booms=booms)
        assert not rests(tenure, back)
    tenure.lane.outputs = outputs
    assert rests(tenure, back)


def test_a_request_that_has_just_come_and_a_deck_that_is_not_known_keep_it(tenure: Tenure) -> None:
    inputs = tenure._inputs
    assert inputs is not None
    request: Any = PersonRequest(kind="configure", who="li", why="x")
    for busy in (replace(inputs, requests=(request,)), replace(inputs, weight=Weight())):
        tenure._inputs = busy
        assert not rests(tenure)
    tenure._inputs = None
    assert not rests(tenure)
    tenure._inputs = inputs
    assert rests(tenure)
