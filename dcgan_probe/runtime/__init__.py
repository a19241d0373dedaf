"""Floor 0. Device, memory, precision, seeds, processes, versions and the user's error: what any floor may ask for."""

from .devices import (
    PRECISIONS,
    autocast,
    describe_device,
    resolve_device,
    resolve_precision,
    single_thread,
)
from .errors import UserError
from .memory import available_memory, check_memory, memory_in_use
from .processes import run_tasks
from .seeds import derive_seed, numpy_generator, torch_generator
from .versions import package_version, versions
from .workers import map_on_cores

__all__ = [
    "PRECISIONS",
    "UserError",
    "autocast",
    "available_memory",
    "check_memory",
    "derive_seed",
    "describe_device",
    "map_on_cores",
    "memory_in_use",
    "numpy_generator",
    "package_version",
    "resolve_device",
    "resolve_precision",
    "run_tasks",
    "single_thread",
    "torch_generator",
    "versions",
]
