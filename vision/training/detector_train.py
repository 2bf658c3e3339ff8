"""Train the detector: python -m vision.training.detector_train … --grounds DIR --out det.pt"""

import argparse
import copy
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import torch
from torch import nn
from torch.nn import functional

from vision.detect import CHANNELS
from vision.training.detector_net import DetectorNet
from vision.training.detector_scenes import SIZE_PX, Scenes, grounds, photographs
from vision.training.detector_targets import targets
from vision.training.train import follow

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--glyphs", type=Path, help="folder of GA 36-like glyph pictures")
    parser.add_argument("--plates", type=Path, help="folder with labelled photographs")
    parser.add_argument("--grounds", type=Path, required=True, help="photographs without plates")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="weights to go on from")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


class Batches(torch.utils.data.IterableDataset):
    """Batches of (pictures, presence, corners, types); one seed a worker."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.photos = photographs(args.plates) if args.plates else []
        self.empty = grounds(args.grounds)

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(0)
        info = torch.utils.data.get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        scenes = Scenes(self.args.seed * 100 + worker, self.args.glyphs, self.photos, self.empty)
        for _ in range(worker, self.args.steps, workers):
            yield _batch(scenes, self.args.batch)


def _batch(scenes: Scenes, count: int) -> Batch:
    pictures, asked = [], []
    for _ in range(count):
        scene = scenes.draw()
        pictures.append(torch.from_numpy(scene.picture.transpose(2, 0, 1).copy()))
        asked.append(targets(scene.quads, scene.types, SIZE_PX))
    parts = [
        torch.stack([torch.from_numpy(part) for part in kind]) for kind in zip(*asked, strict=True)
    ]
    return torch.stack(pictures), *parts


def unfolded(out: torch.Tensor) -> torch.Tensor:
    """N x 4·CHANNELS x h x w → N x CHANNELS x 2h x 2w, as `vision.detect.unfold` has it."""
    n, _, h, w = out.shape
    fine = out.view(n, 2, 2, CHANNELS, h, w).permute(0, 3, 4, 1, 5, 2)
    return fine.reshape(n, CHANNELS, 2 * h, 2 * w)


def losses(out: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (presence, corners, types): focal, smooth L1 in plate heights, cross entropy."""
    _, presence, corners, kinds = batch
    fine = unfolded(out.float())
    yes = presence > 0.5
    asked = presence >= 0
    plain = functional.binary_cross_entropy_with_logits(
        fine[:, 0], presence.clamp(min=0), reduction="none"
    )
    doubt = torch.sigmoid(torch.where(yes, -fine[:, 0], fine[:, 0])) ** 2
    side = torch.where(yes, 0.75, 0.5)
    count = yes.sum().clamp(min=1)
    seen = (plain * doubt * side * asked).sum() / count
    picked = fine.permute(0, 2, 3, 1)[yes]
    want = corners.permute(0, 2, 3, 1)[yes]
    height = want[:, 8:].clamp(min=0.2)
    where = functional.smooth_l1_loss(
        picked[:, 1:9] / height, want[:, :8] / height, beta=0.1, reduction="sum"
    ) / (8 * count)
    what = functional.cross_entropy(picked[:, 9:], kinds[yes], reduction="sum") / count
    return seen, where, what


def main() -> None:
    args = options()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    net = DetectorNet().to(args.device, memory_format=torch.channels_last)
    if args.init:
        net.load_state_dict(torch.load(args.init, map_location=args.device))
    print("parameters", sum(p.numel() for p in net.parameters()), flush=True)
    average = copy.deepcopy(net)
    best = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    plan = torch.optim.lr_scheduler.OneCycleLR(best, args.rate, args.steps, pct_start=0.08)
    loader = torch.utils.data.DataLoader(
        Batches(args), batch_size=None, num_workers=args.workers, prefetch_factor=6
    )
    began, totals = time.monotonic(), [0.0, 0.0, 0.0]
    for step, drawn in enumerate(loader, 1):
        batch = tuple(part.to(args.device) for part in drawn)
        pictures = batch[0].float().div_(255).sub_(0.5)
        with torch.autocast(args.device, torch.bfloat16):
            out = net(pictures.contiguous(memory_format=torch.channels_last))
        parts = losses(out, batch)
        best.zero_grad(set_to_none=True)
        (parts[0] + 2 * parts[1] + 0.2 * parts[2]).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        best.step()
        plan.step()
        follow(average, net, min(0.998, step / (step + 20)))
        totals = [t + p.item() for t, p in zip(totals, parts, strict=True)]
        if step % 100 == 0:
            means = " ".join(f"{t / 100:.4f}" for t in totals)
            print(f"{step} {time.monotonic() - began:.0f}s {means}", flush=True)
            totals = [0.0, 0.0, 0.0]
            torch.save(average.state_dict(), args.out)
    torch.save(average.state_dict(), args.out)


if __name__ == "__main__":
    main()
