"""Pictures of how the reader fails and how far its confidences hold (needs the extra `plot`)."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from vision.glyphs import load_atlas
from vision.training.scores import Scored, confusions, told_whole

mpl.use("Agg")

Bgr = npt.NDArray[np.uint8]

FAILURES, COLUMNS = 30, 5
TILE_PX = (236, 96)
CAPTION_PX = 26
PAIRS = 30


def write(folder: Path, sets: dict[str, list[Scored]], p_min: float) -> None:
    """Write plates-failures.jpg and plates-reliability, -threshold and -confusion.png."""
    folder.mkdir(parents=True, exist_ok=True)
    held, two, _, drawn, own = sets.values()
    picture = sheet(held, two, [*drawn, *own])
    cv2.imwrite(str(folder / "plates-failures.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    groups = {"real, held aside": held, "recomposed, held aside": two, "rendered": [*drawn, *own]}
    _figure(folder / "plates-reliability.png", groups, reliability)
    _figure(folder / "plates-threshold.png", groups, lambda axes, g: trade(axes, g, p_min))
    confusion(folder / "plates-confusion.png", [*held, *two, *drawn, *own])


def _figure(
    path: Path, groups: dict[str, list[Scored]], paint: Callable[[Axes, list[Scored]], None]
) -> None:
    figure, row = plt.subplots(1, len(groups), figsize=(4 * len(groups), 3.8))
    for axes, (name, scored) in zip(row, groups.items(), strict=True):
        paint(axes, scored)
        axes.set_title(f"{name} (n = {len(scored)})", fontsize=10)
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def reliability(axes: Axes, scored: Sequence[Scored]) -> None:
    """Plot how many reads of one confidence are right; the area of a dot is their number."""
    whole = [one for one in scored if told_whole(one)]
    confidence = np.array([one.read.confidence for one in whole])
    right = np.array([one.right for one in whole], float)
    edges = np.array([0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0001])
    bins = [(confidence >= low) & (confidence < high) for low, high in pairwise(edges)]
    full = [one for one in bins if one.any()]
    x, y = [confidence[b].mean() for b in full], [right[b].mean() for b in full]
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.scatter(x, y, s=[8 + 300 * float(b.mean()) for b in full])
    axes.set_xlabel("confidence: least probability of a character")
    axes.set_ylabel("share read exactly")


def trade(axes: Axes, scored: Sequence[Scored], p_min: float) -> None:
    """Plot plates accepted wrongly against plates not accepted, over the threshold."""

    def at(least: float) -> tuple[float, float]:
        taken = [one for one in scored if one.accepted(least)]
        wrongly = sum(not one.right for one in taken)
        return 100 * (1 - len(taken) / len(scored)), 100 * wrongly / len(scored)

    points = [at(least) for least in (*np.arange(0, 0.99, 0.02), 0.99, 0.993, 0.996, 0.998, 0.999)]
    axes.plot([x for x, _ in points], [y for _, y in points], marker=".", markersize=4)
    here = at(p_min)
    axes.plot(*here, "o", color="crimson", label=f"shipped: {p_min}")
    axes.set_xlabel("not accepted, %")
    axes.set_ylabel("accepted wrongly, %")
    axes.legend(fontsize=8)


def confusion(path: Path, scored: Sequence[Scored]) -> None:
    """Paint the most frequent confusions as a list of glyph pairs with their number."""
    pairs = confusions(scored).most_common(PAIRS)
    canvas = np.full((44 * max(-(-len(pairs) // 10), 1), 1100, 3), 255, np.uint8)
    for number, ((truth, read), count) in enumerate(pairs):
        y, x = divmod(number, 10)
        _caption(canvas, truth, (110 * x + 8, 44 * y + 8), 28)
        cv2.putText(canvas, ">", (110 * x + 26, 44 * y + 28), 0, 0.5, (90, 90, 90), 1, cv2.LINE_AA)
        _caption(canvas, read, (110 * x + 42, 44 * y + 8), 28)
        cv2.putText(canvas, f"{count}", (110 * x + 66, 44 * y + 28), 0, 0.5, (0, 0, 160), 1)
    cv2.imwrite(str(path), canvas)


def sheet(*groups: Sequence[Scored]) -> Bgr:
    """Return a contact sheet of failures: real ones first, the rest from each group in turn."""
    wrong = [[one for one in group if not one.right] for group in groups]
    picks = wrong[0][: FAILURES * 2 // 3]
    left = FAILURES - len(picks)
    picks += wrong[1][: left // 2]
    drawn = wrong[2]
    left = FAILURES - len(picks)
    picks += [drawn[i * len(drawn) // left] for i in range(min(left, len(drawn)))]
    tiles = [_tile(one) for one in picks]
    blank = np.full_like(_blank(), 255)
    tiles += [blank] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows) if rows else blank


def _blank() -> Bgr:
    return np.full((TILE_PX[1] + CAPTION_PX + 6, TILE_PX[0] + 6, 3), 255, np.uint8)


def _tile(one: Scored) -> Bgr:
    tile = _blank()
    h, w = one.sample.picture.shape[:2]
    scale = min(TILE_PX[0] / w, TILE_PX[1] / h)
    size = (round(w * scale), round(h * scale))
    tile[3 : 3 + size[1], 3 : 3 + size[0]] = cv2.resize(
        one.sample.picture, size, interpolation=cv2.INTER_CUBIC
    )
    y = TILE_PX[1] + 5
    end = _caption(tile, one.sample.truth, (4, y), 20)
    end = _caption(tile, one.read.text or "-", (end + 12, y), 20, one.sample.truth)
    note = f"{one.read.confidence:.2f}"
    cv2.putText(tile, note, (end + 8, y + 15), 0, 0.42, (90, 90, 90), 1, cv2.LINE_AA)
    return tile


def _caption(
    canvas: Bgr, text: str, at: tuple[int, int], height: int, truth: str | None = None
) -> int:
    """Set a text in our own glyphs, what differs from the truth in red; returns where it ends."""
    atlas, (x, y) = load_atlas(), at
    for place, char in enumerate(text):
        same = truth is None or (len(truth) == len(text) and truth[place] == char)
        tone = (0, 0, 0) if same else (0, 0, 220)
        if char in atlas:
            size = (height // 2, height)
            ink = cv2.resize(atlas[char], size, interpolation=cv2.INTER_AREA)[..., None] / 255
            spot = canvas[y : y + height, x : x + size[0]]
            spot[:] = (spot * (1 - ink) + np.array(tone) * ink).astype(np.uint8)
        else:
            cv2.putText(canvas, char, (x, y + height - 4), 0, height / 32, tone, 1, cv2.LINE_AA)
        x += height // 2 + 2
    return x
