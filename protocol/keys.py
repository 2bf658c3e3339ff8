"""The keys of a lane: Ed25519, named by their COSE Key Thumbprint, kept in files of mode 0600.

A private key is PKCS#8 PEM without a passphrase (a lane starts unattended), a public key is
SubjectPublicKeyInfo PEM; openssl and every COSE library read both.
Source: RFC 8032 (Ed25519), RFC 8410 (PEM), RFC 9679 (thumbprint).
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from msgspec import Struct

FILE_BYTES_MAX = 16 * 1024
_FIELD = 2**255 - 19
# RFC 9679 section 3: the required members of an OKP key, {1: 1, -1: 6, -2: x}, as fixed bytes.
_COSE_KEY = bytes.fromhex("a3010120062158 20")
# The y of the points whose order divides 8, computed anew in the tests.  Under such a key one
# signature holds for many messages.
_EIGHTH = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _EIGHTH, _FIELD - _EIGHTH})


class KeyFileError(ValueError):
    """A key file that may not or cannot be used: what, where, and what to do."""

    def __init__(self, path: Path, message: str, remedy: str) -> None:
        super().__init__(path, message, remedy)

    def __str__(self) -> str:
        path, message, remedy = self.args
        return f"{path}: {message}; {remedy}"


class PublicKey(Struct, frozen=True):
    """An Ed25519 public key; ``x`` is its 32 bytes.  Raises ValueError for a weak one.

    Refused are points of small order and encodings of ``y`` that are not reduced; OpenSSL, which
    verifies, takes both.
    """

    x: bytes

    def __post_init__(self) -> None:
        if len(self.x) != 32:
            raise ValueError(f"an Ed25519 public key has 32 bytes, this one {len(self.x)}")
        y = int.from_bytes(self.x, "little") & (2**255 - 1)
        if y >= _FIELD or y in _SMALL_ORDER:
            raise ValueError("not a usable Ed25519 public key: of small order, or not reduced")

    @property
    def kid(self) -> bytes:
        """The COSE Key Thumbprint, 32 bytes."""
        return thumbprint(self.x)

    @property
    def fingerprint(self) -> str:
        """``kid`` in hexadecimal, in groups of four that two people can read to each other."""
        return readable(self.kid)

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` is this key's over ``data`` (RFC 8032, 5.1.7, without cofactor)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.x).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


class PrivateKey:
    """An Ed25519 private key; it shows itself by its fingerprint only."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature; the same data always give the same."""
        return self._key.sign(data)

    def __repr__(self) -> str:
        return f"<private key of {self.public.fingerprint}>"

    def _pem(self) -> bytes:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def thumbprint(x: bytes) -> bytes:
    """The COSE Key Thumbprint of a key: SHA-256 of its deterministic COSE_Key (RFC 9679)."""
    return hashlib.sha256(_COSE_KEY + x).digest()


def readable(kid: bytes) -> str:
    """A key's name in groups of four hexadecimal digits."""
    digits = kid.hex()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def generate() -> PrivateKey:
    """A new key from the operating system's random numbers."""
    return PrivateKey(secrets.token_bytes(32))


def read_private(path: Path) -> PrivateKey:
    """Read a private key; raises KeyFileError unless this user alone can read the file."""
    pem = _read(path, private=True)
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise KeyFileError(
            path, "the key has a passphrase", "name a key without; a lane starts unattended"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(path, "not a private key in PEM", "name the file of keygen") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(path, "not an Ed25519 key", "make one with steelyard keygen")
    return PrivateKey(key.private_bytes_raw())


def write_private(path: Path, key: PrivateKey) -> None:
    """Write a private key durably to a new file of mode 0600; raises KeyFileError if it exists."""
    _write_new(path, key._pem(), 0o600)


def read_public(path: Path) -> PublicKey:
    """Read a public key; raises KeyFileError."""
    try:
        return parse_public(_read(path, private=False))
    except KeyFileError:
        raise
    except ValueError as error:
        raise KeyFileError(
            path, f"not a public key in PEM ({error})", "name the .pub file of keygen"
        ) from error


def parse_public(pem: bytes) -> PublicKey:
    """A public key from its PEM; raises ValueError."""
    try:
        key = load_pem_public_key(pem)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return PublicKey(key.public_bytes_raw())


def public_pem(key: PublicKey) -> bytes:
    """A public key as PEM (SubjectPublicKeyInfo, RFC 8410)."""
    whole = Ed25519PublicKey.from_public_bytes(key.x)
    return whole.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def write_public(path: Path, key: PublicKey) -> None:
    """Write a public key durably to a new file; raises KeyFileError if it exists."""
    _write_new(path, public_pem(key), 0o644)


def _read(path: Path, *, private: bool) -> bytes:
    try:
        # Without O_NONBLOCK a named pipe in the place of the key would stop the start for ever.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise KeyFileError(path, error.strerror or str(error), "check the path") from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise KeyFileError(path, "not a plain file", "name the key's own file")
        if private:
            _refuse_shared(path, found)
        pem = os.read(fd, FILE_BYTES_MAX + 1)
    finally:
        os.close(fd)
    if len(pem) > FILE_BYTES_MAX:
        raise KeyFileError(path, f"longer than {FILE_BYTES_MAX} bytes", "name the key's own file")
    return pem


def _refuse_shared(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise KeyFileError(
            path,
            f"the private key belongs to user {found.st_uid}, not to {os.geteuid()} who runs this",
            "run as its owner, or make a key for this user",
        )
    if found.st_mode & 0o077:
        raise KeyFileError(
            path,
            f"others may use the private key (mode {found.st_mode & 0o777:04o})",
            f"take it as known to them: make a new one, or chmod 600 {path}",
        )


def _write_new(path: Path, data: bytes, mode: int) -> None:
    """All or nothing: the name appears, once and durably, only when the bytes are on disk."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
            # Unlike a rename, a link never takes the place of a file that is there already.
            os.link(part, path)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
        _sync_folder(path.parent)
    except FileExistsError as error:
        raise KeyFileError(
            path, "the file exists, and a key is never overwritten", "name a new file"
        ) from error
    except OSError as error:
        remedy = "make its folder and let this user write there"
        if error.errno in (errno.EPERM, errno.EOPNOTSUPP):
            remedy = "name a place on a file system with links and modes"
        raise KeyFileError(path, error.strerror or str(error), remedy) from error


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
