"""The subcommands that hold, check and show the record."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from controller.cli.kit import Json, app, later, plain_errors, show


@app.command()
def replay(
    folder: Annotated[Path, typer.Argument(help="A data folder, or an evidence bundle crash-*.")],
    seq: Annotated[int | None, typer.Argument(min=1, help="Only this record.")] = None,
    json_: Json = False,
) -> None:
    """Run journals through today's core and hold outputs and records against the stored bytes."""
    with plain_errors():
        same = later("controller.commands.replay:run")(folder, seq, json_)
    if not same:
        raise typer.Exit(1)


_Key = Annotated[
    Path | None, typer.Option("--key", help="lane.pub as you got it from outside, to compare.")
]
_Revoked = Annotated[
    Path | None, typer.Option("--revoked", help="FILE.toml: keys that count no more.")
]
_Manifests = Annotated[
    list[Path] | None,
    typer.Option("--manifest", help="FILE.cose kept outside; may be repeated."),
]
_Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


@app.command()
def verify(
    target: Annotated[Path, typer.Argument(help="Data folder, ledger, exported file, or report.")],
    key: _Key = None,
    revoked: _Revoked = None,
    manifest: _Manifests = None,
    json_: Json = False,
) -> None:
    """Check seals, chain, manifests, media; exit status 0 = sound, 1 = findings, 2 = cannot."""
    with plain_errors(2):
        given = later("controller.commands.sources:trust")(key, revoked, manifest or ())
        sound = later("controller.commands.verify:run")(target, given, json_=json_)
    if not sound:
        raise typer.Exit(1)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Data folder.")],
    seq: Annotated[int, typer.Argument(min=1, help="Number of a record of the passage.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")],
    chain: Annotated[bool, typer.Option("--chain", help="With its whole re-weigh chain.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Even if it does not verify; the file says so.")
    ] = False,
    force: _Force = False,
    key: _Key = None,
    revoked: _Revoked = None,
    manifest: _Manifests = None,
    json_: Json = False,
) -> None:
    """Write one passage with all its evidence as one file, which verify checks alone."""
    with plain_errors(2):
        given = later("controller.commands.sources:trust")(key, revoked, manifest or ())
        request = later("controller.commands.export:Request")(
            folder=folder, seq=seq, out=out, chain=chain, anyway=anyway, force=force
        )
        result = later("controller.commands.export:run")(request, given)
    if result is None:
        raise typer.Exit(1)
    show(result, json_)


@app.command()
def explain(
    source: Annotated[Path, typer.Argument(help="Data folder, or exported file.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="page.html")],
    seq: Annotated[
        int | None, typer.Argument(min=1, help="Number of a record; a bundle has but one passage.")
    ] = None,
    appeal: Annotated[
        Path | None, typer.Option(help="FILE.toml with [appeal]: how a driver may object.")
    ] = None,
    force: _Force = False,
    key: _Key = None,
    revoked: _Revoked = None,
    manifest: _Manifests = None,
    json_: Json = False,
) -> None:
    """Write a page that explains one passage to its driver; status 1 = it does not verify."""
    with plain_errors(2):
        given = later("controller.commands.sources:trust")(key, revoked, manifest or ())
        request = later("controller.commands.explain:Request")(
            source=source,
            seq=seq,
            out=out,
            appeal=appeal,
            force=force,
            now=datetime.datetime.now().astimezone().replace(microsecond=0),
        )
        valid, result = later("controller.commands.explain:run")(request, given)
    show(result, json_)
    if not valid:
        raise typer.Exit(1)


@app.command()
def keygen(
    file: Annotated[
        Path | None, typer.Argument(help="LANE.key: the new file; LANE.pub beside it.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Name the key in FILE; make its .pub again.")
    ] = False,
    rotate: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Hand the ledger of this data folder to the next key."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="NEW.key: the next key, if it is made already.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The present key, where the site names another file.")
    ] = None,
    who: Annotated[str | None, typer.Option(help="Who rotates.")] = None,
    why: Annotated[str | None, typer.Option(help="Why.")] = None,
    json_: Json = False,
) -> None:
    """Make the key that a lane seals its records with, or hand over to the next one."""
    with plain_errors():
        rotation = None
        if rotate is not None:
            rotation = later("controller.commands.keygen:Rotation")(
                folder=rotate, to=to, present=key, who=who, why=why
            )
        elif to or key or who or why:
            raise ValueError("--to, --key, --who and --why belong to --rotate")
        later("controller.commands.keygen:run")(file, rotation, public=public, json_=json_)
