"""Substitution: loads beyond the standard weights at hand, built up step by step (R 76 3.7.3)."""

from collections.abc import Sequence
from typing import Final

from sensors.corners import AdjustmentError

DIFFERENCE_E_MAX: Final = 5
REPEATS_MIN: Final = 3
_REDUCED: Final = ((0.2, 5), (0.3, 3))


def weights_needed_g(max_g: int, e_g: int, repeatability_g: float | None) -> int:
    """The least mass of standard weights: 1/2 Max, 1/3 or 1/5 where the scale repeats well.

    1/3 needs a repeatability of at most 0.3 e, 1/5 of at most 0.2 e; None where it was not tested
    (R 76-1 3.7.3).
    """
    if repeatability_g is not None:
        for limit_e, parts in _REDUCED:
            if repeatability_g <= limit_e * e_g:
                return -(-max_g // parts)
    return -(-max_g // 2)


def check_weights(weights_g: int, max_g: int, e_g: int, repeatability_g: float | None) -> None:
    """Raise AdjustmentError where the standard weights are too few for substitution."""
    needed_g = weights_needed_g(max_g, e_g, repeatability_g)
    if weights_g < needed_g:
        known = "not tested" if repeatability_g is None else f"{repeatability_g / e_g:.2f} e"
        raise AdjustmentError(
            f"substitution: {weights_g / 1000:g} kg of standard weights; R 76 3.7.3 asks for "
            f"{needed_g / 1000:g} kg (repeatability: {known}; 1/3 of Max needs 0.3 e, "
            "1/5 needs 0.2 e): bring more, or show the repeatability by three readings"
        )


def repeatability_g(shown_g: Sequence[float]) -> float | None:
    """The range of one load put on three times or more; None for fewer readings."""
    return max(shown_g) - min(shown_g) if len(shown_g) >= REPEATS_MIN else None


def substitute_g(known_g: int, weights_shown_g: float, material_shown_g: float, e_g: int) -> int:
    """The mass of the material that has taken the place of a known load, grams.

    The scale is used only for the small difference, so that its own error does not matter; raises
    AdjustmentError where the two indications differ by more than 5 e.
    """
    difference_g = (material_shown_g - weights_shown_g) * known_g / weights_shown_g
    if abs(difference_g) > DIFFERENCE_E_MAX * e_g:
        raise AdjustmentError(
            f"substitution: the material shows {difference_g / 1000:+.1f} kg against the load it "
            f"replaces; add or take off material until both show within {DIFFERENCE_E_MAX} e"
        )
    return round(known_g + difference_g)
