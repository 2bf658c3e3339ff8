"""GA 36 plate grammar: the alphabet, the plate types and what text each may carry."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS: Final = "0123456789"
SUFFIXES: Final = "挂学警港澳使领应急"
ALPHABET: Final = DIGITS + LETTERS + PROVINCES + SUFFIXES
"""Every glyph a plate may carry. I is never used; O stands only as an issuing office (粤O) and
is the glyph of zero, so it is no class of its own: the grammar turns a second-place 0 into O."""

UNREADABLE: Final = "?"


class PlateType(StrEnum):
    """Plate types by background and rows (GA 36-2018 table 1)."""

    BLUE1 = "blue1"
    YELLOW1 = "yellow1"
    YELLOW2 = "yellow2"
    GREEN8 = "green8"
    YELLOW_GREEN8 = "yellow_green8"
    WHITE1 = "white1"
    BLACK1 = "black1"


@dataclass(frozen=True, kw_only=True)
class Template:
    """The characters allowed at each place of one plate form; `types` may carry that form."""

    name: str
    places: tuple[str, ...]
    types: frozenset[PlateType]


_SERIAL = LETTERS + DIGITS
_OFFICE = LETTERS + "0"
_SEVEN = frozenset(
    {PlateType.BLUE1, PlateType.YELLOW1, PlateType.YELLOW2, PlateType.WHITE1, PlateType.BLACK1}
)
_EIGHT = frozenset({PlateType.GREEN8, PlateType.YELLOW_GREEN8})
_YELLOW = frozenset({PlateType.YELLOW1, PlateType.YELLOW2})

ENERGY_LETTERS: Final = "ABCDEFGHJK"
"""Letters that mark a new-energy plate: D and F at first, A to K since the series was widened."""

TEMPLATES: Final = (
    Template(name="standard", places=(PROVINCES, _OFFICE, *[_SERIAL] * 5), types=_SEVEN),
    Template(name="trailer", places=(PROVINCES, LETTERS, *[_SERIAL] * 4, "挂"), types=_YELLOW),
    Template(name="training", places=(PROVINCES, LETTERS, *[_SERIAL] * 4, "学"), types=_YELLOW),
    Template(
        name="police",
        places=(PROVINCES, _OFFICE, *[_SERIAL] * 4, "警"),
        types=frozenset({PlateType.WHITE1}),
    ),
    Template(
        name="border",
        places=("粤", "Z", *[_SERIAL] * 4, "港澳"),
        types=frozenset({PlateType.BLACK1}),
    ),
    Template(
        name="consular",
        places=(PROVINCES, LETTERS, *[_SERIAL] * 4, "使领"),
        types=frozenset({PlateType.BLACK1}),
    ),
    Template(
        name="energy_small",
        places=(PROVINCES, LETTERS, ENERGY_LETTERS, _SERIAL, *[DIGITS] * 4),
        types=frozenset({PlateType.GREEN8}),
    ),
    Template(
        name="energy_large",
        places=(PROVINCES, LETTERS, *[DIGITS] * 5, ENERGY_LETTERS),
        types=_EIGHT,
    ),
    Template(
        name="emergency",
        places=(PROVINCES, LETTERS, *[_SERIAL] * 4, "应", "急"),
        types=frozenset({PlateType.WHITE1}),
    ),
)


@dataclass(frozen=True, kw_only=True)
class PlateForm:
    """What a plate text may be: the forms of GA 36 it fits and the types that carry them."""

    forms: tuple[str, ...]
    types: frozenset[PlateType]


def _pattern(template: Template) -> re.Pattern[str]:
    return re.compile("".join(f"[{place}]" for place in template.places))


_PATTERNS: Final = tuple((template, _pattern(template)) for template in TEMPLATES)


def printed(text: str) -> str:
    """Return the glyphs that stand on the plate: an issuing office O is painted as a zero."""
    return text[:1] + text[1:2].replace("O", "0") + text[2:]


def written(glyphs: str) -> str:
    """Return the text of painted glyphs: a zero in the second place is the issuing office O."""
    return glyphs[:1] + glyphs[1:2].replace("0", "O") + glyphs[2:]


def classify(text: str) -> PlateForm | None:
    """Return the plate forms that text fits, or None when no plate of GA 36 carries it."""
    glyphs = printed(text)
    fits = [template for template, pattern in _PATTERNS if pattern.fullmatch(glyphs)]
    if not fits:
        return None
    types = frozenset[PlateType]().union(*(template.types for template in fits))
    return PlateForm(forms=tuple(template.name for template in fits), types=types)


def validate(text: str, ptype: PlateType | None = None) -> bool:
    """Say whether text is a plate of GA 36, and of type ptype where one is given."""
    form = classify(text)
    return form is not None and (ptype is None or ptype in form.types)
