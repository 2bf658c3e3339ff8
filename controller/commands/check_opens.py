"""What a board opens when it starts, in the words of whoever wires it: ports, pins, addresses."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vision.runtime import RUNTIMES

_PARITIES = {"none": "N", "even": "E", "odd": "O"}
_LINES = ("line", "lines", "pin", "pins", "coil", "coils", "input", "inputs", "channel")
_PATHS = ("port", "device", "second_port")


def opens(driver: Callable[..., Any], options: Mapping[str, Any]) -> list[str]:
    """Every port, line and address that a driver takes with these options, and its defaults.

    The options are those of its constructor; what each means follows from its name, as it does for
    the search for conflicts (``board/devices.py``).
    """
    parameters = list(inspect.signature(driver).parameters.values())[1:]
    stated = {p.name: options.get(p.name, p.default) for p in parameters}
    found = [*_ports(stated), *_addresses(stated)]
    chip = stated.get("chip")
    for name, value in stated.items():
        kind = name.rpartition("_")[2]
        if kind in _LINES and value is not None and value != ():
            found.append(_line(name, kind, value, chip))
    return found


def missing_here(driver: Callable[..., Any], options: Mapping[str, Any]) -> Iterator[str]:
    """The device files that a driver would open and that this computer does not have now."""
    parameters = inspect.signature(driver).parameters
    for name in _PATHS:
        value = options.get(name, getattr(parameters.get(name), "default", None))
        if isinstance(value, str) and value.startswith("/dev/") and not Path(value).exists():
            yield value
    bus = options.get("i2c_bus", getattr(parameters.get("i2c_bus"), "default", None))
    if isinstance(bus, int) and not Path(f"/dev/i2c-{bus}").exists():
        yield f"/dev/i2c-{bus}"
    chip = options.get("chip", getattr(parameters.get("chip"), "default", None))
    if isinstance(chip, str) and chip.startswith("gpiochip") and not Path("/dev", chip).exists():
        yield str(Path("/dev", chip))


def lacking_to_read() -> list[str]:
    """What is not installed here of what the recogniser of plates wants."""
    pictures = [] if find_spec("cv2") else ["cv2"]
    libraries = [name.partition(".")[0] for name in RUNTIMES]
    return pictures + ([] if any(map(find_spec, libraries)) else libraries[:1])


def _ports(stated: Mapping[str, Any]) -> Iterator[str]:
    port = stated.get("port")
    if isinstance(port, str) and port:
        yield f"{port}{_framing(stated)}"
    second = stated.get("second_port")
    if isinstance(second, str) and second:
        yield f"{second}{_framing({**stated, 'baud': stated.get('second_baud')})}"
    host = stated.get("host")
    if isinstance(host, str) and host:
        number = stated.get("tcp_port") or stated.get("udp_port")
        yield f"{host}:{number}" if number else host
    if isinstance(stated.get("url"), str):
        yield _without_password(stated["url"])
    if isinstance(stated.get("http_port"), int):
        yield f"listens at {stated.get('bind', '')}:{stated['http_port']}{stated.get('path', '')}"
    device = stated.get("device")
    if isinstance(device, str) and device.startswith("/dev/"):
        yield device


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return url.replace(f"{parts.username}:{parts.password}@", "…@") if parts.password else url


def _framing(stated: Mapping[str, Any]) -> str:
    baud = stated.get("baud")
    if not isinstance(baud, int):
        return ""
    parity = _PARITIES.get(str(stated.get("parity", "none")), "?")
    return f" at {baud} baud {stated.get('bits', 8)}{parity}1"


def _addresses(stated: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(stated.get("i2c_bus"), int):
        yield f"/dev/i2c-{stated['i2c_bus']}"
    if isinstance(stated.get("unit"), int):
        yield f"unit {stated['unit']}"


def _line(name: str, kind: str, value: object, chip: object) -> str:
    role = name.removesuffix(kind).rstrip("_").replace("_", " ")
    shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    place = f"{chip} {kind} {shown}" if kind == "line" and isinstance(chip, str) else ""
    place = place or (f"GPIO {shown}" if kind in ("pin", "pins") else f"{kind} {shown}")
    return f"{role}: {place}" if role else place
