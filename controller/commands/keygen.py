"""``steelyard keygen``: make a lane's key, name the one in a file, hand a ledger over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from msgspec import Struct

from controller.assembly import LEDGER_FILE
from controller.lanekey import KEY_FILE, NEXT, finish_rotation, next_key
from protocol.keys import (
    KeyFileError,
    PrivateKey,
    PublicKey,
    generate,
    read_private,
    read_public,
    write_private,
    write_public,
)
from protocol.ledger import Ledger
from protocol.parts import Person

_PAPER = (
    "Note the fingerprint on paper, signed by two people: a verification proves who sealed only to "
    "somebody who knows it from there."
)


class Rotation(Struct, frozen=True, kw_only=True):
    """What was asked for with --rotate; ``present`` is the file of the key that counts now."""

    folder: Path
    to: Path | None = None
    present: Path | None = None
    who: str | None = None
    why: str | None = None


def run(file: Path | None, rotation: Rotation | None, *, public: bool, json_: bool) -> None:
    """Do what was asked, and print it.

    Raises ValueError, KeyFileError, RecordError or LedgerError; nothing is overwritten.
    """
    if (file is None) == (rotation is None):
        raise ValueError("name either the FILE of a new key, or --rotate and a data folder")
    if rotation is not None:
        _show(rotate(rotation), json_, _PAPER)
    elif file is not None:
        _show(name(file) if public else make(file), json_, "" if public else _PAPER)


def make(file: Path) -> dict[str, Any]:
    """Make a new key: ``file`` with mode 0600, and its public part beside it."""
    public = public_path(file)
    for path in (file, public):
        if path.is_symlink() or path.exists():
            raise KeyFileError(
                path,
                "the file exists, and a key is never overwritten",
                f"name a new file, or see which key it is: steelyard keygen {file} --public",
            )
    key = generate()
    write_private(file, key)
    write_public(public, key.public)
    return _facts(file, public, key)


def name(file: Path) -> dict[str, Any]:
    """The fingerprint of the key in ``file``; its public part is written where it is missing."""
    key, public = read_private(file), public_path(file)
    if not public.exists():
        write_public(public, key.public)
    elif read_public(public) != key.public:
        raise KeyFileError(public, f"not the public key of {file}", "move it away, then again")
    return _facts(file, public, key)


def rotate(asked: Rotation) -> dict[str, Any]:
    """Seal a KEY record with the present key, then put the next key in its place.

    The next key is on disk before the ledger hands over to it, and a rotation that was stopped in
    between goes on from where it was.
    """
    if not asked.who or not asked.why:
        raise ValueError("--rotate needs --who and --why; both stand in the record")
    ledger, path = asked.folder / LEDGER_FILE, asked.present or asked.folder / KEY_FILE
    with Ledger.open(ledger, read_only=True) as found:
        site, lane, counts = found.site, found.lane, found.key
    finish_rotation(path, ledger, counts)
    old = read_private(path)
    with Ledger.open(ledger, site, lane, key=old) as opened:
        new = next_key(path) if asked.to is None else _brought(path, asked.to, opened.keys())
        receipt = opened.rotate(new, Person(who=asked.who, why=asked.why))
    finish_rotation(path, ledger, new.public)
    return {
        "seq": receipt.seq,
        "private": str(path),
        "was": old.public.fingerprint,
        "fingerprint": new.public.fingerprint,
    }


def _brought(path: Path, file: Path, had: list[PublicKey]) -> PrivateKey:
    """Lay a key that was made elsewhere where a rotation that was stopped looks for it."""
    new, waiting = read_private(file), path.with_name(path.name + NEXT)
    if new.public in had:
        raise KeyFileError(file, "the ledger had this key before", "make a new one")
    if not waiting.exists():
        write_private(waiting, new)
    if next_key(path).public != new.public:
        raise KeyFileError(
            waiting, "a rotation to another key was begun here", "finish that: leave out --to"
        )
    return new


def public_path(file: Path) -> Path:
    """Where the public part of a key lies: ``lane.key`` has ``lane.pub``."""
    public = file.with_suffix(".pub")
    if public == file:
        raise KeyFileError(file, "this is the name of a public key", "end the name in .key")
    return public


def _facts(file: Path, public: Path, key: PrivateKey) -> dict[str, Any]:
    return {
        "private": str(file),
        "public": str(public),
        "fingerprint": key.public.fingerprint,
        "kid": key.public.kid.hex(),
    }


def _show(facts: dict[str, Any], json_: bool, advice: str) -> None:
    if json_:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for title, value in facts.items():
        typer.echo(f"{title:12} {value}")
    if advice:
        typer.echo(advice)
