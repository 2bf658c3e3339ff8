"""The subcommands that weigh, read and judge what is given to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controller.cli.kit import Json, app, later, plain_errors, show


@app.command()
def judge(
    facts: Annotated[Path, typer.Argument(help="FACTS.json: what is known of one vehicle.")],
    json_: Json = False,
) -> None:
    """Judge stated facts by the rules: over-limit, overload, dimensions."""
    with plain_errors():
        show(later("controller.commands.judge:judge_file")(facts), json_)


@app.command()
def weigh(
    traces: Annotated[
        list[Path], typer.Argument(help="Recorded counts: CSV files, folders, or - for rows.")
    ],
    scale: Annotated[
        Path | None, typer.Option("--scale", help="SCALE.toml [default: NAME.calib.toml].")
    ] = None,
    json_: Json = False,
    truth: Annotated[
        bool, typer.Option("--truth", help="Hold against NAME.truth.json, class by class.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw to out.png or out.html; {} = the trace's name.")
    ] = None,
    mode: Annotated[str, typer.Option(help="static, or rolling for a truck that drives on.")] = (
        "static"
    ),
    estimator: Annotated[str, typer.Option(help="product, or window: the usual rule.")] = "product",
    jobs: Annotated[int, typer.Option(min=1, help="Processes for --truth.")] = 1,
) -> None:
    """Run the weighing pipeline on recorded traces."""
    with plain_errors():
        request = later("controller.commands.weigh_many:Request")(
            scale=scale,
            mode=mode,
            estimator=estimator,
            plot=plot,
            truth=truth,
            jobs=jobs,
            as_json=json_,
        )
        good = later("controller.commands.weigh_many:run")(traces, request)
    if not good:
        raise typer.Exit(1)


@app.command()
def read(
    images: Annotated[list[Path], typer.Argument(help="Photographs, or folders of them.")],
    crop: Annotated[bool, typer.Option("--crop", help="The image is a plate cut-out.")] = False,
    draw: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write annotated pictures into this folder.")
    ] = None,
    json_: Json = False,
) -> None:
    """Read plates from photographs; one result per line."""
    with plain_errors():
        request = later("controller.commands.read:Request")(crop=crop, draw=draw, as_json=json_)
        good = later("controller.commands.read:run")(images, request)
    if not good:
        raise typer.Exit(1)
