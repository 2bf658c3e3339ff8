"""The lane's private key: the file that the site names, or one beside the ledger.

A ledger goes on under its own key only.  A key is made where nothing has been sealed yet, never in
the place of one that is missing.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from board.profile import Profile
from protocol import store
from protocol.errors import Code, LedgerError
from protocol.files import Files
from protocol.keys import (
    PrivateKey,
    PublicKey,
    generate,
    read_private,
    read_public,
    write_private,
    write_public,
)
from protocol.ledger import Ledger

KEY_FILE = "lane.key"
PUBLIC_FILE = "lane.pub"
NEXT = ".next"
"""Behind the names of a key that a rotation is about to hand over to."""


def lane_key(profile: Profile, ledger: Path) -> PrivateKey:
    """The key to seal with in this ledger, made at its first start if the site names none.

    Raises:
        KeyFileError: the file that the site names is missing, or a key file cannot be used.
        LedgerError: the ledger is sealed, and its key file is missing or holds another key.
    """
    path = key_path(profile, ledger.parent)
    Files().make_folder(ledger.parent)
    sealed_with = _key_of(ledger)
    finish_rotation(path, ledger, sealed_with)
    if not path.exists() and profile.seal.key is None:
        known = sealed_with or _public_beside(ledger)
        if known is not None:
            raise _missing(path, ledger, known)
        write_private(path, generate())
    key = read_private(path)
    if sealed_with is not None and sealed_with != key.public:
        raise _another(path, ledger, sealed_with, key.public)
    public = ledger.parent / PUBLIC_FILE
    if not public.exists():
        write_public(public, _first_of(ledger) or key.public)
    return key


def key_path(profile: Profile, folder: Path) -> Path:
    """Where the private key of this site lies, for a ledger in ``folder``."""
    named = profile.seal.key
    return Path(profile.folder) / named if named is not None else folder / KEY_FILE


def next_key(path: Path) -> PrivateKey:
    """The key that a rotation is about to hand over to, on disk before the ledger does.

    The one that waits there from a rotation that did not come to its end is taken again.
    Raises KeyFileError and OSError.
    """
    waiting = path.with_name(path.name + NEXT)
    if waiting.exists():
        # Its name may be from a rotation that was stopped before it became durable.
        Files().sync_folder(path.parent)
    else:
        write_private(waiting, generate())
    return read_private(waiting)


def finish_rotation(path: Path, ledger: Path, sealed_with: PublicKey | None) -> None:
    """Put the next key in the place of the old one, if the ledger has handed over to it.

    A rotation that a power cut stopped between the two is finished so at the next start.
    """
    waiting = path.with_name(path.name + NEXT)
    if sealed_with is None or not waiting.exists():
        return
    if read_private(waiting).public == sealed_with:
        # What is read after a kill may not be on disk yet; a cut then would take the ledger back
        # to a key that is gone.
        store.sync(ledger)
        files = Files()
        files.replace(waiting, path)
        files.sync_folder(path.parent)


def _key_of(ledger: Path) -> PublicKey | None:
    """The key that a ledger is sealed with, None where nothing is sealed or can be read.

    What cannot be read is recovered under the key that lies beside it, if that was its key.
    """
    try:
        with Ledger.open(ledger, read_only=True) as found:
            return found.key
    except LedgerError:
        return None


def _first_of(ledger: Path) -> PublicKey | None:
    """The key that a ledger began its seals with: the one that vouches for all of it."""
    try:
        with Ledger.open(ledger, read_only=True) as found:
            return found.first_key
    except LedgerError:
        return None


def _public_beside(ledger: Path) -> PublicKey | None:
    """The public key that was written when the private one was made; None for none."""
    with suppress(ValueError):
        return read_public(ledger.parent / PUBLIC_FILE)
    return None


def _missing(path: Path, ledger: Path, sealed_with: PublicKey) -> LedgerError:
    return LedgerError(
        Code.OTHER_KEY,
        ledger,
        f"sealed with key {sealed_with.fingerprint}, and its key file {path} is missing",
        "put that file back, or begin a new ledger in another folder",
    )


def _another(path: Path, ledger: Path, sealed_with: PublicKey, found: PublicKey) -> LedgerError:
    return LedgerError(
        Code.OTHER_KEY,
        ledger,
        f"sealed with key {sealed_with.fingerprint}, but {path} holds {found.fingerprint}",
        "put the ledger's own key file there; another key needs a rotation, sealed by the present",
    )
