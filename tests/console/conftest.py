"""Sessions on a pty, each with a lane that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pty_rig import Console, make_cheap
from shell_rig import Lane


@pytest.fixture
def lane() -> Lane:
    return Lane()


@pytest.fixture
def opened(
    tmp_path: Path, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Console]]:
    make_cheap(monkeypatch)
    consoles: list[Console] = []

    def open_(**more: object) -> Console:
        consoles.append(Console(tmp_path, lane.commands(), **more))  # type: ignore[arg-type]
        return consoles[-1]

    yield open_
    for one in consoles:
        one.close()
