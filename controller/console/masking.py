"""What leaves the site for the manufacturer: names, plates, places and keys as salted hashes.

The same text has the same hash in every dump of one lane, so that it can be followed; without the
lane's salt, which stays here, nobody finds out which text it was.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from controller.console import office

SALT_NAME = "dump.salt"
SALT_BYTES = 32
HASH_LETTERS = 10
SECRETS_MAX = 20_000
SECRET_LETTERS_MIN = 2
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][·. -]?[A-Z0-9]{4,6}[\u4e00-\u9fffA-Z0-9]?")
_USERINFO = re.compile(r"//[^/\s\"']+@")
_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_MAC = re.compile(r"(?<![\w:])[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?![\w:])")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_PEM = re.compile(r"-----BEGIN[^-]*-----.*?(?:-----END[^-]*-----|\Z)", re.DOTALL)
_LONG = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/_=-]{40,}(?![\w+/=])")
_QUANTITY = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?\s?[A-Za-zµ]{0,3}")
SECRET_KEYS = frozenset(
    {
        "account", "credential", "key", "keys", "login", "pass", "passphrase", "passwd", "password",
        "psk", "pwd", "secret", "token", "user", "username",
    }
)  # fmt: skip
KEPT_KEYS = frozenset(
    {
        "accuracy_class", "active", "class", "contact", "device", "driver", "end", "estimator",
        "estimator_version", "face", "kind", "ldo", "mode", "name", "outcome", "parity", "phase",
        "policy", "polarity", "preferred", "quality", "reasons", "scale", "seen", "software",
        "state", "travel_class", "way",
    }
)  # fmt: skip
"""Keys whose texts are the program's own words; the texts of all others are hashed."""


class Mask:
    """Hides what is known to be secret, and what looks like it."""

    def __init__(self, salt: bytes, known: Iterable[str] = ()) -> None:
        self._salt = salt
        self._known: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self.learn(known)

    def learn(self, texts: Iterable[str]) -> None:
        """These texts are secret wherever they stand."""
        for text in texts:
            stripped = text.strip()
            if len(stripped) >= SECRET_LETTERS_MIN and len(self._known) < SECRETS_MAX:
                for form in {stripped, json.dumps(stripped, ensure_ascii=False)[1:-1]}:
                    self._known[form] = self.hidden(stripped)
        self._pattern = None

    def hidden(self, text: str) -> str:
        """The hash that stands in for a text."""
        return "~" + hmac.new(self._salt, text.encode(), hashlib.sha256).hexdigest()[:HASH_LETTERS]

    def text(self, text: str) -> str:
        """A text of the program with everything secret in it hidden."""
        text = _PEM.sub(lambda found: self.hidden(found[0]), text)
        text = self._compiled().sub(lambda found: self._known[found[0]], text)
        text = _USERINFO.sub("//~@", text)
        for pattern in (_MAIL, _PLATE, _ADDRESS, _MAC, _LONG):
            text = pattern.sub(lambda found: self.hidden(found[0]), text)
        return text

    def value(self, value: Any, key: str = "") -> Any:
        """Plain values with texts hidden but those of ``KEPT_KEYS`` and quantities."""
        if isinstance(value, Mapping):
            return {str(name): self.value(inner, str(name)) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner, key) for inner in value]
        if value and is_secret(key):
            return self.hidden(str(value))
        if isinstance(value, str):
            if not value or _QUANTITY.fullmatch(value):
                return value
            return self.text(value) if key in KEPT_KEYS else self.hidden(value)
        return value if value is None or isinstance(value, bool | int | float) else "~"

    def _compiled(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(_bounded, longest)) or r"(?!)")
        return self._pattern


def is_secret(key: str) -> bool:
    """Whether a key is named as one that holds who may enter, or by what."""
    return not SECRET_KEYS.isdisjoint(re.split(r"[_.-]", key.lower()))


def _bounded(text: str) -> str:
    """A name of Latin letters is not looked for inside other words; Chinese has no such ends."""
    if not text.isascii():
        return re.escape(text)
    before = r"(?<![A-Za-z0-9_])" if text[0].isalnum() else ""
    after = r"(?![A-Za-z0-9_])" if text[-1].isalnum() else ""
    return f"{before}{re.escape(text)}{after}"


def salt_of(folder: Path) -> bytes:
    """The lane's salt, made at the first dump; raises OfficeError."""
    path = folder / SALT_NAME
    with office.alone(folder):
        kept = office.read(path)
        if kept is None or len(kept) != SALT_BYTES:
            kept = secrets.token_bytes(SALT_BYTES)
            office.write(path, kept)
    return kept


def texts_in(value: Any) -> Iterable[str]:
    """Every text in plain values, quantities left out."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, str) and not _QUANTITY.fullmatch(value):
        yield value
