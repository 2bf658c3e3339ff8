"""``steelyard console -c``: commands of a script or of cron, without a session on a terminal.

Whoever may read the console's files may look without a password, as a viewer under the name of the
system's user.  To change anything is a named account's alone, with its password from a file, the
environment or standard input; never from the command line, which everybody on the machine can read.
"""

from __future__ import annotations

import getpass
import os
import pwd
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from controller.console import office
from controller.console.answer import CommandError
from controller.console.clean import json_line, printable
from controller.console.commanding import NoTalk, answers
from controller.console.context import Context, Person, Screen
from controller.console.grammar import Grammar
from controller.console.link import LaneLink
from controller.console.login import Door, RefusedError
from controller.console.roles import Role

VARIABLE = "STEELYARD_PASSWORD"
PASSWORD_BYTES_MAX = 1_024
DONE, FAILED, NO_LOGIN, STOPPED = 0, 1, 3, 130


class Once(Struct, frozen=True, kw_only=True):
    """What the command line says."""

    folder: Path
    lines: Sequence[str]
    as_json: bool = False
    user: str | None = None
    password_file: Path | None = None
    password_stdin: bool = False
    seconds: float | None = None
    language: str = "en"


def run(asked: Once, grammar: Grammar, say: Callable[[str], None] = print) -> int:
    """Do the commands in order until one fails; the exit status: 0, 1 failed, 3 no log-in."""
    try:
        door = Door(asked.folder, "command", owner=True)
        person = _person(asked, door)
    except (RefusedError, office.OfficeError) as refused:
        _error(str(refused))
        return NO_LOGIN
    link = LaneLink(asked.folder)
    ctx = Context(
        account=person,
        link=link,
        folder=asked.folder,
        talk=NoTalk(lambda line: print(printable(line), file=sys.stderr)),
        screen=Screen(language="zh" if asked.language == "zh" else "en"),
    )
    status = STOPPED
    try:
        status = (
            DONE if all(_line(asked, grammar, ctx, line, say) for line in asked.lines) else FAILED
        )
    except KeyboardInterrupt:
        status = STOPPED
    finally:
        link.close()
        if asked.user is not None:
            door.leave(person.name, f"status {status}")
    return status


def _line(
    asked: Once, grammar: Grammar, ctx: Context, line: str, say: Callable[[str], None]
) -> bool:
    try:
        for answer in answers(grammar, line, ctx, asked.seconds):
            if asked.as_json:
                say(json_line(answer.data))
            else:
                for one in answer.text:
                    say(printable(one, 4_000))
    except BrokenPipeError:
        raise
    except (CommandError, ValueError, OSError) as error:
        _error(str(error))
        return False
    return True


def _person(asked: Once, door: Door) -> Person:
    if asked.user is None:
        return Person(_system_user(), Role.VIEWER)
    account = door.enter(asked.user, _password(asked))
    if account.fresh:
        raise RefusedError("this password is another's choice: log in at a terminal and change it")
    return Person(account.name, account.level)


def _password(asked: Once) -> str:
    if asked.password_file is not None:
        return _of_file(asked.password_file)
    if asked.password_stdin:
        return sys.stdin.readline(PASSWORD_BYTES_MAX).rstrip("\r\n")
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    if sys.stdin.isatty():
        return getpass.getpass("password: ")
    raise RefusedError(
        f"no password for {printable(asked.user or '', 40)}: --password-file FILE, "
        f"--password-stdin or {VARIABLE} in the environment"
    )


def _of_file(path: Path) -> str:
    """The first line of a file that is nobody else's to read."""
    try:
        found = path.stat()
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise RefusedError(f"{path}: group or others may read it: chmod go= {path}")
        with path.open(encoding="utf-8") as file:
            return file.readline(PASSWORD_BYTES_MAX).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"{path}: no password can be read there: {error}") from error


def _system_user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid{os.geteuid()}"


def _error(text: str) -> None:
    print(f"error: {printable(text, 2_000)}", file=sys.stderr)
