"""Report exact match by plate type: python -m vision.training.report --plates DIR [--glyphs DIR]

Needs no torch: it reads with the exported model, as the lane does.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from vision.plates import PlateType, written
from vision.recognise import MODEL_PATH, PlateRead, Recogniser
from vision.training.camera import degrade
from vision.training.labels import DOUBTFUL, cutouts, read_picture
from vision.training.negatives import negative
from vision.training.render import Renderer, random_text

Scored = tuple[str, str, PlateRead]

RENDER_SEED = 90210
PRECISION_MIN = 0.995


def read_cutouts(
    reader: Recogniser, plates: Path, held: bool, doubtful: bool = True
) -> list[Scored]:
    """Return (plate type, truth, read) of the labelled cut-outs, held aside or trained on."""
    chosen = [c for c in cutouts(plates) if c.held is held]
    chosen = [c for c in chosen if doubtful or c.path.name not in DOUBTFUL]
    return [(c.ptype, written(c.text), reader.read(read_picture(c.path))) for c in chosen]


def read_rendered(reader: Recogniser, glyphs: Path | None, count: int) -> list[Scored]:
    """Return (set name, truth, read) of rendered plates of a seed that training never used."""
    scored = []
    for hardness in (0.3, 0.7):
        for ptype in (PlateType.BLUE1, PlateType.YELLOW1, PlateType.GREEN8):
            render = Renderer(RENDER_SEED, glyphs)
            for _ in range(count):
                text = random_text(render.rng, ptype)
                scene, label = render.scene(text, ptype, hardness)
                read = reader.read(degrade(render.rng, scene, hardness))
                whole = written(label if len(label) == len(text) else "?" + label)
                scored.append((f"{ptype.value} hardness {hardness}", whole, read))
    return scored


def table(title: str, scored: list[Scored]) -> None:
    """Print counts, exact match and character accuracy by group."""
    print(f"\n{title}\n  {'set':26} {'n':>5} {'exact':>7} {'rate':>7} {'province right':>15}")
    for group in sorted({name for name, _, _ in scored}):
        mine = [(truth, read) for name, truth, read in scored if name == group]
        exact = sum(truth == read.text for truth, read in mine)
        head = sum(truth[0] == read.text[:1] for truth, read in mine)
        print(f"  {group:26} {len(mine):5} {exact:7} {exact / len(mine):7.3f} {head:15}")


def threshold(scored: list[Scored]) -> float:
    """Return the least threshold at which 99.5 % of the accepted cut-outs are read right."""
    for percent in range(50, 100):
        p_min = percent / 100
        accepted = [s for s in scored if s[2].valid and s[2].confidence >= p_min]
        right = sum(truth == read.text for _, truth, read in accepted)
        if accepted and right >= PRECISION_MIN * len(accepted):
            return p_min
    return 0.99


def acceptance(reader: Recogniser, scored: list[Scored], p_min: float) -> None:
    """Print what the threshold lets through, of plates and of pictures that are none."""
    accepted = [s for s in scored if s[2].valid and s[2].confidence >= p_min]
    wrong = sum(truth != read.text for _, truth, read in accepted)
    render = Renderer(RENDER_SEED + 1, None)
    ghosts = [reader.read(negative(render.rng)) for _ in range(500)]
    passed = sum(g.valid and g.confidence >= p_min for g in ghosts)
    print(
        f"\naccept_p_min {p_min}: {len(accepted)} of {len(scored)} held aside accepted, {wrong}"
        f" of them wrong; {passed} of {len(ghosts)} pictures of no plate accepted"
    )


def failures(scored: list[Scored]) -> None:
    """Print each wrong read of the cut-outs held aside, and which provinces were invented."""
    wrong = [(truth, read) for _, truth, read in scored if truth != read.text]
    heads = Counter((t[0], r.text[:1] or "-") for t, r in wrong if t[0] != r.text[:1])
    print("\nwrong provinces (truth, read):", dict(heads))
    for truth, read in wrong:
        print(f"  {truth:9} {read.text or '-':9} {read.confidence:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, required=True)
    parser.add_argument("--glyphs", type=Path)
    parser.add_argument("--model", type=Path, default=MODEL_PATH)
    parser.add_argument("--rendered", type=int, default=300, help="plates a rendered set")
    parser.add_argument("--json", type=Path, help="write the held-aside counts here too")
    args = parser.parse_args()
    reader = Recogniser(args.model)
    held = read_cutouts(reader, args.plates, True)
    table("held aside from all training", held)
    table("trained on (for comparison only)", read_cutouts(reader, args.plates, False))
    table("rendered, glyphs of --glyphs mixed", read_rendered(reader, args.glyphs, args.rendered))
    table("rendered, own glyphs", read_rendered(reader, None, args.rendered))
    trusted = read_cutouts(reader, args.plates, True, doubtful=False)
    acceptance(reader, trusted, threshold(trusted))
    failures(held)
    if args.json:
        counts = Counter(name for name, _, _ in held)
        exact = Counter(name for name, truth, read in held if truth == read.text)
        args.json.write_text(json.dumps({"n": counts, "exact": exact}, indent=1) + "\n")


if __name__ == "__main__":
    main()
