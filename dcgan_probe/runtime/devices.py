"""Takes a device or precision name, gives what torch needs to run there; knows no network."""

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
    """Turn ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps`` into a device of this machine.

    ``auto`` takes CUDA, then MPS, then the CPU.

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
        raise UserError(f"device {name!r} is not there: this machine has {has}; use auto or cpu", option="device")
    if kind == "cuda":
        fix_cublas_workspace()
    return torch.device(name)


def parse_device(name: str) -> tuple[str, int]:
    """Return the kind and the number of a device that ``resolve_device`` may find, without asking for it.

    Raises
    ------
    UserError
        If the name is unknown.
    """
    kind, colon, index = name.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (colon and (kind != "cuda" or not index.isdecimal())):
        raise UserError(f"unknown device {name!r}: expected auto, cpu, cuda, cuda:N or mps", option="device")
    return kind, int(index or 0)


def fix_cublas_workspace() -> None:
    """Let cuBLAS work in buffers of fixed sizes, without which it refuses to give the same bits each time.

    Torch looks once, at the first product on a GPU, so this has to come before it; the size is cuBLAS's usual one on
    recent GPUs. What the user has set stays.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def resolve_precision(name: str, device: "torch.device | None" = None) -> str:
    """Turn ``auto`` into the precision of training: bfloat16 autocast on GPUs that compute it, float32 elsewhere."""
    if name not in PRECISIONS:
        raise UserError(f"unknown precision {name!r}: expected one of {', '.join(PRECISIONS)}", option="precision")
    if name != "auto":
        return name
    if device is None or device.type != "cuda":
        return "float32"
    import torch

    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"


def autocast(device: "torch.device", precision: str) -> AbstractContextManager:
    """Give the context in which convolutions run at ``precision`` (``float32`` or ``bfloat16``) on ``device``."""
    import torch

    return torch.autocast(device.type, torch.bfloat16) if precision == "bfloat16" else nullcontext()


@contextmanager
def convolution_kernels(device: "torch.device", *, deterministic: bool) -> Iterator[None]:
    """Let cuDNN try some of its kernels and keep the fastest; or take only those that give the same bits each time.

    Of no consequence but on CUDA: on a CPU the same number of threads gives the same bits anyway.
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
    filling.fill_uninitialized_memory = False  # nothing here reads memory that nothing has written
    torch.use_deterministic_algorithms(deterministic)
    try:
        yield
    finally:
        cudnn.benchmark, filling.fill_uninitialized_memory = before
        torch.use_deterministic_algorithms(were_deterministic)


@contextmanager
def untried_kernels() -> Iterator[None]:
    """Let cuDNN choose its kernels by rule, inside ``convolution_kernels``: for shapes that are computed a few times.

    Trying kernels has to be paid for each new shape.
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
    """Let cuDNN multiply float32 numbers whole: by default it rounds them to TF32's ten bits, on GPUs that have it.

    For what is kept and compared, such as features; they then differ between devices by the order of sums alone.
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
    """Let torch compute on one thread: how work is divided among threads changes the last bits of sums."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def describe_device(device: "torch.device") -> str:
    """Name the device for a record, such as ``cpu (2 threads, x86_64)`` or ``cuda (NVIDIA H200)``."""
    import torch

    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    threads = torch.get_num_threads()
    return f"{device.type} ({threads} thread{'s' if threads > 1 else ''}, {platform.machine()})"
