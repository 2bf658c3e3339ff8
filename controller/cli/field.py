"""The subcommands for what stands in the yard: emulated devices, firmware, commissioning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controller.cli.kit import Json, app, later, plain_errors, show


@app.command()
def site(
    profile: Annotated[
        str, typer.Argument(help="rpi-coprocessor, rpi-direct, ipc-indicator, sim or trace.")
    ],
    folder: Annotated[Path, typer.Argument(help="Where site.toml and its files are to stand.")],
) -> None:
    """Begin a site file of your own from a packaged profile."""
    with plain_errors():
        for path in later("controller.commands.site:begin")(profile, folder):
            typer.echo(path)


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


@app.command()
def commission(
    site: Annotated[Path, typer.Argument(help="SITE.toml of the lane, at the lane.")],
    out: Annotated[Path, typer.Option(help="The data folder of the lane, as run has it.")],
    who: Annotated[str, typer.Option(help="Who commissions.")],
    why: Annotated[str, typer.Option(help="On what occasion.")],
) -> None:
    """Exercise every device of a lane with a technician; status 1 = not all passed."""
    with plain_errors():
        passed = later("controller.commands.commission:run")(site, out, who, why)
    if not passed:
        raise typer.Exit(1)


@app.command()
def hil(
    mode: Annotated[
        str, typer.Option(help="coprocessor: real firmware; indicator: real frames on ptys.")
    ] = "coprocessor",
    trucks: Annotated[int, typer.Option(min=1, max=200, help="So many vehicles.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the yard and of what is hurt when.")] = 1,
    hurt: Annotated[
        bool, typer.Option(help="Pull plugs, cut power and spoil bytes, one a passage.")
    ] = False,
    vision: Annotated[
        bool, typer.Option(help="The real recogniser; else one that errs as often.")
    ] = True,
    out: Annotated[Path | None, typer.Option(help="Folder that keeps the ledger.")] = None,
    json_: Json = False,
) -> None:
    """Run the lane in real time around the real firmware, the yard behind its pins."""
    with plain_errors():
        later("sim.hil.command:run")(
            mode, trucks, seed, out, hurt=hurt, vision=vision, as_json=json_
        )


firmware = typer.Typer(no_args_is_help=True, help="The I/O coprocessor's firmware.")
app.add_typer(firmware, name="firmware")


@firmware.command()
def build(
    out: Annotated[Path, typer.Option(help="Folder for the compiled modules.")] = Path(
        "out/firmware"
    ),
    json_: Json = False,
) -> None:
    """Compile the firmware with mpy-cross; a manifest names each file's SHA-256."""
    with plain_errors():
        show(later("controller.commands.firmware:build")(out), json_)


@firmware.command()
def flash(
    port: Annotated[str, typer.Argument(help="USB port of the chip, as /dev/ttyACM0.")],
    folder: Annotated[
        Path | None, typer.Option("--from", help="A built set; built now where none is named.")
    ] = None,
    restart: Annotated[bool, typer.Option(help="Start the chip anew at the end.")] = True,
    json_: Json = False,
) -> None:
    """Copy the firmware to a chip over its USB console, check it by hash, and start it."""
    with plain_errors():
        show(later("controller.commands.firmware:flash")(port, folder, restart), json_)
