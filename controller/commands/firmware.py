"""``steelyard firmware``: make the coprocessor's firmware, and copy it to a chip."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from board.mpy import MANIFEST, read_set
from board.mpy import build as build_set
from board.rawrepl import RawRepl


def build(out: Path) -> dict[str, Any]:
    """Compile the firmware into a folder; what was made, for printing."""
    manifest = build_set(out)
    total = sum(entry["bytes"] for entry in manifest["files"])
    return {
        "version": manifest["version"],
        "protocol": manifest["protocol"],
        "out": str(out),
        "files": len(manifest["files"]),
        "bytes": total,
    }


def flash(port: str, folder: Path | None, reset: bool) -> dict[str, Any]:
    """Copy a built set, or one built now, to the chip at a port, verify it, start the chip anew."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="steelyard-firmware-") as fresh:
            build_set(Path(fresh))
            return _copy(port, Path(fresh), reset)
    return _copy(port, folder, reset)


def _copy(port: str, folder: Path, reset: bool) -> dict[str, Any]:
    files = read_set(folder)
    version = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["version"]
    with RawRepl(port) as repl:
        board = repl.run("import sys\nprint(sys.implementation[0], sys.implementation[1][:2])")
        repl.copy(files)
        if reset:
            repl.reset()
        else:
            repl.leave()
    return {
        "port": port,
        "board": board.strip(),
        "version": version,
        "files": len(files),
        "bytes": sum(len(data) for _, data in files),
        "verified": "sha256",
        "restarted": reset,
    }
