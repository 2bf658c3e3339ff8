"""The dialogue at the deck: what to put where, in plain words, one step after another."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from controller.calibrating.session import Session
from controller.calibrating.steps import Step
from hal.quantity import MASS
from sensors.calibration import Scale
from sensors.substitution import REPEATS_MIN, weights_needed_g

SPAN_CHOICES = {
    "1": "test loads: known masses for the whole range",
    "2": "substitution: standard weights and material that takes their place (R 76 3.7.3)",
    "3": "leave the span as it is",
}
CORNER_CHOICES = {
    "1": "one test load over every cell in turn",
    "2": "one axle of a truck over every section in turn",
    "3": "leave the corners as they are",
}
MATERIAL = "How much material then lies on the deck in all"


class Dialogue:
    """Asks for one step after another; `moves` is False where the yard moves the loads itself."""

    def __init__(self, scale: Scale, session: Session, *, moves: bool = True) -> None:
        self._scale = scale
        self._session = session
        self._moves = moves

    def steps(self) -> Iterator[Step]:
        """Yield every step; the caller takes it before it asks for the next one."""
        if not self._moves:
            say("This yard is simulated: it puts every load on the deck by itself.")
        say("\n1. Warm-up and noise")
        if not confirm("Has the scale been switched on for 30 minutes or more?"):
            say("Wait until it has: load cells and converter drift while they warm up.")
            raise typer.Abort
        yield Step(do="warm_up")
        say("\n2. Zero")
        self._ready("Clear the deck, and keep off it.")
        yield Step(do="zero")
        say("\n3. Span")
        yield from self._span(choose(SPAN_CHOICES))
        say("\n4. Corners")
        yield from self._corners(choose(CORNER_CHOICES))
        if self._session.span_loads:
            say("\n5. A check (optional): any other load of known mass, not used for the span")
            yield from self._loads("check")

    def _span(self, choice: str) -> Iterator[Step]:
        if choice == "1":
            half_g = self._scale.max_g // 2
            say(f"Two loads or more; the largest at least half of Max, {MASS.show(half_g)}.")
            yield from self._loads("span")
        elif choice == "2":
            yield from self._substitution()

    def _loads(self, do: str) -> Iterator[Step]:
        while (load_g := ask_mass("Mass on the deck, as 20 t (Enter alone: no more)")) is not None:
            self._ready("Put it on the middle of the deck.")
            yield Step(do="span" if do == "span" else "check", load_g=load_g)

    def _substitution(self) -> Iterator[Step]:
        weights_g = ask_mass("Mass of the standard weights, as 40 t", needed=True) or 0
        yield from self._repeats(weights_g)
        self._ready(f"Put the weights, {MASS.show(weights_g)}, on the empty deck.")
        yield Step(do="weights", load_g=weights_g)
        while confirm("Go further up with material in place of what is on the deck?"):
            say("Take the weights off; put material on until the deck shows the same, within 5 e.")
            about_g = (
                None
                if self._moves
                else ask_mass("How much material then lies on the deck in all", needed=True)
            )
            self._ready("The material alone is on the deck.")
            yield Step(do="substitute", load_g=about_g)
            self._ready("Put the weights on top of it.")
            yield Step(do="weights", load_g=weights_g)

    def _repeats(self, weights_g: int) -> Iterator[Step]:
        scale = self._scale
        if weights_g >= weights_needed_g(scale.max_g, scale.e_g, None):
            return
        say("That is less than half of Max: first show that the scale repeats.")
        for number in range(1, REPEATS_MIN + 1):
            self._ready(f"Put the weights on, time {number} of {REPEATS_MIN}; empty in between.")
            yield Step(do="repeat", load_g=weights_g)

    def _corners(self, choice: str) -> Iterator[Step]:
        if choice == "3":
            return
        by_cell = choice == "1"
        what = "Mass of the test load" if by_cell else "Load of the axle"
        unknown = "" if not self._moves else " (Enter alone: not known)"
        load_g = ask_mass(f"{what}, as 15 t{unknown}", needed=not self._moves)
        rows_m = sorted({cell.x_m for cell in self._scale.cells})
        for number in range(len(self._scale.cells) if by_cell else len(rows_m)):
            if by_cell:
                cell = self._scale.cells[number]
                self._ready(f"Over cell{number}: {cell.x_m:g} m along, {cell.y_m:+g} m across.")
                yield Step(do="corner", cell=number, load_g=load_g)
            else:
                self._ready(f"Only this axle on the deck, {rows_m[number]:g} m along.")
                yield Step(do="corner", section=number, load_g=load_g)

    def _ready(self, text: str) -> None:
        if self._moves:
            typer.prompt(f"{text} Press Enter when it is so", default="", show_default=False)
        else:
            say(text)


def say(text: str) -> None:
    """One line to the person."""
    typer.echo(text)


def confirm(question: str) -> bool:
    """Yes or no; no unless yes is said."""
    return typer.confirm(question)


def again() -> bool:
    """Whether a step is to be tried again; False leaves it out. Raises typer.Abort on request."""
    text = "Enter: try again; s: leave this step out; q: break off, nothing is written"
    while (answer := typer.prompt(text, default="", show_default=False).strip()) not in ("", "s"):
        if answer == "q":
            raise typer.Abort
    return not answer


def choose(choices: dict[str, str]) -> str:
    """Ask until one of the numbers is given."""
    for key, text in choices.items():
        say(f"  {key}  {text}")
    while (answer := typer.prompt("Which", default="1").strip()) not in choices:
        say(f"'{answer}' is none of {', '.join(choices)}.")
    return str(answer)


def ask_mass(question: str, *, needed: bool = False) -> int | None:
    """A mass with its unit, in grams; None for an empty line where it is not needed."""
    while True:
        text = typer.prompt(question, default="", show_default=False).strip()
        if not text and not needed:
            return None
        try:
            return MASS.parse(text)
        except ValueError as error:
            say(f"'{text}': {error}.")
