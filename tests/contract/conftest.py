"""Every contract test runs on every board that needs no hardware."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_rig import BOARDS, Rig
from contract_rig import rig as build_rig


@pytest.fixture(params=BOARDS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    built = build_rig(request.param, tmp_path)
    yield built
    built.board.bus.close()


@pytest.fixture
def board_name(request: pytest.FixtureRequest) -> str:
    name: str = request.node.callspec.params["rig"]
    return name
