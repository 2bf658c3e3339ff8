"""The way in on a terminal: log-in, the first administrator, a password of one's own."""

from __future__ import annotations

import logging

from controller.console import office, passwords
from controller.console.accounts import SETUP_NAME, Account, AccountError, check_name
from controller.console.editor import Editor
from controller.console.login import Door, RefusedError
from controller.console.passwords import PasswordError
from controller.console.phrases import BANNER, phrase
from controller.console.sheet import Sheet
from controller.console.terminal import Terminal

LOGIN_S = 60.0
TRIES = 3
log = logging.getLogger("steelyard.console")


class Welcome:
    """Asks who is there; nothing of the machine is told before that is known."""

    def __init__(self, door: Door, terminal: Terminal, editor: Editor, sheet: Sheet) -> None:
        self._door = door
        self._terminal = terminal
        self._editor = editor
        self._sheet = sheet

    def login(self) -> Account | None:
        """The account that was logged in, None where nobody was: tries used up, or gone."""
        self._terminal.idle_s = LOGIN_S
        self._sheet.say(BANNER)
        if self._terminal.unicode:
            self._sheet.say(phrase("banner_zh", "zh"))
        try:
            if not self._door.accounts.has_admin():
                if self._door.owner:
                    return self._first()
                self._sheet.say(phrase("no_account"))
            for _ in range(TRIES):
                account = self._try()
                if account is not None:
                    return account if not account.fresh else self._renewed(account)
        except (KeyboardInterrupt, EOFError):
            return None
        except office.OfficeError as error:
            # Who is not known yet is told no names of files; who sits at the machine is.
            log.error("no log-in: %s", error)
            self._sheet.error(str(error) if self._door.owner else phrase("no_login"))
        return None

    def secret(self, prompt: str) -> str:
        """A line that is not shown; raises KeyboardInterrupt, EOFError."""
        return self._editor.ask(prompt, hidden=True)

    def new_password(self, name: str) -> str:
        """A password typed twice; raises PasswordError or AccountError where it will not do."""
        typed = passwords.checked(self._editor.ask("new password: ", hidden=True), name)
        if self._editor.ask("again: ", hidden=True) != typed:
            raise AccountError(phrase("differ"))
        return typed

    def _try(self) -> Account | None:
        name = self._editor.ask("login: ").strip()
        if name == SETUP_NAME:
            return self._set_up()
        try:
            check_name(name)
        except AccountError:
            # Noise on a line is no attempt, and nobody waits for it.
            if name:
                self._sheet.say(phrase("bad_name"))
            return None
        password = self._editor.ask("password: ", hidden=True)
        try:
            return self._door.enter(name, password)
        except RefusedError as refused:
            self._sheet.say(str(refused))
            return None

    def _set_up(self) -> Account | None:
        code = self._editor.ask("set-up code: ", hidden=True)
        try:
            return self._door.enter_new(code, self._chosen)
        except RefusedError as refused:
            self._sheet.say(str(refused))
            return None

    def _first(self) -> Account:
        self._sheet.say(phrase("first"))
        return self._door.make_admin(*self._chosen())

    def _chosen(self) -> tuple[str, str]:
        """A name and a password that will do, asked for until there are."""
        while True:
            try:
                name = check_name(self._editor.ask("name: ").strip())
                self._sheet.say(phrase("choose"))
                return name, self.new_password(name)
            except (AccountError, PasswordError) as error:
                self._sheet.say(str(error))

    def _renewed(self, account: Account) -> Account | None:
        """Nobody goes on with a password that somebody else knows."""
        self._sheet.say(phrase("choose"))
        for _ in range(TRIES):
            try:
                changed = self._door.accounts.set_password(
                    account.name, self.new_password(account.name)
                )
            except (AccountError, PasswordError) as error:
                self._sheet.say(str(error))
                continue
            self._door.note(account.name, "password", "own")
            return changed
        self._door.leave(account.name, "no password of its own")
        return None
