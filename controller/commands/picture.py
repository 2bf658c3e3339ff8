"""What the PNG drawings have in common: matplotlib asked for in time, the sheet, and plain axes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from controller.commands.weigh import TraceError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, HAIR = "#1c2126", "#5d666e", "#e1e4e3"
BLUE, GREEN, AMBER, RED = "#1d4f86", "#17683c", "#b06f00", "#a51d1d"
DPI = 150


def new_figure(target: Path, inches: tuple[float, float], otherwise: str = "") -> Figure:
    """A white sheet that needs no screen; raises TraceError where matplotlib is missing."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise TraceError(
            f"--plot {target}: a PNG needs matplotlib: pip install 'steelyard[plot]'{otherwise}"
        ) from error
    figure = Figure(figsize=inches, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def plain(axes: Axes) -> None:
    """Two spines, a faint grid behind the curves."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(SOFT)
    axes.tick_params(colors=SOFT, labelsize=9)
    axes.grid(visible=True, color=HAIR, linewidth=0.7)
    axes.set_axisbelow(True)
