"""Work on tensors of fixed shapes, recorded and replayed as a CUDA graph.

A step of a small network launches hundreds of kernels of a few microseconds each, and launching them one by one from
Python takes longer than running them. A CUDA graph launches all of them with one call.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import torch

WARM_UPS = 3  # as torch's notes on CUDA graphs advise: libraries choose and load their kernels in these calls

Result = TypeVar("Result")
Changed = Callable[[], Mapping[str, torch.Tensor]]


class Recorded(Generic[Result]):
    """Function that is recorded at the first call and replayed as a CUDA graph.

    ``work`` must not wait for the GPU, nor depend on values on it for its control flow. Its result is valid until the
    next call.
    """

    def __init__(self, work: Callable[..., Result], changed: Changed):
        """Wrap ``work``; ``changed`` returns the tensors that it changes, such as weights, by name."""
        self._work, self._changed = work, changed
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, *inputs: torch.Tensor) -> Result:
        """Run the work on ``inputs``, whose shapes, dtypes and layouts must be those of the first call."""
        if self._graph is None:
            with torch.cuda.device(inputs[0].device):  # streams and graphs belong to the current device
                self._record(inputs)
        else:
            for kept, new in zip(self._inputs, inputs, strict=True):
                if (kept.dtype, kept.shape) != (new.dtype, new.shape):
                    raise TypeError(
                        f"recorded for {kept.dtype} {tuple(kept.shape)}, got {new.dtype} {tuple(new.shape)}"
                    )
                kept.copy_(new)
        assert self._graph is not None
        self._graph.replay()
        return self._result

    def _record(self, inputs: Sequence[torch.Tensor]) -> None:
        self._inputs = [values.clone() for values in inputs]
        here, aside = torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            warm_up(self._work, self._inputs, self._changed)
        here.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # Other threads may use CUDA during the recording, for example to prepare a batch.
        with torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"):
            self._result = self._work(*self._inputs)
        self._graph = graph


def warm_up(work: Callable[..., object], inputs: Sequence[torch.Tensor], changed: Changed) -> None:
    """Run the work a few times, then restore the tensors and set those that are new since then to 0.

    The new tensors are an optimizer's moments and its count of steps, which start from 0.
    """
    before = {name: tensor.clone() for name, tensor in changed().items()}
    for _ in range(WARM_UPS):
        work(*inputs)
    for name, tensor in changed().items():
        if name in before:
            tensor.copy_(before[name])
        else:
            tensor.zero_()
