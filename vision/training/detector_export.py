"""Export the detector as TFLite: python -m vision.training.detector_export --weights det.pt"""

import argparse
from pathlib import Path

import litert_torch
import torch

from vision.detect import MODEL_PATH
from vision.training.detector_net import DetectorNet
from vision.training.export import half_weights, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MODEL_PATH)
    args = parser.parse_args()
    net = DetectorNet()
    net.load_state_dict(torch.load(args.weights, map_location="cpu"))
    # The picture stays height x width x channel outside; the runtime resizes the input at will.
    model = litert_torch.to_channel_last_io(net.eval(), args=[0], outputs=[0])
    sample = (torch.zeros(1, 480, 640, 3),)
    write(model.eval(), sample, args.out, half_weights)


if __name__ == "__main__":
    main()
