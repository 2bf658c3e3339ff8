"""A file that appears whole or not at all, and never in the place of another unasked."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class OutputError(OSError):
    """A file that cannot be written: what, where, and what to do."""


def refuse_existing(out: Path, *, force: bool) -> None:
    """Say before the work begins that the file is there; a folder is never replaced."""
    if out.is_dir():
        raise OutputError(f"{out}: a folder; name a file in it")
    if out.exists() and not force:
        raise OutputError(f"{out}: the file exists; name another, or replace it with --force")
    if not out.absolute().parent.is_dir():
        raise OutputError(f"{out}: its folder does not exist; make the folder")


def write_out(out: Path, data: bytes, *, force: bool) -> None:
    """Write beside the place, sync, and put in place; raises OutputError."""
    part = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if force:
            part.replace(out)
        else:
            # Unlike a rename, a link never takes the place of a file that came in between.
            os.link(part, out)
    except FileExistsError as error:
        raise OutputError(f"{out}: the file exists; replace it with --force") from error
    except OSError as error:
        said = error.strerror or str(error)
        raise OutputError(f"{out}: cannot be written: {said}; name a place with space") from error
    finally:
        with suppress(OSError):
            part.unlink()
