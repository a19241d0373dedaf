"""Devices, precisions and numerical settings of torch."""

import os
import platform
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

from .errors import UserError

if TYPE_CHECKING:
    import torch

PRECISIONS = ("auto", "float32", "bfloat16")


def resolve_device(name: str = "auto") -> "torch.device":
    """Return the torch device of a name.

    Parameters
    ----------
    name
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. ``auto`` selects the first available of CUDA, MPS and CPU.

    Raises
    ------
    UserError
        If the name is unknown or the machine has no such device.
    """
    kind, index = parse_device(name)
    import torch

    if kind == "auto":
        if torch.cuda.is_available():
            fix_cublas_workspace()
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    available = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }[kind]
    if index >= available:
        has = f"{available} {kind} device{'s' * (available != 1)}" if available else f"no {kind} device"
        raise UserError(
            f"device {name!r} is not available: this machine has {has}; use auto or cpu", parameter="device"
        )
    if kind == "cuda":
        fix_cublas_workspace()
    return torch.device(name)


def parse_device(name: str) -> tuple[str, int]:
    """Return the kind and the number of a device name, without checking that the device is available.

    Raises
    ------
    UserError
        If the name is unknown.
    """
    kind, colon, index = name.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (colon and (kind != "cuda" or not index.isdecimal())):
        raise UserError(f"unknown device {name!r}: expected auto, cpu, cuda, cuda:N or mps", parameter="device")
    return kind, int(index or 0)


def fix_cublas_workspace() -> None:
    """Set cuBLAS to workspaces of a fixed size, which deterministic results require.

    Torch reads the environment variable at the first matrix product on a GPU, so it must be set before. The size is
    the default of cuBLAS on recent GPUs. A value set by the user is kept.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def resolve_precision(name: str, device: "torch.device | None" = None) -> str:
    """Return the precision of training, ``float32`` or ``bfloat16``, for a name.

    ``auto`` selects bfloat16 autocast on GPUs with bfloat16 arithmetic, and float32 elsewhere.

    Raises
    ------
    UserError
        If the name is unknown.
    """
    if name not in PRECISIONS:
        raise UserError(f"unknown precision {name!r}: expected one of {', '.join(PRECISIONS)}", parameter="precision")
    if name != "auto":
        return name
    if device is None or device.type != "cuda":
        return "float32"
    import torch

    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"


def autocast(device: "torch.device", precision: str) -> AbstractContextManager:
    """Return a context in which convolutions on ``device`` run in ``precision``, ``float32`` or ``bfloat16``."""
    import torch

    return torch.autocast(device.type, torch.bfloat16) if precision == "bfloat16" else nullcontext()


@contextmanager
def convolution_kernels(device: "torch.device", *, deterministic: bool) -> Iterator[None]:
    """Select cuDNN's fastest kernels by trial, or deterministic kernels only, within a context.

    The context has no effect except on CUDA: on a CPU the same number of threads gives the same bits.
    """
    import torch

    if device.type != "cuda":
        yield
        return
    if deterministic:
        fix_cublas_workspace()
    cudnn, filling = torch.backends.cudnn, cast(Any, torch.utils.deterministic)
    before = cudnn.benchmark, filling.fill_uninitialized_memory
    were_deterministic = torch.are_deterministic_algorithms_enabled()
    cudnn.benchmark = not deterministic
    filling.fill_uninitialized_memory = False  # uninitialized memory is never read
    torch.use_deterministic_algorithms(deterministic)
    try:
        yield
    finally:
        cudnn.benchmark, filling.fill_uninitialized_memory = before
        torch.use_deterministic_algorithms(were_deterministic)


@contextmanager
def untried_kernels() -> Iterator[None]:
    """Select cuDNN's kernels by heuristics within ``convolution_kernels``, for shapes that occur only a few times.

    Each new shape would otherwise pay for the trial of kernels.
    """
    import torch

    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


@contextmanager
def full_float32() -> Iterator[None]:
    """Disable TF32 in cuDNN, which by default rounds the factors of float32 products to ten bits on GPUs with TF32.

    Features and other stored results then differ between devices only by the order of sums.
    """
    import torch

    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


@contextmanager
def single_thread() -> Iterator[None]:
    """Run torch on one thread, since the division of work among threads changes the last bits of sums."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def describe_device(device: "torch.device") -> str:
    """Return a description of a device for records, such as ``cpu (2 threads, x86_64)`` or ``cuda (NVIDIA H200)``."""
    import torch

    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    threads = torch.get_num_threads()
    return f"{device.type} ({threads} thread{'s' if threads > 1 else ''}, {platform.machine()})"
