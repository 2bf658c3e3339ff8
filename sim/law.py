"""What the law and the standard allow, written down once more for the judge.

The limits are those of 62号令 Art. 3 and 109/2016 note 4 (facts of regulation 1.1, 1.2), the errors
those of R 76-1 table 6.  Nothing here is shared with the rules that the lane judges by.
"""

from __future__ import annotations

from hal.ports import RegisterEntry

_TRUCKS_G = {2: 18_000_000, 3: 25_000_000, 4: 31_000_000}
_TRAINS_G = {3: 27_000_000, 4: 36_000_000, 5: 43_000_000}
_LONG_TRAIN_G = 49_000_000
_SINGLE_DRIVE_G = 46_000_000
_AIR_G = 1_000_000
_WIDE_TANDEM_MM = 1800
_STEPS = ((500, 1), (2000, 2), (10_000, 3))


def limits_g(papers: RegisterEntry) -> tuple[int, int] | None:
    """The lowest and the highest limit that these papers allow, grams; None without a row.

    They differ where the papers leave a fact open that the law asks for.  Single tyres and posted
    limits are not in the yard.
    """
    axles = papers.axles
    if axles is None or papers.kind is None:
        return None
    if papers.kind == "train":
        return _train_g(axles, papers)
    row_g = _TRUCKS_G.get(axles)
    if row_g is None:
        return None
    if axles == 2:
        limit_g = min(row_g, papers.licence_gvm_g or row_g)
    else:
        limit_g = row_g + (_AIR_G if papers.air_suspension_drive else 0)
    return limit_g, limit_g


def _train_g(axles: int, papers: RegisterEntry) -> tuple[int, int] | None:
    if axles >= 6:
        limit_g = _SINGLE_DRIVE_G if papers.single_drive_axle else _LONG_TRAIN_G
        return limit_g, limit_g
    row_g, spacing_mm = _TRAINS_G.get(axles), papers.trailer_tandem_spacing_mm
    if row_g is None:
        return None
    bonus = axles == 4 and papers.air_suspension_drive
    if not bonus or (spacing_mm is not None and spacing_mm < _WIDE_TANDEM_MM):
        return row_g, row_g
    return (row_g if spacing_mm is None else row_g + _AIR_G), row_g + _AIR_G


def mpe_g(load_g: int, e_g: int) -> int:
    """Initial MPE of class III at this load, grams; in service it is twice that."""
    for divisions, halves in _STEPS:
        if load_g <= divisions * e_g:
            return halves * e_g // 2
    return _STEPS[-1][1] * e_g // 2
