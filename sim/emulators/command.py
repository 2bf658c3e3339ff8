"""``steelyard emulate``: one emulated device on a line, for whoever writes or tests a driver."""

from __future__ import annotations

import difflib
import inspect
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from hal.quantity import SUFFIXES
from sim.emulators import EMULATORS, STATIONS, Emulator, Station
from sim.emulators.serve import OnPty, OnTcp, Served

TCP_PORT_MAX = 65_535
_OWN_PLACE = ("host", "tcp_port")
"""What ``--port`` says of a station."""


def run(device: str, port: str | None, options: Sequence[str], seconds: float) -> None:
    """Serve a device until ``seconds`` are over (0 = until interrupted) and say where it is.

    ``device`` is "list" or a name of the tables.  ``port`` is a path for the pty's link or
    "tcp:HOST:PORT"; without one a link in the folder for temporary files, for a camera that streams
    a free port.  A camera that posts needs to be told where the lane listens.

    Raises:
        ValueError: no such device, no such option, or no such port.
    """
    if device == "list":
        _list()
        return
    try:
        served = _start(device, port, options)
    except OSError as error:
        raise OSError(f"--port {port}: {error.strerror or error}") from error
    sys.stdout.write(f"{device} at {served.port}; stop with Ctrl-C\n")
    sys.stdout.flush()
    try:
        end_s = time.monotonic() + seconds
        while not seconds or time.monotonic() < end_s:
            time.sleep(0.1)
            _tell(served)
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    finally:
        served.close()
        _tell(served)


def make(device: str, options: Sequence[str] = ()) -> Emulator:
    """An emulator of the table with the options that ``KEY=VALUE`` words state.

    Raises:
        ValueError: the name is unknown, or an option is not what its constructor takes.
    """
    kind = kind_of(device)
    made: Emulator = kind(**_given(device, kind, options))
    return made


def station(device: str, port: str | None, options: Sequence[str] = ()) -> Station:
    """A camera of the table at work: ``port`` is "tcp:HOST:PORT".

    Raises:
        ValueError: the name is unknown, or ``port`` or an option is not what it takes.
        OSError: the port is taken.
    """
    kind = kind_of(device)
    given = _given(device, kind, options)
    if port is None and device == "vzenith":
        raise ValueError("--port: this camera posts; say where the lane listens: tcp:HOST:PORT")
    host, number = _tcp(port or "tcp:127.0.0.1:0")
    made: Station = kind(host, number, **given)
    return made


def _given(device: str, kind: Any, options: Sequence[str]) -> dict[str, Any]:
    hints = get_type_hints(kind.__init__)
    named = {_shown(name): name for name in _options(kind)}
    given: dict[str, Any] = {}
    for word in options:
        key, equals, value = word.partition("=")
        if key not in named or not equals:
            known = ", ".join(f"{name}=…" for name in sorted(named)) or "none"
            raise ValueError(f"--set {word}: {device} takes {known}")
        given[named[key]] = _value(word, named[key], value, hints.get(named[key], str))
    return given


def kind_of(device: str) -> Any:
    """The class of a name in the table.

    Raises:
        ValueError: no such name; the message has the nearest.
    """
    known = {**EMULATORS, **STATIONS}
    if device not in known:
        near = difflib.get_close_matches(device, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(sorted(known))}"
        raise ValueError(f"no emulated device '{device}'; {hint}")
    module, _, name = known[device].partition(":")
    return getattr(import_module(module), name)


def _start(device: str, port: str | None, options: Sequence[str]) -> Served | Station:
    if device in STATIONS:
        return station(device, port, options)
    return _serve(make(device, options), device, port)


def _tell(served: Served | Station) -> None:
    """What happened to a device that calls by itself."""
    for line in served.news() if isinstance(served, Station) else ():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _serve(emulator: Emulator, device: str, port: str | None) -> Served:
    if port is None:
        port = str(Path(tempfile.mkdtemp(prefix="steelyard-")) / device)
    if not port.startswith("tcp:"):
        if Path(port).exists():
            raise ValueError(f"--port {port}: something stands there already; name a new path")
        return OnPty(emulator, Path(port))
    host, number = _tcp(port)
    return OnTcp(emulator, number, host)


def _tcp(port: str) -> tuple[str, int]:
    host, _, number = port.removeprefix("tcp:").rpartition(":")
    if not port.startswith("tcp:") or not number.isdigit() or int(number) > TCP_PORT_MAX:
        raise ValueError(f"--port {port}: write tcp:HOST:PORT, as tcp:127.0.0.1:4001")
    return host or "127.0.0.1", int(number)


def _options(kind: Any) -> dict[str, inspect.Parameter]:
    """The parameters that a word can state: text, numbers, yes and no."""
    hints = get_type_hints(kind.__init__)
    simple = (str, int, float, bool)
    return {
        name: parameter
        for name, parameter in inspect.signature(kind).parameters.items()
        if name not in _OWN_PLACE
        and (hints.get(name) in simple or str(hints.get(name, "")).startswith("typing.Literal"))
    }


def _value(word: str, name: str, value: str, hint: Any) -> Any:
    suffix = next((s for s in SUFFIXES if name.endswith(s)), None)
    try:
        if suffix is not None:
            return SUFFIXES[suffix].parse(value)
        return msgspec.convert(value, hint, strict=False)
    except ValueError as error:
        raise ValueError(f"--set {word}: {error}") from error


def _shown(name: str) -> str:
    return next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)


def _list() -> None:
    for device in sorted({**EMULATORS, **STATIONS}):
        kind = kind_of(device)
        takes = ", ".join(sorted(_shown(name) for name in _options(kind)))
        about = (inspect.getdoc(kind) or "").split("\n", 1)[0]
        sys.stdout.write(f"{device:16} {about}\n{'':16}   --set {takes or '(nothing)'}\n")
