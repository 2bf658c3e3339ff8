"""The hunt: shift after shift through every mutant, until a check speaks that else is silent."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from msgspec import Struct

from sim.explore.deal import deal
from sim.explore.plan import Plan
from sim.faults import part_of
from sim.mutants.catalogue import Mutant
from sim.mutants.overlay import overlay, snapshot
from sim.mutants.rides import Answer, Rides


class Fate(Struct, frozen=True, kw_only=True):
    """What became of one mutant; ``check`` is "" for one that lives.

    ``plans`` is how many shifts were ridden, the killing one with them, ``seed`` that one's.
    """

    name: str
    area: str
    meaning: str
    plans: int
    check: str = ""
    seed: int | None = None
    seen: str = ""
    cpu_s: float = 0.0

    @property
    def killed(self) -> bool:
        """Whether a check spoke up."""
        return bool(self.check)


Told = Callable[[Fate], None]


_CALM = ("fault", "kill", "disk", "hand", "device", "load", "person", "request")
"""What a calm shift has none of: then nothing excuses the lane."""


def by_turns(seeds: Iterable[int]) -> list[Plan]:
    """The plans of seeds: by turns the calmest that is left, and the one with the most new."""
    rich = rich_first(seeds)
    calm = sorted(rich, key=lambda plan: (unrest(plan), -len(plan.table["truck"])))
    both = (plan for pair in zip(calm, rich, strict=True) for plan in pair)
    return list({plan.seed: plan for plan in both}.values())


def unrest(plan: Plan) -> int:
    """How much a plan states that may excuse the lane."""
    return sum(len(plan.table.get(key, ())) for key in _CALM)


def rich_first(seeds: Iterable[int]) -> list[Plan]:
    """The plans of seeds, so ordered that each brings the most that none before it had.

    What counts is what the plan states, against its trucks, for each takes its time: kinds of
    devices and faults, vehicles, people, deaths.
    """
    left = {plan.seed: (plan, words_of(plan)) for plan in map(deal, seeds)}
    met: set[str] = set()
    order: list[Plan] = []
    while left:
        best = max(left, key=lambda seed: (_worth(*left[seed], met), -seed))
        plan, words = left.pop(best)
        order.append(plan)
        met = met | words if words - met else set(words)
    return order


def _worth(plan: Plan, words: frozenset[str], met: set[str]) -> float:
    return len(words - met) / (1 + len(plan.table["truck"]))


def words_of(plan: Plan) -> frozenset[str]:
    """What a plan states, without its times, numbers and names."""
    found = set()
    for key, entries in plan.table.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            parts = [f"{name} {value}" for name, value in entry.items() if _is_word(value)]
            found |= {f"{key} {part}" for part in parts}
            if key == "fault":
                found.add(f"fault {part_of(entry['device'])} {entry['kind']}")
        if isinstance(entries, list):
            found.add(f"{key} {len(entries)}")
    if not unrest(plan):
        found.add("calm")
    return frozenset(found)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and not any(letter.isdigit() for letter in value)


class Hunt:
    """Rides plans through mutants of the program as it stands when the hunt begins."""

    def __init__(
        self,
        root: Path,
        plans: Sequence[Plan],
        *,
        small: bool = False,
        minutes: float = 0.0,
        shifts: int | None = None,
        first: Sequence[int] = (),
    ) -> None:
        self._root = root
        self._plans = plans
        self._words = {} if small else {plan.seed: words_of(plan) for plan in plans}
        self._small = small
        self._shifts = shifts
        self._first = frozenset(first)
        self._until_s = time.monotonic() + minutes * 60 if minutes else None
        self._sound: dict[int, Answer] = {}
        self._lock = Lock()

    def run(self, mutants: Sequence[Mutant], jobs: int, told: Told) -> list[Fate]:
        """The fates of all mutants, in their order; ``told`` hears each as it is known.

        Raises MutantError before anything is ridden where one cannot be laid over the program.
        """
        with tempfile.TemporaryDirectory(prefix="steelyard-mutants-") as name:
            base = snapshot(self._root, Path(name) / "base")
            laid = [overlay(base, m, Path(name) / m.name) for m in mutants]
            with Rides(base) as sound, ThreadPoolExecutor(jobs) as pool:
                waiting = [
                    pool.submit(self._hunted, mutant, folder, sound, told)
                    for mutant, folder in zip(mutants, laid, strict=True)
                ]
                return [one.result() for one in waiting]

    def _hunted(self, mutant: Mutant, folder: Path, sound: Rides, told: Told) -> Fate:
        fate = Fate(name=mutant.name, area=mutant.area, meaning=mutant.meaning, plans=0)
        cpu_s = 0.0
        with Rides(folder) as rides:
            for number, plan in enumerate(self._order(mutant)[: self._shifts], start=1):
                if self._until_s is not None and time.monotonic() >= self._until_s:
                    break
                answer = rides.ride(plan)
                cpu_s += answer.cpu_s
                # What the sound program is told for at this seed proves nothing about the mutant.
                known = self._known(plan, sound) if answer.findings else Answer(())
                fresh = [found for found in answer.findings if found[0] not in known.checks]
                check, seen = fresh[0] if fresh else ("", "")
                fate = Fate(
                    name=mutant.name,
                    area=mutant.area,
                    meaning=mutant.meaning,
                    plans=number,
                    check=check,
                    seed=plan.seed if check else None,
                    seen=seen,
                    cpu_s=round(cpu_s, 1),
                )
                if check:
                    break
        with self._lock:
            told(fate)
        return fate

    def _order(self, mutant: Mutant) -> Sequence[Plan]:
        """The plans, first those that have most of what this mutant needs to show itself.

        Of those written by hand that is the one meant for it.  Before all others come the seeds
        that were named to come ``first``.
        """
        if self._small:
            return sorted(self._plans, key=lambda plan: plan.seed != mutant.plan)
        wanted = set(mutant.needs)

        def late(plan: Plan) -> tuple[bool, int]:
            return plan.seed not in self._first, -len(wanted & self._words[plan.seed])

        return sorted(self._plans, key=late)

    def _known(self, plan: Plan, sound: Rides) -> Answer:
        """What the program without a mutant gives for this plan, ridden once."""
        with self._lock:
            if plan.seed not in self._sound:
                self._sound[plan.seed] = sound.ride(plan)
            return self._sound[plan.seed]

    @property
    def unsound(self) -> dict[int, tuple[str, ...]]:
        """The seeds at which the program itself is told for something, with the checks."""
        found = sorted(self._sound.items())
        return {seed: tuple(sorted(answer.checks)) for seed, answer in found if answer.checks}
