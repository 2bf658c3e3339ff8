"""The subcommands for what stands in the yard: emulated devices, firmware, commissioning."""

from __future__ import annotations

from typing import Annotated

import typer

from controller.cli.kit import app, later, plain_errors


@app.command()
def emulate(
    device: Annotated[str, typer.Argument(help="yaohua, toledo, modbus-io, …; list names all.")],
    port: Annotated[
        str | None, typer.Option(help="A path for a new pty's link, or tcp:HOST:PORT.")
    ] = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE of the device; with its unit.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Stop after this time; 0 = never.")] = 0,
) -> None:
    """Stand in for a device that speaks the real frames, on a pty or a TCP port."""
    with plain_errors():
        later("sim.emulators.command:run")(device, port, options or [], seconds)
