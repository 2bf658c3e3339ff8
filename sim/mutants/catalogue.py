"""The mutants as their files state them: which text of which file becomes which other text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from sim.explore.plan import Plan

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
_KEYS = ("name", "plan", "file", "find", "replace", "meaning", "killers")
_MAY = ("needs", "lives")


class MutantError(ValueError):
    """A mutant that is not written as it must be; the message says which and what to do."""


class Mutant(Struct, frozen=True, kw_only=True):
    """One change: in ``file`` the one place of ``find`` becomes ``replace``.

    ``meaning`` says what then goes wrong, ``killers`` which checks should notice; ``area`` is the
    catalogue file that it stands in, ``plan`` the number of the shift written by hand (``plans``)
    in which it should die.  ``needs`` are words of a plan (``hunt.words_of``): of dealt shifts
    those come first that have most of them.  ``lives`` says why one does that no shift has killed.
    """

    area: str
    name: str
    file: str
    find: str
    replace: str
    meaning: str
    plan: int
    killers: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    lives: str = ""

    def applied(self, text: str) -> str:
        """The changed text.  Raises MutantError where ``find`` is not there just once."""
        times = text.count(self.find)
        if times != 1:
            raise MutantError(
                f"mutant {self.name}: its text is {times} times in {self.file}, and must be there "
                "once; write find anew by what stands there today"
            )
        return text.replace(self.find, self.replace)


def read_all(folder: Path = FOLDER) -> tuple[Mutant, ...]:
    """Every mutant, area by area.  Raises MutantError."""
    found = tuple(m for path in sorted(folder.glob("*.toml")) for m in _read(path))
    names = [mutant.name for mutant in found]
    for name in names:
        if names.count(name) > 1:
            raise MutantError(f"two mutants are called {name}; give one another name")
    return found


def chosen(mutants: Iterable[Mutant], names: tuple[str, ...]) -> tuple[Mutant, ...]:
    """Those of these names, all of them without any.  Raises MutantError for a name that is none.

    A name may be that of an area, too.
    """
    known = tuple(mutants)
    for name in names:
        if not any(name in (m.name, m.area) for m in known):
            raise MutantError(f"no mutant and no area is called {name}")
    return tuple(m for m in known if not names or m.name in names or m.area in names)


def small() -> list[Plan]:
    """The shifts written by hand, in the order of their numbers, which are their seeds.

    Raises MutantError.
    """
    plans = []
    for path in sorted((FOLDER / "plans").glob("*.toml")):
        number, _, _ = path.stem.partition("_")
        plans.append(Plan(seed=int(number), table=_table(path)))
    return plans


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MutantError(f"{path}: cannot be read as TOML: {error}") from error


def _read(path: Path) -> Iterator[Mutant]:
    for number, entry in enumerate(_table(path).get("mutant", []), start=1):
        stated = set(entry) - set(_MAY)
        if stated != set(_KEYS):
            wrong = ", ".join(sorted(stated ^ set(_KEYS)))
            raise MutantError(f"{path}: mutant {number}: {wrong}: a mutant has {', '.join(_KEYS)}")
        entry["killers"] = tuple(entry["killers"])
        entry["needs"] = tuple(entry.get("needs", ()))
        yield Mutant(area=path.stem, **entry)
