"""A copy of the program with one text replaced; the working tree is never touched.

The copy is made of links but for the file that is changed and the folders that lead to it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sim.mutants.catalogue import Mutant

PACKAGES = ("board", "controller", "hal", "protocol", "sensors", "sim", "vision")


def snapshot(root: Path, folder: Path) -> Path:
    """Copy the packages as they stand now, so that a long run sees one program; return where."""
    for package in PACKAGES:
        shutil.copytree(
            root / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return folder


def overlay(base: Path, mutant: Mutant, folder: Path) -> Path:
    """Lay a mutant over ``base``; return the folder.  Raises MutantError."""
    changed = mutant.applied((base / mutant.file).read_text(encoding="utf-8"))
    here, there = base, folder
    for part in Path(mutant.file).parts:
        there.mkdir(parents=True, exist_ok=True)
        for source in here.iterdir():
            if source.name not in (part, "__pycache__"):
                (there / source.name).symlink_to(source)
        here, there = here / part, there / part
    there.write_text(changed, encoding="utf-8")
    return folder
