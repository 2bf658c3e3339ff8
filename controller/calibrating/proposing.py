"""What stands between a proposed calibration and its file: is it good, and can it be kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from board.calibration_file import CalibrationFileError, Standing
from board.calibration_sheet import with_values
from sensors.adjustment import Adjustment
from sensors.calibration import scale_from_dict
from sensors.corners import AdjustmentError

LEFTOVER_E = 0.1


def leftover_e(straight: Adjustment) -> float:
    """What a straight line through all span loads leaves at the worst of them, in e; 0 for one."""
    e_g = straight.after.e_g
    left_e = [abs(row.error_after_g) / e_g for row in straight.rows if row.kind == "span"]
    return max(left_e) if len(left_e) > 1 else 0.0


def require_good(done: Adjustment) -> None:
    """Raise AdjustmentError where a load would show outside the initial MPE afterwards."""
    if not done.ok:
        raise AdjustmentError(
            f"outside the initial MPE afterwards: {', '.join(_outside(done))}; nothing was "
            "written: mend the scale, check the loads, or correct the span by points (linearise)"
        )


def readable_sheet(standing: Standing, done: Adjustment) -> dict[str, Any]:
    """The new sheet, once it is sure that the lane reads the proposed calibration out of it.

    Raises CalibrationFileError where it would not.
    """
    sheet = with_values(standing.sheet, done.after)
    if scale_from_dict(sheet) != done.after:
        raise CalibrationFileError(f"{standing.path}: the new values cannot be kept in this file")
    return sheet


def _outside(done: Adjustment) -> Iterator[str]:
    for row in done.rows:
        if not row.ok:
            where = f" {row.where}" if row.where else ""
            yield (
                f"{row.kind}{where} {row.load_g / 1000:g} kg by "
                f"{row.error_after_g / done.after.e_g:+.2f} e"
            )
