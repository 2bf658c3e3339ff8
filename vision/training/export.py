"""Export trained weights as TFLite: python -m vision.training.export --weights run.pt"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import litert_torch
import torch
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import qtyping, quantizer, recipe

from vision.recognise import INPUT_HEIGHT, INPUT_WIDTH, MODEL_PATH, standardise
from vision.training.labels import cutouts, read_picture
from vision.training.net import PlateNet

BYTES_MAX = 1_000_000


class Exported(torch.nn.Module):
    """Columns first on the way out, as the decoder reads them; the colours beside them."""

    def __init__(self, net: PlateNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, colours = self.net(x)
        return logits.transpose(1, 2), colours


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


def whole_numbers(path: Path, out: Path, plates: Path) -> None:
    """Make weights and activations int8, their ranges taken from the cut-outs trained on."""
    seen = [c for c in cutouts(plates) if not c.held and c.ptype != "yellow2"][::4]
    size_px = (INPUT_WIDTH, INPUT_HEIGHT)
    pictures = [standardise(read_picture(c.path), size_px)[None] for c in seen]
    opened = Interpreter(model_path=str(path))
    name = next(iter(opened.get_signature_list()["serving_default"]["inputs"]))
    casting = quantizer.Quantizer(str(path), recipe.static_wi8_ai8())
    for edge in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
        casting.update_quantization_recipe(
            regex=".*", operation_name=edge, algorithm_key=quantizer.AlgorithmName.NO_QUANTIZE
        )
    ranges = casting.calibrate({"serving_default": [{name: one} for one in pictures]})
    casting.quantize(ranges).export_model(str(out), overwrite=True)


def write(
    model: torch.nn.Module,
    sample: tuple[torch.Tensor, ...],
    out: Path,
    cast: Callable[[Path, Path], None],
) -> None:
    """Convert a network, shrink its weights by `cast`, and refuse a file that is too large."""
    whole = out.with_suffix(".float32.tflite")
    litert_torch.convert(model, sample).export(str(whole))
    cast(whole, out)
    whole.unlink()
    size = out.stat().st_size
    print(f"{out}: {size} bytes")
    if size > BYTES_MAX:
        raise SystemExit(f"{out} is larger than {BYTES_MAX} bytes: narrow the network")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MODEL_PATH)
    parser.add_argument("--int8", type=Path, help="folder of labelled plates: int8, not float16")
    args = parser.parse_args()
    net = PlateNet()
    net.load_state_dict(torch.load(args.weights, map_location="cpu"))
    # The picture stays height x width x channel outside: no transpose in the lane.
    model = litert_torch.to_channel_last_io(Exported(net).eval(), args=[0])
    sample = (torch.zeros(1, INPUT_HEIGHT, INPUT_WIDTH, 3),)
    cast = half_weights if args.int8 is None else partial(whole_numbers, plates=args.int8)
    write(model.eval(), sample, args.out, cast)


if __name__ == "__main__":
    main()
