"""What every subcommand shares: the application, its errors, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Controller for truck-weighing checkpoints.",
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object, or one per line.")]


@contextmanager
def plain_errors(status: int = 1) -> Iterator[None]:
    """Errors of the user's input or machine: what, where and what to do, and the exit status."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        for line in (f"error: {error}", *getattr(error, "__notes__", ())):
            # Names of files, and what stands in them, are not to steer a terminal.
            shown = "\n".join(later("controller.summary:plain")(p, 2000) for p in line.split("\n"))
            typer.echo(shown, err=True)
        raise typer.Exit(status) from error


def later(target: str) -> Callable[..., Any]:
    """A function by its name; the simulator and the readers are imported only when asked for."""
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    for key, value in result.items():
        typer.echo(f"{key}: {json.dumps(value, ensure_ascii=False)}")
