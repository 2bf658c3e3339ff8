"""Sessions on a pty, and the people of a line, each with a lane that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pty_rig import PASSWORD, Console, make_cheap
from serve_rig import Yard
from shell_rig import Lane

from controller.console.login import Door
from controller.console.roles import Role


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


@pytest.fixture
def yard() -> Yard:
    return Yard()


@pytest.fixture
def door(tmp_path: Path) -> Door:
    made = Door(tmp_path, "ttyGS0")
    made.accounts.add("li.wei", Role.ADMIN, PASSWORD, by="test", fresh=False)
    made.accounts.add("cron", Role.MAINTAINER, PASSWORD, by="test", fresh=False)
    made.accounts.add("zhang", Role.VIEWER, PASSWORD, by="test", fresh=False)
    made.accounts.add("fresh", Role.ADMIN, PASSWORD, by="test")
    return made
