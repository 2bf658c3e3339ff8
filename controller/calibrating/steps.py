"""The steps of a calibration, and the file that states them all for a run without questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from hal.schema import Problems, length, load_toml, mass, read_table, time
from sensors.compensation import CreepTerm, Temperature

STEPS_MAX = 200
Do = Literal["warm_up", "zero", "span", "weights", "substitute", "repeat", "corner", "check"]
NEEDS_LOAD = ("span", "weights", "repeat", "check")

Mass = Annotated[int, mass("0 kg", "1000 t")]
Index = Annotated[int, Meta(ge=0, le=31)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Place = Annotated[int, length("-10 m", "60 m")]


class AnswersError(ValueError):
    """An answers file that cannot be followed; every problem is named with place and remedy."""


class Step(Struct, frozen=True, kw_only=True):
    """One step: what is done, with which load, over which cell or section of the deck.

    ``wait`` gives somebody time to move the load. ``recording`` takes the counts from a file
    instead of the deck. ``x`` and ``y`` are for a board that can place test loads by itself, and
    so is the ``load`` of a substitute, which nobody weighs beforehand.
    """

    do: Do
    load_g: Mass | None = field(name="load", default=None)
    cell: Index | None = None
    section: Index | None = None
    wait_us: Annotated[int, time("0 s", "1 h")] = field(name="wait", default=0)
    recording: Text | None = None
    x_mm: Place | None = field(name="x", default=None)
    y_mm: Place | None = field(name="y", default=None)

    @property
    def where(self) -> str:
        """The place in words, empty where it does not matter."""
        if self.cell is not None:
            return f"cell{self.cell}"
        return f"section {self.section}" if self.section is not None else ""


class Answers(Struct, frozen=True, kw_only=True):
    """A whole calibration in a file: the steps, the choices, and whether to accept the result."""

    accept: bool
    steps: tuple[Step, ...] = field(name="step")
    reason: Text | None = None
    linearise: bool = False
    temperature: Temperature | None = None
    creep: tuple[CreepTerm, ...] = ()


def read_answers(path: Path, cells: int) -> Answers:
    """Read an answers file for a scale of so many cells.

    Raises:
        AnswersError: it cannot be read, or a key is wrong; all problems are in it.
    """
    try:
        _, table = load_toml(path)
    except ValueError as error:
        raise AnswersError(str(error)) from error
    problems = Problems(str(path))
    answers = read_table(table, Answers, "", problems)
    for number, step in enumerate(answers.steps if answers else ()):
        for key, text in _wrong(step, cells):
            problems.add(f"step[{number}].{key}", text)
    if answers is not None and not 1 <= len(answers.steps) <= STEPS_MAX:
        problems.add("step", f"{len(answers.steps)} steps; 1 to {STEPS_MAX} are needed")
    if answers is None or problems.found:
        raise AnswersError("\n".join(problems.found))
    return answers


def _wrong(step: Step, cells: int) -> list[tuple[str, str]]:
    found = []
    if step.load_g is None and step.do in NEEDS_LOAD:
        found.append(("load", f'missing; a step "{step.do}" needs it, as a mass like "20 t"'))
    if step.do == "corner" and (step.cell is None) == (step.section is None):
        found.append(("cell", 'a step "corner" needs either cell or section'))
    if step.do != "corner" and step.where:
        found.append(("cell", 'only a step "corner" has a cell or a section'))
    if step.cell is not None and step.cell >= cells:
        found.append(("cell", f"this scale has cell0 to cell{cells - 1}"))
    return found
