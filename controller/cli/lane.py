"""The subcommands that run a lane: a site, a simulated yard, a recorded one."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from controller.cli.kit import Json, app, later, plain_errors, show


@app.command()
def check(
    site: Annotated[Path, typer.Argument(help="SITE.toml, or the name of a packaged profile.")],
    json_: Json = False,
) -> None:
    """Validate a site file: every key, unit, pin and driver."""
    with plain_errors():
        today = datetime.date.today()
        found = later("controller.commands.check:check_site")(site, today)
        if json_:
            show(found, json_)
        else:
            typer.echo(later("controller.commands.check:text_of")(found))


@app.command()
def demo(
    trucks: Annotated[
        int | None, typer.Option(min=1, max=200, help="At most so many trucks; 8 in a morning.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the yard.")] = 1,
    scenario: Annotated[
        str, typer.Option(help="morning, cell_fails, …: a file of sim/scenarios, or your own.")
    ] = "morning",
    out: Annotated[
        Path | None, typer.Option(help="Folder that keeps the ledger and the page.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Recorded input instead: a folder of traces and plates.")
    ] = None,
    json_: Json = False,
) -> None:
    """Run a morning in the simulated yard, or on recorded input, with the real core."""
    with plain_errors():
        if trace is not None:
            later("controller.commands.demo_trace:run")(trace, trucks or 8, out, json_)
        else:
            later("sim.demo:run")(trucks, seed, out, json_, scenario)


@app.command()
def explore(
    seeds: Annotated[str | None, typer.Option(help="A:B, as 0:200; B is not among them.")] = None,
    seed: Annotated[
        str | None, typer.Option(help="This seed alone, or a branch of one: 17, 17.3.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A shift that was kept, as in tests/scenarios.")
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=31, help="Days with a night between each two in one ride.")
    ] = 1,
    turns: Annotated[
        bool, typer.Option("--turns", help="Short shifts; all trouble begins as the lane turns.")
    ] = False,
    follow: Annotated[
        int, typer.Option(min=0, help="Branches of each shift that reaches something new.")
    ] = 1,
    minutes: Annotated[
        float, typer.Option(min=0, help="Begin no seed after this time; 0 = no limit.")
    ] = 0,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Processes.")] = 1,
    shrink: Annotated[
        int, typer.Option(min=0, help="Make so many of the findings small, one of each check.")
    ] = 4,
    out: Annotated[
        Path | None, typer.Option(help="Folder for small shifts [default: out/explore].")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Draw the run of --seed or --file to this page instead.")
    ] = None,
    json_: Json = False,
) -> None:
    """Deal shifts full of faults from seeds, judge the lane in each; status 1 = findings."""
    with plain_errors(2):
        request = later("sim.explore.campaign:request")(
            seeds,
            seed,
            file,
            days=days,
            turns=turns,
            follow=follow,
            minutes=minutes,
            jobs=jobs,
            shrink_max=shrink,
            out=out,
            as_json=json_,
        )
        if html is None:
            sound = later("sim.explore.campaign:run")(request)
        else:
            sound = later("sim.explore.page.draw:run")(request.plan, html, json_)
    if not sound:
        raise typer.Exit(1)


@app.command()
def run(
    site: Annotated[Path, typer.Argument(help="SITE.toml, or the name of a packaged profile.")],
    out: Annotated[Path, typer.Option(help="Folder of the ledger and the pictures.")],
    seconds: Annotated[float, typer.Option(min=0, help="Stop after this time; 0 = never.")] = 0,
    json_: Json = False,
) -> None:
    """Run the controller on the board that a site file describes."""
    with plain_errors():
        later("controller.commands.run:run")(site, out, seconds, json_)
