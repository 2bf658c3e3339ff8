"""Open a TFLite model with whichever runtime is installed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

RUNTIMES: Final = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")


class VisionLibraryError(ImportError):
    """No TFLite runtime works here; the message names the extra to install."""


class ModelError(ValueError):
    """The model file is absent or no model of the expected shape."""


class TfliteModel:
    """One model with one float32 input and one float32 output; not for use by two threads."""

    def __init__(
        self, path: Path, runtimes: tuple[str, ...] = RUNTIMES, *, threads: int = 1
    ) -> None:
        """Raises ModelError for a bad file and VisionLibraryError when no runtime works."""
        if not path.is_file():
            raise ModelError(f"{path}: no such model file: reinstall steelyard or name another")
        with _without_chatter():
            self._interpreter = _construct(path, runtimes, threads)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._shape = tuple(self._interpreter.get_input_details()[0]["shape"])
        self._outputs = [out["index"] for out in self._interpreter.get_output_details()]

    def run(self, images: Float) -> Float:
        """Run one batch and return the only, or first, output."""
        return self.run_all(images)[0]

    def run_all(self, images: Float) -> tuple[Float, ...]:
        """Run one batch; a picture of another size than the last makes the model lay out anew."""
        if images.shape != self._shape:
            self._interpreter.resize_tensor_input(self._input, images.shape)
            self._interpreter.allocate_tensors()
            self._shape = images.shape
        self._interpreter.set_tensor(self._input, images)
        self._interpreter.invoke()
        outs = (self._interpreter.get_tensor(output) for output in self._outputs)
        return tuple(np.array(out, np.float32) for out in outs)


@contextmanager
def _without_chatter() -> Iterator[None]:
    """The runtime writes a line about its delegate on stderr, which is kept for errors."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _construct(path: Path, runtimes: tuple[str, ...], threads: int) -> Any:
    # tflite_runtime imports beside numpy 2 and only then fails: constructing is the proof.
    reasons = []
    for name in runtimes:
        try:
            # Read whole, not mapped: an update that writes over it must not change a running lane.
            content = path.read_bytes()
            return import_module(name).Interpreter(model_content=content, num_threads=threads)
        except (ImportError, SystemError, AttributeError) as error:
            reasons.append(f"{name}: {error}")
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: not a model this runtime can open ({error})") from error
    raise VisionLibraryError(
        "no TFLite runtime works here: install the extra steelyard[vision] ("
        + "; ".join(reasons)
        + ")"
    )
