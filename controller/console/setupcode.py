"""The code that makes the first administrator, or another when all passwords are lost.

Printed by ``steelyard console --setup`` on the machine itself to who owns the lane's folder, and
typed on any line in the place of a name and password.  It is good once, for ``GOOD_S``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from controller.console import office, passwords
from controller.console.audit import wall_ms
from controller.console.passwords import Kept

NAME = "setup.json"
GOOD_S = 3600
# 32 letters and figures that are not mistaken for each other: five bits each.
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 12


class _Waiting(Struct, frozen=True, kw_only=True):
    code: Kept
    made_ms: int


# Made before any thread: msgspec crashes where two threads meet a type for the first time.
_WAITING = msgspec.json.Decoder(_Waiting)


class SetupCode:
    """The code that waits in a console's folder, if one does."""

    def __init__(self, folder: Path, now_ms: Callable[[], int] = wall_ms) -> None:
        self._path = folder / NAME
        self._now_ms = now_ms

    def issue(self) -> str:
        """A new code of 60 bits, as ``ABCD-EFGH-JKLM``; one from before is void."""
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        waiting = _Waiting(code=passwords.keep(code), made_ms=self._now_ms())
        with office.alone(self._path.parent):
            office.write(self._path, msgspec.json.encode(waiting))
        return "-".join(code[at : at + 4] for at in range(0, LENGTH, 4))

    def waits(self) -> bool:
        """Whether a code is good now."""
        return self._waiting() is not None

    def matches(self, code: str) -> bool:
        """Whether this is the code, typed as a person types; the same work where it is not."""
        waiting = self._waiting()
        typed = "".join(letter for letter in code.upper() if letter.isalnum())
        kept = waiting.code if waiting is not None else passwords.decoy()
        return passwords.matches(typed, kept)

    def use_up(self) -> None:
        """The code is good no more."""
        with office.alone(self._path.parent):
            self._path.unlink(missing_ok=True)

    def _waiting(self) -> _Waiting | None:
        data = office.read(self._path)
        if data is None:
            return None
        try:
            found = _WAITING.decode(data)
        except msgspec.MsgspecError:
            return None
        # A clock that was set back in between makes a code void rather than good for years.
        return found if 0 <= self._now_ms() - found.made_ms < GOOD_S * 1000 else None
