"""The door: a name and a password against accounts, waits and the audit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from controller.console import office
from controller.console.accounts import SETUP_NAME, Account, Accounts
from controller.console.attempts import Attempts
from controller.console.audit import Audit, What, wall_ms
from controller.console.roles import Role
from controller.console.setupcode import SetupCode

FAILED = "log-in failed"
UNKNOWN = "?"


class RefusedError(ValueError):
    """No log-in: the same words for a wrong password, a locked account and a name of nobody."""

    def __init__(self, words: str, wait_s: int = 0) -> None:
        super().__init__(words)
        self.wait_s = wait_s


class Door:
    """Lets people in on one line (``line`` names it in the audit: tty1, ttyGS0, socket).

    ``owner`` is a line that only the owner of the console's files can be at: the machine's own
    terminal.  There a wait of the account does not count, only the line's.
    """

    def __init__(
        self,
        lane_folder: Path,
        line: str,
        *,
        owner: bool = False,
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        self.folder = office.office(lane_folder)
        self.line = line
        self.owner = owner
        self.accounts = Accounts(self.folder, now_ms)
        self.setup = SetupCode(self.folder, now_ms)
        self.warning = ""
        self._attempts = Attempts(self.folder, now_ms)
        self._audit = Audit(self.folder, now_ms)

    def enter(self, name: str, password: str) -> Account:
        """The account that this name and password open; raises RefusedError."""
        known = self.accounts.standing(name) is not None
        self._begin(name, known=known)
        account = self.accounts.check(name, password)
        if account is None:
            raise self._failed(name, known=known)
        self._attempts.passed(name, self.line)
        self.note(name, "login", account.role)
        return account

    def prove(self, name: str, password: str) -> None:
        """Whoever is logged in shows again who it is; raises RefusedError, and counts failures."""
        self._begin(name, known=True)
        if self.accounts.check(name, password) is None:
            raise self._failed(name, known=True)
        self._attempts.passed(name, self.line)

    def enter_new(self, code: str, choose: Callable[[], tuple[str, str]]) -> Account:
        """The administrator that a set-up code lets its holder make, by name and password.

        A name that exists gets the new password, its lock is undone, and it is an administrator.
        ``choose`` is asked once the code is right; the code is used up when the account is there.
        """
        self._begin(SETUP_NAME, known=True)
        if not self.setup.matches(code):
            raise self._failed(SETUP_NAME, known=True)
        self._attempts.passed(SETUP_NAME, self.line)
        account = self.make_admin(*choose())
        self.setup.use_up()
        return account

    def make_admin(self, name: str, password: str) -> Account:
        """An administrator, new or again; the caller has made sure that this may be."""
        if any(one.name == name for one in self.accounts.people().accounts):
            self.accounts.set_password(name, password)
            self.accounts.set_role(name, Role.ADMIN)
            self.accounts.set_locked(name, False)
        else:
            self.accounts.add(name, Role.ADMIN, password, by="set-up", fresh=False)
        self.note(name, "setup", "administrator made")
        self.note(name, "login", "admin")
        found = self.accounts.standing(name)
        if found is None:
            raise AssertionError("the account was made")
        return found

    def leave(self, name: str, why: str) -> None:
        """A session is over."""
        self.note(name, "logout", why)

    def note(self, who: str, what: What, text: str = "") -> None:
        """Write to the audit; a disk that cannot take it keeps nobody from mending the lane.

        What could not be written stands in ``warning``, which the session shows.
        """
        try:
            self._audit.note(self.line, who, what, text)
        except office.OfficeError as error:
            self.warning = str(error)

    def _begin(self, name: str, *, known: bool) -> None:
        wait_s = self._attempts.begin(name, self.line, known=known, owner=self.owner)
        if wait_s:
            self.note(name if known else UNKNOWN, "locked-out", f"{wait_s} s")
            raise RefusedError(f"too many failures: wait {wait_s} s", wait_s)

    def _failed(self, name: str, *, known: bool) -> RefusedError:
        wait_s = self._attempts.wait_s(name, self.line)
        # What was typed for a name that is none may be a password.
        self.note(name if known else UNKNOWN, "failed", f"next in {wait_s} s" if wait_s else "")
        return RefusedError(FAILED, wait_s)
