"""Report how well plates are read: python -m vision.training.report --plates DIR [--glyphs DIR]

Needs no torch: it reads with the exported model, as the lane does.
"""

import argparse
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from vision.recognise import MODEL_PATH, Recogniser, Settings, read_settings
from vision.training.labels import DOUBTFUL, cutouts
from vision.training.negatives import negative
from vision.training.render import Renderer
from vision.training.scores import (
    Scored,
    calibrated,
    confusions,
    fit,
    interval,
    score,
    threshold,
    typed,
    wrong,
)
from vision.training.sets import RENDER_SEED, labelled, recomposed, rendered

NEGATIVES = 1000
Sets = dict[str, list[Scored]]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, required=True)
    parser.add_argument("--glyphs", type=Path)
    parser.add_argument("--model", type=Path, default=MODEL_PATH)
    parser.add_argument("--rendered", type=int, default=300, help="plates a rendered set")
    parser.add_argument("--seed", type=int, default=RENDER_SEED, help="of the rendered sets")
    parser.add_argument("--choose", action="store_true", help="write calibration and threshold")
    parser.add_argument("--figures", type=Path, help="folder for the pictures of docs/")
    return parser.parse_args()


def read_all(reader: Recogniser, args: argparse.Namespace) -> Sets:
    """Read every set; the probabilities stay raw."""
    return {
        "held aside from all training": score(reader, labelled(args.plates, held=True)),
        "held aside, recomposed": score(reader, recomposed(args.plates, held=True)),
        "trained on (for comparison only)": score(reader, labelled(args.plates, held=False)),
        "rendered, glyphs of --glyphs": score(
            reader, rendered(args.glyphs, args.rendered, args.seed)
        ),
        "rendered, own glyphs": score(
            reader, rendered(None, max(args.rendered // 3, 1), args.seed)
        ),
    }


def table(title: str, scored: Sequence[Scored], p_min: float) -> None:
    """Print counts, exact match, type and what the threshold does, by group."""
    print(
        f"\n{title}\n  {'set':26} {'n':>5} {'exact':>6} {'rate':>6}  {'95 % interval':>13}", end=""
    )
    print(f" {'type':>6} {'accepted':>9} {'wrongly':>8}")
    for group in dict.fromkeys(one.sample.group for one in scored):
        mine = [one for one in scored if one.sample.group == group]
        exact = sum(one.right for one in mine)
        low, high = interval(exact, len(mine))
        taken = sum(one.accepted(p_min) for one in mine)
        print(
            f"  {group:26} {len(mine):5} {exact:6} {exact / len(mine):6.3f}"
            f"  {low:.3f}–{high:.3f} {typed(mine):6} {taken:9} {wrong(mine, p_min):8}"
        )


def trusted(args: argparse.Namespace, scored: Sequence[Scored]) -> list[Scored]:
    """Leave out the plates whose labels plainly differ from the picture."""
    doubted = {c.text for c in cutouts(args.plates) if c.path.name in DOUBTFUL}
    return [one for one in scored if one.sample.truth not in doubted]


def ghosts(reader: Recogniser) -> int:
    """Count pictures of no plate that are accepted as one."""
    render = Renderer(RENDER_SEED + 1, None)
    reads = [reader.read(negative(render.rng)) for _ in range(NEGATIVES)]
    return sum(map(reader.accepts, reads))


def milliseconds(reader: Recogniser, plates: Path) -> float:
    """Return the time a read takes on the cut-outs held aside, on one thread of this machine."""
    pictures = [sample.picture for sample in labelled(plates, held=True)]
    began = time.process_time()
    for picture in pictures:
        reader.read(picture)
    return (time.process_time() - began) / len(pictures) * 1000


def failures(scored: Sequence[Scored]) -> None:
    """Print each wrong read."""
    print("\nread wrong: truth, read, confidence")
    for one in scored:
        if not one.right:
            told = one.read.text or "-"
            print(f"  {one.sample.truth:9} {told:9} {one.read.confidence:.3f}")


def chosen(sets: Sets, args: argparse.Namespace) -> Settings:
    """Fit the calibration and choose the threshold, and write both beside the model."""
    held, two, _, drawn, own = sets.values()
    held = trusted(args, held)
    slope, shift = fit([held, two, [*drawn, *own]])
    raw = Settings(accept_p_min=1.0, slope=slope, shift=shift)
    groups = [calibrated(group, raw) for group in (held, two, [*drawn, *own])]
    p_min = threshold(groups[:2], groups[2])
    args.model.with_suffix(".toml").write_text(
        "# Written by vision.training.report --choose. Of a raw probability p of a character,\n"
        "# 1 / (1 + exp(-(slope * ln(p / (1 - p)) + shift))) is told. A read stands as a plate\n"
        "# when the least of them reaches accept_p_min: the lowest at which at most 0.5 % of the\n"
        "# real plates kept aside (as they are, and recomposed) and 0.1 % of the rendered are\n"
        "# accepted wrongly.\n"
        f"accept_p_min = {p_min}\nslope = {slope}\nshift = {shift}\n",
        encoding="utf-8",
    )
    return Settings(accept_p_min=p_min, slope=slope, shift=shift)


def main() -> None:
    args = options()
    reader = Recogniser(args.model)
    reader.settings = Settings(accept_p_min=1.0)
    sets = read_all(reader, args)
    where = args.model.with_suffix(".toml")
    settings = chosen(sets, args) if args.choose else read_settings(where)
    p_min = settings.accept_p_min
    sets = {title: calibrated(scored, settings) for title, scored in sets.items()}
    print(f"accept_p_min {p_min}, slope {settings.slope}, shift {settings.shift}")
    for title, scored in sets.items():
        table(title, scored, p_min)
    reader.settings = settings
    print(f"\n{ghosts(reader)} of {NEGATIVES} pictures of no plate accepted")
    print(f"{milliseconds(reader, args.plates):.1f} ms of one thread a cut-out held aside")
    held, two, _, drawn, own = sets.values()
    for name, group in (("real", [*held, *two]), ("rendered", [*drawn, *own])):
        pairs = confusions(group).most_common(24)
        print(f"\nconfused, {name}:", ", ".join(f"{a}→{b} {n}" for (a, b), n in pairs))
    failures(held)
    if args.figures:
        import_module("vision.training.figures").write(args.figures, sets, p_min)


if __name__ == "__main__":
    main()
