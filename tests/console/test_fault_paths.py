"""Every fault that the yard can have is found by the path that docs/console.md gives for it.

The table is read out of the handbook, the fault is put into the simulated yard, and the commands
that the handbook names are asked as a technician would.  One kind of each row is tried;
STEELYARD_FAULTS=all tries every one.
"""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

import look_rig
import pytest
from files_rig import BROKEN, ModelFiles
from look_rig import GRAMMAR, Nobody, Stand
from msgspec import Struct

from controller.assembly import assemble
from controller.console.answer import Answer, CommandError
from controller.console.context import Context, Person
from controller.console.execute import execute
from controller.console.link import LaneLink
from controller.console.roles import Role
from controller.console.serve import grammar
from controller.faults import load_catalogue
from protocol.files import Space
from sim.explore.disk import KINDS as DISK_KINDS
from sim.faults import AT_AN_END, TABLE, amounts
from sim.world import Yard

HANDBOOK = Path(__file__).parents[2] / "docs" / "console.md"
BOOK = HANDBOOK.read_text(encoding="utf-8")
HEAD = "| device | kind | `show faults` | ask | it says | do |"
NOT_HERE = {("host", "hangs"), ("disk", "slow")}
"""The scans of a stand take no time, so nothing here can be late."""
BEFORE_S, SHOWS_S, WAITS_S_MAX = 3.0, 8.0, 75
BY_HAND = ("manual enter a fault was put in", "arm")
LINES = {
    "diag scale": ("diag scale 4",),
    "diag io": ("diag io 4",),
    "gate raise": (*BY_HAND, "gate raise road it is tried"),
    "lamp test": (*BY_HAND, "gate raise road it is tried", "lamp test road approach"),
    "sign test": (*BY_HAND, "sign test"),
    "camera snap": ("camera snap yard.camera",),
}
ASKED_MAX = 200


class Way(Struct, frozen=True, kw_only=True):
    """One way from a fault to its remedy, as a row of the handbook has it."""

    devices: tuple[str, ...]
    kinds: tuple[str, ...]
    codes: tuple[int, ...]
    vehicle: bool
    asked: tuple[str, ...]
    says: str
    do: tuple[str, ...]


def words(cell: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in cell.split(","))


def rows() -> list[Way]:
    """Every row of the tables of faults in the handbook."""
    found, inside = [], False
    for line in BOOK.splitlines():
        if not line.startswith("|"):
            inside = False
        if inside and not line.startswith("|---"):
            devices, kinds, codes, asked, says, do = map(str.strip, line[2:-2].split(" | "))
            found.append(
                Way(
                    devices=words(devices),
                    kinds=words(kinds),
                    codes=tuple(map(int, re.findall(r"\d+", codes))),
                    vehicle=codes.endswith("with a vehicle"),
                    asked=tuple(re.findall(r"`([^`]+)`", asked)),
                    says=says,
                    do=tuple(re.findall(r'"([^"]+)"', do)),
                )
            )
        inside = inside or line == HEAD
    return found


ROWS = rows()
PAIRS = [(row, device, kind) for row in ROWS for device in row.devices for kind in row.kinds]


def cases() -> list[tuple[Way, str, str]]:
    """The first kind of each row, or every one."""
    here = [one for one in PAIRS if one[1:] not in NOT_HERE]
    if os.environ.get("STEELYARD_FAULTS") == "all":
        return here
    return [one for one in here if one[1:] == (one[0].devices[0], one[0].kinds[0])]


def device_of(part: str, row: Way) -> str:
    if part == "cell":
        return "cell2"
    # The vehicle comes by the yard; what needs none is tried where nobody is.
    return f"{'yard' if row.vehicle else 'road'}.{part}" if part in AT_AN_END else part


class Standing(Stand):
    """A stand whose disk is the test's, and whose lane tells why it keeps no record."""

    def scan(self) -> None:
        inputs, outputs = self.lane.once()
        failure = str(self.lane.bookkeeper.failure or "")
        self.port.publish(self.lane.lane, inputs, outputs, self.lane.troubles, failure, 10)
        self.yard.advance(20_000)


class Desk:
    """A technician with the handbook before a lane; time passes while a command waits."""

    def __init__(self, folder: Path, site: str) -> None:
        self.files = ModelFiles()
        self.stand = Standing(folder, site=site)
        self.ctx = Context(
            Person("li.wei", Role.ADMIN), LaneLink(folder), folder, Nobody(), pause=self.stand.go
        )

    def close(self) -> None:
        self.ctx.link.close()
        self.stand.close()

    def said(self, line: str) -> tuple[list[Answer], str]:
        """What a line is answered with, an error too."""
        answers: list[Answer] = []
        error = ""
        try:
            _, said = execute(GRAMMAR, line, self.ctx)
            for one in (said,) if isinstance(said, Answer) else said:
                answers.append(one)
                assert len(answers) < ASKED_MAX, line
        except CommandError as refused:
            error = str(refused)
        return answers, "\n".join([*(row for one in answers for row in one.text), error])

    def faults(self) -> set[int]:
        """The codes that stand or stood a moment ago."""
        (shown,), _ = self.said("show faults")
        known = {entry.name: entry.code for entry in load_catalogue().entries.values()}
        stood = {one["text"].split(" ")[0] for one in shown.data["history"]}
        codes = {int(word) if word.isdecimal() else known.get(word, 0) for word in stood}
        return codes | {one["code"] for one in shown.data["faults"]}

    def break_(self, part: str, kind: str, row: Way) -> None:
        if part == "disk":
            self.files.free = Space(10**11, 0 if kind == "full" else 9 * 10**10)
            if kind == "failing":
                self.files.fails = lambda number, operation, path: BROKEN
            return
        device = device_of(part, row)
        self.stand.yard.fault(device, kind, amounts(device, kind, {}, "here"))


@pytest.mark.parametrize(
    ("row", "part", "kind"), cases(), ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_fault_is_found_as_the_handbook_says(
    row: Way, part: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = ModelFiles()
    monkeypatch.setattr(look_rig, "assemble", partial(assemble, files=files))
    if not row.vehicle:
        empty = Yard(1, (), Yard.from_scenario("legal", 5).options)
        monkeypatch.setattr(Yard, "from_scenario", lambda *_: empty)
    desk = Desk(tmp_path, "sim-indicator" if part == "indicator" else "sim")
    desk.files = files
    try:
        desk.stand.go(BEFORE_S)
        desk.break_(part, kind, row)
        desk.stand.go(SHOWS_S)
        for _ in range(WAITS_S_MAX):
            if set(row.codes) <= (found := desk.faults()):
                break
            desk.stand.go(1)
        assert set(row.codes) <= found
        asked = [line for ask in row.asked for line in LINES.get(ask, (ask,))]
        asked += [f"show faults {code}" for code in row.codes]
        told = [desk.said(line)[1] for line in asked]
    finally:
        desk.close()
    text = re.sub(r"\s+", " ", " ".join(told)).lower()
    assert re.sub(r"\s+", " ", row.says).lower() in text
    for action in row.do:
        assert action.lower() in text


def test_every_fault_that_the_yard_can_have_has_one_row() -> None:
    stated = [(device, kind) for _, device, kind in PAIRS]
    known = [(part, kind) for part, kinds in TABLE.items() for kind in kinds]
    known += [("disk", kind) for kind in DISK_KINDS]
    assert sorted(stated) == sorted(known)


def test_the_handbook_gives_every_command_its_role() -> None:
    table = re.findall(r"^\| (viewer|operator|maintainer|admin) \| (`.*`) \|$", BOOK, re.MULTILINE)
    stated = {
        name: Role[role.upper()] for role, names in table for name in names[1:-1].split("`, `")
    }
    assert stated == {command.words: command.role for command in grammar().commands}


def test_every_code_of_the_catalogue_is_explained_without_a_lane(tmp_path: Path) -> None:
    ctx = Context(Person("li.wei", Role.VIEWER), LaneLink(tmp_path), tmp_path, Nobody())
    for entry in load_catalogue().entries.values():
        _, said = execute(GRAMMAR, f"show faults {entry.code}", ctx)
        assert isinstance(said, Answer)
        text = re.sub(r"\s+", " ", " ".join(said.text))
        assert text.startswith(f"{entry.code} {entry.name}")
        assert re.sub(r"\s+", " ", entry.first_action) in text
    codes = {code for row in ROWS for code in row.codes}
    assert codes <= set(load_catalogue().entries)
