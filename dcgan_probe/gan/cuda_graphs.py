"""Takes work on tensors of fixed shapes, gives the same work recorded as a CUDA graph; knows no network and no loss.

A step of a small net is hundreds of kernels of a few microseconds each, and starting them one by one from Python takes
longer than they do. A CUDA graph starts them all with one call.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import torch

WARM_UPS = 3  # as torch's notes on CUDA graphs advise: libraries choose and load their kernels

Result = TypeVar("Result")
Changed = Callable[[], Mapping[str, torch.Tensor]]


class Recorded(Generic[Result]):
    """Calls ``work`` as a CUDA graph, recorded at the first call.

    ``work`` must not wait for the GPU, nor decide anything by numbers on it. What it returns holds until the next call.
    """

    def __init__(self, work: Callable[..., Result], changed: Changed):
        """Take the work, and what gives the tensors by name that it changes, such as weights."""
        self._work, self._changed = work, changed
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, *inputs: torch.Tensor) -> Result:
        """Do the work on ``inputs``, whose shapes, dtypes and layouts are those of the first call."""
        if self._graph is None:
            with torch.cuda.device(inputs[0].device):  # streams and graphs are of the current one
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
        # What other threads do meanwhile, such as preparing a batch, is theirs.
        with torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"):
            self._result = self._work(*self._inputs)
        self._graph = graph


def warm_up(work: Callable[..., object], inputs: Sequence[torch.Tensor], changed: Changed) -> None:
    """Do the work a few times and undo it: tensors get their values back, those that are new since then become 0.

    New are an optimiser's moments and its count of steps, which start from 0.
    """
    before = {name: tensor.clone() for name, tensor in changed().items()}
    for _ in range(WARM_UPS):
        work(*inputs)
    for name, tensor in changed().items():
        if name in before:
            tensor.copy_(before[name])
        else:
            tensor.zero_()
