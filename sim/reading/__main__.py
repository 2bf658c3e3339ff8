"""The stochastic reader: ``measure`` after a new recogniser, ``compare`` to see how alike."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.reading import table
from sim.reading.compare import compared, told
from sim.reading.measure import measure as measured

app = typer.Typer(add_completion=False, help=__doc__)


@app.command()
def measure(
    vehicles: Annotated[int, typer.Option(min=1, help="A condition, each seen twice.")] = 12,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Look at frames of every condition with the real recogniser, and keep what it says."""
    readings = measured(vehicles, jobs)
    table.write(readings)
    frames = sum(map(len, readings.cells))
    print(f"{frames} frames, likeness {readings.likeness}, same error {readings.same_error}")


@app.command()
def compare(
    vehicles: Annotated[int, typer.Option(min=1, help="A condition.")] = 4,
    seed: Annotated[int, typer.Option(help="Other frames for another seed.")] = 2,
) -> None:
    """Show how often the real and the stochastic reader are right and wrong."""
    print(told(compared(table.read(), vehicles, seed)))


app()
