"""What a command is pointed at: a data folder, a ledger file, or an evidence bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from controller.assembly import LEDGER_FILE
from protocol.files import open_plain
from protocol.keys import PublicKey, read_public
from protocol.outside import Kept, read_kept
from protocol.revocation import Revocation, read_revoked

_SQLITE, _ZIP = b"SQLite format 3\0", b"PK\x03\x04"


class SourceError(ValueError):
    """A path with nothing to check behind it: what is there, and what to name instead."""


class Trust(Struct, frozen=True, kw_only=True):
    """What a check is given from outside: a key, keys that count no more, lists of days."""

    anchor: PublicKey | None = None
    revoked: tuple[Revocation, ...] = ()
    kept: tuple[Kept, ...] = ()


class Source(Struct, frozen=True):
    """The file to check, which of the two it is, and whether its whole folder was named."""

    path: Path
    bundle: bool
    whole: bool = False

    @property
    def folder(self) -> Path:
        """The data folder of a ledger."""
        return self.path.parent


def trust(key: Path | None, revoked: Path | None, manifests: Sequence[Path]) -> Trust:
    """Read what was given from outside; raises the error of whichever file cannot be used."""
    return Trust(
        anchor=read_public(key) if key is not None else None,
        revoked=read_revoked(revoked) if revoked is not None else (),
        kept=tuple(read_kept(path) for path in manifests),
    )


def source_of(target: Path) -> Source:
    """Tell a data folder, a ledger and a bundle apart by what is there; raises SourceError."""
    try:
        if target.is_dir():
            return _folder(target)
        with open_plain(target) as file:
            head = file.read(len(_SQLITE))
    except OSError as error:
        said = error.strerror or str(error)
        raise SourceError(f"{target}: {said}; name a data folder, a ledger or a bundle") from error
    if head.startswith(_ZIP):
        return Source(target, bundle=True)
    if head == _SQLITE:
        return Source(target, bundle=False)
    what = "an empty file" if not head else "neither a ledger nor an evidence bundle"
    raise SourceError(f"{target}: {what}; name a data folder, a ledger, or an exported file")


def _folder(folder: Path) -> Source:
    path = folder / LEDGER_FILE
    if not path.exists():
        held = sorted(entry.name for entry in folder.iterdir())[:3]
        has = f"it has {', '.join(held)}…" if held else "it is empty"
        raise SourceError(f"{folder}: no {LEDGER_FILE} in this folder ({has}); name a data folder")
    return Source(path, bundle=False, whole=True)
