"""The network: a small fully convolutional CTC reader, 96 x 24 px in, 48 columns of classes out."""

import torch
from torch import nn

from vision.plates import ALPHABET

CLASSES = len(ALPHABET) + 1


def block(cin: int, cout: int, kernel=3, padding=1, pool=1) -> nn.Sequential:
    """Convolution, batch norm, ReLU; pooling comes first, where it saves the other two work."""
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, padding=padding, bias=False),
        nn.MaxPool2d(pool) if pool != 1 else nn.Identity(),
        nn.BatchNorm2d(cout),
        nn.ReLU(),
    )


class PlateNet(nn.Module):
    """N x 3 x 24 x 96 standardised BGR → N x CLASSES x 48 logits; class 0 is the CTC blank."""

    def __init__(self, width: int = 96, dropout: float = 0.1) -> None:
        super().__init__()
        w = width
        self.body = nn.Sequential(
            block(3, 24, pool=2),
            block(24, 48),
            block(48, 64, pool=(2, 1)),
            block(64, w),
            block(w, w, pool=(2, 1)),
            block(w, w),
            block(w, w, (3, 1), (0, 0)),
            nn.Dropout(dropout),
            block(w, w, (1, 5), (0, 2)),
            nn.Conv2d(w, CLASSES, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x).squeeze(2)
