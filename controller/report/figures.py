"""Numbers as people read them: exact integer arithmetic, units always beside the number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from protocol.parts import ClockQuality, Times

THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
NONE = "—"
BEIJING = timezone(timedelta(hours=8), "UTC+8")
"""The record keeps UTC; every reader of it in China lives by this one zone."""

_WALL_MS_MAX = int(datetime(9999, 12, 30, tzinfo=UTC).timestamp()) * 1000


def kilograms(mass_g: int | None, *, signed: bool = False) -> str:
    """A mass in kg, groups of three digits, exact to the gram: ``54 320 kg``."""
    if mass_g is None:
        return NONE
    whole, rest = divmod(abs(mass_g), 1000)
    decimals = f".{rest:03d}".rstrip("0") if rest else ""
    return f"{_sign(mass_g, signed)}{whole:,}".replace(",", THIN) + f"{decimals}{THIN}kg"


def tonnes(mass_g: int | None, *, signed: bool = False) -> str:
    """A mass in tonnes to 10 kg, a half away from zero: ``54.32 t``."""
    if mass_g is None:
        return NONE
    whole, rest = divmod((abs(mass_g) + 5_000) // 10_000, 100)
    return f"{_sign(mass_g, signed)}{whole}.{rest:02d}{THIN}t"


def percent(rate_e4: int | None) -> str:
    """Parts per ten thousand as per cent: ``10.86 %``."""
    if rate_e4 is None:
        return NONE
    whole, rest = divmod(abs(rate_e4), 100)
    return f"{_sign(rate_e4, False)}{whole}.{rest:02d}{THIN}%"


def seconds(span_us: int | None, places: int = 2) -> str:
    """A span in seconds: ``12.34 s``."""
    return NONE if span_us is None else f"{span_us / 1e6:.{places}f}{THIN}s".replace("-", MINUS)


def wall(times: Times) -> str:
    """Date and time of a record in Beijing time, or that it has none."""
    if times.wall_ms is None or times.wall_ms > _WALL_MS_MAX:
        return "no wall time"
    return datetime.fromtimestamp(times.wall_ms // 1000, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def clock(times: Times) -> str:
    """How far the wall time may be trusted, in words."""
    return {
        ClockQuality.SYNCHRONISED: "clock synchronised",
        ClockQuality.FREE_RUNNING: "clock free-running",
        ClockQuality.UNKNOWN: "clock quality unknown",
    }[times.clock]


def _sign(value: int, signed: bool) -> str:
    if value < 0:
        return MINUS
    return "+" if signed and value else ""
