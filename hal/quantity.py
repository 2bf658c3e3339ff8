"""Quantities with their unit, as people write them: ``"5 s"``, ``"20 kg"``, ``"18 m"``."""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct


class Measure(Struct, frozen=True, kw_only=True):
    """A kind of quantity: its base unit, the factor of every unit to it, and the usual unit."""

    name: str
    base: str
    usual: str
    units: tuple[tuple[str, int], ...]

    def parse(self, text: object) -> int:
        """Return a whole number of base units.

        Raises:
            ValueError: no unit, an unknown unit, no number, or finer than the base unit.
        """
        if not isinstance(text, str):
            raise ValueError(f'a {self.name} needs its unit: write "{text} {self.usual}"')
        match = _QUANTITY.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'not a {self.name}: write a number and a unit, as "5 {self.usual}"')
        number, unit = match.groups()
        if not unit:
            raise ValueError(f'a {self.name} needs its unit: write "{number} {self.usual}"')
        factors = dict(self.units)
        if unit not in factors:
            raise ValueError(f"'{unit}' is no unit of {self.name}: use {', '.join(factors)}")
        amount = Decimal(number) * factors[unit]
        if amount != amount.to_integral_value():
            raise ValueError(f"a {self.name} finer than 1 {self.base} cannot be kept")
        return int(amount)

    def show(self, amount: int) -> str:
        """Write an amount of base units in the largest unit that divides it, ``"90 d"``."""
        fitting = [(f, u) for u, f in self.units if amount % f == 0] or [(1, self.base)]
        factor, unit = max(fitting) if amount else (1, self.usual)
        return f"{amount // factor} {unit}"


# Twelve digits before the point keep every amount far inside 64 bits.
_QUANTITY = re.compile(r"([+-]?[0-9]{1,12}(?:\.[0-9]{1,9})?)\s*([A-Za-zµ]*)", re.ASCII)

TIME = Measure(
    name="time",
    base="us",
    usual="s",
    units=(
        ("us", 1),
        ("ms", 1_000),
        ("s", 1_000_000),
        ("min", 60_000_000),
        ("h", 3_600_000_000),
        ("d", 86_400_000_000),
    ),
)
MASS = Measure(name="mass", base="g", usual="kg", units=(("g", 1), ("kg", 1_000), ("t", 1_000_000)))
LENGTH = Measure(name="length", base="mm", usual="m", units=(("mm", 1), ("m", 1_000)))

SUFFIXES: dict[str, Measure] = {"_us": TIME, "_g": MASS, "_mm": LENGTH}
