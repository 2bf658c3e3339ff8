"""Maximum permissible error of a class III scale, in grams (OIML R 76-1, 3.5.1; JJG 539)."""

from __future__ import annotations

TOLERANCE = "JJG 539 III in service@1"
"""The setting by which ``within_mpe`` is told (允差设置): class III, R 76-1 table 6, twice the
initial MPE.  It stands beside a verdict and is never taken off a weight or added to a limit."""
LOAD_E_MAX = 10_000
MIN_CAPACITY_E = 20
BLANK_ABOVE_MAX_E = 9

# Upper end of each step in e, and the initial error there in halves of e.
_STEPS = ((500, 1), (2_000, 2), (LOAD_E_MAX, 3))


def mpe_initial_g(load_g: int, e_g: int) -> int:
    """MPE at initial verification; half a gram (e = 5 g only) is dropped.

    Raises ValueError for a negative load, for e below 1 g, and above 10 000 e, where class III
    ends.  Source: R 76-1 table 6.
    """
    return _halves_of_e(load_g, e_g) * e_g // 2


def mpe_in_service_g(load_g: int, e_g: int) -> int:
    """MPE in service, twice the initial one; raises ValueError as `mpe_initial_g` does."""
    return _halves_of_e(load_g, e_g) * e_g


def _halves_of_e(load_g: int, e_g: int) -> int:
    if e_g < 1 or load_g < 0:
        raise ValueError(f"no MPE for a load of {load_g} g on e = {e_g} g")
    for end_e, halves in _STEPS:
        if load_g <= end_e * e_g:
            return halves
    raise ValueError(f"a load of {load_g} g lies above {LOAD_E_MAX} e, where class III ends")
