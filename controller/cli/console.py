"""The subcommand of whoever stands at the cabinet: the maintenance console."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controller.cli.kit import Json, app, later, plain_errors


@app.command()
def console(
    out: Annotated[Path, typer.Option(help="The data folder of the lane, as run has it.")],
    command: Annotated[
        list[str] | None, typer.Option("-c", help="Do this and end; may be given again.")
    ] = None,
    json_: Json = False,
    user: Annotated[
        str | None, typer.Option(help="With -c: an account; without one, a viewer.")
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="Its password: the first line of a file of mode 0600.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Its password: a line of standard input.")
    ] = False,
    seconds: Annotated[
        float | None, typer.Option(min=0, max=86_400, help="With -c: end a stream after these.")
    ] = None,
    serial: Annotated[
        Path | None, typer.Option(help="Serve this serial line, as /dev/ttyGS0.")
    ] = None,
    baud: Annotated[int, typer.Option(help="9600 to 115200.")] = 115_200,
    carrier: Annotated[
        bool, typer.Option("--carrier", help="Log out when the line's carrier drops (DCD wired).")
    ] = False,
    listen: Annotated[
        Path | None, typer.Option(help="Serve scripts at this Unix socket: JSON lines.")
    ] = None,
    setup: Annotated[
        bool, typer.Option("--setup", help="Print a code that makes an administrator.")
    ] = False,
    ascii_: Annotated[bool, typer.Option("--ascii", help="The terminal has ASCII alone.")] = False,
    language: Annotated[str | None, typer.Option(help="zh or en.")] = None,
) -> None:
    """Look after a running lane: at this terminal, on a serial line, or from a script."""
    ways = [bool(command), serial is not None, listen is not None, setup]
    if sum(ways) > 1:
        raise typer.BadParameter("one of -c, --serial, --listen and --setup at a time")
    if language not in (None, "zh", "en"):
        raise typer.BadParameter("zh or en", param_hint="--language")
    with plain_errors():
        if setup:
            typer.echo(later("controller.console.serve:set_up")(out))
        elif listen is not None:
            later("controller.console.serve:scripts")(out, listen)
        elif serial is not None:
            more = {"carrier": carrier, "ascii_only": ascii_, "language": language}
            later("controller.console.serve:serial")(out, serial, baud, **more)
        elif not command:
            later("controller.console.serve:local")(out, ascii_only=ascii_, language=language)
    if command:
        asked = later("controller.console.once:Once")(
            folder=out,
            lines=command,
            as_json=json_,
            user=user,
            password_file=password_file,
            password_stdin=password_stdin,
            seconds=seconds,
            language=language or "en",
        )
        status = later("controller.console.once:run")(
            asked, later("controller.console.serve:grammar")()
        )
        if status:
            raise typer.Exit(status)
