"""The network: a small fully convolutional CTC reader with a second head for the colour."""

from typing import Final

import torch
from torch import nn

from vision.colour import COLOURS
from vision.plates import ALPHABET
from vision.recognise import INPUT_HEIGHT

CLASSES: Final = len(ALPHABET) + 1


def block(cin: int, cout: int, kernel=3, padding=1, pool=1, stride=1) -> nn.Sequential:
    """Convolution, batch norm, ReLU; pooling comes first, where it saves the other two work."""
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, padding=padding, stride=stride, bias=False),
        nn.MaxPool2d(pool) if pool != 1 else nn.Identity(),
        nn.BatchNorm2d(cout),
        nn.ReLU(),
    )


class PlateNet(nn.Module):
    """N x 3 x 32 x 112 standardised BGR → N x CLASSES x 56 logits and N x COLOURS logits.

    Class 0 is the CTC blank. The colour is told from features of the whole picture: which channels
    part ink from ground, and which of the two is the lighter.
    """

    def __init__(self, width: int = 96, dropout: float = 0.1) -> None:
        super().__init__()
        w = width
        self.stem = nn.Sequential(
            block(3, 24, 5, 2, stride=2),
            block(24, 48, pool=(2, 1)),
            block(48, w),
        )
        self.early = block(w, w)
        self.shrink = nn.MaxPool2d((2, 1))
        self.late = block(w, w)
        self.tall = block(w, w, (INPUT_HEIGHT // 8, 1), (0, 0))
        self.drop = nn.Dropout(dropout)
        self.wide = block(w, w, (1, 5), (0, 2))
        self.out = nn.Conv2d(w, CLASSES, 1)
        self.colour = nn.Linear(w, len(COLOURS))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.stem(x)
        x = self.shrink(x + self.early(x))
        colours = self.colour(x.mean(dim=(2, 3)))
        x = x + self.late(x)
        x = self.drop(self.tall(x))
        x = x + self.wide(x)
        return self.out(x).squeeze(2), colours
