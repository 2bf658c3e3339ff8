"""Which loads R 76 prescribes, and how near to them a load must lie to count.

R 76 says "about", "close to" and "near" and gives no figure.  The figures here are this project's
own and stand in docs/metrology.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from sensors.metrology.report import ROUNDING_G, Instrument, SetError, show_g

MPE_BREAKS_E = (500, 2000)
SUPPORTS_FEW = 4
ROLLING_SHARE_MAX = 0.8
# Least share of Max in standard weights, by the repeatability in e that was found with them.
SUBSTITUTION = ((0.2, 1 / 5), (0.3, 1 / 3))
SUBSTITUTION_SHARE = 1 / 2


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """A prescribed load and what counts as it; ``what`` is how it is called in a message."""

    what: str
    low_g: float
    high_g: float

    def holds(self, load_g: float) -> bool:
        """Whether a load counts as this one."""
        return self.low_g - ROUNDING_G <= load_g <= self.high_g + ROUNDING_G


def at_min(scale: Instrument) -> Band:
    """Min, 20 e, and up to a tenth more."""
    return Band(what="Min", low_g=scale.min_g, high_g=1.1 * scale.min_g)


def at_breaks(scale: Instrument) -> tuple[Band, ...]:
    """Where the mpe changes below Max, 500 e and 2000 e, to a tenth."""
    loads = ((n, n * scale.e_g) for n in MPE_BREAKS_E)
    return tuple(
        Band(what=f"{n} e, where the mpe changes", low_g=0.9 * load_g, high_g=1.1 * load_g)
        for n, load_g in loads
        if 1.1 * load_g < scale.max_g
    )


def at_max(scale: Instrument) -> Band:
    """Max itself, to a hundredth and never over."""
    return Band(what="Max", low_g=0.99 * scale.max_g, high_g=scale.max_g)


def close_to_max(scale: Instrument) -> Band:
    """Close to Max: its upper tenth."""
    return Band(what="close to Max", low_g=0.9 * scale.max_g, high_g=scale.max_g)


def about_half(scale: Instrument) -> Band:
    """About 50 % of Max: 40 to 60 %."""
    return Band(what="about 50 % of Max", low_g=0.4 * scale.max_g, high_g=0.6 * scale.max_g)


def on_one_support(scale: Instrument) -> Band:
    """The eccentric load, to a twentieth: 1/3 of Max + T+, above four supports 1/(n - 1)."""
    parts = 3 if scale.supports <= SUPPORTS_FEW else scale.supports - 1
    load_g = (scale.max_g + scale.additive_tare_g) / parts
    return Band(what=f"1/{parts} of (Max + T+)", low_g=0.95 * load_g, high_g=1.05 * load_g)


def rolling(scale: Instrument) -> Band:
    """The usual rolling load, at most 0.8 (Max + T+)."""
    high_g = ROLLING_SHARE_MAX * (scale.max_g + scale.additive_tare_g)
    return Band(what="0.8 (Max + T+) at most", low_g=scale.min_g, high_g=min(high_g, scale.max_g))


def require_standard_weights(
    scale: Instrument, standard_g: float, repeatability_g: float | None
) -> None:
    """Raise SetError for fewer standard weights than substitution allows (R 76-1, 3.7.3).

    Half of Max; a third where the range of three weighings was within 0.3 e, a fifth at 0.2 e.
    """
    share = SUBSTITUTION_SHARE
    if repeatability_g is not None:
        found = [s for e, s in SUBSTITUTION if repeatability_g <= e * scale.e_g + ROUNDING_G]
        share = found[0] if found else share
    least_g = share * scale.max_g
    if not standard_g >= least_g - ROUNDING_G:
        raise SetError(
            "too_few_weights",
            f"{show_g(standard_g)} of standard weights, and {show_g(least_g)} are needed",
            "use more standard weights, or state a repeatability within 0.3 e or 0.2 e",
        )


def require_enough(found: int, needed: int, what: str, remedy: str) -> None:
    """Raise SetError for fewer than are needed; ``remedy`` holds {} for how many are missing."""
    if found < needed:
        said = f"{found} {what}, and {needed} are needed"
        raise SetError("too_few_weighings", said, remedy.format(needed - found))


def require_load_in(loads_g: Sequence[float], bands: Iterable[Band]) -> None:
    """Raise SetError unless each band has a load."""
    for band in bands:
        if not any(band.holds(load_g) for load_g in loads_g):
            raise _outside(f"no load at {band.what}", band, "add a weighing with")


def require_within(load_g: float, band: Band) -> None:
    """Raise SetError unless the load lies in the band."""
    if not band.holds(load_g):
        raise _outside(f"{show_g(load_g)} is not {band.what}", band, "repeat it with")


def _outside(what: str, band: Band, remedy: str) -> SetError:
    bounds = f"{show_g(band.low_g)} to {show_g(band.high_g)}"
    return SetError("load_outside_band", what, f"{remedy} {bounds}")
