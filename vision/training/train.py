"""Train the reader: python -m vision.training.train --glyphs DIR --plates DIR --out run.pt"""

import argparse
import copy
import time
from pathlib import Path

import torch
from torch import nn

from vision.plates import ALPHABET, printed
from vision.recognise import standardise
from vision.training.data import Batches
from vision.training.labels import cutouts, read_picture
from vision.training.net import PlateNet


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--glyphs", type=Path, help="folder of GA 36-like glyph pictures")
    parser.add_argument("--plates", type=Path, help="folder with labels.csv and crops/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="weights to go on from")
    parser.add_argument("--start", type=float, default=0.0, help="curriculum starts at this share")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--real-share", type=float, default=0.35)
    parser.add_argument("--own-share", type=float, default=0.25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def greedy(logits: torch.Tensor) -> list[str]:
    """Collapse repeats and drop blanks."""
    texts = []
    for best in logits.argmax(1).tolist():
        pairs = zip(best, [0, *best[:-1]], strict=True)
        texts.append("".join(ALPHABET[b - 1] for b, before in pairs if b and b != before))
    return texts


def watch(net: nn.Module, plates: Path) -> str:
    """Return greedy exact match on a fixed fifth of the TRAINING cut-outs, never the held ones."""
    seen = [c for c in cutouts(plates) if not c.held][::5]
    images = torch.stack(
        [
            torch.from_numpy(standardise(read_picture(c.path)).transpose(2, 0, 1).copy())
            for c in seen
        ]
    )
    net.eval()
    with torch.no_grad():
        texts = greedy(net(images))
    net.train()
    right = sum(t == printed(c.text) for t, c in zip(texts, seen, strict=True))
    return f"{right}/{len(seen)}"


def main() -> None:
    args = options()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    net = PlateNet().to(memory_format=torch.channels_last)
    if args.init:
        net.load_state_dict(torch.load(args.init))
    print("parameters", sum(p.numel() for p in net.parameters()), flush=True)
    average = copy.deepcopy(net)
    best = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    plan = torch.optim.lr_scheduler.OneCycleLR(best, args.rate, args.steps, pct_start=0.1)
    loader = torch.utils.data.DataLoader(
        Batches(args, args.steps), batch_size=None, num_workers=args.workers, prefetch_factor=8
    )
    ctc = nn.CTCLoss(zero_infinity=True)
    began, total = time.monotonic(), 0.0
    for step, (images, labels, lengths) in enumerate(loader, 1):
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(images.contiguous(memory_format=torch.channels_last))
        logs = logits.float().log_softmax(1).permute(2, 0, 1)
        columns = torch.full((len(lengths),), logs.shape[0])
        loss = ctc(logs, labels, columns, lengths)
        best.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        best.step()
        plan.step()
        follow(average, net, min(0.998, step / (step + 20)))
        total += loss.item()
        if step % 100 == 0:
            note = watch(average, args.plates) if args.plates and step % 500 == 0 else ""
            print(
                f"{step} {time.monotonic() - began:.0f}s loss {total / 100:.4f} {note}", flush=True
            )
            total = 0.0
            if step % 250 == 0:
                torch.save(average.state_dict(), args.out)
    torch.save(average.state_dict(), args.out)


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
