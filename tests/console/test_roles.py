"""Every command by every role: who may, who is refused before anything is done, and who changes
nothing by any path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from console_rig import Running, answers, until

from controller.console.answer import Answer, CommandError
from controller.console.context import Context, Person
from controller.console.execute import execute
from controller.console.grammar import Command, Grammar
from controller.console.lines import places
from controller.console.link import LaneLink
from controller.console.roles import Role
from controller.console.serve import grammar

LOOKS = {
    "exit", "log tail", "logout", "monitor events", "monitor io", "monitor weight", "quit",
    "show calibration", "show calibration history", "show cameras", "show config",
    "show config diff", "show config history", "show config saved", "show faults", "show io",
    "show lane", "show ledger", "show scale", "show version", "trace passage",
}  # fmt: skip
OWN = {
    "passwd", "terminal colour", "terminal graphics", "terminal height", "terminal language",
    "terminal length", "terminal show", "terminal unicode", "terminal width",
}  # fmt: skip
DECIDES = {
    "passage void", "plate confirm", "release", "release via", "send-back", "send-back via",
}  # fmt: skip
TENDS = {
    "arm", "camera snap", "commit", "commit confirmed", "confirm", "diag dump", "diag io",
    "diag scale", "disarm", "gate lower", "gate raise", "gate stop", "lamp test", "manual enter",
    "manual leave", "record start", "record stop", "reset", "rollback", "save", "selftest", "set",
    "sign test", "truck check", "unset", "voice test", "zero",
}  # fmt: skip
RULES = {
    "account add", "account idle", "account list", "account lock", "account password",
    "account remove", "account role", "account unlock", "calibrate", "calibrate record",
    "calibrate rollback",
}  # fmt: skip
LEAST = {
    **dict.fromkeys(LOOKS | OWN, Role.VIEWER),
    **dict.fromkeys(DECIDES, Role.OPERATOR),
    **dict.fromkeys(TENDS, Role.MAINTAINER),
    **dict.fromkeys(RULES, Role.ADMIN),
}
MOVES = {"calibrate", "calibrate rollback", "gate lower", "gate raise", "lamp test", "sign test",
         "voice test", "zero"}  # fmt: skip
"""Done by hand and armed only; ``gate stop`` needs no arming."""
ARGUMENTS = {
    "name": "li", "end": "yard", "face": "deck", "number": "1", "version": "1",
    "seconds": "1", "minutes": "1", "camera": "yard.camera", "role": "viewer", "mass": "20000",
    "plate": "皖A12345", "seq": "1", "kind": "none", "state": "on", "language": "en",
}  # fmt: skip


class Done(Exception):  # noqa: N818
    """A handler was reached."""


def reached(ctx: Context, arguments: dict[str, str]) -> Answer:
    raise Done


COMMANDS = grammar().commands
SPRUNG = Grammar([replace(one, run=reached) for one in COMMANDS])


class Nobody:
    def tell(self, line: str) -> None:
        pass

    def ask(self, prompt: str) -> str:
        raise CommandError("nobody is there")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("lane"))
    link = LaneLink(made.folder)
    until(lambda: answers(link))
    link.close()
    yield made
    made.close()


def context(running: Running, role: Role) -> Context:
    return Context(Person("li", role), LaneLink(running.folder), running.folder, Nobody())


def line_of(command: Command) -> str:
    words = [command.words]
    for one in command.arguments:
        words.append(ARGUMENTS.get(one.name, "something"))
    return " ".join(words)


def test_the_table_here_names_every_command_once() -> None:
    assert {one.words for one in COMMANDS} == set(LEAST)
    assert len(LEAST) == sum(map(len, (LOOKS, OWN, DECIDES, TENDS, RULES)))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_fits_a_terminal_of_eighty_columns(running: Running, language: str) -> None:
    ctx = context(running, Role.ADMIN)
    ctx.screen.language = "zh" if language == "zh" else "en"
    firsts = {one.words.split()[0] for one in COMMANDS if " " in one.words}
    wide = [
        line
        for begun in ("", *(f"{first} " for first in sorted(firsts)))
        for line in SPRUNG.help_at(begun, ctx)
        if places(line) > 79
    ]
    assert wide == []
    ctx.link.close()


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.name.lower())
def test_each_role_does_what_the_table_says_and_no_more(running: Running, role: Role) -> None:
    ctx = context(running, role)
    for command in COMMANDS:
        refused = ""
        try:
            execute(SPRUNG, command.words, ctx)
        except Done:
            pass
        except CommandError as error:
            refused = str(error)
        if role < LEAST[command.words]:
            assert "needs the role" in refused or "is missing" in refused, command.words
        else:
            assert "needs the role" not in refused, command.words
    ctx.link.close()


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.name.lower())
def test_no_whole_line_gets_a_lesser_role_to_the_handler(running: Running, role: Role) -> None:
    ctx = context(running, role)
    ctx.armed.arm(1000)
    for command in COMMANDS:
        if role >= LEAST[command.words]:
            continue
        with pytest.raises(CommandError) as refused:
            execute(SPRUNG, line_of(command), ctx)
        assert f"needs the role {LEAST[command.words].name.lower()}" in str(refused.value)
    ctx.link.close()


def test_what_moves_needs_the_lane_by_hand_and_an_armed_session(running: Running) -> None:
    assert {one.words for one in COMMANDS if one.armed} == MOVES
    assert {one.words for one in COMMANDS if one.manual} >= MOVES
    ctx = context(running, Role.ADMIN)
    ctx.armed.arm(1000)
    for command in COMMANDS:
        if command.manual:
            with pytest.raises(CommandError, match="done by hand only"):
                execute(SPRUNG, line_of(command), ctx)
    ctx.link.close()


def digest(folder: Path) -> dict[str, str]:
    """What stands in the files that say anything: not what the lane itself goes on writing."""
    lane = ("ledger.sqlite", "media", "service.sock", "ballast")
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(lane)
    }


def test_a_viewer_changes_nothing_by_any_path(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def ask(self: LaneLink, *what: object, **more: object) -> str:
        asked.append(what)
        return ""

    monkeypatch.setattr(LaneLink, "request", ask)
    monkeypatch.setattr(LaneLink, "reload", ask)
    ctx = context(running, Role.VIEWER)
    ctx.seconds = 0.2
    before = digest(running.folder)
    every = grammar()
    for command in COMMANDS:
        try:
            _, said = execute(every, line_of(command), ctx)
            for _ in () if isinstance(said, Answer) else said:
                pass
        except (CommandError, EOFError, SystemExit):
            continue
    assert asked == []
    assert digest(running.folder) == before
    ctx.link.close()
