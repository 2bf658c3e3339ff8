"""Checks what the host says is wired to this chip; refuses what conflicts, with every reason."""

from adc import CHANNELS_MAX, CLOCKS, RATES_MAX_HZ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Bounds, Json, Row

INPUTS_MAX = 14
BOOMS_MAX = 2
HEADS_MAX = 4
TEXT_MAX = 4000
PINS = tuple(range(2, 23)) + (26, 27, 28)
"""What a Pico brings out, less GP0 and GP1, which are the link."""

_TOP: "Bounds" = {"rate_hz": (1, 100), "lease_ms": (100, 1000), "exclusive": (0, 1)}
_INPUT: "Bounds" = {"pin": None, "clear": (0, 1), "settle_ms": (0, 5000)}
_BOOM: "Bounds" = {
    "raise": None,
    "lower": None,
    "on": (0, 1),
    "pulse_ms": (0, 5000),
    "rise_dead_ms": (0, 2000),
    "fall_dead_ms": (0, 5000),
    "settle_ms": (0, 10000),
    "travel_ms": (500, 30000),
}
_HEAD: "Bounds" = {"red": None, "green": None, "on": (0, 1)}
_LISTS = {"inputs": INPUTS_MAX, "booms": BOOMS_MAX, "heads": HEADS_MAX}


def problems(config: "Json") -> list[str]:
    """Everything that is wrong with a configuration, in words; empty where it may be used."""
    found: list[str] = []
    if not isinstance(config, dict):
        return ["the configuration is no table"]
    _only(config, "", list(_TOP) + list(_LISTS) + ["cells", "estop"], found)
    _numbers(config, "", _TOP, found)
    rate = config.get("rate_hz", 0)
    if _number(rate) and rate > 0 and 1000000 % rate:
        found.append("rate_hz %d does not divide a second into whole microseconds" % rate)
    for name, most in _LISTS.items():
        rows = config.get(name)
        if not isinstance(rows, list) or not all(_named(row) for row in rows):
            return found + [name + " must be a list of tables with a name"]
        if len(rows) > most:
            found.append("%d %s; at most %d" % (len(rows), name, most))
    for row in config["inputs"]:
        _numbers(row, row["name"] + ".", _INPUT, found)
        _only(row, row["name"] + ".", list(_INPUT) + ["name", "pair"], found)
    for row in config["heads"]:
        _numbers(row, row["name"] + ".", _HEAD, found)
        _only(row, row["name"] + ".", list(_HEAD) + ["name"], found)
    _check_booms(config, found)
    _check_cells(config, found)
    _check_names(config, found)
    _check_pins(config, found)
    return found


def limits(config: "Row") -> list[str]:
    """Names of the inputs that are limit switches."""
    return [row[k] for row in config["booms"] for k in ("closed", "open") if row.get(k)]


def _named(row: "Json") -> bool:
    return isinstance(row, dict) and isinstance(row.get("name"), str)


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _numbers(row: "Row", where: str, wanted: "Bounds", found: list[str]) -> None:
    for key, bounds in wanted.items():
        value: Json = row.get(key)
        if not _number(value):
            found.append("%s%s must be a whole number" % (where, key))
        elif bounds and not bounds[0] <= value <= bounds[1]:
            found.append("%s%s is %d, not %d to %d" % ((where, key, value) + bounds))


def _only(row: "Row", where: str, known: list[str], found: list[str]) -> None:
    for key in row:
        if key not in known:
            found.append("%s%s is not known" % (where, key))


def _check_booms(config: "Row", found: list[str]) -> None:
    inputs = [row["name"] for row in config["inputs"]]
    for row in config["booms"]:
        where = row["name"] + "."
        _numbers(row, where, _BOOM, found)
        known = list(_BOOM) + ["name", "stop", "guards", "closed", "open"]
        _only(row, where, known, found)
        guards = row.get("guards")
        if not isinstance(guards, list) or not guards:
            found.append(where + "guards is empty: this boom would come down unseen")
            guards = []
        if bool(row.get("closed")) != bool(row.get("open")):
            found.append(where + "closed and open limit switches go together")
        if row.get("pulse_ms") and row.get("stop") is None:
            found.append(where + "stop is needed where a pulse sets the boom going")
        named = list(guards) + [row[k] for k in ("closed", "open") if row.get(k)]
        for name in named:
            if name not in inputs:
                found.append("%s names %s, which is no input" % (where[:-1], name))
        if config.get("exclusive") and not row.get("closed"):
            found.append(where + "closed is needed where booms exclude each other")
        if any(named.count(name) > 1 for name in named):
            found.append(where[:-1] + " names one input twice")
    if config.get("estop") and config["estop"] not in inputs:
        found.append("estop names %s, which is no input" % config["estop"])


def _check_cells(config: "Row", found: list[str]) -> None:
    cells = config.get("cells")
    if cells is None:
        return
    if not isinstance(cells, dict) or cells.get("chip") not in list(CLOCKS):
        found.append("cells.chip must be one of " + ", ".join(sorted(CLOCKS)))
        return
    _only(cells, "cells.", ["chip", "sck", "dout", "gain", "pdwn"], found)
    chip = cells["chip"]
    if cells.get("gain") not in list(CLOCKS[chip]):
        found.append("cells.gain %s is none of %s" % (cells.get("gain"), chip))
    dout = cells.get("dout")
    if not isinstance(dout, list) or not 1 <= len(dout) <= CHANNELS_MAX:
        found.append("cells.dout must list 1 to %d pins" % CHANNELS_MAX)
    rate: Json = config.get("rate_hz")
    if _number(rate) and rate > RATES_MAX_HZ[chip]:
        found.append("rate_hz %d is more than a %s gives, %d" % (rate, chip, RATES_MAX_HZ[chip]))


def _check_names(config: "Row", found: list[str]) -> None:
    for kind in _LISTS:
        names = [row["name"] for row in config[kind]]
        for name in sorted({name for name in names if names.count(name) > 1}):
            found.append("%s has %s twice" % (kind, name))


def _check_pins(config: "Row", found: list[str]) -> None:
    taken: dict[int, str] = {}
    for pin, user in _pins(config):
        if not _number(pin) or pin not in PINS:
            found.append("%s: GP%s is not free on this chip" % (user, pin))
        elif pin in taken:
            found.append("GP%d is both %s and %s" % (pin, taken[pin], user))
        else:
            taken[pin] = user


def _pins(config: "Row") -> "list[tuple[Json, str]]":
    """Every pin with its user; pins that are not given at all are told of elsewhere."""
    pins: list[tuple[Json, str]] = []
    for kind, keys in (
        ("inputs", ("pin", "pair")),
        ("booms", ("raise", "lower", "stop")),
        ("heads", ("red", "green")),
    ):
        for row in config[kind]:
            pins += [(row[k], row["name"] + "." + k) for k in keys if row.get(k) is not None]
    cells = config.get("cells")
    if isinstance(cells, dict):
        pins += [(cells.get("sck"), "cells.sck")]
        if cells.get("pdwn") is not None:
            pins += [(cells["pdwn"], "cells.pdwn")]
        dout = cells.get("dout")
        for index, pin in enumerate(dout if isinstance(dout, list) else []):
            pins += [(pin, "cells.dout[%d]" % index)]
    return pins
