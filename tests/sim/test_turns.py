"""Short shifts whose troubles come together as the lane turns to something else."""

from pathlib import Path
from typing import Any

import pytest

from sim.explore.campaign import request
from sim.explore.dealing.times import in_s
from sim.explore.plan import Plan, written
from sim.explore.turns import deal_turn

_NEAR_S = 3.0
_AT_THE_TURN = ("kill", "disk", "person", "load")


@pytest.fixture(scope="module", name="plans")
def _plans() -> list[Plan]:
    return [deal_turn(seed) for seed in range(6)]


def test_a_seed_has_always_the_same_turn(plans: list[Plan]) -> None:
    assert deal_turn(3) == plans[3]
    assert len({written(plan) for plan in plans}) == len(plans)


def test_all_trouble_begins_within_seconds_of_one_moment(plans: list[Plan]) -> None:
    for table in (plan.table for plan in plans):
        begins = [
            in_s(one["from"] if "from" in one else one["at"])
            for part in _AT_THE_TURN
            for one in table.get(part, [])
        ]
        first: dict[str, float] = {}
        for fault in table.get("fault", []):
            first.setdefault(fault["device"], in_s(fault["from"]))
        begins += first.values()
        assert not begins or max(begins) - min(begins) <= _NEAR_S


def test_a_turn_can_be_run_and_has_trouble(plans: list[Plan]) -> None:
    for plan in plans:
        assert plan.yard().drivers
        assert plan.kills() or plan.troubles() or plan.table.keys() - {"day", "truck"}


def test_a_turn_is_one_shift_of_a_seed(tmp_path: Path) -> None:
    how: dict[str, Any] = {"minutes": 0.0, "jobs": 1, "out": None, "as_json": False, "follow": 3}
    assert request("0:5", None, None, turns=True, **how).follow == 0
    with pytest.raises(ValueError, match=r"--seed 17\.3 --turns: a branch is one shift"):
        request(None, "17.3", None, turns=True, **how)
    with pytest.raises(ValueError, match="--days 2 --turns: one or the other"):
        request("0:5", None, None, days=2, turns=True, **how)
    kept = tmp_path / "kept.toml"
    with pytest.raises(ValueError, match=r"--turns: .*kept\.toml is one ride"):
        request(None, None, kept, turns=True, **how)
