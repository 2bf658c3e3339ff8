"""Passwords: what makes one acceptable, and how one is kept so that its file does not tell it.

Kept by scrypt (RFC 7914) with the parameters beside each hash, so that they can grow.  Today's are
N = 2^15, r = 8, p = 3: 32 MiB while a log-in is checked, which a Raspberry Pi has to spare beside
the lane, and about the work of the usual N = 2^17, p = 1, which would take 128 MiB.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from typing import Annotated, Final

from msgspec import Meta, Struct

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 128
SALT_BYTES: Final = 16
KEY_BYTES: Final = 32
MEMORY_BYTES_MAX: Final = 256 * 1024 * 1024
_OBVIOUS: Final = (
    "password",
    "passwort",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "letmein",
    "welcome",
    "changeme",
    "qwerty",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "qazwsxedc",
    "iloveyou",
    "5201314",
    "woaini",
    "woaini1314",
    "mima",
    "admin",
    "administrator",
    "root",
    "raspberry",
    "raspberrypi",
    "default",
    "secret",
    "master",
    "steelyard",
    "maintenance",
    "maintainer",
    "operator",
    "viewer",
    "weighbridge",
    "truckscale",
    "dibang",
    "chengzhong",
    "zhichao",
)
_RUNS: Final = ("0123456789" * 3, "abcdefghijklmnopqrstuvwxyz" * 2, "qwertyuiopasdfghjklzxcvbnm")


class Work(Struct, frozen=True, kw_only=True):
    """What a guess costs: memory is 128 · n · r bytes, time grows with n · r · p."""

    n: Annotated[int, Meta(ge=2, le=1 << 20)]
    r: Annotated[int, Meta(ge=1, le=32)]
    p: Annotated[int, Meta(ge=1, le=16)]

    @property
    def memory_bytes(self) -> int:
        """What one check takes while it runs."""
        return 128 * self.n * self.r

    def weaker_than(self, other: Work) -> bool:
        """Whether a guess costs less memory or less time than with the other."""
        mine, its = self.n * self.r, other.n * other.r
        return mine < its or mine * self.p < its * other.p


TODAY: Final = Work(n=1 << 15, r=8, p=3)


class Kept(Struct, frozen=True, kw_only=True):
    """A password as its file has it."""

    salt: bytes
    key: bytes
    work: Work


class PasswordError(ValueError):
    """A password that is not accepted; says what is wrong with it, and never the password."""


def keep(password: str, work: Work = TODAY) -> Kept:
    """The hash of a password under a salt of its own."""
    salt = secrets.token_bytes(SALT_BYTES)
    return Kept(salt=salt, key=_derived(password, salt, work), work=work)


def matches(password: str, kept: Kept) -> bool:
    """Whether this is the password; takes as long where it is not.

    Raises ValueError for a hash that would take more memory than a controller has.
    """
    if kept.work.memory_bytes > MEMORY_BYTES_MAX:
        raise ValueError(f"a hash that takes {kept.work.memory_bytes} bytes; set a new password")
    return hmac.compare_digest(_derived(password, kept.salt, kept.work), kept.key)


def decoy(work: Work = TODAY) -> Kept:
    """What a name that does not exist is checked against: as much work, and never a match."""
    return Kept(salt=bytes(SALT_BYTES), key=b"", work=work)


def checked(password: str, name: str) -> str:
    """The password, if it will do for this account; raises PasswordError with what is wrong."""
    text = _normal(password)
    if len(text) < LENGTH_MIN:
        raise PasswordError(f"too short: at least {LENGTH_MIN} characters; three words will do")
    if len(text) > LENGTH_MAX:
        raise PasswordError(f"too long: at most {LENGTH_MAX} characters")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise PasswordError("has a control character, which no keyboard types again")
    bare = text.casefold()
    if name and name.casefold() in bare:
        raise PasswordError("holds the name of the account")
    core = bare.strip("0123456789!?.,-_*#@+ ")
    if core in _OBVIOUS or bare in _OBVIOUS:
        raise PasswordError("is one of the first that are guessed")
    if len(set(bare)) < 5 or any(bare in run or bare[::-1] in run for run in _RUNS):
        raise PasswordError("is a row of keys or of the same few characters")
    return password


def _derived(password: str, salt: bytes, work: Work) -> bytes:
    return hashlib.scrypt(
        _normal(password).encode("utf-8", "surrogatepass"),
        salt=salt,
        n=work.n,
        r=work.r,
        p=work.p,
        maxmem=work.memory_bytes + (1 << 20) * work.p,
        dklen=KEY_BYTES,
    )


def _normal(password: str) -> str:
    """One form for a text that two keyboards may compose in two ways."""
    return unicodedata.normalize("NFC", password)
