"""``steelyard keygen``: make a lane's key, or name the one in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from protocol.keys import (
    KeyFileError,
    PrivateKey,
    generate,
    read_private,
    read_public,
    write_private,
    write_public,
)

_PAPER = (
    "Note the fingerprint on paper, signed by two people: a verification proves who sealed only to "
    "somebody who knows it from there."
)


def run(file: Path, *, public: bool, json_: bool) -> None:
    """Make the key, or with ``public`` name the one that is there; raises KeyFileError."""
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
