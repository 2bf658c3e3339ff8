"""Export trained weights as TFLite: python -m vision.training.export --weights run.pt"""

import argparse
from pathlib import Path

import litert_torch
import torch
from ai_edge_quantizer import qtyping, quantizer

from vision.recognise import INPUT_HEIGHT, INPUT_WIDTH, MODEL_PATH
from vision.training.net import PlateNet

BYTES_MAX = 1_000_000


class Exported(torch.nn.Module):
    """Columns first on the way out, as the decoder reads them."""

    def __init__(self, net: PlateNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x).transpose(1, 2)


def half_weights(path: Path, out: Path) -> None:
    """Store the weights as float16; the runtime computes in float32."""
    casting = quantizer.Quantizer(str(path))
    casting.add_weight_only_config(
        regex=".*",
        operation_name=qtyping.TFLOperationName.CONV_2D,
        num_bits=16,
        algorithm_key=quantizer.AlgorithmName.FLOAT_CASTING,
    )
    casting.quantize().export_model(str(out), overwrite=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MODEL_PATH)
    args = parser.parse_args()
    net = PlateNet()
    net.load_state_dict(torch.load(args.weights))
    # The picture stays height x width x channel outside: no transpose in the lane.
    model = litert_torch.to_channel_last_io(Exported(net).eval(), args=[0])
    sample = (torch.zeros(1, INPUT_HEIGHT, INPUT_WIDTH, 3),)
    whole = args.out.with_suffix(".float32.tflite")
    litert_torch.convert(model.eval(), sample).export(str(whole))
    half_weights(whole, args.out)
    whole.unlink()
    size = args.out.stat().st_size
    print(f"{args.out}: {size} bytes")
    if size > BYTES_MAX:
        raise SystemExit(f"{args.out} is larger than {BYTES_MAX} bytes: narrow the network")


if __name__ == "__main__":
    main()
