"""Train the reader: python -m vision.training.train --glyphs DIR --plates DIR --out run.pt"""

import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from vision.plates import ALPHABET, printed
from vision.recognise import INPUT_HEIGHT, INPUT_WIDTH, standardise
from vision.training.data import NO_COLOUR, Batches, Progress
from vision.training.labels import cutouts, read_picture
from vision.training.net import PlateNet

COLOUR_SHARE = 0.1
"""Weight of the colour's loss: enough to learn it, too little to take from the reading."""
WARM = 0.1


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--glyphs", type=Path, help="folder of GA 36-like glyph pictures")
    parser.add_argument("--plates", type=Path, help="folder with labels.csv and crops/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="weights to go on from")
    parser.add_argument("--start", type=float, default=0.0, help="curriculum starts at this share")
    parser.add_argument("--steps", type=int, default=40000)
    parser.add_argument("--minutes", type=float, default=0, help="end by the clock if sooner")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--real-share", type=float, default=0.32)
    parser.add_argument("--own-share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def greedy(logits: torch.Tensor) -> list[str]:
    """Collapse repeats and drop blanks."""
    texts = []
    for best in logits.argmax(1).tolist():
        pairs = zip(best, [0, *best[:-1]], strict=True)
        texts.append("".join(ALPHABET[b - 1] for b, before in pairs if b and b != before))
    return texts


def watch(net: nn.Module, plates: Path) -> str:
    """Return greedy exact match on a quarter of the TRAINING cut-outs, never the held ones."""
    seen = [c for c in cutouts(plates) if not c.held and c.ptype != "yellow2"][::4]
    size_px = (INPUT_WIDTH, INPUT_HEIGHT)
    pictures = [standardise(read_picture(c.path), size_px).transpose(2, 0, 1) for c in seen]
    images = torch.from_numpy(np.stack(pictures))
    net.eval()
    with torch.no_grad():
        texts = greedy(net(images.to(next(net.parameters()).device))[0])
    net.train()
    right = sum(t == printed(c.text) for t, c in zip(texts, seen, strict=True))
    return f"{right}/{len(seen)}"


def main() -> None:
    args = options()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    net = PlateNet().to(args.device, memory_format=torch.channels_last)
    if args.init:
        net.load_state_dict(torch.load(args.init, map_location=args.device))
    print("parameters", sum(p.numel() for p in net.parameters()), flush=True)
    average = copy.deepcopy(net)
    best = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    progress = Progress(args)
    loader = torch.utils.data.DataLoader(
        Batches(args, progress), batch_size=None, num_workers=args.workers, prefetch_factor=8
    )
    ctc, paint = nn.CTCLoss(zero_infinity=True), nn.CrossEntropyLoss(ignore_index=NO_COLOUR)
    total = np.zeros(2)
    for step, drawn in enumerate(loader, 1):
        done = progress.at(step)
        if done > 1:
            break
        for group in best.param_groups:
            group["lr"] = args.rate * one_cycle(done)
        images, labels, lengths, colours = (part.to(args.device) for part in drawn)
        with torch.autocast(args.device, torch.bfloat16):
            logits, tints = net(images.contiguous(memory_format=torch.channels_last))
        logs = logits.float().log_softmax(1).permute(2, 0, 1)
        columns = torch.full((len(lengths),), logs.shape[0])
        read, painted = ctc(logs, labels, columns, lengths), paint(tints.float(), colours)
        best.zero_grad(set_to_none=True)
        (read + COLOUR_SHARE * painted).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        best.step()
        follow(average, net, min(0.999, step / (step + 20)))
        total += (read.item(), painted.item())
        if step % 100 == 0:
            note = watch(average, args.plates) if args.plates and step % 500 == 0 else ""
            mean, seconds = total / 100, time.monotonic() - progress.began
            print(f"{step} {seconds:.0f}s {done:.3f} loss {mean.round(4)} {note}", flush=True)
            total[:] = 0.0
            if step % 250 == 0:
                torch.save(average.state_dict(), args.out)
    torch.save(average.state_dict(), args.out)


def one_cycle(done: float) -> float:
    """Return the share of the top rate: a tenth of the run up, then a cosine down to nothing."""
    if done < WARM:
        return 0.04 + 0.96 * done / WARM
    return 0.5 + 0.5 * math.cos(math.pi * min((done - WARM) / (1 - WARM), 1.0))


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, keep: float) -> None:
    """Move the averaged weights towards the trained ones; copy the counters."""
    for mine, theirs in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(theirs, 1 - keep)
        else:
            mine.copy_(theirs)


if __name__ == "__main__":
    main()
