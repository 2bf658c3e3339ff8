"""Every contract test runs on every board that needs no hardware."""

from pathlib import Path

import pytest
from contract_rig import BOARDS, Rig
from contract_rig import rig as build_rig


@pytest.fixture(params=BOARDS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return build_rig(request.param, tmp_path)


@pytest.fixture
def board_name(request: pytest.FixtureRequest) -> str:
    name: str = request.node.callspec.params["rig"]
    return name
