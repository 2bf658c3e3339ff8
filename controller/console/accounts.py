"""Named accounts with a role each, in ``console/accounts.json`` of the lane's folder (0600).

There is no account to begin with and none that two share: the first is made with a code from the
machine itself (``setupcode``).  Each change is read, checked and written under a lock, so that a
serial line and a terminal see the same people; a session asks ``standing`` before each command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from controller.console import office, passwords
from controller.console.audit import wall_ms
from controller.console.passwords import Kept
from controller.console.roles import Role

NAME = "accounts.json"
ACCOUNTS_MAX = 64
IDLE_S = 600
IDLE_S_MIN, IDLE_S_MAX = 60, 8 * 3600
SETUP_NAME = "setup"
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")


class AccountError(ValueError):
    """A change of accounts that is not made, with the reason."""


class Account(Struct, frozen=True, kw_only=True):
    """One person; ``fresh`` has a password that somebody else chose and has to change it."""

    name: str
    role: Literal["viewer", "operator", "maintainer", "admin"]
    password: Kept
    fresh: bool = False
    locked: bool = False
    made_ms: int = 0
    made_by: str = ""

    @property
    def level(self) -> Role:
        """What it may."""
        return Role[self.role.upper()]


class People(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: all accounts, and after how many seconds without a key a session ends."""

    version: Literal[1] = 1
    idle_s: Annotated[int, Meta(ge=IDLE_S_MIN, le=IDLE_S_MAX)] = IDLE_S
    accounts: Annotated[tuple[Account, ...], Meta(max_length=ACCOUNTS_MAX)] = ()


# Made before any thread: msgspec crashes where two threads meet a type for the first time.
_PEOPLE = msgspec.json.Decoder(People)


class Accounts:
    """Reads and changes the file.  Every method raises OfficeError for one it cannot use."""

    def __init__(self, folder: Path, now_ms: Callable[[], int] = wall_ms) -> None:
        self.path = folder / NAME
        self._now_ms = now_ms

    def people(self) -> People:
        """Everybody as the file has it now; nobody where there is none yet."""
        data = office.read(self.path)
        if data is None:
            return People()
        try:
            return _PEOPLE.decode(data)
        except msgspec.MsgspecError as error:
            raise office.OfficeError(
                f"{self.path}: not as the console writes it: {error}; put a copy back, or move it "
                "away and begin anew with steelyard console --setup"
            ) from error

    def standing(self, name: str) -> Account | None:
        """The account as it is now; None where it is gone or locked."""
        found = _named(self.people(), name)
        return found if found is not None and not found.locked else None

    def has_admin(self) -> bool:
        """Whether somebody can log in who can let in others."""
        return any(_rules(one) for one in self.people().accounts)

    def check(self, name: str, password: str) -> Account | None:
        """The account of this name and password; None, after the same work, where it is not.

        A hash weaker than today's is written anew.
        """
        found = self.standing(name)
        if found is None:
            passwords.matches(password, passwords.decoy())
            return None
        if not passwords.matches(password, found.password):
            return None
        if found.password.work.weaker_than(passwords.TODAY):
            return self._alter(name, password=passwords.keep(password))
        return found

    def add(self, name: str, role: Role, password: str, by: str, *, fresh: bool = True) -> Account:
        """Make an account; ``fresh`` has to change its password at the first log-in."""
        check_name(name)
        made = Account(
            name=name,
            role=_role(role),
            password=passwords.keep(passwords.checked(password, name)),
            fresh=fresh,
            made_ms=self._now_ms(),
            made_by=by,
        )
        with self._changing() as (people, write):
            if _named(people, name) is not None:
                raise AccountError(f"there is an account {name} already; account list shows all")
            if len(people.accounts) >= ACCOUNTS_MAX:
                raise AccountError(f"{ACCOUNTS_MAX} accounts are the most; remove one first")
            write(replace(people, accounts=(*people.accounts, made)))
        return made

    def set_password(self, name: str, password: str, *, fresh: bool = False) -> Account:
        """Give an account another password, which may not be the one that it has."""
        passwords.checked(password, name)
        found = self._one(name)
        if passwords.matches(password, found.password):
            raise AccountError("that is the password it has: choose another")
        return self._alter(name, password=passwords.keep(password), fresh=fresh)

    def set_role(self, name: str, role: Role) -> None:
        """Let an account do more or less; the last administrator stays one."""
        self._alter(name, role=_role(role))

    def set_locked(self, name: str, locked: bool) -> None:
        """Shut an account or open it again; the last administrator is not shut out."""
        self._alter(name, locked=locked)

    def remove(self, name: str) -> None:
        """Take an account away; what it did stays under its name in journal and records."""
        with self._changing() as (people, write):
            if _named(people, name) is None:
                raise _nobody(people, name)
            left = tuple(one for one in people.accounts if one.name != name)
            write(_ruled(replace(people, accounts=left)))

    def set_idle(self, seconds: int) -> None:
        """Set after how long without a key every session ends."""
        if not IDLE_S_MIN <= seconds <= IDLE_S_MAX:
            raise AccountError(f"{seconds} s: from {IDLE_S_MIN} to {IDLE_S_MAX} s")
        with self._changing() as (people, write):
            write(replace(people, idle_s=seconds))

    def _one(self, name: str) -> Account:
        people = self.people()
        found = _named(people, name)
        if found is None:
            raise _nobody(people, name)
        return found

    def _alter(self, name: str, **fields: Any) -> Account:
        """Replace these fields alone: another console may have changed the others meanwhile."""
        with self._changing() as (people, write):
            before = _named(people, name)
            if before is None:
                raise _nobody(people, name)
            after = replace(before, **fields)
            accounts = tuple(after if one is before else one for one in people.accounts)
            write(_ruled(replace(people, accounts=accounts)))
        return after

    @contextmanager
    def _changing(self) -> Iterator[tuple[People, Callable[[People], None]]]:
        with office.alone(self.path.parent):
            yield self.people(), self._write

    def _write(self, people: People) -> None:
        office.write(self.path, msgspec.json.format(msgspec.json.encode(people)) + b"\n")


def check_name(name: str) -> str:
    """The name, if an account may have it; raises AccountError."""
    if _NAME.fullmatch(name) is None or name == SETUP_NAME:
        raise AccountError(
            f"a name has 2 to 32 of a-z 0-9 . _ - and begins with a letter; '{SETUP_NAME}' is none"
        )
    return name


def _named(people: People, name: str) -> Account | None:
    return next((one for one in people.accounts if one.name == name), None)


def _nobody(people: People, name: str) -> AccountError:
    known = ", ".join(one.name for one in people.accounts) or "nobody"
    return AccountError(f"no account {name!r:.40}; there is: {known}")


def _role(role: Role) -> Literal["viewer", "operator", "maintainer", "admin"]:
    match role:
        case Role.VIEWER:
            return "viewer"
        case Role.OPERATOR:
            return "operator"
        case Role.MAINTAINER:
            return "maintainer"
        case Role.ADMIN:
            return "admin"


def _rules(account: Account) -> bool:
    return account.level is Role.ADMIN and not account.locked


def _ruled(people: People) -> People:
    if not any(_rules(one) for one in people.accounts):
        raise AccountError("the last administrator: make another first (account add NAME admin)")
    return people
